"""One look at the city: the colour of every pixel that sees it, with windows, light, shadow and haze."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Colour, Floats, Ints
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.city.avenue import Avenue
from doitong.engines.studio.city.columns import Ends, Strips, look
from doitong.engines.studio.city.fronts import Fronts
from doitong.engines.studio.city.plan import GROUND, City
from doitong.engines.studio.city.setting import Curtain, Streets
from doitong.engines.studio.kernels import at, loops

_PAGE = (16, 5, 8)  # columns, fields, and rows more, of kernels/city.c
_CHUNK = 26_000  # pixels shaded at once: they stay in the cache, and OpenCV takes maps of up to 32767
_NO_DEPTH = np.float32(1e6)
_NO_FACE = -1


@dataclass(frozen=True, slots=True)
class Air:
    """What distance does: `thinning` in 1/metres at the ground, `colours` (3, width) of the air in each column."""

    thinning: float
    colours: Floats


class CityView:
    """Draws one city from any pose."""

    def __init__(self, city: City, curtains: tuple[Curtain, ...], fronts: Fronts, streets: Streets, avenue: Avenue,
                 roof: Colour, has_fine_edges: bool) -> None:  # fmt: skip
        self._city, self._curtains, self._fronts, self._streets = city, curtains, fronts, streets
        self._avenue, self._roof, self._has_fine_edges = avenue, roof, has_fine_edges
        feet = np.full(len(curtains), GROUND, np.float32)
        feet[0] = -100.0  # the quay stands in the water
        self._base = np.concatenate([city.faces.base, feet])
        self._sides = fronts.sides(self._base)

    def draw(self, planes: tuple[Floats, ...], pose: Pose, lens: Lens, air: Air, mirrored: bool = False) -> Floats:
        """Lay the city over `planes` (the sky); the depth of every pixel comes back. `mirrored`: as the water at
        height 0 mirrors it, for a lens whose horizon is its lower edge."""
        eye = -pose.y if mirrored else pose.y
        strips, ends = look(self._city.faces, self._curtains, pose, eye, lens)
        depth = np.empty((lens.rows, lens.width), np.float32)
        if loops is None or not strips.face.size:
            depth.fill(_NO_DEPTH)
        if strips.face.size:
            has_fine_edges = self._has_fine_edges and not mirrored
            if loops is not None:
                self._fill_frame(planes, depth, has_fine_edges, strips, ends, pose, eye, lens, air, mirrored)
            else:
                self._fill_upright(planes, depth, has_fine_edges, strips, ends, pose, eye, lens, air, mirrored)
                _soften_tops(planes, strips, lens)
        self._avenue.draw(planes, depth, pose, eye, lens, air.thinning, air.colours, mirrored)
        return depth

    def _fill_frame(self, planes: tuple[Floats, ...], depth: Floats, has_fine_edges: bool, strips: Strips, ends: Ends,
                    pose: Pose, eye: float, lens: Lens, air: Air, mirrored: bool) -> None:  # fmt: skip
        """Colour the strips into planes and depth, and soften their outlines."""
        shared = np.array([
            eye, lens.horizon, lens.focal, lens.width / 2, pose.x, pose.z, math.cos(pose.yaw), math.sin(pose.yaw),
            air.thinning, float(mirrored), *self._fronts.shared(), *self._roof, *self._streets.place,
        ], np.float32)  # fmt: skip
        seen = np.empty((lens.rows, lens.width), np.int32) if has_fine_edges else None
        page = np.empty((*_PAGE[:2], lens.rows + _PAGE[2]), np.float32)
        cells, street, colours = self._fronts.cells, self._streets.map, np.ascontiguousarray(air.colours)
        faces, columns, firsts, counts = (
            at(numbers, np.int32) for numbers in (strips.face, strips.column, strips.first, strips.count)
        )
        frame, top = [at(plane) for plane in planes], at(strips.top)
        loops.city_fill(
            at(shared), at(self._sides), at(colours), faces, columns, at(strips.depth), at(strips.share),
            at(strips.pace), top, firsts, counts, at(strips.is_roof, np.bool_), strips.face.size, at(cells, np.uint8),
            cells.shape[1], cells.shape[0], at(street), street.shape[1], street.shape[0], at(page), *frame, at(depth),
            None if seen is None else at(seen, np.int32), lens.width, lens.rows,
        )  # fmt: skip
        if seen is not None:
            loops.city_soften_sides(*frame, at(depth), at(seen, np.int32), at(ends.left), at(ends.right), lens.width,
                                    lens.rows)  # fmt: skip
        loops.city_soften_tops(*frame, columns, firsts, counts, top, strips.face.size, lens.width, lens.rows)

    def _fill_upright(self, planes: tuple[Floats, ...], depth: Floats, has_fine_edges: bool, strips: Strips,
                      ends: Ends, pose: Pose, eye: float, lens: Lens, air: Air, mirrored: bool) -> None:  # fmt: skip
        """The same on its side, so that a strip is one run of memory; tops stay hard."""
        upright = [cv2.transpose(plane) for plane in planes]
        upright.append(np.full((lens.width, lens.rows), _NO_DEPTH, np.float32))
        seen = np.full((lens.width, lens.rows), _NO_FACE, np.int32) if has_fine_edges else None
        self._fill(upright, seen, strips, pose, eye, lens, air, mirrored)
        for plane, turned in zip((*planes, depth), upright, strict=True):
            cv2.transpose(turned, plane)
        if seen is not None:
            _soften_sides(planes, depth, cv2.transpose(seen), ends)

    def _fill(self, upright: list[Floats], seen: Ints | None, strips: Strips,
              pose: Pose, eye: float, lens: Lens, air: Air, mirrored: bool) -> None:  # fmt: skip
        """Colour the strips into planes and depth of columns × rows."""
        coat = self._fronts.coat(strips, pose, lens, air.colours, air.thinning, mirrored)
        base = self._base.take(strips.face)
        base[strips.is_roof] = np.float32(1e5)
        done = np.cumsum(strips.count)
        pace = strips.depth * np.float32(1 / lens.focal)
        cuts = np.searchsorted(done, np.arange(_CHUNK, int(done[-1]) + _CHUNK, _CHUNK))
        start = 0
        for cut in cuts:
            stop = min(int(cut) + 1, done.size)
            if stop <= start:
                continue
            part = slice(start, stop)
            counts = strips.count[part]
            began = (done[part] - counts - (done[start] - counts[0])).astype(np.int32)
            own = np.repeat(np.arange(start, stop), counts)
            row = np.arange(own.size, dtype=np.int32)
            row += np.repeat(strips.first[part] - began, counts)
            below = row.astype(np.float32)
            place = row.astype(np.intp)
            place += np.repeat(strips.column[part] * np.intp(lens.rows), counts)
            below -= np.float32(lens.horizon - 0.5)
            height = np.float32(eye) - below * np.repeat(pace[part], counts)
            colours = self._fronts.colour(coat, part, counts, own, height, below * np.float32(-1 / lens.focal))
            if not mirrored:
                level = np.flatnonzero(height < np.repeat(base[part], counts))
                if level.size:
                    self._lay_level(colours, level, own[level], below, base, strips, coat.air, pose, lens, air)
            for plane, values in zip(upright, (*colours, np.repeat(strips.depth[part], counts)), strict=True):
                plane.reshape(-1)[place] = values
            if seen is not None:
                seen.reshape(-1)[place] = np.repeat(strips.face[part], counts)
            start = stop

    def _lay_level(self, colours: list[Floats], spots: Ints, own: Ints, below: Floats, base: Floats, strips: Strips,
                   haze: Floats, pose: Pose, lens: Lens, air: Air) -> None:  # fmt: skip
        """Roofs and streets in front of the foot of what rises behind them."""
        on_ground = base[own] <= GROUND + 0.1
        edge = np.float32(pose.y) - (strips.top[own] - np.float32(lens.horizon)) * strips.depth[own] * np.float32(
            1 / lens.focal)  # fmt: skip
        high = np.where(on_ground, np.float32(GROUND), np.where(strips.is_roof[own], edge, base[own]))
        away = np.maximum(np.float32(pose.y) - high, 1) / np.maximum(below[spots] * np.float32(1 / lens.focal), 1e-4)
        away = np.minimum(away, strips.depth[own])
        px = (strips.column[own].astype(np.float32) + np.float32(0.5 - lens.width / 2)) * np.float32(1 / lens.focal)
        c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
        street = self._streets.at(np.float32(pose.x) + (s + px * c) * away, np.float32(pose.z) + (c - px * s) * away)
        clear = np.exp(away * np.float32(-air.thinning))
        for i, colour in enumerate(colours):
            flat = np.where(on_ground, street[:, i], np.float32(self._roof[i]))
            air_colour = haze[i].take(own)
            colour[spots] = air_colour + (flat - air_colour) * clear


def _soften_tops(planes: tuple[Floats, ...], strips: Strips, lens: Lens) -> None:
    """Blend each strip's first pixel with the one above by the share that the strip covers."""
    chosen = np.flatnonzero((strips.count > 0) & (strips.first > 0))
    first = strips.first[chosen]
    cover = np.clip((first + 1).astype(np.float32) - strips.top[chosen], 0, 1)
    spots = first * np.int32(lens.width) + strips.column[chosen]
    for plane in planes:
        flat = plane.reshape(-1)
        above = flat[spots - lens.width]
        flat[spots] = above + (flat[spots] - above) * cover


