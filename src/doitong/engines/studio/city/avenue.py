"""The trees along a waterfront: two rows of drawn plants on upright strips that repeat, read by one remap a row."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.air.light import Light
from doitong.engines.studio.arrays import Colour, Floats, as_floats, mix
from doitong.engines.studio.camera import CameraPath, Lens, Pose
from doitong.engines.studio.city.plan import GROUND, SHORE
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.land.stand import colour_drawing
from doitong.engines.studio.land.trees import Plant, draw_plant
from doitong.engines.studio.scene import Feature, Scene, Season

_PERIOD = 620.0  # metres after which a row repeats: wider than what is seen of it at once
_TALLEST = 13.0
_ROWS = (9.0, 43.0)  # behind the quay
_MIRROR_SHRINK = 3  # of the strips that the water's coarser image is read from
_VARIANTS = 3
_LEAVES: dict[Season, tuple[Colour, ...]] = {
    Season.SPRING: ((0.085, 0.130, 0.038), (0.105, 0.140, 0.045)),
    Season.SUMMER: ((0.050, 0.082, 0.028), (0.062, 0.092, 0.030)),
    Season.AUTUMN: ((0.27, 0.125, 0.026), (0.32, 0.20, 0.036), (0.20, 0.070, 0.024)),
    Season.WINTER: ((0.11, 0.095, 0.085),),
}
_BARK: Colour = (0.10, 0.082, 0.066)
_PALM: Colour = (0.075, 0.105, 0.032)
_FROST: Colour = (0.62, 0.64, 0.67)


@dataclass(frozen=True, slots=True)
class _Row:
    """A strip of light and cover, (height, width, 4) premultiplied, at the depth `z`; `scale` pixels for a metre."""

    z: float
    strip: Floats
    scale: float


class Avenue:
    """The waterfront's trees of one film. `street`: light of the lamps; `count`: of rows, the farther first."""

    def __init__(self, scene: Scene, light: Light, street: Colour, path: CameraPath, focal: float, count: int) -> None:
        random = np.random.default_rng([scene.seed, 307])
        nearest = max(pose.zoom / max(60.0, SHORE + _ROWS[0] - pose.z) for pose in path.poses())
        scale = max(1.6, 1.2 * focal * nearest)
        plants = _drawn(scene, light, street, random)
        self._rows = []
        for behind in _ROWS[::-1][:count]:
            strip = _planted(plants, random, scale)
            size = max(8, strip.shape[1] // _MIRROR_SHRINK), max(2, strip.shape[0] // _MIRROR_SHRINK)
            small = as_floats(cv2.resize(strip, size, interpolation=cv2.INTER_AREA))
            z = SHORE + behind
            self._rows.append((_Row(z, _closed(strip), scale), _Row(z, _closed(small), size[0] / _PERIOD)))

    def draw(self, planes: tuple[Floats, ...], depth: Floats, pose: Pose, eye: float, lens: Lens, thinning: float,
             air: Floats, mirrored: bool) -> None:  # fmt: skip
        """Set the trees before the houses, in place; `depth` is told of them."""
        for rows in self._rows:
            self._draw_row(rows[int(mirrored)], planes, depth, pose, eye, lens, thinning, air)

    def _draw_row(self, row: _Row, planes: tuple[Floats, ...], depth: Floats, pose: Pose, eye: float, lens: Lens,
                  thinning: float, air: Floats) -> None:  # fmt: skip
        px = lens.slopes()
        c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
        away = np.float32(max(row.z - pose.z, 8.0)) / np.maximum(c - px * s, np.float32(0.08))
        pace = lens.focal / float(away.min())
        ends = [lens.horizon - (GROUND + high - eye) * lens.focal / float(far) for high, far in
                ((_TALLEST, away.min()), (_TALLEST, away.max()), (0.0, away.min()), (0.0, away.max()))]  # fmt: skip
        first, last = max(0, math.floor(min(ends)) - 1), min(lens.rows, math.ceil(max(ends)) + 2)
        if last <= first or pace <= 0:
            return
        x = np.float32(pose.x) + (s + px * c) * away
        map_x = np.mod(x, np.float32(_PERIOD)) * np.float32(row.scale) + np.float32(0.5)
        if loops is not None:
            airs = np.ascontiguousarray(air)
            loops.city_trees(
                at(row.strip), row.strip.shape[1], row.strip.shape[0], at(map_x), at(away), at(airs), _TALLEST,
                row.scale, eye - GROUND, lens.focal, lens.horizon, thinning, *(at(plane) for plane in planes),
                at(depth), lens.width, first, last,
            )  # fmt: skip
            return
        down = np.arange(first, last, dtype=np.float32)[:, None] + np.float32(0.5 - lens.horizon)
        height = np.float32(eye - GROUND) - down * (away * np.float32(1 / lens.focal))[None, :]
        map_y = (np.float32(_TALLEST) - height) * np.float32(row.scale) - np.float32(0.5)
        seen = cv2.remap(row.strip, np.ascontiguousarray(np.broadcast_to(map_x, map_y.shape)), map_y, cv2.INTER_LINEAR,
                         borderMode=cv2.BORDER_CONSTANT)  # fmt: skip
        *colours, cover = cv2.split(seen)
        clear = np.exp(away * np.float32(-thinning))[None, :]
        for plane, colour, far in zip(planes, colours, air, strict=True):
            part = plane[first:last]
            part *= 1 - cover
            part += colour * clear + cover * (far[None, :] * (1 - clear))
        np.copyto(depth[first:last], np.broadcast_to(away, cover.shape), where=cover > 0.5)


def _drawn(scene: Scene, light: Light, street: Colour, random: np.random.Generator) -> list[Floats]:
    """Plants in the film's light, premultiplied; by night the lamps shine into them from below."""
    fill = mix(light.fill, 0.9, street, 0.8)
    side = 1.0 if random.random() < 0.5 else -1.0
    is_palm = Feature.PALMS in scene.features
    kind = Plant.PALM if is_palm else Plant.BARE if scene.season is Season.WINTER else Plant.ROUND
    leaves = (_PALM,) if is_palm else _LEAVES[scene.season]
    if scene.snow >= 0.7:
        leaves = tuple(mix(leaf, 0.55, _FROST, 0.45) for leaf in leaves)
    plants = []
    for number in range(_VARIANTS):
        shape = draw_plant(kind, random, side)
        bark = mix(_BARK, 0.6, _FROST, 0.4) if scene.snow >= 0.7 else _BARK
        plants.append(colour_drawing(kind, shape, leaves[number % len(leaves)], bark, light.sun, fill).levels[0])
    return plants


def _planted(plants: list[Floats], random: np.random.Generator, scale: float) -> Floats:
    """A strip with trees at uneven distances, some places left free; what leaves it on one side enters on the other."""
    width, height = round(_PERIOD * scale), math.ceil(_TALLEST * scale)
    strip = np.zeros((height, width, 4), np.float32)
    along = float(random.uniform(0, 8))
    while along < _PERIOD - 6:
        tall = float(random.uniform(6.5, 12.0))
        plant = plants[int(random.integers(len(plants)))][1:-1, 1:-1]
        if random.random() < 0.5:
            plant = plant[:, ::-1]
        rows = max(3, round(tall * scale))
        columns = max(3, round(rows * plant.shape[1] / plant.shape[0]))
        small = cv2.resize(plant, (columns, rows), interpolation=cv2.INTER_AREA) * np.float32(1.0)
        small[..., :3] *= np.float32(random.uniform(0.75, 1.2))
        place = (round(along * scale) - columns // 2 + np.arange(columns)) % width
        under = strip[height - rows :, place]
        strip[height - rows :, place] = under * (1 - small[..., 3:]) + small
        along += float(random.uniform(6.0, 12.0) if random.random() < 0.86 else random.uniform(18, 46))
    return strip


def _closed(strip: Floats) -> Floats:
    """The strip with one column of its other end on each side, so that it is read across the seam."""
    return as_floats(np.concatenate([strip[:, -1:], strip, strip[:, :2]], axis=1))
