"""Upright pictures that stand in the world: how they are kept and laid onto a frame.

A frame is collected as 8-bit R, G, B and cover, light coded by its square root: OpenCV warps and blends four bytes a
pixel several times faster than floats, and grain hides the steps. Colours are premultiplied by their cover.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Colour, Floats, Planes
from doitong.engines.studio.kernels import at, loops

_FINEST_SHRINK = 0.6  # a sprite drawn smaller than this is read from its next, half as large level
_VEILED = ((12.5, 0.0), (11.2, 1 / 2), (10.0, 2 / 3), (8.9, 3 / 4), (7.9, 4 / 5))  # see `mark_near`
_SMALLEST = 6  # pixels of the smallest level


@dataclass(frozen=True, slots=True)
class Sprite:
    """Levels of one picture, each half the last; `density` is pixels a metre of the first, `foot` where it stands."""

    levels: tuple[Bytes, ...]
    density: float
    foot: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Codec:
    """Between linear light and bytes: `top` is the brightest light that is told apart."""

    top: float

    def bytes_of(self, light: Floats) -> Bytes:
        """Linear light as bytes."""
        coded = np.sqrt(np.clip(light * np.float32(1 / self.top), 0, 1)) * np.float32(255)
        return np.asarray(coded + np.float32(0.5)).astype(np.uint8)

    def tuple_of(self, light: Colour) -> tuple[int, int, int]:
        """One colour as bytes."""
        red, green, blue = (int(value) for value in self.bytes_of(np.array(light, np.float32)))
        return red, green, blue

    def planes_of(self, canvas: Bytes) -> tuple[Planes, Floats]:
        """Linear light of a canvas, and its fourth byte as a share."""
        steps = np.arange(256, dtype=np.float32) * np.float32(1 / 255)
        light = steps * steps * np.float32(self.top)
        red, green, blue, cover = cv2.split(canvas)
        return (cv2.LUT(red, light), cv2.LUT(green, light), cv2.LUT(blue, light)), cv2.LUT(cover, steps)


def make_sprite(colour: Bytes, cover: Bytes, density: float, foot: tuple[float, float]) -> Sprite:
    """A sprite from coded colours (rows × columns × 3) and cover, trimmed to what can be seen."""
    rows, columns = np.flatnonzero(cover.max(axis=1) > 2), np.flatnonzero(cover.max(axis=0) > 2)
    if rows.size == 0:
        rows = columns = np.zeros(1, np.int64)
    top, left = max(0, int(rows[0]) - 1), max(0, int(columns[0]) - 1)
    part = np.s_[top : int(rows[-1]) + 2, left : int(columns[-1]) + 2]
    over = cv2.merge([np.ascontiguousarray(cover[part])] * 3)
    premultiplied = cv2.multiply(np.ascontiguousarray(colour[part]), over, scale=1 / 255)
    image = cv2.merge([*cv2.split(premultiplied), np.ascontiguousarray(cover[part])])
    levels = [image]
    while min(image.shape[:2]) >= 2 * _SMALLEST:
        image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        levels.append(image)
    return Sprite(tuple(levels), density, (foot[0] - left, foot[1] - top))


def lay_sprite(canvas: Bytes, sprite: Sprite, x: float, y: float, scale: float, lean: float = 0.0) -> None:
    """Blend a sprite over the canvas with its foot at (x, y) pixels; `lean` shears its top sideways."""
    share, number = 1.0, 0
    while scale < _FINEST_SHRINK and number + 1 < len(sprite.levels):
        scale, share, number = scale * 2, share / 2, number + 1
    image = sprite.levels[number]
    height, width = image.shape[:2]
    foot_x, foot_y = sprite.foot[0] * share, sprite.foot[1] * share
    above, below = lean * foot_y, lean * (foot_y - height)
    left = max(0, math.floor(x + scale * (min(above, below) - foot_x)))
    right = min(canvas.shape[1], math.ceil(x + scale * (max(above, below) + width - foot_x)))
    top = max(0, math.floor(y - scale * foot_y))
    bottom = min(canvas.shape[0], math.ceil(y + scale * (height - foot_y)))
    if left >= right or top >= bottom:
        return
    step = 1 / scale
    shift_y = (top + 0.5 - y) * step + foot_y
    shift_x = (left + 0.5 - x) * step + foot_x - lean * (foot_y - shift_y)
    if loops is not None:
        loops.lay_sprite(*_place(canvas), left, top, right, bottom, at(image, np.uint8), width, height,
                         shift_x - 0.5, shift_y - 0.5, step, lean * step)  # fmt: skip
        return
    turn = np.array([[step, lean * step, shift_x - 0.5], [0.0, step, shift_y - 0.5]])
    lay_image(canvas[top:bottom, left:right], cv2.warpAffine(
        image, turn, (right - left, bottom - top), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP))  # fmt: skip


def lay_image(canvas: Bytes, image: Bytes) -> None:
    """Blend a premultiplied image of the same size over the canvas."""
    if loops is not None:
        loops.lay_image(*_place(canvas), at(image, np.uint8), *image.shape[1::-1])
        return
    gaps = cv2.merge([cv2.bitwise_not(cv2.extractChannel(image, 3))] * 4)
    cv2.add(cv2.multiply(canvas, gaps, scale=1 / 255), image, dst=canvas)


def lay_sheet(canvas: Bytes, sheet: Floats) -> None:
    """Blend a small premultiplied picture (0–255) over a canvas that it is drawn out to."""
    height, width = canvas.shape[:2]
    if loops is not None:
        wide = cv2.resize(sheet, (width, sheet.shape[0]), interpolation=cv2.INTER_LINEAR)
        loops.lay_sheet(at(canvas, np.uint8), width, height, at(wide), wide.shape[0])
        return
    lay_image(canvas, cv2.resize(sheet, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8))


def draw_out(canvas: Bytes, picture: Bytes, rows: tuple[int, int]) -> None:
    """Fill rows of a canvas, first to last, with a picture of half its size."""
    height, width = canvas.shape[:2]
    if loops is not None and (height % 2, width % 2) == (0, 0):
        wide = cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        loops.double_rows(at(wide, np.uint8), width // 2, at(canvas, np.uint8), *rows)
        return
    part = slice(*rows)
    canvas[part] = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)[part]


def mark_near(canvas: Bytes, before: float, depth: float) -> None:
    """Let the fourth byte fade as what is laid comes from depth `before` to `depth` metres.

    At the end it holds what stands before the light shafts: nothing of what is beyond the first mark, a fifth of what
    is beyond the second, and so on, so that a trunk that the camera comes to is not dimmed at a stroke.
    """
    for mark, share in _VEILED:
        if not depth < mark <= before:
            continue
        if loops is not None:
            loops.fade_cover(at(canvas, np.uint8), canvas.shape[0] * canvas.shape[1], share)
        else:
            cv2.insertChannel(cv2.convertScaleAbs(cv2.extractChannel(canvas, 3), alpha=share), canvas, 3)


def _place(canvas: Bytes) -> tuple[int, int]:
    """Where a canvas, or a part of one, begins, and how many pixels its rows are apart."""
    down, across, byte = canvas.strides
    assert canvas.dtype == np.uint8
    assert (across, byte) == (4, 1)
    return int(canvas.ctypes.data), down // 4
