"""Where single plants stand in each kind of land, and which."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from doitong.engines.studio.air.light import Light
from doitong.engines.studio.arrays import Colour, Floats, mix, smooth
from doitong.engines.studio.land.ground import BROADLEAF, FOREST, JUNGLE
from doitong.engines.studio.land.plains import ROAD_HALF_METRES, road_at
from doitong.engines.studio.land.soils import DUNE_GRASS, GRASS, SNOW
from doitong.engines.studio.land.stand import Drawing, Place, colour_drawing
from doitong.engines.studio.land.trees import Plant, draw_plant
from doitong.engines.studio.land.world import World
from doitong.engines.studio.scene import Feature, Life, Scene, SceneKind, Season

_Pick = Callable[[int], tuple[Plant, Colour]]
_VARIANTS = 4
_TREES = {Plant.CONIFER, Plant.ROUND, Plant.BARE, Plant.PALM}
_BARK: Colour = (0.105, 0.080, 0.060)
_PALM_BARK: Colour = (0.24, 0.20, 0.155)
_PALM_LEAF: Colour = (0.085, 0.115, 0.030)
_REED: dict[Season, Colour] = {
    Season.SPRING: (0.12, 0.17, 0.045),
    Season.SUMMER: (0.13, 0.165, 0.05),
    Season.AUTUMN: (0.30, 0.215, 0.085),
    Season.WINTER: (0.29, 0.225, 0.125),
}


class _Planter:
    """Collects the plants of one film."""

    def __init__(self, world: World, scene: Scene, light: Light, has_detail: bool) -> None:
        self.world, self.scene, self.light = world, scene, light
        self.random = np.random.default_rng([scene.seed, 61])
        self.places: list[Place] = []
        self.drawings: list[Drawing] = []
        self._numbers: dict[tuple[Plant, Colour], list[int]] = {}
        self._shapes: dict[Plant, list[Floats]] = {}
        self._variants = _VARIANTS if has_detail else 2

    def plant(self, kind: Plant, x: float, z: float, tall: float, leaf: Colour, wood: Colour = _BARK,
              foot: float | None = None, sunk: float = 0.02) -> None:  # fmt: skip
        """Set one plant on the ground (or with its foot at a given height)."""
        if kind in _TREES and not self.scene.trees:
            return
        numbers = self._numbers.get((kind, leaf))
        if numbers is None:
            numbers = self._numbers[kind, leaf] = self._draw(kind, leaf, wood)
        ground = self.world.ground_at(x, z) if foot is None else foot
        draw = self.random.random(3)
        self.places.append(Place(x, z, ground - sunk * tall, tall, numbers[int(draw[0] * len(numbers))],
                                 0.72 + 0.5 * float(draw[1]), bool(draw[2] < 0.5), foot is not None))  # fmt: skip

    def palm(self, x: float, z: float, tall: float, lean: float = 0.0) -> None:
        """Set one palm; `lean` −1 or 1 says to which side, 0 lets chance say."""
        self.plant(Plant.PALM, x, z, tall, _PALM_LEAF, _PALM_BARK)
        if lean and self.scene.trees:  # palms are drawn leaning to the right
            self.places[-1] = replace(self.places[-1], is_flipped=lean < 0)

    def _draw(self, kind: Plant, leaf: Colour, wood: Colour) -> list[int]:
        if kind not in self._shapes:  # drawn once, whatever colours it gets
            side, count = math.copysign(1.0, self.world.sun_turn), 1 if kind is Plant.POST else self._variants
            self._shapes[kind] = [draw_plant(kind, self.random, side) for _ in range(count)]
        if self.scene.snow >= 0.7:
            leaf = mix(leaf, 0.78, SNOW, 0.22)
        first = len(self.drawings)
        for shape in self._shapes[kind]:
            self.drawings.append(colour_drawing(kind, shape, leaf, wood, self.light.sun, self.light.fill))
        return list(range(first, len(self.drawings)))


def plant_land(world: World, scene: Scene, light: Light, has_detail: bool) -> tuple[list[Place], list[Drawing]]:
    """The single plants of a film, and the drawings that they show."""
    planter = _Planter(world, scene, light, has_detail)
    layout = _LAYOUTS.get(scene.kind)
    if layout is not None:
        layout(planter)
    if Life.REEDS in scene.life and world.land.has_water:
        _reeds(planter)
    return planter.places, planter.drawings


def _leaves(planter: _Planter, number: int = 0) -> tuple[Plant, Colour]:
    """A broad-leaved tree for the season; in autumn every third is another colour."""
    season = planter.scene.season
    if season is Season.WINTER:
        return Plant.BARE, _BARK
    colours = {
        Season.AUTUMN: ((0.33, 0.135, 0.022), (0.36, 0.230, 0.035), (0.24, 0.070, 0.024)),
        Season.SPRING: (BROADLEAF[season], (0.105, 0.135, 0.035), BROADLEAF[season]),
    }.get(season, (BROADLEAF[season], (0.056, 0.078, 0.024), (0.040, 0.062, 0.028)))
    return Plant.ROUND, colours[number % 3]


def _lake(planter: _Planter) -> None:
    """Conifers along the near shores, in front of the woods that curtains draw."""
    _scatter(planter, 260, (120.0, 760.0), lambda number: (Plant.CONIFER, FOREST), (10.0, 24.0), 0.5)


def _valley(planter: _Planter) -> None:
    _scatter(planter, 150, (90.0, 620.0), lambda number: (Plant.CONIFER, FOREST), (9.0, 22.0), 0.30)
    _groups(planter, 5, 7, (75.0, 300.0), lambda number: (Plant.CONIFER, FOREST), (7.0, 20.0))


def _hills(planter: _Planter) -> None:
    kinds = [_leaves(planter, n) for n in range(3)]
    _groups(planter, 13, 6, (95.0, 620.0), lambda number: kinds[number % 3], (6.0, 15.0))
    _groups(planter, 4, 4, (120.0, 600.0), lambda number: (Plant.CONIFER, FOREST), (9.0, 19.0))


def _field(planter: _Planter) -> None:
    """A lone tree, hedgerows far away."""
    kinds = [_leaves(planter, n) for n in range(3)]
    random, view = planter.random, planter.world.draft.view_side
    side = planter.world.draft.side
    z = 105 + 55 * random.random()
    planter.plant(*_spot(kinds[0], side * z * view * (0.42 + 0.2 * random.random()), z, 15.0))
    for _ in range(4):
        z = 240 + 420 * random.random()
        turn, first = 0.5 * (random.random() - 0.5), (random.random() - 0.5) * 2.2 * z * view
        for step in range(int(9 + 9 * random.random())):
            along = step * (7 + 3 * random.random())
            at = (first + along * math.cos(turn), z + along * math.sin(turn))
            planter.plant(*_spot(kinds[step % 3], *at, 5 + 9 * random.random() ** 1.5))


def _road(planter: _Planter) -> None:
    """Posts on both verges, trees in loose rows behind them."""
    kinds = [_leaves(planter, n) for n in range(3)]
    if Feature.PALMS in planter.scene.features:
        kinds = [(Plant.PALM, _PALM_LEAF)] * 3
    random = planter.random
    for number in range(34):
        z = 9.0 + 25.0 * number**1.06
        middle = road_at(planter.world.draft, z)
        for verge in (-1, 1):
            planter.plant(
                Plant.POST, middle + verge * (ROAD_HALF_METRES + 0.85), z, 1.05, (0.7, 0.7, 0.7), (0.72, 0.72, 0.70)
            )
    side = planter.world.draft.side
    for number in range(26):
        z = 44.0 + 21.0 * number + 9 * random.random()
        middle = road_at(planter.world.draft, z)
        planter.plant(
            *_spot(kinds[number % 3], middle + side * (8.5 + 2.5 * random.random()), z, 8 + 5 * random.random())
        )
        if random.random() < 0.34:
            planter.plant(*_spot(kinds[1], middle - side * (11 + 26 * random.random()), z + 8, 6 + 6 * random.random()))
    _groups(planter, 7, 5, (150.0, 620.0), lambda number: kinds[number % 3], (6.0, 14.0), 22.0)


def _canyon(planter: _Planter) -> None:
    """Low scrub on the floor; no trunk shows, its foot is in the ground."""
    random, view = planter.random, planter.world.draft.view_side
    for number in range(240):
        z = 45.0 * (620.0 / 45.0) ** float(random.random())
        x = (random.random() - 0.5) * 2.4 * (z * view + 10)
        tall = 1.2 + 2.2 * random.random() ** 2
        ground = planter.world.ground_at(x, z)
        if 1.2 < ground < 30:
            leaf = ((0.12, 0.125, 0.055), (0.17, 0.15, 0.07), (0.085, 0.10, 0.05))[number % 3]
            planter.plant(Plant.ROUND, x, z, tall, leaf, sunk=0.30)


def _beach(planter: _Planter) -> None:
    """Dune grass on the high sand, thicker towards the near corner; palms where they were asked for."""
    if Feature.PALMS in planter.scene.features:
        _palm_beach(planter)
    random, world = planter.random, planter.world
    leaf = mix(GRASS[planter.scene.season], 0.25, DUNE_GRASS, 0.85)
    draws = random.random((1500, 2))
    z = (5.0 * (150.0 / 5.0) ** draws[:, 0]).astype(np.float32)
    x = ((draws[:, 1] - 0.5) * 2 * world.grid.spread * (z + world.grid.apex)).astype(np.float32)
    high = np.flatnonzero(world.height_at(x, z) > 1.3 + 1.2 * random.random(1500))
    for number in high[:130]:
        planter.plant(
            Plant.TUFT, float(x[number]), float(z[number]), 0.45 + 0.55 * random.random(), leaf, leaf, sunk=0.10
        )


def _palm_beach(planter: _Planter) -> None:
    """Palms that lean over the sand beside the camera, and more of them around the bay."""
    random, world = planter.random, planter.world
    side, view = world.draft.side, world.draft.view_side
    for about, edge, tall in ((15.5, 0.98, 8.4), (21.0, 0.80, 9.6), (24.5, 1.02, 11.0), (29.0, 1.12, 9.0)):
        z = about * (1 + 0.10 * (random.random() - 0.5))
        planter.palm(side * z * view * (edge + 0.08 * random.random()), z, tall + 1.4 * random.random(), -side)
    draws = random.random((900, 2))
    far = (58.0 * (760.0 / 58.0) ** draws[:, 0]).astype(np.float32)
    shore = side * (np.float32(13 * min(1.0, view / 0.49)) + far * np.float32(0.26))
    x = (shore + side * (8 + 0.34 * far * draws[:, 1])).astype(np.float32)
    heights = world.height_at(x, far)
    for number in np.flatnonzero((heights > 0.8) & (heights < 14))[:150]:
        lean = -side if random.random() < 0.7 else side
        planter.palm(float(x[number]), float(far[number]), 7.5 + 6.5 * random.random(), lean)


def _islands(planter: _Planter) -> None:
    """Palms above the beaches, thicker wood behind."""
    _scatter(planter, 240, (180.0, 900.0), lambda number: (Plant.ROUND, JUNGLE), (5.0, 11.0), 0.5)
    _palms(planter)


def _palms(planter: _Planter) -> None:
    world, random = planter.world, planter.random
    x = (random.random(2600) - 0.5) * 2 * world.grid.spread
    z = (200.0 * (1000.0 / 200.0) ** random.random(2600)).astype(np.float32)
    x = (x * (z + world.grid.apex)).astype(np.float32)
    heights = world.height_at(x, z)
    chosen = np.flatnonzero((heights > 1.1) & (heights < 7.5))[:110]
    for number in chosen:
        planter.palm(float(x[number]), float(z[number]), 8.5 + 7 * random.random())


def _scatter(planter: _Planter, count: int, span: tuple[float, float], pick: _Pick,
             tall: tuple[float, float], cover: float) -> None:  # fmt: skip
    """Plants wherever there is forest, about as dense on the picture near and far."""
    world, random = planter.world, planter.random
    draws = random.random((count * 8, 3))
    z = (span[0] * (span[1] / span[0]) ** draws[:, 0]).astype(np.float32)
    x = ((draws[:, 1] - 0.5) * 2 * world.grid.spread * (z + world.grid.apex)).astype(np.float32)
    wooded = np.flatnonzero(world.cover_at(x, z) > cover)[:count]
    for number in wooded:
        share = float(draws[number, 2]) ** 1.4
        plant, leaf = pick(int(number))
        planter.plant(plant, float(x[number]), float(z[number]), tall[0] + (tall[1] - tall[0]) * share, leaf)


def _groups(planter: _Planter, count: int, size: int, span: tuple[float, float], pick: _Pick,
            tall: tuple[float, float], clear: float = 16.0) -> None:  # fmt: skip
    """Loose groups of plants in open country, none right before the camera."""
    random, view = planter.random, planter.world.draft.view_side
    for group in range(count):
        z = span[0] * (span[1] / span[0]) ** float(random.random())
        x = (random.random() - 0.5) * 2.5 * (z * view + 20)
        if abs(x) < clear:
            x += math.copysign(clear, x)
        for number in range(1 + int(random.random() * size)):
            dx, dz = random.standard_normal(2) * 13
            far = max(span[0] * 0.9, z + dz)
            if planter.scene.kind is SceneKind.ROAD:
                middle = road_at(planter.world.draft, far)
                if abs(x + dx - middle) < 9:
                    continue
            plant, leaf = pick(group + number // 3)
            planter.plant(plant, x + dx, far, tall[0] + (tall[1] - tall[0]) * random.random() ** 1.3, leaf)


def _reeds(planter: _Planter) -> None:
    """Clumps at the water's edge on both sides of the picture, one side thicker."""
    random, world = planter.random, planter.world
    eye = world.land.rig.camera_height
    view, side = world.draft.view_side, world.draft.side
    leaf = _REED[planter.scene.season]
    for number in range(46):
        z = eye * (2.6 + 3.2 * random.random() ** 1.4)
        edge = 0.30 + 0.85 * random.random() ** 0.8
        here = side if number % 3 else -side
        x = here * z * view * max(edge, 0.55 if here != side else 0.25)
        planter.plant(Plant.REEDS, x, z, eye * (0.16 + 0.12 * random.random()), leaf, (0.20, 0.12, 0.07), -0.05)


