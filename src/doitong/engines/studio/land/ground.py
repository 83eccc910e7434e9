"""What the land is made of and how the light falls on it: forest, rock, snow, sand, shadow and shade."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Colour, Floats, as_floats, smooth
from doitong.engines.studio.noise import Fractal
from doitong.engines.studio.scene import Scene, Season

if TYPE_CHECKING:
    from doitong.engines.studio.air.light import Light
    from doitong.engines.studio.land.landforms import Landform
    from doitong.engines.studio.land.world import Grid
    from doitong.engines.studio.levels import Level

LIT_RANGE = 2.6

FOREST: Colour = (0.030, 0.046, 0.026)
ROCK: Colour = (0.205, 0.195, 0.185)
DARK_ROCK: Colour = (0.100, 0.100, 0.106)
SNOW: Colour = (0.80, 0.83, 0.88)
BEACH: Colour = (0.30, 0.265, 0.215)
SAND: Colour = (0.56, 0.385, 0.225)
DRY_GRASS: Colour = (0.20, 0.165, 0.062)
GRASS: dict[Season, Colour] = {
    Season.SPRING: (0.085, 0.135, 0.032),
    Season.SUMMER: (0.092, 0.118, 0.036),
    Season.AUTUMN: (0.190, 0.125, 0.042),
    Season.WINTER: (0.130, 0.115, 0.070),
}


@dataclass(frozen=True, slots=True)
class Surface:
    """The land before it is lit; colours and covers 0–1 for every cell of the grid."""

    x: Floats
    heights: Floats
    albedo: tuple[Floats, Floats, Floats]
    forest: Floats
    snow: Floats
    land: Floats


def survey(
    scene: Scene, land: Landform, fractal: Fractal, heights: Floats, x: Floats, z: Floats, cell: Floats
) -> Surface:
    """Decide what covers each cell, and let forest stand above its ground."""
    if land.ground == "alpine":  # snow and tree line go with the mountains that there are
        peak = float(np.quantile(heights[::8, ::8], 0.999))
        land = replace(land, snow_line=0.60 * peak, tree_line=min(land.tree_line, 0.44 * peak))
    along = np.gradient(heights, axis=1) / cell
    across = np.gradient(heights, axis=0) / np.gradient(z[:, :1], axis=0)
    steep = np.sqrt(along * along + across * across).astype(np.float32)
    patch = fractal.sum(x, z, 340, 5, 50)
    fine = fractal.sum(x, z, 70, 4, 55)
    edge = patch * 150 + fine * 60
    forest = _forest(scene, land, heights, z, steep, patch, fine, edge)
    tall = np.clip(fractal.wave(x, z, 17, 60) * np.float32(0.7) + np.float32(0.55), 0, 1)
    grain = np.clip(np.float32(17) / cell - np.float32(1.1), 0, 1)
    raised = heights + forest * tall * (np.float32(11) * grain * smooth(500, 1300, z))
    snow = _snow(scene, land, heights, steep, edge, cell)
    albedo = _albedo(scene, land, heights, steep, patch, fine, forest, snow)
    wet = smooth(-0.25, 0.35, heights) if land.has_water else np.ones_like(heights)
    return Surface(x, raised.astype(np.float32), albedo, forest, snow, wet)


def _forest(scene: Scene, land: Landform, heights: Floats, z: Floats, steep: Floats, patch: Floats, fine: Floats,
            edge: Floats) -> Floats:  # fmt: skip
    if not scene.trees or land.tree_line < 0 or land.tree_density <= 0:
        return np.zeros_like(heights)
    below = 1 - smooth(land.tree_line - 110, land.tree_line + 110, heights + edge)
    gentle = 1 - smooth(0.75, 1.15, steep + fine * np.float32(0.25))
    cover = smooth(-0.16, 0.06, patch + fine * np.float32(0.3) + np.float32(0.25 * land.tree_density))
    if land.ground == "meadow":
        cover = smooth(0.12, 0.26, patch + fine * np.float32(0.4))
    if not land.has_water:
        cover = cover * smooth(170, 420, z + fine * 120)
    cover = np.maximum(cover, (1 - smooth(600, 1100, z)) * np.float32(0.9 if land.shore_trees else 0.0))
    dry = smooth(1.0, 2.6, heights + fine) if land.has_water else np.float32(1.0)
    return as_floats(below * gentle * cover * dry)


def _snow(scene: Scene, land: Landform, heights: Floats, steep: Floats, edge: Floats, cell: Floats) -> Floats:
    line = land.snow_line * (1.30 - 1.8 * scene.snow)
    if land.ground in {"sand", "coast", "meadow"} and scene.snow < 0.7:
        return np.zeros_like(heights)
    hollow = cv2.GaussianBlur(heights, (0, 0), 5) - heights
    settle = hollow / (cell * np.float32(2.2))
    cover = smooth(-60, 170, heights - np.float32(line) + edge * np.float32(1.15) + settle * 90)
    if scene.snow >= 0.7:
        cover = np.maximum(cover, np.float32(0.96))
    high = smooth(0, 420, heights - np.float32(line))
    hold = 1 - smooth(0.85, 1.45, steep - settle * np.float32(0.25) - high * np.float32(0.55))
    return as_floats(cover * hold)


def _albedo(scene: Scene, land: Landform, heights: Floats, steep: Floats, patch: Floats, fine: Floats,
            forest: Floats, snow: Floats) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    mottle = 1 + fine * np.float32(0.35) + patch * np.float32(0.18)
    strata = np.sin(heights * np.float32(0.11) + patch * 5 + fine * 2) * np.float32(0.5) + np.float32(0.5)
    bare = smooth(0.55, 0.95, steep + fine * np.float32(0.3))
    if land.ground == "alpine":
        bare = np.maximum(bare, smooth(land.tree_line - 40, land.tree_line + 260, heights + patch * 160))
    beach = 1 - smooth(0.5, 1.8, heights + fine * 2) if land.has_water else np.zeros_like(heights)
    dry = smooth(-0.25, 0.55, fine + patch * np.float32(0.6)) * np.float32(0.55)
    planes = []
    for i in range(3):
        rock = DARK_ROCK[i] + (ROCK[i] - DARK_ROCK[i]) * strata
        if land.ground == "sand":
            soil: Floats = np.full_like(heights, SAND[i])
            rock = soil
        else:
            soil = GRASS[scene.season][i] + (DRY_GRASS[i] - GRASS[scene.season][i]) * dry
        colour = (soil + (rock - soil) * bare) * mottle
        colour += (np.float32(BEACH[i]) - colour) * beach
        colour += (np.float32(FOREST[i]) * (1 + fine * np.float32(0.5)) - colour) * forest * np.float32(0.93)
        cover = snow * (1 - forest * np.float32(0.55))
        colour += (np.float32(SNOW[i]) - colour) * cover
        planes.append(np.maximum(colour, 0.006).astype(np.float32))
    return planes[0], planes[1], planes[2]


def light_land(
    scene: Scene, land: Landform, light: Light, level: Level, grid: Grid, surface: Surface, sun_turn: float
) -> Bytes:
    """Sun with cast shadows, sky light with ambient occlusion, and light from the ground below."""
    from doitong.engines.studio.land.world import gradient  # noqa: PLC0415

    turn = sun_turn + math.copysign(math.radians(light.key_turn), sun_turn)
    up = math.radians(light.key_height)
    sun = (math.sin(turn) * math.cos(up), math.sin(up), math.cos(turn) * math.cos(up))
    gx, gz = gradient(surface.heights, grid, surface.x)
    upright = 1 / np.sqrt(1 + gx * gx + gz * gz)
    facing = np.clip((np.float32(sun[1]) - gx * np.float32(sun[0]) - gz * np.float32(sun[2])) * upright, 0, 1)
    shadow = cast_shadow(surface.heights, grid, turn, math.tan(up), level.shadow_steps)
    open_sky = _openness(surface.heights, grid)
    direct = facing * shadow
    sky = (np.float32(0.62) + np.float32(0.38) * upright) * open_sky
    side = np.clip(np.float32(0.5) - gx * upright * np.float32(math.copysign(0.5, sun_turn)), 0, 1)
    planes = []
    for i in range(3):
        bounce = np.float32(0.055 * light.sun[i]) * side * open_sky
        lit = surface.albedo[i] * (np.float32(light.sun[i]) * direct + np.float32(light.fill[i]) * sky + bounce)
        planes.append(np.sqrt(np.clip(lit * np.float32(1 / LIT_RANGE), 0, 1)) * 255)
    planes.append(surface.land * 255)
    return np.asarray(cv2.merge([(plane + np.float32(0.5)).astype(np.uint8) for plane in planes]), dtype=np.uint8)


def _openness(heights: Floats, grid: Grid) -> Floats:
    """How much of the sky a place sees, from the height of its surroundings at two scales."""
    seen = np.ones_like(heights)
    for radius, strength in ((3.0, 0.35), (12.0, 0.45), (30.0, 0.35)):
        around = cv2.GaussianBlur(heights, (0, 0), radius)
        seen *= 1 - np.float32(strength) * np.clip((around - heights) / (grid.cell() * np.float32(radius)), -0.35, 1)
    return np.clip(seen, 0.25, 1.25).astype(np.float32)


def cast_shadow(heights: Floats, grid: Grid, turn: float, rise: float, steps: int) -> Floats:
    """Soft shadows: march towards the sun on the half-size grid; 1 is lit, 0 is shadow."""
    small = cv2.resize(heights, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    rows, columns = small.shape
    depths = cv2.resize(grid.depths[:, None], (1, rows), interpolation=cv2.INTER_AREA)[:, 0]
    u = np.linspace(-grid.spread, grid.spread, columns, dtype=np.float32)
    z = np.broadcast_to(depths[:, None], small.shape).astype(np.float32)
    x = u[None, :] * (z + np.float32(grid.apex))
    shade = np.zeros_like(small)
    for metres in np.geomspace(25, 3800, steps):
        px, pz = x + np.float32(math.sin(turn) * metres), z + np.float32(math.cos(turn) * metres)
        at = grid.columns_of(px, pz) * np.float32(columns / grid.columns)
        row = grid.rows_of(pz[:, 0])[:, None] * np.float32(rows / grid.depths.size)
        row = np.ascontiguousarray(np.broadcast_to(row, small.shape))
        there = cv2.remap(small, at, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        over = (there - small - np.float32(metres * rise)) / np.float32(metres * 0.09 + 6)
        np.maximum(shade, over, out=shade)
    soft = cv2.GaussianBlur(1 - smooth(-0.25, 0.75, shade), (0, 0), 0.9)
    full = cv2.resize(soft, (heights.shape[1], heights.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, dtype=np.float32)
