"""Leaves, petals, fireflies and dust: small things that drift through the air in front of the camera."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.air.laying import add_light
from doitong.engines.studio.air.particles import Seen, Swarm, splat, weather_seconds
from doitong.engines.studio.arrays import Bytes, Colour, Floats, Planes, as_floats
from doitong.engines.studio.camera import Lens, Pose, Rig
from doitong.engines.studio.scene import Life, Scene, Season

_FINE = 4
_SOFT_METRES = 1.7  # nearer things are out of focus


@dataclass(frozen=True, slots=True)
class _Litter:
    """What falls from trees: metres across, length by width, colours (albedo), pace of falling and turning."""

    count: int
    metres: float
    length: float
    colours: tuple[Colour, ...]
    fall: float
    turn: float


_AUTUMN = ((0.62, 0.20, 0.04), (0.75, 0.38, 0.05), (0.45, 0.10, 0.04), (0.70, 0.52, 0.10), (0.36, 0.20, 0.07))
_GREEN = ((0.16, 0.30, 0.05), (0.28, 0.38, 0.08), (0.10, 0.22, 0.05), (0.36, 0.36, 0.10))
_PETALS = ((0.95, 0.62, 0.70), (0.98, 0.76, 0.80), (0.98, 0.88, 0.88), (0.90, 0.48, 0.60))


class Litter:
    """Falling leaves or petals."""

    def __init__(self, scene: Scene, rig: Rig, kind: Life) -> None:
        random = np.random.default_rng([scene.seed, 103, int(kind is Life.PETALS)])
        self._scene = scene
        if kind is Life.PETALS:
            self._shape = _Litter(6800, 0.028, 1.35, _PETALS, 0.42, 1.6)
        else:
            warm = scene.season in {Season.AUTUMN, Season.WINTER} or bool(random.random() < 0.5)
            self._shape = _Litter(6400, 0.062, 1.75, _AUTUMN if warm else _GREEN, 0.80, 2.1)
        self._swarm = Swarm(random, rig, self._shape.count, 0.8, 7.5, -5.0, 5.5)
        self._side = float(random.choice([-1.0, 1.0]))

    def lay(self, planes: Planes, pose: Pose, lens: Lens, seconds: float) -> None:
        """Lay the litter over the picture, in place."""
        seconds = weather_seconds(self._scene, seconds)
        draws, shape = self._swarm.draws, self._shape
        rock = seconds * (1.1 + 0.9 * draws[:, 0]) + draws[:, 1] * 6.3
        gust = 0.55 * math.sin(seconds * 0.7) + 0.3 * math.sin(seconds * 1.63 + 1)
        aside = np.sin(rock) * 0.34 + self._side * ((0.25 + 0.65 * self._scene.wind) * seconds + gust * 0.6)
        down = shape.fall * (0.7 + 0.6 * draws[:, 2]) * seconds + np.abs(np.cos(rock)) * 0.14
        seen = self._swarm.at(pose, lens, aside, -down, np.cos(rock * 0.83) * 0.25)
        rows, width = planes[0].shape
        sharp, soft = np.zeros((rows, width, 4), np.uint8), np.zeros((rows // 2, width // 2, 4), np.uint8)
        self._draw(seen, lens, seconds, rock, sharp, soft)
        _lay_canvas(planes, cv2.resize(_blurred(soft, max(0.6, rows / 720 * 1.6)), (width, rows)))
        _lay_canvas(planes, sharp)

    def _draw(self, seen: Seen, lens: Lens, seconds: float, rock: Floats, sharp: Bytes, soft: Bytes) -> None:
        shape, draws = self._shape, self._swarm.draws
        order = np.argsort(-seen.depth)
        spin = seconds * shape.turn
        for place in order.tolist():
            number, depth = int(seen.number[place]), float(seen.depth[place])
            a, b, c, d, e = draws[number].tolist()
            long = shape.metres * (0.7 + 0.6 * e) / depth * lens.focal / 2
            facing = math.sin(spin * (0.6 + c) + d * 6.3)
            wide = long / shape.length * max(0.16, abs(facing))
            turn = math.sin(float(rock[number])) * 0.9 + b * 6.3 + spin * (a - 0.5)
            albedo = shape.colours[int(d * len(shape.colours)) % len(shape.colours)]
            bright = (0.62 + 0.38 * facing) * 230 * float(seen.share[place])
            colour = (*(min(255.0, value * bright) for value in albedo), 235 * float(seen.share[place]))
            outline = _leaf(float(seen.x[place]), float(seen.y[place]), long, wide, turn, shape.length > 1.5)
            if depth < _SOFT_METRES:
                cv2.fillPoly(soft, [outline // 2], colour, cv2.LINE_AA, _FINE)
            else:
                cv2.fillPoly(sharp, [outline], colour, cv2.LINE_AA, _FINE)


def _leaf(x: float, y: float, long: float, wide: float, turn: float, is_pointed: bool) -> Bytes:
    """A leaf's or a petal's outline in fine pixels."""
    at = np.arange(12) * (math.pi / 6)
    along, across = np.cos(at), np.sin(at)
    shaped = across * np.abs(across) ** 0.35 * (1 - 0.25 * along) if is_pointed else across * (1 - 0.30 * along)
    c, s = math.cos(turn), math.sin(turn)
    px = x + along * long * c - shaped * wide * s
    py = y + along * long * s + shaped * wide * c
    fine = np.clip(np.stack([px, py], axis=1) * (1 << _FINE), -(1 << 18), 1 << 18)
    return np.asarray(fine, dtype=np.int32)


def _blurred(canvas: Bytes, radius: float) -> Bytes:
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), radius), dtype=np.uint8) if canvas.any() else canvas


def _lay_canvas(planes: Planes, canvas: Bytes) -> None:
    """Lay premultiplied colours (albedo) over the picture in the picture's own light."""
    rows = np.flatnonzero(canvas[..., 3].any(axis=1))
    if not rows.size:
        return
    part = slice(int(rows[0]), int(rows[-1]) + 1)
    channels = cv2.split(canvas[part])
    clear = np.float32(1) - channels[3].astype(np.float32) * np.float32(1 / 255)
    for plane, albedo in zip(planes, channels, strict=False):
        light = np.float32((float(plane[::16, ::16].mean()) * 1.9 + 0.004) / 230)
        under = plane[part]
        under *= clear
        under += albedo.astype(np.float32) * light


