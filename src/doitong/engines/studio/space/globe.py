"""A lit sphere in front of the camera: day and night, clouds, sea glint, air, and the shadow of its rings."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Colour, Floats, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.noise import sample
from doitong.engines.studio.space.rings import Rings
from doitong.engines.studio.space.sphere import place
from doitong.engines.studio.space.surfaces import Surface

_DECODE = ((np.arange(256, dtype=np.float32) / 255) ** 2).astype(np.float32)
_BAND = 48
_CLOSE = 0.9  # sharpness from which a surface is seen closely
_SPARKS = 14.0
_HALO = 7.0  # heights of the atmosphere that its glow reaches out


@dataclass(frozen=True, slots=True)
class Eye:
    """The camera in space: where it is, and the turn of its view."""

    x: float
    y: float
    z: float
    yaw: float

    def place(self, spot: Colour) -> Colour:
        """A point in the camera's own axes: right, up, ahead."""
        dx, dz = spot[0] - self.x, spot[2] - self.z
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return dx * c - dz * s, spot[1] - self.y, dx * s + dz * c

    def turned(self, way: Colour) -> Colour:
        """A direction in the camera's own axes."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return way[0] * c - way[2] * s, way[1], way[0] * s + way[2] * c


@dataclass(frozen=True, slots=True)
class Globe:
    """A sphere at `spot`, `radius` large. `pole`: the direction of its axis; `spin`: radians a second, from `start`;
    `sharpness`: how much fine structure is added to its surface, and `fine` its scale."""

    surface: Surface
    spot: Colour
    radius: float
    pole: Colour
    spin: float
    start: float
    sharpness: float
    fine: float


@dataclass(frozen=True, slots=True)
class Sunlight:
    """The direction to the sun (of length 1), its colour, and what lights the night side."""

    way: Colour
    colour: Colour
    night: float


def frame_of(pole: Colour) -> tuple[Colour, Colour, Colour]:
    """Three axes at right angles, the second being the pole."""
    up = np.array(pole) / np.linalg.norm(pole)
    side = np.cross(up, (0.0, 0.0, 1.0) if abs(up[2]) < 0.9 else (1.0, 0.0, 0.0))
    side /= np.linalg.norm(side)
    ahead = np.cross(side, up)
    return tuple(side.tolist()), tuple(up.tolist()), tuple(ahead.tolist())


def draw_globe(planes: tuple[Floats, ...], globe: Globe, sun: Sunlight, rings: Rings | None, tile: Floats, eye: Eye,
               lens: Lens, seconds: float) -> None:  # fmt: skip
    """Lay the sphere, and the glow of its air around it, over `planes`."""
    centre = eye.place(globe.spot)
    box = _box(centre, globe, lens)
    if box is None:
        return
    rows, columns = box
    px = lens.slopes()[None, columns]
    for first in range(rows.start, rows.stop, _BAND):
        band = slice(first, min(first + _BAND, rows.stop))
        at = np.arange(band.start, band.stop, dtype=np.float32)[:, None]
        py = (np.float32(lens.horizon - 0.5) - at) * np.float32(1 / lens.focal)
        _draw_band(
            [plane[band, columns] for plane in planes], px, py, centre, globe, sun, rings, tile, eye, lens, seconds
        )


def _box(centre: Colour, globe: Globe, lens: Lens) -> tuple[slice, slice] | None:
    """Rows and columns that the sphere and its air may cover."""
    away = math.sqrt(sum(part * part for part in centre))
    reach = globe.radius * (1 + _HALO * globe.surface.air_depth)
    if away <= reach * 1.001 or centre[2] < -reach:
        return (slice(0, lens.rows), slice(0, lens.width)) if centre[2] > -reach else None
    half = math.asin(reach / away)

    def span(aside: float) -> tuple[float, float]:
        middle = math.atan2(aside, centre[2])
        wide = math.asin(min(1.0, reach / max(math.hypot(aside, centre[2]), reach)))
        low, high = (min(1.5, max(-1.5, middle + side * max(half, wide))) for side in (-1, 1))
        return math.tan(low) * lens.focal, math.tan(high) * lens.focal

    left, right = span(centre[0])
    low, high = span(centre[1])
    columns = slice(max(0, int(lens.width / 2 + left) - 2), min(lens.width, int(lens.width / 2 + right) + 3))
    rows = slice(max(0, int(lens.horizon - high) - 2), min(lens.rows, int(lens.horizon - low) + 3))
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None


def _draw_band(parts: list[Floats], px: Floats, py: Floats, centre: Colour, globe: Globe, sun: Sunlight,
               rings: Rings | None, tile: Floats, eye: Eye, lens: Lens, seconds: float) -> None:  # fmt: skip
    cx, cy, cz = (np.float32(part) for part in centre)
    radius = np.float32(globe.radius)
    long = px * px + py * py + 1
    towards = (px * cx + py * cy + cz) / long  # where along the ray it is nearest to the centre
    nx, ny, nz = px * towards - cx, py * towards - cy, towards - cz
    gap = np.sqrt(nx * nx + ny * ny + nz * nz)
    way = tuple(np.float32(part) for part in eye.turned(sun.way))
    pixel = np.maximum(towards, np.float32(0.05)) * np.sqrt(long) / np.float32(lens.focal)
    cover = np.clip((radius - gap) / pixel + np.float32(0.5), 0, 1)
    cover[towards < 0] = 0
    if globe.surface.air_depth > 0:
        look = 1 / np.sqrt(long)
        _lay_halo(parts, gap, (nx, ny, nz), (px * look, py * look, look), way, globe, sun, towards > 0)
    spots = np.flatnonzero(cover.any(axis=0))
    if not spots.size:
        return
    inner = slice(int(spots[0]), int(spots[-1]) + 1)
    depth = np.sqrt(np.maximum(radius * radius - gap[:, inner] ** 2, 0)) / np.sqrt(long[:, inner])
    near = towards[:, inner] - depth
    inverse = np.float32(1) / radius
    normal = ((px[:, inner] * near - cx) * inverse, (py * near - cy) * inverse, (near - cz) * inverse)
    slant = np.clip(depth * np.sqrt(long[:, inner]) * inverse, 0, 1)  # cosine between the look and the surface
    look = 1 / np.sqrt(long[:, inner])
    view = (px[:, inner] * look, py * look, look)
    light = _surface_light(normal, view, slant, way, globe, sun, rings, tile, eye, lens, seconds)
    for part, values in zip(parts, light, strict=True):
        under = part[:, inner]
        under += (values - under) * cover[:, inner]


def _lay_halo(parts: list[Floats], gap: Floats, normal: tuple[Floats, ...], view: tuple[Floats, ...],
              way: tuple[np.float32, ...], globe: Globe, sun: Sunlight, ahead: Floats) -> None:  # fmt: skip
    """The air beyond the edge, lit where the sun reaches it, red where its light has passed through much of it."""
    depth = globe.surface.air_depth * globe.radius
    over = (gap - np.float32(globe.radius)) * np.float32(1 / depth)
    glow = cv2.exp(np.maximum(over, 0) * np.float32(-1.15)) * smooth(_HALO, _HALO * 0.6, over) * ahead
    lit = sum(part * axis for part, axis in zip(normal, way, strict=True)) / np.maximum(gap, np.float32(1e-3))
    bright, red = smooth(-0.30, 0.25, lit), smooth(0.24, -0.10, lit)
    # against the light the air glows near the sun, reddest where the way through it is longest (as seen from orbit)
    off_sun = np.sqrt(np.maximum(2 - 2 * (view[0] * way[0] + view[1] * way[1] + view[2] * way[2]), 0))
    forward = cv2.exp(off_sun * np.float32(-1 / 0.16)) * np.float32(5.5) + cv2.exp(off_sun * np.float32(-1 / 0.6))
    glow *= bright * (np.float32(0.75) + forward)
    red = red * cv2.exp(np.maximum(over, 0) * np.float32(-0.8)) * np.float32(0.95)
    # a thin shell of the night's own green light, as astronauts see it
    off = np.minimum(np.abs(over - np.float32(2.7)), 6)  # what underflows takes a hundred times as long
    airglow: Floats = cv2.exp(off * off * np.float32(-2.2)) * smooth(0.15, -0.2, lit) * ahead
    airglow *= np.float32(globe.sharpness > _CLOSE)
    warm = (1.0, 0.46, 0.15)
    for i, part in enumerate(parts):
        colour = globe.surface.air[i] + (warm[i] - globe.surface.air[i]) * red
        green = airglow * np.float32((0.022, 0.062, 0.042)[i])
        part[:] = part + glow * colour * np.float32(0.62 * sun.colour[i]) + green


def _surface_light(normal: tuple[Floats, ...], view: tuple[Floats, ...], slant: Floats, way: tuple[np.float32, ...],
                   globe: Globe, sun: Sunlight, rings: Rings | None, tile: Floats, eye: Eye, lens: Lens,
                   seconds: float) -> list[Floats]:  # fmt: skip
    surface = globe.surface
    nx, ny, nz = normal
    facing = nx * way[0] + ny * way[1] + nz * way[2]
    axes = [eye.turned(axis) for axis in frame_of(globe.pole)]
    x, y, z = (nx * np.float32(a[0]) + ny * np.float32(a[1]) + nz * np.float32(a[2]) for a in axes)
    turn = globe.start + globe.spin * seconds
    map_x, map_y = place(x, y, z, surface.rows, turn)
    ground: Floats = cv2.remap(surface.ground, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    fine = None
    if globe.sharpness > 0:
        fine = sample(tile, map_x * np.float32(globe.fine), map_y * np.float32(globe.fine))
        fine *= np.clip(slant * np.float32(4), 0, 1) * np.float32(globe.sharpness)
    day = smooth(-0.10, 0.22, facing) * np.clip(facing * np.float32(0.92) + np.float32(0.10), 0, 1)
    if rings is not None:
        day *= rings.shadow_on(normal, globe, way, eye)
    rim = (1 - slant) ** 3
    sea = ground[..., 3].astype(np.float32) * np.float32(1 / 255)
    glint = _glint(normal, view, way) * sea
    veil = None
    if surface.veil is not None:
        veil_x, veil_y = place(x, y, z, surface.rows, turn + 0.25 * globe.spin * seconds)
        veil = cv2.remap(surface.veil, veil_x, veil_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    dusk = smooth(0.30, 0.02, facing)
    moonlit = _DECODE.take(ground[..., 1]) + (0 if veil is None else _clouded(veil, fine) * np.float32(0.30))
    moonlit *= np.float32(sun.night) * (np.float32(0.35) + np.float32(0.65) * slant)
    planes = []
    for i in range(3):
        plane = _DECODE.take(ground[..., i])
        if fine is not None:
            plane *= np.float32(1) + fine * np.float32(0.16)
        plane += glint * np.float32((1.5, 1.25, 0.95)[i])
        if veil is not None:
            plane += (np.float32(0.92) - plane) * _clouded(veil, fine)
        warm = np.float32(1) + dusk * np.float32((0.25, -0.28, -0.55)[i] if surface.air_depth > 0 else 0)
        plane *= day * warm * np.float32(sun.colour[i])
        plane += moonlit * np.float32((0.55, 0.75, 1.0)[i])
        if surface.air_depth > 0:
            haze = rim * smooth(-0.18, 0.35, facing) * np.float32(1.1 * surface.air[i] * sun.colour[i])
            plane += (haze - plane * rim * np.float32(0.55)) * np.float32(min(1.0, surface.air_depth * 55))
        planes.append(plane)
    if veil is not None:
        sparks = None
        if globe.sharpness > _CLOSE:
            sparks = sample(tile, map_x * np.float32(_SPARKS), map_y * np.float32(_SPARKS))
        _light_towns(planes, veil, fine, sparks, facing, slant)
    return planes


def _clouded(veil: Floats, fine: Floats | None) -> Floats:
    thick = veil[..., 0].astype(np.float32) * np.float32(1 / 255)
    if fine is not None:
        thick = thick + fine * np.float32(0.22) * np.sqrt(np.clip(thick * (1 - thick) * 4, 0, 1) + np.float32(0.02))
    return np.asarray(np.clip(thick, 0, 1) * np.float32(0.94), dtype=np.float32)


def _light_towns(planes: list[Floats], veil: Floats, fine: Floats | None, sparks: Floats | None, facing: Floats,
                 slant: Floats) -> None:  # fmt: skip
    """Lamps of towns on the night side; seen closely, a town is a web of points."""
    towns = veil[..., 1].astype(np.float32) * np.float32(1 / 255)
    if fine is not None:
        towns *= np.clip(np.float32(0.8) + fine * np.float32(0.9), 0, 3)
    if sparks is not None:
        towns *= np.float32(0.05) + np.clip(sparks - np.float32(0.55), 0, 2) ** 2 * np.float32(2.6)
    towns *= smooth(0.04, -0.14, facing) * (1 - _clouded(veil, None) * np.float32(0.8)) * np.sqrt(slant)
    for plane, part in zip(planes, (1.0, 0.62, 0.26), strict=True):
        plane[:] = plane + towns * np.float32(part * 1.5)


def _glint(normal: tuple[Floats, ...], view: tuple[Floats, ...], way: tuple[np.float32, ...]) -> Floats:
    """The sun on the sea (Blinn 1977)."""
    half = [np.float32(w) - v for w, v in zip(way, view, strict=True)]
    size = np.sqrt(half[0] ** 2 + half[1] ** 2 + half[2] ** 2)
    cosine = sum(n * h for n, h in zip(normal, half, strict=True)) / np.maximum(size, np.float32(1e-3))
    return np.asarray(np.clip(cosine, 0, 1) ** 60, dtype=np.float32)


def eye_of(pose: Pose, height: float) -> Eye:
    """The camera's place in space: a pedestal that doubles its height moves it by an even step."""
    return Eye(pose.x, math.log(max(pose.y, 1e-3) / height) * 0.55, pose.z, pose.yaw)
