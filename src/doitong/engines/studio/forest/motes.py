"""What drifts in the air of a wood: dust in the shafts, fireflies, falling leaves and petals."""

import math

import cv2
import numpy as np

from doitong.engines.studio.arrays import Colour, Floats, Planes, as_floats
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.forest.light import Canopy
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.levels import Level
from doitong.engines.studio.scene import Life, Scene, Season, TimeOfDay

_BOX = np.array((16.0, 5.0, 16.0), np.float32)  # metres of air that repeat around the camera
_DUST = 420
_FLIES = 120
_LEAVES = 46
_NEAREST = 1.1
_FIREFLY: Colour = (0.95, 1.0, 0.28)
_LEAF_COLOURS: tuple[Colour, ...] = ((0.55, 0.26, 0.03), (0.42, 0.12, 0.02), (0.62, 0.40, 0.06), (0.26, 0.12, 0.03))
# the outline of a leaf: along its rib from stalk to tip, and aside
_LEAF = np.array([(-1.35, 0.0), (-1.0, 0.06), (-0.75, 0.55), (-0.35, 0.92), (0.1, 0.85), (0.6, 0.42), (1.0, 0.0),
                  (0.6, -0.42), (0.1, -0.85), (-0.35, -0.92), (-0.75, -0.55), (-1.0, -0.06)], np.float32)  # fmt: skip
_PETAL: tuple[Colour, ...] = ((0.85, 0.62, 0.68), (0.9, 0.75, 0.78))


class Motes:
    """Draws small things in the air of one film."""

    def __init__(self, scene: Scene, level: Level, canopy: Canopy) -> None:
        random = np.random.default_rng([scene.seed, 233])
        self._canopy, self._wind, self._is_night = canopy, scene.wind, scene.time is TimeOfDay.NIGHT
        share = 0 if not level.bloom or scene.rain > 0.2 else 3 if level.tree_lines > 30 else 1
        count = _DUST * share * (2 if Life.DUST in scene.life else 1) // 3
        self._dust = random.random((count, 6)).astype(np.float32)
        self._flies = random.random((_FLIES if Life.FIREFLIES in scene.life else 0, 6)).astype(np.float32)
        # far ones; those that were asked for pass near the camera too (`life.drifting`)
        is_asked = bool(scene.life & {Life.LEAVES, Life.PETALS})
        is_usual = scene.season is Season.AUTUMN and scene.wind > 0.3
        leaves = _LEAVES if is_asked else _LEAVES // 3 if is_usual else 0
        self._leaves = random.random((leaves, 6)).astype(np.float32)
        self._leaf_colours = _PETAL if Life.PETALS in scene.life else _LEAF_COLOURS

    def draw(self, planes: Planes, shafts: Floats, pose: Pose, eye: float, lens: Lens, seconds: float) -> None:
        """Add what drifts to the planes; `shafts` is the light in the air, which dust shows."""
        if self._dust.size:
            self._draw_dust(planes, shafts, pose, eye, lens, seconds)
        if self._leaves.size:
            self._draw_leaves(planes, pose, eye, lens, seconds)
        if self._flies.size:
            self._draw_flies(planes, pose, eye, lens, seconds)

    def _draw_dust(self, planes: Planes, shafts: Floats, pose: Pose, eye: float, lens: Lens, seconds: float) -> None:
        at = self._drifting(self._dust, seconds, (0.10 * self._wind, 0.03, 0.05), 0.22)
        x, y, depth, index = points_in_view(at, pose, eye, lens, _BOX, 9.0)
        if not index.size:
            return
        column, row = np.clip(x.astype(int), 0, lens.width - 1), np.clip(y.astype(int), 0, lens.rows - 1)
        lit = shafts[row, column] * np.float32(self._canopy.shafts)
        twinkle = 0.55 + 0.45 * np.sin(seconds * 1.7 + self._dust[index, 3] * 40)
        size = np.clip(np.float32(0.0042 * lens.focal) / depth, 0.55 * lens.focal / 1300, 2.6)
        fade = np.clip((9.0 - depth) / 3, 0, 1) * np.clip((depth - _NEAREST) * 2, 0, 1)
        power = lit * (0.4 + 1.9 * self._dust[index, 4] ** 3) * twinkle * fade
        splat(planes, x, y, as_floats(size), as_floats(power), self._canopy.sun_colour)

    def _draw_flies(self, planes: Planes, pose: Pose, eye: float, lens: Lens, seconds: float) -> None:
        at = self._drifting(self._flies, seconds, (0.05, 0.0, 0.04), 0.65)
        at[:, 1] = 0.25 + at[:, 1] * 0.5
        x, y, depth, index = points_in_view(at, pose, eye, lens, _BOX, 14.0)
        if not index.size:
            return
        beat = np.sin(seconds * (1.0 + self._flies[index, 3]) + self._flies[index, 4] * 6.3)
        glow = np.clip(beat * 1.4 + 0.15, 0, 1) ** 1.5
        size = np.clip(np.float32(0.020 * lens.focal) / depth, 0.8 * lens.focal / 1300, 5.0)
        fade = np.clip((14.0 - depth) / 4, 0, 1) * np.clip((depth - _NEAREST) * 2, 0, 1)
        splat(planes, x, y, as_floats(size), as_floats(glow * fade * 1.7), _FIREFLY)
        splat(planes, x, y, as_floats(size * 4.5), as_floats(glow * fade * 0.05), _FIREFLY)

    def _draw_leaves(self, planes: Planes, pose: Pose, eye: float, lens: Lens, seconds: float) -> None:
        at = self._drifting(self._leaves, seconds, (0.28 * self._wind, -0.55, 0.1), 0.4)
        x, y, depth, index = points_in_view(at, pose, eye, lens, _BOX, 12.0)
        for px, py, far, leaf in zip(x, y, depth, self._leaves[index], strict=True):
            turn = seconds * (1.2 + 1.5 * float(leaf[3])) + float(leaf[4]) * 6.3
            length = 0.042 * lens.focal / float(far)
            c, s = math.cos(turn) * length, math.sin(turn) * length
            slim = 0.15 + 0.45 * abs(math.sin(turn * 1.3 + 1))
            shape = _LEAF[:, :1] * (c, s) + _LEAF[:, 1:] * (-s * slim, c * slim) + np.array((px, py))
            base = self._leaf_colours[int(leaf[5] * len(self._leaf_colours)) % len(self._leaf_colours)]
            shade = 0.45 + 0.55 * abs(math.sin(turn * 1.3))
            veil = math.exp(-float(far) / self._canopy.fog_metres)
            whole = np.round(shape * 16).astype(np.int32)
            for i, plane in enumerate(planes):
                light = base[i] * shade * (self._canopy.fill[i] + 0.5 * self._canopy.sun_colour[i])
                value = light * veil + self._canopy.air[i] * (1 - veil)
                cv2.fillConvexPoly(plane, whole, value, cv2.LINE_8, 4)

    def _drifting(self, points: Floats, seconds: float, speed: tuple[float, float, float], wander: float) -> Floats:
        t = np.float32(seconds)
        phase = points[:, 3:6] * np.float32(6.28)
        at = points[:, :3] * _BOX + np.array(speed, np.float32) * t
        at += np.float32(wander) * np.sin(phase + t * (np.float32(0.35) + np.float32(0.5) * points[:, 5:2:-1]))
        return as_floats(at)


