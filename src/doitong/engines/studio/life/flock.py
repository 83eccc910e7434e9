"""Birds: flocks that cross the sky, each bird with wings that flap and glide.

A flock's place and every wing follow from the seed and the time; a flock that has left the view comes in again on
the other side after a while.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.air.particles import weather_seconds
from doitong.engines.studio.arrays import Floats, Planes, as_floats
from doitong.engines.studio.camera import Lens, Pose, Rig, focal_length
from doitong.engines.studio.scene import Scene

_CAMERA_SHARE = 0.10  # of the camera's way that a flock, which flies about as fast, falls behind
_FINE = 3
# (birds, metres away, wingspan, metres a second) of each flock
_FLOCKS = ((9, 62.0, 1.5, 8.0), (17, 150.0, 1.3, 11.0), (6, 300.0, 1.5, 12.0))
# a wing's outline: shares of its half span along the body and out
_WING = ((0.16, 0.05), (0.24, 0.48), (-0.10, 1.0), (-0.10, 0.52), (-0.16, 0.05))
_BODY = ((0.42, 0.0), (0.30, 0.055), (0.05, 0.08), (-0.30, 0.045), (-0.52, 0.11), (-0.52, -0.11), (-0.30, -0.045),
         (0.05, -0.08), (0.30, -0.055))  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Flock:
    away: float
    span: float
    heading: float  # radians: 0 to the right, π to the left
    speed: float
    start: float
    height: float  # radians over the horizon
    circuit: float  # metres after which it comes in again
    offsets: Floats  # (birds, 3): right, up, ahead
    draws: Floats  # (birds, 4)


class Birds:
    """The birds of one film."""

    def __init__(self, scene: Scene, rig: Rig, width: int, height: int) -> None:
        random = np.random.default_rng([scene.seed, 101])
        self._scene = scene
        side = width / 2 / focal_length(width, height)
        top = height * rig.horizon / focal_length(width, height)
        way = float(random.choice([0.0, math.pi]))
        self._flocks = []
        for number, (usual, away, span, speed) in enumerate(_FLOCKS):
            count = max(4, round(usual * random.uniform(0.7, 1.3)))
            heading = way + float(random.uniform(-0.35, 0.35)) + (math.pi if number == 2 else 0)
            start = -math.copysign(1, math.cos(heading)) * away * side * float(random.uniform(0.25, 0.75))
            tall = top * float(random.uniform(0.45, 0.78)) * (1 - 0.18 * number)
            circuit = 2 * away * side + 26 * span + 3 * speed
            offsets, draws = _formation(random, count, span, number), random.random((count, 4), np.float32)
            self._flocks.append(_Flock(away, span, heading, speed, start, tall, circuit, offsets, draws))

    def lay(self, planes: Planes, pose: Pose, lens: Lens, seconds: float) -> None:
        """Lay the birds over the picture, in place."""
        seconds = weather_seconds(self._scene, seconds)
        mask = np.zeros(planes[0].shape, np.uint8)
        for flock in reversed(self._flocks):
            for polygon in self._polygons(flock, pose, lens, seconds):
                fine = np.clip(polygon * (1 << _FINE), -(1 << 17), 1 << 17).astype(np.int32)
                cv2.fillPoly(mask, [fine], (232 if flock.away < 200 else 170,), cv2.LINE_AA, _FINE)
        rows = np.flatnonzero(mask.any(axis=1))
        if not rows.size:
            return
        part = slice(int(rows[0]), int(rows[-1]) + 1)
        cover = mask[part].astype(np.float32) * np.float32(1 / 255)
        for plane in planes:
            dark = np.float32(plane[::16, ::16].mean() * 0.10)
            under = plane[part]
            under += (dark - under) * cover

    def _polygons(self, flock: _Flock, pose: Pose, lens: Lens, seconds: float) -> list[Floats]:
        """Both wings and the body of every bird that is in view, as pixels."""
        ahead = np.array([math.cos(flock.heading), 0.0, math.sin(flock.heading)])
        right = np.array([ahead[2], 0.0, -ahead[0]])
        travelled = flock.start * ahead[0] + flock.speed * seconds
        along = (travelled + flock.circuit / 2) % flock.circuit - flock.circuit / 2
        sway = 0.05 * flock.away * math.sin(seconds * 0.31 + flock.start)
        middle = ahead * along + np.array([0.0, flock.away * math.tan(flock.height) + sway * 0.4, flock.away])
        middle[2] += sway
        middle[0] -= pose.x * _CAMERA_SHARE
        middle[2] -= pose.z * _CAMERA_SHARE * min(1.0, flock.away / 100)
        draws = flock.draws
        wander = np.sin(seconds * (0.5 + 0.5 * draws[:, :3]) + draws[:, 1:4] * 6.3) * flock.span * 0.45
        places = middle + flock.offsets[:, :1] * right + flock.offsets[:, 2:] * ahead
        places[:, 1] += flock.offsets[:, 1]
        places += wander
        beat, glide = _wings(draws, flock.span, seconds)
        polygons = []
        for place, inner, outer in zip(places, beat, glide, strict=True):
            body = [place + ahead * along_ * flock.span * 0.5 + right * aside * flock.span for along_, aside in _BODY]
            parts = [np.array(body)]
            for side in (-1.0, 1.0):
                parts.append(_wing(place, ahead, right * side, float(inner), float(outer), flock.span / 2))
            for part in parts:
                pixels = _project(part, pose, lens)
                if pixels is not None:
                    polygons.append(pixels)
        return polygons


def _formation(random: np.random.Generator, count: int, span: float, number: int) -> Floats:
    """Places in the flock: an uneven V for the far ones, a loose crowd for the near."""
    rank = np.arange(count)
    if number == 0:
        spread = random.normal(0, 1, (count, 3)) * (4.5, 1.6, 5.5) * span
        return as_floats(spread)
    arm = np.where(rank % 2 == 0, 1.0, -1.0) * ((rank + 1) // 2)
    loose = random.normal(0, 0.3, (count, 3))
    return as_floats(np.stack([arm * 1.7, np.abs(arm) * 0.12, -np.abs(arm) * 2.0], axis=1) * span + loose * span)


def _wings(draws: Floats, span: float, seconds: float) -> tuple[Floats, Floats]:
    """Angles of the inner and outer wings: beats that come and go between glides."""
    pace = (2.9 + 0.7 * draws[:, 0]) / math.sqrt(span)
    phase = 2 * math.pi * (pace * seconds + draws[:, 1])
    strength = 0.35 + 0.65 * np.clip(
        0.75 + 0.9 * np.sin(seconds * (0.45 + 0.4 * draws[:, 2]) + draws[:, 3] * 6.3), 0, 1
    )
    return as_floats(0.16 + 0.62 * strength * np.sin(phase)), as_floats(0.02 + 0.80 * strength * np.sin(phase - 0.75))


def _wing(place: Floats, ahead: Floats, out: Floats, inner: float, outer: float, half: float) -> Floats:
    up = np.array([0.0, 1.0, 0.0])
    wrist = 0.5
    points = []
    for along, far in _WING:
        near_part, far_part = min(far, wrist), max(0.0, far - wrist)
        aside = near_part * math.cos(inner) + far_part * math.cos(outer)
        lifted = near_part * math.sin(inner) + far_part * math.sin(outer)
        points.append(place + (ahead * along + out * aside + up * lifted) * half)
    return np.array(points)


def _project(points: Floats, pose: Pose, lens: Lens) -> Floats | None:
    """Pixels of points given from the camera, level and unturned; None when they are out of view."""
    c, s = math.cos(pose.yaw), math.sin(pose.yaw)
    depth = points[:, 0] * s + points[:, 2] * c
    if float(depth.min()) < 3:
        return None
    x = lens.width / 2 + (points[:, 0] * c - points[:, 2] * s) / depth * lens.focal - 0.5
    y = lens.horizon - points[:, 1] / depth * lens.focal - 0.5
    if x.max() < -8 or x.min() > lens.width + 8 or y.max() < -8 or y.min() > lens.rows + 8:
        return None
    return np.stack([x, y], axis=1)
