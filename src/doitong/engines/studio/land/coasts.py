"""The reliefs of the sea: open water with a far coast, islands with shallows, a beach in a bay.

Under the water the height is the bed: −16 m and less is deep sea, and near a beach it falls by `BEACH_SLOPE`.
"""

import numpy as np

from doitong.engines.studio.arrays import Floats, as_floats, smooth
from doitong.engines.studio.land.draft import Draft

BEACH_SLOPE = 0.04
_DEEPEST = -16.0


def sea(draft: Draft, x: Floats, z: Floats, cell: Floats) -> Floats:
    """Open sea; a low coast lies far away on one side."""
    d, side = draft.draw, draft.side
    lands = (
        (side * (3300 + 900 * d[0]), 8200 + 1200 * d[1], 420 + 160 * d[2], 2300, 900),
        (side * (1500 + 500 * d[3]), 9600 + 900 * d[4], 240 + 90 * d[5], 1500, 700),
        (-side * (3000 + 900 * d[6]), 11000 + 900 * d[7], 260 + 90 * d[8], 1300, 800),
    )
    shape = np.full_like(x, -60.0)
    for px, pz, high, wide, deep in lands:
        shape += np.float32(high + 50) * _mound(x, z, px, pz, wide, deep)
    rough = draft.ridged(x, z, cell, 1500, 40)
    land = shape * (np.float32(0.40) + np.float32(0.75) * rough)
    return as_floats(np.maximum(np.where(shape > 0, land, shape * np.float32(0.25)), _DEEPEST))


def islands(draft: Draft, x: Floats, z: Floats, cell: Floats) -> Floats:
    """Islands at several distances, each with a beach and a shelf of shallow water around it."""
    d, side, view = draft.draw, draft.side, draft.view_side
    wide = min(1.0, view / 0.49)
    places = (
        (-side * (0.62 + 0.16 * d[0]) * view, 330 + 70 * d[1], 26 + 12 * d[2], 105, 62),
        (side * (0.55 + 0.25 * d[3]) * view, 640 + 160 * d[4], 84 + 40 * d[5], 200, 130),
        (-side * (0.25 + 0.25 * d[6]) * view, 1350 + 300 * d[7], 190 + 80 * d[8], 400, 260),
        (side * (0.15 + 0.2 * d[9]) * view, 2300 + 500 * d[10], 230 + 90 * d[11], 520, 320),
        (side * (1.0 + 0.3 * d[12]) * view, 1900 + 500 * d[13], 330 + 120 * d[14], 620, 380),
        (-side * (0.9 + 0.3 * d[15]) * view, 3300 + 600 * d[16], 420 + 140 * d[17], 1000, 500),
    )
    rough = draft.sum(x, z, 190, 5, 30)
    inside, high, slow = np.full_like(x, -9.0), np.zeros_like(x), np.ones_like(x)
    for turn, pz, tall, across, deep in places:
        broad = across * (0.45 + 0.55 * wide)
        e = 1 - np.sqrt(
            ((x - np.float32(turn * pz)) / np.float32(broad)) ** 2 + ((z - np.float32(pz)) / np.float32(deep)) ** 2
        )
        e += rough * np.float32(min(0.34, 26 / deep))
        high = np.where(e > inside, np.float32(tall), high)
        slow = np.where(e > inside, np.float32(deep), slow)
        inside = np.maximum(inside, e)
    ridges = draft.ridged(x, z, cell, 620, 40)
    rise = smooth(0.10, 0.85, inside)
    inland = inside * np.maximum(slow * np.float32(0.20), np.float32(26))  # a beach is as wide on a large island
    strand = np.clip(inland, 0, 2.4) + np.float32(2.8) * smooth(2.2, 6.5, inland)
    land = strand + high * rise * (np.float32(0.30) + np.float32(0.95) * ridges)
    shoal = draft.sum(x, z, 260, 3, 36) * np.float32(9) - np.float32(7.5)
    bed = np.minimum(np.maximum(inside * np.float32(11), shoal), np.float32(-0.9)) + np.float32(0.9) * smooth(
        -0.09, 0, inside
    )
    return as_floats(np.where(inside > 0, land, np.maximum(bed, _DEEPEST)))


def beach(draft: Draft, x: Floats, z: Floats, cell: Floats) -> Floats:
    """A bay seen from its sand: water ahead, the beach curving away on one side towards a headland."""
    d, side = draft.draw, draft.side
    aside = np.float32(side) * x
    wide = np.float32(min(1.0, draft.view_side / 0.49))
    ahead = (z - np.float32(31 + 6 * d[0]) - np.float32(0.22) * aside) * np.float32(0.97)
    beside = np.float32(13) * wide + z * np.float32(0.26) * wide - z * z * np.float32(0.00006) - aside
    k = np.float32(7)
    low, gap = np.minimum(ahead, beside), np.abs(ahead - beside)
    out = low - k * np.log1p(np.exp(-np.minimum(gap / k, 30)))
    out += draft.sum(x, z, 55, 3, 30) * np.float32(1.6) * smooth(4, 25, z)
    out += draft.sum(x, z, 420, 4, 34) * np.float32(46) * smooth(150, 700, z)
    strand = -out * np.float32(BEACH_SLOPE)
    inland = np.clip(-out - 16, 0, 400)
    dune = draft.sum(x, z, 34, 4, 38) * np.float32(1.5) + np.float32(1.2)
    back = np.maximum(dune, 0) * smooth(0, 16, inland) * smooth(4, 26, z)
    back += _mound(x, z, side * 13.5 * float(wide), 17, 7.0, 8.0) * (np.float32(2.5) + dune * np.float32(0.35))
    head = _mound(x, z, side * (260 + 90 * d[3]), 760 + 160 * d[4], 190, 330) * np.float32(105 + 45 * d[5])
    head += _mound(x, z, side * (560 + 120 * d[6]), 1300 + 240 * d[7], 420, 420) * np.float32(150 + 60 * d[8])
    cliffs = np.float32(0.35) + np.float32(0.9) * draft.ridged(x, z, cell, 380, 40)
    land = np.minimum(strand, np.float32(2.6)) + back + head * cliffs * smooth(4, 70, -out)
    far = np.maximum(strand, _DEEPEST)
    return as_floats(np.where(out > 0, far, land))


def _mound(x: Floats, z: Floats, px: float, pz: float, wide: float, deep: float) -> Floats:
    return np.exp(-(((x - np.float32(px)) / np.float32(wide)) ** 2) - ((z - np.float32(pz)) / np.float32(deep)) ** 2)
