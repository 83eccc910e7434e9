"""Space: a planet and its moon before nebulae and stars, or a galaxy; lit by one sun that the hour places."""

import math
from dataclasses import replace

import cv2
import numpy as np

from doitong.engines.studio.arrays import Colour, Floats, Planes
from doitong.engines.studio.camera import Lens, Pose, Rig
from doitong.engines.studio.levels import Level
from doitong.engines.studio.noise import spectral_tile
from doitong.engines.studio.scene import Feature, Scene, TimeOfDay
from doitong.engines.studio.space.deep import DeepSky
from doitong.engines.studio.space.galaxy import Galaxy
from doitong.engines.studio.space.globe import Globe, Sunlight, draw_globe, eye_of, frame_of
from doitong.engines.studio.space.rings import Rings
from doitong.engines.studio.space.sphere import place
from doitong.engines.studio.space.star import Star
from doitong.engines.studio.space.surfaces import Surface, barren, earth, gas_giant

_RIG = Rig(1.0, 0.9, 9.5, horizon=0.5)
_WHITE: Colour = (1.75, 1.68, 1.58)

# where the sun stands for a planet at the left: to the right, up, ahead; and its colour
_SUNS: dict[TimeOfDay, tuple[Colour, Colour]] = {
    TimeOfDay.DAWN: ((0.30, 0.02, 1.0), (1.80, 1.45, 1.15)),
    TimeOfDay.MORNING: ((0.85, 0.35, -0.30), _WHITE),
    TimeOfDay.NOON: ((0.50, 0.45, -0.85), _WHITE),
    TimeOfDay.GOLDEN_HOUR: ((0.93, 0.24, -0.30), (1.95, 1.55, 1.10)),
    TimeOfDay.SUNSET: ((0.26, 0.03, 1.0), (1.95, 1.35, 0.85)),
    TimeOfDay.DUSK: ((0.85, 0.20, 0.50), (1.60, 1.45, 1.40)),
    TimeOfDay.NIGHT: ((0.72, 0.30, 0.78), (1.35, 1.40, 1.55)),
}
_IN_SIGHT = {TimeOfDay.DAWN, TimeOfDay.SUNSET}
# for the edge of a planet: how far aside of its middle, and how far over it, the sun stands (radians)
_OVER_LIMB = {TimeOfDay.DAWN: (0.16, 0.012), TimeOfDay.SUNSET: (0.12, 0.026), TimeOfDay.NIGHT: (0.42, -0.07)}


