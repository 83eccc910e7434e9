"""What moves in the water: schools of fish, rising bubbles, and the snow of drifting particles."""

import math
from itertools import pairwise

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Colour, Floats, Planes, as_floats
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.forest.motes import points_in_view, splat
from doitong.engines.studio.forest.plants import Sheet
from doitong.engines.studio.forest.sprites import Codec, Sprite, lay_sprite, make_sprite
from doitong.engines.studio.levels import Level
from doitong.engines.studio.scene import Life, Scene
from doitong.engines.studio.underwater.water import Water

_BEATS = 10  # drawn moments of a fish's stroke
_REACH = 24.0  # metres to each side after which a school swims in again
_BOX = np.array((14.0, 8.0, 14.0), np.float32)
_SNOW = 520
_COLOURS: tuple[tuple[Colour, Colour], ...] = (
    ((0.10, 0.16, 0.20), (0.62, 0.70, 0.70)),
    ((0.30, 0.16, 0.03), (0.95, 0.66, 0.14)),
    ((0.04, 0.10, 0.26), (0.30, 0.52, 0.80)),
    ((0.16, 0.18, 0.12), (0.60, 0.64, 0.46)),
)


def _fish(beat: float, deep: float) -> tuple[Bytes, Bytes, float]:
    """Cover and tone of a fish a metre long that swims to the right, and pixels a metre."""
    sheet = Sheet(1.4, 0.7, 210, (0.54, 0.5))

    def spine(share: float) -> float:
        """How far the body is bent at a share of its length; the stroke grows towards the tail."""
        return 0.06 * math.pow(1 - share, 1.4) * math.sin(beat - 3.6 * (1 - share))

    def half(share: float) -> float:
        nose = math.sqrt(max(0.0, 1 - ((share - 0.66) / 0.34) ** 2)) if share > 0.66 else 1.0
        return deep * nose * (0.13 + 0.87 * math.pow(math.sin(min(1.0, share / 0.66) * math.pi / 2), 1.6))

    steps = np.linspace(0.0, 1.0, 25)
    bend, swing = 2.0 * spine(0.0), 0.72 + 0.28 * abs(math.cos(beat))
    for side in (-1, 1):
        tip = (-0.5 - 0.20 * swing, bend + side * (0.06 + deep * 0.95))
        sheet.polygon(np.array([(-0.43, side * deep * 0.13), tip, (-0.5 - 0.08 * swing, bend)], np.float32), 0.30)
    sheet.polygon(np.array([(0.10, half(0.6)), (-0.02, half(0.5) + 0.075), (-0.26, half(0.3))], np.float32), 0.22)
    sheet.polygon(np.array([(-0.06, -half(0.44)), (-0.20, -half(0.3) - 0.06), (-0.30, -half(0.2))], np.float32), 0.42)
    for strip in np.linspace(1.0, -0.85, 11):  # dark back, bright flank, paler belly
        tone = 0.06 + 0.30 * (1 - strip) + (0.26 if -0.15 < strip < 0.25 else 0.0)
        edges = [(float(x) - 0.5, spine(float(x)), half(float(x))) for x in steps]
        for first, last in pairwise(edges):
            quad = [
                (first[0], first[1] + first[2] * strip),
                (last[0], last[1] + last[2] * strip),
                (last[0], last[1] + last[2] * (strip - 0.2)),
                (first[0], first[1] + first[2] * (strip - 0.2)),
            ]
            sheet.polygon(np.array(quad, np.float32), tone)
    sheet.polygon(np.array([(0.20, -0.02), (0.06, -0.075), (0.09, 0.0)], np.float32), 0.16)
    turns = np.linspace(0, 2 * math.pi, 12)
    for radius, tone in ((0.030, 0.85), (0.019, 0.0)):
        eye = np.stack([0.37 + np.cos(turns) * radius, deep * 0.22 + np.sin(turns) * radius], axis=1)
        sheet.polygon(as_floats(eye), tone)
    return *sheet.drawn(), sheet.density


