"""The night's lights: stars that twinkle a little, and the Milky Way with its dark rift."""

import math

import cv2
import numpy as np

from doitong.engines.studio.air.laying import add_light
from doitong.engines.studio.arrays import Floats, as_floats
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.noise import sample, spectral_tile
from doitong.engines.studio.scene import Scene

_STARS = 4600
_TILE = 256
_BAND = (0.75, 0.64, 0.13)  # the galaxy's pole: the band rises from the left of the view to the right
_TINTS = ((1.10, 0.96, 0.84), (0.98, 0.98, 1.02), (0.84, 0.95, 1.16))


class Stars:
    """Stars of one film, `strength` 0–1."""

    def __init__(self, scene: Scene, strength: float) -> None:
        random = np.random.default_rng([scene.seed, 29])
        self._strength = strength
        self._side = float(random.choice([-1.0, 1.0]))
        self._cloud = spectral_tile(random, _TILE, 1.7, 3)
        draw = random.random((_STARS, 5)).astype(np.float32)
        azimuth, height = (draw[:, 0] - 0.5) * 2.7, draw[:, 1] ** 0.8 * 1.05 + 0.02
        x, y, z = np.sin(azimuth) * np.cos(height), np.sin(height), np.cos(azimuth) * np.cos(height)
        off = np.abs(x * _BAND[0] * self._side + y * _BAND[1] - z * _BAND[2])
        keep = draw[:, 4] < 0.30 + 0.70 * np.exp(-((off / 0.13) ** 2))
        self._azimuth, self._height = as_floats(azimuth[keep]), as_floats(height[keep])
        self._draw = draw[keep]

    def lay_band(self, planes: list[Floats], directions: tuple[Floats, ...]) -> None:
        """Add the Milky Way to a sky of half size."""
        dx, dy, dz = (values[::2, ::2] for values in directions)
        pole = (_BAND[0] * self._side, _BAND[1], -_BAND[2])
        off = dx * np.float32(pole[0]) + dy * np.float32(pole[1]) + dz * np.float32(pole[2])
        along = dx * np.float32(self._side * 0.62) - dy * np.float32(0.72) + dz * np.float32(0.1)
        cloud = sample(self._cloud, along * np.float32(170), off * np.float32(230) + np.float32(60))
        band = cv2.exp(-((off * np.float32(1 / 0.14)) ** 2)) * (np.float32(0.62) + cloud * np.float32(0.13))
        rift = cv2.exp(-(((off + cloud * np.float32(0.035)) * np.float32(1 / 0.045)) ** 2)) * np.float32(0.75)
        band = np.clip(band * (1 - rift * np.clip(np.float32(0.6) + cloud * np.float32(0.4), 0, 1)), 0, 1)
        band *= np.clip((dy - np.float32(0.01)) * 7, 0, 1) * np.float32(0.075 * self._strength)
        whole = cv2.resize(band, (planes[0].shape[1], planes[0].shape[0]), interpolation=cv2.INTER_LINEAR)
        add_light(planes, whole, (0.78, 0.80, 1.0))

    def lay(self, planes: list[Floats], veil: Floats, pose: Pose, lens: Lens, seconds: float) -> None:
        """Add the stars to a sky of full size, where nothing veils them."""
        azimuth = self._azimuth - pose.yaw
        x = lens.width / 2 + np.tan(np.clip(azimuth, -1.3, 1.3)) * lens.focal - 0.5
        y = lens.horizon - np.tan(self._height) / np.cos(azimuth) * lens.focal - 0.5
        inside = (x > 1) & (x < lens.width - 2) & (y > 1) & (y < lens.rows - 2) & (np.abs(azimuth) < 1.25)
        x, y, draw = x[inside], y[inside], self._draw[inside]
        twinkle = 0.86 + 0.14 * np.sin(seconds * (1.6 + 2.4 * draw[:, 2]) + draw[:, 3] * 40)
        power = (0.12 + 0.55 * draw[:, 2] ** 3 + 4.2 * draw[:, 2] ** 26) * twinkle * self._strength
        power *= min(1.6, lens.focal / 1300.0) ** 0.7
        column, row = np.floor(x).astype(int), np.floor(y).astype(int)
        fx, fy = x - column, y - row
        clear = np.clip(1.3 - planes[0][row, column] * 9, 0, 1) * (1 - np.minimum(veil[row, column] * 1.5, 1))
        clear *= np.clip(self._height[inside] * 9, 0.1, 1)  # thick air over the horizon
        kind = np.minimum((draw[:, 4] * 7).astype(int), 2)
        for i, plane in enumerate(planes):
            tint = np.take([colour[i] for colour in _TINTS], kind)
            for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
                share = power * clear * tint * (fx if right else 1 - fx) * (fy if down else 1 - fy)
                np.add.at(plane, (row + down, column + right), as_floats(share))


def moon_mottle(random: np.random.Generator) -> Floats:
    """The moon's seas, as a square to be stretched over its disc."""
    tile = spectral_tile(random, 64, 1.9, 2)[2:-2, 2:-2]
    return as_floats(0.88 + 0.17 * np.clip(tile, -1.3, 0.7) * math.sqrt(0.9))
