"""One look at the land: which point of the mesh each pixel sees, and its colour with haze.

Works column by column (as in Comanche, 1992), but over fixed rows: project every row of the grid, keep the running
minimum, scatter the rows that rise above it, and fill downwards. The same code draws the mirrored view for the water.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats, Ints, bands
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.land.curtains import Curtain
from doitong.engines.studio.land.ground import LIT_RANGE
from doitong.engines.studio.land.world import World
from doitong.engines.studio.noise import sample, spectral_tile

_NOTHING = np.float32(-1e4)
_NEAREST_METRES = 4.0
_TEXEL_TANGENT = 0.0011  # what a texel of the fine texture spans, seen from the origin
_NEAR_LAND_METRES = 1000.0
_BANK_ROWS = 3
_STEEP_ROWS = 14


@dataclass(frozen=True, slots=True)
class Picture:
    """The land seen: planes for the rows `top` … `top + height`; `land` is 0 where sky or water shows.
    `edges`: flat positions beside steep outlines, to be smoothed sideways once the picture is laid down."""

    top: int
    planes: tuple[Floats, Floats, Floats]
    land: Floats
    edges: Ints


class LandView:
    """Draws the land of one world."""

    def __init__(self, world: World, curtains: list[Curtain], haze_metres: float, mist: float,
                 detail: float) -> None:  # fmt: skip
        self._world = world
        self._curtains = sorted(curtains, key=lambda curtain: curtain.depth)
        self._haze, self._mist = np.float32(1.0 / haze_metres), np.float32(mist)
        grid_rows = world.grid.depths.size
        depths = np.concatenate([world.grid.depths, [c.depth for c in self._curtains]])
        order = np.argsort(depths, kind="stable")
        self._depths = depths[order].astype(np.float32)
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        self._ground_rows = place[:grid_rows]
        self._curtain_rows = place[grid_rows:]
        row_number = np.where(order < grid_rows, order, -1)
        self._last_ground = np.maximum.accumulate(row_number)
        is_ground = row_number >= 0
        before = np.where(is_ground, np.maximum(row_number - 1, 0), self._last_ground).clip(0)
        self._before = self._ground_rows[before].astype(np.int32)
        after = np.where(is_ground, row_number, self._last_ground).clip(0)
        own = np.interp(self._depths, world.grid.depths, np.arange(grid_rows))
        self._row_from = np.where(is_ground, before, own).astype(np.float32)
        self._row_span = np.where(is_ground, after - before, 0).astype(np.float32)
        self._depth_from = np.where(is_ground, world.grid.depths[before], self._depths).astype(np.float32)
        self._depth_span = np.where(is_ground, self._depths - self._depth_from, 0).astype(np.float32)
        self._is_curtain = np.zeros(order.size, bool)
        self._is_curtain[self._curtain_rows] = True
        self._curtain_of = np.zeros(order.size, np.int32)
        self._curtain_of[self._curtain_rows] = np.arange(len(self._curtains))
        rough = np.where(self._is_curtain, 0.30, 0.20 * detail * world.land.roughness)
        self._texture_strength = rough.astype(np.float32)
        self._lay_out_curtains()
        self._detail = detail
        self._texture = spectral_tile(np.random.default_rng(73), 512, 0.62, 8)
        level = np.log2(np.maximum(self._depths, 1.0) * np.float32(_TEXEL_TANGENT))
        self._texture_scale = np.exp2(-np.floor(level)).astype(np.float32)
        self._texture_blend = (level - np.floor(level)).astype(np.float32)
        self._scale = np.float32((world.grid.columns - 1) / (2 * world.grid.spread))

    def _lay_out_curtains(self) -> None:
        """The curtains' colours end to end, so that all are painted at once."""
        curtains = self._curtains
        self._starts = np.array([c.start for c in curtains], np.float32)
        self._per_step = np.array([1 / c.step for c in curtains], np.float32)
        self._lengths = np.array([c.shade.size for c in curtains], np.int32)
        self._offsets = (np.cumsum(self._lengths) - self._lengths).astype(np.int32)
        self._shades = np.concatenate([c.shade for c in curtains]) if curtains else np.zeros(0, np.float32)
        self._colours = [np.array([c.colour[i] for c in curtains], np.float32) for i in range(3)]

    def height_table(self, pose: Pose, lens: Lens) -> tuple[Floats, Floats, Floats]:
        """Heights seen in every column at every row (near to far), with the columns' sideways slope and depth."""
        px = lens.slopes()
        dz = np.float32(np.cos(pose.yaw)) - px * np.float32(np.sin(pose.yaw))
        aside = (np.float32(np.sin(pose.yaw)) + px * np.float32(np.cos(pose.yaw))) / dz
        grid = self._world.grid
        ahead = grid.depths - np.float32(pose.z)
        inverse = self._scale / (grid.depths + np.float32(grid.apex))
        map_x = np.outer(ahead * inverse, aside)
        map_x += (np.float32(pose.x) * inverse + np.float32((grid.columns - 1) / 2))[:, None]
        map_y = np.repeat(np.arange(grid.depths.size, dtype=np.float32)[:, None], lens.width, axis=1)
        table = np.empty((self._depths.size, lens.width), np.float32)
        table[self._ground_rows] = cv2.remap(self._world.heights, map_x, map_y, cv2.INTER_LINEAR,
                                             borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        for row, curtain in zip(self._curtain_rows, self._curtains, strict=True):
            x = np.float32(pose.x) + np.float32(curtain.depth - pose.z) * aside
            at = (x - np.float32(curtain.start)) * np.float32(1 / curtain.step)
            table[row] = np.interp(at, np.arange(curtain.tops.size), curtain.tops)
        return table, aside, dz

    def project(self, table: Floats, dz: Floats, pose: Pose, lens: Lens, mirrored: bool) -> tuple[Floats, int]:
        """Rows of the picture where each point appears, and the first row that is in front of the camera."""
        ahead = self._depths - np.float32(pose.z)
        first = int(np.searchsorted(ahead, _NEAREST_METRES))
        factor = np.outer(np.float32(lens.focal) / np.maximum(ahead, _NEAREST_METRES), dz)
        if mirrored:
            lifted = np.where(table > 0, table + np.float32(pose.y), _NOTHING)
            screen = np.float32(lens.horizon) - lifted * factor
        else:
            screen = np.float32(lens.horizon) - (table - np.float32(pose.y)) * factor
        screen[:first] = np.float32(4 * lens.rows)
        return screen.astype(np.float32, copy=False), first

    def hits(self, screen: Floats, lens: Lens, start: int = 0) -> Ints:
        """The number of the row seen by each pixel (or the count of rows: nothing), of the rows from `start` on."""
        low = np.full(lens.width, lens.rows, np.float32)
        rises = np.empty(screen.shape, bool)
        for row, rise in zip(screen, rises, strict=True):  # faster than minimum.accumulate, which is not vectorised
            np.less(row, low, out=rise)
            np.minimum(row, low, out=low)
        flat = np.flatnonzero(rises)[::-1]
        seen = np.full((lens.rows, lens.width), self._depths.size, np.int32)
        row = np.maximum(screen.reshape(-1).take(flat), 0).astype(np.int32)
        number, column = np.divmod(flat.astype(np.int32), np.int32(lens.width))
        seen.reshape(-1)[row * lens.width + column] = number + start
        for above, below in pairwise(seen):
            np.minimum(above, below, out=below)
        return seen

    def draw(self, pose: Pose, lens: Lens, haze: Floats) -> Picture | None:
        """The land from `pose`. `haze`: (3, width) the colour that distance turns to."""
        table, aside, dz = self.height_table(pose, lens)
        screen, first = self.project(table, dz, pose, lens, mirrored=False)
        seen = self.hits(screen, lens)
        nothing = self._depths.size
        nearest = screen[min(first, nothing - 1)]
        bottom = lens.rows
        if self._world.land.has_water:
            bottom = min(lens.rows, int(nearest.max()) + 1)
        top = _first_row(seen, nothing)
        if bottom <= top:
            return None
        part = seen[top:bottom]
        planes, land, _ = self._colour(part, top, screen, aside, dz, pose, lens, haze, mirrored=False)
        if self._world.land.has_water:
            rows = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5)
            land[rows > nearest[None, :]] = 0
        self._soften(part, top, screen, planes, land, nothing)
        return Picture(top, planes, land, _steep_edges(part))

    def draw_mirrored(self, pose: Pose, lens: Lens, haze: Floats) -> list[Picture]:
        """The land as the water mirrors it, far land first; near land only above its own shore, so that the water
        behind a headland still mirrors the mountains."""
        table, aside, dz = self.height_table(pose, lens)
        screen, first = self.project(table, dz, pose, lens, mirrored=True)
        split = int(np.searchsorted(self._depths, _NEAR_LAND_METRES))
        pictures = []
        for is_near, start, stop in ((False, max(first, split), None), (True, first, split)):
            seen = self.hits(screen[start:stop], lens, start)
            top = _first_row(seen, self._depths.size)
            if top >= lens.rows:
                continue
            planes, land, height = self._colour(seen[top:], top, screen, aside, dz, pose, lens, haze, mirrored=True)
            if is_near:
                land[height < np.float32(-0.3)] = 0
            pictures.append(Picture(top, planes, land, np.zeros(0, np.int64)))
        return pictures

    def _colour(self, seen: Ints, top: int, screen: Floats, aside: Floats, dz: Floats, pose: Pose, lens: Lens,
                haze: Floats, mirrored: bool) -> tuple[tuple[Floats, Floats, Floats], Floats, Floats]:  # fmt: skip
        """Red, green, blue, the share of land, and the height of what each pixel sees."""
        whole = np.empty((5, *seen.shape), np.float32)
        for band in bands(seen.shape[0]):
            part = self._colour_band(seen[band], top + band.start, screen, aside, dz, pose, lens, haze, mirrored)
            for plane, values in zip(whole, part, strict=True):
                plane[band] = values
        return (whole[0], whole[1], whole[2]), whole[3], whole[4]

    def _colour_band(self, seen: Ints, top: int, screen: Floats, aside: Floats, dz: Floats, pose: Pose, lens: Lens,
                haze: Floats, mirrored: bool) -> tuple[Floats, ...]:  # fmt: skip
        width = lens.width
        hit = np.minimum(seen, self._depths.size - 1)
        columns = np.arange(width, dtype=np.int32)[None, :]
        flat: Floats = screen.reshape(-1)
        upper = flat.take(hit * width + columns)
        lower = flat.take(self._before.take(hit) * width + columns)
        rows = np.arange(top, top + seen.shape[0], dtype=np.float32)[:, None] + np.float32(0.5)
        share = lower - rows
        share /= np.maximum(lower - upper, np.float32(1e-3))
        np.clip(share, 0, 1, out=share)
        depth = self._depth_span.take(hit)
        depth *= share
        depth += self._depth_from.take(hit)
        map_y = self._row_span.take(hit)
        map_y *= share
        map_y += self._row_from.take(hit)
        ahead = depth - np.float32(pose.z)
        x = ahead * aside
        x += np.float32(pose.x)
        map_x = x / (depth + np.float32(self._world.grid.apex))
        map_x *= self._scale
        map_x += np.float32((self._world.grid.columns - 1) / 2)
        away = ahead
        away *= 1 / dz
        height = away * ((np.float32(lens.horizon) - rows) * np.float32(1 / lens.focal))
        height += np.float32(-pose.y if mirrored else pose.y)
        if mirrored:  # what lies under its own shore stands for the wooded bank behind it
            map_y[height < 1] += _BANK_ROWS
        lit = cv2.remap(self._world.lit, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        parts = cv2.split(lit)
        planes = [cv2.LUT(parts[i], _DECODE) for i in range(3)]
        land = np.ones_like(away) if mirrored else parts[3].astype(np.float32) * np.float32(1 / 255)
        self._paint_curtains(hit, x, planes, land)
        if self._detail > 0 and not mirrored:
            self._roughen(hit, x, height + depth * np.float32(0.55), planes)
        land[seen >= self._depths.size] = 0
        mist = cv2.exp(np.minimum(height * np.float32(-1 / 55.0), 2.0)) * (self._mist * np.float32(3.4))
        mist += np.float32(0.35) + cv2.exp(np.minimum(height * np.float32(-1 / 900.0), 0.5)) * np.float32(0.65)
        mist *= away
        mist *= -self._haze
        clear = cv2.exp(mist)
        for plane, air in zip(planes, haze, strict=True):
            np.subtract(plane, air, out=plane)
            np.multiply(plane, clear, out=plane)
            np.add(plane, air, out=plane)
        return planes[0], planes[1], planes[2], land, height

    def _roughen(self, hit: Ints, x: Floats, up: Floats, planes: list[Floats]) -> None:
        """Texture finer than the grid, of two sizes that follow the distance, fixed to the land."""
        scale = self._texture_scale.take(hit)
        fine = sample(self._texture, x * scale, up * scale)
        scale *= np.float32(0.5)
        coarse = sample(self._texture, x * scale, up * scale)
        fine += (coarse - fine) * self._texture_blend.take(hit)
        fine *= self._texture_strength.take(hit)
        fine += np.float32(1.0)
        for plane in planes:
            np.multiply(plane, fine, out=plane)

    def _paint_curtains(self, hit: Ints, x: Floats, planes: list[Floats], land: Floats) -> None:
        spots = np.flatnonzero(self._is_curtain.take(hit))
        if not spots.size:
            return
        number = self._curtain_of.take(hit.reshape(-1)[spots])
        at = (x.reshape(-1)[spots] - self._starts.take(number)) * self._per_step.take(number)
        sample_number = np.clip(at.astype(np.int32), 0, self._lengths.take(number) - 1) + self._offsets.take(number)
        shade = self._shades.take(sample_number)
        for i, plane in enumerate(planes):
            plane.reshape(-1)[spots] = shade * self._colours[i].take(number)
        land.reshape(-1)[spots] = 1

    def _soften(self, seen: Ints, top: int, screen: Floats, planes: tuple[Floats, Floats, Floats], land: Floats,
                nothing: int) -> None:  # fmt: skip
        """Blend each outline pixel with the one above it by the share of it that is covered."""
        width = seen.shape[1]
        jump = seen[:-1] - seen[1:] > 3
        spots = np.flatnonzero(jump) + width
        if not spots.size:
            return
        hit = seen.reshape(-1)[spots]
        edge = screen.reshape(-1).take(hit * width + spots % width)
        cover = np.clip(np.float32(top) + (spots // width + 1).astype(np.float32) - edge, 0, 1)
        above = spots - width
        is_sky = seen.reshape(-1)[above] >= nothing
        for plane in planes:
            flat = plane.reshape(-1)
            mixed = flat[spots] * cover + flat[above] * (1 - cover)
            flat[spots] = np.where(is_sky, flat[spots], mixed)
        flat_land = land.reshape(-1)
        flat_land[spots] = np.where(is_sky, flat_land[spots] * cover, flat_land[spots])


def _first_row(seen: Ints, nothing: int) -> int:
    """The highest row of the picture that shows land (the number of rows when none does)."""
    rows = (seen < nothing).any(axis=1)
    return int(np.argmax(rows)) if rows.any() else seen.shape[0]


def _steep_edges(seen: Ints) -> Ints:
    """Positions on both sides of outlines that run steeply, where coverage by column alone would leave steps."""
    jump = np.abs(seen[:, 1:] - seen[:, :-1]) > _STEEP_ROWS
    beside = np.zeros(seen.shape, bool)
    beside[:, 1:-1] = jump[:, 1:] | jump[:, :-1]
    return np.flatnonzero(beside)


_DECODE = ((np.arange(256, dtype=np.float32) / 255.0) ** 2 * LIT_RANGE).astype(np.float32)[None, :]