def points_in_view(at: Floats, pose: Pose, eye: float, lens: Lens, box: Floats,
                   far: float) -> tuple[Floats, Floats, Floats, Floats]:  # fmt: skip
    """Where points of air that repeats every `box` metres stand in the frame: columns, rows, depths and numbers."""
    middle = np.array((pose.x + math.sin(pose.yaw) * 6, 0.0, pose.z + math.cos(pose.yaw) * 6), np.float32)
    near = at - middle
    near[:, (0, 2)] -= np.floor(near[:, (0, 2)] / box[(0, 2),] + 0.5) * box[(0, 2),]
    height = at[:, 1] - np.floor(at[:, 1] / box[1]) * box[1]
    dx, dz = near[:, 0] + middle[0] - np.float32(pose.x), near[:, 2] + middle[2] - np.float32(pose.z)
    s, c = np.float32(math.sin(pose.yaw)), np.float32(math.cos(pose.yaw))
    ahead, aside = dx * s + dz * c, dx * c - dz * s
    safe = np.maximum(ahead, np.float32(0.3))
    x = np.float32(lens.width / 2) + np.float32(lens.focal) * aside / safe
    y = np.float32(lens.horizon) + np.float32(lens.focal) * (np.float32(eye) - height) / safe
    inside = (ahead > _NEAREST) & (ahead < far) & (x > 0) & (x < lens.width) & (y > 0) & (y < lens.rows)
    index = np.flatnonzero(inside)
    return x[index], y[index], ahead[index], index


def splat(planes: Planes, x: Floats, y: Floats, size: Floats, power: Floats, colour: Colour) -> None:
    """Add soft round spots of `size` pixels (deviation)."""
    rows, columns = planes[0].shape
    reach = max(1, math.ceil(float(size.max()) * 2.3))
    if loops is not None:
        spots = as_floats(np.stack([x, y, size, power], axis=1))
        loops.splat(*map(at, planes), columns, rows, at(spots), len(spots), reach, at(np.array(colour, np.float32)))
        return
    steps = np.arange(-reach, reach + 1)
    column, row = np.floor(x).astype(int)[:, None] + steps, np.floor(y).astype(int)[:, None] + steps
    narrow = np.float32(0.5) / (size * size)[:, None]
    across = np.exp(-((column + 0.5 - x[:, None]) ** 2) * narrow)
    along = np.exp(-((row + 0.5 - y[:, None]) ** 2) * narrow)
    light = as_floats(along[:, :, None] * across[:, None, :] * power[:, None, None])
    inside = ((row >= 0) & (row < rows))[:, :, None] & ((column >= 0) & (column < columns))[:, None, :]
    place = (row[:, :, None] * columns + column[:, None, :])[inside]
    added = light[inside]
    for plane, tint in zip(planes, colour, strict=True):
        np.add.at(plane.reshape(-1), place, added * np.float32(tint))
