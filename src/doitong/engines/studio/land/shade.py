"""What a pixel's point of the land looks like: lit colour, fine texture, what moves over it, curtains, haze."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import (
    Floats,
    Ints,
    Numbers,
    as_floats,
    halved_numbers,
    look_up,
    table_of,
    upper_halves,
)
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.land.finish import Finish, Spot
from doitong.engines.studio.land.ground import LIT_RANGE
from doitong.engines.studio.land.mesh import Mesh
from doitong.engines.studio.land.world import World
from doitong.engines.studio.noise import pad, spectral_tile, wrapped

_TEXEL_TANGENT = 0.0011  # what a texel of the fine texture spans, seen from the origin
_BANK_ROWS = 3
_TEXTURE_SIZE = 256
_DECODE = ((np.arange(256, dtype=np.float32) / 255.0) ** 2 * LIT_RANGE).astype(np.float32)[None, :]


@dataclass(frozen=True, slots=True)
class Air:
    """How far one sees (metres to 1/e) and how much mist lies low over the ground."""

    haze_metres: float
    mist: float


def _thickness(air: Air) -> Floats:
    """By height above the water: how much a metre of air takes, as the logarithm of what is left."""
    height = halved_numbers()
    mist = np.exp(np.minimum(height * np.float32(-1 / 55), 2)) * np.float32(3.4 * air.mist)
    thin = np.exp(np.minimum(height * np.float32(-1 / 900), 0.5)) * np.float32(0.65)
    return as_floats((mist + thin + np.float32(0.35)) * np.float32(-1 / air.haze_metres))[None, :]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the land. `screen`: the row where each mesh point appears; `aside`, `dz`: the columns' sideways
    slope and depth; `haze`: (3, width) the colour that distance turns to; `lower`, `upper`: tables of where in `screen`
    the mesh row before each number, and its own, begin."""

    pose: Pose
    lens: Lens
    screen: Floats
    aside: Floats
    dz: Floats
    haze: Floats
    seconds: float
    mirrored: bool
    lower: Ints
    upper: Ints


_POINTERS = ("seen", "shows", "screen", "aside", "dz", "air", "lower", "upper", "row_from", "row_span", "depth_from",
             "depth_span", "lit", "texture", "grain", "blend", "strength", "is_curtain", "curtain_start",
             "curtain_pace", "curtain_colours", "curtain_first", "curtain_last", "samples", "thickness", "red",
             "green", "blue", "land", "x", "depth", "away", "height")  # fmt: skip
_COUNTS = ("rows", "width", "left", "right", "top", "nothing", "grid_rows", "grid_columns", "texture_size", "table",
           "is_mirrored", "is_rough", "is_finished")  # fmt: skip
_NUMBERS = ("eye_x", "eye_y", "eye_z", "horizon", "focal", "apex", "scale", "middle", "lit_range", "bank")


class _Land(ctypes.Structure):
    """`struct land` of kernels/land.c."""

    _fields_ = (
        [(name, ctypes.c_void_p) for name in _POINTERS]
        + [(name, ctypes.c_int32) for name in _COUNTS]
        + [(name, ctypes.c_float) for name in _NUMBERS]
    )


