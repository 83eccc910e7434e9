"""A film ready to be drawn: its scene's painter, the camera's way, and the grade. One function draws a frame."""

import math
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Protocol

import cv2
import numpy as np

from doitong.engines.studio.air.weather import Weather
from doitong.engines.studio.arrays import Bytes, Floats, Planes
from doitong.engines.studio.camera import CameraPath, Lens, Pose, Rig, focal_length
from doitong.engines.studio.grade import Grade
from doitong.engines.studio.levels import Level
from doitong.engines.studio.life.foreground import Overlay, overlays_of
from doitong.engines.studio.scene import Scene, SceneKind, Style

_AIRLESS = {SceneKind.SPACE, SceneKind.UNDERWATER, SceneKind.ABSTRACT}  # no weather, no birds
_LOOP_FADE = 0.25  # share of a loop in which its end turns into its beginning
_SHUTTER = 0.5  # share of a frame's time that the shutter is open, as in a cinema camera
_SHARP_TURN = 0.0035  # of the frame's width: what passes while the shutter is open and is not blurred


class Painter(Protocol):
    """Draws one scene. Built once for a film; `light` may be called for any pose, in any order, from several threads.

    `rig` says what camera moves mean here, `floor` how high the ground under the camera is (metres), `exposure` what
    the grade multiplies the light by.
    """

    rig: Rig
    floor: float
    exposure: float

    def light(self, pose: Pose, lens: Lens, seconds: float) -> Planes:
        """The frame in linear light, float32 planes of `lens.rows` × `lens.width` that the caller may write to.

        `pose.roll` is not the painter's to draw; `lens` holds the zoom and the pitch already.
        """
        ...


# where each kind's painter is; it is imported when a film needs it, so that no film waits for the other painters
PAINTERS: Mapping[SceneKind, str] = {
    SceneKind.LAKE: "land.painter:LandPainter",
    SceneKind.MOUNTAINS: "land.painter:LandPainter",
    SceneKind.SEA: "land.painter:LandPainter",
    SceneKind.BEACH: "land.painter:LandPainter",
    SceneKind.ISLANDS: "land.painter:LandPainter",
    SceneKind.HILLS: "land.painter:LandPainter",
    SceneKind.FIELD: "land.painter:LandPainter",
    SceneKind.ROAD: "land.painter:LandPainter",
    SceneKind.DUNES: "land.painter:LandPainter",
    SceneKind.CANYON: "land.painter:LandPainter",
    SceneKind.SNOWFIELD: "land.painter:LandPainter",
    SceneKind.CITY: "city.painter:CityPainter",
    SceneKind.FOREST: "forest.painter:ForestPainter",
    SceneKind.SPACE: "space.painter:SpacePainter",
    SceneKind.UNDERWATER: "underwater.painter:UnderwaterPainter",
    SceneKind.ABSTRACT: "abstract.painter:AbstractPainter",
}


def painter_of(kind: SceneKind) -> Callable[[Scene, Level, int, int], Painter]:
    """What draws scenes of a kind."""
    module, _, name = PAINTERS[kind].partition(":")
    painter: Callable[[Scene, Level, int, int], Painter] = getattr(import_module(f"{__package__}.{module}"), name)
    return painter


class Stage:
    """One film, ready to be drawn frame by frame; frames may be drawn in any order and from several threads."""

    def __init__(self, scene: Scene, level: Level, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._drawn = (round(width * level.scale), round(height * level.scale))
        self._scene = scene
        self._painter = painter_of(scene.kind)(scene, level, *self._drawn)
        self._overlays: list[Overlay] = []
        if scene.kind not in _AIRLESS:
            rig = self._painter.rig
            self._overlays = [*overlays_of(scene, rig, *self._drawn), Weather(scene, rig, self._drawn[1], level.bloom)]
        self.path = CameraPath(scene, self._painter.rig, self._painter.floor)
        self._grade = Grade(self._drawn, width, height, self._painter.exposure, level.bloom, scene)
        if scene.style is Style.PIXEL_ART:  # its palette comes from the film itself
            self._grade.learn(self.light(self.path.pose(0.5), 0.0))

    def frame(self, number: int, count: int, seconds: float) -> tuple[Bytes, Bytes, Bytes]:
        """Y, U and V planes of frame `number` of `count`, `seconds` into the film."""
        is_loop, scale = self._scene.is_loop, self._scene.time_scale
        whole = count if is_loop else max(1, count - 1)
        pose = self.path.pose(number / whole)
        planes = self.light(pose, seconds * scale)
        fade = (number / count - 1 + _LOOP_FADE) / _LOOP_FADE
        if is_loop and fade > 0:  # the moment before the film's beginning shines through
            before = self.light(pose, (seconds - seconds / number * count) * scale)
            planes = _mixed(planes, before, fade)
        return self._grade.frame(self._turned(planes, number / whole, _SHUTTER / 2 / whole), number)

    def _turned(self, planes: Planes, share: float, half: float) -> Planes:
        """The frame as a shutter sees it that is open `half` before and after: a fast turn draws it out."""
        first, last = self.path.pose(share - half), self.path.pose(share + half)
        focal = focal_length(*self._drawn) * first.zoom
        sharp = _SHARP_TURN * self._drawn[0]
        across = abs(math.tan(last.yaw - first.yaw)) * focal - sharp
        down = abs(math.tan(last.pitch - first.pitch)) * focal - sharp
        if max(across, down) <= 0:
            return planes
        kernels = _box(across), _box(down)
        red, green, blue = (cv2.sepFilter2D(p, -1, *kernels, borderType=cv2.BORDER_REPLICATE) for p in planes)
        return red, green, blue

    def light(self, pose: Pose, seconds: float) -> Planes:
        """The frame in linear light, as large as it is drawn."""
        width, height = self._drawn
        grow = _roll_cover(pose.roll, width, height)
        focal = focal_length(width, height) * pose.zoom / grow
        horizon = height * self._painter.rig.horizon + focal * math.tan(pose.pitch)
        lens = Lens(width, height, focal, horizon)
        planes = self._painter.light(pose, lens, seconds)
        for overlay in self._overlays:
            overlay.lay(planes, pose, lens, seconds)
        return _rolled(planes, pose.roll, grow) if pose.roll != 0 else planes


def _box(length: float) -> Floats:
    """An even blur over `length` pixels more than one, with a fraction at both ends, so that it grows smoothly."""
    half = max(0.0, length) / 2
    full = math.floor(half)
    ends = [half - full] if half > full else []
    kernel = np.array([*ends, *[1.0] * (2 * full + 1), *ends], np.float32)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _mixed(one: Planes, other: Planes, share: float) -> Planes:
    red, green, blue = (cv2.addWeighted(a, 1 - share, b, share, 0) for a, b in zip(one, other, strict=True))
    return red, green, blue


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
