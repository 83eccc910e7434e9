"""A picture as layers that the camera can pass: what lies behind is filled in before anything moves.

The canvas is the picture at the size at which it is sampled. Each layer has its own colours, its own nearness (both
carried on beyond its edge, so that no sample ever mixes two layers) and, but for the last, how much it covers.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats, smooth
from doitong.engines.studio.picture.depth import Depth
from doitong.engines.studio.picture.filters import fill, grey, guided

_COVER_RADIUS = 0.006  # of the width: how far the cover's edge may move to meet the picture's
_RING = 0.009  # of the width: round the subject the ground is painted anew, as the subject's rim would stay in it
_LEAST_JUMP = 0.12  # of nearness
_PASSES = 3  # the second reaches behind what stands beside another
_MIRRORED = 0.14  # of the width: how deep behind the subject the ground is mirrored rather than blurred


@dataclass(frozen=True, slots=True)
class Layer:
    """`colour` and `cover` (0–1) have the canvas' size, `nearness` half of it; no cover: everywhere."""

    colour: Bytes
    nearness: Floats
    cover: Floats | None


def split_layers(canvas: Bytes, depth: Depth) -> list[Layer]:
    """One or two layers, the farther first. `canvas`: red, green, blue bytes."""
    rows, columns = canvas.shape[:2]
    half = (columns + 1) // 2, (rows + 1) // 2
    near = cv2.resize(depth.near, half, interpolation=cv2.INTER_LINEAR)
    if depth.subject is None:
        return [Layer(canvas, _soft(near, 0.004 * columns), None)]
    cover = _cover(depth.subject, canvas)
    small = np.asarray(cv2.resize(canvas, half, interpolation=cv2.INTER_AREA), dtype=np.float32)
    own = cv2.resize(cover, half, interpolation=cv2.INTER_AREA)
    hole = np.maximum(own, cv2.dilate(own, _disc(half[0] * _RING)) * _jumps(near, half[0] * _RING))
    known_far = (cv2.GaussianBlur(hole, (0, 0), half[0] * 0.004) < 0.04).astype(np.float32)
    known_near = (own > 0.97).astype(np.float32)
    behind, before = _soft(fill(near, known_far), 0.004 * columns), _soft(fill(near, known_near), 0.006 * columns)
    return [
        Layer(_ground(canvas, fill(small, known_far), known_far), np.minimum(behind, before), None),
        Layer(_patched(canvas, fill(small, known_near), known_near), before, cover),
    ]


def _jumps(near: Floats, reach: float) -> Floats:
    """1 around where nearness jumps. Where a subject touches the ground it does not: there nothing is painted anew."""
    jump = cv2.dilate(near, _disc(reach)) - cv2.erode(near, _disc(reach))
    return np.asarray(cv2.dilate((jump > _LEAST_JUMP).astype(np.float32), _disc(reach)))


def _cover(subject: Floats, canvas: Bytes) -> Floats:
    """The subject's mask with the picture's own edges, generous by a pixel so that no rim of it stays behind."""
    rows, columns = canvas.shape[:2]
    mask = cv2.resize(subject, (columns, rows), interpolation=cv2.INTER_CUBIC)
    mask = cv2.GaussianBlur(mask, (0, 0), columns / subject.shape[1] * 0.6)
    radius, level = max(2, round(columns * _COVER_RADIUS)), grey(canvas)
    for _ in range(2):
        mask = np.clip(guided(mask, level, radius, 2e-4), 0, 1)
    return smooth(0.22, 0.74, cv2.GaussianBlur(mask, (0, 0), 0.7))


def _ground(canvas: Bytes, filled: Floats, known: Floats) -> Bytes:
    """What lies behind the subject: each row mirrored at the subject's edge, so that level lines and textures go on;
    deep behind it, where no camera comes, a blur of the surroundings."""
    rows, columns = canvas.shape[:2]
    blurred = _patched(canvas, filled, known)
    whole = cv2.resize(known, (columns, rows), interpolation=cv2.INTER_LINEAR)
    deep = columns * _MIRRORED
    box = _around(whole < 0.999, round(deep))
    ground, is_known = blurred[box].astype(np.float32), whole[box] > 0.999
    ground[is_known] = canvas[box][is_known]
    for _ in range(_PASSES):
        mirrored, trust = _mirrored(ground, is_known, deep)
        ground = mirrored * trust[..., None] + ground * (1 - trust[..., None])
        is_known = is_known | (trust > 0.9)
    keep = whole[box][..., None]
    blurred[box] = (canvas[box] * keep + ground * (1 - keep) + np.float32(0.5)).astype(np.uint8)
    return blurred


def _around(mask: Floats, margin: int) -> tuple[slice, slice]:
    """Rows and columns of the box around a mask."""
    down, across = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not down.size:
        return slice(0, 1), slice(0, 1)
    return slice(int(down[0]), int(down[-1]) + 1), slice(max(0, int(across[0]) - margin), int(across[-1]) + 1 + margin)


def _mirrored(ground: Floats, is_known: Floats, deep: float) -> tuple[Floats, Floats]:
    """Each row mirrored at the nearest known pixels left and right, and how far that is to be believed."""
    rows, columns = is_known.shape
    x = np.broadcast_to(np.arange(columns, dtype=np.int32), (rows, columns))
    before = np.maximum.accumulate(np.where(is_known, x, np.int32(-columns)), axis=1)
    after = np.minimum.accumulate(np.where(is_known, x, np.int32(2 * columns))[:, ::-1], axis=1)[:, ::-1]
    image, total = np.zeros_like(ground), np.full((rows, columns), 1e-5, np.float32)
    for edge in (before, after):
        source = 2 * edge - x
        inside = np.clip(source, 0, columns - 1)
        is_there = (source == inside) & np.take_along_axis(is_known, inside, axis=1)
        away = np.abs(x - edge).astype(np.float32)
        weight = is_there * (1 - smooth(0.5, 1.0, away / np.float32(deep))) / (away + 1)
        image += np.take_along_axis(ground, inside[..., None], axis=1) * weight[..., None]
        total += weight
    return image / total[..., None], np.where(is_known, 0, np.clip(total * np.float32(deep), 0, 1)).astype(np.float32)


def _patched(canvas: Bytes, filled: Floats, known: Floats) -> Bytes:
    """The canvas where `known`, and elsewhere what is `filled` in, both at half its size."""
    rows, columns = canvas.shape[:2]
    large = cv2.resize(filled, (columns, rows), interpolation=cv2.INTER_LINEAR)
    keep = np.minimum(cv2.GaussianBlur(known, (0, 0), 1.2), known)
    keep = cv2.resize(keep, (columns, rows), interpolation=cv2.INTER_LINEAR)[..., None]
    return np.asarray(canvas * keep + large * (1 - keep) + np.float32(0.5)).astype(np.uint8)


def _soft(near: Floats, reach: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(near, (0, 0), max(0.8, reach / 2)), dtype=np.float32)


def _disc(radius: float) -> Bytes:
    size = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
