"""From light to a frame: bloom, exposure, filmic curve, vignette, grain, and BT.709 planes of 8 bits."""

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats, Planes, bands

_GRAIN_SIZE = 512
_CURVE_STEPS = 4096
_CURVE_TOP = 3.2  # square root of the brightest light that is told apart


def filmic(light: Floats) -> Floats:
    """Filmic tone curve (Narkowicz's fit of ACES, 2015) followed by the sRGB transfer function, 0–1."""
    x = light * 0.78
    film = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    coded = np.where(film < 0.0031308, film * 12.92, 1.055 * np.power(np.maximum(film, 1e-9), 1 / 2.4) - 0.055)
    return np.asarray(coded, dtype=np.float32)


class Grade:
    """Turns planes of linear light into Y, U, V; one instance per film and frame size."""

    def __init__(self, width: int, height: int, exposure: float, has_bloom: bool, seed: int) -> None:
        random = np.random.default_rng([seed, 53])
        self._size, self._bloom, self._exposure = (width, height), has_bloom, exposure
        steps = np.linspace(0, _CURVE_TOP, _CURVE_STEPS, dtype=np.float32)
        self._curve = filmic(steps * steps)
        grain = random.standard_normal((_GRAIN_SIZE, _GRAIN_SIZE)).astype(np.float32)
        soft = cv2.GaussianBlur(grain, (0, 0), 0.8)
        self._grain = (soft / soft.std() * np.float32(0.95)).astype(np.float32)
        self._tiled = np.tile(self._grain, (height // _GRAIN_SIZE + 2, width // _GRAIN_SIZE + 2))
        x = (np.arange(width, dtype=np.float32)[None, :] + 0.5) / width - 0.5
        y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height - 0.5
        self._vignette = (exposure * (1 - 0.42 * (x * x + y * y) ** 1.15)).astype(np.float32)
        self._shifts = random.integers(0, _GRAIN_SIZE, (4096, 2))

    def frame(self, planes: Planes, number: int) -> tuple[Bytes, Bytes, Bytes]:
        """Y, U and V (limited range, BT.709, 4:2:0) of frame `number`."""
        if self._bloom:
            self._add_bloom(planes)
        width, height = self._size
        down, right = self._shifts[number % len(self._shifts)]
        luma = np.empty((height, width), np.uint8)
        u, v = (np.empty((height // 2, width // 2), np.uint8) for _ in range(2))
        for band in bands(height):
            grain = self._tiled[down + band.start : down + band.stop, right : right + width]
            half = slice(band.start // 2, band.stop // 2)
            coded = [self._coded(plane[band], self._vignette[band]) for plane in planes]
            luma[band], u[half], v[half] = planes_of(coded, grain)
        return luma, u, v

    def _coded(self, light: Floats, exposure: Floats) -> Floats:
        root = light * exposure
        np.maximum(root, 0, out=root)
        np.sqrt(root, out=root)
        root *= np.float32((_CURVE_STEPS - 1) / _CURVE_TOP)
        np.minimum(root, np.float32(_CURVE_STEPS - 1), out=root)
        return self._curve.take(root.astype(np.uint16))

    def _add_bloom(self, planes: Planes) -> None:
        width, height = self._size
        small_size = (max(8, width // 8), max(8, height // 8))
        reach = max(2.0, width * 0.0045)
        for plane in planes:
            small = cv2.resize(plane, small_size, interpolation=cv2.INTER_AREA)
            bright = np.minimum(np.maximum(small - np.float32(0.62 / self._exposure), 0), np.float32(5))
            glow = cv2.GaussianBlur(bright, (0, 0), reach * 0.6) * np.float32(0.13)
            glow += cv2.GaussianBlur(bright, (0, 0), reach * 2.4) * np.float32(0.10)
            np.add(plane, cv2.resize(glow, (width, height), interpolation=cv2.INTER_LINEAR), out=plane)


def planes_of(coded: list[Floats], grain: Floats | float = 0.0) -> tuple[Bytes, Bytes, Bytes]:
    """Y, U and V of 8 bits (BT.709, limited range, 4:2:0) from R′, G′, B′ of 0–1; `grain` in steps of Y."""
    red, green, blue = coded
    luma = red * np.float32(0.2126 * 219)
    luma += green * np.float32(0.7152 * 219)
    luma += blue * np.float32(0.0722 * 219)
    luma += grain
    luma += np.float32(16.5)
    height, width = luma.shape
    small = [cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_AREA) for plane in coded]
    bright = small[0] * np.float32(0.2126) + small[1] * np.float32(0.7152) + small[2] * np.float32(0.0722)
    u = (small[2] - bright) * np.float32(224 / 1.8556) + np.float32(128.5)
    v = (small[0] - bright) * np.float32(224 / 1.5748) + np.float32(128.5)
    return (
        np.clip(luma, 16, 235).astype(np.uint8),
        np.clip(u, 16, 240).astype(np.uint8),
        np.clip(v, 16, 240).astype(np.uint8),
    )
