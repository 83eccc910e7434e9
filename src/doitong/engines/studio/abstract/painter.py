"""A film of what is not a place: one look in one palette, seen by a camera that moves before its layers."""

import math
from collections.abc import Callable, Mapping

import cv2
import numpy as np

from doitong.engines.studio.abstract.looks import COARSE, Ink, Liquid, Look, Silk
from doitong.engines.studio.abstract.palette import palette_of
from doitong.engines.studio.arrays import Floats, Planes, as_floats
from doitong.engines.studio.camera import Lens, Pose, Rig
from doitong.engines.studio.levels import Level
from doitong.engines.studio.scene import Feature, Scene

_EYE = 1.0
_NEAREST = 0.9  # metres that the camera keeps before the nearest layer
_TALLEST = 1.8
_TENT = as_floats(np.convolve(np.ones(COARSE + 1), np.ones(COARSE + 1))) / np.float32((COARSE + 1) ** 2)
_RIM = 3  # cells around the frame, so that its edge is enlarged from both sides
_LOOKS: Mapping[Feature, Callable[[np.random.Generator, Floats, int], Look]] = {
    Feature.SILK: Silk,
    Feature.INK: Ink,
    Feature.LIQUID: Liquid,
}


class AbstractPainter:
    """Draws one film's flow."""

    def __init__(self, scene: Scene, level: Level, width: int, height: int) -> None:
        self.rig, self.floor, self.exposure = Rig(_EYE, 0.7, 3.2, 0.5), 0.0, 1.0
        choice, random = (np.random.default_rng([scene.seed, number]) for number in (414, 411))
        table = palette_of(scene, random)
        layers = 3 if level.tree_lines > 30 else 2 if level.bloom else 1
        any_look = list(_LOOKS)[int(choice.integers(len(_LOOKS)))]
        named = next((feature for feature in _LOOKS if feature in scene.features), any_look)
        self._look: Look = _LOOKS[named](random, table, layers)
        self._share = 0.5 if level.tree_lines > 30 else 0.45 if level.bloom else 0.36
        self._pace = 0.7 + 0.3 * scene.wind * scene.motion

    def light(self, pose: Pose, lens: Lens, seconds: float) -> Planes:
        """The frame in linear light."""
        view = _PlaneView(pose, lens, self._share)
        planes = self._look.paint(view, seconds * self._pace)
        size = (lens.width, lens.rows)
        red, green, blue = (cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC) for plane in planes)
        return red, green, blue


class _PlaneView:
    """Upright planes before the camera, as the frame drawn at a `share` of its size sees them."""

    def __init__(self, pose: Pose, lens: Lens, share: float) -> None:
        self._columns, self._rows = (max(4, round(side * share / COARSE)) for side in (lens.width, lens.rows))
        across, down = lens.width / self._columns, lens.rows / self._rows
        steps = np.arange(-_RIM, self._columns + _RIM, dtype=np.float32) + np.float32(0.5 - self._columns / 2)
        lines = np.arange(-_RIM, self._rows + _RIM, dtype=np.float32) + np.float32(0.5 - lens.horizon / down)
        slope, rise = steps * np.float32(across / lens.focal), lines * np.float32(down / lens.focal)
        s, c = np.float32(math.sin(pose.yaw)), np.float32(math.cos(pose.yaw))
        ahead = np.maximum(c - slope * s, np.float32(0.12))
        self._aside = as_floats((slope * c + s) / ahead)[None, :]
        self._rise = as_floats(rise[:, None] / ahead[None, :])
        self._pixel = across / COARSE / lens.focal
        self._x, self._z = pose.x, pose.z
        self._y = _TALLEST * math.tanh((pose.y - _EYE) / _TALLEST)

    def plane(self, distance: float) -> tuple[Floats, Floats, float]:
        """Places (right, down) on a plane, on the coarse grid, and the width of a drawn pixel there."""
        left = distance - self._z
        depth = left if left > 2 * _NEAREST else _NEAREST * (1 + math.exp(left / _NEAREST - 2))
        x = np.broadcast_to(self._aside * np.float32(depth) + np.float32(self._x), self._rise.shape)
        y = self._rise * np.float32(depth) - np.float32(self._y)
        return as_floats(x), as_floats(y), depth * self._pixel

    def fine(self, coarse: Floats) -> Floats:
        """A field of the coarse grid as drawn pixels: two box blurs, in one, turn facets into cubic B-splines."""
        size = ((self._columns + 2 * _RIM) * COARSE, (self._rows + 2 * _RIM) * COARSE)
        rim = _RIM * COARSE
        facets = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
        smooth = cv2.sepFilter2D(facets, -1, _TENT, _TENT)
        return np.ascontiguousarray(smooth[rim:-rim, rim:-rim])