def _soften_sides(planes: tuple[Floats, ...], depth: Floats, seen: Ints, ends: Ends) -> None:
    """Blend the pixels on both sides of an upright outline by where exactly the nearer face ends between them
    (geometric post-process anti-aliasing, Persson 2011)."""
    width = seen.shape[1]
    jump = np.zeros(seen.shape, bool)
    np.not_equal(seen[:, 1:], seen[:, :-1], out=jump[:, :-1])
    spots = np.flatnonzero(jump)  # the pixel left of the outline
    flat_depth, flat_seen = depth.reshape(-1), seen.reshape(-1)
    is_right_near = flat_depth[spots + 1] < flat_depth[spots]
    near = np.where(is_right_near, flat_seen[spots + 1], flat_seen[spots])
    end = np.where(is_right_near, ends.left.take(near), ends.right.take(near))
    part = end - (spots % width + 1).astype(np.float32)  # −0.5 … 0.5, from the line between the two pixels
    is_cut = np.abs(part) <= 0.5
    spots, part = spots[is_cut], part[is_cut]
    into_left, into_right = np.maximum(-part, 0), np.maximum(part, 0)
    for plane in planes:
        flat = plane.reshape(-1)
        one, other = flat[spots], flat[spots + 1]
        # an outline left of the line: the right pixel's surface reaches into the left pixel, and the other way round
        flat[spots] = one + (other - one) * into_left
        flat[spots + 1] = other + (one - other) * into_right
