"""Trunks: shape, bark, moss and snow of one tree, lit by the sun that falls through the canopy."""

import math
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from doitong.engines.studio.arrays import Colour, Floats, as_floats, smooth
from doitong.engines.studio.forest.light import Canopy
from doitong.engines.studio.noise import pad, sample, spectral_tile

_TILE = 256
_BELOW = 0.22  # metres that a trunk reaches under the ground
_MOST_ROWS = 2200


class Bark(StrEnum):
    FURROWED = "furrowed"
    SMOOTH = "smooth"
    BIRCH = "birch"


@dataclass(frozen=True, slots=True)
class Trunk:
    """One tree's stem: place and size in metres; `lean` is sideways for each metre of height."""

    x: float
    z: float
    radius: float
    top: float
    lean: float
    bends: tuple[float, float, float, float]
    bark: Bark
    moss: float
    snow: float
    warmth: float

    def middle(self, y: Floats) -> Floats:
        """Sideways place of the stem's axis at heights above the ground, from its foot."""
        a, b, p, q = self.bends
        return as_floats(self.lean * y + a * (np.sin(y * 0.22 + p) - math.sin(p)) + b * (np.sin(y * 0.7 + q)
                                                                                          - math.sin(q)))  # fmt: skip

    def half(self, y: Floats) -> Floats:
        """Radius at heights above the ground: taper, and a foot that spreads into roots."""
        flare = 0.55 * np.exp(-np.maximum(y, -0.1) / 0.16) + 0.22 * np.exp(-np.maximum(y, 0) / 0.8)
        return as_floats(self.radius * (np.maximum(1.0 - y / 34.0, 0.25) + flare))


