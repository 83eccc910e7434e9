"""A city at a bay, by day and by night: sky, buildings at true distances, lamps, and the water that mirrors them."""

import math
from dataclasses import replace

import cv2
import numpy as np

from doitong.engines.studio.air.light import Light, light_of
from doitong.engines.studio.air.sky import Sky
from doitong.engines.studio.arrays import Colour, Floats, Planes, as_floats, mix
from doitong.engines.studio.camera import CameraPath, Lens, Pose, Rig, focal_length
from doitong.engines.studio.city.avenue import Avenue
from doitong.engines.studio.city.bay import Bay
from doitong.engines.studio.city.fronts import Fronts, Lamps
from doitong.engines.studio.city.lights import Lights
from doitong.engines.studio.city.plan import SHORE, draw_up
from doitong.engines.studio.city.setting import Shadows, Streets, curtains
from doitong.engines.studio.city.skins import LIT_SHARE, CellAtlas, neon
from doitong.engines.studio.city.view import Air, CityView
from doitong.engines.studio.levels import Level
from doitong.engines.studio.scene import Scene, Style, TimeOfDay

_RIG = Rig(38.0, 90.0, 1050.0, horizon=0.60)
_REFLECTION_REACH = 0.10
_MIRROR_GAIN = 9.0
_LAMP_ROWS = 8  # that a lamp's spot at the shore takes
_FOG_METRES = 560.0
_NEON_EXPOSURE = 1.25
_NOIR_LIT = 0.42  # share of the windows that are lit in film noir
_DUSK_FOG: Colour = (0.150, 0.180, 0.255)

_LAMPS = {
    TimeOfDay.DAWN: Lamps(0.55, (0.05, 0.03, 0.015), 0.10, 0.6),
    TimeOfDay.MORNING: Lamps(0.0, (0.0, 0.0, 0.0), 0.03, 0.3),
    TimeOfDay.NOON: Lamps(0.0, (0.0, 0.0, 0.0), 0.03, 0.2),
    TimeOfDay.GOLDEN_HOUR: Lamps(0.30, (0.01, 0.006, 0.003), 0.06, 1.0),
    TimeOfDay.SUNSET: Lamps(0.75, (0.06, 0.036, 0.017), 0.22, 1.0),
    TimeOfDay.DUSK: Lamps(0.72, (0.15, 0.085, 0.038), 0.50, 0.0),
    TimeOfDay.NIGHT: Lamps(0.95, (0.17, 0.094, 0.040), 0.55, 0.0),
}
_LAMP_POWER = {TimeOfDay.DAWN: 0.35, TimeOfDay.SUNSET: 0.55, TimeOfDay.DUSK: 1.0, TimeOfDay.NIGHT: 1.0}


