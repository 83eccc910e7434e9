"""A picture of a whole sphere: noise without seams, read by direction, and where a direction lies on the picture."""

import math

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats
from doitong.engines.studio.noise import Fractal

_LONG_WAVE = 40  # pixels


def directions(rows: int) -> tuple[Floats, Floats, Floats]:
    """x, y (towards the pole) and z of every pixel of a picture of `rows` × 2·`rows`."""
    up = (0.5 - (np.arange(rows, dtype=np.float32) + 0.5) / rows)[:, None] * np.float32(math.pi)
    turn = (((np.arange(2 * rows, dtype=np.float32) + 0.5) / rows - 1) * np.float32(math.pi))[None, :]
    level = np.cos(up)
    x, z = level * np.sin(turn), level * np.cos(turn)
    return x.astype(np.float32), np.repeat(np.sin(up), 2 * rows, 1).astype(np.float32), z.astype(np.float32)


def noise(fractal: Fractal, at: tuple[Floats, Floats, Floats], size: float, octaves: int, channel: int) -> Floats:
    """Fractal noise on the sphere, about −1 to 1: the sum of three plane noises along the axes, which has no seam.
    Waves of many pixels are read at a quarter of the size."""
    rows, columns = at[0].shape
    long = sum(size / 2.03**octave * rows / math.pi > _LONG_WAVE for octave in range(octaves))
    total = np.zeros((rows, columns), np.float32)
    if long:
        few = [cv2.resize(axis, (columns // 4, rows // 4), interpolation=cv2.INTER_AREA) for axis in at]
        low = np.zeros_like(few[0])
        for octave in range(long):
            low += _waves(fractal, few, size, octave, channel)
        total += cv2.resize(low, (columns, rows), interpolation=cv2.INTER_CUBIC)
    for octave in range(long, octaves):
        total += _waves(fractal, list(at), size, octave, channel)
    return total * np.float32(0.45)


def _waves(fractal: Fractal, at: list[Floats], size: float, octave: int, channel: int) -> Floats:
    metres, strength = size / 2.03**octave, np.float32(0.5**octave)
    x, y, z = at
    total = fractal.wave(x, y, metres, channel + octave)
    total += fractal.wave(y, z, metres, channel + octave + 9)
    total += fractal.wave(z, x, metres, channel + octave + 18)
    return total * strength


def wrapped(picture: Floats) -> Floats:
    """The picture with one more column on each side, so that it can be read across its seam."""
    return np.asarray(cv2.copyMakeBorder(picture, 0, 0, 1, 1, cv2.BORDER_WRAP))


def place(x: Floats, y: Floats, z: Floats, rows: int, spin: float) -> tuple[Floats, Floats]:
    """Where a wrapped picture of `rows` shows these directions, for a sphere turned by `spin` radians."""
    turn = cv2.phase(np.ascontiguousarray(z), np.ascontiguousarray(x))  # 0 … 2π
    part = turn * np.float32(0.5 / math.pi) + np.float32(0.5 + spin * 0.5 / math.pi)
    part -= np.floor(part)
    # arcsine, to 7e-5 (Abramowitz and Stegun 4.4.45)
    a = np.minimum(np.abs(y), 1)
    arc = np.sqrt(1 - a) * (
        np.float32(1.5707288) + a * (np.float32(-0.2121144) + a * (np.float32(0.0742610) + a * np.float32(-0.0187293)))
    )
    up = np.copysign(np.float32(math.pi / 2) - arc, y)
    map_x = part * np.float32(2 * rows) + np.float32(0.5)
    map_y = (np.float32(0.5) - up * np.float32(1 / math.pi)) * np.float32(rows) - np.float32(0.5)
    return map_x.astype(np.float32), map_y.astype(np.float32)
