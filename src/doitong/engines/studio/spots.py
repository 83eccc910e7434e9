"""Points of light laid on a frame as round spots, placed finer than a pixel so that they glide and do not flicker."""

import math

import numpy as np

from doitong.engines.studio.arrays import Floats


def lay_spots(planes: tuple[Floats, ...], x: Floats, y: Floats, radius: Floats, flux: Floats, reach: int) -> None:
    """Add to `planes` the light `flux` (3, n) of points at the pixels (x, y), spread as bells of deviation `radius`;
    `reach`: pixels around each that its spot covers. Every point must be at least `reach` + 1 inside the frame."""
    width = planes[0].shape[1]
    middle_x, middle_y = np.rint(x), np.rint(y)
    column, row = middle_x.astype(np.int32), middle_y.astype(np.int32)
    off_x, off_y = middle_x - x, middle_y - y
    level = flux / (np.float32(2 * math.pi) * radius * radius)
    sharp = np.float32(-0.5) / (radius * radius)
    for j in range(-reach, reach + 1):
        for i in range(-reach, reach + 1):
            away = (off_x + np.float32(i)) ** 2 + (off_y + np.float32(j)) ** 2
            share = np.exp(away * sharp)
            at = (row + j) * width + column + i
            for plane, light in zip(planes, level, strict=True):
                np.add.at(plane.reshape(-1), at, (light * share).astype(np.float32))
