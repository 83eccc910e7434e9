"""Foliage and undergrowth drawn leaf by leaf: masters of cover and tone that are coloured where they are used.

`tone` runs from the shaded heart of a plant (0) to a leaf with the sun behind it (255).
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats, Ints, as_floats

_SHIFT = 4  # sub-pixel bits of OpenCV's polygons
_LEAF = np.array([(0.0, 0.0), (0.22, 0.17), (0.5, 0.22), (0.78, 0.14), (1.0, 0.0), (0.78, -0.14), (0.5, -0.22),
                  (0.22, -0.17)], np.float32)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Master:
    """A drawn plant: `width` and `height` in metres of the whole picture; `foot` as shares of it."""

    cover: Bytes
    tone: Bytes
    metres: tuple[float, float]
    foot: tuple[float, float]


class Sheet:
    """Paper to draw a master on, in metres with y upwards from the foot."""

    def __init__(self, width: float, height: float, pixels: int, foot: tuple[float, float]) -> None:
        self.metres, self.foot = (width, height), foot
        self.density = pixels / max(width, height)
        shape = (max(8, round(height * self.density)), max(8, round(width * self.density)))
        self._shape = shape
        self._shapes: list[tuple[Floats | None, float]] = []  # outlines in metres with their tone; None: the next leaf
        self._leaves: list[tuple[float, float, float, float, float]] = []

    def polygon(self, points: Floats, tone: float) -> None:
        """A filled shape of `tone` 0–1."""
        self._shapes.append((points, tone))

    def stroke(self, start: tuple[float, float], end: tuple[float, float], thick: float, thin: float,
               tone: float) -> None:  # fmt: skip
        """A tapering stroke between two places."""
        dx, dy = end[0] - start[0], end[1] - start[1]
        span = math.hypot(dx, dy) or 1.0
        nx, ny = -dy / span / 2, dx / span / 2
        self.polygon(np.array([
            (start[0] + nx * thick, start[1] + ny * thick), (end[0] + nx * thin, end[1] + ny * thin),
            (end[0] - nx * thin, end[1] - ny * thin), (start[0] - nx * thick, start[1] - ny * thick),
        ], np.float32), tone)  # fmt: skip

    def leaf(self, at: tuple[float, float], length: float, turn: float, slim: float, tone: float) -> None:
        """A pointed leaf from its stalk at `at`, `slim` times as broad as a flat one."""
        self._shapes.append((None, tone))
        self._leaves.append((*at, length, turn, slim))

    def master(self) -> Master:
        cover, tone = self.drawn()
        return Master(cover, cv2.GaussianBlur(tone, (0, 0), 0.6), self.metres, self.foot)

    def drawn(self) -> tuple[Bytes, Bytes]:
        """Cover and tone of what was drawn, in its order."""
        cover, tones = np.zeros(self._shape, np.uint8), np.full(self._shape, 90, np.uint8)
        leaves = iter(self._whole(self._outlines()))
        for points, tone in self._shapes:
            whole = next(leaves) if points is None else self._whole(points)
            value = int(255 * min(1.0, max(0.0, tone)))
            cv2.fillConvexPoly(cover, whole, 255, cv2.LINE_AA, _SHIFT)
            cv2.fillConvexPoly(tones, whole, value, cv2.LINE_8, _SHIFT)
        return cover, tones

    def _outlines(self) -> Floats:
        """Of all leaves at once: one by one would take most of the time."""
        x, y, length, turn, slim = np.array(self._leaves, np.float64).reshape(-1, 5).T[..., None]
        c, s = as_floats(np.cos(turn) * length), as_floats(np.sin(turn) * length)
        along, aside = _LEAF[:, 0], _LEAF[:, 1] * as_floats(slim)
        return np.stack([as_floats(x) + along * c - aside * s, as_floats(y) + along * s + aside * c], axis=-1)

    def _whole(self, points: Floats) -> Ints:
        """Places in metres as OpenCV's polygons want them."""
        rows, columns = self._shape
        at = np.empty_like(points)
        at[..., 0] = points[..., 0] * self.density + columns * self.foot[0]
        at[..., 1] = rows * self.foot[1] - points[..., 1] * self.density
        return np.asarray(np.round(at * (1 << _SHIFT)).astype(np.int32))


