"""Sunlight in air or water: the plane across it, and the shafts that gaps on that plane leave in a frame."""

import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats, as_floats
from doitong.engines.studio.camera import Lens, Pose

_LONGEST = 256  # pixels of the longer side of the picture in which shafts are found
_ABOVE = 0.5  # share of a frame above it that light may come from
_SPREAD_PASSES = 5


class Sunlight:
    """Light from one direction: `side` to the right of straight ahead and `up`, radians."""

    def __init__(self, side: float, up: float) -> None:
        self._side = side
        self.sun = (math.sin(side) * math.cos(up), math.sin(up), math.cos(side) * math.cos(up))
        sx, sy, sz = self.sun
        self._across = (math.cos(side), 0.0, -math.sin(side))
        self._along = (sy * self._across[2], sz * self._across[0] - sx * self._across[2], -sy * self._across[0])

    def plane_of(self, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats]:
        """Places in the world as places of the plane across the light, metres."""
        u = x * np.float32(self._across[0]) + z * np.float32(self._across[2])
        v = x * np.float32(self._along[0]) + y * np.float32(self._along[1]) + z * np.float32(self._along[2])
        return as_floats(u), as_floats(v)

    def facing(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """Cosine between directions and the sun."""
        return as_floats((x * self.sun[0] + y * self.sun[1] + z * self.sun[2]) / np.sqrt(x * x + y * y + z * z))

    def shafts(self, pose: Pose, eye: float, lens: Lens, gaps: Callable[[Floats, Floats], Floats],
               slices: Sequence[tuple[float, float]], near_metres: float) -> tuple[Floats, Floats]:  # fmt: skip
        """Light in the air as two small pictures of the frame: all of it, and what hangs nearer than `near_metres`.

        `slices` are depths and what each adds; `gaps` the light at places of the plane.
        """
        grain = _LONGEST / max(lens.width, lens.rows)
        columns, rows = max(8, round(lens.width * grain)), max(8, round(lens.rows * grain))
        above = int(rows * _ABOVE)
        focal = np.float32(lens.focal * grain)
        slope = (np.arange(columns, dtype=np.float32) + np.float32(0.5 - columns / 2)) / focal
        rise = ((np.float32(lens.horizon * grain - 0.5) - np.arange(-above, rows, dtype=np.float32)) / focal)[:, None]
        s, c = np.float32(math.sin(pose.yaw)), np.float32(math.cos(pose.yaw))
        dx, dz = np.broadcast_arrays((slope * c + s)[None, :], (c - slope * s)[None, :])
        du, dv = self.plane_of(*np.broadcast_arrays(dx, rise, dz))
        u0, v0 = self.plane_of(*(np.full(1, value, np.float32) for value in (pose.x, eye, pose.z)))
        whole, near = np.zeros_like(du), np.zeros_like(du)
        for depth, much in slices:
            lit = gaps(u0 + du * np.float32(depth), v0 + dv * np.float32(depth)) * np.float32(much)
            whole += lit
            if depth < near_metres:
                near += lit
        centre = self._vanishing(pose, lens, grain, above)
        # mist scatters mostly forward: a Henyey–Greenstein lobe, g = 0.6, scaled to 1 at the sun
        phase = 0.16 + 0.84 * (0.16 / np.maximum(1.36 - 1.2 * self.facing(dx, rise, dz), 0.05)) ** 0.75
        shown = [as_floats((_parted(_spread(plane, centre)) * phase)[above:]) for plane in (whole, near)]
        return shown[0], shown[1]

    def _vanishing(self, pose: Pose, lens: Lens, grain: float, above: int) -> tuple[float, float]:
        turn = min(1.3, max(-1.3, self._side - pose.yaw))
        ahead = math.cos(turn) * math.hypot(self.sun[0], self.sun[2])
        x = lens.width / 2 + math.tan(turn) * lens.focal
        y = lens.horizon - self.sun[1] / max(0.1, ahead) * lens.focal
        return x * grain - 0.5, y * grain - 0.5 + above


def _parted(plane: Floats) -> Floats:
    """Shafts told apart from the general glow, which the air's colour holds already."""
    more = np.maximum(plane - np.float32(0.10), 0) * np.float32(1.5)
    return as_floats(more / (1 + np.float32(1.3) * more))


def _spread(plane: Floats, centre: tuple[float, float]) -> Floats:
    """Smear a picture away from `centre`, twice as far in each pass (after Mitchell, GPU Gems 3, chapter 13)."""
    step = 0.018
    for _ in range(_SPREAD_PASSES):
        grow = 1 - step
        turn = np.array([[grow, 0, centre[0] * step], [0, grow, centre[1] * step]])
        moved = cv2.warpAffine(plane, turn, plane.shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                               borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        plane = cv2.addWeighted(plane, 0.5, moved, 0.5, 0)
        step = 1 - grow * grow
    return plane
