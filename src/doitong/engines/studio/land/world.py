"""The land of one film, built once: heights on a perspective grid, lit once, as colours to be looked up.

The grid's rows are planes of constant depth and its columns fan out from an apex behind the viewer, so every
cell covers about the same number of pixels. The rows stay where they are while the camera moves: a frame draws
always the same mesh, and ridges cannot pop or swim.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import cv2
import numpy as np

from doitong.engines.studio.air.light import Light
from doitong.engines.studio.arrays import Bytes, Floats, as_floats, by_bands, smooth
from doitong.engines.studio.land import ground
from doitong.engines.studio.land.draft import Draft
from doitong.engines.studio.land.landforms import Landform
from doitong.engines.studio.land.relief import RELIEFS
from doitong.engines.studio.levels import Level
from doitong.engines.studio.noise import Fractal, sample, spectral_tile
from doitong.engines.studio.scene import Feature, Scene

DRY_METRES = np.float32(-0.3)  # what lies lower is under water for certain
_LOG_STEPS = 8192
_SHORE_ROWS = 3


@dataclass(frozen=True, slots=True)
class Grid:
    """The perspective grid: `depths` of the rows, `apex` metres behind the origin, columns over ±`spread`."""

    depths: Floats
    apex: float
    spread: float
    columns: int

    def plane(self) -> tuple[Floats, Floats]:
        """x and z in metres of every cell."""
        u = np.linspace(-self.spread, self.spread, self.columns, dtype=np.float32)
        z = np.broadcast_to(self.depths[:, None], (self.depths.size, self.columns))
        return np.ascontiguousarray(u[None, :] * (z + np.float32(self.apex))), np.ascontiguousarray(z)

    def cell(self) -> Floats:
        """Width of a cell in each row, metres, as a column."""
        width = (self.depths + np.float32(self.apex)) * np.float32(2 * self.spread / (self.columns - 1))
        return np.asarray(width[:, None], dtype=np.float32)

    def spacing(self) -> Floats:
        """What the grid can show in each row: the width of a cell, or half its depth where that is more."""
        deep = np.gradient(self.depths).astype(np.float32)[:, None] * np.float32(0.5)
        return as_floats(np.maximum(self.cell(), deep))

    def columns_of(self, x: Floats, z: Floats) -> Floats:
        """Column numbers of points in the plane."""
        scale = np.float32((self.columns - 1) / (2 * self.spread))
        return x / (z + np.float32(self.apex)) * scale + np.float32((self.columns - 1) / 2)

    def rows_of(self, z: Floats) -> Floats:
        """Row numbers (with fraction) of depths."""
        rows = np.interp(z, self.depths, np.arange(self.depths.size))
        return np.asarray(rows, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class World:
    """`heights` in metres on `grid`; `lit` holds red, green, blue (square root of light / LIT_RANGE) and land."""

    land: Landform
    draft: Draft
    grid: Grid
    heights: Floats
    lit: Bytes
    forest: Floats
    sun_turn: float

    def height_at(self, x: Floats, z: Floats) -> Floats:
        """Heights at points of the plane (one-dimensional arrays)."""
        at, row = self.grid.columns_of(x, z), self.grid.rows_of(z)
        return np.asarray(cv2.remap(self.heights, at[:, None], row[:, None], cv2.INTER_LINEAR))[:, 0]

    def ground_at(self, x: float, z: float) -> float:
        """Height at one point of the plane."""
        return float(self.height_at(np.array([x], np.float32), np.array([z], np.float32))[0])

    def cover_at(self, x: Floats, z: Floats) -> Floats:
        """How wooded points of the plane are, 0–1."""
        at, row = self.grid.columns_of(x, z), self.grid.rows_of(z)
        return np.asarray(cv2.remap(self.forest, at[:, None], row[:, None], cv2.INTER_LINEAR))[:, 0]

    def thinned(self, step: int) -> World:
        """The same land with every `step`th row, for what water mirrors."""
        return self._of_rows(slice(None, None, step))

    def without_depths(self) -> World:
        """The same land without the rows that are wholly under water, but for some next to land: nobody sees them."""
        has_land = (self.heights > DRY_METRES).any(axis=1)
        near_land = np.convolve(has_land, np.ones(2 * _SHORE_ROWS + 1), "same")
        return self._of_rows(near_land > 0)

    def _of_rows(self, rows: Any) -> World:
        grid = replace(self.grid, depths=np.ascontiguousarray(self.grid.depths[rows]))
        return replace(self, grid=grid, heights=np.ascontiguousarray(self.heights[rows]),
                       lit=np.ascontiguousarray(self.lit[rows]), forest=self.forest[rows])  # fmt: skip

    def ridge(self, turn: float, eye: float) -> float:
        """Tangent of the land's outline seen from the origin in one direction."""
        z = self.grid.depths
        there = self.height_at(z * np.float32(np.tan(turn)), z)
        return float(np.max((there - eye) / z) * np.cos(turn))


