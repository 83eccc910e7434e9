"""Surf on a beach: breakers that roll in, rise and topple, foam behind them, and the swash that runs up the sand.

Everything follows one phase: `A·√(s + B) + t/T`, where s is the distance from the waterline, so that waves come closer
together as the water gets shallow (their speed falls with the root of the depth, Airy 1845). A breaker stands where
the phase is whole; when it reaches the waterline, the swash starts its run.
"""

import ctypes
import math
from typing import Any

import cv2
import numpy as np

from doitong.engines.studio.air.light import Light
from doitong.engines.studio.arrays import Colour, Floats, as_floats, halved_numbers, look_up, smooth, upper_halves
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.land.coasts import BEACH_SLOPE
from doitong.engines.studio.land.draft import softened
from doitong.engines.studio.land.water_loop import WaterLoop
from doitong.engines.studio.noise import sample, spectral_tile
from doitong.engines.studio.scene import Scene

_PERIOD_SECONDS = 6.5
_ROOT, _SHORE_METRES = 0.46, 3.0
_RUN_METRES = 6.0
_ZONE_METRES = 78.0
_HIGHEST_METRES = 1.05
_BREAKS_AT_METRES = 46.0
_WOBBLE_METRES, _WOBBLE_STEPS = 600.0, 12000
_RUN_STEPS = 2048
_STEADY_ROWS = 3.0  # a front that jumps more from column to column bends out of sight
_BREAKER: list[tuple[str, Any]] = [
    *((name, ctypes.c_void_p) for name in ("foot", "lift", "broken", "along", "soft", "lace")),
    ("planes", ctypes.c_void_p * 3),
    *((name, ctypes.c_int32) for name in ("width", "left", "count", "first", "last", "top", "size", "number")),
    ("foam", ctypes.c_float * 3),
    ("face", ctypes.c_float * 3),
]
_ALONG = (0.30, 0.16)  # rows a column at which a front runs away from the viewer, and has peeled off


class _Breaker(ctypes.Structure):
    """`struct breaker` of kernels/surf.c."""

    _fields_ = _BREAKER


