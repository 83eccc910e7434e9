"""A seamless floor seen in perspective: a tile of coded colours in levels, so that far ground does not shimmer."""

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats

_LEVELS = 6


class FloorTile:
    """A square of `metres` from above, rows × columns × 3 bytes, a power of two wide."""

    def __init__(self, image: Bytes, metres: float) -> None:
        self._density = image.shape[0] / metres
        self._levels = []
        level = cv2.merge([*cv2.split(image), np.full(image.shape[:2], 255, np.uint8)])
        for _ in range(_LEVELS):
            self._levels.append(cv2.copyMakeBorder(level, 2, 2, 2, 2, cv2.BORDER_WRAP))
            level = cv2.resize(level, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)

    def read(self, x: Floats, z: Floats, depth: Floats, eye: float, focal: float) -> Bytes:
        """Colours at places (metres), of cover 255; `depth` is each row's, seen from `eye` metres above."""
        pixels = np.float32(self._density)
        step = depth * np.sqrt(np.maximum(depth / np.float32(eye), 1)) * pixels / np.float32(focal)
        level = np.clip(np.log2(np.maximum(step, 1e-3)) - 0.35, 0, _LEVELS - 1.001)
        image = np.empty((*x.shape, 4), np.uint8)
        for number in range(_LEVELS - 1):
            rows = np.flatnonzero(level.astype(int) == number)
            if not rows.size:
                continue
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            share = np.broadcast_to((level[part] - number)[:, None], x[part].shape).astype(np.float32)
            fine, coarse = (self._sample(n, x[part] * pixels, z[part] * pixels) for n in (number, number + 1))
            image[part] = cv2.blendLinear(coarse, fine, share, 1 - share)
        return image

    def _sample(self, number: int, u: Floats, v: Floats) -> Bytes:
        image = self._levels[number]
        size = np.float32(image.shape[0] - 4)
        at = []
        for plane in (u, v):
            place = plane * np.float32(0.5**number)
            place -= np.floor(place * (1 / size)) * size - 2
            at.append(place)
        return np.asarray(cv2.remap(image, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
