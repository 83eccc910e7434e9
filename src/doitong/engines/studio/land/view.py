"""One look at the land: which point of the mesh each pixel sees.

Works column by column (as in Comanche, 1992), but over fixed rows: project every row of the grid, keep the running
minimum, scatter the rows that rise above it, and fill downwards. The same code draws the mirrored view for the water.
What a pixel's point looks like is `shade`'s to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats, Ints, Numbers, bands
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.land.curtains import Curtain
from doitong.engines.studio.land.finish import Finish
from doitong.engines.studio.land.mesh import Mesh
from doitong.engines.studio.land.shade import Air, Look, Shader
from doitong.engines.studio.land.world import DRY_METRES, World

_NOTHING = np.float32(-1e4)
_NEAREST_METRES = 1.5
_LAYERS = {"island": (1850.0, 1000.0)}  # distances between the layers of land that water mirrors, far to near
_TWO_LAYERS = (1000.0,)
_STEEP_ROWS = 14
_CHUNK_ROWS = 48


@dataclass(frozen=True, slots=True)
class Picture:
    """The land seen: planes for the rows `top` … `top + height`; `land` is 0 where sky or water shows.
    `edges`: flat positions beside steep outlines, to be smoothed sideways once the picture is laid down.
    `seen`: for every pixel of the whole frame the number of the mesh row it sees, near to far."""

    top: int
    planes: tuple[Floats, Floats, Floats]
    land: Floats
    edges: Ints
    seen: Numbers


@dataclass(frozen=True, slots=True)
class Sweep:
    """The mesh seen from a pose: the picture's row of every point (mesh row × column), the same cut to whole rows of
    the picture, whether the point is under water, the first mesh row in front of the camera, and the columns' sideways
    slope and depth."""

    screen: Floats
    place: Ints
    is_wet: Ints
    first: int
    aside: Floats
    dz: Floats


class LandView:
    """Draws the land of one world."""

    def __init__(self, world: World, curtains: list[Curtain], air: Air, finishes: tuple[Finish, ...],
                 detail: float) -> None:  # fmt: skip
        self._world = world
        self._layers = _LAYERS.get(world.land.ground, _TWO_LAYERS)
        self.mesh = Mesh(world.grid, curtains)
        self._shader = Shader(world, self.mesh, air, finishes, detail)

    def sweep(self, pose: Pose, lens: Lens, seconds: float, mirrored: bool = False) -> Sweep:
        """Project the mesh, a few rows at a time so that they stay in the processor's cache."""
        px = lens.slopes()
        dz = np.float32(np.cos(pose.yaw)) - px * np.float32(np.sin(pose.yaw))
        aside = (np.float32(np.sin(pose.yaw)) + px * np.float32(np.cos(pose.yaw))) / dz
        grid, mesh = self._world.grid, self.mesh
        ahead = mesh.depths - np.float32(pose.z)
        first = int(np.searchsorted(ahead, _NEAREST_METRES))
        inverse = mesh.scale / (mesh.depths + np.float32(grid.apex))
        ramp, offset = ahead * inverse, np.float32(pose.x) * inverse + np.float32((grid.columns - 1) / 2)
        factor = np.float32(lens.focal) / np.maximum(ahead, _NEAREST_METRES)
        rows = mesh.depths.size
        screen = np.empty((rows, lens.width), np.float32)
        if loops is not None:
            is_wet = np.empty(screen.shape, np.uint8)
            outlines = self._outlines(pose, ahead, aside, seconds)
            loops.land_project(
                at(self._world.heights), *self._world.heights.shape, at(mesh.above, np.int32), at(mesh.below),
                at(ramp), at(offset), at(factor), at(mesh.curtain_or_none, np.int32), at(outlines), at(aside), at(dz),
                pose.y, DRY_METRES if self._world.land.has_water else _NOTHING, lens.horizon, mirrored, first, rows,
                lens.width, 4 * lens.rows, at(screen), at(is_wet, np.uint8),
            )  # fmt: skip
            return Sweep(screen, screen, is_wet, first, aside, dz)  # the scan cuts to whole rows by itself
        place, is_wet = np.full(screen.shape, lens.rows, np.int16), np.zeros(screen.shape, bool)
        turned = abs(pose.yaw) > 1e-6
        for start in range(0, rows, _CHUNK_ROWS):
            part = slice(start, min(rows, start + _CHUNK_ROWS))
            map_x: Floats = np.outer(ramp[part], aside)
            map_x += offset[part, None]
            map_y = np.repeat(mesh.rows[part], lens.width, axis=1)
            heights: Floats = cv2.remap(
                self._world.heights, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            for row in np.flatnonzero(mesh.is_curtain[part]):
                curtain = mesh.curtains[mesh.curtain_of[start + row]]
                heights[row] = curtain.outline(np.float32(pose.x) + ahead[start + row] * aside, seconds)
            if self._world.land.has_water:
                np.less_equal(heights, DRY_METRES, out=is_wet[part])
            if mirrored:
                under = heights <= 0
                heights += np.float32(pose.y)
                heights[under] = _NOTHING
            else:
                heights -= np.float32(pose.y)
            heights *= -factor[part, None]
            if turned:
                heights *= dz
            np.add(heights, np.float32(lens.horizon), out=screen[part])
            place[part] = np.clip(screen[part], 0, lens.rows, out=heights)
        screen[:first] = np.float32(4 * lens.rows)
        place[:first] = lens.rows
        return Sweep(screen, place, is_wet, first, aside, dz)

    def _outlines(self, pose: Pose, ahead: Floats, aside: Floats, seconds: float) -> Floats:
        """The height of every curtain in every column."""
        curtains = self.mesh.curtains
        outlines = np.empty((len(curtains), aside.size), np.float32)
        for curtain, row, out in zip(curtains, self.mesh.curtain_rows, outlines, strict=True):
            loops.land_outline(
                at(curtain.tops), curtain.tops.size, curtain.start, 1 / curtain.step, curtain.sway / curtain.step,
                seconds * 2.6 + curtain.depth, pose.x, ahead[row], at(aside), aside.size, at(out),
            )  # fmt: skip
        return outlines

    def hits(self, swept: Sweep, lens: Lens, start: int = 0, stop: int | None = None) -> tuple[Numbers, Ints]:
        """The number of the mesh row seen by each pixel (or the count of rows: nothing), of the rows from `start` to
        `stop`, and whether it sees land above water."""
        if loops is not None:
            count = self.mesh.depths.size
            seen, shows = np.empty((lens.rows, lens.width), np.uint16), np.empty((lens.rows, lens.width), bool)
            loops.land_scan(
                at(swept.screen), at(swept.is_wet, np.uint8), start, count if stop is None else stop, lens.rows,
                lens.width, count, at(seen, np.uint16), at(shows, bool),
            )  # fmt: skip
            return seen, shows
        place, is_wet = swept.place[start:stop], swept.is_wet[start:stop]
        lows = np.empty((place.shape[0] + 1, lens.width), np.int16)
        lows[0] = lens.rows
        for row, low, lower in zip(place, lows, lows[1:], strict=False):
            np.minimum(row, low, out=lower)  # faster than minimum.accumulate, which is not vectorised
        # twice the number, and one more for what is under water
        seen = np.full((lens.rows, lens.width), 2 * self.mesh.depths.size, np.uint16)
        for part in bands(place.shape[0]):
            rises = lows[1:][part] < lows[:-1][part]
            flat = np.flatnonzero(rises)
            number = np.repeat(np.arange(rises.shape[0]), np.count_nonzero(rises, axis=1))
            spot = lows[1:][part].reshape(-1).take(flat).astype(np.intp)
            spot -= number
            spot *= lens.width
            spot += flat
            number += part.start + start
            number *= 2
            number += is_wet[part].reshape(-1).take(flat)
            seen.reshape(-1)[spot] = number
        for above, below in pairwise(seen):
            np.minimum(above, below, out=below)
        shows = (seen & 1) == 0
        seen >>= 1
        shows &= seen < self.mesh.depths.size
        return seen, shows

    def draw(self, pose: Pose, lens: Lens, haze: Floats, seconds: float) -> Picture | None:
        """The land from `pose`. `haze`: (3, width) the colour that distance turns to."""
        swept = self.sweep(pose, lens, seconds)
        seen, shows = self.hits(swept, lens)
        look = self._shader.look(pose, lens, swept.screen, swept.aside, swept.dz, haze, seconds, mirrored=False)
        if self._world.land.has_water:  # a shore's own pixels are shared
            shows[:-1] |= shows[1:]
            shows[1:] |= shows[:-1]
        top, bottom = _span(shows.any(axis=1))
        if bottom <= top:
            return None
        part = seen[top:bottom]
        planes, land, _ = self._colour(part, shows[top:bottom], top, look)
        if self._world.land.has_water and not self._world.land.on_land:
            nearest = swept.screen[min(swept.first, self.mesh.depths.size - 1)]
            rows = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5)
            land[rows > nearest[None, :]] = 0
        self._soften(part, top, swept.screen, planes, land)
        return Picture(top, planes, land, _steep_edges(part), seen)

    def draw_mirrored(self, pose: Pose, lens: Lens, haze: Floats, seconds: float) -> list[Picture]:
        """The land as the water mirrors it, in layers, far land first; nearer land only above its own shore, so that
        the water behind a headland still mirrors the mountains."""
        swept = self.sweep(pose, lens, seconds, mirrored=True)
        look = self._shader.look(pose, lens, swept.screen, swept.aside, swept.dz, haze, seconds, mirrored=True)
        cuts = [max(swept.first, int(np.searchsorted(self.mesh.depths, metres))) for metres in self._layers]
        pictures = []
        for number, (start, stop) in enumerate(zip([*cuts, swept.first], [None, *cuts], strict=True)):
            seen, shows = self.hits(swept, lens, start, stop)
            top, bottom = _span(shows.any(axis=1))
            if bottom <= top:
                continue
            planes, land, height = self._colour(seen[top:bottom], shows[top:bottom], top, look)
            if number > 0:
                land[height < np.float32(-0.3)] = 0
            pictures.append(Picture(top, planes, land, np.zeros(0, np.int64), seen))
        return pictures

    def _colour(self, seen: Numbers, shows: Ints, top: int,
                look: Look) -> tuple[tuple[Floats, Floats, Floats], Floats, Floats]:  # fmt: skip
        """Red, green, blue, the share of land, and, if mirrored, the height of what each pixel sees (else: land)."""
        whole = np.empty((5 if look.mirrored else 4, *seen.shape), np.float32)
        if loops is not None and self._shader.is_plain:
            self._shader.fill(seen, shows, top, look, whole)
            return (whole[0], whole[1], whole[2]), whole[3], whole[-1]
        for band in bands(seen.shape[0]):
            left, right = _span(shows[band].any(axis=0))
            columns = slice(left, right)
            whole[:, band, :left] = 0
            whole[:, band, right:] = 0
            if right > left:
                into = [plane[band, columns] for plane in whole]
                self._shader.band(seen[band], shows[band], top + band.start, columns, look, into)
        return (whole[0], whole[1], whole[2]), whole[3], whole[-1]

    def _soften(self, seen: Numbers, top: int, screen: Floats, planes: tuple[Floats, Floats, Floats],
                land: Floats) -> None:  # fmt: skip
        """Blend each outline pixel with the one above it by the share of it that is covered."""
        width = seen.shape[1]
        jump = cv2.subtract(seen[:-1], seen[1:]) > 3
        spots = np.flatnonzero(jump)
        if not spots.size:
            return
        row = spots // width
        place = seen[1:].reshape(-1).take(spots).astype(np.intp)
        place -= row
        place *= width
        place += spots
        cover = row.astype(np.float32)
        cover += np.float32(top + 2)
        cover -= screen.reshape(-1).take(place)
        np.clip(cover, 0, 1, out=cover)
        flat_land = land.reshape(-1)
        is_bare = flat_land.take(spots) <= 0  # sky or water shows there: the land itself is made thinner
        bare = spots[is_bare] + width
        flat_land[bare] *= cover[is_bare]
        above = spots[~is_bare]
        below, cover = above + width, cover[~is_bare]
        for plane in planes:
            flat = plane.reshape(-1)
            over, under = flat.take(above), flat.take(below)
            under -= over
            under *= cover
            under += over
            flat[below] = under


def _span(flags: Any) -> tuple[int, int]:
    """First true place and the one after the last; (0, 0) when there is none."""
    places = np.flatnonzero(flags)
    return (int(places[0]), int(places[-1]) + 1) if places.size else (0, 0)


def _steep_edges(seen: Numbers) -> Ints:
    """Positions on both sides of outlines that run steeply, where coverage by column alone would leave steps."""
    jump = cv2.absdiff(np.ascontiguousarray(seen[:, 1:]), np.ascontiguousarray(seen[:, :-1])) > _STEEP_ROWS
    beside = np.zeros(seen.shape, bool)
    beside[:, 1:-1] = jump[:, 1:] | jump[:, :-1]
    return np.flatnonzero(beside)