class Surf:
    """The surf of one film."""

    def __init__(self, scene: Scene, light: Light) -> None:
        random = np.random.default_rng([scene.seed, 41])
        lace = np.float32(1.0) - np.abs(spectral_tile(random, 512, 0.9, 14)) * np.float32(1.1)
        self._lace = lace.astype(np.float32)
        soft = softened(self._lace, 2.6)
        middle = float(soft.mean())
        self._soft = ((soft - middle) * np.float32(lace.std() / soft.std()) + np.float32(0.30)).astype(np.float32)
        self._sizes = (0.72 + 0.28 * random.random(64)).astype(np.float32)
        self._strength = min(1.6, 0.55 + 0.45 * scene.wind)
        self._rate = 1.0 / _PERIOD_SECONDS
        x = np.linspace(-_WOBBLE_METRES / 2, _WOBBLE_METRES / 2, _WOBBLE_STEPS)
        d = random.random(3) * 6
        wobble = 0.20 * np.sin(x / 31 + d[0]) + 0.10 * np.sin(x / 11.3 + d[1]) + 0.035 * np.sin(x / 3.9 + d[2])
        self._wobbles = wobble.astype(np.float32)
        part = np.linspace(0, 1, _RUN_STEPS)
        self._runs = np.sin(math.pi * part**0.62).astype(np.float32)
        self._inside, self._out = np.stack(_by_inside()), np.stack(_by_out())
        self.foam: Colour = _lit((0.80, 0.82, 0.84), light)
        self._face: Colour = _lit((0.050, 0.130, 0.120), light)

    def _wobble(self, x: Floats) -> Floats:
        """No wave is straight: how far ahead of its time it is along the beach."""
        place = x * np.float32(_WOBBLE_STEPS / _WOBBLE_METRES) + np.float32(_WOBBLE_STEPS / 2)
        return as_floats(self._wobbles.take(np.clip(place, 0, _WOBBLE_STEPS - 1).astype(np.int32)))

    def _size(self, number: Floats) -> Floats:
        return as_floats(self._sizes.take(number.astype(np.int32) & 63))

    def tell(self, told: WaterLoop, seconds: float) -> None:
        """Fill in what `swash` would do."""
        told.surf_soft, told.surf_lace, told.surf_size = at(self._soft), at(self._lace), self._lace.shape[0] - 4
        told.wobbles, told.runs, told.sizes = at(self._wobbles), at(self._runs), at(self._sizes)
        told.wobble_count, told.run_count = _WOBBLE_STEPS, _RUN_STEPS
        told.inside, told.out = at(self._inside), at(self._out)
        told.wobble_scale, told.out_scale = _WOBBLE_STEPS / _WOBBLE_METRES, -1 / BEACH_SLOPE
        told.beat = seconds * self._rate + _ROOT * math.sqrt(_SHORE_METRES)
        told.run = _RUN_METRES * self._strength

    def swash(self, out: Floats, x: Floats, z: Floats, sharp: Floats, seconds: float) -> tuple[Floats, Floats, Floats]:
        """Foam, share of bare wet sand, and how strongly waves ruffle the water, at points `out` metres from the
        waterline (negative: up the beach). `sharp`: rows of the picture for a metre of water, for each row."""
        beat = self._wobble(x) + np.float32(seconds * self._rate + _ROOT * math.sqrt(_SHORE_METRES))
        number = np.floor(beat)
        part = beat - number
        run = self._size(number) * self._runs.take((part * np.float32(_RUN_STEPS - 1)).astype(np.int32))
        inside = run * np.float32(_RUN_METRES * self._strength)
        inside += out
        edge, shore, fall, bare, ruffle = (look_up(table, upper_halves(inside)) for table in self._inside)
        way, zone = (look_up(table, upper_halves(as_floats(out))) for table in self._out)
        pace = np.float32(seconds * 0.5)
        web = sample(self._soft, x * np.float32(15) + z * np.float32(3), z * np.float32(15) + pace * 15)
        web = np.float32(0.30) + (web - np.float32(0.30)) * np.clip(sharp * np.float32(0.55) - np.float32(0.20), 0, 1)
        fine = sample(self._lace, x * np.float32(43), z * np.float32(43) + pace * 32) - np.float32(0.30)
        web += fine * np.clip(sharp * np.float32(0.14) - np.float32(0.30), 0, 0.75)
        edge *= np.float32(1.1) - np.float32(0.75) * part
        trail = fall
        trail *= 1 - part * np.float32(0.55)
        way += beat
        behind = way - np.floor(way)
        np.subtract(1, behind, out=behind)
        behind *= behind
        behind *= zone
        np.maximum(trail, behind, out=trail)
        web += trail * np.float32(1.10)
        foam = smooth(0.86, 1.41, web)
        foam *= np.minimum(trail * 2, 1)
        np.maximum(foam, edge, out=foam)
        foam *= shore
        return foam, bare, ruffle

    def lay_breakers(self, planes: list[Floats], out: Floats, top: int, pose: Pose, lens: Lens, seconds: float) -> None:
        """Draw the standing fronts, far ones first. `out`: distance from the waterline for every second pixel of the
        water's rows from `top` on."""
        beat = seconds * self._rate
        farthest = _ROOT * math.sqrt(_ZONE_METRES + _SHORE_METRES) + beat
        for number in range(math.floor(farthest), math.floor(beat) - 1, -1):
            self._lay_breaker(planes, out, top, pose, lens, number, beat)

    def _lay_breaker(self, planes: list[Floats], out: Floats, top: int, pose: Pose, lens: Lens, number: int,
                     beat: float) -> None:  # fmt: skip
        px = cv2.resize(lens.slopes()[None, :], (out.shape[1], 1), interpolation=cv2.INTER_AREA)[0]
        aside = np.float32(math.sin(pose.yaw)) + px * np.float32(math.cos(pose.yaw))
        x = np.full(out.shape[1], np.float32(pose.x))
        crossed: Floats = x
        row: Floats = x
        away: Floats = x
        limit: Floats = x
        reach: Floats = x
        for _ in range(2):  # where the front stands depends on x, and x on where it stands
            reach = np.float32(number - beat) - self._wobble(x)
            limit = (np.maximum(reach, 0) / np.float32(_ROOT)) ** 2 - np.float32(_SHORE_METRES)
            crossed = _crossing(out, limit)
            row = as_floats(cv2.blur(crossed[None, :], (9, 1))[0])
            down = (row * 2 + np.float32(top + 1 - lens.horizon)) * np.float32(1 / lens.focal)
            away = np.float32(pose.y) / np.maximum(down, np.float32(1e-3))
            x = np.float32(pose.x) + aside * away
        lively = self._size(np.full_like(x, number)) * np.float32(self._strength)
        tall = lively * np.float32(_HIGHEST_METRES) * smooth(_ZONE_METRES, 44, limit) * smooth(0.5, 30, limit)
        tall *= (reach > 0) & (row > 0.5) & (row < out.shape[0] - 1)
        if not tall.any():
            return
        tall *= smooth(0.3, 1.0, _unbroken(crossed, row))
        row_of_lace = np.full((1, x.size), number * 37, np.float32)
        ragged = sample(self._lace, (x * np.float32(2.2))[None, :], row_of_lace)[0]
        torn = sample(self._lace, (x * np.float32(8.5))[None, :], row_of_lace + np.float32(11))[0]
        broken = smooth(_BREAKS_AT_METRES + 5, _BREAKS_AT_METRES - 9, limit + ragged * 13)
        rough = 1 + broken * (ragged * np.float32(0.22) + torn * np.float32(0.22) - np.float32(0.09))
        lift = tall * rough * np.float32(lens.focal) / np.maximum(away, 4)
        lines = (row * 2 + np.float32(top + 0.5), np.minimum(lift, 90), broken, x)
        size = (lens.width, 1)
        ends = [cv2.resize(as_floats(line)[None, :], size, interpolation=cv2.INTER_LINEAR) for line in lines]
        self._paint(planes, ends, top, number)

    def _paint(self, planes: list[Floats], ends: list[Floats], top: int, number: int) -> None:
        foot, lift, _, _ = ends
        stands = lift > 0.3
        if not stands.any():
            return
        columns = np.flatnonzero(stands[0])
        across = slice(int(columns[0]), int(columns[-1]) + 1)
        foot, lift = foot[:, across], lift[:, across]
        first = max(0, int((foot - lift)[lift > 0.3].min()) - top - 1)
        last = min(planes[0].shape[0], int(foot[lift > 0.3].max()) - top + 2)
        if last <= first:
            return
        if loops is not None:
            self._fill(planes, ends, across, slice(first, last), top, number)
            return
        foot, lift, broken, x = (line[:, across] for line in ends)
        rows = np.arange(top + first, top + last, dtype=np.float32)[:, None] + np.float32(0.5)
        down = (rows - (foot - lift)) / np.maximum(lift, np.float32(0.3))
        cover = np.clip((rows - foot + lift) + np.float32(0.5), 0, 1) * np.clip(foot - rows + np.float32(0.5), 0, 1)
        cover *= smooth(0.3, 1.5, lift)
        grain = sample(self._soft, x * np.float32(19) + np.zeros_like(down),
                       down * 14 + np.float32(number * 91) + np.zeros_like(x))  # fmt: skip
        white = np.clip(broken * np.float32(1.25) + smooth(0.20, 0.0, down) * np.float32(0.8), 0, 1)
        froth = sample(self._lace, x * np.float32(15) + np.zeros_like(down),
                       down * 9 + np.float32(number * 53) + np.zeros_like(x))  # fmt: skip
        grain = grain * np.float32(0.55) + froth * np.float32(0.45)
        white = np.clip(white + (grain - np.float32(0.42)) * np.float32(0.75) * broken, 0, 1)
        shape = (
            np.float32(0.97) - np.float32(0.40) * smooth(0.1, 1.0, down) + (grain - np.float32(0.4)) * np.float32(0.36)
        )
        glow = smooth(0.75, 0.05, down)
        for i, plane in enumerate(planes):
            part = plane[first:last, across]
            face = part * np.float32(0.55) + np.float32(self._face[i]) * (np.float32(0.35) + np.float32(0.65) * glow)
            colour = face + (np.float32(self.foam[i]) * shape - face) * white
            part += (colour - part) * cover

    def _fill(
        self, planes: list[Floats], ends: list[Floats], across: slice, rows: slice, top: int, number: int
    ) -> None:
        """The same in one pass."""
        lines = [np.ascontiguousarray(line[0, across]) for line in ends]
        breaker = _Breaker(
            **dict(zip(("foot", "lift", "broken", "along"), map(at, lines), strict=True)), soft=at(self._soft),
            lace=at(self._lace), planes=tuple(map(at, planes)), width=planes[0].shape[1], left=across.start,
            count=across.stop - across.start, first=rows.start, last=rows.stop, top=top,
            size=self._lace.shape[0] - 4, number=number, foam=self.foam, face=self._face,
        )  # fmt: skip
        loops.paint_breaker(ctypes.byref(breaker))