class School:
    """Fish that swim one way in a loose group."""

    def __init__(self, random: np.random.Generator, scene: Scene, water: Water, codec: Codec, depth: float) -> None:
        self._depth, self._height = depth, float(random.uniform(1.7, 4.2))
        self._way = float(random.choice([-1.0, 1.0]))
        self._speed = float(random.uniform(0.55, 1.0)) * (0.8 + 0.2 * scene.wind)
        self._start = -self._way * float(random.uniform(-2.0, 5.0))
        count = int(random.integers(13, 30))
        self._length = float(random.uniform(0.20, 0.38)) * (1.4 if depth > 11 else 1.0)
        spread = self._length * 4.2
        self._places = (random.normal(0, 1, (count, 3)) * (spread, spread * 0.36, spread * 0.5)).astype(np.float32)
        self._phases, self._sizes = random.uniform(0, 6.3, count), random.uniform(0.75, 1.15, count)
        colours = _COLOURS[int(random.integers(len(_COLOURS)))]
        self._frames = self._draw(water, codec, colours, float(random.uniform(0.10, 0.165)))

    def _draw(self, water: Water, codec: Codec, colours: tuple[Colour, Colour], deep: float) -> list[Sprite]:
        left, veil = water.left_of(self._depth * 0.9), water.light_at(0.0, 0.4, self._depth)
        share = np.linspace(0, 1, 256, dtype=np.float32)
        table = np.empty((1, 256, 3), np.float32)
        for i in range(3):
            skin = colours[0][i] + (colours[1][i] - colours[0][i]) * share
            light = skin * (water.tint.fill[i] * 0.9 + 0.50 * water.tint.sun[i] * share)
            table[0, :, i] = light * left[i] + veil[i] * (1 - left[i])
        coded = codec.bytes_of(table)
        frames = []
        for number in range(_BEATS):
            cover, tone, density = _fish(number / _BEATS * 2 * math.pi, deep)
            if self._way < 0:
                cover, tone = cv2.flip(cover, 1), cv2.flip(tone, 1)
            foot = (cover.shape[1] * (0.54 if self._way > 0 else 0.46), cover.shape[0] / 2)
            frames.append(make_sprite(cv2.LUT(cv2.merge([tone] * 3), coded), cover, density, foot))
        return frames

    @property
    def depth(self) -> float:
        return self._depth

    def lay(self, canvas: Bytes, pose: Pose, lens: Lens, seconds: float) -> None:
        """Draw the school onto the canvas."""
        s, c = math.sin(pose.yaw), math.cos(pose.yaw)
        along = self._start + self._way * self._speed * seconds
        for place, phase, size in zip(self._places, self._phases, self._sizes, strict=True):
            wander = 0.25 * self._length * math.sin(seconds * 0.9 + phase)
            x = (along + float(place[0]) + 2 * wander + _REACH) % (2 * _REACH) - _REACH
            y = self._height + float(place[1]) + wander + 0.25 * math.sin(seconds * 0.35 + x * 0.4)
            z = self._depth + float(place[2])
            ahead = (x - pose.x) * s + (z - pose.z) * c
            if ahead < 1.2:
                continue
            aside = (x - pose.x) * c - (z - pose.z) * s
            beat = int((seconds * 1.9 * self._speed / self._length * 0.33 + phase) * _BEATS) % _BEATS
            scale = lens.focal / ahead
            lay_sprite(canvas, self._frames[beat], lens.width / 2 + scale * aside, lens.horizon + scale * (pose.y - y),
                       scale * self._length * float(size) / self._frames[beat].density)  # fmt: skip


