"""The ground under water: how high it lies, its colour, and what the water over it swallows."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Colour, Floats, as_floats
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.land.world import World
from doitong.engines.studio.scene import Feature, Scene, SceneKind

_LOG_STEPS = 4096


@dataclass(frozen=True, slots=True)
class Bottom:
    """What lies under the water: its colour, and how strongly the water swallows red, green and blue (per metre)."""

    albedo: Colour
    swallow: Colour


_BOTTOMS = {
    "island": Bottom((0.62, 0.56, 0.42), (0.42, 0.085, 0.060)),
    "beach": Bottom((0.34, 0.285, 0.205), (0.85, 0.34, 0.30)),
    "canyon": Bottom((0.30, 0.20, 0.12), (0.9, 0.8, 1.0)),
}
_TROPICAL = Bottom((0.46, 0.40, 0.29), (0.52, 0.105, 0.080))
_ELSEWHERE = Bottom((0.16, 0.145, 0.11), (0.55, 0.30, 0.36))


def bottom_of(scene: Scene, world: World) -> Bottom:
    """What lies under the water of a scene."""
    is_tropical = scene.kind is SceneKind.BEACH and Feature.PALMS in scene.features
    return _TROPICAL if is_tropical else _BOTTOMS.get(world.land.ground, _ELSEWHERE)


def surface(
    pose: Pose, lens: Lens, rows: Floats, columns: slice = slice(None)
) -> tuple[Floats, Floats, Floats, Floats]:
    """Where each pixel of the rows meets the water: x, z, the distance, and the tangent of the look downwards."""
    down = (rows[:, None] + np.float32(0.5 - lens.horizon)) * np.float32(1 / lens.focal)
    down = np.maximum(down, np.float32(0.4 / lens.focal))
    away = np.float32(pose.y) / down
    px = lens.slopes()[None, columns]
    c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
    return np.float32(pose.x) + (s + px * c) * away, np.float32(pose.z) + (c - px * s) * away, away, down


class Bed:
    """The ground of one film as the water's plane shows it."""

    def __init__(self, world: World) -> None:
        self._world, self._heights = world, np.ascontiguousarray(world.heights, np.float32)
        ends = np.log(world.land.near), np.log(world.land.far)
        steps = np.exp(np.linspace(*ends, _LOG_STEPS))
        self._rows = (
            np.float32(ends[0]),
            np.float32((_LOG_STEPS - 1) / (ends[1] - ends[0])),
            world.grid.rows_of(steps),
        )

    def heights(self, pose: Pose, lens: Lens, top: int) -> Floats:
        """Height of the ground under (or over) each pixel of the water's plane."""
        rows, columns = lens.rows - top, lens.width
        some = np.linspace(top, lens.rows - 1, max(2, rows // 2), dtype=np.float32)
        bed = (self._remapped_bed if loops is None else self._found_bed)(pose, lens, some)
        return np.asarray(cv2.resize(bed, (columns, rows), interpolation=cv2.INTER_LINEAR), dtype=np.float32)

    def _found_bed(self, pose: Pose, lens: Lens, rows: Floats) -> Floats:
        """The bed at some rows and every second column, in one pass."""
        grid, heights, (low, scale, table) = self._world.grid, self._heights, self._rows
        slope, c, s = lens.slopes()[::2], np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
        aside, ahead = s + slope * c, c - slope * s
        _, _, away, _ = surface(pose, lens, rows, slice(0, 1))
        scales = (grid.columns - 1) / (2 * grid.spread), (grid.columns - 1) / 2, self._world.land.near, low, scale
        numbers = np.array((pose.x, pose.z, grid.apex, *scales), np.float32)
        bed = np.empty((rows.size, aside.size), np.float32)
        loops.find_bed(*map(at, (away, aside, ahead)), *bed.shape, at(numbers), at(table),
                       table.size, at(heights), *heights.shape, at(bed))  # fmt: skip
        return bed

    def _remapped_bed(self, pose: Pose, lens: Lens, rows: Floats) -> Floats:
        grid = self._world.grid
        x, z, _, _ = surface(pose, lens, rows, slice(None, None, 2))
        return as_floats(cv2.remap(self._heights, grid.columns_of(x, z), self._grid_rows(z), cv2.INTER_LINEAR,
                                   borderMode=cv2.BORDER_REPLICATE))  # fmt: skip

    def _grid_rows(self, z: Floats) -> Floats:
        """Row numbers of the grid for many depths, from a table by their logarithm."""
        low, scale, table = self._rows
        place: Floats = cv2.log(np.maximum(z, self._world.land.near))
        place -= low
        place *= scale
        np.clip(place, 0, _LOG_STEPS - 1.01, out=place)
        first = place.astype(np.int32)
        place -= first
        one = table.take(first)
        first += 1
        return as_floats(one + (table.take(first) - one) * place)
