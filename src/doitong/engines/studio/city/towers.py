"""How buildings are shaped: houses with things on their roofs, and towers with podiums, setbacks and crowns."""

import math
from typing import Protocol

import numpy as np

from doitong.engines.studio.city.skins import BRICK, CURTAIN, FLATS, GRID, PIERS, RIBBON, Material

Corners = list[tuple[float, float]]
Prism = tuple[Corners, float, list[float]]  # anticlockwise from above, where it stands, height of each corner
_GROUND = 3.6


class Site(Protocol):
    """Where buildings are put."""

    random: np.random.Generator

    def put(self, prisms: list[Prism], material: Material, highest: float, is_tower: bool) -> None: ...

    def mast(self, x: float, z: float, base: float, tall: float, width: float) -> None: ...


def raise_house(site: Site, x: float, z: float, width: float, depth: float, tall: float, detail: float) -> None:
    """A low building that fills its lot."""
    random = site.random
    material = (BRICK, FLATS, GRID, RIBBON, BRICK, PIERS)[random.integers(6)]
    prisms = [_box(x, z, width, depth, _GROUND, tall)]
    if width > 16:
        for _ in range(int(random.integers(1, 3))):
            w, d = random.uniform(3, 9), random.uniform(3, 8)
            at = x + random.uniform(-0.3, 0.3) * width, z + random.uniform(-0.3, 0.3) * depth
            hut = _box(at[0], at[1], w, d, tall, tall + random.uniform(2, 4.5))
            if detail > 0:  # drawn by lot in any case, so that every level shows the same city
                prisms.append(hut)
    site.put(prisms, material, tall, is_tower=False)


def raise_tower(site: Site, x: float, z: float, lot: tuple[float, float], tall: float, detail: float) -> None:
    """A tower on its lot, of one of six builds."""
    random = site.random
    build = ("slab", "setback", "glass", "round", "wedge", "pencil")[random.integers(6)]
    width, depth = min(lot[0] - 8, random.uniform(34, 54)), min(lot[1] - 6, random.uniform(30, 48))
    podium = _box(x, z, lot[0] - 2, lot[1] - 2, _GROUND, _GROUND + random.uniform(9, 22))
    if random.random() < 0.7:
        site.put([podium], (GRID, RIBBON, FLATS)[random.integers(3)], podium[2][0], is_tower=False)
    match build:
        case "slab":
            prisms = [_box(x, z, width, depth * 0.8, _GROUND, tall), *_plant_room(random, x, z, width, depth, tall)]
            site.put(prisms, (RIBBON, GRID, FLATS, CURTAIN)[random.integers(4)], tall, is_tower=True)
        case "setback":
            _raise_setback(site, x, z, width, depth, tall)
        case "glass":
            cut = random.uniform(0.12, 0.3)
            prisms = [(_chamfered(x, z, width, depth, cut), _GROUND, [tall] * 8)]
            prisms += _plant_room(random, x, z, width * 0.9, depth, tall)
            site.put(prisms, CURTAIN, tall, is_tower=True)
        case "round":
            top = tall * random.uniform(0.9, 1.0)
            prisms = [(_round(x, z, width * 0.46), _GROUND, [top] * 12), (_round(x, z, width * 0.36), top, [tall] * 12)]
            site.put(prisms, (CURTAIN, FLATS)[random.integers(2)], tall, is_tower=True)
        case "wedge":
            low, corners = tall * random.uniform(0.82, 0.93), _box(x, z, width, depth, 0, 0)[0]
            tops = [low, tall, tall, low] if random.random() < 0.5 else [tall, low, low, tall]
            site.put([(corners, _GROUND, tops)], CURTAIN, tall, is_tower=True)
        case _:
            _raise_pencil(site, x, z, width, tall)
    if tall > 110 and random.random() < 0.55:
        site.mast(x, z, tall * 0.9, tall * random.uniform(0.20, 0.36), random.uniform(0.8, 1.6))


def _raise_setback(site: Site, x: float, z: float, width: float, depth: float, tall: float) -> None:
    """Steps that grow shorter towards the top, as the zoning law of 1916 shaped New York's towers."""
    random, prisms, base = site.random, [], _GROUND
    shares = (0.52, 0.72, 0.85, 0.93, 0.97, 1.0)
    for step, share in enumerate(shares):
        top = _GROUND + (tall - _GROUND) * share
        scale = 1.0 - 0.155 * step
        prisms.append(_box(x, z, width * scale, depth * scale, base, top))
        base = top
    site.put(prisms, PIERS, tall, is_tower=True)
    if random.random() < 0.75:
        site.mast(x, z, tall * 0.96, tall * random.uniform(0.16, 0.28), 2.4)


def _raise_pencil(site: Site, x: float, z: float, width: float, tall: float) -> None:
    random = site.random
    slim = width * random.uniform(0.55, 0.72)
    prisms = [_box(x, z, slim, slim, _GROUND, tall * 0.94)]
    prisms.append(_box(x, z, slim * 0.82, slim * 0.82, tall * 0.94, tall))
    site.put(prisms, (FLATS, GRID, CURTAIN)[random.integers(3)], tall, is_tower=True)


def _plant_room(
    random: np.random.Generator, x: float, z: float, width: float, depth: float, tall: float
) -> list[Prism]:
    return [_box(x, z, width * random.uniform(0.4, 0.7), depth * 0.45, tall, tall + random.uniform(4, 9))]


def _box(x: float, z: float, width: float, depth: float, base: float, top: float) -> Prism:
    w, d = width / 2, depth / 2
    return [(x - w, z - d), (x + w, z - d), (x + w, z + d), (x - w, z + d)], base, [top] * 4


def _chamfered(x: float, z: float, width: float, depth: float, cut: float) -> Corners:
    w, d, c = width / 2, depth / 2, cut * min(width, depth)
    return [(x - w + c, z - d), (x + w - c, z - d), (x + w, z - d + c), (x + w, z + d - c), (x + w - c, z + d),
            (x - w + c, z + d), (x - w, z + d - c), (x - w, z - d + c)]  # fmt: skip


def _round(x: float, z: float, radius: float) -> Corners:
    return [(x + radius * math.cos(a), z + radius * math.sin(a)) for a in np.arange(12) * (math.pi / 6)]
