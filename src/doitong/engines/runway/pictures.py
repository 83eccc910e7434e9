"""Pictures on their way to Runway: cut to a shape that it takes, small ones inside the request, large ones uploaded."""

import asyncio
import base64
import io
from pathlib import Path

import httpx

from doitong.egress.client import EgressClient
from doitong.egress.model import EgressFailed
from doitong.engines.port import EngineFailure, EngineRefused
from doitong.engines.runway.client import RunwayAway, RunwayClient

DATA_BYTES_MAXIMUM = 3_300_000  # in base64 just under the 5 MB that a data: URI may have
SHAPE_MINIMUM, SHAPE_MAXIMUM = 0.5, 2.0  # width / height; the narrower of the models' bounds
SIDE_MAXIMUM = 7999
JPEG_QUALITY = 95
MEDIA_TYPES = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png"), "WEBP": ("image/webp", "webp")}


async def send_picture(path: Path, client: RunwayClient, egress: EgressClient) -> str:
    """The URI by which a task may name the picture. Raises `EngineRefused`, `RunwayAway`."""
    data, media_type, extension = await asyncio.to_thread(_read, path)
    if len(data) <= DATA_BYTES_MAXIMUM:
        return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    place = await client.open_upload(f"picture.{extension}")
    form = httpx.Request(
        "POST", place.url, data=dict(place.fields), files={"file": (f"picture.{extension}", data, media_type)}
    )
    headers = {"Content-Type": form.headers["Content-Type"], "Content-Length": form.headers["Content-Length"]}
    try:
        answer = await egress.post(place.url, content=form.read(), headers=headers)
    except EgressFailed as error:
        raise RunwayAway(f"upload: {error}") from error
    if not 200 <= answer.status < 300:
        raise RunwayAway(f"upload: {answer.status}")
    return place.uri


def _read(path: Path) -> tuple[bytes, str, str]:
    """The picture's bytes as they are, or anew where its shape has to change; our uploads are cleaned ones."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  (workers only)

    try:
        with Image.open(path) as picture:
            media_type, extension = MEDIA_TYPES[picture.format or ""]
            box = _box(picture.width, picture.height)
            if box == (0, 0, picture.width, picture.height):
                return path.read_bytes(), media_type, extension
            cut = picture.convert("RGB").crop(box)
            cut.thumbnail((SIDE_MAXIMUM, SIDE_MAXIMUM))
            out = io.BytesIO()
            cut.save(out, "JPEG", quality=JPEG_QUALITY)
            return out.getvalue(), "image/jpeg", "jpg"
    except (UnidentifiedImageError, KeyError) as error:
        raise EngineRefused(EngineFailure("PICTURE_UNFIT", repr(error))) from error


def _box(width: int, height: int) -> tuple[int, int, int, int]:
    """The middle of the picture in a shape that Runway takes: it cuts to the film's own ratio anyway."""
    wide = min(width, int(height * SHAPE_MAXIMUM))
    high = min(height, int(wide / SHAPE_MINIMUM))
    left, top = (width - wide) // 2, (height - high) // 2
    return left, top, left + wide, top + high