def lay_grid(land: Landform, level: Level, spread: float) -> Grid:
    """Depths even in the logarithm, three times as dense where the land is worth looking at."""
    at = np.linspace(np.log(land.near), np.log(land.far), _LOG_STEPS)
    low, high = np.log(land.densest[0]), np.log(land.densest[1])
    inside = 1 / (1 + np.exp(-(at - low) * 9)) / (1 + np.exp((at - high) * 9))
    density = np.cumsum(1.0 + 3.2 * inside)
    want = np.linspace(density[0], density[-1], level.rows)
    depths = np.exp(np.interp(want, density, at)).astype(np.float32)
    return Grid(depths, apex=max(land.apex, land.near * 3), spread=spread, columns=level.columns)


def build_world(scene: Scene, land: Landform, level: Level, light: Light, grid: Grid, sun_turn: float,
                side: float, top: float) -> World:  # fmt: skip
    """Raise, erode and light the land. `sun_turn`: the sun's direction in radians right of the view; `side`: the
    tangent from the middle of the frame to its edge; `top`: to its upper edge from the horizon."""
    random = np.random.default_rng([scene.seed, 11])
    fractal = Fractal(random)
    draft = Draft(fractal, random, sun_turn, level.octaves, side, Feature.RIVER in scene.features)
    x, z = grid.plane()
    spacing = np.broadcast_to(grid.spacing(), x.shape)
    heights = by_bands(partial(RELIEFS[scene.kind], draft), x, z, spacing)
    if land.ground in {"alpine", "snow"}:
        heights = fit_height(heights, x, z, side, top)
    heights = erode(heights, grid, level, spectral_tile(random, 512, 0.2, 24), x, z, land)
    surface = ground.survey(scene, land, draft, heights, x, z, grid.cell())
    lit = ground.light_land(scene, land, light, level, grid, surface, sun_turn)
    return World(land, draft, grid, surface.heights, lit, surface.forest, sun_turn)


def fit_height(heights: Floats, x: Floats, z: Floats, side: float, top: float) -> Floats:
    """Scale the land so that its highest outline stays inside the frame and is worth looking at."""
    inside = (np.abs(x) < z * np.float32(side)) & (z > 1200)
    highest = float(np.max(np.where(inside, heights / z, 0)))
    wanted = min(0.84 * top, 0.34)
    scale = min(1.35, max(0.45, wanted / max(highest, 1e-3)))
    return np.where(heights > 0, heights * np.float32(scale), heights).astype(np.float32)


def erode(heights: Floats, grid: Grid, level: Level, tile: Floats, x: Floats, z: Floats, land: Landform) -> Floats:
    """Carve gullies down the slopes: noise smeared along the fall line (line integral convolution,
    Cabral and Leedom 1993), made to span 2^n steps by doubling the flow map n times."""
    if land.ground not in {"alpine", "coast", "island", "snow", "beach"}:
        return heights
    heights = heights.astype(np.float32)
    for scale, depth in ((270.0, 24.0), (115.0, 8.0), (52.0, 2.6))[: level.gullies]:
        seen = np.clip(scale / grid.spacing() - np.float32(2.0), 0, 1)
        near = np.flatnonzero(seen.max(axis=1) > 0)
        if not near.size:
            continue
        part = slice(0, min(heights.shape[0], int(near[-1]) + 16))  # rows fine enough for gullies of this size
        rough = cv2.GaussianBlur(heights[part], (0, 0), 2.5)
        gx, gz = gradient(rough, grid, x[part])
        steep = np.sqrt(gx * gx + gz * gz)
        streaks = _smear(tile, grid, x[part], z[part], gx / (steep + 0.02), gz / (steep + 0.02), scale)
        carve = np.minimum(np.abs(streaks), np.float32(2.0))
        patches = sample(tile, x[part] * np.float32(0.09), z[part] * np.float32(0.09))
        carve *= seen[part] * np.clip(np.float32(0.75) + patches, 0.15, 1.6)
        carve *= smooth(0.18, 0.75, steep) * smooth(25, 260, heights[part]) * np.float32(depth)
        heights[part] -= carve
    return heights


def _smear(tile: Floats, grid: Grid, x: Floats, z: Floats, fx: Floats, fz: Floats, scale: float) -> Floats:
    noise = sample(tile, x * np.float32(9 / scale), z * np.float32(9 / scale))
    rows, columns = noise.shape
    base_x: Floats
    base_y: Floats
    map_x: Floats
    map_y: Floats
    base_x, base_y = np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32))
    row_depth = np.gradient(grid.depths).astype(np.float32)[:rows, None]
    step = np.float32(scale * 0.11)
    dz = fz * step
    du = (fx * step - x / (z + np.float32(grid.apex)) * dz) / grid.cell()[:rows]
    map_x, map_y = base_x + du, base_y + dz / row_depth
    for _ in range(4):
        further = cv2.remap(noise, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        noise = (noise + further) * np.float32(0.5)
        flow_x = cv2.remap(map_x, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        map_x, map_y = flow_x, cv2.remap(map_y, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(noise / (noise.std() + 1e-6), dtype=np.float32)


def gradient(heights: Floats, grid: Grid, x: Floats) -> tuple[Floats, Floats]:
    """Slope of the land along x and along z, of the grid's nearest rows or of all."""
    depths = grid.depths[: heights.shape[0]]
    along_u = np.gradient(heights, axis=1) / grid.cell()[: depths.size]
    along_z = np.gradient(heights, depths, axis=0)
    drift = x / (depths[:, None] + np.float32(grid.apex))
    return along_u.astype(np.float32), (along_z - along_u * drift).astype(np.float32)
