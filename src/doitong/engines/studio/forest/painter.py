"""The inside of a wood as a film: what stands in it, from far to near, with mist between and light falling through."""

import math
from dataclasses import replace

import cv2
import numpy as np

from doitong.engines.studio.air.laying import add_light
from doitong.engines.studio.arrays import Bytes, Colour, Floats, Planes, as_floats
from doitong.engines.studio.camera import CameraPath, Lens, Pose, Rig, focal_length
from doitong.engines.studio.forest.ground import Ground, floor_rows
from doitong.engines.studio.forest.light import Canopy
from doitong.engines.studio.forest.motes import Motes
from doitong.engines.studio.forest.sprites import Codec, draw_out, lay_sheet, lay_sprite, mark_near
from doitong.engines.studio.forest.wood import SOFT_METRES, TALLEST_EYE, Eyes, Stand, Standing, Wood, stand_of
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.levels import Level
from doitong.engines.studio.noise import sample, spectral_tile
from doitong.engines.studio.scene import Scene, Season

_EYE = 1.55
_LOWEST_EYE = 0.45
_NEAR_FLOOR = (0.3, SOFT_METRES)  # metres ahead
_MIST_METRES = (24.0, 10.0)
_OPENNESS = {Season.SPRING: 0.30, Season.SUMMER: 0.24, Season.AUTUMN: 0.32, Season.WINTER: 0.42}
_LITTER: dict[Season, tuple[Colour, ...]] = {
    Season.SPRING: ((0.13, 0.085, 0.045), (0.09, 0.06, 0.035), (0.10, 0.14, 0.03), (0.17, 0.12, 0.07)),
    Season.SUMMER: ((0.12, 0.080, 0.045), (0.08, 0.055, 0.03), (0.15, 0.105, 0.06), (0.07, 0.09, 0.03)),
    Season.AUTUMN: ((0.48, 0.22, 0.03), (0.36, 0.10, 0.015), (0.55, 0.33, 0.05), (0.20, 0.09, 0.03)),
    Season.WINTER: ((0.11, 0.075, 0.045), (0.08, 0.055, 0.035), (0.14, 0.10, 0.07)),
}


