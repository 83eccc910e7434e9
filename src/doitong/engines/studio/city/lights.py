"""Points of light in a city: street lamps, cars that drive, aircraft lights that blink, and the masts below them."""

import math
from dataclasses import dataclass

import numpy as np

from doitong.engines.studio.arrays import Colour, Floats
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.city.plan import BLOCK, BOULEVARD, DEEPEST, GROUND, LAMP_GAP, SHORE, STREET, City
from doitong.engines.studio.city.skins import neon
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.spots import lay_spots

_REACH = 3  # pixels around a point that its spot covers
_FOCAL = 1300.0  # for which the strengths below hold, at _AWAY metres
_AWAY = 450.0
_BLINK_SECONDS = 2.3


@dataclass(frozen=True, slots=True)
class Points:
    """Places in metres and flux (3, n)."""

    x: Floats
    y: Floats
    z: Floats
    flux: Floats


@dataclass(frozen=True, slots=True)
class _Cars:
    """Cars: where their lane begins, its direction, place along it and speed; heads and tails alike."""

    x: Floats
    z: Floats
    along_x: Floats
    along_z: Floats
    length: Floats
    place: Floats
    speed: Floats


class Lights:
    """The points of light of one film; `power` scales lamps and cars, 0 by day."""

    def __init__(self, city: City, palette: tuple[Colour, ...], spread: float, power: float, haze: float,
                 random: np.random.Generator) -> None:  # fmt: skip
        self._city, self._power, self._haze = city, power, haze
        self._lamps = _lamps(city, palette, spread, random)
        self._cars = _cars(city, spread, random)
        masts = [(mast.x, mast.z, mast.base, mast.top, mast.width) for mast in city.masts]
        self._masts = np.array(masts, np.float32).reshape(-1, 5)
        tall = [mast for mast in city.masts if mast.top > 100]
        self._beacons = np.array([(m.x, m.top + 1, m.z, m.phase) for m in tall], np.float32).reshape(-1, 4)

    def draw(self, planes: tuple[Floats, ...], depth: Floats, pose: Pose, eye: float, lens: Lens, seconds: float,
             gain: float = 1.0) -> None:  # fmt: skip
        """Add the lights to `planes` wherever nothing in `depth` hides them. `gain`: a frame clips what a lamp sends
        out, but a mirror image that waves will spread wants all of it."""
        if self._power <= 0:
            return
        blink = np.maximum(np.sin((seconds / _BLINK_SECONDS + self._beacons[:, 3]) * np.float32(2 * math.pi)), 0) ** 2
        red = np.array([[16.0], [1.4], [0.9]], np.float32) * (blink * 1.6 + 0.12)
        beacons = Points(self._beacons[:, 0], self._beacons[:, 1], self._beacons[:, 2], red.astype(np.float32))
        for points, power in ((self._lamps, self._power), (self._driving(pose, seconds), self._power), (beacons, 1.0)):
            _add(planes, depth, points, power * gain, pose, eye, lens, self._haze)

    def _driving(self, pose: Pose, seconds: float) -> Points:
        cars = self._cars
        way = (cars.place + cars.speed * np.float32(seconds)) % cars.length
        fade = np.clip(np.minimum(way, cars.length - way) * np.float32(1 / 60), 0, 1)
        x, z = cars.x + cars.along_x * way, cars.z + cars.along_z * way
        towards = (cars.along_x * (np.float32(pose.x) - x) + cars.along_z * (np.float32(pose.z) - z)) / np.hypot(
            np.float32(pose.x) - x, np.float32(pose.z) - z
        )
        head = fade * (np.float32(1.6) + np.float32(9) * np.clip(towards, 0, 1) ** 2)
        tail = fade * (np.float32(1.0) + np.float32(4) * np.clip(-towards, 0, 1))
        flux = np.concatenate(
            [
                np.array([[1.0], [0.93], [0.80]], np.float32) * head,
                np.array([[1.0], [0.06], [0.03]], np.float32) * tail,
            ],
            axis=1,
        )
        half = np.float32(2.2)
        return Points(
            np.concatenate([x + cars.along_x * half, x - cars.along_x * half]),
            np.full(2 * x.size, GROUND + 0.8, np.float32),
            np.concatenate([z + cars.along_z * half, z - cars.along_z * half]),
            flux,
        )

    def draw_masts(self, planes: tuple[Floats, ...], depth: Floats, pose: Pose, eye: float, lens: Lens, air: Floats,
                   colour: Colour) -> None:  # fmt: skip
        """Poles on the roofs, thinner towards the top, covering each column by their share of it."""
        c, s = math.cos(pose.yaw), math.sin(pose.yaw)
        if loops is not None:
            airs, tone = np.ascontiguousarray(air), np.array(colour, np.float32)
            loops.city_masts(
                at(self._masts), len(self._masts), at(tone), at(airs), at(depth), pose.x, pose.z, c, s, eye, lens.focal,
                lens.horizon, self._haze * 0.6, *(at(plane) for plane in planes), lens.width, lens.rows,
            )  # fmt: skip
            return
        for mast in self._city.masts:
            away = (mast.x - pose.x) * s + (mast.z - pose.z) * c
            if away < 20:
                continue
            scale = lens.focal / away
            x = lens.width / 2 + ((mast.x - pose.x) * c - (mast.z - pose.z) * s) * scale
            top, foot = (lens.horizon - (high - eye) * scale for high in (mast.top, mast.base))
            first, last = max(0, math.floor(top)), min(lens.rows, math.ceil(foot))
            left, right = math.floor(x - 2), math.floor(x + 3)
            if first >= last or left < 0 or right >= lens.width:
                continue
            rows = np.arange(first, last, dtype=np.float32)[:, None] + np.float32(0.5)
            share = np.clip((rows - np.float32(top)) / np.float32(max(1.0, foot - top)), 0, 1)
            half = np.float32(mast.width * scale / 2) * (np.float32(0.25) + np.float32(0.75) * share)
            columns = np.arange(left, right, dtype=np.float32)[None, :]
            cover = np.minimum(columns + 1, x + half) - np.maximum(columns, x - half)
            cover = np.clip(cover, 0, 1) * (depth[first:last, left:right] > away - 4)
            clear = math.exp(-away * self._haze * 0.6)
            for i, plane in enumerate(planes):
                part = plane[first:last, left:right]
                tone = air[i, left] + (colour[i] - air[i, left]) * clear
                part += (np.float32(tone) - part) * cover.astype(np.float32)


