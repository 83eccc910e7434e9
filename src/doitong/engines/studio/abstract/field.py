"""Noise that flows: two seamless tiles drifting through each other, so that shapes form and part instead of sliding.

Light shows every facet of a linear interpolation, so tiles hold no detail near their pixels and are read on a coarse
grid that is enlarged by splines.
"""

import math

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats, as_floats
from doitong.engines.studio.noise import pad, sample, spectral_tile

_TILE = 512
_TILE_UNITS = 8.0


class Field:
    """Smooth noise over a plane, mean 0; `slope` as of `spectral_tile`, `soft` pixels of blur."""

    def __init__(self, random: np.random.Generator, slope: float, soft: float) -> None:
        self._tiles = [_softened(spectral_tile(random, _TILE, slope, 3.0), soft) for _ in range(2)]
        turns = random.uniform(0, 2 * math.pi, 2)
        self._ways = [(math.cos(turn), math.sin(turn)) for turn in turns]

    def at(self, x: Floats, y: Floats, time: float, channel: int = 0) -> Floats:
        """The field at places and a time; `channel` shifts to another part of it."""
        scale = np.float32(_TILE / _TILE_UNITS)
        total: Floats | None = None
        for number, (tile, way) in enumerate(zip(self._tiles, self._ways, strict=True)):
            shift = 37.0 * channel * (1 + number)
            u = x * scale + np.float32(way[0] * time * _TILE / _TILE_UNITS + shift)
            v = y * scale + np.float32(way[1] * time * _TILE / _TILE_UNITS - shift)
            read = sample(tile, u, v)
            total = read if total is None else total + read
        assert total is not None
        return cv2.GaussianBlur(as_floats(total * np.float32(0.5)), (0, 0), 0.8)


def _softened(tile: Floats, soft: float) -> Floats:
    rim = math.ceil(soft * 4)
    wide = cv2.copyMakeBorder(tile[2:-2, 2:-2], rim, rim, rim, rim, cv2.BORDER_WRAP)
    return pad(as_floats(cv2.GaussianBlur(wide, (0, 0), soft)[rim:-rim, rim:-rim]))


def slopes(height: Floats) -> tuple[Floats, Floats]:
    """Slopes of a height per pixel, to the right and downwards (Scharr's operator)."""
    across = cv2.Scharr(height, cv2.CV_32F, 1, 0, scale=1 / 32, borderType=cv2.BORDER_REPLICATE)
    down = cv2.Scharr(height, cv2.CV_32F, 0, 1, scale=1 / 32, borderType=cv2.BORDER_REPLICATE)
    return across, down


def lit(height: Floats, bump: float, light: tuple[float, float, float], gloss: int) -> tuple[Floats, Floats]:
    """Diffuse (0–1) and specular light of a height field seen from above (Blinn 1977), `bump` pixels high; the
    highlight is the cosine squared `gloss` times over."""
    across, down = slopes(height)
    across *= np.float32(-bump)
    down *= np.float32(-bump)
    flat = cv2.sqrt(across * across + down * down + np.float32(1))
    length = math.sqrt(sum(part * part for part in light))
    lx, ly, lz = (part / length for part in light)
    tilt = across * np.float32(lx) + down * np.float32(ly)
    tilt += np.float32(lz)
    size = math.sqrt(lx * lx + ly * ly + (lz + 1) ** 2)
    diffuse = np.maximum(tilt / flat, 0)
    tilt += np.float32(1)
    tilt /= flat * np.float32(size)  # cosine to the half-way vector between the light and the eye
    np.maximum(tilt, 0, out=tilt)
    for _ in range(gloss):
        tilt *= tilt
    return diffuse, tilt
