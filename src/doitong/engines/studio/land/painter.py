"""Land under a sky: height fields of every kind, with water where the land has any."""

import math

import cv2
import numpy as np

from doitong.engines.studio.air.light import LIGHTS
from doitong.engines.studio.air.sky import Sky
from doitong.engines.studio.arrays import Floats, Planes
from doitong.engines.studio.camera import CameraPath, Lens, Pose, focal_length
from doitong.engines.studio.land.curtains import far_ranges, tree_lines
from doitong.engines.studio.land.landforms import LANDFORMS, Landform
from doitong.engines.studio.land.view import LandView, Picture
from doitong.engines.studio.land.water import Water
from doitong.engines.studio.land.world import World, build_world, lay_grid
from doitong.engines.studio.levels import Level
from doitong.engines.studio.scene import Scene

_CLEARANCE_METRES = 5.0
_REFLECTION_REACH = 0.10  # tangent of how far waves can lift a reflected ray


class LandPainter:
    """Draws one film's land, sky and water."""

    def __init__(self, scene: Scene, level: Level, width: int, height: int) -> None:
        land = LANDFORMS[scene.kind]
        light = LIGHTS[scene.time]
        self.rig, self.exposure = land.rig, light.exposure
        random = np.random.default_rng([scene.seed, 5])
        sun_turn = float(random.choice([-1.0, 1.0])) * math.radians(6.5 + 6.0 * float(random.random()))
        if width < height:
            sun_turn *= 0.7
        focal = focal_length(width, height)
        spread = _spread(CameraPath(scene, land.rig), land, width / 2 / focal)
        world = build_world(scene, land, level, light, lay_grid(land, level, spread), sun_turn, width / 2 / focal,
                            height * land.rig.horizon / focal)  # fmt: skip
        curtains = tree_lines(world, scene, light, level, random) + far_ranges(world, light, random)
        self.floor = 0.0 if land.has_water else _floor(world, CameraPath(scene, land.rig))
        haze = light.haze_metres * (1.55 - 1.9 * scene.haze) if scene.haze < 0.7 else light.haze_metres * 0.22
        self._view = LandView(world, curtains, haze, light.mist * (0.4 + 2.0 * scene.haze), level.detail)
        self._sky = Sky(scene, light, sun_turn, world.ridge(sun_turn, self.floor + land.rig.camera_height))
        self._water = Water(scene, light, land.wave_slope, level.wave_size, self._sky.sun) if land.has_water else None

    def light(self, pose: Pose, lens: Lens, seconds: float) -> Planes:
        """The frame in linear light."""
        above = Lens(lens.width, max(4, min(lens.rows, int(lens.horizon) + 3)), lens.focal, lens.horizon)
        sky = self._sky.draw(pose, above, seconds)
        haze = self._sky.haze(pose, lens)
        planes = tuple(np.empty((lens.rows, lens.width), np.float32) for _ in range(3))
        for plane, part in zip(planes, sky, strict=True):
            plane[: above.rows] = part
            plane[above.rows :] = part[-1]
        picture = self._view.draw(pose, lens, haze)
        if self._water is not None:
            top = max(0, int(lens.horizon))
            if top < lens.rows:
                self._fill_water(planes, pose, lens, top, seconds)
        if picture is not None:
            _lay_land(planes, picture)
        return planes[0], planes[1], planes[2]

    def _fill_water(self, planes: tuple[Floats, ...], pose: Pose, lens: Lens, top: int, seconds: float) -> None:
        assert self._water is not None
        mirror_lens = self._mirror_lens(lens)
        mirror = self._mirror(pose, mirror_lens, seconds)
        water = self._water.draw(mirror, mirror_lens, pose, lens, top, seconds)
        for plane, part in zip(planes, water, strict=True):
            plane[top:] = part

    def _mirror_lens(self, lens: Lens) -> Lens:
        rows = int((lens.rows - lens.horizon) / 2 + _REFLECTION_REACH * lens.focal / 2) + 2
        return Lens(lens.width // 2, rows, lens.focal / 2, float(rows))

    def _mirror(self, pose: Pose, lens: Lens, seconds: float) -> Planes:
        sky = self._sky.draw(pose, lens, seconds, disc=False)
        haze = self._sky.haze(pose, lens)
        for picture in self._view.draw_mirrored(pose, lens, haze):
            _lay_land(sky, picture)
        soft = [cv2.blur(plane, (1, 5)) for plane in sky]
        return soft[0], soft[1], soft[2]


def _lay_land(planes: tuple[Floats, ...], picture: Picture) -> None:
    rows = slice(picture.top, picture.top + picture.land.shape[0])
    for plane, part in zip(planes, picture.planes, strict=True):
        under = plane[rows]
        under += (part - under) * picture.land
        flat = under.reshape(-1)
        spots = picture.edges
        flat[spots] = flat[spots] * 0.5 + (flat[spots - 1] + flat[spots + 1]) * np.float32(0.25)


def _floor(world: World, path: CameraPath) -> float:
    """Ground that the camera must stay above: what is near its start, and all that lies below its way."""
    first = world.heights[: world.grid.depths.size // 5]
    middle = first[:, world.grid.columns // 3 : -world.grid.columns // 3]
    floor = float(np.quantile(middle, 0.93))
    for pose in path.poses():
        ahead = pose.z + np.linspace(0, 60, 7, dtype=np.float32)
        ground = world.height_at(np.full_like(ahead, pose.x), ahead)
        floor = max(floor, float(ground.max()) + _CLEARANCE_METRES - pose.y)
    return floor


def _spread(path: CameraPath, land: Landform, side: float) -> float:
    """How far to the side the grid must reach, as a tangent from its apex."""
    apex = max(120.0, land.near * 3)
    widest = 0.2
    for pose in path.poses():
        for px in (-side / pose.zoom * 1.08, side / pose.zoom * 1.08):
            turn = pose.yaw + math.atan(px)
            for depth in (land.near, land.densest[0], land.far):
                x = pose.x + math.tan(turn) * max(0.0, depth - pose.z)
                widest = max(widest, abs(x) / (depth + apex))
    return min(2.0, widest * 1.01)
