"""What the land is made of and how the light falls on it: forest, snow, shadow and shade."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Colour, Floats, as_floats, by_bands, smooth
from doitong.engines.studio.land.draft import Draft
from doitong.engines.studio.land.plains import road_middle
from doitong.engines.studio.land.soils import SNOW, SOILS, Site, lay
from doitong.engines.studio.scene import Scene, Season

if TYPE_CHECKING:
    from doitong.engines.studio.air.light import Light
    from doitong.engines.studio.land.landforms import Landform
    from doitong.engines.studio.land.world import Grid
    from doitong.engines.studio.levels import Level

LIT_RANGE = 2.6

FOREST: Colour = (0.030, 0.046, 0.026)
JUNGLE: Colour = (0.042, 0.068, 0.024)
BROADLEAF: dict[Season, Colour] = {
    Season.SPRING: (0.070, 0.105, 0.028),
    Season.SUMMER: (0.046, 0.068, 0.026),
    Season.AUTUMN: (0.230, 0.105, 0.028),
    Season.WINTER: (0.085, 0.072, 0.060),
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


def survey(scene: Scene, land: Landform, draft: Draft, heights: Floats, x: Floats, z: Floats, cell: Floats) -> Surface:
    """Decide what covers each cell, and let forest stand above its ground."""
    if land.ground == "alpine":  # snow and tree line go with the mountains that there are
        peak = float(np.quantile(heights[::8, ::8], 0.999))
        land = replace(land, snow_line=0.60 * peak, tree_line=min(land.tree_line, 0.44 * peak))
    smoothed = cv2.GaussianBlur(heights, (0, 0), sigmaX=3.0, sigmaY=0.8)  # a cell is narrower than it is deep
    along = np.gradient(smoothed, axis=1) / cell
    across = np.gradient(smoothed, axis=0) / np.gradient(z[:, :1], axis=0)
    steep = np.sqrt(along * along + across * across).astype(np.float32)
    spacing = np.maximum(cell, np.gradient(z[:, :1], axis=0) * np.float32(0.5))
    patch = by_bands(partial(draft.sum, metres=340, octaves=5, channel=50), x, z)
    fine = by_bands(partial(draft.sum, metres=70, octaves=4, channel=55), x, z) * (
        np.float32(0.45) + np.float32(0.55) * np.clip(35 / spacing - 1, 0, 1)
    )
    site = Site(scene, land, draft, heights, x, z, cell, spacing, steep, patch, fine)
    edge = patch * 150 + fine * 60
    forest = _forest(site, edge)
    tall = np.clip(draft.fractal.wave(x, z, 17, 60) * np.float32(0.7) + np.float32(0.55), 0, 1)
    grain = np.clip(np.float32(17) / cell - np.float32(1.1), 0, 1)
    raised = heights + forest * tall * (np.float32(11) * grain * smooth(500, 1300, z))
    snow = _snow(site, edge)
    wet = smooth(*_WATER_EDGE.get(land.ground, (-0.25, 0.35)), heights) if land.has_water else np.ones_like(heights)
    return Surface(x, raised.astype(np.float32), _albedo(site, forest, snow), forest, snow, wet)


_WATER_EDGE = {"beach": (0.26, 0.46)}  # the heights between which water gives way to land


def _forest(site: Site, edge: Floats) -> Floats:
    scene, land, patch, fine = site.scene, site.land, site.patch, site.fine
    if not scene.trees or land.tree_line < 0 or land.tree_density <= 0:
        return np.zeros_like(site.heights)
    below = 1 - smooth(land.tree_line - 110, land.tree_line + 110, site.heights + edge)
    steepest = 1.45 if land.ground == "island" else 0.75
    gentle = 1 - smooth(steepest, steepest + 0.4, site.steep + fine * np.float32(0.25))
    cover = smooth(-0.16, 0.06, patch + fine * np.float32(0.3) + np.float32(0.25 * land.tree_density))
    if land.ground == "island":
        cover = smooth(-0.42, -0.16, patch + fine * np.float32(0.3))
    if land.ground in {"meadow", "road"}:
        cover = smooth(0.12, 0.26, patch + fine * np.float32(0.4))
    if land.ground == "field":
        cover = smooth(0.20, 0.32, patch + fine * np.float32(0.4)) * smooth(350, 500, site.z)
    if land.ground == "road":
        cover = cover * smooth(9, 16, np.abs(site.x - road_middle(site.draft, site.z[:, :1])))
    if not land.has_water:
        cover = cover * smooth(170, 420, site.z + fine * 120)
    cover = np.maximum(cover, (1 - smooth(600, 1100, site.z)) * np.float32(0.9 if land.shore_trees else 0.0))
    low = 3.5 if land.ground == "island" else 1.0
    dry = smooth(low, low + 1.6, site.heights + fine) if land.has_water else np.float32(1.0)
    return as_floats(below * gentle * cover * dry)


def _snow(site: Site, edge: Floats) -> Floats:
    scene, land, heights, cell = site.scene, site.land, site.heights, site.cell
    line = land.snow_line * (1.30 - 1.8 * scene.snow)
    if land.ground not in {"alpine", "snow"} and scene.snow < 0.7:
        return np.zeros_like(heights)
    hollow = cv2.GaussianBlur(heights, (0, 0), 5) - heights
    settle = hollow / (cell * np.float32(2.2))
    cover = smooth(-60, 170, heights - np.float32(line) + edge * np.float32(1.15) + settle * 90)
    if scene.snow >= 0.7 or land.ground == "snow":
        cover = np.maximum(cover, np.float32(0.96))
    high = smooth(0, 420, heights - np.float32(line))
    bare = 1.15 if land.ground == "snow" else 0.85
    hold = 1 - smooth(bare, bare + 0.6, site.steep - settle * np.float32(0.25) - high * np.float32(0.55))
    return as_floats(cover * hold)


def wood_colour(scene: Scene, land: Landform) -> Colour:
    """What woods look like from afar."""
    if land.ground == "alpine":
        return FOREST
    return JUNGLE if land.ground == "island" else BROADLEAF[scene.season]


def _albedo(site: Site, forest: Floats, snow: Floats) -> tuple[Floats, Floats, Floats]:
    planes = SOILS[site.land.ground](site)
    mottle = 1 + site.fine * np.float32(0.25) + site.patch * np.float32(0.14)
    wood = wood_colour(site.scene, site.land)
    leaves = 1 + site.fine * np.float32(0.5)
    wet = np.float32(1 - 0.40 * site.scene.rain)
    for plane in planes:
        np.multiply(plane, mottle * wet, out=plane)
    lay(planes, [np.float32(value) * leaves for value in wood], forest * np.float32(0.93))
    lay(planes, SNOW, snow * (1 - forest * np.float32(0.55)))
    for plane in planes:
        np.maximum(plane, np.float32(0.006), out=plane)
    return planes[0].astype(np.float32), planes[1].astype(np.float32), planes[2].astype(np.float32)


def light_land(
    scene: Scene, land: Landform, light: Light, level: Level, grid: Grid, surface: Surface, sun_turn: float
) -> Bytes:
    """Sun with cast shadows, sky light with ambient occlusion, and light from the ground below."""
    from doitong.engines.studio.land.world import gradient  # noqa: PLC0415

    turn = sun_turn + math.copysign(math.radians(light.key_turn), sun_turn)
    lower = 0.6 if scene.snow >= 0.7 else _KEY_LOWER.get(land.ground, 1.0)
    up = math.radians(light.key_height * lower)
    sun = (math.sin(turn) * math.cos(up), math.sin(up), math.cos(turn) * math.cos(up))
    smoothed = cv2.GaussianBlur(surface.heights, (0, 0), sigmaX=1.4, sigmaY=0.6)
    gx, gz = gradient(smoothed, grid, surface.x)
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


_KEY_LOWER = {"snow": 0.6, "sand": 0.68, "beach": 0.8}  # smooth ground wants a raking light to show its shape


def _openness(heights: Floats, grid: Grid) -> Floats:
    """How much of the sky a place sees, from the height of its surroundings at two scales."""
    seen = np.ones_like(heights)
    for radius, strength, shrink in ((3.0, 0.35, 1), (12.0, 0.45, 2), (30.0, 0.35, 4)):
        around = _blurred(heights, radius, shrink)
        seen *= 1 - np.float32(strength) * np.clip((around - heights) / (grid.cell() * np.float32(radius)), -0.35, 1)
    return np.clip(seen, 0.25, 1.25).astype(np.float32)


def _blurred(heights: Floats, radius: float, shrink: int) -> Floats:
    """A Gaussian blur, made at a smaller size: what is wide needs few points."""
    rows, columns = heights.shape
    size = (columns // shrink, rows // shrink)
    small = cv2.resize(heights, size, interpolation=cv2.INTER_AREA) if shrink > 1 else heights
    soft = cv2.GaussianBlur(small, (0, 0), radius / shrink)
    return as_floats(cv2.resize(soft, (columns, rows), interpolation=cv2.INTER_LINEAR) if shrink > 1 else soft)


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