def _add(planes: tuple[Floats, ...], depth: Floats, points: Points, power: float, pose: Pose, eye: float, lens: Lens,
         haze: float) -> None:  # fmt: skip
    """Lay a round spot for each point; far points are as small as a pixel and fainter by the square of distance."""
    c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
    dx, dz = points.x - np.float32(pose.x), points.z - np.float32(pose.z)
    away = np.maximum(dx * s + dz * c, 1)
    scale = np.float32(lens.focal) / away
    x = np.float32(lens.width / 2 - 0.5) + (dx * c - dz * s) * scale
    y = np.float32(lens.horizon - 0.5) - (points.y - np.float32(eye)) * scale
    column, row = np.rint(x).astype(np.int32), np.rint(y).astype(np.int32)
    inside = (away > 20) & (column >= _REACH) & (column < lens.width - _REACH)
    inside &= (row >= _REACH) & (row < lens.rows - _REACH)
    chosen = np.flatnonzero(inside)
    chosen = chosen[depth[row[chosen], column[chosen]] > away[chosen] - 6]
    if not chosen.size:
        return
    x, y, away = x[chosen], y[chosen], away[chosen]
    size = np.float32(lens.focal / _FOCAL)
    near = np.minimum(np.float32(_AWAY) / away, 4)
    radius = np.float32(0.55) + np.float32(0.55) * size * near
    flux = points.flux[:, chosen] * (np.float32(power) * (size * near) ** 2 * np.exp(away * np.float32(-haze)))
    lay_spots(planes, x, y, radius, flux, _REACH)


def _lamps(city: City, palette: tuple[Colour, ...], spread: float, random: np.random.Generator) -> Points:
    """Lamps along the quay and the boulevard, and along the streets behind."""
    half = spread * (SHORE + 60) + 150
    x = np.arange(-int(half / LAMP_GAP), int(half / LAMP_GAP) + 1) * LAMP_GAP
    rows = [(x, GROUND + high, SHORE + z) for z, high in ((3.0, 5.5), (39.0, 9.0))]
    c, s = math.cos(city.turn), math.sin(city.turn)
    places = [np.stack([along, np.full_like(along, y), np.full_like(along, z)]) for along, y, z in rows]
    for pitch, is_across in ((BLOCK[0] + STREET, False), (BLOCK[1] + STREET, True)):
        line = np.arange(-14, 15) * pitch
        step = np.arange(-700, 1700, 34.0)
        p, q = (part.reshape(-1) for part in np.meshgrid(line, step))
        gx, gz = (q, p + 300) if is_across else (p, q)
        places.append(np.stack([gx * c - gz * s, np.full(p.size, GROUND + 8.0), gx * s + gz * c]))
    everywhere = np.concatenate(places, axis=1)
    is_city = np.arange(everywhere.shape[1]) < 2 * x.size
    is_city |= (everywhere[2] > SHORE + BOULEVARD[1] + 20) & (everywhere[2] < 1700)
    everywhere = everywhere[:, is_city & (np.abs(everywhere[0]) < spread * everywhere[2] + 200)]
    hues: list[Colour] = [(1.0, 0.62, 0.27), (1.0, 0.62, 0.27), (1.0, 0.74, 0.44)]
    hues += [neon(colour) for colour in palette]
    hue = np.array(hues)[random.integers(0, len(hues), everywhere.shape[1])].T * 14.0
    x, y, z = everywhere.astype(np.float32)
    return Points(x, y, z, hue.astype(np.float32))


def _cars(city: City, spread: float, random: np.random.Generator) -> _Cars:
    """Two lanes each way on the boulevard, and one each way in every street towards the water."""
    lanes: list[tuple[float, ...]] = []
    half = spread * (SHORE + 60) + 300
    for z, way, count in (
        (SHORE + 19, 1.0, 34),
        (SHORE + 22.5, 1.0, 30),
        (SHORE + 27, -1.0, 34),
        (SHORE + 30, -1.0, 30),
    ):
        for _ in range(int(count * half / 450)):
            lanes.append((-way * half, z, way, 0.0, 2 * half, random.uniform(0, 2 * half), random.uniform(9, 15)))
    c, s = math.cos(city.turn), math.sin(city.turn)
    for number in range(-10, 11):
        for way in (-1.0, 1.0):
            gx = number * (BLOCK[0] + STREET) - way * 3.0
            begin = SHORE if way > 0 else DEEPEST * 0.7
            for _ in range(14):
                lanes.append((gx * c - begin * s, gx * s + begin * c, -s * way, c * way, DEEPEST * 0.7 - SHORE,
                              random.uniform(0, 1300), random.uniform(7, 13)))  # fmt: skip
    table = np.array(lanes, np.float32).T.copy()
    return _Cars(*table)
