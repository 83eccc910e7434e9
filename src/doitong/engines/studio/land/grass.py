"""Grass, corn and flowers near the camera: curtains of blades, one behind the other, that sway in the wind."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from doitong.engines.studio.air.light import Light
from doitong.engines.studio.arrays import Colour, Floats, as_floats, mix, smooth
from doitong.engines.studio.land.curtains import NOTHING, Curtain
from doitong.engines.studio.land.plains import ROAD_HALF_METRES, road_at
from doitong.engines.studio.land.soils import CROP, GRASS
from doitong.engines.studio.land.world import World
from doitong.engines.studio.scene import Scene, SceneKind, Season


@dataclass(frozen=True, slots=True)
class _Sward:
    """What grows: how tall (metres), how dense, between which depths, and whether it ends in ears."""

    tall: float
    cover: float
    near: float
    far: float
    rows: int
    has_ears: bool = False


_SWARDS = {
    SceneKind.FIELD: _Sward(0.62, 1.0, 4.5, 95.0, 64, has_ears=True),
    SceneKind.HILLS: _Sward(0.75, 0.72, 26.0, 170.0, 44),
    SceneKind.ROAD: _Sward(0.36, 0.75, 5.0, 80.0, 44),
}
_FLOWERS: dict[Season, tuple[tuple[Colour, float], ...]] = {
    Season.SPRING: (((0.80, 0.62, 0.03), 0.55), ((0.75, 0.74, 0.72), 0.5), ((0.50, 0.16, 0.38), 0.35)),
    Season.SUMMER: (((0.72, 0.70, 0.66), 0.30), ((0.62, 0.06, 0.03), 0.22), ((0.15, 0.17, 0.55), 0.18)),
}


def grass_curtains(world: World, scene: Scene, light: Light, rows: float) -> list[Curtain]:
    """The blades of one film; `rows` is the share of the curtains that the level can afford."""
    sward = _SWARDS.get(scene.kind)
    if sward is None or rows <= 0 or scene.snow >= 0.7:
        return []
    random = np.random.default_rng([scene.seed, 67])
    count = max(4, round(sward.rows * rows))
    depths = sward.near * (sward.far / sward.near) ** ((np.arange(count) + 0.35 * random.random(count)) / count)
    curtains: list[Curtain] = []
    for depth in depths:
        curtains.append(_blades(world, scene, light, sward, float(depth), random))
        if not sward.has_ears:
            curtains += _blossoms(world, scene, light, sward, float(depth), random)
    return curtains


def _ground(world: World, depth: float, step: float) -> tuple[Floats, Floats]:
    """x of every sample across the grid at one depth, and the ground there."""
    half = world.grid.spread * (depth + world.grid.apex)
    x = as_floats(np.arange(-half, half, step))
    row = float(world.grid.rows_of(np.array([depth], np.float32))[0])
    first = min(int(row), world.grid.depths.size - 2)
    part = np.float32(row - first)
    heights = world.heights[first] * (1 - part) + world.heights[first + 1] * part
    at = world.grid.columns_of(x, np.full_like(x, depth))
    return x, as_floats(np.interp(at, np.arange(world.grid.columns), heights))


def _blades(world: World, scene: Scene, light: Light, sward: _Sward, depth: float,
            random: np.random.Generator) -> Curtain:  # fmt: skip
    step = max(0.010, depth * 0.0007)
    x, feet = _ground(world, depth, step)
    clump = _rough(random, x.size, step, 0.8) * np.float32(0.7) + _rough(random, x.size, step, 0.2) * np.float32(0.4)
    wide = _rough(random, x.size, step, 7.0)
    spikes = random.random(x.size, dtype=np.float32)
    tall = sward.tall * (np.float32(0.62) + clump * np.float32(0.42) + wide * np.float32(0.22))
    if sward.has_ears:
        tall = sward.tall * (
            np.float32(0.84) + clump * np.float32(0.12) + wide * np.float32(0.12) + spikes * np.float32(0.20)
        )
        tall *= np.float32(1.0 - 0.7 * max(0.0, depth - 0.5 * sward.far) / (0.5 * sward.far))
    else:
        tall *= np.float32(0.35) + np.float32(0.75) * spikes**2
    grown = _grown(world, scene, x, depth, feet, clump, wide, sward.cover)
    tops = np.where(grown > 0.05, feet + tall * np.minimum(grown, 1), NOTHING)
    colour = _colour(scene)
    warm = 0.30 + 0.44 * math.sin(math.radians(light.key_height))
    lit = mix(light.sun, warm, light.fill, 0.85)
    tip = (colour[0] * lit[0], colour[1] * lit[1], colour[2] * lit[2])
    shade = np.float32(0.86) + np.float32(0.42) * random.random(x.size, dtype=np.float32) + wide * np.float32(0.16)
    if not sward.has_ears:
        pale = 0.66 if scene.season is Season.AUTUMN else 0.98  # dry blades must not glow over dry ground
        tip = (tip[0] * pale, tip[1] * pale * 0.95, tip[2] * pale)
    sway = 0.035 * sward.tall / 0.6 * min(2.5, scene.wind)
    return Curtain(
        depth,
        float(x[0]),
        step,
        as_floats(tops),
        as_floats(shade),
        tip,
        feet,
        mix(tip, 0.60 if sward.has_ears else 0.80, tip, 0.0),
        sway,
    )


def _blossoms(world: World, scene: Scene, light: Light, sward: _Sward, depth: float,
              random: np.random.Generator) -> list[Curtain]:  # fmt: skip
    """Flower heads among the blades: short bright strokes that end in grass."""
    curtains = []
    step = max(0.016, depth * 0.0008)
    for colour, share in _FLOWERS.get(scene.season, ()):
        x, feet = _ground(world, depth + 0.2, step)
        drift = smooth(0.15, 1.2, _rough(random, x.size, step, 9.0))
        stands = random.random(x.size, dtype=np.float32) < drift * np.float32(share * 0.30)
        tall = sward.tall * (np.float32(0.55) + np.float32(0.45) * random.random(x.size, dtype=np.float32))
        grown = _grown(world, scene, x, depth, feet, drift, drift, 1.0)
        tops = np.where(stands & (grown > 0.5), feet + tall, NOTHING)
        lit = mix(light.sun, 0.40, light.fill, 0.85)
        tip = (colour[0] * lit[0], colour[1] * lit[1], colour[2] * lit[2])
        green = GRASS[scene.season]
        root = (green[0] * lit[0] * 0.7, green[1] * lit[1] * 0.7, green[2] * lit[2] * 0.7)
        low = as_floats(np.where(tops > NOTHING, tops - np.float32(sward.tall * 0.13), feet))
        shade = as_floats(0.8 + 0.4 * random.random(x.size, dtype=np.float32))
        sway = 0.03 * min(2.5, scene.wind)
        curtains.append(Curtain(depth + 0.2, float(x[0]), step, as_floats(tops), shade, tip, low, root, sway))
    return curtains


def _grown(world: World, scene: Scene, x: Floats, depth: float, feet: Floats, clump: Floats, wide: Floats,
           cover: float) -> Floats:  # fmt: skip
    """How well grass grows at each sample: 0 none, 1 fully."""
    match scene.kind:
        case SceneKind.ROAD:
            off = np.abs(x - np.float32(road_at(world.draft, depth)))
            verge = smooth(ROAD_HALF_METRES + 0.35, ROAD_HALF_METRES + 1.6, off + clump * np.float32(0.25))
            return verge * smooth(0.0, 1.3, clump + wide * np.float32(0.4) + smooth(7, 4, off))
        case SceneKind.FIELD:
            lane = np.abs(np.mod(x + np.float32(4.0), np.float32(15.0)) - np.float32(7.5))
            return as_floats(0.25 + 0.75 * smooth(0.20, 0.42, np.abs(lane - np.float32(0.85))))
        case _:
            return smooth(0.0, 1.3, clump + wide * np.float32(0.45) + np.float32(2 * cover - 1.6))


def _colour(scene: Scene) -> Colour:
    return CROP[scene.season] if scene.kind is SceneKind.FIELD else GRASS[scene.season]


def _rough(random: np.random.Generator, size: int, step: float, metres: float) -> Floats:
    """Smooth noise along a line, deviation about 1, of the given wavelength."""
    knots = random.standard_normal(max(4, int(size * step / metres) + 2)).astype(np.float32)
    at = np.linspace(0, knots.size - 1.001, size, dtype=np.float32)
    first = at.astype(np.int32)
    part = at - first
    part = part * part * (np.float32(3) - 2 * part)
    return as_floats(knots[first] + (knots[first + 1] - knots[first]) * part)
