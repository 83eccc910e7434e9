"""The camera before a picture: Studio's own poses, made small enough for a picture to bear, and what they see.

The canvas stands at distance 1 where the camera's pivot is; what has nearness n stands at 1 / (1 + span · (n − pivot)).
For a ray (h, 1) of a camera at t, whatever lies at inverse distance w is found on the canvas at h + w · (t − t_z · h):
one formula for every move. Where w itself depends on the place it is found by going round a few times.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats
from doitong.engines.studio.camera import CameraPath, Pose, Rig, focal_length
from doitong.engines.studio.scene import Scene

RIG = Rig(camera_height=1.0, dolly_metres=0.25, pivot_metres=1.0)
_LIFT = 0.063  # metres for the logarithm of a pedestal's ratio
# the most that a picture bears before one sees how it is done
_MOST_PARALLAX = 1 / 24  # of the width, between the pivot and what is farthest from it
_MOST_NEARING = 0.16
_MOST_ZOOM = math.log(1.6)
_MOST_CROP = 1.34  # how much larger than the frame the picture may be shown to hide its edge
_ROUNDS = 3
_CELL = 4  # pixels of the film between two rays


@dataclass(frozen=True, slots=True)
class Geometry:
    """The film's size, where its middle lies on the canvas, the canvas' size and density, the depth's scale, and the
    share of the usual parallax that it bears."""

    width: int
    height: int
    middle: tuple[float, float]
    canvas: tuple[int, int]
    density: float
    span: float
    pivot: float
    bears: float = 1.0

    @property
    def focal(self) -> float:
        return focal_length(self.width, self.height)


class View:
    """The camera's way over one canvas, and for each moment where on it every ray of the film falls."""

    def __init__(self, scene: Scene, geometry: Geometry) -> None:
        self._geometry = geometry
        self._path = CameraPath(scene, RIG)
        poses = self._path.poses(25)
        self._lift = (max(math.log(p.y) for p in poses) + min(math.log(p.y) for p in poses)) / 2
        self._scale = self._bearable([self._plain(pose) for pose in poses])
        self._crop = 1.0
        while not all(self._is_inside(self._moved(pose)) for pose in poses) and self._scale > 0.05:
            if self._crop < _MOST_CROP:
                self._crop *= 1.015
            else:
                self._scale *= 0.93
        columns, rows = -(-geometry.width // _CELL) + 2, -(-geometry.height // _CELL) + 2
        x = ((np.arange(columns, dtype=np.float32) - 0.5) * _CELL - geometry.width / 2) / geometry.focal
        y = ((np.arange(rows, dtype=np.float32) - 0.5) * _CELL - geometry.height / 2) / geometry.focal
        self._x, self._y = np.broadcast_to(x[None, :], (rows, columns)), np.broadcast_to(y[:, None], (rows, columns))

    def pose(self, share: float) -> Pose:
        """The camera at `share` of the film; y is up from the picture's middle."""
        return self._moved(self._path.pose(share))

    def cells(self, pose: Pose, nearness: Floats) -> tuple[Floats, Floats]:
        """Where on the canvas every cell's ray meets a layer of this nearness; cells reach beyond the film by one."""
        across, down = self._rays(pose, self._x, self._y)
        geometry = self._geometry
        to_x, to_y = pose.x - pose.z * across, -pose.y - pose.z * down
        nearer = np.float32(nearness.shape[1] / geometry.canvas[0])
        inverse: Floats | np.float32 = np.float32(1.0)
        for _ in range(_ROUNDS if pose.x or pose.y or pose.z else 1):
            at_x, at_y = self._on_canvas(across + inverse * to_x, down + inverse * to_y)
            seen = _sampled(nearness, (at_x + 0.5) * nearer - 0.5, (at_y + 0.5) * nearer - 0.5)
            inverse = np.float32(1) + np.float32(geometry.span) * (seen - np.float32(geometry.pivot))
        return self._on_canvas(across + inverse * to_x, down + inverse * to_y)

    def whole(self, cells: Floats, columns: slice, rows: slice) -> Floats:
        """A plane of cells drawn out to the film's pixels in a box."""
        margin = _CELL + _CELL // 2
        first = slice(rows.start // _CELL, -(-(rows.stop + margin) // _CELL) + 1)
        across = slice(columns.start // _CELL, -(-(columns.stop + margin) // _CELL) + 1)
        part = cells[first, across]
        large = cv2.resize(part, (part.shape[1] * _CELL, part.shape[0] * _CELL), interpolation=cv2.INTER_LINEAR)
        top, left = rows.start - first.start * _CELL + _CELL, columns.start - across.start * _CELL + _CELL
        return np.asarray(large[top : top + rows.stop - rows.start, left : left + columns.stop - columns.start])

    def box(self, seen: Floats) -> tuple[slice, slice] | None:
        """Columns and rows of the film in which some cell is above 0; even numbers."""
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        if not rows.size:
            return None
        geometry = self._geometry

        def reach(first: int, last: int, most: int) -> slice:
            return slice(max(0, (first - 2) * _CELL) // 2 * 2, min(most, (last + 2) * _CELL))

        return reach(columns[0], columns[-1], geometry.width), reach(rows[0], rows[-1], geometry.height)

    def _rays(self, pose: Pose, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        zoom = np.float32(1 / (pose.zoom * self._crop))
        c, s = np.float32(math.cos(pose.roll)) * zoom, np.float32(math.sin(pose.roll)) * zoom
        a, b = x * c - y * s, x * s + y * c
        c, s = np.float32(math.cos(pose.pitch)), np.float32(math.sin(pose.pitch))
        down, ahead = b * c - s, c + b * s
        c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
        across, ahead = a * c + ahead * s, ahead * c - a * s
        return across / ahead, down / ahead

    def _on_canvas(self, across: Floats, down: Floats) -> tuple[Floats, Floats]:
        """Pixels of the canvas, whole numbers in a pixel's middle."""
        geometry = self._geometry
        scale = np.float32(geometry.focal * geometry.density)
        x = across * scale + np.float32(geometry.middle[0] - 0.5)
        return x, down * scale + np.float32(geometry.middle[1] - 0.5)

    def _plain(self, pose: Pose) -> Pose:
        """The pose with its height in the picture's own measure."""
        return replace(pose, y=(math.log(pose.y) - self._lift) * _LIFT)

    def _moved(self, pose: Pose) -> Pose:
        k = self._scale
        own = self._plain(pose)
        return Pose(own.x * k, own.y * k, own.z * k, own.yaw * k, own.pitch * k, own.roll * k, own.zoom**k)

    def _bearable(self, poses: list[Pose]) -> float:
        """By how much the whole way is made smaller: little for a small one, and never beyond what can be borne."""
        geometry = self._geometry
        deep = geometry.span * max(geometry.pivot, 1 - geometry.pivot)
        aside = max(math.hypot(pose.x, pose.y) for pose in poses) * deep * geometry.focal / geometry.width
        nearing = max(pose.z for pose in poses)
        zooming = max(math.log(pose.zoom) for pose in poses)
        parallax = aside / (_MOST_PARALLAX * geometry.bears)
        demand = max(parallax, nearing / _MOST_NEARING, zooming / _MOST_ZOOM)
        return math.tanh(demand) / demand if demand > 1e-6 else 1.0

    def _is_inside(self, pose: Pose) -> bool:
        geometry = self._geometry
        half_x, half_y = geometry.width / 2 / geometry.focal, geometry.height / 2 / geometry.focal
        x = np.array([-1, 1, -1, 1, 0, 0, 1, -1], np.float32) * np.float32(half_x)
        y = np.array([-1, -1, 1, 1, -1, 1, 0, 0], np.float32) * np.float32(half_y)
        across, down = self._rays(pose, x, y)
        for nearness in (0.0, 1.0):
            w = np.float32(1 + geometry.span * (nearness - geometry.pivot))
            at_x, at_y = self._on_canvas(across + w * (pose.x - pose.z * across), down + w * (-pose.y - pose.z * down))
            wide, tall = geometry.canvas
            slack = 1.0
            if (
                at_x.min() < -slack
                or at_x.max() > wide - 1 + slack
                or at_y.min() < -slack
                or at_y.max() > tall - 1 + slack
            ):
                return False
        return True


def _sampled(plane: Floats, x: Floats, y: Floats) -> Floats:
    return np.asarray(cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101))
