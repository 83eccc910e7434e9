"""Which part of the city each pixel sees. For every column of the frame, all upright faces that it crosses are put in
order of depth; those that rise above what stands in front keep the rows that they add."""

import math
from dataclasses import dataclass

import numpy as np

from doitong.engines.studio.arrays import Floats, Ints
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.city.plan import FLAT, SLOPING, Faces
from doitong.engines.studio.city.setting import Curtain

_NEAREST = 8.0
_DEPTH_STEPS = 10.0  # of the order, in a metre
_DEPTH_BITS = 19
_SUBROWS = 64


@dataclass(frozen=True, slots=True)
class Strips:
    """Upright strips one pixel wide, near ones first within each column. `face`: number of the face (curtains come
    after the faces), `share`: where along it, `pace`: change of `share` for a pixel, `is_roof`: what is seen is the
    flat top in front of the strip. The strip covers `count` rows from `first`; its edge is at the row `top`."""

    face: Ints
    column: Ints
    depth: Floats
    share: Floats
    pace: Floats
    top: Floats
    first: Ints
    count: Ints
    is_roof: Ints


@dataclass(frozen=True, slots=True)
class Ends:
    """Where each face's left and right end stand on the frame, in pixels."""

    left: Floats
    right: Floats


def look(faces: Faces, curtains: tuple[Curtain, ...], pose: Pose, eye: float, lens: Lens) -> tuple[Strips, Ends]:
    """The strips seen from `pose` at the height `eye`, below the water for what the water mirrors."""
    crossed, ends = _cross(faces, pose, eye, lens)
    drawn = [_hang(curtain, faces.owner.size + number, pose, lens) for number, curtain in enumerate(curtains)]
    face, column, depth, share, pace, high, is_roof = (
        np.concatenate([part[i] for part in (crossed, *drawn)]) for i in range(7)
    )
    top = np.float32(lens.horizon) - (high - np.float32(eye)) * np.float32(lens.focal) / depth
    strips = _visible(face, column, depth, share, pace, top, is_roof, lens)
    far = np.full(len(curtains), 1e6, np.float32)
    return strips, Ends(np.concatenate([ends.left, -far]), np.concatenate([ends.right, far]))


def _cross(faces: Faces, pose: Pose, eye: float, lens: Lens) -> tuple[tuple[Floats, ...], Ends]:
    """Every crossing of a column with a face that can be seen, and the ends of all faces."""
    c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
    x0, z0, x1, z1 = (end - np.float32(at) for end, at in
                      zip((faces.x0, faces.z0, faces.x1, faces.z1), (pose.x, pose.z) * 2, strict=True))  # fmt: skip
    ax, az, bx, bz = x0 * c - z0 * s, x0 * s + z0 * c, x1 * c - z1 * s, x1 * s + z1 * c
    turned_away = ax * bz - bx * az > 0
    may_show = (az > _NEAREST) & (bz > _NEAREST)
    may_show &= ~turned_away | (faces.has_roof == SLOPING) | ((faces.has_roof == FLAT) & (faces.top0 < eye))
    focal, middle = np.float32(lens.focal), np.float32(lens.width / 2)
    ahead_a, ahead_b = np.maximum(az, _NEAREST), np.maximum(bz, _NEAREST)
    xa, xb = middle + focal * ax / ahead_a, middle + focal * bx / ahead_b
    left, right = np.minimum(xa, xb), np.maximum(xa, xb)
    first = np.ceil(left - np.float32(0.5)).clip(0, lens.width).astype(np.int32)
    last = np.ceil(right - np.float32(0.5)).clip(0, lens.width).astype(np.int32)
    chosen = np.flatnonzero(may_show & (last > first))
    count = last[chosen] - first[chosen]
    nth = np.repeat(np.arange(chosen.size), count)
    face = chosen[nth].astype(np.int32)
    column = (np.arange(nth.size) - (np.cumsum(count) - count - first[chosen])[nth]).astype(np.int32)
    px = (column.astype(np.float32) + np.float32(0.5 - lens.width / 2)) * np.float32(1 / lens.focal)
    dx, dz = (bx - ax)[chosen], (bz - az)[chosen]
    across = dx[nth] - px * dz[nth]
    share = (px * az[chosen][nth] - ax[chosen][nth]) / across
    depth = az[chosen][nth] + share * dz[nth]
    turn = (az[chosen] * dx - ax[chosen] * dz) * np.float32(1 / lens.focal)
    pace = np.abs(turn[nth] / (across * across))
    low, rise = faces.top0[chosen], (faces.top1 - faces.top0)[chosen]
    high = low[nth] + share * rise[nth]
    is_roof = turned_away[chosen][nth]
    return (face, column, depth, share, pace, high, is_roof), Ends(left, right)


def _hang(curtain: Curtain, number: int, pose: Pose, lens: Lens) -> tuple[Floats, ...]:
    px = lens.slopes()
    c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
    ahead = np.maximum(c - px * s, np.float32(0.08))
    depth = np.float32(max(curtain.z - pose.z, _NEAREST)) / ahead
    x = np.float32(pose.x) + (s + px * c) * depth
    high = np.interp(x, curtain.x, curtain.tops).astype(np.float32)
    pace = np.abs(np.gradient(x)).astype(np.float32)
    column = np.arange(lens.width, dtype=np.int32)
    return np.full_like(column, number), column, depth, x, pace, high, np.zeros(lens.width, bool)


def _visible(face: Ints, column: Ints, depth: Floats, share: Floats, pace: Floats, top: Floats, is_roof: Ints,
             lens: Lens) -> Strips:  # fmt: skip
    far = np.minimum(depth * np.float32(_DEPTH_STEPS), np.float32(2**_DEPTH_BITS - 1)).astype(np.uint32)
    order = np.argsort((column.astype(np.uint32) << np.uint32(_DEPTH_BITS)) | far)
    place = column[order]
    edge = np.clip(top[order], -1, lens.rows)
    # one running minimum serves all columns: each column's values lie below those of the column before
    step = (lens.rows + 2) * _SUBROWS
    level = (edge * np.float32(_SUBROWS)).astype(np.int32) + (np.int32(lens.width - 1) - place) * np.int32(step)
    lowest = np.minimum.accumulate(level)
    rises = np.ones(level.size, bool)
    rises[1:] = level[1:] < lowest[:-1]
    rises &= edge < lens.rows
    kept = order[rises]
    first = np.maximum(np.floor(edge[rises]), 0).astype(np.int32)
    place = place[rises]
    is_new = np.ones(first.size, bool)
    is_new[1:] = place[1:] != place[:-1]
    below = np.empty_like(first)
    below[1:] = first[:-1]
    below[is_new] = lens.rows
    return Strips(face[kept], place, depth[kept], share[kept], pace[kept], edge[rises], first, below - first,
                  is_roof[kept])  # fmt: skip
