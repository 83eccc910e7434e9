"""What a pixel's point of the land looks like: lit colour, fine texture, what moves over it, curtains, haze."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats, Ints
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.land.finish import Finish, Spot
from doitong.engines.studio.land.ground import LIT_RANGE
from doitong.engines.studio.land.mesh import Mesh
from doitong.engines.studio.land.world import World
from doitong.engines.studio.noise import sample, spectral_tile

_TEXEL_TANGENT = 0.0011  # what a texel of the fine texture spans, seen from the origin
_BANK_ROWS = 3
_DECODE = ((np.arange(256, dtype=np.float32) / 255.0) ** 2 * LIT_RANGE).astype(np.float32)[None, :]


@dataclass(frozen=True, slots=True)
class Air:
    """How far one sees (metres to 1/e) and how much mist lies low over the ground."""

    haze_metres: float
    mist: float


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the land. `screen`: the row where each mesh point appears; `aside`, `dz`: the columns' sideways
    slope and depth; `haze`: (3, width) the colour that distance turns to."""

    pose: Pose
    lens: Lens
    screen: Floats
    aside: Floats
    dz: Floats
    haze: Floats
    seconds: float
    mirrored: bool


class Shader:
    """Colours what is seen of one world."""

    def __init__(self, world: World, mesh: Mesh, air: Air, finishes: tuple[Finish, ...], detail: float) -> None:
        self._world, self._mesh, self._finishes = world, mesh, finishes
        self._haze, self._mist = np.float32(1.0 / air.haze_metres), np.float32(air.mist)
        self._lay_out_curtains()
        self._detail = detail
        self._texture = spectral_tile(np.random.default_rng(73), 512, 0.62, 8)
        level = np.log2(np.maximum(mesh.depths, 1.0) * np.float32(_TEXEL_TANGENT))
        leaves = [0.0 if c.sway > 0 or c.depth > world.land.far else 0.26 for c in mesh.curtains]
        rough = np.full(mesh.depths.size, 0.20 * detail * world.land.roughness)
        rough[mesh.curtain_rows] = leaves
        texture = np.stack([np.exp2(-np.floor(level)), level - np.floor(level), rough, mesh.is_curtain], axis=1)
        self._grains: Floats = texture.astype(np.float32)

    def _lay_out_curtains(self) -> None:
        """The curtains end to end, packed by fours, so that all are painted at once with few gathers."""
        curtains = self._mesh.curtains
        self._lengths = np.array([c.shade.size for c in curtains], np.int32)
        self._offsets = (np.cumsum(self._lengths) - self._lengths).astype(np.int32)
        self._tips: Floats = np.array([(*c.colour, c.start) for c in curtains], np.float32)
        self._roots: Floats = np.array([(*c.root, 1 / c.step) for c in curtains], np.float32)
        if curtains:
            shades, feet, tops = (np.concatenate([getattr(c, name) for c in curtains])
                                  for name in ("shade", "feet", "tops"))  # fmt: skip
            per_metre = 1 / np.maximum(tops - feet, np.float32(0.1))
            samples = np.stack([shades, feet, per_metre, np.zeros_like(feet)], axis=1)
            self._samples: Floats = samples.astype(np.float32)

    def band(self, seen: Ints, top: int, columns: slice, look: Look) -> tuple[Floats, ...]:
        """Red, green, blue, share of land and height for a band of pixels; `seen` as `LandView.hits` answers."""
        lens, pose, grid = look.lens, look.pose, self._world.grid
        hit = np.minimum(seen, self._mesh.depths.size - 1)
        row_from, row_span, depth, depth_span = _gather(self._mesh.places, hit)
        rows = np.arange(top, top + seen.shape[0], dtype=np.float32)[:, None] + np.float32(0.5)
        share = self._share(hit, rows, columns, look)
        depth_span *= share
        depth += depth_span
        row_span *= share
        map_y = row_from
        map_y += row_span
        away = depth - np.float32(pose.z)
        x = away * look.aside[columns]
        x += np.float32(pose.x)
        map_x = x / (depth + np.float32(grid.apex))
        map_x *= self._mesh.scale
        map_x += np.float32((grid.columns - 1) / 2)
        away *= 1 / look.dz[columns]
        height = away * ((np.float32(lens.horizon) - rows) * np.float32(1 / lens.focal))
        height += np.float32(-pose.y if look.mirrored else pose.y)
        if look.mirrored:  # what lies under its own shore stands for the wooded bank behind it
            map_y[height < 1] += _BANK_ROWS
        lit = cv2.remap(self._world.lit, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        parts = cv2.split(lit)
        planes = [cv2.LUT(parts[i], _DECODE) for i in range(3)]
        land = np.ones_like(away) if look.mirrored else parts[3].astype(np.float32) * np.float32(1 / 255)
        spot = Spot(planes, land, x, depth, away, height, look.haze[:, columns], look)
        self._paint_curtains(hit, spot)
        if self._detail > 0 and not look.mirrored:
            self._roughen(hit, spot)
        for finish in self._finishes:
            finish(spot)
        land[seen >= self._mesh.depths.size] = 0
        self._fade(spot)
        return planes[0], planes[1], planes[2], land, height

    def _share(self, hit: Ints, rows: Floats, columns: slice, look: Look) -> Floats:
        """How far each pixel lies from the mesh row before the one it sees (0) to that row (1)."""
        width = np.int32(look.lens.width)
        flat: Floats = look.screen.reshape(-1)
        column = np.arange(columns.start, columns.stop, dtype=np.int32)
        place = self._mesh.before.take(hit)
        place *= width
        place += column
        lower = flat.take(place)
        np.multiply(hit, width, out=place)
        place += column
        upper = flat.take(place)
        np.subtract(lower, upper, out=upper)
        np.maximum(upper, np.float32(1e-3), out=upper)
        lower -= rows
        lower /= upper
        return np.clip(lower, 0, 1, out=lower)

    def _fade(self, spot: Spot) -> None:
        """Haze by distance, thicker in the valleys."""
        mist = spot.height * np.float32(-1 / 55.0)
        np.minimum(mist, 2.0, out=mist)
        cv2.exp(mist, mist)
        mist *= self._mist * np.float32(3.4)
        thin = spot.height * np.float32(-1 / 900.0)
        np.minimum(thin, 0.5, out=thin)
        cv2.exp(thin, thin)
        thin *= np.float32(0.65)
        mist += thin
        mist += np.float32(0.35)
        mist *= spot.away
        mist *= -self._haze
        clear = cv2.exp(mist)
        for plane, air in zip(spot.planes, spot.haze, strict=True):
            np.subtract(plane, air, out=plane)
            np.multiply(plane, clear, out=plane)
            np.add(plane, air, out=plane)

    def _roughen(self, hit: Ints, spot: Spot) -> None:
        """Texture finer than the grid, of two sizes that follow the distance, fixed to the land."""
        scale, blend, strength, _ = _gather(self._grains, hit)
        up = spot.height + spot.depth * np.float32(0.55)
        fine = sample(self._texture, spot.x * scale, up * scale)
        scale *= np.float32(0.5)
        coarse = sample(self._texture, spot.x * scale, up * scale)
        coarse -= fine
        coarse *= blend
        fine += coarse
        fine *= strength
        fine += np.float32(1.0)
        for plane in spot.planes:
            np.multiply(plane, fine, out=plane)

    def _paint_curtains(self, hit: Ints, spot: Spot) -> None:
        spots = np.flatnonzero(self._mesh.is_curtain.take(hit))
        if not spots.size:
            return
        number = self._mesh.curtain_of.take(hit.reshape(-1).take(spots))
        *tip, start = _gather(self._tips, number)
        *root, per_step = _gather(self._roots, number)
        at = (spot.x.reshape(-1).take(spots) - start) * per_step
        place = np.clip(at.astype(np.int32), 0, self._lengths.take(number) - 1) + self._offsets.take(number)
        shade, foot, per_metre, _ = _gather(self._samples, place)
        rise = (spot.height.reshape(-1).take(spots) - foot) * per_metre
        np.clip(rise, 0, 1, out=rise)
        for low, high, plane in zip(root, tip, spot.planes, strict=True):
            plane.reshape(-1)[spots] = shade * (low + (high - low) * rise)
        spot.land.reshape(-1)[spots] = 1


def _gather(table: Floats, hit: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    """The four numbers of each row that is hit: one gather of 16 bytes instead of four of 4."""
    packed = table.view(np.complex128).reshape(-1).take(hit)
    one, two, three, four = cv2.split(packed.view(np.float32).reshape(hit.shape[0], -1, 4))
    shape = hit.shape
    return one.reshape(shape), two.reshape(shape), three.reshape(shape), four.reshape(shape)
