"""Pictures for the tests, as data: URIs."""

import base64
import io
import random

from PIL import Image


def picture_uri(width: int = 640, height: int = 360) -> str:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (40, 90, 160)).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def heavy_picture(width: int = 1500, height: int = 1200) -> bytes:
    """A picture of noise: more bytes than a data: URI at Runway may have."""
    noise = random.Random(1).randbytes(width * height * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (width, height), noise).save(out, "PNG")
    return out.getvalue()