class CityPainter:
    """Draws one film's city."""

    def __init__(self, scene: Scene, level: Level, width: int, height: int) -> None:
        light, lamps = _city_light(scene), _LAMPS[scene.time]
        self.rig, self.floor, self.exposure = _RIG, 0.0, light.exposure
        focal = focal_length(width, height)
        path = CameraPath(scene, self.rig)
        spread = _spread(path, width / 2 / focal)
        city = draw_up(scene, spread, 1.0 if width >= height else 1.3, level.detail)
        random = np.random.default_rng([scene.seed, 302])
        side = -1.0 if city.centre > 0 else 1.0
        sun_turn = side * math.radians(random.uniform(7, 12)) * min(1.0, width / height)
        key = sun_turn + side * math.radians(light.key_turn + 18)
        rise = math.radians(light.key_height)
        key_sun = (math.sin(key) * math.cos(rise), math.sin(rise), math.cos(key) * math.cos(rise))
        shadows = Shadows(city.faces, key, math.tan(rise)) if level.detail > 0 and not light.is_moon else None
        around = curtains(random)
        lit = LIT_SHARE[scene.time] * (_NOIR_LIT if scene.style is Style.NOIR else 1.0)
        atlas = CellAtlas(random, lit, scene.palette)
        reference = Lens(width, height, focal, height * self.rig.horizon)
        fronts = Fronts(city, around, atlas, light, lamps, key_sun, shadows, path.pose(0.5), reference)
        streets = Streets(scene, light, city, shadows, mix(lamps.street, 1.9, lamps.street, 0.0))
        cover = 4.2 if scene.snow >= 0.7 else 1.0
        roof = mix(light.fill, 0.17 * cover, light.sun, 0.11 * cover * math.sin(rise))
        avenue = Avenue(scene, light, lamps.street, path, focal, 2 if level.detail > 0 else 1)
        self._view = CityView(city, around, fronts, streets, avenue, roof, level.detail > 0)
        self._sky = Sky(scene, light, sun_turn, 0.035, level)
        self._bay = Bay(scene, light, level.wave_size, self._sky.sun, 1 if level.detail <= 0 else 2)
        self._shrink = 4 if level.detail <= 0 else 3  # of the mirror image, which waves break up anyway
        self._fog = _fog(scene)
        haze = light.haze_metres * (1.55 - 1.9 * min(scene.haze, 0.55))
        haze *= (_FOG_METRES / haze) ** self._fog
        self._thinning = (1 + 1.5 * scene.rain) / (0.55 * haze)
        power = _LAMP_POWER.get(scene.time, 0.0)
        self._lights = Lights(city, scene.palette, spread, power, self._thinning * 0.7, random)
        self._mast_colour = mix(light.fill, 0.10, light.sun, 0.03)

    def light(self, pose: Pose, lens: Lens, seconds: float) -> Planes:
        """The frame in linear light."""
        above = Lens(lens.width, max(4, min(lens.rows, int(lens.horizon) + 3)), lens.focal, lens.horizon)
        sky, air = self._sky.draw(pose, above, seconds), Air(self._thinning, self._sky.haze(pose, lens))
        self._swallow(sky, air, pose, above)
        planes = tuple(np.empty((lens.rows, lens.width), np.float32) for _ in range(3))
        for plane, part in zip(planes, sky, strict=True):
            plane[: above.rows] = part
            plane[above.rows :] = part[-1]
        shore = _shore(pose, lens)
        dry_rows = min(lens.rows, max(above.rows, int(shore.max()) + _LAMP_ROWS))  # what lies lower is water
        dry, dry_lens = tuple(plane[:dry_rows] for plane in planes), replace(lens, rows=dry_rows)
        depth = self._view.draw(dry, pose, dry_lens, air)
        self._lights.draw_masts(dry, depth, pose, pose.y, dry_lens, air.colours, self._mast_colour)
        self._lights.draw(dry, depth, pose, pose.y, dry_lens, seconds)
        self._fill_water(planes, shore, pose, lens, seconds)
        return planes[0], planes[1], planes[2]

    def _swallow(self, sky: Planes, air: Air, pose: Pose, lens: Lens) -> None:
        """Fog stands before the sky, thick below and thinner above."""
        if self._fog <= 0:
            return
        rise = (np.float32(lens.horizon) - np.arange(lens.rows, dtype=np.float32)) * np.float32(1 / lens.focal)
        thick = self._fog * (0.80 + 0.45 * np.exp(-np.maximum(rise, 0) * 2.4))
        for plane, colour in zip(sky, air.colours, strict=True):
            np.add(plane, (colour[None, :] - plane) * np.minimum(thick, 1).astype(np.float32)[:, None], out=plane)

    def _fill_water(self, planes: tuple[Floats, ...], shore: Floats, pose: Pose, lens: Lens, seconds: float) -> None:
        if shore.min() >= lens.rows:
            return
        mirror_lens = self._mirror_lens(lens)
        mirror = self._mirror(pose, mirror_lens, seconds)
        self._bay.lay(planes, shore, mirror, mirror_lens, pose, lens, seconds)

    def _mirror_lens(self, lens: Lens) -> Lens:
        rows = int((lens.rows - lens.horizon + _REFLECTION_REACH * lens.focal) / self._shrink) + 2
        return Lens(lens.width // self._shrink, rows, lens.focal / self._shrink, float(rows))

    def _mirror(self, pose: Pose, lens: Lens, seconds: float) -> Planes:
        sky, air = self._sky.draw(pose, lens, seconds, disc=False), Air(self._thinning, self._sky.haze(pose, lens))
        self._swallow(sky, air, pose, lens)
        depth = self._view.draw(sky, pose, lens, air, mirrored=True)
        self._lights.draw(sky, depth, pose, -pose.y, lens, seconds, _MIRROR_GAIN)
        soft = [cv2.blur(plane, (1, 5)) for plane in sky]
        return soft[0], soft[1], soft[2]


def _shore(pose: Pose, lens: Lens) -> Floats:
    """The row at which each column's water ends."""
    ahead = np.cos(pose.yaw) - lens.slopes() * np.float32(math.sin(pose.yaw))
    return as_floats(np.float32(lens.horizon) + np.float32(lens.focal * pose.y / (SHORE - pose.z)) * ahead)


def _spread(path: CameraPath, side: float) -> float:
    """How far to the side the city must reach, as a tangent."""
    widest = 0.3
    for pose in path.poses():
        for px in (-side / pose.zoom * 1.08, side / pose.zoom * 1.08):
            turn = min(1.25, max(-1.25, pose.yaw + math.atan(px)))
            widest = max(widest, abs(math.tan(turn)) + abs(pose.x) / SHORE)
    return min(2.2, widest)


def _fog(scene: Scene) -> float:
    """0 for air that one sees through, 1 for fog in which the waterfront stands alone."""
    return min(1.0, max(0.0, (scene.haze - 0.55) / 0.27))


def _city_light(scene: Scene) -> Light:
    """The hour's light with what a city's own lamps do to its sky."""
    light, fog = light_of(scene), _fog(scene)
    if scene.time is TimeOfDay.NIGHT:
        light = replace(
            light, horizon=(0.098, 0.072, 0.074), middle=(0.026, 0.028, 0.052), fill=(0.036, 0.042, 0.066),
            cloud_lit=(0.105, 0.098, 0.115), cloud_dark=(0.060, 0.048, 0.050), stars=0.3,
        )  # fmt: skip
        if scene.palette:  # one colour low and one high: mixed, they would be grey
            low, high = neon(scene.palette[0]), neon(scene.palette[min(1, len(scene.palette) - 1)])
            light = replace(
                light, horizon=mix(light.horizon, 0.30, low, 0.085), middle=mix(light.middle, 0.6, low, 0.022),
                zenith=mix(light.zenith, 0.6, high, 0.006), fill=mix(light.fill, 0.5, high, 0.018),
                cloud_lit=mix(light.cloud_lit, 0.25, low, 0.060), cloud_dark=mix(light.cloud_dark, 0.20, high, 0.012),
                exposure=min(light.exposure, _NEON_EXPOSURE),
            )  # fmt: skip
    elif scene.time is TimeOfDay.DUSK:
        light = replace(
            light, zenith=(0.012, 0.042, 0.140), middle=(0.060, 0.125, 0.290), horizon=(0.42, 0.27, 0.23),
            fill=(0.095, 0.145, 0.285), cloud_lit=(0.30, 0.215, 0.27), cloud_dark=(0.055, 0.080, 0.150), stars=0.1,
        )  # fmt: skip
        light = replace(light, horizon=mix(light.horizon, 1 - 0.8 * fog, _DUSK_FOG, 0.8 * fog),
                        glow=mix(light.glow, 1 - fog, light.glow, 0.0))  # fmt: skip
    return light
