"""Guarantee: outputs are real films of the asked size behind addresses that expire; uploads work as S3's do."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from doitong.media.headers import read_header
from doitong.media.probe import probe_film
from doitong.standins.runway.films import make_still
from doitong.standins.runway.model import Picture
from tests.standins.conftest import GEN4_5, Caller, OpenStandin

PICTURE = make_still(Picture(640, 360))
FILMS: list[tuple[str, dict[str, Any], tuple[int, int, int]]] = [
    ("text_to_video", {"duration": 2}, (1280, 720, 48)),
    ("image_to_video", {"ratio": "960:960", "duration": 5}, (960, 960, 120)),
    ("image_to_video", {"ratio": "832:1104", "duration": 10, "model": "gen4_turbo"}, (832, 1104, 240)),
]


async def fetch(url: str, method: str = "GET", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        return await client.request(method, url, headers=headers)


@pytest.mark.parametrize(("path", "body", "shape"), FILMS)
async def test_a_film_is_real_and_as_asked(
    caller: Caller, tmp_path: Path, path: str, body: dict[str, Any], shape: tuple[int, int, int]
) -> None:
    image = {"promptImage": "https://media.example.com/a.png"} if path == "image_to_video" else {}
    answer = await fetch(await caller.film_url(path=path, **image, **body))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    film = tmp_path / "film.mp4"
    film.write_bytes(answer.content)
    facts = probe_film(film)
    assert (facts.width, facts.height, facts.frames) == shape
    assert (facts.frames_per_second, facts.duration_seconds) == (24, shape[2] / 24)
    assert (facts.codec, facts.pixel_format, facts.is_faststart) == ("h264", "yuv420p", True)


async def test_a_still_becomes_a_film_and_a_film_is_made_larger(caller: Caller, tmp_path: Path) -> None:
    """The two-step ways of the gateway: the stand-in takes its own addresses."""
    answer = await caller.post("text_to_image", {"model": "gen4_image", "promptText": "a lake", "ratio": "720:720"})
    caller.advance(100)
    [still] = (await caller.task(answer.json()["id"]))["output"]
    header = read_header((await fetch(still)).content)
    assert (header.media_type, header.width, header.height) == ("image/png", 720, 720)
    film = await caller.film_url(
        path="image_to_video", model="gen4_turbo", promptImage=still, ratio="960:960", duration=2
    )
    upscale = {"model": "magnific_video_upscaler_creative", "videoUri": film, "resolution": "1k"}
    answer = await caller.post("video_upscale", upscale)
    caller.advance(100)
    [large] = (await caller.task(answer.json()["id"]))["output"]
    path = tmp_path / "large.mp4"
    path.write_bytes((await fetch(large)).content)
    facts = probe_film(path)
    assert (facts.width, facts.height, facts.frames) == (1080, 1080, 48)


async def test_head_and_ranges(caller: Caller) -> None:
    url = await caller.film_url(duration=2)
    whole = await fetch(url)
    size = len(whole.content)
    head = await fetch(url, "HEAD")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(size))
    for wanted, start, end in [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, size - 1),
        ("bytes=-10", size - 10, size - 1),
    ]:
        answer = await fetch(url, Range=wanted)
        assert (answer.status_code, answer.headers["content-range"]) == (206, f"bytes {start}-{end}/{size}")
        assert answer.content == whole.content[start : end + 1]
    assert (await fetch(url, Range=f"bytes={size}-")).status_code == 416
    assert (await fetch(url, Range="bytes=0-1,4-5")).content == whole.content


async def test_an_address_expires_and_is_renewed(open_standin: OpenStandin) -> None:
    caller = await open_standin(url_seconds=60)
    task_id = await caller.create(duration=2)
    caller.advance(100)
    first = (await caller.task(task_id))["output"][0]
    second = (await caller.task(task_id))["output"][0]
    assert first != second
    caller.advance(59)
    assert (await fetch(first)).status_code == 200
    caller.advance(1)
    assert (await fetch(first)).status_code == 403
    renewed = (await caller.task(task_id))["output"][0]
    assert (await fetch(renewed)).status_code == 200
    await caller.delete(task_id)
    assert (await fetch(renewed)).status_code == 403


async def test_an_address_cannot_be_guessed(caller: Caller) -> None:
    url, other = await caller.film_url("a"), await caller.film_url("b")
    token = url.partition("?_jwt=")[2]
    for wrong in [
        url.partition("?")[0],
        url[:-1] + ("A" if url[-1] != "A" else "B"),
        other.partition("?")[0] + "?_jwt=" + token,
        url.partition("?")[0] + "?_jwt=é",
    ]:
        assert (await fetch(wrong)).status_code == 403


async def test_an_address_may_be_dead_at_birth(caller: Caller) -> None:
    task_id = await caller.create("#expire:2", duration=2)
    caller.advance(100)
    urls = [(await caller.task(task_id))["output"][0] for _ in range(3)]
    assert [(await fetch(url)).status_code for url in urls] == [403, 403, 200]


async def test_outputs_fail_as_asked(caller: Caller, tmp_path: Path) -> None:
    prompt = "#output:{}"
    assert (await fetch(await caller.film_url(prompt.format("503")))).status_code == 503
    html = await fetch(await caller.film_url(prompt.format("html")))
    assert html.headers["content-type"].startswith("text/html")
    garbage = await fetch(await caller.film_url(prompt.format("garbage")))
    assert (garbage.headers["content-type"], b"ftyp" in garbage.content) == ("video/mp4", False)
    for kind in ("drop", "cut"):
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(await caller.film_url(prompt.format(kind)))
    path = tmp_path / "film.mp4"
    path.write_bytes((await fetch(await caller.film_url(prompt.format("wrongsize")))).content)
    facts = probe_film(path)
    assert (facts.width, facts.height) == (360, 640)


async def test_a_huge_output_announces_itself_and_does_not_end(caller: Caller) -> None:
    url = await caller.film_url("#output:huge", duration=2)
    read = 0
    async with httpx.AsyncClient(trust_env=False, verify=False) as client, client.stream("GET", url) as answer:
        assert int(answer.headers["content-length"]) == 8 * 1024**3
        async for chunk in answer.aiter_bytes():
            read += len(chunk)
            if read > 1024 * 1024:
                break
    assert (await fetch(await caller.film_url(duration=2))).status_code == 200


async def open_upload(caller: Caller, filename: str = "in.png") -> dict[str, Any]:
    answer = await caller.post("uploads", {"filename": filename, "type": "ephemeral"})
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["uploadUrl", "fields", "runwayUri"]
    return dict(answer.json())


async def store(place: dict[str, Any], data: bytes, **fields: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        return await client.post(
            place["uploadUrl"], data={**place["fields"], **fields}, files={"file": ("in.png", data)}
        )


async def animate(caller: Caller, uri: str) -> httpx.Response:
    return await caller.post("image_to_video", {**GEN4_5, "promptImage": uri})


async def test_an_upload_is_used_for_a_day(caller: Caller) -> None:
    place = await open_upload(caller)
    assert place["runwayUri"].startswith("runway://")
    early = await animate(caller, place["runwayUri"])
    assert 'Received HTTP response code \\"404\\"' in early.text
    answer = await store(place, PICTURE)
    assert (answer.status_code, answer.content) == (204, b"")
    for _ in range(2):
        assert (await animate(caller, place["runwayUri"])).status_code == 200
    caller.advance(86_400)
    assert (await animate(caller, place["runwayUri"])).status_code == 400


async def test_the_shape_of_an_upload_counts_too(caller: Caller) -> None:
    place = await open_upload(caller)
    await store(place, make_still(Picture(300, 1000)))
    assert "at least 0.5. Got 0.300." in (await animate(caller, place["runwayUri"])).text
    await store(place, b"not a picture" * 100)
    assert "Unsupported asset type" in (await animate(caller, place["runwayUri"])).text


async def test_the_storage_refuses_as_s3(caller: Caller) -> None:
    place = await open_upload(caller)
    assert "EntityTooSmall" in (await store(place, b"a" * 511)).text
    for name in place["fields"]:
        assert (await store(place, PICTURE, **{name: "another"})).status_code == 403
    caller.advance(86_400)
    assert (await store(place, PICTURE)).status_code == 403


@pytest.mark.parametrize(
    "body",
    [{}, {"filename": "a", "type": "ephemeral"}, {"filename": "cat", "type": "ephemeral"}, {"filename": "c.png"},
     {"filename": "c.png", "type": "kept"}, {"filename": "a" * 252 + ".png", "type": "ephemeral"}],
)  # fmt: skip
async def test_an_upload_needs_a_name_with_an_extension(caller: Caller, body: dict[str, str]) -> None:
    answer = await caller.post("uploads", body)
    assert (answer.status_code, answer.json()["error"]) == (400, "Validation of body failed")


async def test_a_film_that_is_worked_on_is_measured(caller: Caller) -> None:
    film = (await fetch(await caller.film_url(duration=2))).content
    inline = "data:video/mp4;base64," + base64.b64encode(film).decode()
    place = await open_upload(caller, "in.mp4")
    assert (await store(place, film)).status_code == 204
    for uri in (inline, place["runwayUri"]):
        answer = await caller.post("video_upscale", {"model": "magnific_video_upscaler_creative", "videoUri": uri})
        assert answer.json()["estimatedCost"] == {"credits": 44}  # 48 frames at 0.9, rounded up


Page = tuple[int, str, bytes]  # status, further head lines, body


@pytest.fixture
async def site() -> AsyncIterator[tuple[str, dict[str, Page], list[str]]]:
    """A site of pages by path, and the requests that it got."""
    pages: dict[str, Page] = {}
    requests: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        requests.append(request)
        method, path, _ = request.split(" ", 2)
        status, head, body = pages.get(path, (404, "Content-Length: 0\r\n", b""))
        writer.write(f"HTTP/1.1 {status} X\r\n{head}Connection: close\r\n\r\n".encode())
        writer.write(body if method == "GET" else b"")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", pages, requests


def page(body: bytes, media_type: str, status: int = 200) -> Page:
    return status, f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n", body


async def test_pictures_are_fetched_as_runway_fetches_them(
    open_standin: OpenStandin, site: tuple[str, dict[str, Page], list[str]]
) -> None:
    url, pages, requests = site
    jpeg = io.BytesIO()
    Image.new("RGB", (320, 180)).save(jpeg, "JPEG")
    pages |= {
        "/ok.jpg": page(jpeg.getvalue(), "image/jpeg"),
        "/tall.png": page(make_still(Picture(100, 300)), "image/png"),
        "/stream.png": page(PICTURE, "application/octet-stream"),
        "/moved.png": (302, "Location: /ok.jpg\r\nContent-Length: 0\r\n", b""),
        "/unmeasured.png": (200, "Content-Type: image/png\r\n", PICTURE),
        "/huge.png": (200, f"Content-Type: image/png\r\nContent-Length: {17 * 1024**2}\r\n", b""),
        "/text.png": page(b"not a picture", "image/png"),
    }
    caller = await open_standin(fetches=True, allows_http=True)
    assert (await animate(caller, f"{url}/ok.jpg")).status_code == 200
    assert [request.split(" ")[0] for request in requests] == ["HEAD", "GET"]
    assert all("User-Agent: RunwayML API/" in request for request in requests)
    told = {
        "tall.png": "must be at least 0.5. Got 0.333.",
        "stream.png": 'Unsupported asset type "application/octet-stream".',
        "moved.png": 'Failed to fetch asset. Received HTTP response code "302".',
        "missing.png": 'Failed to fetch asset. Received HTTP response code "404".',
        "unmeasured.png": "Asset has no Content-Length.",
        "huge.png": "Asset is too large.",
        "text.png": "Invalid asset. It could not be read.",
    }
    for name, message in told.items():
        answer = await animate(caller, f"{url}/{name}")
        [issue] = answer.json()["issues"]
        assert (answer.status_code, issue["path"]) == (400, ["promptImage"])
        assert issue["message"].endswith(message)
    assert len(caller.state()["tasks"]) == 1


async def test_an_address_by_number_or_away_is_refused(open_standin: OpenStandin) -> None:
    caller = await open_standin(fetches=True)
    assert "domain name" in (await animate(caller, "https://127.0.0.1/a.png")).text
    assert "Failed to fetch asset." in (await animate(caller, "https://media.invalid/a.png")).text