class Shader:
    """Colours what is seen of one world. `is_plain`: nothing finishes it, so that a picture can be filled at once."""

    def __init__(self, world: World, mesh: Mesh, air: Air, finishes: tuple[Finish, ...], detail: float) -> None:
        self._world, self._mesh, self._finishes = world, mesh, finishes
        self._thickness = _thickness(air)
        self._is_curtain = table_of(mesh.is_curtain.astype(np.uint8))
        self._lay_out_curtains()
        self._detail = detail
        tile = spectral_tile(np.random.default_rng(73), _TEXTURE_SIZE, 0.62, 4)[2:-2, 2:-2]
        self._texture = pad(np.tile(tile, (2, 2)))
        level = np.log2(np.maximum(mesh.depths, 1.0) * np.float32(_TEXEL_TANGENT))
        leaves = [0.0 if c.sway > 0 or c.depth > world.land.far else 0.26 for c in mesh.curtains]
        rough = np.full(mesh.depths.size, 0.20 * detail * world.land.roughness)
        rough[mesh.curtain_rows] = leaves
        grains = (np.exp2(-np.floor(level)), level - np.floor(level), rough)
        self._grains = tuple(table_of(as_floats(part)) for part in grains)
        self.is_plain = not finishes
        self._fixed = self._fix()

    def _fix(self) -> _Land:
        """What the loops read of this world in every picture."""
        world, mesh = self._world, self._mesh
        rows, columns = world.heights.shape
        land = _Land(
            lit=at(world.lit, np.uint8), texture=at(self._texture), thickness=at(self._thickness),
            is_curtain=at(self._is_curtain, np.uint8), nothing=mesh.depths.size, grid_rows=rows, grid_columns=columns,
            texture_size=2 * _TEXTURE_SIZE, table=1 << 16, apex=world.grid.apex, scale=mesh.scale,
            middle=(columns - 1) / 2, lit_range=LIT_RANGE, bank=_BANK_ROWS,
        )  # fmt: skip
        names = ("row_from", "row_span", "depth_from", "depth_span", "grain", "blend", "strength")
        tables = dict(zip(names, (*mesh.places, *self._grains), strict=True))
        if mesh.curtains:
            tables |= {"curtain_start": self._own[0], "curtain_pace": self._own[1], "curtain_colours": self._own[2:]}
            land.curtain_first, land.curtain_last = at(self._offsets, np.int32), at(self._ends, np.int32)
            land.samples = at(self._samples, np.complex128)
        for name, table in tables.items():
            setattr(land, name, at(table))
        return land

    def _lay_out_curtains(self) -> None:
        """The curtains end to end, their samples packed by fours: all are painted at once with few gathers. What each
        has of its own is looked up by the mesh row that a pixel sees."""
        curtains = self._mesh.curtains
        if not curtains:
            return
        lengths = np.array([c.shade.size for c in curtains], np.int32)
        number = self._mesh.curtain_of
        self._ends = table_of((np.cumsum(lengths) - 1).astype(np.int32)[number])
        self._offsets = table_of((np.cumsum(lengths) - lengths).astype(np.int32)[number])
        own = np.array([(c.start, 1 / c.step, *c.root, *c.colour) for c in curtains], np.float32)
        self._own = np.stack([table_of(part[number]) for part in own.T])
        shades, feet, tops = (np.concatenate([getattr(c, name) for c in curtains])
                              for name in ("shade", "feet", "tops"))  # fmt: skip
        per_metre = 1 / np.maximum(tops - feet, np.float32(0.1))
        samples = np.stack([shades, feet, per_metre, np.zeros_like(feet)], axis=1)
        self._samples = as_floats(samples).view(np.complex128).reshape(-1)

    def look(self, pose: Pose, lens: Lens, screen: Floats, aside: Floats, dz: Floats, haze: Floats, seconds: float,
             *, mirrored: bool) -> Look:  # fmt: skip
        """What the bands of one picture share."""
        width = np.int32(lens.width)
        upper = np.arange(self._mesh.depths.size, dtype=np.int32) * width
        return Look(pose, lens, screen, aside, dz, haze, seconds, mirrored, table_of(self._mesh.before * width),
                    table_of(upper))  # fmt: skip

    def band(self, seen: Numbers, shows: Ints, top: int, columns: slice, look: Look, into: list[Floats]) -> None:
        """Put red, green, blue, share of land and, if mirrored, the height of a band's columns into planes. `seen`: the
        number of the mesh row that each pixel of its whole rows sees; `shows`: whether that is land."""
        part = np.ascontiguousarray(seen[:, columns])
        if loops is not None:
            spot = self._looked_up(seen, shows, top, columns, look)
        else:
            spot = self._point(part, top, columns, look)
        for finish in self._finishes:
            finish(spot)
        np.multiply(spot.land, part < self._mesh.depths.size, out=into[3])
        self._fade(spot, into[:3])
        if look.mirrored:
            into[4][:] = spot.height

    def fill(self, seen: Numbers, shows: Ints, top: int, look: Look, whole: Floats) -> None:
        """The same for a whole picture that nothing finishes, where it `shows` land; elsewhere nothing."""
        land = self._land_of(seen, shows, top, slice(0, look.lens.width), look, whole)
        land.is_finished = 1
        loops.land_shade(ctypes.byref(land))

    def _looked_up(self, seen: Numbers, shows: Ints, top: int, columns: slice, look: Look) -> Spot:
        whole = np.empty((8, len(seen), columns.stop - columns.start), np.float32)
        land = self._land_of(seen, shows, top, columns, look, whole)
        land.x, land.depth, land.away, land.height = (at(plane) for plane in whole[4:])
        loops.land_shade(ctypes.byref(land))
        x, depth, away, height = whole[4:]
        return Spot(list(whole[:3]), whole[3], x, depth, away, height, look.haze[:, columns], look)

    def _land_of(self, seen: Numbers, shows: Ints, top: int, columns: slice, look: Look, whole: Floats) -> _Land:
        """What the loops are told of a band of pixels, and the planes that they fill."""
        lens, pose, land = look.lens, look.pose, _Land.from_buffer_copy(self._fixed)
        land.seen, land.shows = at(seen, np.uint16), at(shows, bool)
        land.screen, land.lower, land.upper = at(look.screen), at(look.lower, np.int32), at(look.upper, np.int32)
        land.aside, land.dz, land.air = at(look.aside), at(look.dz), at(look.haze)
        land.rows, land.width, land.left, land.right, land.top = len(seen), lens.width, columns.start, columns.stop, top
        land.eye_x, land.eye_y, land.eye_z, land.horizon, land.focal = pose.x, pose.y, pose.z, lens.horizon, lens.focal
        land.is_mirrored, land.is_rough = look.mirrored, self._detail > 0 and not look.mirrored
        land.red, land.green, land.blue, land.land = (at(plane) for plane in whole[:4])
        land.height = at(whole[4]) if look.mirrored else None
        return land

    def _point(self, seen: Numbers, top: int, columns: slice, look: Look) -> Spot:
        """Where each pixel lies and the light it sends, by numpy."""
        lens, pose, grid = look.lens, look.pose, self._world.grid
        row_from, map_y, depth, span = (look_up(table, seen) for table in self._mesh.places)
        rows = np.arange(top, top + seen.shape[0], dtype=np.float32)[:, None] + np.float32(0.5)
        share = self._share(seen, rows, columns, look)
        span *= share
        depth += span
        map_y *= share
        map_y += row_from
        away = np.subtract(depth, np.float32(pose.z), out=span)
        x = np.multiply(away, look.aside[columns], out=row_from)
        x += np.float32(pose.x)
        map_x = depth + np.float32(grid.apex)
        np.divide(x, map_x, out=map_x)
        map_x *= self._mesh.scale
        map_x += np.float32((grid.columns - 1) / 2)
        away *= 1 / look.dz[columns]
        height = away * ((np.float32(lens.horizon) - rows) * np.float32(1 / lens.focal))
        height += np.float32(-pose.y if look.mirrored else pose.y)
        if look.mirrored:  # what lies under its own shore stands for the wooded bank behind it
            map_y += np.multiply(height < 1, np.float32(_BANK_ROWS))
        lit = cv2.remap(self._world.lit, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        parts = cv2.split(lit)
        planes = [cv2.LUT(parts[i], _DECODE) for i in range(3)]
        land = np.ones_like(away) if look.mirrored else np.multiply(parts[3], np.float32(1 / 255))
        spot = Spot(planes, land, x, depth, away, height, look.haze[:, columns], look)
        self._paint_curtains(seen, spot)
        if self._detail > 0 and not look.mirrored:
            self._roughen(seen, spot)
        return spot

    def _share(self, seen: Numbers, rows: Floats, columns: slice, look: Look) -> Floats:
        """How far each pixel lies from the mesh row before the one it sees (0) to that row (1)."""
        flat: Floats = look.screen.reshape(-1)
        column = np.arange(columns.start, columns.stop, dtype=np.int32)
        place = look_up(look.lower, seen)
        place += column
        lower = flat.take(place, mode="clip")
        place = look_up(look.upper, seen)
        place += column
        upper = flat.take(place, mode="clip")
        np.subtract(lower, upper, out=upper)
        np.maximum(upper, np.float32(1e-3), out=upper)
        lower -= rows
        lower /= upper
        return np.clip(lower, 0, 1, out=lower)

    def _fade(self, spot: Spot, into: list[Floats]) -> None:
        """Haze by distance, thicker in the valleys."""
        if loops is not None:
            loops.land_fade(
                at(self._thickness), at(np.ascontiguousarray(spot.haze)), at(spot.away), at(spot.height),
                *map(at, spot.planes), *spot.land.shape,
            )  # fmt: skip
            for plane, whole in zip(spot.planes, into, strict=True):
                whole[:] = plane
            return
        clear = look_up(self._thickness, upper_halves(spot.height))
        clear *= spot.away
        np.maximum(clear, np.float32(-20), out=clear)  # what underflows takes ten times as long
        cv2.exp(clear, clear)
        for plane, air, whole in zip(spot.planes, spot.haze, into, strict=True):
            np.subtract(plane, air, out=plane)
            np.multiply(plane, clear, out=plane)
            np.add(plane, air, out=whole)

    def _roughen(self, seen: Numbers, spot: Spot) -> None:
        """Texture finer than the grid, of two sizes that follow the distance, fixed to the land."""
        scale, blend, strength = (look_up(table, seen) for table in self._grains)
        across = spot.x * scale
        up = spot.depth * np.float32(0.55)
        up += spot.height
        up *= scale
        across, up = (wrapped(at, 2 * _TEXTURE_SIZE) for at in (across, up))
        fine: Floats = cv2.remap(self._texture, across, up, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        across *= np.float32(0.5)  # the tile comes twice each way, so that half of a place in it is one too
        up *= np.float32(0.5)
        coarse: Floats = cv2.remap(self._texture, across, up, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        coarse -= fine
        coarse *= blend
        fine += coarse
        fine *= strength
        fine += np.float32(1.0)
        for plane in spot.planes:
            np.multiply(plane, fine, out=plane)

    def _paint_curtains(self, seen: Numbers, spot: Spot) -> None:
        if not self._mesh.curtains:
            return
        spots = np.flatnonzero(look_up(self._is_curtain, seen))
        if not spots.size:
            return
        row = seen.reshape(-1).take(spots)
        start, per_step, *colours = (look_up(table, row).reshape(-1) for table in self._own)
        at = spot.x.reshape(-1).take(spots)
        at -= start
        at *= per_step
        np.maximum(at, 0, out=at)
        place = at.astype(np.int32)
        place += look_up(self._offsets, row).reshape(-1)
        np.minimum(place, look_up(self._ends, row).reshape(-1), out=place)
        packed = self._samples.take(place).view(np.float32).reshape(-1, 4)
        shade, foot, per_metre = packed[:, 0], packed[:, 1], packed[:, 2]
        rise = spot.height.reshape(-1).take(spots)
        rise -= foot
        rise *= per_metre
        np.clip(rise, 0, 1, out=rise)
        for low, high, plane in zip(colours[:3], colours[3:], spot.planes, strict=True):
            colour = high - low
            colour *= rise
            colour += low
            colour *= shade
            plane.reshape(-1)[spots] = colour
        spot.land.reshape(-1)[spots] = 1