def leaf_cloud(random: np.random.Generator, pixels: int, leaf: float = 0.2) -> Master:
    """A mass of crown foliage about 5 m wide, in lobes that are lit from above."""
    sheet = Sheet(5.6, 3.6, pixels, (0.5, 0.55))
    lobes = [(random.normal(0, 1.1), random.normal(0, 0.5), random.uniform(0.45, 0.95)) for _ in range(9)]
    for x, y, radius in sorted(lobes, key=lambda lobe: -lobe[1]):
        for _ in range(int(95 * radius)):
            turn, out = random.uniform(0, 2 * math.pi), math.sqrt(random.random()) * random.uniform(0.8, 1.25)
            at = (x + math.cos(turn) * out * radius * 1.25, y + math.sin(turn) * out * radius * 0.75)
            tone = 0.36 + 0.34 * math.sin(turn) * out + random.normal(0, 0.17)
            sheet.leaf(at, leaf * random.uniform(0.6, 1.3), random.uniform(0, 2 * math.pi),
                       random.uniform(0.7, 1.6), tone)  # fmt: skip
    return sheet.master()


def leaf_spray(random: np.random.Generator, pixels: int, is_hanging: bool = False) -> Master:
    """A branch reaching 3 m to the right with loose, flat layers of leaves, as beeches carry them."""
    sheet = Sheet(3.4, 2.4, pixels, (0.03, 0.42))
    bend = random.uniform(-0.18, 0.04) - (0.14 if is_hanging else 0.0)
    _limb(sheet, 2.9, bend)
    for _ in range(22):
        share = random.uniform(0.1, 1.0) ** 0.8
        at = (2.9 * share, bend * 3 * share * share)
        side, reach = random.choice([-1.0, 1.0], p=[0.62, 0.38]), random.uniform(0.3, 1.05) * (1.1 - 0.55 * share)
        turn = side * random.uniform(0.2, 1.05) - 0.12
        for fork in (0.0, 0.42 * random.choice([-1.0, 1.0]), random.normal(0, 0.6)):
            along, way = (1.0 if fork == 0 else random.uniform(0.5, 0.8)), turn + fork
            tip = (at[0] + math.cos(way) * reach * along, at[1] + math.sin(way) * reach * along * 0.6)
            sheet.stroke(at, tip, 0.012, 0.004, 0.1)
            for step in np.arange(0.25, 1.05, 0.10 / along):
                place = (at[0] + (tip[0] - at[0]) * step, at[1] + (tip[1] - at[1]) * step)
                tone = 0.50 + 0.16 * side + random.normal(0, 0.22)
                sheet.leaf(place, random.uniform(0.06, 0.115), way + random.normal(0, 0.85), random.uniform(0.5, 1.9),
                           tone)  # fmt: skip
    return sheet.master()


def _limb(sheet: Sheet, span: float, bend: float) -> None:
    for share in np.linspace(0.0, 0.92, 14):
        after = share + 0.08
        sheet.stroke((span * share, bend * 3 * share * share), (span * after, bend * 3 * after * after),
                     0.045 * (1.05 - share), 0.045 * (0.98 - share), 0.08)  # fmt: skip


def sapling(random: np.random.Generator, pixels: int) -> Master:
    """A young broadleaf of about 3 m with leaves in tiers, or a hazel-like bush."""
    sheet = Sheet(3.2, 3.4, pixels, (0.5, 0.98))
    for _ in range(int(random.integers(3, 6))):
        tip, height = random.normal(0, 0.55), random.uniform(1.6, 3.0)
        for share in np.linspace(0, 0.9, 9):
            start, end = share, share + 0.1
            sheet.stroke((tip * start**1.5, height * start), (tip * end**1.5, height * end), 0.03 * (1.1 - share),
                         0.03 * (1.0 - share), 0.1)  # fmt: skip
        for _ in range(15):
            share = random.uniform(0.22, 1.0)
            at = (tip * share**1.5, height * share)
            reach = random.uniform(0.25, 0.95) * (1.25 - 0.8 * share) * random.choice([-1.0, 1.0])
            rise = random.uniform(-0.12, 0.3)
            sheet.stroke(at, (at[0] + reach, at[1] + rise), 0.010, 0.004, 0.12)
            for _ in range(13):
                along = random.uniform(0.15, 1.05)
                place = (at[0] + reach * along, at[1] + rise * along + random.normal(0, 0.05))
                tone = 0.28 + 0.24 * share + random.normal(0, 0.22) + 0.1 * abs(reach)
                sheet.leaf(place, random.uniform(0.06, 0.12), random.normal(-0.3, 0.9) + (math.pi if reach < 0 else 0),
                           random.uniform(0.5, 1.8), tone)  # fmt: skip
    return sheet.master()


