"""The aurora: folded curtains of light, drawn as bright lower hems whose rays reach upward.

A hem is a curve over the sky that folds and drifts; its light is gathered in the columns where it stands, so that
folds are brighter, and then smeared upward: green below, magenta and violet above (Lawlor and Genetti 2011 for the
shares by height).
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats, as_floats
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.scene import Scene

_POINTS = 5400
_RAYS = 4096
_ROWS_SHARE = 3  # the picture's rows for each row that is smeared
_SPAN = 3.4  # radians that a hem covers


@dataclass(frozen=True, slots=True)
class _Hem:
    height: float  # radians over the horizon
    reach: float  # radians that its light goes up
    strength: float
    phases: tuple[float, ...]
    pace: float


class Aurora:
    """The aurora of one film; defined at every moment, also before the film begins."""

    def __init__(self, scene: Scene) -> None:
        random = np.random.default_rng([scene.seed, 71])
        self._strength = scene.aurora
        self._at = np.linspace(0, 1, _POINTS, dtype=np.float32)
        self._rays = [_ring(random, waves) for waves in (520, 130, 9)]
        places = ((0.075, 0.13, 0.6), (0.115, 0.24, 1.0), (0.20, 0.34, 0.8))
        self._hems = [
            _Hem(height + float(random.uniform(-0.015, 0.015)), reach, strength,
                 tuple(random.uniform(0, 2 * math.pi, 8).tolist()), float(random.choice([-1, 1])))
            for height, reach, strength in places
        ]  # fmt: skip

    def lay(self, planes: list[Floats], pose: Pose, lens: Lens, seconds: float) -> None:
        """Add the aurora to the planes of a sky."""
        rows = lens.rows // _ROWS_SHARE + 2
        low: Floats = np.zeros((rows, lens.width), np.float32)
        tall: Floats = np.zeros_like(low)
        step = _ROWS_SHARE / lens.focal
        for hem in self._hems:
            base, rays = self._hem(hem, pose, lens, rows, seconds)
            _smear(low, base, step, 0.004, hem.reach * 0.34, 0.0)
            _smear(tall, rays, step, 0.05, hem.reach * 0.62, hem.reach * 0.16)
        # a fold seen along its edge would burn out
        self._tint(planes, low / (1 + low * np.float32(0.8)), tall / (1 + tall * np.float32(1.9)), lens)

    def _tint(self, planes: list[Floats], low: Floats, tall: Floats, lens: Lens) -> None:
        size = (lens.width, (low.shape[0] - 2) * _ROWS_SHARE)
        for plane, green, violet in zip(planes, (0.16, 1.0, 0.46), (0.62, 0.20, 0.74), strict=True):
            whole = low * np.float32(green * 0.95 * self._strength) + tall * np.float32(violet * 0.72 * self._strength)
            # the middle of a smeared row stands over the middle of its rows
            shown = cv2.resize(whole[1:-1], size, interpolation=cv2.INTER_LINEAR)
            part = plane[: shown.shape[0]]
            part += shown
            plane[shown.shape[0] :] += shown[-1]

    def _hem(self, hem: _Hem, pose: Pose, lens: Lens, rows: int, seconds: float) -> tuple[Floats, Floats]:
        at, p = self._at, hem.phases
        drift = np.float32(seconds * 0.05 * hem.pace)
        wave = np.sin(at * np.float32(9) + p[0] + drift * 1.4) * np.float32(0.20)
        fold = np.sin(at * np.float32(31) + p[1] + drift * 3.1) * np.float32(0.085)
        curl = np.sin(at * np.float32(83) + p[2] - drift * 6.3) * np.float32(0.030)
        azimuth = (at - np.float32(0.5)) * np.float32(_SPAN) + wave + fold + curl - np.float32(pose.yaw)
        lift = np.sin(at * np.float32(7) + p[3] - drift) * np.float32(0.32)
        lift += np.sin(at * np.float32(31) + p[1] + 1.4 + drift * 3.1) * np.float32(0.22)
        lift += np.sin(at * np.float32(83) + p[2] + 1.2 - drift * 6.3) * np.float32(0.09)
        height = np.float32(hem.height) * (1 + lift)
        fine = _read(self._rays[0], at * np.float32(1.0) + drift * np.float32(0.11) + np.float32(p[4]))
        middle = _read(self._rays[1], at - drift * np.float32(0.07) + np.float32(p[5]))
        patch = _read(self._rays[2], at + drift * np.float32(0.10) + np.float32(p[6]))
        glow = np.clip(np.float32(0.46) + patch * np.float32(0.60), 0.02, 1.5) * np.float32(hem.strength)
        steady = glow * np.clip(np.float32(0.75) + middle * np.float32(0.30) + fine * np.float32(0.30), 0.05, 2)
        rays = glow * np.clip(np.float32(0.50) + middle * np.float32(0.26) + fine * np.float32(0.40), 0, 2) ** 2
        inside = np.abs(azimuth) < 1.2
        azimuth, height = azimuth[inside], height[inside]
        x = np.tan(azimuth) * np.float32(lens.focal) + np.float32(lens.width / 2 - 0.5)
        y = np.float32(lens.horizon) - np.tan(height) / np.cos(azimuth) * np.float32(lens.focal)
        y = y / np.float32(_ROWS_SHARE) + np.float32(0.5)
        spread = np.float32(lens.focal * _SPAN / _POINTS)  # the light of one point, so that size does not change it
        size = (rows, lens.width)
        low = _gather(x, y, steady[inside] * spread, size)
        high = _gather(x, y, rays[inside] * spread, size)
        # where a fold turns back its light would end in a line; the air spreads it
        near, wide = max(3, lens.width // 240) | 1, max(3, lens.width // 56) | 1
        return _spread(low, near, wide, 0.25), _spread(cv2.blur(high, (near, 1)), near, wide, 0.55)


def _ring(random: np.random.Generator, waves: int) -> Floats:
    """Smooth noise around a ring, of deviation 1."""
    spectrum = np.zeros(_RAYS // 2 + 1, np.complex128)
    count = np.arange(1, min(waves * 2, _RAYS // 2))
    spectrum[count] = np.exp(2j * np.pi * random.random(count.size)) * np.exp(-((count / waves) ** 2))
    ring = np.fft.irfft(spectrum, _RAYS)
    return as_floats(ring / ring.std())


def _read(ring: Floats, at: Floats) -> Floats:
    place = np.mod(at, 1.0) * np.float32(_RAYS)
    first = place.astype(np.int32) % _RAYS
    part = place - np.floor(place)
    return as_floats(ring[first] * (1 - part) + ring[(first + 1) % _RAYS] * part)


def _gather(x: Floats, y: Floats, light: Floats, size: tuple[int, int]) -> Floats:
    """Light of points on the picture's pixels, each shared among the four around it; points over or under the picture
    count for its first and last row."""
    rows, width = size
    y = np.clip(y, 0, rows - 1.001)
    inside = (x >= 0) & (x < width - 1)
    x, y, light = x[inside], y[inside], light[inside]
    left, top = x.astype(np.int32), y.astype(np.int32)
    fx, fy = x - left, y - top
    flat = np.zeros(rows * width, np.float64)
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        share = light * (fx if right else 1 - fx) * (fy if down else 1 - fy)
        flat += np.bincount((top + down) * width + left + right, share, rows * width)
    return as_floats(flat.reshape(rows, width))


def _spread(light: Floats, near: int, wide: int, share: float) -> Floats:
    """Light blurred sideways over `wide` pixels, a share of it only over `near`."""
    far = cv2.blur(cv2.blur(light, (wide, 1)), (wide, 1))
    return as_floats(cv2.addWeighted(cv2.blur(light, (near, 1)), share, far, 1 - share, 0))


def _smear(spread: Floats, light: Floats, step: float, rise: float, fall: float, start: float) -> None:
    """Add each row's light to the rows above it, `step` radians apart: it begins `start` radians up, rises, and fades.

    What rises and fades is the difference of two lights that fade, and of such a light each row holds what the row
    under it holds, faded by a row, with what begins there.
    """
    rows, width = light.shape
    later = math.ceil(start / step)
    paces, shares = np.array([1 / fall, 1 / fall + 1 / rise]), np.array([0.5, -0.5 * math.exp(-0.15)])
    fade, begin = np.exp(-step * paces), shares * np.exp((start - later * step) * paces)
    if loops is not None:
        numbers = as_floats(np.concatenate([fade, begin]))
        loops.smear_up(at(light), width, rows, later, at(numbers), at(spread))
        return
    fade, begin = as_floats(fade[:, None]), as_floats(begin[:, None])
    held: Floats = np.zeros((2, width), np.float32)
    for row in range(rows - 1 - later, -1, -1):
        held *= fade
        held += light[row + later] * begin
        spread[row] += held[0]
        spread[row] += held[1]
