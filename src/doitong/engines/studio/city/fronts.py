"""The fronts of buildings: what of each strip is glass, wall and lamp-light, and the colour of each of its pixels.

Windows are a pattern of pulses whose exact mean over a pixel is known (analytic prefiltering), so that fronts of any
distance neither flicker nor show moiré.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.air.light import Light
from doitong.engines.studio.arrays import Bytes, Colour, Floats, Ints
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.city.columns import Strips
from doitong.engines.studio.city.plan import GROUND, LAMP_GAP, City
from doitong.engines.studio.city.setting import Curtain, Shadows
from doitong.engines.studio.city.skins import CELL_COLUMNS, HALVINGS, LIGHT_RANGE, CellAtlas

_SHADOW_POINTS = 12
Each = Callable[[Floats], Floats]  # from values of strips to values of their pixels
_PLAIN_HABIT = 4.0  # of far skylines
_LEAST_GLINT = 0.4  # that shows


@dataclass(frozen=True, slots=True)
class Lamps:
    """Man's own light: of windows (a factor), on the ground, and in shops; `glint` is the sun's on glass."""

    windows: float
    street: Colour
    shops: float
    glint: float


@dataclass(frozen=True, slots=True)
class Coat:
    """What the pixels of each strip share. Colours are (3, strips)."""

    map_x: Floats
    map_y: Floats
    map_pace: Floats
    storeys: Floats  # 1 / metres of a storey
    span: Floats  # storeys in a pixel
    tall: Floats
    across: Floats  # share of glass across the pixel
    gloss: Floats
    shaded: Floats
    sunny: Floats  # what the sun adds to the shaded wall; without shadows, both together
    shadow: Floats
    low_sky: Floats  # what glass mirrors low in the sky; by the moon, of the whole sky
    high_sky: Floats  # what is more of it high in the sky
    horizon: Floats
    glow: Floats
    crown: Floats
    crown_from: Floats
    glint: Floats  # how much of the sun each pane may flash
    shop: Floats
    street: Floats  # how much of the street lamps' light falls on it
    air: Floats
    thin: Floats


class Fronts:
    """Colours the strips of one city."""

    def __init__(self, city: City, curtains: tuple[Curtain, ...], atlas: CellAtlas, light: Light, lamps: Lamps,
                 sun: tuple[float, float, float], shadows: Shadows | None, pose: Pose, lens: Lens) -> None:  # fmt: skip
        self._city, self._atlas, self._light, self._lamps, self._sun = city, atlas, light, lamps, sun
        self._curtains = curtains
        self._face_count = city.faces.owner.size
        self._has_crowns = lamps.windows > 0.3
        self._normals()
        self._choose_halvings(pose, lens)
        self._shadow = self._shadow_heights(shadows)
        self._decode = ((np.arange(256, dtype=np.float32) / 255) ** 2 * np.float32(LIGHT_RANGE))[None, :]

    @property
    def cells(self) -> Bytes:
        """The sheet of all windows."""
        return self._atlas.cells

    def shared(self) -> list[float]:
        """What the pixels of all strips share, in the order of kernels/city.c."""
        light, lamps = self._light, self._lamps
        flags = light.is_moon, self._shadow.shape[0] > 1, self._has_crowns
        glint = 3.5 * lamps.glint if lamps.glint > _LEAST_GLINT else 0.0
        return [
            *(float(flag) for flag in flags), LIGHT_RANGE, CELL_COLUMNS, glint, lamps.shops, 2 * math.pi / LAMP_GAP,
            *lamps.street, *light.sun, *light.horizon, *light.middle, *light.zenith, *light.glow, self._sun[0],
            self._sun[2],
        ]  # fmt: skip

    def sides(self, base: Floats) -> Floats:
        """What each face is clad in, a row a face, in the order of kernels/city.c. `base`: where each stands."""
        faces, skins, count = self._city.faces, self._city.skins, len(self._curtains)
        own = faces.owner
        windows = np.array([curtain.windows for curtain in self._curtains], np.float32)
        wide_far, none = np.maximum(windows, 1), np.zeros(count)
        far = np.arange(count) + np.int32(1)
        wall = np.concatenate([skins.wall[own], [curtain.wall for curtain in self._curtains]])
        turned = 0.82 + 0.18 * self._nx * np.sign(self._sun[0])
        shadow = np.zeros((own.size, _SHADOW_POINTS)) if self._shadow.shape[0] == 1 else self._shadow
        scales = []
        for level, starts in zip(self._halvings, (self._atlas.lefts, self._atlas.tops), strict=True):
            both = [np.minimum(level + more, HALVINGS - 1) for more in (0, 1)]
            scales += [np.exp2(-each) for each in both] + [starts[each] for each in both]
        columns = [
            (faces.cells, none), (faces.shift + skins.habit[own] * CELL_COLUMNS,
                                  none + 1 + _PLAIN_HABIT * CELL_COLUMNS),
            (skins.wide[own], none), (skins.tall[own], none + 0.6), (1 / skins.floor[own], 1 / wide_far),
            (skins.storey[own], none + 5), (skins.gloss[own], none),
            (skins.glow[own] * self._lamps.windows, none + 1.2 * self._lamps.windows),
            *((skins.crown[own, i], none) for i in range(3)), (skins.crown_from[own], none + 1e5),
            *((wall[:, i] * self._light.fill[i] * turned,) for i in range(3)),
            *((wall[:, i] * self._light.sun[i] * self._facing * 0.85,) for i in range(3)),
            *((skins.glass[own, i], none + 0.6) for i in range(3)), *((skins.neon[own, i], none) for i in range(3)),
            (self._nx,), (self._nz,), *((scale,) for scale in scales), (own * 2.1, none), (base,),
            (none[:1].repeat(own.size), far), (none[:1].repeat(own.size), windows),
            *((shadow[:, i], none) for i in range(_SHADOW_POINTS)),
        ]  # fmt: skip
        return np.stack([np.concatenate(parts) for parts in columns], axis=1).astype(np.float32)

    def _normals(self) -> None:
        faces, count = self._city.faces, len(self._curtains)
        dx, dz = faces.x1 - faces.x0, faces.z1 - faces.z0
        length = np.maximum(np.hypot(dx, dz), np.float32(0.01))
        self._nx = np.concatenate([dz / length, np.zeros(count, np.float32)])
        self._nz = np.concatenate([-dx / length, np.full(count, -1, np.float32)])
        facing = self._nx * np.float32(self._sun[0]) + self._nz * np.float32(self._sun[2])
        self._facing = np.maximum(facing, 0)
        self._facing[self._face_count :] = 0.25

    def _choose_halvings(self, pose: Pose, lens: Lens) -> None:
        """The sheet's halving for each face, fixed for the film so that nothing pops."""
        faces, skins = self._city.faces, self._city.skins
        x, z = (faces.x0 + faces.x1) / 2 - np.float32(pose.x), (faces.z0 + faces.z1) / 2 - np.float32(pose.z)
        depth = np.maximum(np.hypot(x, z), 50)
        length = np.maximum(np.hypot(faces.x1 - faces.x0, faces.z1 - faces.z0), np.float32(0.1))
        slant = np.abs(self._nx[: self._face_count] * x + self._nz[: self._face_count] * z) / depth
        across = faces.cells / length * depth / np.maximum(slant, 0.05) / np.float32(lens.focal)
        up = depth / np.float32(lens.focal) / skins.floor[faces.owner]
        curtains = [(curtain.z / lens.focal / max(curtain.windows, 1)) for curtain in self._curtains]
        spans = (np.concatenate([across, curtains]), np.concatenate([up, curtains]))
        self._halvings = tuple(
            np.clip(np.rint(np.log2(np.maximum(span, 1e-3))), 0, HALVINGS - 1).astype(np.int32) for span in spans
        )

    def _shadow_heights(self, shadows: Shadows | None) -> Floats:
        faces = self._city.faces
        if shadows is None:
            return np.full((1, _SHADOW_POINTS), -1e3, np.float32)
        at = ((np.arange(_SHADOW_POINTS, dtype=np.float32) + np.float32(0.5)) / _SHADOW_POINTS)[None, :]
        x = faces.x0[:, None] + (faces.x1 - faces.x0)[:, None] * at + self._nx[: self._face_count, None] * np.float32(6)
        z = faces.z0[:, None] + (faces.z1 - faces.z0)[:, None] * at + self._nz[: self._face_count, None] * np.float32(6)
        return shadows.over(x, z, 7.0)

    def coat(self, strips: Strips, pose: Pose, lens: Lens, air: Floats, thinning: float, mirrored: bool) -> Coat:
        """What the pixels of each strip share, seen from `pose`."""
        is_far = strips.face >= self._face_count
        face = np.where(is_far, 0, strips.face)
        far = np.where(is_far, strips.face - self._face_count, 0)
        skins, owner = self._city.skins, self._city.faces.owner.take(face)
        windows = np.array([curtain.windows for curtain in self._curtains], np.float32)[far]
        cells, shift = self._city.faces.cells.take(face), self._city.faces.shift.take(face)
        along = strips.share * cells
        footprint = np.maximum(strips.pace * cells, np.float32(0.02))
        wide = skins.wide.take(owner)
        across = _pulse(along, footprint, wide)
        along += shift + skins.habit.take(owner) * np.float32(CELL_COLUMNS)
        floor = skins.floor.take(owner)
        tall = skins.tall.take(owner)
        storey = skins.storey.take(owner)
        if is_far.any():
            wide_far = np.maximum(windows, 1)
            x = strips.share / wide_far
            along = np.where(is_far, x % (CELL_COLUMNS - 2) + np.float32(1 + _PLAIN_HABIT * CELL_COLUMNS), along)
            footprint = np.where(is_far, np.maximum(strips.pace / wide_far, 0.02), footprint)
            across = np.where(is_far, np.where(windows > 0, np.float32(0.45), 0), across)
            floor, tall, storey = (
                np.where(is_far, value, own) for value, own in ((wide_far, floor), (np.float32(0.6), tall), (5, storey))
            )
        halvings = [np.minimum(level.take(strips.face) + int(mirrored), HALVINGS - 1) for level in self._halvings]
        scales = [np.exp2(-level.astype(np.float32)) for level in halvings]
        map_x = _snapped(along, footprint) * scales[0] + self._atlas.lefts.take(halvings[0]) - np.float32(0.5)
        map_y = storey * scales[1] + self._atlas.tops.take(halvings[1]) - np.float32(0.5)
        storeys = (1 / floor).astype(np.float32)
        shaded, sunny = self._walls(strips, owner, is_far, far)
        if self._has_crowns and skins.neon.any():
            shaded += np.where(is_far, 0, skins.neon.T[:, owner]) * self._at_edges(strips)
        low, high, horizon, gloss, glint = self._mirror(strips, owner, is_far, pose, lens)
        if self._light.is_moon:
            low = low * np.float32(0.4) + high * np.float32(0.3)
        else:
            high -= low
        if self._shadow.shape[0] == 1:
            sunny += shaded
        return Coat(
            map_x.astype(np.float32), map_y.astype(np.float32), scales[1], storeys,
            np.maximum(strips.depth * storeys * np.float32(1 / lens.focal), np.float32(0.02)), tall.astype(np.float32),
            across.astype(np.float32), gloss, shaded, sunny, self._shadow_at(strips, face, is_far), low, high, horizon,
            np.where(is_far, np.float32(1.2), skins.glow.take(owner)) * np.float32(self._lamps.windows),
            np.where(is_far, 0, skins.crown.T[:, owner]),
            np.where(is_far, np.float32(1e5), skins.crown_from.take(owner)), glint,
            self._shops(strips, owner, is_far), self._street(strips, is_far, far), air[:, strips.column],
            strips.depth * np.float32(-thinning),
        )  # fmt: skip

    def _walls(self, strips: Strips, owner: Ints, is_far: Ints, far: Ints) -> tuple[Floats, Floats]:
        """Light of the walls in shade, and what the sun adds."""
        own = np.array([curtain.wall for curtain in self._curtains], np.float32).T[:, far]
        wall = np.where(is_far, own, self._city.skins.wall.T[:, owner])
        facing = self._facing.take(strips.face)
        turned = np.float32(0.82) + np.float32(0.18) * self._nx.take(strips.face) * np.float32(np.sign(self._sun[0]))
        fill = np.array(self._light.fill, np.float32)[:, None] * turned
        sun = np.array(self._light.sun, np.float32)[:, None] * facing
        return wall * fill, wall * sun * np.float32(0.85)

    def _mirror(self, strips: Strips, owner: Ints, is_far: Ints, pose: Pose,
                lens: Lens) -> tuple[Floats, Floats, Floats, Floats, Floats]:  # fmt: skip
        """What the glass mirrors low and high in the sky, the height of the roofs it mirrors, how strongly, and how
        much of the sun a pane may flash that is hung a little askew."""
        px = (strips.column.astype(np.float32) + np.float32(0.5 - lens.width / 2)) * np.float32(1 / lens.focal)
        c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
        scale = 1 / np.sqrt(1 + px * px)
        dx, dz = (s + px * c) * scale, (c - px * s) * scale
        nx, nz = self._nx.take(strips.face), self._nz.take(strips.face)
        head_on = dx * nx + dz * nz
        rx, rz = dx - 2 * head_on * nx, dz - 2 * head_on * nz
        towards = rx * np.float32(self._sun[0]) + rz * np.float32(self._sun[2])
        glow = cv2.exp(np.sqrt(np.maximum(2 - 2 * towards, 0)) * np.float32(-1 / 0.55))
        light = self._light
        low = np.stack([light.horizon[i] * np.float32(0.85) + light.glow[i] * glow * np.float32(0.9) for i in range(3)])
        high = np.stack([light.middle[i] * np.float32(0.55) + light.zenith[i] * np.float32(0.45) + light.glow[i] * glow
                         * np.float32(0.35) for i in range(3)])  # fmt: skip
        tint = np.where(is_far, np.float32(0.6), self._city.skins.glass.T[:, owner])
        slant = (1 + np.clip(head_on, -1, 0)) ** 3
        gloss = self._city.skins.gloss.take(owner) * (np.float32(0.50) + np.float32(0.45) * slant)
        at = strips.share * np.float32(2.6) + strips.face.astype(np.float32) * np.float32(1.7)
        ragged = np.sin(at) + np.sin(at * np.float32(2.3) + 1) * np.float32(0.6)
        horizon = np.float32(26) + np.float32(15) * np.rint(ragged * 2) * np.float32(0.5)
        glint = np.where(is_far, 0, glow * glow * gloss * np.float32(3.5 * self._lamps.glint)).astype(np.float32)
        return low * tint, high * tint, horizon, np.where(is_far, np.float32(0.5), gloss), glint

    def _shadow_at(self, strips: Strips, face: Ints, is_far: Ints) -> Floats:
        if self._shadow.shape[0] == 1:
            return np.full(strips.face.size, -1e3, np.float32)
        at = np.clip(strips.share * _SHADOW_POINTS - np.float32(0.5), 0, _SHADOW_POINTS - 1.001)
        first = at.astype(np.int32)
        part, place = at - first.astype(np.float32), face * _SHADOW_POINTS + first
        low, high = self._shadow.reshape(-1).take(place), self._shadow.reshape(-1).take(place + 1)
        return np.where(is_far, np.float32(-1e3), low + (high - low) * part)

    def _at_edges(self, strips: Strips) -> Floats:
        """Share of each strip that a neon tube on its face's edges covers."""
        span = np.maximum(strips.pace, np.float32(1e-4))
        away = np.minimum(strips.share, 1 - strips.share) / span
        return np.asarray(np.clip(np.float32(1.3) - away, 0, 0.8), dtype=np.float32)

    def _street(self, strips: Strips, is_far: Ints, far: Ints) -> Floats:
        """Pools of lamp-light along the quay; even light between houses."""
        pool = np.float32(0.5) + np.float32(0.5) * np.cos(strips.share * np.float32(2 * math.pi / LAMP_GAP))
        is_quay = strips.face == self._face_count
        own = np.where(
            is_quay, np.float32(0.10) + np.float32(0.5) * pool**3, np.float32(0.10) + np.float32(0.14) * pool
        )
        return np.where(is_far, own * (far < 1), np.float32(1)).astype(np.float32)

    def _shops(self, strips: Strips, owner: Ints, is_far: Ints) -> Floats:
        bright = np.sin(strips.share * np.float32(9) + owner * np.float32(2.1)) * np.float32(0.35) + np.float32(0.65)
        return np.where(is_far, 0, bright * np.float32(self._lamps.shops)).astype(np.float32)

    def colour(self, coat: Coat, part: slice, counts: Ints, own: Ints, height: Floats, rise: Floats) -> list[Floats]:
        """Red, green and blue of the `counts` pixels of each of some strips, given the pixels' strips
        (`own`), heights and the tangents at which they are seen."""

        def each(values: Floats) -> Floats:
            return np.repeat(values[part], counts)

        over = height - np.float32(GROUND)
        v = over * each(coat.storeys)
        span = each(coat.span)
        glass = _pulse(v, span, each(coat.tall))
        glass *= each(coat.across)
        map_y = _snapped(v, span) * each(coat.map_pace) + each(coat.map_y)
        cell: Floats = cv2.remap(self._atlas.cells, each(coat.map_x), map_y, cv2.INTER_LINEAR,
                         borderMode=cv2.BORDER_REPLICATE).reshape(-1, 4)  # fmt: skip
        lit: Floats = cv2.LUT(cell[None], self._decode).reshape(-1, 4)
        tone = cell[:, 3].astype(np.float32)
        tone *= tone * np.float32(1 / 255**2)
        sunny = None
        if self._shadow.shape[0] > 1:
            sunny = np.clip((height - each(coat.shadow)) * np.float32(0.14) + np.float32(0.5), 0, 1)
        clear = (np.float32(0.72) + tone * np.float32(0.75)) * each(coat.gloss)
        clear *= glass
        if not self._light.is_moon:  # at night what the glass mirrors is too dark to have a shape
            up = np.clip(rise * np.float32(4.2) + (tone - np.float32(0.3)) * np.float32(0.5), 0, 1)
            clear *= np.clip((height - each(coat.horizon)) * np.float32(0.0558), 0, 0.62) + np.float32(0.30)
        lamps = glass * each(coat.glow)
        flash = None
        if self._lamps.glint > _LEAST_GLINT:
            flash = each(coat.glint) * np.clip(tone * 2 - np.float32(0.5), 0, 1) * glass
            flash = flash if sunny is None else flash * sunny
        wall_share = np.float32(1) - glass
        planes = []
        for i in range(3):
            light = each(coat.sunny[i])
            if sunny is not None:
                light *= sunny
                light += each(coat.shaded[i])
            light *= wall_share
            if self._light.is_moon:
                pane = each(coat.low_sky[i])
            else:
                pane = each(coat.high_sky[i])
                pane *= up
                pane += each(coat.low_sky[i])
            pane *= clear
            light += pane
            if flash is not None:
                light += flash * np.float32(self._light.sun[i])
            light += lamps * lit[:, i]
            planes.append(light)
        self._light_feet(planes, coat, each, over, wall_share)
        if self._has_crowns:
            self._light_crowns(planes, coat, own, height - each(coat.crown_from), glass)
        self._veil(planes, coat, part, counts, height)
        return planes

    @staticmethod
    def _veil(planes: list[Floats], coat: Coat, part: slice, counts: Ints, height: Floats) -> None:
        """The air before it, thinner higher up."""
        thin: Floats = cv2.exp(np.maximum(height, 0) * np.float32(-1 / 140))
        thin *= np.float32(0.55)
        thin += np.float32(0.45)
        clear = cv2.exp(np.repeat(coat.thin[part], counts) * thin)
        for plane, colour in zip(planes, coat.air, strict=True):
            air = np.repeat(colour[part], counts)
            np.subtract(plane, air, out=plane)
            np.multiply(plane, clear, out=plane)
            np.add(plane, air, out=plane)

    def _light_feet(self, planes: list[Floats], coat: Coat, each: Each, over: Floats, wall_share: Floats) -> None:
        """Down between the houses: less of the sky, the street lamps' light, and shops."""
        deep = over * np.float32(-1 / 15)
        np.minimum(deep, np.float32(1 / 3), out=deep)
        foot: Floats = cv2.exp(deep).reshape(-1)
        foot *= wall_share
        lit = foot * each(coat.street)
        foot *= np.float32(-0.5)
        shop = over * np.float32(-0.24)
        shop += np.float32(1.3)
        np.clip(shop, 0, 1, out=shop)
        shop *= each(coat.shop)
        for i, plane in enumerate(planes):
            added = each(coat.shaded[i])
            added *= foot
            np.add(plane, added, out=plane)
            np.add(plane, np.multiply(lit, np.float32(self._lamps.street[i]), out=added), out=plane)
            np.add(plane, np.multiply(shop, np.float32((1.0, 0.72, 0.42)[i]), out=added), out=plane)

    def _light_crowns(self, planes: list[Floats], coat: Coat, own: Ints, over: Floats, glass: Floats) -> None:
        """Light on the tops of towers, `over` metres above where it begins."""
        high = np.flatnonzero(over > 0)
        if high.size:
            own = own[high]
            power = np.minimum(over[high] * np.float32(0.07), np.float32(1.5))
            power *= np.float32(1) - np.float32(0.65) * glass[high]
            for i, plane in enumerate(planes):
                plane[high] += power * coat.crown[i].take(own)


def _pulse(at: Floats, span: Floats, share: Floats) -> Floats:
    """Mean over `span` around `at` of a pulse that fills the middle `share` of every unit."""
    half, gap = span * np.float32(0.5), (1 - share) * np.float32(0.5)
    mean = _filled(at + half, share, gap)
    mean -= _filled(at - half, share, gap)
    mean /= span
    return mean


def _filled(at: Floats, share: Floats, gap: Floats) -> Floats:
    """The integral of the pulses up to `at`, which is used up."""
    whole = np.floor(at)
    at -= whole
    at -= gap
    np.maximum(at, 0, out=at)
    np.minimum(at, share, out=at)
    whole *= share
    whole += at
    return whole


def _snapped(at: Floats, span: Floats) -> Floats:
    """Places in the sheet whose interpolated value is the mean over `span` of cells with hard edges."""
    line = np.rint(at)
    part = at - line
    part /= span
    line += np.clip(part, -0.5, 0.5, out=part)
    return line