class Bubbles:
    """Strings of bubbles that rise from places on the bed."""

    def __init__(self, random: np.random.Generator, water: Water, codec: Codec) -> None:
        self._water = water
        self._vents = np.stack([random.uniform(-3.2, 3.2, 6), random.uniform(3.5, 9, 6)], axis=1)
        self._parts = random.random((190, 5)).astype(np.float32)
        self._sprite = self._draw(water, codec)

    @staticmethod
    def _draw(water: Water, codec: Codec) -> Sprite:
        size = 64
        at = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size / 2) - 1
        radius = np.sqrt(at[None, :] ** 2 + at[:, None] ** 2)
        rim = np.exp(-(((radius - 0.80) / 0.10) ** 2))
        spot = np.exp(-((at[None, :] + 0.32) ** 2 + (at[:, None] + 0.38) ** 2) / 0.035)
        low = np.exp(-((at[None, :] - 0.25) ** 2 + (at[:, None] - 0.45) ** 2) / 0.05) * 0.5
        cover = np.clip(0.75 * rim * (0.6 - 0.35 * at[:, None]) + spot + low * 0.5 + 0.10 * (radius < 0.8), 0, 1)
        light = np.dstack([above * 1.3 + 0.25 * spot + 0 * radius for above in water.tint.above])
        return make_sprite(codec.bytes_of(as_floats(light)), (cover * 255).astype(np.uint8), size, (size / 2, size / 2))

    def lay(self, canvas: Bytes, pose: Pose, lens: Lens, seconds: float) -> None:
        """Draw the bubbles onto the canvas."""
        s, c = math.sin(pose.yaw), math.cos(pose.yaw)
        for number, part in enumerate(self._parts):
            vent = self._vents[number % len(self._vents)]
            rise = (float(part[0]) * 11 + seconds * (0.75 + 0.5 * float(part[2]))) % 11 - 1.0
            if not 0 <= rise < self._water.surface - 0.3:
                continue
            sway = 0.07 * math.sin(seconds * 3 + float(part[3]) * 40 + rise * 2.5) * min(1.0, rise)
            x = float(vent[0]) + sway + (float(part[1]) - 0.5) * (0.16 + 0.09 * rise)
            z = float(vent[1]) + (float(part[4]) - 0.5) * (0.2 + 0.08 * rise)
            ahead = (x - pose.x) * s + (z - pose.z) * c
            if ahead < 0.9:
                continue
            scale = lens.focal / ahead
            size = 0.03 + 0.075 * float(part[2]) ** 3 + 0.003 * rise
            lay_sprite(canvas, self._sprite, lens.width / 2 + scale * ((x - pose.x) * c - (z - pose.z) * s),
                       lens.horizon + scale * (pose.y - rise), scale * size / self._sprite.density)  # fmt: skip


class Snow:
    """Fine particles that drift in the whole water and show where light falls."""

    def __init__(self, random: np.random.Generator, scene: Scene, level: Level, water: Water) -> None:
        count = (
            _SNOW * (2 if Life.DUST in scene.life else 1) // (1 if level.tree_lines > 30 else 2 if level.bloom else 6)
        )
        self._water, self._points = water, random.random((count, 5)).astype(np.float32)

    def draw(self, planes: Planes, pose: Pose, lens: Lens, seconds: float) -> None:
        """Add the particles to the planes."""
        t = np.float32(seconds)
        at: Floats = self._points[:, :3] * _BOX + t * np.array((0.07, -0.035, 0.03), np.float32)
        at = at + np.float32(0.12) * np.sin(self._points[:, 2:5] * 40 + t * np.float32(0.6))
        x, y, depth, index = points_in_view(as_floats(at), pose, pose.y, lens, _BOX, 8.0)
        if not index.size:
            return
        unit = lens.focal / 1300
        size = np.clip(np.float32(0.0036 * lens.focal) / depth, 0.6 * unit, 3.2 * unit)
        fade = np.clip((8.0 - depth) / 4, 0, 1) * np.clip((depth - 1.1) * 1.5, 0, 1)
        twinkle = 0.7 + 0.3 * np.sin(self._points[index, 3] * 50 + t * np.float32(1.3))
        power = fade * twinkle * (0.10 + 0.5 * self._points[index, 4] ** 4) / np.maximum(size, 0.8)
        splat(planes, x, y, as_floats(size), as_floats(power), self._water.tint.above)
