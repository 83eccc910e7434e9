"""Guarantee "Files": a picture from anywhere is cleaned and stored, or a 400 names its parameter."""

import asyncio
import base64
import hashlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from doitong.core.clock import SteppedClock
from doitong.core.errors import DoitongError
from doitong.core.ids import is_id, new_id
from doitong.db.pool import Database
from doitong.egress import EgressClient, EgressLimits, EgressPolicy
from doitong.media.picture import MAXIMUM_BYTES, PictureCleaner
from doitong.outputs.storage import FileMissing, open_storage
from doitong.uploads.rules import MAXIMUM_DATA_URI_BYTES
from doitong.uploads.service import UploadService

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
Builder = Callable[..., UploadService]


def picture(kind: str = "PNG", size: tuple[int, int] = (32, 18)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return out.getvalue()


def data_uri(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


@pytest.fixture
async def accounts(database: Database, clock: SteppedClock) -> list[str]:
    """Two accounts, as rows."""
    ids = [new_id(clock.now()) for _ in range(2)]
    async with database.transaction() as connection:
        for account_id in ids:
            await connection.execute(
                "INSERT INTO account (id, name, plan, signing_secret, created_at) VALUES ($1, 'a', 'free', 's', $2)",
                account_id,
                clock.now(),
            )
    return ids


@pytest.fixture
async def build(database: Database, clock: SteppedClock, tmp_path: Path) -> AsyncIterator[Builder]:
    clients: list[EgressClient] = []

    def build(policy: EgressPolicy | None = None) -> UploadService:
        policy = policy or EgressPolicy.from_ranges([], is_loopback_allowed=True)
        client = EgressClient(policy, limits=EgressLimits(connect_seconds=0.4, whole_seconds=0.5))
        clients.append(client)
        return UploadService(database, open_storage("", tmp_path), client, PictureCleaner(), clock)

    yield build
    for client in clients:
        await client.close()


@dataclass
class Site:
    url: str = ""
    requests: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def serve(answer: Answer) -> AsyncIterator[Site]:
    site = Site()
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        try:
            site.requests.append(await reader.readuntil(b"\r\n\r\n"))
            await answer(writer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    site.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/picture.png"
    try:
        yield site
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def body(data: bytes, status: str = "200 OK") -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)

    return answer


async def refusal(service: UploadService, account_id: str, source: str) -> DoitongError:
    with pytest.raises(DoitongError) as caught:
        await service.resolve_picture(account_id, source, "imageUrl")
    assert caught.value.status == 400
    assert caught.value.details["parameter"] == "imageUrl"
    return caught.value


async def test_an_upload_is_cleaned_stored_and_found_again(
    build: Builder, accounts: list[str], clock: SteppedClock, tmp_path: Path
) -> None:
    service = build()
    upload = await service.create(accounts[0], "file", picture("WEBP"))
    assert is_id(upload.id)
    assert (upload.media_type, upload.width, upload.height) == ("image/jpeg", 32, 18)
    assert upload.created_at == clock.now()
    assert await service.get(accounts[0], upload.id) == upload
    assert await service.resolve_picture(accounts[0], upload.id, "image") == upload
    await service.fetch_to(upload.id, tmp_path / "fetched")
    fetched = (tmp_path / "fetched").read_bytes()
    assert (len(fetched), hashlib.sha256(fetched).hexdigest()) == (upload.bytes, upload.sha256)
    with Image.open(tmp_path / "fetched") as opened:
        assert opened.format == "JPEG"


async def test_another_account_s_upload_reads_as_unknown(
    build: Builder, accounts: list[str], clock: SteppedClock
) -> None:
    service = build()
    upload = await service.create(accounts[0], "file", picture())
    for upload_id in (upload.id, new_id(clock.now())):
        with pytest.raises(DoitongError) as caught:
            await service.get(accounts[1], upload_id)
        assert caught.value.code == "NOT_FOUND"
    foreign = await refusal(service, accounts[1], upload.id)
    unknown = await refusal(service, accounts[1], new_id(clock.now()))
    assert foreign.to_body() == unknown.to_body()
    with pytest.raises(FileMissing):
        await service.fetch_to(new_id(clock.now()), Path("/dev/null"))


async def test_a_data_uri_is_a_picture(build: Builder, accounts: list[str]) -> None:
    service = build()
    for source in (
        data_uri(picture()),
        data_uri(picture()).rstrip("="),
        data_uri(picture(), "image/PNG;charset=utf-8"),
        data_uri(picture(), "image/jpeg"),  # the bytes say what they are
    ):
        assert (await service.resolve_picture(accounts[0], source, "imageUrl")).media_type == "image/png"


@pytest.mark.parametrize(
    "source",
    [
        "data:",
        "data:,",
        "data:image/png,raw",
        "data:text/html;base64,PGI+",
        "data:image/png;base64,",
        "data:image/png;base64,!!!!",
        "data:image/png;base64,AAAAA",
        "data:image/png;base64,AA AA",
        "data:image/svg+xml;base64,PHN2Zy8+",
        data_uri(b"GIF89a" + bytes(50), "image/gif"),
        data_uri(bytes(MAXIMUM_DATA_URI_BYTES + 1)),
    ],
)
async def test_a_wrong_data_uri_names_the_parameter(build: Builder, accounts: list[str], source: str) -> None:
    assert (await refusal(build(), accounts[0], source)).code == "IMAGE_REFUSED"


async def test_a_picture_is_fetched_from_its_address(build: Builder, accounts: list[str]) -> None:
    async with serve(body(picture())) as site:
        upload = await build().resolve_picture(accounts[0], site.url, "imageUrl")
    assert (upload.width, upload.height, len(site.requests)) == (32, 18, 1)


async def test_addresses_inside_are_never_fetched(build: Builder, accounts: list[str]) -> None:
    async with serve(body(picture())) as site:
        service = build(EgressPolicy())
        plain = await refusal(service, accounts[0], site.url)
        secure = await refusal(service, accounts[0], site.url.replace("http:", "https:"))
        assert (plain.code, secure.code) == ("IMAGE_REFUSED", "ADDRESS_DENIED")
        assert site.requests == []
    metadata = await refusal(service, accounts[0], "https://169.254.169.254/latest/meta-data/")
    assert metadata.code == "ADDRESS_DENIED"


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    "answer",
    [
        body(b"<html>"),
        body(b""),
        body(picture()[:-20]),
        body(picture(), "404 Not Found"),
        body(b"", "302 Found\r\nLocation: http://127.0.0.1/"),
        body(bytes(MAXIMUM_BYTES + 1)),
        endless,
        silent,
    ],
)
async def test_whatever_a_server_answers_ends_in_a_refusal(build: Builder, accounts: list[str], answer: Answer) -> None:
    async with serve(answer) as site:
        assert (await refusal(build(), accounts[0], site.url)).code == "IMAGE_REFUSED"


@pytest.mark.parametrize("source", ["", "picture.png", "ftp://x/y", "file:///etc/passwd", "//x/y", "0" * 25, "\x00"])
async def test_what_is_no_source_names_the_parameter(build: Builder, accounts: list[str], source: str) -> None:
    assert (await refusal(build(), accounts[0], source)).code == "IMAGE_REFUSED"


async def test_a_refused_picture_leaves_nothing_behind(
    build: Builder, accounts: list[str], database: Database, tmp_path: Path
) -> None:
    await refusal(build(), accounts[0], data_uri(picture()[:-20]))
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM upload") == 0
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


async def test_prefixes_of_a_picture_are_all_refused(build: Builder, accounts: list[str]) -> None:
    service, data = build(), picture("JPEG")
    for length in range(0, len(data), 7):
        with pytest.raises(DoitongError) as caught:
            await service.create(accounts[0], "file", data[:length])
        assert caught.value.status == 400