def fern(random: np.random.Generator, pixels: int) -> Master:
    """A rosette of arching fronds, 0.9 m high."""
    sheet = Sheet(2.1, 1.05, pixels, (0.5, 0.95))
    fronds = int(random.integers(9, 15))
    order = random.permutation(fronds)
    for number in order:
        spread = (number + random.uniform(-0.45, 0.45)) / (fronds - 1) * 2 - 1
        reach, rise = spread * random.uniform(0.55, 0.95), random.uniform(0.35, 0.85) * (1.05 - 0.55 * abs(spread))
        tone, arch = random.uniform(0.22, 0.72), random.uniform(1.75, 2.5)
        for share in np.linspace(0.08, 1.0, 30):
            x, y = reach * share**1.2, rise * math.sin(share * arch)
            turn = math.atan2(rise * arch * math.cos(share * arch), reach * 1.2 * share**0.2)
            length = 0.135 * math.sin(math.pi * min(1.0, share * 0.82 + 0.18)) ** 0.9 * random.uniform(0.85, 1.1)
            for side in (-1, 1):
                shade = tone - 0.14 + 0.3 * share + 0.12 * side * math.copysign(1.0, spread) + random.normal(0, 0.06)
                sheet.leaf((x, y), length, turn + side * random.uniform(0.95, 1.2), 0.42, shade)
    return sheet.master()


def grass(random: np.random.Generator, pixels: int) -> Master:
    """A tuft of bending blades, half a metre high."""
    sheet = Sheet(1.3, 0.65, pixels, (0.5, 0.97))
    for _ in range(80):
        x, tip = random.normal(0, 0.2), random.normal(0, 0.2)
        height, tone = random.uniform(0.15, 0.55), random.uniform(0.1, 0.8)
        middle = (x + tip * 0.35, height * 0.65)
        sheet.stroke((x, 0.0), middle, 0.012, 0.009, tone * 0.7)
        sheet.stroke(middle, (x + tip, height * random.uniform(0.85, 1.0)), 0.009, 0.001, tone)
    return sheet.master()


def spruce(random: np.random.Generator, pixels: int) -> Master:
    """A young spruce, 4 m high: tiers of drooping boughs thinning to a leader."""
    sheet = Sheet(2.6, 4.4, pixels, (0.5, 0.985))
    sheet.stroke((0.0, 0.0), (0.0, 4.2), 0.09, 0.012, 0.1)
    for share in np.linspace(0.05, 0.97, 38):
        height = 4.05 * share
        width = 1.18 * (1 - share) ** 0.9 * random.uniform(0.7, 1.12) + 0.015
        for _ in range(5):
            reach = width * random.uniform(-1, 1)
            reach = math.copysign(max(abs(reach), width * 0.35), reach)
            _bough(sheet, random, (0.0, height), reach, 0.28 * abs(reach), 0.16 * min(1.0, 0.35 + width))
    return sheet.master()


def bough(random: np.random.Generator, pixels: int) -> Master:
    """A conifer's branch reaching 2.6 m to the right, drooping, with hanging twigs."""
    sheet = Sheet(3.0, 1.7, pixels, (0.03, 0.3))
    for turn in (0.0, -0.15, 0.12, -0.3):
        reach = random.uniform(1.8, 2.7) * (1 - abs(turn))
        _bough(sheet, random, (0.0, 0.0), reach, (0.18 - turn) * reach, 0.3)
    return sheet.master()


def _bough(sheet: Sheet, random: np.random.Generator, at: tuple[float, float], reach: float, droop: float,
           twig: float) -> None:  # fmt: skip
    count = max(4, int(abs(reach) * 17))
    for share in np.linspace(0.1, 1.0, count):
        x, y = at[0] + reach * share, at[1] - droop * share * share + 0.06 * abs(reach) * share
        side = math.copysign(1.0, reach)
        for _ in range(3):
            length = twig * random.uniform(0.5, 1.1) * (1.15 - 0.55 * share)
            turn = random.normal(-0.75, 0.5)
            end = (x + side * math.cos(turn) * length, y + math.sin(turn) * length * 0.8)
            tone = 0.22 + 0.4 * share * random.random() + random.normal(0, 0.1) - (0.12 if turn < -0.9 else -0.1)
            sheet.stroke((x, y), end, 0.024, 0.006, tone)


def twigs(random: np.random.Generator, pixels: int) -> Master:
    """A bare branch reaching 3 m to the right, forked to fine twigs."""
    sheet = Sheet(3.3, 2.4, pixels, (0.03, 0.62))
    ends = [((0.0, 0.0), random.uniform(0.05, 0.4), 1.0, 0.055)]
    while ends:
        at, turn, length, thick = ends.pop()
        tip = (at[0] + math.cos(turn) * length, at[1] + math.sin(turn) * length)
        sheet.stroke(at, tip, thick, thick * 0.72, 0.25 + random.uniform(-0.1, 0.15))
        if thick < 0.0045:
            continue
        for fork in (-0.45, 0.35, 0.3, -0.2) if thick > 0.02 else (-0.4, 0.3):
            if random.random() < 0.85:
                ends.append((tip, turn * 0.92 + fork + random.normal(0, 0.16), length * random.uniform(0.6, 0.82),
                             thick * random.uniform(0.5, 0.68)))  # fmt: skip
    return sheet.master()
