"""Plants that stand one by one near the camera: drawings set upright in the land, hidden by what is in front of them.

Each drawing is kept at several sizes (a mip map, Williams 1983), coloured for the film's light. A plant bends in the
wind by a shear of its drawing; those that stand in water are mirrored below their foot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from doitong.engines.studio.arrays import Colour, Floats, Ints, Planes, as_floats
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.land.mesh import Mesh
from doitong.engines.studio.land.shade import Air
from doitong.engines.studio.land.trees import Plant

_NEAREST_METRES = 3.0
_LEAST_PIXELS = 5.0  # of height at which a plant has faded out
_LEVELS = 6
_SLICES = 6  # of a drawing, each as wide as what it shows
_SLICED_PIXELS = 120.0  # of height from which on a plant is drawn in slices
_WHOLE = ((0.0, 1.0, 0.0, 1.0),)
_RIM = 8  # pixels of a drawing around what it shows that coarser ones spread it over


@dataclass(frozen=True, slots=True)
class Place:
    """One plant: where it stands, how tall it is (metres), which drawing it shows, and how bright it is."""

    x: float
    z: float
    foot: float
    tall: float
    drawing: int
    tint: float
    is_flipped: bool
    in_water: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plant in the film's light, premultiplied red, green, blue and cover, at sizes that halve. `parts`: slices from
    the top down, each with where it begins and ends and the columns that are not empty there, as shares."""

    levels: tuple[Floats, ...]
    parts: tuple[tuple[float, float, float, float], ...]
    sway: float  # how far its top moves in a light breeze, as a share of its height


