"""Filters that the picture modules share: edge-keeping smoothing and filling from the surroundings."""

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats


def guided(source: Floats, guide: Floats, radius: int, epsilon: float) -> Floats:
    """`source` smoothed with the edges of `guide`, a grey picture of 0–1 (guided filter, He, Sun and Tang 2010)."""
    box = (2 * radius + 1, 2 * radius + 1)

    def mean(x: Floats) -> Floats:
        return np.asarray(cv2.boxFilter(x, -1, box, borderType=cv2.BORDER_REFLECT_101))

    average, level = mean(source), mean(guide)
    slope = (mean(guide * source) - level * average) / (mean(guide * guide) - level * level + np.float32(epsilon))
    return np.asarray(mean(slope) * guide + mean(average - slope * level), dtype=np.float32)


def fill(image: Floats, known: Floats) -> Floats:
    """`image` where `known` is 1, and where it is 0 what lies around (push-pull pyramid, Gortler and others 1996)."""
    rows, columns = image.shape[:2]
    weight = known if image.ndim == 2 else known[..., None]
    if min(rows, columns) <= 2:
        total = max(float(known.sum()), 1e-6)
        mean = (image * weight).sum(axis=(0, 1)) / np.float32(total)
        return np.asarray(image * weight + mean * (1 - weight), dtype=np.float32)
    size = ((columns + 1) // 2, (rows + 1) // 2)
    less = cv2.pyrDown(known, dstsize=size)
    small = cv2.pyrDown(np.ascontiguousarray(image * weight), dstsize=size)
    part = np.maximum(less, np.float32(1e-6))
    small = small / (part if image.ndim == 2 else part[..., None])
    # a cell that is half known is known: the fill keeps the edge's own colour instead of a far average
    below = fill(np.asarray(small, dtype=np.float32), np.minimum(less * 2, 1).astype(np.float32))
    above = cv2.resize(below, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(image * weight + above * (1 - weight), dtype=np.float32)


def grey(picture: Bytes) -> Floats:
    """Luma of red, green, blue bytes, 0–1."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.float32) * np.float32(1 / 255)


def slope(level: Floats, reach: float) -> Floats:
    """Steepness of a grey picture after a blur of `reach` pixels, per pixel."""
    soft = cv2.GaussianBlur(level, (0, 0), reach) if reach > 0 else level
    return np.asarray(cv2.magnitude(cv2.Scharr(soft, cv2.CV_32F, 1, 0), cv2.Scharr(soft, cv2.CV_32F, 0, 1)) / 32)
