"""Falling snow: large flakes near the lens, out of focus; flakes in mid air that sway and drift; sheets of far ones.

Near and middle flakes have a place in the air each (`particles`). Of the far ones there are too many for that: they are
sheets at a few depths, drawn once, that pass at the pace of their depth. Gusts drive all of them together, and small
whirls drive neighbours. Everything follows from the seed and the time.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.air.particles import PASSED_METRES, Falling, Seen, Swarm
from doitong.engines.studio.arrays import Bytes, Floats, as_floats
from doitong.engines.studio.camera import Lens, Pose, Rig
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.noise import sample, spectral_tile
from doitong.engines.studio.scene import Scene

_SHUTTER_SECONDS = 0.020
_FALL_METRES = 1.15  # a second
_FLAKE_METRES = 0.0085  # the radius of an ordinary one
_BLUR = 0.0095  # radius in metres, at any depth, by which the lens spreads what is nearer than its focus
_FINE = 3  # binary places of a pixel that OpenCV's lines take
# (flakes at full snowfall, near, far, pixels of the film for one that it is drawn on)
_AIR = ((42000, 2.3, 8.5, 2), (6800, 0.75, 2.5, 4))
# (metres, flakes for a square of the sheet at full snowfall, how much each hides)
_SHEETS = ((9.5, 620, 0.80), (14.0, 1500, 0.62), (21.0, 3600, 0.45))
_SQUARE = 560  # pixels of a frame 720 high
_LEVELS = 6
_THICKEST = 14
_SAME = 1e-6  # zoom that is none


@dataclass(frozen=True, slots=True)
class _Gust:
    """How far the wind has carried the air to the side, and how fast it does now (metres, metres a second)."""

    way: float
    speed: float


class Snow:
    """The falling snow of one film; `amount` 0–1, `wind` metres a second to the right."""

    def __init__(self, random: np.random.Generator, scene: Scene, rig: Rig, amount: float, wind: float) -> None:
        self._amount, self._wind = amount, wind
        self._phases = random.random(2) * 6.3
        self._measure = PASSED_METRES / max(1.0, rig.dolly_metres)
        self._eye = rig.camera_height
        share = min(1.0, 0.10 + 0.90 * amount)
        self._air = [
            (Swarm(random, rig, max(8, round(count * share)), near, far, -far * 0.7, far * 0.75), shrink)
            for count, near, far, shrink in _AIR
        ]
        self._stars = [as_floats(random.random((max(8, round(count * share)), 4))) for _, count, _ in _SHEETS]
        self._veil = spectral_tile(random, 256, 1.3, 3)
        self._sheets: dict[int, list[Bytes]] = {}
        self._pace = min(2.0, max(0.2, scene.time_scale))

    def prepare(self, rows: int) -> None:
        """Draw the sheets for frames of this height; to be called before frames are drawn by several threads."""
        side = max(160, round(_SQUARE * rows / 720))
        self._sheets[rows] = [
            self._sheet(stars, side, metres, strength, rows)
            for stars, (metres, _, strength) in zip(self._stars, _SHEETS, strict=True)
        ]

    def falling(self, size: tuple[int, ...], pose: Pose, lens: Lens, seconds: float) -> Falling:
        """The snow of the moment, for a picture of this size."""
        gust = self._gust(seconds)
        flakes = self._far(size, pose, lens, gust, seconds)
        for swarm, shrink in self._air:
            cv2.add(flakes, self._flakes(swarm, shrink, size, pose, lens, gust, seconds), dst=flakes)
        return Falling(self._drifts(size, pose, lens, gust, seconds), [(flakes, 1 / 255)])

    def _gust(self, seconds: float) -> _Gust:
        one, two = 0.9 * seconds + self._phases[0], 2.3 * seconds + self._phases[1]
        way = seconds + 0.55 * math.sin(one) / 0.9 + 0.22 * math.sin(two) / 2.3
        speed = 1 + 0.55 * math.cos(one) + 0.22 * math.cos(two)
        return _Gust(self._wind * 0.8 * way, self._wind * 0.8 * speed)

    def _flakes(self, swarm: Swarm, shrink: int, size: tuple[int, ...], pose: Pose, lens: Lens, gust: _Gust,
                seconds: float) -> Bytes:  # fmt: skip
        draws, places = swarm.draws, swarm.places
        speed = (0.75 + 0.5 * draws[:, 0]) * np.float32(_FALL_METRES)
        whirl = places[:, 0] * np.float32(19) + places[:, 2] * np.float32(13) + np.float32(seconds * 1.2)
        flutter = draws[:, 1] * np.float32(6.3) + np.float32(seconds) * (np.float32(1.6) + 2 * draws[:, 2])
        aside = np.sin(whirl) * np.float32(0.24) + np.sin(flutter) * np.float32(0.05)
        aside += np.float32(gust.way) * (np.float32(0.85) + np.float32(0.3) * draws[:, 3])
        down = speed * np.float32(seconds) + np.cos(whirl * np.float32(1.3)) * np.float32(0.16)
        toward = np.cos(whirl) * np.float32(0.20)
        seen = swarm.at(pose, lens, aside, -down, toward)
        number = seen.number
        across = np.float32(gust.speed) + np.cos(whirl[number]) * np.float32(0.29)
        mask = self._streaks(seen, draws[number, 4], across, speed[number], lens, size, shrink)
        soft = cv2.GaussianBlur(mask, (0, 0), max(0.6, size[0] / 720 * (0.8 if shrink == 2 else 1.5)))
        return np.asarray(cv2.resize(soft, (size[1], size[0]), interpolation=cv2.INTER_LINEAR))

    def _streaks(self, seen: Seen, draw: Floats, across: Floats, down: Floats, lens: Lens, size: tuple[int, ...],
                 shrink: int) -> Bytes:  # fmt: skip
        """Each flake as wide as the lens draws it, along its way while the shutter was open. What a flake spreads over
        a larger disc or a longer way, it hides less of."""
        mask: Bytes = np.zeros((size[0] // shrink + 1, size[1] // shrink + 1), np.uint8)
        scale = np.float32(lens.focal / shrink) / seen.depth
        own = np.float32(_FLAKE_METRES) * (np.float32(0.55) + draw * draw) * scale
        wide = own + np.float32(_BLUR) * np.clip(np.float32(2.6) / seen.depth - np.float32(0.42), 0, 2) * scale
        thick = np.clip(np.rint(2 * wide), 1, max(2, _THICKEST * size[0] / 720)).astype(np.int32)
        open_ = np.float32(_SHUTTER_SECONDS * self._pace)
        dx, dy = across * open_ * scale, down * open_ * scale
        length = np.hypot(dx, dy)
        hides = (own / (np.float32(0.5) * thick)) ** 2 * (thick / (thick + np.float32(0.75) * length))
        power = np.clip(np.float32(0.10) + np.float32(0.95) * hides, 0, 0.95) * seen.share
        level = np.clip(power * _LEVELS, 0, _LEVELS - 0.01).astype(np.int32)
        x, y = seen.x * np.float32(1 / shrink), seen.y * np.float32(1 / shrink)
        ends = np.stack([x - dx / 2, y - dy / 2, x + dx / 2, y + dy / 2], axis=1)
        fine = np.clip(ends * (1 << _FINE), -(1 << 17), 1 << 17).astype(np.int32).reshape(-1, 2, 2)
        for bright in range(_LEVELS):  # what hides most is drawn last
            for width in np.unique(thick[level == bright]).tolist():
                chosen = fine[(level == bright) & (thick == width)]
                cv2.polylines(mask, list(chosen), False, (round((bright + 0.7) * 255 / _LEVELS),), width,
                              cv2.LINE_AA, _FINE)  # fmt: skip
        return mask

    def _sheet(self, stars: Floats, side: int, metres: float, strength: float, rows: int) -> Bytes:
        """A square of far flakes that fits to itself on all sides, twice as wide and high as its pattern."""
        canvas: Bytes = np.zeros((side, side), np.uint8)
        focal = 1305.6 * rows / 720
        radius = _FLAKE_METRES * focal / metres
        dx, dy = (speed * _SHUTTER_SECONDS * self._pace * focal / metres for speed in (self._wind * 0.8, _FALL_METRES))
        for x, y, bright, large in stars.tolist():
            thick = max(1, round(2 * radius * (0.55 + large * large)))
            hides = 255 * strength * min(1.0, radius * 1.4) * (0.35 + 0.65 * bright) / (1 + 0.25 * math.hypot(dx, dy))
            for px in (x * side, x * side - side):
                for py in (y * side, y * side - side):
                    ends = [round(value * (1 << _FINE)) for value in (px, py, px + dx, py + dy)]
                    cv2.line(canvas, (ends[0], ends[1]), (ends[2], ends[3]), (hides,), thick, cv2.LINE_AA, _FINE)
        return np.tile(canvas, (2, 2))

    def _far(self, size: tuple[int, ...], pose: Pose, lens: Lens, gust: _Gust, seconds: float) -> Bytes:
        cover: Bytes = np.zeros(size, np.uint8)
        if size[0] not in self._sheets:
            self.prepare(size[0])
        zoom = lens.focal / (1305.6 * size[0] / 720)
        for number, (sheet, (metres, _, _)) in enumerate(zip(self._sheets[size[0]], _SHEETS, strict=True)):
            side = sheet.shape[0] // 2
            pixels = lens.focal / metres
            sway = 0.16 * math.sin(seconds * 1.1 + 2.1 * number)
            x = (gust.way + sway - pose.x * self._measure) * pixels - pose.yaw * lens.focal
            y = _FALL_METRES * seconds * pixels + lens.horizon + (pose.y - self._eye) * self._measure * pixels
            x, y = x / zoom % side, y / zoom % side
            if loops is not None and abs(zoom - 1) < _SAME:
                left, top = math.floor(side - x), math.floor(side - y)
                loops.sheet_add(at(sheet, np.uint8), side, left, top, side - x - left, side - y - top,
                                at(cover, np.uint8), size[1], size[0])  # fmt: skip
            else:
                cv2.add(cover, _tiled(sheet, size, x, y, zoom), dst=cover)
        return cover

    def _drifts(self, size: tuple[int, ...], pose: Pose, lens: Lens, gust: _Gust, seconds: float) -> Floats:
        """Snow too far away to see its flakes: veils that come and go with the wind."""
        rows, width = size[0] // 12 + 1, size[1] // 12 + 1
        x = (np.arange(width, dtype=np.float32)[None, :] * 12 - lens.width / 2) / np.float32(lens.focal)
        y = (np.arange(rows, dtype=np.float32)[:, None] * 12 - lens.horizon) / np.float32(lens.focal)
        lean = np.float32(math.atan2(self._wind * 0.8, _FALL_METRES))
        u = (x + np.float32(pose.yaw) + y * lean) * np.float32(34) - np.float32(gust.way * 1.6 % 256)
        v = y * np.float32(16) - np.float32(seconds * 2.2 % 256) + x * 0
        veil = np.clip(np.float32(0.5) + np.float32(0.36) * sample(self._veil, u, v), 0, 1.2)
        veil *= np.exp(-np.abs(y) * np.float32(2.2)) * np.float32(0.09 + 0.27 * self._amount)
        return as_floats(veil)


def _tiled(sheet: Bytes, size: tuple[int, ...], x: float, y: float, zoom: float) -> Bytes:
    """A frame covered with a sheet that is moved by (x, y) and enlarged by `zoom`."""
    side = sheet.shape[0] // 2
    rows, width = math.ceil(size[0] / zoom) + 2, math.ceil(size[1] / zoom) + 2
    times = rows // side + 2, width // side + 2
    whole = np.tile(sheet[:side, :side], times) if max(times) > 2 else sheet
    if abs(zoom - 1) < _SAME:  # every pixel lies at the same place between four: a filter, four times as fast
        left, top = math.floor(side - x), math.floor(side - y)
        across, down = side - x - left, side - y - top
        part = whole[top : top + size[0] + 1, left : left + size[1] + 1]
        shares = np.array([[1 - across, across], [1 - down, down]], np.float32)
        mixed = cv2.sepFilter2D(part, -1, shares[0], shares[1], anchor=(0, 0))
        return np.ascontiguousarray(mixed[: size[0], : size[1]])
    matrix = np.array([[1 / zoom, 0.0, side - x], [0.0, 1 / zoom, side - y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(whole, matrix, (size[1], size[0]), flags=flags, borderMode=cv2.BORDER_WRAP))