def _spot(kind: tuple[Plant, Colour], x: float, z: float, tall: float) -> tuple[Plant, float, float, float, Colour]:
    return kind[0], float(x), float(z), float(tall), kind[1]


def cast_plants(world: World, places: list[Place], light: Light, sun_turn: float) -> None:
    """Darken the ground where single plants take the sun from it, and a little right around their feet. Shadows that
    meet are no darker than one; what is left is the light of the sky."""
    turn = sun_turn + math.copysign(math.radians(light.key_turn), sun_turn)
    ahead, aside = math.cos(turn), math.sin(turn)
    slope = math.tan(math.radians(light.key_height))
    shade = np.zeros(world.lit.shape[:2], np.float32)
    last = 0
    u = np.linspace(-world.grid.spread, world.grid.spread, world.grid.columns, dtype=np.float32)[None, :]
    for place in places:
        if place.in_water or place.tall < 1.2:
            continue
        wide = place.tall * 0.30
        long = min(2.6 * place.tall, 0.62 * place.tall / slope)
        reach = long + wide
        near, far = world.grid.rows_of(np.array([place.z - reach, place.z + reach], np.float32))
        sides = np.array([place.x - reach, place.x + reach], np.float32)
        left, right = world.grid.columns_of(sides, np.full(2, place.z, np.float32))
        rows, columns = slice(int(near), int(far) + 2), slice(max(0, int(left) - 3), max(0, int(right) + 4))
        part = shade[rows, columns]
        if not part.size:
            continue
        z = world.grid.depths[rows][:, None]
        x = u[:, columns] * (z + np.float32(world.grid.apex)) - np.float32(place.x)
        dz = z - np.float32(place.z)
        along, across = -(x * aside + dz * ahead), x * ahead - dz * aside
        middle = np.float32(long * 0.72)
        q = ((along - middle) / np.float32(long * 0.55 + wide * 0.5)) ** 2 + (across / np.float32(wide)) ** 2
        stem = np.float32(0.7) * np.exp(-(x * x + dz * dz) / np.float32((0.10 * place.tall) ** 2))
        np.maximum(part, np.maximum(smooth(1.5, 0.35, q) * np.float32(0.88), stem), out=part)
        last = max(last, rows.stop)
    for i in range(3):
        power = np.float32(light.sun[i] / (light.sun[i] + 3.2 * light.fill[i]))
        plane = world.lit[:last, :, i]
        plane[...] = plane * np.sqrt(1 - shade[:last] * power)


_LAYOUTS: Mapping[SceneKind, Callable[[_Planter], None]] = {
    SceneKind.LAKE: _lake,
    SceneKind.MOUNTAINS: _valley,
    SceneKind.HILLS: _hills,
    SceneKind.FIELD: _field,
    SceneKind.ROAD: _road,
    SceneKind.BEACH: _beach,
    SceneKind.CANYON: _canyon,
    SceneKind.ISLANDS: _islands,
}
