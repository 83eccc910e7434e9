"""A picture file as pixels: upright, opaque, 8-bit colour, no larger than a film can use.

Whatever Pillow can open of JPEG, PNG and WebP: turned as its Exif says, the first frame of an animation, 16-bit grey,
palettes and CMYK; what is cut out lies on a plain ground. A huge JPEG is reduced while it is decoded. Pictures from
customers have been through `doitong.media` before, which does the same in a child process; files from the command
line have not.
"""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from doitong.engines.studio.arrays import Bytes, Floats
from doitong.media.picture_child import to_rgb

MOST_PIXELS = 80_000_000
_FORMATS = ("JPEG", "PNG", "WEBP")


def read_picture(path: Path, side: int) -> Bytes:
    """Red, green, blue bytes; both sides at most about `side` pixels, unless it is much longer than wide.

    Raises OSError when it cannot be decoded and ValueError when it has more than `MOST_PIXELS`.
    """
    with _opened(path) as opened:
        opened.draft("RGB", (side, side))
        whole = to_rgb(ImageOps.exif_transpose(opened))
        whole.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        return np.asarray(whole, dtype=np.uint8)


def read_map(path: Path) -> Floats:
    """A mask or a depth map as float32, 0–1; what is transparent counts as black. Raises as `read_picture` does."""
    with _opened(path) as opened:
        upright = ImageOps.exif_transpose(opened)
        if upright.mode.startswith("I"):
            levels = np.asarray(upright.convert("I"), dtype=np.float32)
            return levels * np.float32(1 / max(255.0, float(2 ** int(levels.max()).bit_length() - 1)))
        seen = np.asarray(upright.convert("RGBA"), dtype=np.float32)
        grey = seen[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32)
        return grey * seen[..., 3] * np.float32(1 / 255**2)


def _opened(path: Path) -> Image.Image:
    try:
        opened = Image.open(path, formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise ValueError(f"the picture has more than {MOST_PIXELS} pixels") from error
    if opened.width * opened.height > MOST_PIXELS:
        opened.close()
        raise ValueError(f"the picture has more than {MOST_PIXELS} pixels")
    return opened


def resized(image: Bytes | Floats, width: int, height: int) -> Bytes | Floats:
    """The image at another size: averaged when it shrinks, cubic when it grows."""
    shrinks = image.shape[1] > width or image.shape[0] > height
    way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (max(1, width), max(1, height)), interpolation=way))