def colour_drawing(plant: Plant, shape: Floats, leaf: Colour, wood: Colour, sun: Colour, fill: Colour) -> Drawing:
    """Put the film's colours and light on a plant as `draw_plant` drew it."""
    light, leaves, cover = (as_floats(plane) for plane in cv2.split(shape))
    shade = light / np.maximum(cover, np.float32(1e-3))
    share = np.minimum(leaves / np.maximum(cover, np.float32(1e-3)), 1)
    lit = np.clip(shade, 0, 1) ** np.float32(1.6)
    planes = []
    for i in range(3):
        albedo = np.float32(wood[i]) + np.float32(leaf[i] - wood[i]) * share
        glow = np.float32(sun[i]) * (np.float32(0.03) + np.float32(1.10) * lit)
        planes.append(albedo * (glow + np.float32(fill[i]) * (np.float32(0.30) + np.float32(0.75) * shade)) * cover)
    whole = as_floats(cv2.merge([*planes, cover]))
    levels = [cv2.copyMakeBorder(whole, 1, 1, 1, 1, cv2.BORDER_CONSTANT)]
    for _ in range(_LEVELS - 1):
        whole = as_floats(cv2.resize(whole, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        levels.append(cv2.copyMakeBorder(whole, 1, 1, 1, 1, cv2.BORDER_CONSTANT))
    return Drawing(tuple(levels), _parts(levels[0][1:-1, 1:-1, 3]), _SWAY.get(plant, 0.0))


def _parts(cover: Floats) -> tuple[tuple[float, float, float, float], ...]:
    rows, columns = cover.shape
    parts = []
    for number in range(_SLICES):
        top, low = number * rows // _SLICES, (number + 1) * rows // _SLICES
        used = np.flatnonzero(cover[max(0, top - _RIM) : low + _RIM].any(axis=0))
        if used.size:
            left, right = max(0, int(used[0]) - _RIM), min(columns, int(used[-1]) + 1 + _RIM)
            parts.append((top / rows, low / rows, left / columns, right / columns))
    return tuple(parts)


_SWAY = {
    Plant.REEDS: 0.030,
    Plant.TUFT: 0.05,
    Plant.ROUND: 0.006,
    Plant.CONIFER: 0.003,
    Plant.PALM: 0.012,
    Plant.BARE: 0.004,
}


class Stand:
    """All the single plants of one film."""

    def __init__(self, places: list[Place], drawings: list[Drawing], mesh: Mesh, air: Air, wind: float) -> None:
        self._places = sorted(places, key=lambda place: -place.z)
        self._drawings, self._mesh, self._air, self._wind = drawings, mesh, air, wind
        rows = np.searchsorted(mesh.depths, [place.z for place in self._places])
        self._rows = [int(row) for row in rows]

    def draw(self, planes: Planes, seen: Ints, pose: Pose, lens: Lens, haze: Floats, seconds: float) -> None:
        """Set every plant into the frame, far ones first. `seen`: the mesh row that each pixel sees."""
        c, s = math.cos(pose.yaw), math.sin(pose.yaw)
        for place, row in zip(self._places, self._rows, strict=True):
            dx, dz = place.x - pose.x, place.z - pose.z
            away = dx * s + dz * c
            if away < _NEAREST_METRES:
                continue
            size = place.tall * lens.focal / away
            x = lens.width / 2 + (dx * c - dz * s) / away * lens.focal
            if size < _LEAST_PIXELS or abs(x - lens.width / 2) > lens.width / 2 + size:
                continue
            foot = lens.horizon + (pose.y - place.foot) / away * lens.focal
            cover = min(1.0, (size - _LEAST_PIXELS) / 6)
            bend = self._bend(place, seconds)
            air = self._haze(place, away)
            column = min(lens.width - 1, max(0, int(x)))
            tone = (place.tint, air, haze[:, column], cover)
            self._set(planes, seen, place, row, (x, foot, size, bend), tone)
            if place.in_water:
                faint = (place.tint * 0.75, air, haze[:, column], cover * 0.42)
                self._set(planes, seen, place, 0, (x, foot, -size * 0.9, bend), faint)

    def _bend(self, place: Place, seconds: float) -> float:
        """Shear of the drawing: a slow lean with the gust, a quicker tremble."""
        sway = self._drawings[place.drawing].sway * self._wind
        turn = seconds * 1.5 - place.x * 0.06 - place.z * 0.03
        return sway * (1.1 * math.sin(turn) + 0.5 * math.sin(turn * 2.63 + place.x) + 0.9)

    def _haze(self, place: Place, away: float) -> float:
        height = place.foot + place.tall * 0.5
        mist = 3.4 * self._air.mist * math.exp(min(2.0, -height / 55.0))
        mist += 0.35 + 0.65 * math.exp(min(0.5, -height / 900.0))
        return math.exp(-mist * away / self._air.haze_metres)

    def _set(self, planes: Planes, seen: Ints, place: Place, row: int, at: tuple[float, float, float, float],
             tone: tuple[float, float, Floats, float]) -> None:  # fmt: skip
        x, foot, size, bend = at
        drawing = self._drawings[place.drawing]
        level = min(_LEVELS - 1, max(0, int(math.log2(max(1.0, (drawing.levels[0].shape[0] - 2) / abs(size))))))
        picture = drawing.levels[level]
        high, wide = picture.shape[0] - 2, picture.shape[1] - 2
        scale = high / size  # drawing pixels for a frame pixel; negative is upside down
        flip = -abs(scale) if place.is_flipped else abs(scale)
        lean = math.copysign(flip * bend, flip * bend * size)  # rows further from the foot are moved sideways
        matrix = np.array(
            [[flip, lean, (wide + 1) / 2 - flip * x - lean * foot], [0.0, scale, high + 0.5 - scale * foot]]
        )
        toned = _toned(*tone)
        parts = drawing.parts if abs(size) >= _SLICED_PIXELS else _WHOLE
        for begin, end, left, right in parts:
            first, last = (foot + (share - 1) * size for share in (begin, end))
            shifts = [lean * (row_at - foot) / flip for row_at in (first, last)]
            ends = [x + (share - 0.5) * wide / flip - shift for share in (left, right) for shift in shifts]
            outer = math.copysign(1.0, size)  # what the edge of a drawing is blurred into
            rows = sorted((round(first) - outer * (begin <= 0), round(last) + outer * (end >= 1)))
            area = _Area(int(rows[0]), int(rows[1]), math.floor(min(ends)) - 1, math.ceil(max(ends)) + 1)
            _lay(planes, seen, row, (picture, matrix, toned), area)


class _Area(NamedTuple):
    top: int
    bottom: int
    left: int
    right: int


def _lay(planes: Planes, seen: Ints, row: int, plant: tuple[Floats, Floats, Floats], area: _Area) -> None:
    """Draw what an area of the frame sees of a plant that stands at a row of the mesh: its picture, the matrix from
    the frame to it, and its tone."""
    (height, width), (picture, matrix, toned) = planes[0].shape, plant
    top, bottom = max(0, area.top), min(height, area.bottom)
    left, right = max(0, area.left), min(width, area.right)
    if right <= left or bottom <= top:
        return
    here = matrix.copy()
    here[:, 2] += matrix[:, :2] @ (left + 0.5, top + 0.5)
    if loops is not None:
        tone = np.concatenate([toned.diagonal()[:3], toned[:3, 3], toned[3, 3:]])
        loops.plant_lay(
            *map(at, planes), at(seen, np.uint16), width, left, top, right, bottom, row - 2, at(picture),
            *picture.shape[:2], at(as_floats(here)), at(tone),
        )  # fmt: skip
        return
    is_open = seen[top:bottom, left:right] >= row - 2
    count = np.count_nonzero(is_open)
    if count == 0:
        return
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    box = cv2.transform(cv2.warpAffine(picture, here, (right - left, bottom - top), flags=flags), toned)
    if count < is_open.size:
        box[~is_open] = 0
    bare = 1 - box[..., 3]
    for number, plane in enumerate(planes):
        part = plane[top:bottom, left:right]
        part *= bare
        part += box[..., number]


def _toned(tint: float, clear: float, air: Floats, share: float) -> Floats:
    """What turns a drawing's red, green, blue and cover into a plant's: brighter, behind its air, fading in."""
    matrix = np.diag([tint * clear] * 3 + [1.0])
    matrix[:3, 3] = air * (1 - clear)
    return as_floats(matrix * share)
