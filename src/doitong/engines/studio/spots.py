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
    steps = np.arange(-reach, reach + 1)
    down, across = (part.reshape(-1, 1) for part in np.meshgrid(steps, steps, indexing="ij"))
    away = (off_x + across.astype(np.float32)) ** 2 + (off_y + down.astype(np.float32)) ** 2
    share = np.exp(away * sharp)
    at = ((row + down) * width + (column + across)).reshape(-1)
    for plane, light in zip(planes, level, strict=True):
        np.add.at(plane.reshape(-1), at, (light * share).astype(np.float32).reshape(-1))
