"""Drawings of plants, made once for a film: conifers, round crowns, bare crowns, palms, reeds, and posts by a road.

A drawing is made three times too large with hard edges and then made smaller, so that its edges are true coverage. It
says how much light falls where (0–1) and what is leaf and what is wood; `stand` gives it colour.
"""

import math
from collections.abc import Callable
from enum import StrEnum

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats

_OVERSIZE = 3
_HEIGHT = 224  # of a finished drawing, pixels
_PALM_HEIGHT = 448  # a palm stands beside the camera


class Plant(StrEnum):
    CONIFER = "conifer"
    ROUND = "round crown"
    BARE = "bare crown"
    PALM = "palm"
    REEDS = "reeds"
    TUFT = "tuft of grass"
    POST = "post"


class _Canvas:
    """Strokes with a light and a share of leaf. Positions are in shares of the height, from the middle of the foot."""

    def __init__(self, aspect: float, height: int = _HEIGHT) -> None:
        self._height = height
        self.rows = height * _OVERSIZE
        self.columns = round(self.rows * aspect)
        self.pixels: Bytes = np.zeros((self.rows, self.columns, 3), np.uint8)

    def at(self, x: float, y: float) -> tuple[int, int]:
        return round(self.columns / 2 + x * self.rows), round(self.rows * (0.995 - y * 0.985))

    def line(
        self, start: tuple[float, float], end: tuple[float, float], wide: float, light: float, leaf: float
    ) -> None:
        colour = (_byte(light), _byte(leaf), 255)
        cv2.line(self.pixels, self.at(*start), self.at(*end), colour, max(1, round(wide * self.rows)))

    def spot(self, x: float, y: float, wide: float, high: float, turn: float, light: float, leaf: float) -> None:
        axes = (max(1, round(wide * self.rows)), max(1, round(high * self.rows)))
        cv2.ellipse(self.pixels, self.at(x, y), axes, turn, 0, 360, (_byte(light), _byte(leaf), 255), -1)

    def finished(self) -> Floats:
        """Light × cover, leaf × cover, cover; 0–1."""
        flat = self.pixels.astype(np.float32) * np.float32(1 / 255)
        small = (round(self.columns / _OVERSIZE), self._height)
        return np.asarray(cv2.resize(flat, small, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _byte(value: float) -> int:
    return int(255 * min(1.0, max(0.0, value)))


def draw_plant(plant: Plant, random: np.random.Generator, sun_side: float) -> Floats:
    """One drawing of a plant, lit from the side of `sun_side` (−1 left, 1 right)."""
    return _DRAWERS[plant](random, sun_side)


def _conifer(random: np.random.Generator, sun_side: float) -> Floats:
    """A spruce: whorls of drooping boughs, dark within and bright at the tips."""
    slim = 0.185 + 0.07 * random.random()
    canvas = _Canvas(0.52)
    canvas.line((0, 0), (0, 0.97), 0.010, 0.25, 0.0)
    whorls = 30
    for number in range(whorls):
        rise = 0.05 + 0.93 * (number / whorls) ** 0.92
        reach = slim * (1 - rise) ** 0.82 * (0.72 + 0.5 * random.random()) + 0.010
        for turn in random.permutation(9):
            round_ = math.pi * (turn + random.random() * 0.6) / 9
            across, near = math.cos(round_), math.sin(round_)
            length = reach * (0.78 + 0.35 * random.random())
            tip = (across * length, rise - length * (0.34 + 0.20 * random.random()) - 0.02 * near)
            lit = 0.22 + 0.34 * max(0.0, across * sun_side) + 0.22 * near
            _bough(canvas, random, rise + 0.012, tip, lit)
    canvas.line((0, 0.93), (0, 0.995), 0.004, 0.5, 1.0)
    return canvas.finished()


def _bough(canvas: _Canvas, random: np.random.Generator, rise: float, tip: tuple[float, float], lit: float) -> None:
    for part in (0.30, 0.48, 0.64, 0.80, 0.93):
        x, y = tip[0] * part, rise + (tip[1] - rise) * part**0.8
        hang = 0.012 + 0.016 * random.random()
        light = lit * (0.40 + 0.75 * part) + 0.12 * random.random()
        canvas.line((x, y + 0.004), (x + tip[0] * 0.12, y - hang), 0.0085, light, 1.0)


def _round(random: np.random.Generator, sun_side: float) -> Floats:
    """A broad-leaved tree: clumps of leaves around a forked trunk, bright towards the sun."""
    canvas = _Canvas(0.95)
    wide, middle = 0.30 + 0.07 * random.random(), 0.57 + 0.03 * random.random()
    _branch(canvas, random, (0.0, 0.0), 0.20, 0.06 * random.standard_normal(), 0.032, 4)
    clumps = []
    lobes = 0.80 + 0.34 * random.random(7)
    for _ in range(88):
        turn = random.random() * 2 * math.pi
        away = math.sqrt(random.random()) * float(lobes[int(turn / 2 / math.pi * 7)])
        x = math.cos(turn) * away * wide
        y = middle + math.sin(turn) * away * 0.32 * (1.0 if math.sin(turn) > 0 else 0.86)
        clumps.append((random.random() - 0.25 * (x * sun_side / wide + (y - middle) * 2), x, y))
    for depth, x, y in sorted(clumps, reverse=True):
        height = ((y - middle) / 0.32 + 1) / 2
        lit = 0.16 + 0.26 * height + 0.20 * max(-0.6, x * sun_side / wide) + 0.16 * (1 - depth)
        _clump(canvas, random, x, y, 0.080 + 0.035 * random.random(), lit, sun_side)
    return canvas.finished()


def _clump(canvas: _Canvas, random: np.random.Generator, x: float, y: float, size: float, lit: float,
           sun_side: float) -> None:  # fmt: skip
    draws = random.random((76, 5))
    draws = draws[np.argsort(draws[:, 1])]
    for turn, away, wide, tilt, tone in draws:
        dx = math.cos(turn * 2 * math.pi) * math.sqrt(away) * size
        dy = math.sin(turn * 2 * math.pi) * math.sqrt(away) * size * 0.8
        light = lit + 0.30 * (dy / size) + 0.16 * dx * sun_side / size + 0.16 * (tone - 0.5)
        canvas.spot(x + dx, y + dy, 0.0055 + 0.006 * wide, 0.004 + 0.003 * wide, tilt * 180, light, 0.85 + 0.3 * tone)


def _branch(canvas: _Canvas, random: np.random.Generator, start: tuple[float, float], length: float, lean: float,
            wide: float, depth: int) -> None:  # fmt: skip
    end = (start[0] + math.sin(lean) * length, start[1] + math.cos(lean) * length)
    canvas.line(start, end, wide, 0.34 + 0.1 * random.random(), 0.0)
    if depth == 0:
        return
    for sign in (-1, 1) if depth < 3 else (-1, 0.2, 1):
        turn = lean * 0.62 + sign * (0.30 + 0.34 * random.random())
        _branch(canvas, random, end, length * (0.62 + 0.2 * random.random()), turn, wide * 0.60, depth - 1)


def _bare(random: np.random.Generator, sun_side: float) -> Floats:
    """A broad-leaved tree in winter."""
    canvas = _Canvas(0.95)
    before = (0.0, 0.0)
    for number in range(1, 15):  # a leader with boughs to both sides, long below and short above
        share = number / 14
        here = (0.025 * math.sin(number * 1.3) * share, 0.10 + 0.66 * share**0.9)
        canvas.line(before, here, 0.030 * (1 - 0.80 * share), 0.36, 0.0)
        if number > 1:
            side = 1 if number % 2 else -1
            lean = side * (1.15 - 0.75 * share) * (0.75 + 0.5 * random.random())
            _branch(canvas, random, here, 0.135 - 0.060 * share, lean, 0.015 - 0.008 * share, 4)
        before = here
    return canvas.finished()


def _palm(random: np.random.Generator, sun_side: float) -> Floats:
    """A coconut palm that leans to the right: a ringed trunk, arching fronds with hanging leaflets, coconuts."""
    canvas = _Canvas(1.10, _PALM_HEIGHT)
    lean, bow = 0.10 + 0.14 * random.random(), 1.5 + 0.9 * random.random()
    top = (lean, 0.74 + 0.04 * random.random())
    before = (0.0, 0.0)
    rings = 96
    for step in range(1, rings + 1):
        share = step / rings
        here = (lean * share**bow, top[1] * share)
        wide = 0.025 - 0.011 * share + 0.010 * max(0.0, 0.10 - share) * 10
        canvas.line(before, here, wide, 0.27 + 0.08 * (step % 2) + 0.05 * random.random(), 0.0)
        canvas.line((before[0] + 0.35 * wide * sun_side, before[1]), (here[0] + 0.35 * wide * sun_side, here[1]),
                    wide * 0.3, 0.44 + 0.07 * (step % 2), 0.0)  # fmt: skip
        before = here
    count = 16
    for number in random.permutation(count):
        turn = math.pi * (-0.30 + 1.60 * (number + 0.7 * random.random()) / count)
        reach = 0.25 + 0.10 * random.random()
        lit = 0.30 + 0.18 * math.sin(turn) + 0.18 * math.cos(turn) * sun_side + 0.10 * random.random()
        _frond(canvas, random, top, turn, reach, lit)
    for _ in range(int(random.integers(2, 6))):
        x, y = top[0] + 0.018 * random.standard_normal(), top[1] - 0.016 - 0.012 * random.random()
        canvas.spot(x, y, 0.0105, 0.012, 0, 0.34 + 0.2 * random.random(), 0.35)
    return canvas.finished()


def _frond(canvas: _Canvas, random: np.random.Generator, top: tuple[float, float], turn: float, reach: float,
           lit: float) -> None:  # fmt: skip
    """A rib that rises and bows down, with leaflets on both sides that hang the more the farther out."""
    steps, heavy = 46, 0.30 + 0.26 * random.random()
    before = top
    for step in range(1, steps + 1):
        share = step / steps
        x = top[0] + math.cos(turn) * reach * share * (1 - 0.10 * share)
        y = top[1] + math.sin(turn) * reach * share * 0.72 - heavy * reach * share**2.1
        dx, dy = x - before[0], y - before[1]
        along = max(1e-6, math.hypot(dx, dy))
        dx, dy = dx / along, dy / along
        long = 0.082 * math.sin(math.pi * min(1.0, 0.18 + share * 0.82)) ** 0.7 * (0.8 + 0.35 * random.random())
        for way in (-1, 1):
            sx, sy = dx * 0.62 - way * dy * 0.60, dy * 0.62 + way * dx * 0.60
            sy -= 0.30 + 0.50 * share + 0.35 * random.random()  # they hang
            size = long / math.hypot(sx, sy)
            tone = lit + (0.16 if sy > -0.4 else 0.0) + 0.16 * (random.random() - 0.5) - 0.08 * share
            middle = (x + sx * size * 0.5, y + sy * size * 0.42)
            canvas.line((x, y), middle, 0.0044, tone + 0.05, 1.0)
            canvas.line(middle, (x + sx * size, y + sy * size * 1.05), 0.0022, tone, 1.0)
        canvas.line(before, (x, y), 0.0048 * (1.2 - share), lit + 0.16, 0.75)
        before = (x, y)


def _reeds(random: np.random.Generator, sun_side: float) -> Floats:
    """A clump of reeds with some plumes."""
    canvas = _Canvas(1.0)
    for _ in range(78):
        x = (random.random() + random.random() - 1.0) * 0.30
        tall = (0.45 + 0.5 * random.random()) * (1 - 0.9 * x * x)
        lean = (random.random() - 0.45) * 0.16 + x * 0.30
        lit = 0.30 + 0.45 * random.random() + 0.1 * lean * sun_side
        middle = (x + lean * 0.35, tall * 0.55)
        canvas.line((x, 0), middle, 0.0075, lit * 0.55, 1.0)
        canvas.line(middle, (x + lean, tall), 0.0050, lit, 1.0)
        if random.random() < 0.30:
            canvas.spot(x + lean * 1.04, tall + 0.012, 0.008, 0.036, -lean * 60, 0.35 + lit * 0.3, 0.15)
    return canvas.finished()


def _tuft(random: np.random.Generator, sun_side: float) -> Floats:
    """Blades of dune grass that bow to all sides."""
    canvas = _Canvas(1.9)
    for _ in range(96):
        x = (random.random() + random.random() - 1.0) * 0.10
        lean, tall = x * 5.0 + 0.5 * (random.random() - 0.5), 0.45 + 0.5 * random.random()
        lit = 0.25 + 0.45 * random.random() + 0.14 * lean * sun_side
        before = (x, 0.0)
        for part in (0.35, 0.65, 0.88, 1.0):
            here = (x + lean * part**2, tall * (part - 0.22 * abs(lean) * part**3))
            canvas.line(before, here, 0.014 - 0.010 * part, lit * (0.5 + 0.5 * part), 1.0)
            before = here
    return canvas.finished()


def _post(random: np.random.Generator, sun_side: float) -> Floats:
    """A white post with a dark band, as stands by a road."""
    canvas = _Canvas(0.2)
    canvas.line((0, 0.02), (0, 0.97), 0.085, 0.95, 0.0)
    canvas.line((0.026 * sun_side * -1, 0.02), (0.026 * sun_side * -1, 0.97), 0.03, 0.55, 0.0)
    canvas.line((0, 0.72), (0, 0.86), 0.085, 0.03, 0.0)
    return canvas.finished()


_DRAWERS: dict[Plant, Callable[[np.random.Generator, float], Floats]] = {
    Plant.CONIFER: _conifer,
    Plant.ROUND: _round,
    Plant.BARE: _bare,
    Plant.PALM: _palm,
    Plant.REEDS: _reeds,
    Plant.TUFT: _tuft,
    Plant.POST: _post,
}
