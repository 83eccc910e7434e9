"""Guarantee: what a newcomer gets is a real film of what was asked, stored whole and served as HTTP says."""

import hashlib
import io

import av
import httpx
import numpy as np
import pytest

from tests.system import System


def test_one_film_from_prompt_to_file(studio_system: System) -> None:
    customer = studio_system.known("", studio_system.demo_key)
    accepted = customer.submit("A serene landscape with mountains and a lake at sunset", seed=7)
    assert accepted["metadata"]["engine"] == "studio"
    seen = set()
    while (now := customer.get(f"/v1/generations/{accepted['id']}?wait=1").json()["data"]["generatevideo"])[
        "status"
    ] == "processing":
        assert now["url"] is None
        seen.add((now["stage"], now["progress"]))
    assert now["status"] == "completed", now["error"]
    progress = [value for _, value in sorted(seen, key=lambda item: item[1])]
    print(f"progress seen: {progress}")
    assert any(0 < value < 1 for value in progress)
    check_film(httpx.get(now["url"], trust_env=False).content, now["metadata"]["sha256"])
    check_ranges(now["url"])
    assert now["metadata"]["model"]
    balance = customer.credits()
    assert balance == {"available": 1_000_000 - 100, "held": 0}


def check_film(content: bytes, sha256: str) -> None:
    assert hashlib.sha256(content).hexdigest() == sha256
    assert 0 < content.index(b"moov") < content.index(b"mdat")  # it plays before it is whole
    with av.open(io.BytesIO(content)) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.average_rate) == (1280, 720, 24)
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
    assert len(frames) == 5 * 24
    assert frames[0].std() > 20  # a picture, not a plain colour
    moved = np.abs(frames[0].astype(int) - frames[-1].astype(int)).mean()
    assert moved > 2  # and the camera moves


def check_ranges(url: str) -> None:
    with httpx.Client(trust_env=False) as client:
        whole = client.get(url)
        part = client.get(url, headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, whole.content[100:200])
        assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
        assert client.get(url, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
        assert client.get(url, headers={"Range": "bytes=99999999999-"}).status_code == 416
        head = client.head(url)
        assert (head.headers["content-length"], head.content) == (str(len(whole.content)), b"")
        assert whole.headers["x-content-type-options"] == "nosniff"


@pytest.mark.slow
@pytest.mark.parametrize("ratio", ["16:9", "9:16", "1:1"])
@pytest.mark.parametrize("quality", ["standard", "high"])
def test_every_frame_and_quality(studio_system: System, ratio: str, quality: str) -> None:
    customer = studio_system.customer(credits=1000)
    accepted = customer.submit("A lake at sunset", aspectRatio=ratio, quality=quality)
    while (now := customer.get(f"/v1/generations/{accepted['id']}?wait=60").json()["data"]["generatevideo"])[
        "status"
    ] == "processing":
        pass
    frame = {"16:9": (1920, 1080), "9:16": (1080, 1920), "1:1": (1080, 1080)}[ratio]
    if quality == "standard":
        frame = {"16:9": (1280, 720), "9:16": (720, 1280), "1:1": (960, 960)}[ratio]
    with av.open(io.BytesIO(httpx.get(now["url"], trust_env=False).content)) as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height, stream.frames) == (*frame, 120)
