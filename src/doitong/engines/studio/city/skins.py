"""What buildings are clad in: the proportions and colours of their fronts, and the pattern of their lit windows.

Lit windows and the differences between panes are read from one atlas of cells, a texel for a window, kept at every
halving of width and height on its own (a ripmap), so that a front seen sharply from the side
is as calm as one seen straight on.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Colour, Floats
from doitong.engines.studio.scene import TimeOfDay

CELL_COLUMNS, CELL_ROWS = 64, 128
HALVINGS = 5
LIGHT_RANGE = 8.0  # brightest window that the atlas holds
_PAD = 1

WARM: Colour = (1.0, 0.60, 0.27)
NEUTRAL: Colour = (1.0, 0.75, 0.47)
COOL: Colour = (0.80, 0.90, 0.98)

# share of windows lit in the evening, share of floors lit as a whole, colours
_HABITS = (
    (0.24, 0.30, (COOL, NEUTRAL, NEUTRAL)),
    (0.22, 0.45, (NEUTRAL, NEUTRAL, COOL)),
    (0.34, 0.00, (WARM, WARM, NEUTRAL)),
    (0.46, 0.04, (WARM, NEUTRAL)),
    (0.12, 0.10, (WARM, NEUTRAL, COOL)),
    (0.30, 0.12, (NEUTRAL, WARM, COOL)),
)
HABIT_COUNT = len(_HABITS)
LIT_SHARE = {
    TimeOfDay.DAWN: 0.35,
    TimeOfDay.MORNING: 0.0,
    TimeOfDay.NOON: 0.0,
    TimeOfDay.GOLDEN_HOUR: 0.10,
    TimeOfDay.SUNSET: 0.42,
    TimeOfDay.DUSK: 0.95,
    TimeOfDay.NIGHT: 0.90,
}


@dataclass(frozen=True, slots=True)
class Material:
    """A kind of front: `bay` and `floor` in metres, the window's share of each (`wide`, `tall`), how much of a mirror
    its glass is (`gloss`), its walls' colours, its glass's colours and the habits of who works or lives there."""

    bay: float
    floor: float
    wide: float
    tall: float
    gloss: float
    walls: tuple[Colour, ...]
    glass: tuple[Colour, ...]
    habits: tuple[int, ...]


_STEEL = ((0.10, 0.12, 0.14), (0.16, 0.17, 0.18), (0.07, 0.09, 0.10))
_BLUE_GLASS = ((0.62, 0.82, 1.0), (0.70, 0.95, 0.95), (0.80, 0.86, 0.92), (0.55, 0.72, 0.95))
_PLAIN_GLASS = ((0.55, 0.62, 0.68),)
CURTAIN = Material(2.5, 3.8, 0.90, 0.80, 0.95, _STEEL, (*_BLUE_GLASS, (0.95, 0.78, 0.58)), (0, 1, 5))
RIBBON = Material(3.0, 3.8, 1.0, 0.46, 0.7, ((0.44, 0.42, 0.39), (0.52, 0.51, 0.49), (0.30, 0.27, 0.24)),
                  _BLUE_GLASS, (0, 1))  # fmt: skip
PIERS = Material(2.6, 3.6, 0.48, 0.74, 0.4, ((0.50, 0.42, 0.32), (0.44, 0.36, 0.28), (0.56, 0.51, 0.43)),
                 _PLAIN_GLASS, (1, 5, 4))  # fmt: skip
GRID = Material(2.9, 3.5, 0.56, 0.54, 0.5, ((0.46, 0.43, 0.38), (0.36, 0.34, 0.32), (0.55, 0.53, 0.49)),
                _PLAIN_GLASS, (1, 4, 5))  # fmt: skip
BRICK = Material(2.8, 3.2, 0.42, 0.50, 0.3, ((0.30, 0.155, 0.11), (0.36, 0.24, 0.17), (0.24, 0.14, 0.11)),
                 _PLAIN_GLASS, (2, 4))  # fmt: skip
FLATS = Material(3.4, 3.2, 0.60, 0.56, 0.45, ((0.58, 0.56, 0.52), (0.50, 0.45, 0.39), (0.60, 0.60, 0.60)),
                 _PLAIN_GLASS, (2, 3))  # fmt: skip


class CellAtlas:
    """Light (red, green, blue) and tone of every window, as bytes: square roots, of LIGHT_RANGE for light. `lit`: how
    many windows are lit, against an evening."""

    def __init__(self, random: np.random.Generator, lit: float, palette: tuple[Colour, ...]) -> None:
        sheet = np.hstack([_habit(random, number, lit, palette) for number in range(HABIT_COUNT)])
        rows = sum((CELL_ROWS >> n) + 2 * _PAD for n in range(HALVINGS))
        columns = sum((sheet.shape[1] >> n) + 2 * _PAD for n in range(HALVINGS))
        self.cells: Bytes = np.zeros((rows, columns, 4), np.uint8)
        self.lefts, self.tops = np.zeros(HALVINGS, np.float32), np.zeros(HALVINGS, np.float32)
        left = 0
        for across in range(HALVINGS):
            width, top = sheet.shape[1] >> across, 0
            for up in range(HALVINGS):
                height = CELL_ROWS >> up
                part: Floats = cv2.resize(sheet, (width, height), interpolation=cv2.INTER_AREA)
                part[..., :3] *= np.float32(1 / LIGHT_RANGE)
                coded = np.sqrt(np.clip(part, 0, 1)) * np.float32(255) + np.float32(0.5)
                padded = cv2.copyMakeBorder(coded.astype(np.uint8), _PAD, _PAD, _PAD, _PAD, cv2.BORDER_REPLICATE)
                self.cells[top : top + height + 2 * _PAD, left : left + width + 2 * _PAD] = padded
                self.tops[up] = top + _PAD
                top += height + 2 * _PAD
            self.lefts[across] = left + _PAD
            left += width + 2 * _PAD


def _habit(random: np.random.Generator, number: int, share: float, palette: tuple[Colour, ...]) -> Floats:
    """One sheet of windows: floors of an office are lit together, flats one by one."""
    windows, floors, colours = _HABITS[number]
    size = (CELL_ROWS, CELL_COLUMNS)
    rooms = np.repeat(random.random((CELL_ROWS, CELL_COLUMNS // 2)), 2, axis=1)
    own = random.random(size)
    is_lit = (0.55 * own + 0.45 * rooms) < _quantile(min(0.9, windows * share))
    whole = random.random((CELL_ROWS, 1)) < floors * share * 0.8
    start = random.integers(0, CELL_COLUMNS, (CELL_ROWS, 1))
    stretch = (np.arange(CELL_COLUMNS)[None, :] - start) % CELL_COLUMNS < random.integers(14, 64, (CELL_ROWS, 1))
    is_lit |= whole & stretch & (own < 0.93)
    lamps = [*colours, *(_even(colour) for colour in palette)] if palette else list(colours)
    weights = np.array([1.0] * len(colours) + [0.5] * (len(lamps) - len(colours)))
    of_floor = random.choice(len(lamps), size=(CELL_ROWS, 1), p=weights / weights.sum())
    of_room = random.choice(len(lamps), size=size, p=weights / weights.sum())
    lamp = np.where(whole, of_floor, of_room)
    power = np.exp(0.75 * random.standard_normal(size)) * 0.52
    light = np.array(lamps)[lamp] * (power * is_lit)[..., None]
    blinds = np.where(random.random(size) < 0.16, 0.55, 0.0) * random.random(size)
    tone = np.clip(0.36 + 0.15 * random.standard_normal(size) + blinds, 0.05, 1)
    return np.dstack([light, tone]).astype(np.float32)


def _quantile(share: float) -> float:
    """Value below which 0.55·U + 0.45·U′ falls with the given probability, for shares up to about a half."""
    a, b = 0.45, 0.55
    return math.sqrt(2 * a * b * share) if share < a / (2 * b) else share * b + a / 2


def _even(colour: Colour) -> Colour:
    """A named colour as a lamp: as bright as the others, not quite pure."""
    red, green, blue = (part + 0.06 for part in colour)
    scale = 0.62 / max(0.2126 * red + 0.7152 * green + 0.0722 * blue, 0.08)
    return min(2.6, red * scale), min(2.6, green * scale), min(2.6, blue * scale)


def neon(colour: Colour) -> Colour:
    """A named colour as a neon tube."""
    return _even(colour)
