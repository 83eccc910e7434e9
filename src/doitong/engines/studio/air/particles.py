"""Things that drift through the air around the camera: where each of them is, in three dimensions, at any moment.

A swarm fills a box that wraps around the camera, so that it is everywhere and needs no birth or death; every place
follows from the seed and the time alone. The camera's way counts in the box's own measure: what is near
passes quickly, what is far hardly moves.
"""

import math
from dataclasses import dataclass

import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats, Ints, as_floats
from doitong.engines.studio.camera import Lens, Pose, Rig
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.scene import Scene

PASSED_METRES = 2.6  # how far an ordinary dolly goes through the near air


@dataclass(frozen=True, slots=True)
class Falling:
    """What hides the picture: a coarse veil of the shares that it hides, and masks of bytes with the share of one."""

    veil: Floats
    masks: list[tuple[Bytes, float]]


@dataclass(frozen=True, slots=True)
class Seen:
    """Particles in view: their number in the swarm, pixel, distance in metres, and 0–1 how present they are."""

    number: Ints
    x: Floats
    y: Floats
    depth: Floats
    share: Floats


class Swarm:
    """`count` particles within `far` metres on all sides and from `low` to `high` over the eye."""

    def __init__(self, random: np.random.Generator, rig: Rig, count: int, near: float, far: float,
                 low: float, high: float) -> None:  # fmt: skip
        self.places = random.random((count, 3), dtype=np.float32)
        self.draws = random.random((count, 5), dtype=np.float32)
        self._near, self._far, self._low, self._high = near, far, low, high
        self._measure = PASSED_METRES / max(1.0, rig.dolly_metres)
        self._eye = rig.camera_height

    def at(self, pose: Pose, lens: Lens, right: Floats | float, up: Floats | float, ahead: Floats | float) -> Seen:
        """Those in view when each has moved so many metres `right`, `up` and `ahead` of its place."""
        if loops is not None:
            return self._at_once(pose, lens, (right, up, ahead))
        box = 2 * self._far
        tall = self._high - self._low
        x = np.mod(self.places[:, 0] * box + np.float32(right) - pose.x * self._measure, box) - self._far
        z = np.mod(self.places[:, 2] * box + np.float32(ahead) - pose.z * self._measure, box) - self._far
        lifted = (pose.y - self._eye) * self._measure
        y = np.mod(self.places[:, 1] * tall + np.float32(up) - lifted, tall) + self._low
        c, s = math.cos(pose.yaw), math.sin(pose.yaw)
        aside, away = x * c - z * s, x * s + z * c
        depth = np.maximum(away, 0.05)
        column = lens.width / 2 - 0.5 + aside / depth * lens.focal
        row = lens.horizon - 0.5 - y / depth * lens.focal
        rim = lens.focal * 0.25
        inside = (away > self._near) & (away < self._far) & (np.abs(column - lens.width / 2) < lens.width / 2 + rim)
        inside &= (row > -rim) & (row < lens.rows + rim)
        number = np.flatnonzero(inside)
        depth, above = depth[number], (y[number] - self._low) / tall
        share = np.clip((depth - self._near) / (0.25 * self._near), 0, 1)
        share *= np.clip((self._far - depth) / (0.2 * self._far), 0, 1) * np.clip(
            np.minimum(above, 1 - above) * 12, 0, 1
        )
        return Seen(number, as_floats(column[number]), as_floats(row[number]), as_floats(depth), as_floats(share))

    def _at_once(self, pose: Pose, lens: Lens, moved: tuple[Floats | float, ...]) -> Seen:
        count, measure = len(self.places), self._measure
        shared = np.array([
            self._near, self._far, self._low, self._high, pose.x * measure, (pose.y - self._eye) * measure,
            pose.z * measure, math.cos(pose.yaw), math.sin(pose.yaw), lens.width, lens.rows, lens.focal, lens.horizon,
        ], np.float32)  # fmt: skip
        ways = np.empty((3, count), np.float32)
        for way, by in zip(ways, moved, strict=True):
            way[:] = by
        number, total = np.empty(count, np.int32), np.zeros(1, np.int32)
        x, y, depth, share = (np.empty(count, np.float32) for _ in range(4))
        loops.swarm_see(at(shared), at(self.places), *(at(way) for way in ways), count, at(number, np.int32), at(x),
                        at(y), at(depth), at(share), at(total, np.int32))  # fmt: skip
        seen = slice(int(total[0]))
        return Seen(number[seen], x[seen], y[seen], depth[seen], share[seen])


def splat(mask: Floats, x: Floats, y: Floats, radius: Floats, strength: Floats) -> None:
    """Add small soft dots of `radius` up to two pixels to the mask, each with the light of its `strength`."""
    is_small = radius < 0.62
    for chosen, reach in ((is_small, 1), (~is_small, 2)):
        _splat(mask, x[chosen], y[chosen], radius[chosen], strength[chosen], reach)


def _splat(mask: Floats, x: Floats, y: Floats, radius: Floats, strength: Floats, reach: int) -> None:
    rows, width = mask.shape
    left, top = np.rint(x).astype(np.int32), np.rint(y).astype(np.int32)
    inside = (left >= 2) & (left < width - 2) & (top >= 2) & (top < rows - 2)
    left, top, x, y = left[inside], top[inside], x[inside], y[inside]
    sharp = 1 / (2 * np.maximum(radius[inside], 0.35) ** 2)
    power = strength[inside]
    flat = mask.reshape(-1)
    for j in range(-reach, reach + 1):
        for i in range(-reach, reach + 1):
            away = (left + i - x) ** 2 + (top + j - y) ** 2
            np.add.at(flat, (top + j) * width + left + i, as_floats(power * np.exp(-away * sharp)))


def weather_seconds(scene: Scene, seconds: float) -> float:
    """The time of what falls and flies: a time-lapse rushes the clouds, but rain that fast would only be grey."""
    scale = scene.time_scale
    return seconds / scale * min(2.0, max(0.2, scale)) if scale > 0 else 0.0
