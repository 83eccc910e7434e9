"""Land under a sky: height fields of every kind, with water where the land has any."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from doitong.engines.studio.air.light import Light, light_of
from doitong.engines.studio.air.sky import Sky
from doitong.engines.studio.arrays import Floats, Planes, bands
from doitong.engines.studio.camera import CameraPath, Lens, Pose, focal_length
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.land.curtains import far_ranges, tree_lines
from doitong.engines.studio.land.finish import finishes_of
from doitong.engines.studio.land.grass import grass_curtains
from doitong.engines.studio.land.landforms import Landform, landform_of
from doitong.engines.studio.land.planting import cast_plants, plant_land
from doitong.engines.studio.land.shade import Air
from doitong.engines.studio.land.stand import Stand
from doitong.engines.studio.land.view import LandView, Picture
from doitong.engines.studio.land.water import Water
from doitong.engines.studio.land.world import World, build_world, lay_grid
from doitong.engines.studio.levels import Level
from doitong.engines.studio.life.boats import Boats, Outlook
from doitong.engines.studio.scene import Life, Scene

_CLEARANCE_METRES = 5.0
_SNOW_EXPOSURE = 0.68  # as a photographer stops down for a white ground
_REFLECTION_REACH = 0.10  # tangent of how far waves can lift a reflected ray
_SKETCHED_MIRROR = 2 / 3  # of the sky's size, which is half the frame's: what a sketch's water mirrors is a third


class LandPainter:
    """Draws one film's land, sky and water."""

    def __init__(self, scene: Scene, level: Level, width: int, height: int) -> None:
        land = landform_of(scene)
        light = light_of(scene)
        self.rig = land.rig
        self.exposure = light.exposure * (_SNOW_EXPOSURE if land.ground == "snow" or scene.snow >= 0.7 else 1.0)
        random = np.random.default_rng([scene.seed, 5])
        sun_turn = float(random.choice([-1.0, 1.0])) * math.radians(6.5 + 6.0 * float(random.random()))
        if width < height:
            sun_turn *= 0.7
        with ThreadPoolExecutor(1) as beside:  # the sky is built beside the land
            sky = beside.submit(Sky, scene, light, sun_turn, level=level)
            self._raise_land(scene, land, light, level, sun_turn, random, (width, height))
            self._sky = sky.result()
        self._sky.clear_ridge(self._world.ridge(sun_turn, self.floor + land.rig.camera_height))
        self._water = Water(scene, light, self._world, level.wave_size, self._sky.sun) if land.has_water else None
        sails = land.has_water and Life.BOATS in scene.life
        focal = focal_length(width, height)
        outlook = Outlook(
            CameraPath(scene, land.rig, self.floor).poses(), width / 2 / focal, height * (1 - land.rig.horizon) / focal
        )
        self._boats = Boats(scene, light, self._sky.sun, self._world.height_at, outlook) if sails else None

    def _raise_land(self, scene: Scene, land: Landform, light: Light, level: Level, sun_turn: float,
                    random: np.random.Generator, size: tuple[int, int]) -> None:  # fmt: skip
        """Build the land, what grows on it, and what draws them."""
        width, height = size
        focal = focal_length(width, height)
        spread = _spread(CameraPath(scene, land.rig), land, width / 2 / focal)
        world = build_world(scene, land, level, light, lay_grid(land, level, spread), sun_turn, width / 2 / focal,
                            height * land.rig.horizon / focal)  # fmt: skip
        self._world = world
        places, drawings = plant_land(world, scene, light, level.near_trees)
        cast_plants(world, places, light, sun_turn)
        curtains = tree_lines(world, scene, light, level, random) + far_ranges(world, light, random)
        curtains += grass_curtains(world, scene, light, level.detail if level.near_trees else 0.4)
        self.floor = _floor(world, CameraPath(scene, land.rig)) if land.on_land else 0.0
        haze = light.haze_metres * (1.55 - 1.9 * scene.haze) if scene.haze < 0.7 else light.haze_metres * 0.22
        air = Air(haze, light.mist * (0.4 + 2.0 * scene.haze))
        shown = world.without_depths() if land.has_water else world
        self._view = LandView(shown, curtains, air, finishes_of(scene, light, world.draft), level.detail)
        standing = [curtain for curtain in curtains if curtain.sway == 0]
        thinned = shown.thinned(3 if level.is_sketch else 2)
        self._below = LandView(thinned, standing, air, (), 0.0) if land.has_water else None
        self._mirror_scale = _SKETCHED_MIRROR if level.is_sketch else 1.0
        self._stand = Stand(places, drawings, self._view.mesh, air, scene.wind)

    def light(self, pose: Pose, lens: Lens, seconds: float) -> Planes:
        """The frame in linear light."""
        top = max(0, int(lens.horizon))
        sky = self._vault(pose, lens, seconds, is_mirrored=self._water is not None and top < lens.rows)
        planes = self._backdrop(sky, pose, lens, seconds)
        haze = self._sky.haze(pose, lens)
        picture = self._view.draw(pose, lens, haze, seconds)
        if sky.mirror_lens is not None:
            self._fill_water(planes, sky, pose, lens, top, seconds, picture)
        if picture is not None:
            _lay_land(planes, picture)
            self._stand.draw(planes, picture.seen, pose, lens, haze, seconds)
        if self._boats is not None:
            self._boats.lay(planes, pose, lens, seconds, partial(self._hides, picture))
        return planes

    def _vault(self, pose: Pose, lens: Lens, seconds: float, *, is_mirrored: bool) -> _Vault:
        """The sky of a frame at half the size, as far up as the water mirrors it."""
        above = max(4, min(lens.rows, int(lens.horizon) + 3))
        horizon, rows = lens.horizon / 2, (above + 1) // 2
        width, focal = (lens.width + 1) // 2, lens.focal / 2
        if not is_mirrored:
            return _Vault(*self._sky.vault(pose, Lens(width, rows, focal, horizon), seconds), 0, above)
        mirrored = int((lens.rows - lens.horizon) / 2 + _REFLECTION_REACH * focal) + 2
        extra = max(0, mirrored - math.floor(horizon))
        horizon += extra
        planes, cover = self._sky.vault(pose, Lens(width, rows + extra, focal, horizon), seconds)
        cut = math.floor(horizon) - mirrored
        mirror_lens = Lens(width, math.ceil(horizon) - cut, focal, horizon - cut)
        return _Vault(planes, cover, extra, above, cut, mirror_lens)

    def _backdrop(self, sky: _Vault, pose: Pose, lens: Lens, seconds: float) -> Planes:
        """The sky, drawn on below the horizon."""
        above = Lens(lens.width, sky.above, lens.focal, lens.horizon)
        part = [plane[sky.extra :] for plane in sky.planes]
        whole = self._sky.enlarge(part, sky.cover[sky.extra :], pose, above, seconds)
        below = (0, lens.rows - above.rows, 0, 0)
        red, green, blue = (cv2.copyMakeBorder(plane, *below, cv2.BORDER_REPLICATE) for plane in whole)
        return red, green, blue

    def _hides(self, picture: Picture | None, z: float, part: tuple[slice, slice]) -> Floats | None:
        """The share of each pixel of a part of the frame that land nearer than `z` covers."""
        if picture is None or part[0].stop <= picture.top:
            return None
        rows, columns = part
        nearer = picture.seen[rows, columns] < int(np.searchsorted(self._view.mesh.depths, z))
        land = np.zeros(nearer.shape, np.float32)
        first = max(rows.start, picture.top)
        found = picture.land[first - picture.top : rows.stop - picture.top, columns]
        land[first - rows.start : first - rows.start + found.shape[0]] = found
        return land * nearer

    def ground_at(self, x: float, z: float) -> float:
        """Height of the ground at a point of the plane, metres."""
        return self._world.ground_at(x, z)

    def _fill_water(self, planes: Planes, sky: _Vault, pose: Pose, lens: Lens, top: int, seconds: float,
                    picture: Picture | None) -> None:  # fmt: skip
        assert self._water is not None
        assert sky.mirror_lens is not None
        mirror_lens = sky.mirror_lens.scaled(self._mirror_scale)
        mirror = self._mirror(sky, pose, mirror_lens, seconds)
        self._water.lay(planes, mirror, mirror_lens, pose, lens, top, seconds, _dry(picture, top, lens))

    def _mirror(self, sky: _Vault, pose: Pose, lens: Lens, seconds: float) -> Planes:
        assert sky.mirror_lens is not None
        parts = [plane[sky.cut : sky.cut + sky.mirror_lens.rows] for plane in sky.planes]
        parts = [shrunk(plane, self._mirror_scale, lens) for plane in parts]
        self._sky.strike(parts, pose, lens, seconds)
        haze = self._sky.haze(pose, lens)
        assert self._below is not None
        for picture in self._below.draw_mirrored(pose, lens, haze, seconds):
            _lay_land(tuple(parts), picture)
        soft = [cv2.blur(plane, (1, 5)) for plane in parts]
        return soft[0], soft[1], soft[2]


