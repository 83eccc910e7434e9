"""The sea bed in perspective: rippled sand with pebbles and growth, under running caustics."""

import math

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats, as_floats, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.forest.floor import FloorTile
from doitong.engines.studio.forest.sprites import Codec
from doitong.engines.studio.noise import sample, spectral_tile
from doitong.engines.studio.underwater.water import Water

_TILE = 512
_TILE_METRES = 6.0
_BRIGHTEST = 2.2
_FAR_METRES = 46.0


class Bed:
    """One film's sea bed."""

    def __init__(self, random: np.random.Generator, water: Water, codec: Codec, growth: float) -> None:
        self._water, self._codec = water, codec
        coded = np.sqrt(np.clip(_paint(random, growth), 0, 1)) * np.float32(255)
        self._tile = FloorTile(coded.astype(np.uint8), _TILE_METRES)
        self._broad = spectral_tile(random, 128, 1.5, 3)

    def draw(self, canvas: Bytes, pose: Pose, lens: Lens, tile: Floats, seconds: float) -> None:
        """Lay the bed onto the canvas, which shows the water; `tile` is the caustics of the moment."""
        first = max(0, int(lens.horizon + pose.y * lens.focal / _FAR_METRES))
        last = lens.rows
        if last - first < 2:
            return
        row = np.arange(first, last, dtype=np.float32) + np.float32(0.5 - lens.horizon)
        depth = np.float32(pose.y * lens.focal) / np.maximum(row, np.float32(0.5))
        slope = lens.slopes()
        s, c = np.float32(math.sin(pose.yaw)), np.float32(math.cos(pose.yaw))
        x = depth[:, None] * (slope * c + s)[None, :] + np.float32(pose.x)
        z = depth[:, None] * (c - slope * s)[None, :] + np.float32(pose.z)
        image = self._tile.read(x, z, depth, pose.y, lens.focal)
        lit, gaps = self._lit(x, z, depth, lens, pose, tile)
        part = cv2.multiply(canvas[first:last], gaps, scale=1 / 255)
        canvas[first:last] = cv2.add(part, cv2.multiply(image, lit, scale=_BRIGHTEST / 255))

    def _lit(self, x: Floats, z: Floats, depth: Floats, lens: Lens, pose: Pose, tile: Floats) -> tuple[Bytes, Bytes]:
        """What coded colours are multiplied by, and what is left of the water's own light before the bed."""
        height, width = x.shape
        size = (max(2, width // 2), height)
        u, v = (cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in (x, z))
        net = self._water.caustics_at(tile, u, np.zeros_like(u), v)
        net = 0.50 + 0.85 * np.minimum(net, 4.5) * smooth(26.0, 7.0, depth)[:, None]
        net *= np.clip(1 + 0.12 * sample(self._broad, u * np.float32(5), v * np.float32(5)), 0.5, 1.5)
        across = np.linspace(-1, 1, size[0], dtype=np.float32)[None, :] * np.float32(lens.width / 2 / lens.focal)
        far = depth[:, None] * np.sqrt(1 + across * across)
        lit, gaps = [], []
        down = self._water.left_of(self._water.surface * 0.42)
        for i, (sun, fill) in enumerate(zip(self._water.tint.sun, self._water.tint.fill, strict=True)):
            left = np.exp(far * np.float32(-self._water.extinction[i]))
            light = cv2.sqrt(as_floats(net * np.float32(sun * 0.62 * down[i]) + np.float32(fill * 0.55)))
            lit.append(light * left * np.float32(255 / _BRIGHTEST / math.sqrt(self._codec.top)))
            gaps.append((1 - left) * np.float32(255))
        planes = [*lit, np.zeros_like(net)]
        return self._whole(planes, (width, height)), self._whole([*gaps, np.full_like(net, 255)], (width, height))

    @staticmethod
    def _whole(planes: list[Floats], size: tuple[int, int]) -> Bytes:
        coded = cv2.merge([np.minimum(plane + np.float32(0.5), 255).astype(np.uint8) for plane in planes])
        return np.asarray(cv2.resize(coded, size, interpolation=cv2.INTER_LINEAR))


def _paint(random: np.random.Generator, growth: float) -> Floats:
    """Colours of the bed from above, seamless: sand in ripples, stones, patches of weed."""
    at = np.arange(_TILE, dtype=np.float32) / np.float32(_TILE)
    broad = spectral_tile(random, _TILE, 1.5, 2)[2:-2, 2:-2]
    fine = spectral_tile(random, _TILE, 0.8, 12)[2:-2, 2:-2]
    ridges = np.sin((at[:, None] * 26 + at[None, :] * 7) * np.float32(2 * np.pi) + 1.9 * broad)
    tone = np.clip(0.88 + 0.10 * ridges * (0.55 + 0.3 * broad) + 0.06 * fine, 0.3, 1.5)
    image = as_floats(tone[..., None] * np.array((0.72, 0.65, 0.50), np.float32))
    for _ in range(420):
        place, size = random.integers(0, _TILE, 2), random.uniform(0.8, 3.6) * random.random() ** 0.6
        shade = random.uniform(0.12, 0.62)
        colour = (shade, shade * random.uniform(0.82, 0.95), shade * random.uniform(0.65, 0.85))
        centre = (int(place[0] * 16), int(place[1] * 16))
        cv2.circle(image, (centre[0] + 12, centre[1] + 16), int(size * 17), (0.16, 0.13, 0.10), -1, cv2.LINE_8, 4)
        cv2.circle(image, centre, int(size * 16), colour, -1, cv2.LINE_8, 4)
    patch = smooth(0.9, 1.7, broad + 0.25 * fine + growth)[..., None] * np.float32(0.85)
    green = np.clip(0.8 + 0.4 * fine, 0.2, 2)[..., None] * np.array((0.20, 0.24, 0.15), np.float32)
    return as_floats(image + (green - image) * patch)
