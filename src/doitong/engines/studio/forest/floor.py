"""A seamless floor seen in perspective: a tile of coded colours in levels, so that far ground does not shimmer."""

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats

_LEVELS = 6


class FloorTile:
    """A square of `metres` from above, rows × columns × 3 bytes, a power of two wide."""

    def __init__(self, image: Bytes, metres: float) -> None:
        self.side, self.density = image.shape[0], image.shape[0] / metres
        levels = []
        level = cv2.merge([*cv2.split(image), np.full(image.shape[:2], 255, np.uint8)])
        for _ in range(_LEVELS):
            levels.append(cv2.copyMakeBorder(level, 2, 2, 2, 2, cv2.BORDER_WRAP))
            level = cv2.resize(level, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        self.levels = np.concatenate([level.reshape(-1, 4) for level in levels])  # one after the other
        ends = np.cumsum([level.shape[0] * level.shape[1] for level in levels])[:-1]
        parts = np.split(self.levels, ends)
        self._levels = [part.reshape(level.shape) for part, level in zip(parts, levels, strict=True)]

    def level_at(self, depth: Floats, eye: float, focal: float) -> Floats:
        """The level that shows the floor at depths as seen from `eye` metres above, with the share of the next."""
        step = depth * np.sqrt(np.maximum(depth / np.float32(eye), 1)) * np.float32(self.density / focal)
        return np.asarray(np.clip(np.log2(np.maximum(step, 1e-3)) - np.float32(0.35), 0, _LEVELS - 1.001), np.float32)

    def read(self, x: Floats, z: Floats, depth: Floats, eye: float, focal: float) -> Bytes:
        """Colours at places (metres), of cover 255; `depth` is each row's, seen from `eye` metres above."""
        pixels, level = np.float32(self.density), self.level_at(depth, eye, focal)
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