class ForestPainter:
    """Draws one film's wood."""

    def __init__(self, scene: Scene, level: Level, width: int, height: int) -> None:
        self.rig = Rig(_EYE, 4.2, 9.0, 0.57)
        self.floor = 0.0
        self._scene, self._is_fine = scene, level.bloom
        self._canopy = Canopy(scene, _OPENNESS[scene.season], width < height)
        self.exposure = self._canopy.exposure
        brightest = max(a + g for a, g in zip(self._canopy.air, self._canopy.glow, strict=True))
        self._codec = Codec(max(0.5, brightest * 1.35))
        focal = focal_length(width, height)
        poses = CameraPath(scene, self.rig).poses(9)
        pitch = max(pose.pitch for pose in poses)
        poses = [replace(pose, y=_softened(pose.y)) for pose in poses]
        eyes = Eyes(tuple(poses), width / 2 / focal * 1.08, self.rig.horizon * height / focal + math.tan(pitch), focal)
        self._wood = Wood(scene, level, self._canopy, self._codec, eyes)
        random = np.random.default_rng([scene.seed, 229])
        needles = stand_of(scene) in (Stand.SPRUCE, Stand.PINE)
        litter = _LITTER[Season.SUMMER if needles and scene.season is Season.AUTUMN else scene.season]
        moss = {Season.SPRING: 0.55, Season.SUMMER: 0.5, Season.AUTUMN: 0.25, Season.WINTER: 0.3}[scene.season]
        snow = scene.snow if scene.snow > 0.4 else 0.0
        self._ground = Ground(random, self._canopy, self._codec, (0.055, 0.040, 0.026), litter,
                              moss + (0.2 if needles else 0.0), snow, self._wood.trunks, 5200)  # fmt: skip
        self._mist = spectral_tile(random, 128, 1.5, 2)
        self._motes = Motes(scene, level, self._canopy)

    def light(self, pose: Pose, lens: Lens, seconds: float) -> Planes:
        """The frame in linear light."""
        eye = _softened(pose.y)
        far, air = self._far(pose, eye, lens, seconds)
        first, last = floor_rows(eye, lens, _NEAR_FLOOR)
        canvas = np.empty((lens.rows, lens.width, 4), np.uint8)
        for picture, *rows in ((far, 0, first), (air, first, last), (far, last, lens.rows)):
            draw_out(canvas, picture, (rows[0], rows[1]))
        self._ground.draw(canvas, pose, eye, lens, _NEAR_FLOOR, 0.0, seconds)
        self._lay_near(canvas, pose, eye, lens, seconds)
        shafts = self._canopy.shafts_in(pose, eye, lens, seconds)
        return self._lit(canvas, shafts, pose, eye, lens, seconds)

    def _far(self, pose: Pose, eye: float, lens: Lens, seconds: float) -> tuple[Bytes, Bytes]:
        """Everything far, and the air alone: both half as large, for the mist leaves nothing finer."""
        half = Lens((lens.width + 1) // 2, (lens.rows + 1) // 2, lens.focal / 2, lens.horizon / 2)
        air = self._air(pose, half)
        canvas = air.copy()
        self._ground.draw(canvas, pose, eye, half, (SOFT_METRES * 0.9, 120.0), 45.0, seconds)
        for _, thing, x, depth in _in_view(self._wood.far, pose):
            _lay(canvas, thing, x, depth, eye, half, self._lean(thing, seconds))
        return canvas, air

    def _air(self, pose: Pose, lens: Lens) -> Bytes:
        columns, rows = 96, max(4, round(96 * lens.rows / lens.width))
        slope = (np.linspace(0, lens.width, columns, dtype=np.float32) - np.float32(lens.width / 2)) / lens.focal
        rise = (np.float32(lens.horizon) - np.linspace(0, lens.rows, rows, dtype=np.float32)) / np.float32(lens.focal)
        s, c = np.float32(math.sin(pose.yaw)), np.float32(math.cos(pose.yaw))
        slope = as_floats(slope)
        ways = np.broadcast_arrays((slope * c + s)[None, :], rise[:, None], (c - slope * s)[None, :])
        planes = self._canopy.toward_air(*ways)
        coded = np.dstack([*(np.sqrt(np.minimum(p / np.float32(self._codec.top), 1)) * 255 for p in planes),
                           np.full((rows, columns), 255, np.float32)]).astype(np.float32)  # fmt: skip
        return np.asarray(cv2.resize(coded, (lens.width, lens.rows), interpolation=cv2.INTER_CUBIC)).clip(
            0, 255).astype(np.uint8)  # fmt: skip

    def _lay_near(self, canvas: Bytes, pose: Pose, eye: float, lens: Lens, seconds: float) -> None:
        mists = list(_MIST_METRES) if self._is_fine else []
        before = math.inf
        for _, thing, x, depth in _in_view(self._wood.near, pose):
            if mists and depth < mists[0]:
                self._lay_mist(canvas, pose, eye, lens, mists.pop(0), seconds)
            mark_near(canvas, before, depth)
            before = depth
            _lay(canvas, thing, x, depth, eye, lens, self._lean(thing, seconds))
        mark_near(canvas, before, 0.0)

    def _lean(self, thing: Standing, seconds: float) -> float:
        """How the wind bends a thing now."""
        gust = math.sin(seconds * 1.1 + thing.phase) + 0.5 * math.sin(seconds * 2.3 + thing.phase * 2 + thing.x)
        return thing.sway * self._scene.wind * gust

    def _lay_mist(self, canvas: Bytes, pose: Pose, eye: float, lens: Lens, depth: float, seconds: float) -> None:
        """A sheet of drifting ground mist at one depth."""
        amount = min(0.55, 0.55 * (self._scene.haze + 0.08) * (1.0 if depth > 15 else 0.6))
        columns, rows = 80, max(4, round(80 * lens.rows / lens.width))
        slope = (np.arange(columns, dtype=np.float32) + np.float32(0.5 - columns / 2)) * np.float32(
            lens.width / columns / lens.focal)  # fmt: skip
        rise = (np.float32(lens.horizon) - (np.arange(rows, dtype=np.float32) + np.float32(0.5)) * np.float32(
            lens.rows / rows)) / np.float32(lens.focal)  # fmt: skip
        s, c = np.float32(math.sin(pose.yaw)), np.float32(math.cos(pose.yaw))
        x = np.float32(pose.x + pose.z * 0.4) + np.float32(depth) * (slope * c + s)[None, :]
        height = (np.float32(eye) + np.float32(depth) * rise)[:, None]
        drift = np.float32(seconds * 0.35 * self._scene.wind)
        u, v = np.broadcast_arrays((x + drift) * np.float32(3.2), height * np.float32(9.0) - drift + np.float32(depth))
        cloud = 0.55 + 0.4 * sample(self._mist, as_floats(u), as_floats(v))
        cover = np.clip(cloud, 0, 1) * np.exp(-np.maximum(height - np.float32(0.4), 0) / np.float32(1.6))
        cover *= np.clip((height + 0.5) * 1.5, 0, 1) * np.float32(amount)
        air = self._canopy.toward_air(*np.broadcast_arrays((slope * c + s)[None, :], rise[:, None],
                                                           (c - slope * s)[None, :]))  # fmt: skip
        image = np.dstack([*(np.sqrt(np.minimum(p / np.float32(self._codec.top), 1)) * cover for p in air), cover])
        lay_sheet(canvas, as_floats(image * np.float32(255)))

    def _lit(self, canvas: Bytes, shafts: tuple[Floats, Floats], pose: Pose, eye: float, lens: Lens,
             seconds: float) -> Planes:  # fmt: skip
        """Linear light of the canvas with the shafts in the air and what drifts in them."""
        colour = [colour * self._canopy.shafts for colour in self._canopy.sun_colour]
        if loops is not None:
            whole, near = (cv2.resize(plane, (lens.width, plane.shape[0])) for plane in shafts)
            light = np.array([self._codec.top, *colour], np.float32)
            red, green, blue, shown = (np.empty(canvas.shape[:2], np.float32) for _ in range(4))
            loops.light_canvas(
                at(canvas, np.uint8), lens.width, lens.rows, at(whole), at(near), whole.shape[0],
                at(light), *map(at, (red, green, blue, shown)),
            )  # fmt: skip
            planes = red, green, blue
        else:
            planes, cover = self._codec.planes_of(canvas)
            size = (lens.width, lens.rows)
            whole, near = (cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in shafts)
            shown = as_floats(whole - (whole - near) * cover)
            add_light(planes, shown, (colour[0], colour[1], colour[2]))
        self._motes.draw(planes, shown, pose, eye, lens, seconds)
        return planes


def _softened(height: float) -> float:
    """A crane in a wood stays below the crowns and above the moss."""
    rise = TALLEST_EYE - _EYE
    if height > _EYE:
        return _EYE + rise * math.tanh((height - _EYE) / rise)
    return max(_LOWEST_EYE, height)


def _in_view(things: list[Standing], pose: Pose) -> list[tuple[float, Standing, float, float]]:
    """What stands before the camera, far to near: (order, thing, metres aside, metres ahead)."""
    s, c = math.sin(pose.yaw), math.cos(pose.yaw)
    seen = []
    for number, thing in enumerate(things):
        dx, dz = thing.x - pose.x, thing.z - pose.z
        ahead = dx * s + dz * c
        if ahead > 0.55:
            seen.append((-ahead + number * 1e-7, thing, dx * c - dz * s, ahead))
    seen.sort(key=lambda item: item[0])
    return seen


def _lay(canvas: Bytes, thing: Standing, x: float, depth: float, eye: float, lens: Lens, lean: float) -> None:
    scale = lens.focal / depth
    lay_sprite(canvas, thing.sprite, lens.width / 2 + scale * x, lens.horizon + scale * (eye - thing.y),
               scale / thing.sprite.density, lean)  # fmt: skip
