"""Which part of a picture a film shows, and the canvas that the camera moves over.

The frame is cut to the film's shape around what draws the eye; the canvas keeps what lies beside it, so that a pan
has somewhere to go. Boxes are shares of the whole picture.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats
from doitong.engines.studio.notices import Notice, notice
from doitong.engines.studio.picture.intake import read_picture, resized
from doitong.engines.studio.picture.sight import WORK_SIDE, Sight, look_at

_BESIDE = 0.5  # how much of a frame the canvas keeps on each side
_LEAST_SIDE = 8
_SMALL_SHARE = 0.6  # of the film's pixels, across: a smaller picture is enlarged, with a warning


@dataclass(frozen=True, slots=True)
class Canvas:
    """`pixels`: red, green, blue bytes; `middle`: where the frame's middle lies on them; `density`: pixels for one of
    the film; `box`: left, top, right, bottom of the canvas in the picture; `sight`: of the canvas alone."""

    pixels: Bytes
    middle: tuple[float, float]
    density: float
    box: tuple[float, float, float, float]
    sight: Sight
    small: Bytes
    warnings: tuple[Notice, ...]


def open_canvas(path: Path, width: int, height: int, density: float) -> Canvas:
    """Read a picture and lay it out for a film of `width` × `height`, with at most `density` pixels for one of the
    film. Raises as `read_picture` does."""
    picture = read_picture(path, round(1.85 * density * max(width, height)))
    rows, columns = picture.shape[:2]
    sight = look_at(_at_work_size(picture))
    across, down = min(1.0, rows * width / height / columns), min(1.0, columns * height / width / rows)
    left = _best_place(sight.attention.sum(axis=0), across)
    top = _best_place(sight.attention.sum(axis=1), down)
    x0, x1 = max(0.0, left - _BESIDE * across), min(1.0, left + across * (1 + _BESIDE))
    y0, y1 = max(0.0, top - _BESIDE * down), min(1.0, top + down * (1 + _BESIDE))
    scale = across * columns / width  # pixels of the picture for one of the film
    density = float(np.clip(scale, 1.0, density))
    size = max(16, round((x1 - x0) * columns / scale * density)), max(16, round((y1 - y0) * rows / scale * density))
    pixels = _section(picture, (x0, y0, x1, y1), *size)
    small = _at_work_size(pixels)
    whole = (x0, y0, x1, y1) == (0.0, 0.0, 1.0, 1.0)
    middle = (left + across / 2 - x0) / (x1 - x0) * size[0], (top + down / 2 - y0) / (y1 - y0) * size[1]
    warnings = []
    if scale < _SMALL_SHARE:
        warnings.append(notice("PICTURE_ENLARGED", columns=columns, rows=rows, width=width, height=height))
    return Canvas(pixels, middle, density, (x0, y0, x1, y1), sight if whole else look_at(small), small, tuple(warnings))


def on_canvas(whole: Floats, canvas: Canvas, width: int, height: int) -> Floats:
    """A map of the whole picture (a mask, a depth map) cut to the canvas, at a size."""
    return np.clip(_section(whole, canvas.box, width, height), 0, 1)


def _at_work_size(picture: Bytes) -> Bytes:
    rows, columns = picture.shape[:2]
    scale = WORK_SIDE / max(rows, columns)
    return np.asarray(resized(picture, max(48, round(columns * scale)), max(48, round(rows * scale))))


def _best_place(drawn: Floats, share: float) -> float:
    """Where a window of `share` begins that holds most of what draws the eye; the middle of the best places."""
    if share >= 1:
        return 0.0
    total = np.concatenate([[0.0], np.cumsum(drawn)])
    length = max(1, round(share * drawn.size))
    held = total[length:] - total[:-length]
    best = np.flatnonzero(held > held.max() * 0.985)
    return float(np.clip((best[0] + best[-1]) / 2 / drawn.size, 0, 1 - share))


def _section(whole: Bytes | Floats, box: tuple[float, float, float, float], width: int, height: int) -> Bytes | Floats:
    """A box of an image at a size, to the fraction of a pixel."""
    if min(whole.shape[:2]) < _LEAST_SIDE:  # OpenCV 5 never returns from mirroring a single row
        enough = max(_LEAST_SIDE, whole.shape[1]), max(_LEAST_SIDE, whole.shape[0])
        whole = np.asarray(cv2.resize(whole, enough, interpolation=cv2.INTER_NEAREST))
    rows, columns = whole.shape[:2]
    across, down = (box[2] - box[0]) * columns / width, (box[3] - box[1]) * rows / height
    if max(across, down) > 1.5:  # a plain warp would skip pixels
        whole = resized(
            whole, max(_LEAST_SIDE, round(columns / max(across, 1))), max(_LEAST_SIDE, round(rows / max(down, 1)))
        )
        rows, columns = whole.shape[:2]
        across, down = (box[2] - box[0]) * columns / width, (box[3] - box[1]) * rows / height
    x0, y0 = box[0] * columns, box[1] * rows
    back = np.array([[across, 0, x0 + across / 2 - 0.5], [0, down, y0 + down / 2 - 0.5]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(whole, back, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101))
