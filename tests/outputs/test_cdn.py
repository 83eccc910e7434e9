"""Guarantee "Outputs": served exactly as RFC 9110 says, and nothing but our own names reaches storage."""

import asyncio
import hashlib
import random
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from doitong.core.ids import new_id
from doitong.doors.cdn.conditions import http_date
from doitong.doors.cdn.door import routes
from doitong.doors.http.edge import Edge
from doitong.doors.http.routes import Routes
from doitong.doors.http.server import make_server
from doitong.outputs.local import LocalFiles
from doitong.outputs.storage import OutputStorage

ID = "01kdvdna00gc84jmgb8gadjd8b"
DATA = random.Random(3).randbytes(1000)
SHA = hashlib.sha256(DATA)
ETAG = f'"{SHA.hexdigest()}"'


class CountedFiles(LocalFiles):
    """A local folder that counts what is read from it."""

    bytes_read = 0
    open_reads = 0

    async def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes]:
        self.open_reads += 1
        try:
            async for piece in super().read(key, start, end):
                self.bytes_read += len(piece)
                yield piece
        finally:
            self.open_reads -= 1


class Origin:
    """The door behind the real edge and server, on loopback."""

    def __init__(self, storage: OutputStorage, files: CountedFiles, port: int) -> None:
        self.storage = storage
        self.files = files
        self.port = port
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=False)

    async def raw(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return answer


@pytest.fixture(scope="module")
async def origin(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Origin]:
    folder = tmp_path_factory.mktemp("site")
    files = CountedFiles(folder / "files")
    storage = OutputStorage(files)
    (folder / "film").write_bytes(DATA)
    (folder / "secret.mp4").write_bytes(b"SECRET")
    await storage.put_film(ID, folder / "film")
    await storage.put_poster(ID, folder / "film")
    await storage.put_animation(ID, folder / "film")
    await storage.put_preview_video(ID, folder / "film")
    await storage.put_upload(ID, folder / "film", "image/png")
    server = make_server(Edge(Routes({}, routes(storage))), host="127.0.0.1", port=0)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    origin = Origin(storage, files, server.servers[0].sockets[0].getsockname()[1])
    yield origin
    await origin.client.aclose()
    server.should_exit = True
    await serving


def modified(answer: httpx.Response) -> datetime:
    return datetime.strptime(answer.headers["Last-Modified"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)


async def test_a_film_is_served_whole_with_every_promised_header(origin: Origin) -> None:
    answer = await origin.client.get(f"/outputs/{ID}.mp4")
    assert (answer.status_code, answer.content) == (200, DATA)
    headers = answer.headers
    assert headers["Content-Type"] == "video/mp4"
    assert headers["Content-Length"] == "1000"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["ETag"] == ETAG
    assert headers["Repr-Digest"] == f"sha-256=:{b64encode(SHA.digest()).decode()}:"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["Content-Disposition"] == f'inline; filename="{ID}.mp4"'
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers.get_list("X-Content-Type-Options") == ["nosniff"]
    assert modified(answer) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("suffix", "media_type"), [(".jpg", "image/jpeg"), (".webp", "image/webp"), (".preview.mp4", "video/mp4")]
)
async def test_a_preview_has_its_own_type_and_a_download_is_an_attachment(
    origin: Origin, suffix: str, media_type: str
) -> None:
    answer = await origin.client.get(f"/outputs/{ID}{suffix}?download=1")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{ID}{suffix}"'
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_head_has_the_headers_of_get_and_no_body(origin: Origin) -> None:
    got, head = [await origin.client.request(method, f"/outputs/{ID}.mp4") for method in ("GET", "HEAD")]
    assert (head.status_code, head.content) == (200, b"")
    for answer in (got, head):
        for name in ("Date", "X-Request-Id"):
            answer.headers.pop(name, None)
    assert dict(got.headers) == dict(head.headers)


RANGES = [
    ("bytes=0-0", 206, (0, 1)),
    ("bytes=0-499", 206, (0, 500)),
    ("bytes=500-999", 206, (500, 1000)),
    ("bytes=500-", 206, (500, 1000)),
    ("bytes=999-", 206, (999, 1000)),
    ("bytes=-1", 206, (999, 1000)),
    ("bytes=-500", 206, (500, 1000)),
    ("bytes=-1000", 206, (0, 1000)),
    ("bytes=-99999999999999999999999999", 206, (0, 1000)),
    ("bytes=900-99999999999999999999999999", 206, (900, 1000)),
    ("bytes=0-1000", 206, (0, 1000)),
    ("Bytes=1-2", 206, (1, 3)),
    ("bytes= 1-2", 206, (1, 3)),
    ("bytes=,1-2,", 206, (1, 3)),
    ("bytes=1000-", 416, None),
    ("bytes=1000-1001", 416, None),
    ("bytes=99999999999999999999999999-", 416, None),
    ("bytes=-0", 416, None),
    ("items=0-4", 200, None),
    ("bytes=0-1,5-6", 200, None),
    ("bytes=5-4", 200, None),
    ("bytes=-", 200, None),
    ("bytes=", 200, None),
    ("bytes", 200, None),
    ("bytes=a-b", 200, None),
    ("bytes=0x1-2", 200, None),
    ("bytes=+1-2", 200, None),
    ("bytes=1-2-3", 200, None),
    ("bytes=1 - 2", 200, None),
    ("bytes:1-2", 200, None),
]


@pytest.mark.parametrize(("field", "status", "bounds"), RANGES)
async def test_ranges(origin: Origin, field: str, status: int, bounds: tuple[int, int] | None) -> None:
    answer = await origin.client.get(f"/outputs/{ID}.mp4", headers={"Range": field})
    assert answer.status_code == status
    match status:
        case 206:
            assert bounds is not None
            assert answer.content == DATA[bounds[0] : bounds[1]]
            assert answer.headers["Content-Range"] == f"bytes {bounds[0]}-{bounds[1] - 1}/1000"
        case 416:
            assert answer.headers["Content-Range"] == "bytes */1000"
            assert answer.content == b""
        case _:
            assert answer.content == DATA
            assert "Content-Range" not in answer.headers


async def test_head_ignores_range(origin: Origin) -> None:
    for field in ("bytes=0-0", "bytes=5000-"):
        answer = await origin.client.head(f"/outputs/{ID}.mp4", headers={"Range": field})
        assert (answer.status_code, answer.headers["Content-Length"]) == (200, "1000")


BEFORE, NOW, AFTER = -timedelta(days=1), timedelta(0), timedelta(days=1)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": ETAG}, 304),
        ({"If-None-Match": f"W/{ETAG}"}, 304),
        ({"If-None-Match": f'"other", {ETAG}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-None-Match": ETAG.strip('"')}, 200),
        ({"If-Modified-Since": NOW}, 304),
        ({"If-Modified-Since": AFTER}, 304),
        ({"If-Modified-Since": BEFORE}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": AFTER}, 200),
        ({"If-Match": ETAG}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": f"W/{ETAG}"}, 412),
        ({"If-Match": '"other"'}, 412),
        ({"If-Unmodified-Since": NOW}, 200),
        ({"If-Unmodified-Since": BEFORE}, 412),
        ({"If-Match": ETAG, "If-Unmodified-Since": BEFORE}, 200),
        ({"If-None-Match": ETAG, "Range": "bytes=0-0"}, 304),
        ({"If-Range": ETAG, "Range": "bytes=0-0"}, 206),
        ({"If-Range": f"W/{ETAG}", "Range": "bytes=0-0"}, 200),
        ({"If-Range": '"other"', "Range": "bytes=0-0"}, 200),
        ({"If-Range": '"other"', "Range": "bytes=5000-"}, 200),
        ({"If-Range": NOW, "Range": "bytes=0-0"}, 206),
        ({"If-Range": AFTER, "Range": "bytes=0-0"}, 200),
        ({"If-Range": BEFORE, "Range": "bytes=0-0"}, 200),
    ],
)
async def test_conditions(origin: Origin, headers: dict[str, str | timedelta], status: int) -> None:
    moment = (await origin.storage.stat(f"outputs/{ID}.mp4")).modified_at
    sent = {name: value if isinstance(value, str) else http_date(moment + value) for name, value in headers.items()}
    for method in ("GET", "HEAD"):
        answer = await origin.client.request(method, f"/outputs/{ID}.mp4", headers=sent)
        assert answer.status_code == (200 if (method, status) == ("HEAD", 206) else status)
        if status == 304:
            assert answer.headers["ETag"] == ETAG
            assert answer.content == b""
            assert "Content-Type" not in answer.headers


TRAVERSALS = [
    "../secret.mp4",
    "../../secret.mp4",
    "../../../../../../etc/passwd",
    "..%2fsecret.mp4",
    "%2e%2e/secret.mp4",
    "%2e%2e%2fsecret.mp4",
    "..%252fsecret.mp4",
    "%252e%252e%252fsecret.mp4",
    "..%5csecret.mp4",
    "..\\secret.mp4",
    "....//secret.mp4",
    "..;/secret.mp4",
    "..%00/secret.mp4",
    "..%c0%afsecret.mp4",
    "..%ef%bc%8fsecret.mp4",
    "%c0%ae%c0%ae/secret.mp4",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "file:///etc/passwd",
    "C:\\Windows\\win.ini",
    f"../uploads/{ID}",
    f"..%2fuploads%2f{ID}",
    f"./{ID}.mp4",
    f"{ID}.mp4/",
    f"{ID}.mp4/..",
    f"{ID}.mp4/../{ID}.mp4",
    f"{ID}.mp4%00",
    f"{ID}.mp4%00.jpg",
    f"{ID}.mp4%20",
    f"{ID}.mp4%0a",
    f"{ID}.mp4.sha256",
    f"{ID}.MP4",
    f"{ID}.preview",
    f"{ID}.preview.webp",
    f"{ID}.preview.mp4.sha256",
    f"{ID}.webp.mp4",
    f"{ID.upper()}.mp4",
    f"{ID}",
    f"{ID}.",
    f"{ID}.png",
    f"{ID[:-1]}.mp4",
    f"{ID}0.mp4",
    f"{ID[:-1]}/.mp4",
    f"{ID[:-1]}%2f.mp4",
    ".partial/",
    "",
    "*",
    "{name}",
    "~root",
    f"{'1' * 26}.mp4",
    "%c3%a9" * 26 + ".mp4",
]


@pytest.mark.parametrize("name", TRAVERSALS)
async def test_every_other_name_is_not_found(origin: Origin, name: str) -> None:
    path = f"/outputs/{name}".encode()
    answer = await origin.raw(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.split(b" ")[1] == b"404"
    assert b'"NOT_FOUND"' in answer
    assert b"SECRET" not in answer
    assert b"root:" not in answer
    assert DATA not in answer


async def test_other_methods_are_refused_and_a_preflight_is_answered(origin: Origin) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = await origin.client.request(method, f"/outputs/{ID}.mp4")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    answer = await origin.client.options(f"/outputs/{ID}.mp4")
    assert answer.status_code == 204
    assert "Range" in answer.headers["Access-Control-Allow-Headers"]


async def test_a_reader_that_goes_away_stops_the_reading(origin: Origin) -> None:
    """A film of 1 GiB: the server reads no more once the client is gone."""
    large = new_id(datetime(2026, 1, 2, tzinfo=UTC))
    path = origin.files.root / "outputs" / f"{large}.mp4"
    with path.open("wb") as file:
        file.truncate(1024**3)
    path.with_name(f"{path.name}.sha256").write_text(f"{'0' * 64} {1024**3} {path.stat().st_mtime_ns}\n")
    reader, writer = await asyncio.open_connection("127.0.0.1", origin.port)
    writer.write(f"GET /outputs/{large}.mp4 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await reader.readexactly(100_000)
    before = origin.files.bytes_read
    writer.transport.abort()
    async with asyncio.timeout(5):
        while origin.files.open_reads:
            await asyncio.sleep(0.01)
    assert origin.files.bytes_read - before < 64 * 1024 * 1024