def _by_inside() -> tuple[Floats, ...]:
    """Tables by how far a point lies behind the edge of the swash: the edge's own line, the shore, what is left of the
    foam that trails behind it, bare wet sand, and how ruffled the water is."""
    inside = np.clip(halved_numbers(), -1e4, 1e4)
    edge = np.exp(-(((inside - np.float32(0.16)) * np.float32(1 / 0.24)) ** 2))
    fall = np.exp(np.maximum(inside, 0) * np.float32(-1 / 3.6))
    parts = (edge, smooth(-0.25, 0.10, inside), fall, 1 - smooth(-0.1, 0.25, inside), smooth(-0.5, 9.0, inside))
    return tuple(part[None, :] for part in parts)


def _by_out() -> tuple[Floats, ...]:
    """Tables by the distance from the waterline: a wave's phase from there on, and where waves have broken."""
    out = np.clip(halved_numbers(), -1e4, 1e4)
    way = (np.sqrt(np.maximum(out, 0) + np.float32(_SHORE_METRES)) - np.float32(math.sqrt(_SHORE_METRES))) * np.float32(
        _ROOT
    )
    zone = smooth(_BREAKS_AT_METRES + 6, 12, out) * smooth(-1, 3, out) * np.float32(0.95)
    return way[None, :], zone[None, :]


