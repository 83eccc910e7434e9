"""Small real films and pictures, made on the spot."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

PictureMaker = Callable[..., bytes]


@pytest.fixture(scope="session")
def make_film() -> Callable[..., Path]:
    def make(path: Path, *, width: int = 320, height: int = 180, frames: int = 48, **options: Any) -> Path:
        import av
        import numpy

        flags = {"movflags": "+faststart"} if options.get("is_faststart", True) else {}
        with av.open(str(path), "w", format="mp4", options=flags) as container:
            keys = {"g": str(options.get("frames_a_key", 250)), "sc_threshold": "0"}
            stream = container.add_stream("libx264", rate=24, options={"preset": "ultrafast", **keys})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for number in range(frames):
                picture = numpy.full((height, width, 3), 40, numpy.uint8)
                if frames // 2 - 3 <= number <= frames // 2 + 3 or not options.get("is_sharp_only_mid"):
                    picture[::8, :, :] = 255
                    picture[:, number % width, :] = 200
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode())
        return path

    return make


def encode(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


@pytest.fixture(scope="session")
def gradient() -> Image.Image:
    """Red grows to the right, green downwards: a turn or a flip is seen."""
    red = Image.linear_gradient("L").rotate(90).resize((60, 40))
    green = Image.linear_gradient("L").resize((60, 40))
    return Image.merge("RGB", (red, green, Image.new("L", (60, 40), 30)))


@pytest.fixture(name="encode", scope="session")
def encode_fixture() -> Callable[..., bytes]:
    return encode