class Motes:
    """Dust in the light: motes that hang in the air and glint."""

    def __init__(self, scene: Scene, rig: Rig) -> None:
        random = np.random.default_rng([scene.seed, 107])
        self._scene = scene
        self._swarm = Swarm(random, rig, 9000, 0.7, 4.5, -2.6, 2.6)

    def lay(self, planes: Planes, pose: Pose, lens: Lens, seconds: float) -> None:
        """Add the motes' light to the picture, in place."""
        seconds = weather_seconds(self._scene, seconds)
        draws = self._swarm.draws
        slow = seconds * (0.25 + 0.35 * draws[:, 0])
        aside = 0.22 * np.sin(slow + draws[:, 1] * 6.3) + 0.10 * self._scene.wind * seconds
        up = 0.16 * np.sin(slow * 1.3 + draws[:, 2] * 6.3) - 0.02 * seconds
        seen = self._swarm.at(pose, lens, aside, up, 0.16 * np.cos(slow + draws[:, 3] * 6.3))
        own = draws[seen.number]
        glint = 0.45 + 0.55 * np.sin(seconds * (0.8 + 1.7 * own[:, 1]) + own[:, 2] * 6.3) ** 2
        radius = np.clip(0.0026 * lens.focal / seen.depth * (0.6 + 0.8 * own[:, 4]), 0.5, 1.9)
        mask = np.zeros(planes[0].shape, np.float32)
        splat(mask, seen.x, seen.y, as_floats(radius), as_floats(glint * seen.share * (0.16 + 0.9 * own[:, 3] ** 4)))
        red, green, blue = (0.75 * float(np.quantile(plane[::8, ::8], 0.9)) for plane in planes)
        add_light(planes, mask, (red * 1.1, green, blue * 0.82))


class Fireflies:
    """Fireflies: lights that wander near the ground and glow by turns."""

    def __init__(self, scene: Scene, rig: Rig) -> None:
        random = np.random.default_rng([scene.seed, 109])
        self._scene = scene
        self._swarm = Swarm(random, rig, 640, 1.5, 13.0, -5.5, 1.4)

    def lay(self, planes: Planes, pose: Pose, lens: Lens, seconds: float) -> None:
        """Add the fireflies' light to the picture, in place."""
        seconds = weather_seconds(self._scene, seconds)
        draws = self._swarm.draws
        slow = seconds * (0.5 + 0.6 * draws[:, 0])
        aside = 0.8 * np.sin(slow + draws[:, 1] * 6.3) + 0.3 * np.sin(slow * 2.3 + draws[:, 2] * 6.3)
        up = 0.35 * np.sin(slow * 1.4 + draws[:, 3] * 6.3)
        seen = self._swarm.at(pose, lens, aside, up, 0.8 * np.cos(slow * 0.9 + draws[:, 4] * 6.3))
        own = draws[seen.number]
        pulse = np.clip(np.sin(seconds * (1.3 + 1.1 * own[:, 1]) + own[:, 2] * 6.3) * 1.6 - 0.25, 0, 1)
        radius = np.clip(0.011 * lens.focal / seen.depth, 0.7, 1.8)
        mask = np.zeros(planes[0].shape, np.float32)
        splat(mask, seen.x, seen.y, as_floats(radius), as_floats(pulse * seen.share))
        width, rows = lens.width, lens.rows
        small = cv2.resize(mask, (width // 4, rows // 4), interpolation=cv2.INTER_AREA)
        halo = cv2.GaussianBlur(small, (0, 0), max(1.0, rows / 720 * 3.0)) * np.float32(3.2)
        wide = cv2.GaussianBlur(small, (0, 0), max(2.0, rows / 720 * 9.0)) * np.float32(3.0)
        mask += cv2.resize(halo + wide, (width, rows), interpolation=cv2.INTER_LINEAR)
        add_light(planes, mask, (1.35, 1.25, 0.22))
