"""The camera: where it stands and looks at each moment, eased, and the ground its path can see."""

import math
from dataclasses import dataclass, replace

import numpy as np

from doitong.engines.studio.arrays import Floats
from doitong.engines.studio.scene import CameraStep, Scene

PAN_RADIANS = math.radians(9)
TILT_RADIANS = math.radians(5)
ROLL_RADIANS = math.radians(4)
ORBIT_RADIANS = math.radians(7)
ZOOM_RATIO = 1.28

# yaw, pitch and roll of an ordinary move
_TURNS = {
    "pan_left": (-PAN_RADIANS, 0.0, 0.0),
    "pan_right": (PAN_RADIANS, 0.0, 0.0),
    "tilt_up": (0.0, TILT_RADIANS, 0.0),
    "tilt_down": (0.0, -TILT_RADIANS, 0.0),
    "roll_left": (0.0, 0.0, -ROLL_RADIANS),
    "roll_right": (0.0, 0.0, ROLL_RADIANS),
}
_ZOOMS = {"zoom_in": ZOOM_RATIO, "zoom_out": 1 / ZOOM_RATIO}


@dataclass(frozen=True, slots=True)
class Pose:
    """Position in metres, angles in radians (yaw to the right, pitch up, roll clockwise), zoom as a ratio."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    zoom: float = 1.0


@dataclass(frozen=True, slots=True)
class Lens:
    """A picture's geometry: pixels, focal length in pixels, and the row of the horizon."""

    width: int
    rows: int
    focal: float
    horizon: float

    def slopes(self) -> Floats:
        """Sideways tangent of each column from the middle of the view."""
        at = np.arange(self.width, dtype=np.float32) + np.float32(0.5 - self.width / 2)
        return (at * np.float32(1 / self.focal)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Rig:
    """What a move means in a scene. Metres: where the camera's eye is above `floor`, how far an ordinary dolly goes,
    and the distance of what an orbit turns around; `horizon` is the share of the frame above the horizon."""

    camera_height: float
    dolly_metres: float
    pivot_metres: float
    horizon: float = 0.5


def ease(t: float) -> float:
    """Ease-in-out from 0 to 1 with no jerk at the ends (smootherstep, Perlin 2002)."""
    t = min(1.0, max(0.0, t))
    return t * t * t * (t * (t * 6 - 15) + 10)


def focal_length(width: int, height: int) -> float:
    """Focal length in pixels at zoom 1: about 52° across a wide frame, 56° down a tall one."""
    return max(width * 1.02, height * 0.94) if width >= height else height * 0.94


def move_pose(pose: Pose, step: CameraStep, share: float, rig: Rig, motion: float) -> Pose:
    """`pose` after `share` (0–1) of one move."""
    amount = 2.0 * step.strength * share * motion
    metres = rig.dolly_metres * amount
    turn = _TURNS.get(step.move)
    if turn is not None:
        yaw, pitch, roll = (angle * amount for angle in turn)
        return replace(pose, yaw=pose.yaw + yaw, pitch=pose.pitch + pitch, roll=pose.roll + roll)
    if step.move in _ZOOMS:
        return replace(pose, zoom=pose.zoom * _ZOOMS[step.move] ** amount)
    return _travel(pose, step.move, metres, amount, rig)


def _travel(pose: Pose, move: str, metres: float, amount: float, rig: Rig) -> Pose:
    ahead, aside = (math.sin(pose.yaw), math.cos(pose.yaw)), (math.cos(pose.yaw), -math.sin(pose.yaw))
    match move:
        case "dolly_in" | "dolly_out":
            sign = 1.0 if move == "dolly_in" else -1.0
            return replace(pose, x=pose.x + sign * ahead[0] * metres, z=pose.z + sign * ahead[1] * metres)
        case "truck_left" | "truck_right":
            sign = 0.45 if move == "truck_right" else -0.45
            return replace(pose, x=pose.x + sign * aside[0] * metres, z=pose.z + sign * aside[1] * metres)
        case "pedestal_up" | "pedestal_down":
            ratio = 2.6 if move == "pedestal_up" else 1 / 1.7
            return replace(pose, y=pose.y * ratio**amount)
        case "orbit_left" | "orbit_right":
            turn = ORBIT_RADIANS * amount * (1 if move == "orbit_right" else -1)
            x, z = math.sin(turn) * rig.pivot_metres, (1 - math.cos(turn)) * rig.pivot_metres
            return replace(pose, x=pose.x + x, z=pose.z + z, yaw=pose.yaw - turn)
    return pose


class CameraPath:
    """The way of the camera through one film; `floor` is the height of the ground that it keeps above."""

    def __init__(self, scene: Scene, rig: Rig, floor: float = 0.0) -> None:
        self._scene, self._rig, self._floor = scene, rig, floor
        height = rig.camera_height
        end = self._pose_from(Pose(y=height), 1.0)
        middle = Pose(yaw=-end.yaw / 2, pitch=-end.pitch / 2, roll=-end.roll / 2, y=height)
        is_orbit = any(step.move.startswith(("orbit", "truck")) for part in scene.segments for step in part)
        centred = replace(middle, x=-end.x / 2) if is_orbit else middle
        back = min(0.0, end.z)
        self._start = replace(centred, z=-back, zoom=1.0 if end.zoom >= 1 else 1.0 / end.zoom)

    def _pose_from(self, start: Pose, share: float) -> Pose:
        pose, count = start, max(1, len(self._scene.segments))
        for place, part in enumerate(self._scene.segments):
            done = ease(share * count - place)
            for step in part:
                pose = move_pose(pose, step, done, self._rig, self._scene.motion)
        return pose

    def pose(self, share: float) -> Pose:
        """The pose at `share` of the film's length, 0–1."""
        pose = self._pose_from(self._start, share)
        return replace(pose, y=pose.y + self._floor)

    def poses(self, count: int = 13) -> list[Pose]:
        """Poses spread over the film, for bounds."""
        return [self.pose(i / (count - 1)) for i in range(count)]