class BarkTiles:
    """Bark as seamless tiles: relief, its sideways slope, and blotches."""

    def __init__(self, random: np.random.Generator) -> None:
        fine = spectral_tile(random, _TILE, 0.75, 6)[2:-2, 2:-2]
        stretched = cv2.resize(np.tile(fine, (1, 3))[: _TILE // 6], (_TILE * 3, _TILE), interpolation=cv2.INTER_CUBIC)
        furrows = stretched[:, _TILE : _TILE * 2]
        furrows = _seamless(furrows)
        furrows = 1 - np.abs(furrows) * 0.8 + 0.18 * fine
        blotch = spectral_tile(random, _TILE, 1.3, 3)[2:-2, 2:-2]
        flat = cv2.resize(np.tile(fine, (3, 1))[:, : _TILE // 7], (_TILE, _TILE * 3), interpolation=cv2.INTER_CUBIC)
        rings = _seamless(flat[_TILE : _TILE * 2])
        self._tiles = {
            Bark.FURROWED: self._pack(furrows, blotch),
            Bark.SMOOTH: self._pack(0.25 * fine + 0.25 * blotch + 0.2 * rings, blotch),
            Bark.BIRCH: self._pack(rings, blotch),
        }

    @staticmethod
    def _pack(relief: Floats, blotch: Floats) -> Floats:
        slope = np.roll(relief, -1, axis=1) - np.roll(relief, 1, axis=1)
        return np.dstack([pad(as_floats(plane)) for plane in (relief, slope, blotch, blotch)])

    def read(self, bark: Bark, x: Floats, y: Floats) -> Floats:
        """Relief, slope and blotches at places on the bark, in metres around and along the stem."""
        return sample(self._tiles[bark], x * np.float32(190), y * np.float32(190))


def _seamless(tile: Floats) -> Floats:
    """Fade each side into its opposite, so that a stretched tile wraps."""
    width = tile.shape[0] // 6
    ramp = np.linspace(0, 0.5, width, dtype=np.float32)[::-1, None]
    for turned in (tile, tile.T):
        first, last = turned[:width].copy(), turned[-width:].copy()
        turned[:width] = first * (1 - ramp) + last[::-1] * ramp
        turned[-width:] = last * (1 - ramp[::-1]) + first[::-1] * ramp[::-1]
    return tile


def paint_trunk(trunk: Trunk, tiles: BarkTiles, canopy: Canopy, density: float,
                ) -> tuple[list[Floats], Floats, tuple[float, float], float]:  # fmt: skip
    """Light (three planes), cover 0–255, the foot in pixels, and the density drawn at, pixels a metre."""
    density = min(density, _MOST_ROWS / (trunk.top + _BELOW))
    rows = max(4, int((trunk.top + _BELOW) * density))
    y = (trunk.top - (np.arange(rows, dtype=np.float32) + np.float32(0.5)) / np.float32(density))[:, None]
    middle, half = trunk.middle(y), trunk.half(y)
    wobble = tiles.read(trunk.bark, np.full_like(y, trunk.x), y * np.float32(0.35))
    uneven = 0.045 if trunk.bark is Bark.FURROWED else 0.018
    half = as_floats(half * (1 + uneven * np.clip(wobble[..., 2], -2, 2)))
    left, right = float((middle - half).min()) - 2 / density, float((middle + half).max()) + 2 / density
    columns = max(3, int((right - left) * density))
    x = (np.arange(columns, dtype=np.float32) + np.float32(0.5))[None, :] / np.float32(density) + np.float32(left)
    u = as_floats((x - middle) / half)
    cover = np.clip((1 - np.abs(u)) * half * density + 0.5, 0, 1) * smooth(-_BELOW, 0.12, y + 0.05 * wobble[..., 0])
    u = np.clip(u, -1, 1)
    around = as_floats(np.arcsin(u) * np.minimum(half, trunk.radius * 1.15) + trunk.x * 7.3)
    bark = tiles.read(trunk.bark, around, np.broadcast_to(y + np.float32(trunk.z), u.shape))
    planes = _shade(trunk, canopy, bark, u, x, y)
    return planes, as_floats(cover * 255), (-left * density, trunk.top * density), density


def _shade(trunk: Trunk, canopy: Canopy, bark: Floats, u: Floats, x: Floats, y: Floats) -> list[Floats]:
    relief, slope, blotch = bark[..., 0], bark[..., 1], bark[..., 2]
    bump = np.clip(u - 0.55 * np.clip(slope, -0.8, 0.8), -1.2, 1.2)
    side = math.copysign(1.0, canopy.sun[0])
    lit: Floats = smooth(-0.25, 1.0, bump * np.float32(side)) * np.float32(0.62)
    lit += smooth(0.55, 1.0, u * np.float32(side)) * np.float32(0.7)  # the sun stands ahead: it grazes the edge
    at, height = np.broadcast_arrays(x + np.float32(trunk.x), y)
    lit *= np.float32(0.12) + np.float32(0.88) * canopy.falling(at, height, np.full_like(u, trunk.z))
    hollow = np.clip(0.62 + 0.38 * relief, 0.22, 1.25)
    sky = (0.52 + 0.48 * np.abs(bump)) * hollow * (0.45 + 0.55 * smooth(-0.1, 1.4, y))
    albedo = _albedo(trunk, relief, blotch, u, y)
    return [
        as_floats(a * (canopy.sun_colour[i] * lit * hollow + canopy.fill[i] * 0.62 * sky)) for i, a in enumerate(albedo)
    ]


def _albedo(trunk: Trunk, relief: Floats, blotch: Floats, u: Floats, y: Floats) -> list[Floats]:
    warm = trunk.warmth
    colours: dict[Bark, tuple[Colour, Colour]] = {
        Bark.FURROWED: ((0.060 + 0.02 * warm, 0.044, 0.033), (0.22 + 0.06 * warm, 0.155, 0.105)),
        Bark.SMOOTH: ((0.135, 0.125, 0.105), (0.26, 0.245, 0.21)),
        Bark.BIRCH: ((0.05, 0.045, 0.042), (0.66, 0.63, 0.57)),
    }
    dark, pale = colours[trunk.bark]
    share: Floats = smooth(-0.6, 1.1, relief + 0.35 * blotch)
    if trunk.bark is Bark.BIRCH:
        share = smooth(-1.45, -0.75, relief + 0.35 * blotch + 0.25 * np.minimum(y, 3.0))
    planes: list[Floats] = [as_floats(low + (high - low) * share) for low, high in zip(dark, pale, strict=True)]
    if trunk.moss > 0:
        moss = smooth(0.2, 1.5, blotch * 0.8 + 0.5 * relief + 2.4 * trunk.moss - 1.1 * y - 0.5 * u)
        tint = 0.6 + 0.5 * relief
        for plane, green in zip(planes, (0.085, 0.125, 0.022), strict=True):
            np.add(plane, (green * tint - plane) * moss, out=plane)
    if trunk.snow > 0.05:
        snow = smooth(0.9, 1.3, trunk.snow * 2.1 - 0.55 * np.abs(u + 0.75) + 0.25 * blotch - 0.5 * relief)
        for plane, white in zip(planes, (0.80, 0.84, 0.90), strict=True):
            np.add(plane, (white - plane) * snow, out=plane)
    return planes
