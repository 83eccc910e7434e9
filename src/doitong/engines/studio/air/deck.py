"""Layers of cloud seen from below: cirrus, altocumulus, and decks from broken to overcast.

A layer is a plane at one height, read from a seamless tile of density and of the light that is left after its way
through the layer. The density's threshold is a quantile, so that a layer hides exactly the share that was asked for.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats, as_floats, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.noise import pad, sample, spectral_tile

_SIZE = 512
_LEVELS = 5
_HORIZON_LIFT = 0.04  # the earth's curve, and more: keeps the layer finite at the horizon


class DeckKind(StrEnum):
    CIRRUS = "cirrus"
    ALTOCUMULUS = "altocumulus"
    STRATOCUMULUS = "stratocumulus"
    STRATUS = "stratus"
    RAGS = "rags"


@dataclass(frozen=True, slots=True)
class _Shape:
    height: float  # metres
    texel: float  # metres
    opacity: float
    softness: float  # of the edge, in deviations of density
    depth: float  # how much light it takes away
    begin: float  # density at which cover begins; 0 is the quantile that was asked for
    pace: float  # wind up there, metres a second in a light breeze


_SHAPES = {
    DeckKind.CIRRUS: _Shape(8000, 64, 0.62, 1.9, 0.15, -0.1, 16),
    DeckKind.ALTOCUMULUS: _Shape(3600, 22, 0.92, 1.15, 0.42, -0.02, 11),
    DeckKind.STRATOCUMULUS: _Shape(1700, 20, 0.98, 0.70, 1.05, -0.02, 9),
    DeckKind.STRATUS: _Shape(1500, 34, 0.99, 1.0, 0.34, -0.95, 8),
    DeckKind.RAGS: _Shape(900, 17, 0.72, 1.7, 0.30, -0.1, 11),
}


class Deck:
    """One layer. `cover`: the share of it that is cloud; `sun_turn`: where its light comes from."""

    def __init__(self, random: np.random.Generator, kind: DeckKind, cover: float, sun_turn: float, wind: float) -> None:
        self._shape = _SHAPES[kind]
        density = _density(random, kind)
        threshold = float(np.quantile(density[::3, ::3], 1 - min(0.995, max(0.005, cover))))
        density = (density - np.float32(threshold)).astype(np.float32)
        both: Floats = np.dstack([density, _light_left(density, sun_turn, self._shape.depth)]).astype(np.float32)
        self._tiles: list[Floats] = []
        for _ in range(_LEVELS):
            self._tiles.append(pad(both))
            both = cv2.resize(both, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        self._stack = np.concatenate([tile.reshape(-1) for tile in self._tiles])
        heading = float(random.uniform(-0.7, 0.7)) + (0 if random.random() < 0.5 else math.pi)
        pace = self._shape.pace * wind / self._shape.texel
        self._drift = (math.cos(heading) * pace, math.sin(heading) * pace)
        self._start = random.uniform(0, _SIZE, 2)

    def draw(self, pose: Pose, lens: Lens, dy: Floats, dx: Floats, dz: Floats, seconds: float) -> tuple[Floats, ...]:
        """Cover, light (0–1) and thickness (0–1) in the directions of a lens that ends over the horizon."""
        shape, (right, ahead) = self._shape, self._shift(pose, seconds)
        away = np.float32(shape.height / shape.texel) / (dy + np.float32(_HORIZON_LIFT))
        u, v = dx * away + np.float32(right), dz * away + np.float32(ahead)
        density, light = self._read(u, v, dy[:, lens.width // 2], lens)
        cover = smooth(shape.begin, shape.begin + shape.softness, density)
        cover *= np.float32(shape.opacity)
        cover *= smooth(0.004, 0.075, dy)
        return cover, light, np.clip(density * np.float32(0.6), 0, 1)

    def lay(self, planes: list[Floats], veil: Floats, pose: Pose, lens: Lens, directions: tuple[Floats, ...],
            sun: tuple[float, float, float], tones: tuple[float, ...], seconds: float) -> None:  # fmt: skip
        """Drawn and laid over a sky in one pass; `tones` as kernels/decks.c has them."""
        shape, (dx, dy, dz) = self._shape, directions
        shared = np.array([
            shape.height / shape.texel, _HORIZON_LIFT, *self._shift(pose, seconds), shape.begin, shape.softness,
            shape.opacity, *sun, *tones,
        ], np.float32)  # fmt: skip
        level = self._level(np.ascontiguousarray(dy[:, lens.width // 2]), lens)
        loops.deck_lay(at(shared), at(self._stack), _SIZE, _LEVELS, at(level), at(dx), at(dy), at(dz),
                       *(at(plane) for plane in planes), at(veil), lens.width, lens.rows)  # fmt: skip

    def _shift(self, pose: Pose, seconds: float) -> tuple[float, float]:
        """Where in the tile, in texels, the layer over the origin is."""
        texel, (right, ahead), (x, z) = self._shape.texel, self._drift, self._start
        return pose.x / texel + x + seconds * right % _SIZE, pose.z / texel + z + seconds * ahead % _SIZE

    def _read(self, u: Floats, v: Floats, rise: Floats, lens: Lens) -> tuple[Floats, Floats]:
        """Each row from the two levels that suit how much a pixel spans there."""
        level = self._level(rise, lens)
        density, light = np.zeros_like(u), np.zeros_like(u)
        for number, tile in enumerate(self._tiles):
            weight = np.clip(1 - np.abs(level - number), 0, 1).astype(np.float32)
            rows = np.flatnonzero(weight > 0)
            if rows.size:
                part = slice(int(rows[0]), int(rows[-1]) + 1)
                scale = np.float32(0.5**number)
                seen = sample(tile, u[part] * scale, v[part] * scale)
                density[part] += seen[..., 0] * weight[part, None]
                light[part] += seen[..., 1] * weight[part, None]
        return density, light

    def _level(self, rise: Floats, lens: Lens) -> Floats:
        """How often the tile is halved for a pixel of each row."""
        height = self._shape.height / self._shape.texel
        span = height / (np.maximum(rise, 0) + _HORIZON_LIFT) ** 2 / lens.focal
        return as_floats(np.clip(np.log2(np.maximum(span, 1.0)) * 0.78, 0, _LEVELS - 1.001))


def _density(random: np.random.Generator, kind: DeckKind) -> Floats:
    """Density over the plane, deviation about 1, seamless."""
    broad = spectral_tile(random, _SIZE, 2.0, 2)
    match kind:
        case DeckKind.CIRRUS:
            return _fibres(random, broad)
        case DeckKind.ALTOCUMULUS:
            cells = spectral_tile(random, _SIZE, 2.6, 17)
            fine = spectral_tile(random, _SIZE, 1.3, 40)
            puffs = np.float32(0.62) * cells + np.float32(0.24) * fine - np.float32(0.12) * np.abs(cells)
            return np.asarray((puffs + np.float32(0.85) * broad)[2:-2, 2:-2], dtype=np.float32)
        case DeckKind.STRATOCUMULUS | DeckKind.STRATUS | DeckKind.RAGS:
            heaps = spectral_tile(random, _SIZE, 1.9, 5)
            fine = spectral_tile(random, _SIZE, 1.2, 24)
            billow = np.abs(spectral_tile(random, _SIZE, 1.4, 8))
            whole = np.float32(0.75) * heaps + np.float32(0.35) * broad - np.float32(0.5) * billow
            return np.asarray((whole + np.float32(0.17) * fine)[2:-2, 2:-2], dtype=np.float32)


def _fibres(random: np.random.Generator, broad: Floats) -> Floats:
    """Hair of ice: noise drawn out along a wind that bends."""
    x, y = np.meshgrid(np.arange(_SIZE, dtype=np.float32), np.arange(_SIZE, dtype=np.float32))
    hair = spectral_tile(random, _SIZE, 1.1, 10)
    bend = spectral_tile(random, _SIZE, 2.4, 2)
    around = sample(bend, x, y) * np.float32(15)
    total = np.zeros_like(x)
    turn = 2 if random.random() < 0.5 else -2  # whole cells across the tile keep it seamless
    for step in range(-7, 8):
        total += sample(hair, x + np.float32(step * 3.6), y + around + np.float32(step * turn * 0.55))
    total *= 1 / total.std()
    patches = sample(broad, x, y)
    return np.asarray(
        total * np.float32(0.55) * smooth(-1.2, 1.0, patches) + patches * np.float32(0.9), dtype=np.float32
    )


def _light_left(density: Floats, sun_turn: float, depth: float) -> Floats:
    """What is left of the sun after its slanting way through the layer (Beer's law, six steps)."""
    small = cv2.resize(np.clip(density + np.float32(0.35), 0, 2.5), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    passed = small * np.float32(0.5)
    for step in (1.5, 3, 5, 8, 12, 17):
        moved = np.roll(small, (-round(math.cos(sun_turn) * step), -round(math.sin(sun_turn) * step)), axis=(0, 1))
        passed += moved * np.float32(0.30)
    left = cv2.exp(cv2.blur(passed, (3, 3)) * np.float32(-depth))
    return np.asarray(cv2.resize(left, (_SIZE, _SIZE), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