def _crossing(out: Floats, limit: Floats) -> Floats:
    """The row (with fraction) in which each column's distance from the waterline falls below its limit."""
    if loops is None:
        is_beyond = (out > limit[None, :]).view(np.uint8)
        above = cv2.reduce(is_beyond, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0]
    else:
        above = np.empty(limit.size, np.int32)
        loops.count_beyond(at(out), at(limit), *out.shape, at(above, np.int32))
    upper = np.clip(above - 1, 0, out.shape[0] - 2)
    columns = np.arange(out.shape[1])
    one, two = out[upper, columns], out[upper + 1, columns]
    share = np.clip((one - limit) / np.maximum(one - two, np.float32(1e-4)), 0, 1)
    return as_floats((upper + share).astype(np.float32) * (above > 0))


def _unbroken(crossed: Floats, row: Floats) -> Floats:
    """How surely a front is one unbroken line at each column, 0–1; `row` is where it has crossed, smoothed."""
    steady = (np.abs(np.diff(crossed, append=crossed[-1:])) < _STEADY_ROWS).astype(np.uint8)
    unbroken = cv2.blur(cv2.erode(steady[None, :], np.ones((1, 25), np.uint8)).astype(np.float32), (25, 1))[0]
    leaning = np.abs(cv2.blur(np.gradient(row)[None, :].astype(np.float32), (41, 1))[0])
    return as_floats(unbroken * smooth(*_ALONG, leaning))


def _lit(albedo: Colour, light: Light) -> Colour:
    red, green, blue = (a * (s * 0.34 + f * 0.80) for a, s, f in zip(albedo, light.sun, light.fill, strict=True))
    return red, green, blue
