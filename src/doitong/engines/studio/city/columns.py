"""Which part of the city each pixel sees. For every column of the frame, all upright faces that it crosses are put in
order of depth; those that rise above what stands in front keep the rows that they add."""

import math
from dataclasses import dataclass

import numpy as np

from doitong.engines.studio.arrays import Floats, Ints
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.city.plan import FLAT, SLOPING, Faces
from doitong.engines.studio.city.setting import Curtain
from doitong.engines.studio.kernels import at, loops

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
    if loops is not None:
        return _look_at_once(faces, curtains, pose, eye, lens)
    crossed, ends = _cross(faces, pose, eye, lens)
    drawn = [_hang(curtain, faces.owner.size + number, pose, lens) for number, curtain in enumerate(curtains)]
    face, column, depth, share, pace, high, is_roof = (
        np.concatenate([part[i] for part in (crossed, *drawn)]) for i in range(7)
    )
    top = np.float32(lens.horizon) - (high - np.float32(eye)) * np.float32(lens.focal) / depth
    strips = _visible(face, column, depth, share, pace, top, is_roof, lens)
    far = np.full(len(curtains), 1e6, np.float32)
    return strips, Ends(np.concatenate([ends.left, -far]), np.concatenate([ends.right, far]))


def _look_at_once(faces: Faces, curtains: tuple[Curtain, ...], pose: Pose, eye: float,
                  lens: Lens) -> tuple[Strips, Ends]:  # fmt: skip
    count, width = faces.owner.size, lens.width
    turned, spans = np.empty((count, 4), np.float32), np.empty((count, 2), np.int32)
    left, right = (np.full(count + len(curtains), far, np.float32) for far in (-1e6, 1e6))
    crossings = np.full(width, len(curtains), np.int32)
    loops.city_turn(
        at(faces.x0), at(faces.z0), at(faces.x1), at(faces.z1), at(faces.top0), at(faces.has_roof, np.int32), count,
        pose.x, pose.z, math.cos(pose.yaw), math.sin(pose.yaw), eye, lens.focal, _NEAREST, at(turned), at(left),
        at(right), at(spans, np.int32), at(crossings, np.int32), width,
    )  # fmt: skip
    hung = np.empty((len(curtains), 4, width), np.float32)
    for own, curtain in zip(hung, curtains, strict=True):
        _, _, own[0], own[1], own[2], high, _ = _hang(curtain, 0, pose, lens)
        own[3] = np.float32(lens.horizon) - (high - np.float32(eye)) * np.float32(lens.focal) / own[0]
    ends = np.cumsum(crossings, dtype=np.int32)
    most, starts = int(ends[-1]), ends - crossings
    face, column, first, counts = (np.empty(most, np.int32) for _ in range(4))
    depth, share, pace, top = (np.empty(most, np.float32) for _ in range(4))
    keys, is_roof, total = np.empty(most, np.uint64), np.empty(most, np.bool_), np.zeros(1, np.int32)
    loops.city_look(
        at(turned), at(spans, np.int32), at(faces.top0), at(faces.top1), count, at(hung), len(curtains),
        at(starts, np.int32), at(keys, np.uint64), eye, lens.focal, lens.horizon, width, lens.rows, at(face, np.int32),
        at(column, np.int32), at(depth), at(share), at(pace), at(top), at(first, np.int32), at(counts, np.int32),
        at(is_roof, np.bool_), at(total, np.int32),
    )  # fmt: skip
    seen = slice(int(total[0]))
    strips = Strips(face[seen], column[seen], depth[seen], share[seen], pace[seen], top[seen], first[seen],
                    counts[seen], is_roof[seen])  # fmt: skip
    return strips, Ends(left, right)


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
    # at one depth in the order of their numbers, as the loop has them
    order = np.argsort((column.astype(np.uint32) << np.uint32(_DEPTH_BITS)) | far, kind="stable")
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
