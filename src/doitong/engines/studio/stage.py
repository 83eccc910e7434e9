"""Everything a film needs, built once from its scene, and one function that draws a frame of it."""

import math

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats
from doitong.engines.studio.camera import CameraPath, Pose, focal_length
from doitong.engines.studio.curtains import far_ranges, tree_lines
from doitong.engines.studio.grade import Grade
from doitong.engines.studio.landforms import LANDFORMS, Landform
from doitong.engines.studio.levels import Level
from doitong.engines.studio.light import LIGHTS
from doitong.engines.studio.scene import Scene
from doitong.engines.studio.sky import Planes, Sky
from doitong.engines.studio.view import LandView, Lens, Picture
from doitong.engines.studio.water import Water
from doitong.engines.studio.world import World, build_world, lay_grid

_CLEARANCE_METRES = 5.0
_REFLECTION_REACH = 0.10  # tangent of how far waves can lift a reflected ray


class Stage:
    """One film, ready to be drawn frame by frame; frames may be drawn in any order and from several threads."""

    def __init__(self, scene: Scene, level: Level, width: int, height: int) -> None:
        self.width, self.height = width, height
        land = LANDFORMS[scene.kind]
        light = LIGHTS[scene.time]
        random = np.random.default_rng([scene.seed, 5])
        sun_turn = float(random.choice([-1.0, 1.0])) * math.radians(6.5 + 6.0 * float(random.random()))
        if width < height:
            sun_turn *= 0.7
        focal = focal_length(width, height)
        spread = _spread(CameraPath(scene, land), land, width / 2 / focal)
        world = build_world(scene, land, level, light, lay_grid(land, level, spread), sun_turn, width / 2 / focal,
                            height * land.horizon / focal)  # fmt: skip
        curtains = tree_lines(world, scene, light, level, random) + far_ranges(world, light, random)
        floor = 0.0 if land.has_water else _floor(world, CameraPath(scene, land))
        self.path = CameraPath(scene, land, floor)
        haze = light.haze_metres * (1.55 - 1.9 * scene.haze) if scene.haze < 0.7 else light.haze_metres * 0.22
        self._view = LandView(world, curtains, haze, light.mist * (0.4 + 2.0 * scene.haze), level.detail)
        self._sky = Sky(scene, light, sun_turn, world.ridge(sun_turn, floor + land.camera_height))
        self._water = Water(scene, light, land.wave_slope, level.wave_size, self._sky.sun) if land.has_water else None
        self._land = land
        self._focal = focal
        self._grade = Grade(width, height, light.exposure, level.bloom, scene.seed)

    def frame(self, number: int, count: int, seconds: float) -> tuple[Bytes, Bytes, Bytes]:
        """Y, U and V planes of frame `number` of `count`, `seconds` into the film."""
        pose = self.path.pose(number / max(1, count - 1))
        return self._grade.frame(self.light(pose, seconds), number)

    def light(self, pose: Pose, seconds: float) -> Planes:
        """The frame in linear light."""
        grow = _roll_cover(pose.roll, self.width, self.height)
        focal = self._focal * pose.zoom / grow
        horizon = self.height * self._land.horizon + focal * math.tan(pose.pitch)
        lens = Lens(self.width, self.height, focal, horizon)
        planes = self._compose(pose, lens, seconds)
        return planes if pose.roll == 0 else _rolled(planes, pose.roll, grow)

    def _compose(self, pose: Pose, lens: Lens, seconds: float) -> Planes:
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


def _roll_cover(roll: float, width: int, height: int) -> float:
    ratio = max(width / height, height / width)
    return 1.0 if roll == 0 else math.cos(abs(roll)) + ratio * math.sin(abs(roll))


def _rolled(planes: Planes, roll: float, grow: float) -> Planes:
    height, width = planes[0].shape
    turn = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), math.degrees(roll), grow)
    whole = [
        cv2.warpAffine(plane, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for plane in planes
    ]
    return whole[0], whole[1], whole[2]
