"""The plan of one city: blocks on a turned grid behind a waterfront, with a downtown of towers. Metres throughout.

Every building is a stack of upright prisms; each prism stands on the one below or on the ground.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from doitong.engines.studio.arrays import Colour, Floats, Ints
from doitong.engines.studio.city import towers
from doitong.engines.studio.city.skins import CELL_COLUMNS, HABIT_COUNT, Material, neon
from doitong.engines.studio.city.towers import Prism
from doitong.engines.studio.scene import Scene

GROUND = 3.6  # of the streets over the water
SHORE = 520.0  # where the quay stands
BOULEVARD = (12.0, 40.0)  # behind the quay
BLOCK = (76.0, 60.0)
STREET = 19.0
LAMP_GAP = 26.0
DEEPEST = 2500.0
FLAT, SLOPING = 1, 2  # kinds of roof
_Peak = tuple[float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Faces:
    """Upright faces, seen from the side on which their ends run from left to right. `owner`: the building; `cells`:
    windows across, the first being number `shift` of the sheet; `has_roof`: FLAT or SLOPING."""

    x0: Floats
    z0: Floats
    x1: Floats
    z1: Floats
    top0: Floats
    top1: Floats
    base: Floats
    owner: Ints
    cells: Floats
    shift: Floats
    has_roof: Ints


@dataclass(frozen=True, slots=True)
class Skins:
    """What each building is clad in, one entry for a building; `crown` lights the front above `crown_from`."""

    floor: Floats
    wide: Floats
    tall: Floats
    gloss: Floats
    wall: Floats
    glass: Floats
    habit: Floats
    storey: Floats
    glow: Floats
    crown: Floats
    crown_from: Floats
    neon: Floats  # light of the tubes along its edges


@dataclass(frozen=True, slots=True)
class Mast:
    """An upright pole at (x, z) from `base` to `top`; `phase` of its aircraft light, which only tall ones carry."""

    x: float
    z: float
    base: float
    top: float
    width: float
    phase: float


@dataclass(frozen=True, slots=True)
class City:
    faces: Faces
    skins: Skins
    masts: tuple[Mast, ...]
    turn: float  # of the street grid, radians
    centre: float  # x of downtown


@dataclass
class _Draft:
    """A city being drawn up."""

    random: np.random.Generator
    palette: tuple[Colour, ...]
    turn: float
    rows: list[tuple[float, ...]] = field(default_factory=list)
    skins: list[tuple[object, ...]] = field(default_factory=list)
    masts: list[Mast] = field(default_factory=list)

    def world(self, x: float, z: float) -> tuple[float, float]:
        c, s = math.cos(self.turn), math.sin(self.turn)
        return x * c - z * s, x * s + z * c

    def put(self, prisms: list[Prism], material: Material, highest: float, is_tower: bool) -> None:
        """Add one building."""
        owner, random = len(self.skins), self.random
        wall = np.array(material.walls[random.integers(len(material.walls))]) * random.uniform(0.78, 1.18)
        glass = np.array(material.glass[random.integers(len(material.glass))])
        crown, crown_from = self._crown(highest, is_tower)
        storeys = int((highest - GROUND) / material.floor) + 2
        self.skins.append(
            (material.floor, material.wide, material.tall, material.gloss, wall, glass,
             float(random.choice(material.habits) % HABIT_COUNT), float(random.integers(0, max(1, 126 - storeys))),
             float(np.exp(0.35 * random.standard_normal())), crown, crown_from, self._tubes(is_tower))
        )  # fmt: skip
        for corners, base, tops in prisms:
            points = [self.world(x, z) for x, z in corners]
            has_roof = SLOPING if max(tops) - min(tops) > 1 else FLAT
            for i, start in enumerate(points):
                j = (i + 1) % len(points)
                end = points[j]
                length = math.hypot(end[0] - start[0], end[1] - start[1])
                cells = max(1, round(length / material.bay))
                shift = float(random.integers(0, max(1, CELL_COLUMNS - cells)))
                self.rows.append((*start, *end, tops[i], tops[j], base, owner, cells, shift, has_roof))

    def _crown(self, highest: float, is_tower: bool) -> tuple[Colour, float]:
        random = self.random
        chance, band = random.random(), random.uniform(5, 16)
        if not is_tower or highest < 95 or chance > (0.75 if self.palette else 0.45):
            return (0.0, 0.0, 0.0), 1e5
        hues: list[Colour] = [(0.95, 0.86, 0.70), (0.55, 0.75, 1.0), (1.0, 0.66, 0.34), (0.80, 0.88, 1.0)]
        if self.palette:
            hues = [neon(colour) for colour in self.palette]
        red, green, blue = hues[random.integers(len(hues))]
        power = random.uniform(0.12, 0.40)
        return (red * power, green * power, blue * power), highest - band

    def _tubes(self, is_tower: bool) -> Colour:
        if not self.palette or self.random.random() > (0.36 if is_tower else 0.12):
            return 0.0, 0.0, 0.0
        return neon(self.palette[self.random.integers(len(self.palette))])

    def mast(self, x: float, z: float, base: float, tall: float, width: float) -> None:
        wx, wz = self.world(x, z)
        self.masts.append(Mast(wx, wz, base, base + tall, width, float(self.random.random())))


def draw_up(scene: Scene, spread: float, tallness: float, detail: float) -> City:
    """Plan the city of one film: `spread` is how far aside it must reach as a tangent, `tallness` scales towers."""
    random = np.random.default_rng([scene.seed, 301])
    turn = float(random.choice([-1.0, 1.0])) * math.radians(random.uniform(16, 32))
    centre = float(random.choice([-1.0, 1.0])) * random.uniform(90, 250) / tallness**2
    draft = _Draft(random, scene.palette, turn)
    peaks = _peaks(random, centre)
    reach = int(DEEPEST * math.hypot(1, spread) / BLOCK[1]) + 2
    pitch = (BLOCK[0] + STREET, BLOCK[1] + STREET)
    for j in range(-reach, reach):
        for i in range(-reach, reach):
            x, z = (i + 0.5) * pitch[0], (j + 0.5) * pitch[1]
            wx, wz = draft.world(x, z)
            if SHORE + BOULEVARD[1] + 50 < wz < DEEPEST and abs(wx) < spread * wz + 120:
                # a block is the same however much of the city is planned around it
                draft.random = np.random.default_rng([scene.seed, 305, i + 1000, j + 1000])
                _build_block(draft, x, z, wx, wz, peaks, tallness, detail)
    return City(_faces(draft), _skins(draft), tuple(draft.masts), turn, centre)


def _peaks(random: np.random.Generator, centre: float) -> list[_Peak]:
    """Where it is built high: x, z, half-width, half-depth, metres."""
    side = -1.0 if centre > 0 else 1.0
    return [
        (centre, 1090.0, 290.0, 370.0, 235.0),
        (centre + side * random.uniform(560, 760), 1400.0, 210.0, 300.0, 140.0),
        (centre - side * random.uniform(560, 950), 1600.0, 300.0, 400.0, 105.0),
    ]


def _build_block(draft: _Draft, x: float, z: float, wx: float, wz: float,
                 peaks: list[_Peak], tallness: float, detail: float) -> None:  # fmt: skip
    random = draft.random
    wanted = 16.0 + 8.0 * min(1.0, (wz - SHORE) / 500)
    for px, pz, half, deep, high in peaks:
        wanted += high * math.exp(-(((wx - px) / half) ** 2) - ((wz - pz) / deep) ** 2)
    if wz < SHORE + 190:  # low along the water, so that the towers stand behind
        wanted = min(wanted, 22 + 0.25 * (wz - SHORE - 60))
    tall = GROUND + wanted * (0.50 + 1.0 * random.random() ** 1.3) * (tallness if wanted > 40 else 1.0)
    if random.random() < (0.10 if wanted < 60 else 0.0):
        return  # a park or a square
    if tall > 62:
        towers.raise_tower(draft, x, z, BLOCK, tall, detail)
    elif wz > 1700:
        towers.raise_house(draft, x, z, BLOCK[0], BLOCK[1], tall, 0.0)
    else:
        _split_block(draft, x, z, tall, detail)


def _split_block(draft: _Draft, x: float, z: float, tall: float, detail: float) -> None:
    random = draft.random
    across, deep = int(random.integers(2, 4)), int(random.integers(1, 3))
    width, depth = BLOCK[0] / across, BLOCK[1] / deep
    for i in range(across):
        for j in range(deep):
            if random.random() < 0.06:
                continue
            high = GROUND + (tall - GROUND) * (0.55 + 0.75 * random.random())
            at = x + (i - (across - 1) / 2) * width, z + (j - (deep - 1) / 2) * depth
            gap = 0.0 if random.random() < 0.6 else 2.5
            towers.raise_house(draft, at[0], at[1], width - gap, depth - gap, max(high, GROUND + 7), detail)


def _faces(draft: _Draft) -> Faces:
    table = np.array(draft.rows, np.float32).T.copy()
    whole = table.astype(np.int32)
    return Faces(table[0], table[1], table[2], table[3], table[4], table[5], table[6], whole[7], table[8], table[9],
                 whole[10])  # fmt: skip


def _skins(draft: _Draft) -> Skins:
    columns = [np.array(column, np.float32) for column in zip(*draft.skins, strict=True)]
    return Skins(*columns)