@dataclass(frozen=True, slots=True)
class _Vault:
    """The sky at half a frame's size. The frame's own begins at the row `extra` and is `above` rows high when enlarged;
    what water mirrors begins at the row `cut`."""

    planes: list[Floats]
    cover: Floats
    extra: int
    above: int
    cut: int = 0
    mirror_lens: Lens | None = None


def shrunk(plane: Floats, scale: float, lens: Lens) -> Floats:
    """A copy of a plane, `scale` as large, that fills a lens; its middle stays in the middle."""
    if scale == 1:
        return plane.copy()
    step = 1 / scale
    half = (step - 1) / 2  # from a pixel's middle to the middle of those it stands for
    aside = (plane.shape[1] - step * lens.width) / 2
    way = np.array([[step, 0, aside + half], [0, step, half]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(plane, way, (lens.width, lens.rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _lay_land(planes: tuple[Floats, ...], picture: Picture) -> None:
    rows = slice(picture.top, picture.top + picture.land.shape[0])
    spots = picture.edges
    for plane, part in zip(planes, picture.planes, strict=True):
        whole = plane[rows]
        if loops is not None:
            loops.lay_over(at(whole), at(part), at(picture.land), part.size)
        for band in bands(part.shape[0]) if loops is None else ():
            under = whole[band]
            over = part[band] - under
            over *= picture.land[band]
            under += over
        if spots.size:
            flat = whole.reshape(-1)
            flat[spots] = flat[spots] * 0.5 + (flat[spots - 1] + flat[spots + 1]) * np.float32(0.25)


def _dry(picture: Picture | None, top: int, lens: Lens) -> Floats | None:
    """The share of land in the rows from `top` down."""
    if picture is None:
        return None
    dry = np.zeros((lens.rows - top, lens.width), np.float32)
    first, last = max(top, picture.top), min(lens.rows, picture.top + picture.land.shape[0])
    if last > first:
        dry[first - top : last - top] = picture.land[first - picture.top : last - picture.top]
    return dry


def _floor(world: World, path: CameraPath) -> float:
    """Ground that the camera must stay above: what is near its start, and all that lies below its way."""
    first = world.heights[: world.grid.depths.size // 5]
    middle = first[:, world.grid.columns // 3 : -world.grid.columns // 3]
    floor = float(np.quantile(middle, 0.93))
    clearance = min(_CLEARANCE_METRES, 0.4 * world.land.rig.camera_height)
    for pose in path.poses():
        ahead = pose.z + np.linspace(0, 60, 7, dtype=np.float32)
        ground = world.height_at(np.full_like(ahead, pose.x), ahead)
        floor = max(floor, float(ground.max()) + clearance - pose.y)
    return floor


def _spread(path: CameraPath, land: Landform, side: float) -> float:
    """How far to the side the grid must reach, as a tangent from its apex."""
    apex = max(land.apex, land.near * 3)
    widest = 0.2
    for pose in path.poses():
        for px in (-side / pose.zoom * 1.08, side / pose.zoom * 1.08):
            turn = pose.yaw + math.atan(px)
            for depth in (land.near, land.densest[0], land.far):
                x = pose.x + math.tan(turn) * max(0.0, depth - pose.z)
                widest = max(widest, abs(x) / (depth + apex))
    return min(2.0, widest * 1.01)