class SpacePainter:
    """Draws one film's piece of space."""

    def __init__(self, scene: Scene, level: Level, width: int, height: int) -> None:
        random = np.random.default_rng([scene.seed, 401])
        self.rig, self.floor, self.exposure = _RIG, 0.0, 1.05
        self._side = float(random.choice([-1.0, 1.0]))
        fineness = level.detail
        features = scene.features
        strength = 1.0 if Feature.NEBULA in features else 0.55 if Feature.GALAXY not in features else 0.07
        stars = 2600 if fineness <= 0 else 5200 if fineness < 1 else 8000
        self._deep = DeepSky(random, scene.palette, strength, fineness, stars)
        self._tile = spectral_tile(random, 512, 1.25, 5)
        shape = min(1.0, width / height * 0.85)
        self._galaxy = self._place_galaxy(random, scene, shape, level) if Feature.GALAXY in features else None
        has_planet = bool(features & {Feature.PLANET, Feature.RINGS}) or not features & {Feature.GALAXY, Feature.NEBULA}
        self._globes: list[Globe] = []
        self._rings: Rings | None = None
        self._limb = not features & {Feature.PLANET, Feature.RINGS}
        if has_planet:
            self._place_globes(random, scene, shape, level)
        way, colour = _SUNS[scene.time]
        self._sun = Sunlight(_unit((way[0] * -self._side, way[1], way[2])), colour,
                             0.150 if scene.time is TimeOfDay.NIGHT else 0.018)  # fmt: skip
        if self._limb and has_planet and scene.time in _OVER_LIMB:
            self._sun = replace(self._sun, way=self._over_limb(*_OVER_LIMB[scene.time]))
        self._star = Star(self._sun, level.bloom) if scene.time in _IN_SIGHT and has_planet else None

    def _place_galaxy(self, random: np.random.Generator, scene: Scene, shape: float, level: Level) -> Galaxy:
        has_more = bool(scene.features & {Feature.PLANET, Feature.RINGS})
        spot = (self._side * (9.0 if has_more else 1.5) * shape, 5.0 if has_more else 0.5, 40.0)
        pole = (random.uniform(-0.5, 0.5), 1.0, random.uniform(-0.95, -0.55))
        layers = 1 if level.detail <= 0 else 2 if level.detail < 1 else 3
        return Galaxy(random, spot, (9.0 if has_more else 17.0) * shape**0.5, pole, scene.palette, layers)

    def _place_globes(self, random: np.random.Generator, scene: Scene, shape: float, level: Level) -> None:
        rows = 384 if level.detail <= 0 else 512 if level.detail < 1 else 640
        side, has_rings = self._side, Feature.RINGS in scene.features
        is_gas = has_rings or (not self._limb and random.random() < 0.5)
        surface = self._surface(random, scene, rows, is_gas)
        start, spin = random.uniform(0, 6.28), 0.010 * side
        pole = _unit((side * random.uniform(0.20, 0.45), 1.0, random.uniform(-0.42, -0.24)))
        if self._limb:
            # so large that only its edge is seen, over the lower part of the frame
            radius, away, down = 13.0, 16.8, math.radians(56.5)
            spot = (side * 3.2 * shape, -away * math.sin(down), away * math.cos(down))
            pole = _unit((side * random.uniform(0.6, 0.9), 0.45, random.uniform(-0.5, 0.5)))  # the equator is in sight
            surface = replace(surface, air_depth=0.0065)
            start = _best_start(surface, pole, _unit((-spot[0], -spot[1], -spot[2] * 0.35)), start)
            planet = Globe(surface, spot, radius, pole, spin * 0.35, start, level.detail, 3.3)
        else:
            radius = (1.50 if has_rings else 2.25) * shape
            spot = (side * 0.95 * shape, -0.10, 9.5)
            planet = Globe(surface, spot, radius, pole, spin, start, level.detail * 0.45, 3.0)
        self._globes.append(planet)
        if has_rings:
            self._rings = Rings(random, (0.92, 0.82, 0.68))
        moon = barren(random, rows // 2, (0.62, 0.60, 0.57))
        small = 0.42 * shape**0.5
        at = (-side * 2.35 * shape, 1.35, 8.0) if not self._limb else (-side * 2.7 * shape, 2.1, 11.0)
        self._globes.append(Globe(moon, at, small, (0.1, 1.0, 0.0), 0.006, start, 0.0, 1.0))

    def _surface(self, random: np.random.Generator, scene: Scene, rows: int, is_gas: bool) -> Surface:
        return gas_giant(random, rows, scene.palette) if is_gas else earth(random, rows, scene.snow)

    def _over_limb(self, aside: float, over: float) -> Colour:
        """The direction in which the sun stands just over the edge of the planet."""
        planet = self._globes[0]
        x, y, z = planet.spot
        away = math.sqrt(x * x + y * y + z * z)
        turn = math.atan2(x, z) - self._side * aside
        # the edge lies where the look touches the sphere; rise from straight below to it in the plane of that turn
        level = math.hypot(x, z) * math.cos(turn - math.atan2(x, z))
        down = math.atan2(-y, level)
        rise = -down + math.acos(min(1.0, math.sqrt(away**2 - planet.radius**2) / math.hypot(level, y))) + over
        return math.sin(turn) * math.cos(rise), math.sin(rise), math.cos(turn) * math.cos(rise)

    def light(self, pose: Pose, lens: Lens, seconds: float) -> Planes:
        """The frame in linear light."""
        planes: tuple[Floats, ...] = tuple(np.empty((lens.rows, lens.width), np.float32) for _ in range(3))
        eye = eye_of(pose, _RIG.camera_height)
        self._deep.draw(planes, eye, lens)
        if self._galaxy is not None:
            self._galaxy.draw(planes, eye, lens, seconds)
        if self._star is not None:
            self._star.draw(planes, eye, lens)
        far_first = sorted(self._globes, key=lambda globe: -eye.place(globe.spot)[2])
        for globe in far_first:
            rings = self._rings if globe is self._globes[0] else None
            draw_globe(planes, globe, self._sun, rings, self._tile, eye, lens, seconds)
            if rings is not None:
                rings.draw(planes, globe, self._sun, eye, lens)
        if self._star is not None:
            self._star.dazzle(planes, self._globes, eye, lens)
        return planes[0], planes[1], planes[2]


def _best_start(surface: Surface, pole: Colour, way: Colour, start: float) -> float:
    """The turn of the planet that shows, in the direction `way` from its middle, land and sea in equal parts."""
    x, y, z = (
        np.full((1, 1), sum(w * a for w, a in zip(way, axis, strict=True)), np.float32) for axis in frame_of(pole)
    )
    wide = cv2.blur(surface.ground[..., 3].astype(np.float32), (surface.rows // 6, surface.rows // 8))
    turns = [start + i * math.tau / 24 for i in range(24)]
    seas = [float(cv2.remap(wide, *place(x, y, z, surface.rows, turn), cv2.INTER_LINEAR)[0, 0]) for turn in turns]
    return turns[int(np.argmin(np.abs(np.array(seas) - 120)))]


def _unit(way: Colour) -> Colour:
    size = math.sqrt(sum(part * part for part in way))
    return way[0] / size, way[1] / size, way[2] / size
