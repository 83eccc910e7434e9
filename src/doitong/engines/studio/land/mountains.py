"""The reliefs of high land: a lake between massifs, and a valley that leads up to them."""

import numpy as np

from doitong.engines.studio.arrays import Floats, as_floats, smooth
from doitong.engines.studio.land.draft import Draft


def lake(draft: Draft, x: Floats, z: Floats, cell: Floats) -> Floats:
    """A lake in front of mountains, with a wooded point that reaches into it."""
    d = draft.draw
    bend = np.float32(draft.side * -140) * np.sin(z * np.float32(1 / 900.0) + np.float32(6 * d[20]))
    wide = np.float32(640 + 160 * d[21]) * (0.55 + 0.45 * smooth(0, 900, z))
    long = np.float32(2150 + 450 * d[22])
    q = np.sqrt(((x - bend) / wide) ** 2 + (np.maximum(z - 500, 0) / (long - 500)) ** 2) - 1
    q += draft.sum(x, z, 700, 5, 30) * np.float32(0.34)
    q = np.minimum(q, _bank(x, z) + smooth(500, 1500, z) * 20)
    q = np.maximum(q, _spit(draft, x, z))
    return _shore(draft, x, z, q, cell)


def valley(draft: Draft, x: Floats, z: Floats, cell: Floats) -> Floats:
    """A wooded valley that leads up to mountains."""
    d = draft.draw
    bend = np.float32(draft.side * -260) * np.sin(z * np.float32(1 / 1500.0) + np.float32(6 * d[20]))
    wide = np.float32(520) + z * np.float32(0.10)
    q = np.maximum(np.abs(x - bend) / wide - 1, (z - np.float32(3000)) / np.float32(1700))
    q = np.clip(q + draft.sum(x, z, 900, 4, 30) * np.float32(0.30), 0.0, 1.6) / np.float32(1.6)
    ridges = draft.ridged(x, z, cell, 4400, 40)
    floor = draft.sum(x, z, 520, 6, 33) * np.float32(26) + z * np.float32(0.012)
    peaks = massifs(draft, x, z) * q**1.1 * (np.float32(0.08) + np.float32(1.08) * ridges)
    return as_floats(floor + peaks)


def massifs(draft: Draft, x: Floats, z: Floats) -> Floats:
    """The envelope of the mountains: one chief massif off the centre, companions, and a gap for the sun."""
    d, side = draft.draw, draft.side
    places = (
        (side * (900 + 500 * d[0]), 4600 + 700 * d[1], 1250 + 350 * d[2], 1150, 1300),
        (side * (2700 + 500 * d[3]), 3600 + 500 * d[4], 900 + 300 * d[5], 1000, 1200),
        (-side * (1500 + 700 * d[6]), 6000 + 900 * d[7], 900 + 350 * d[8], 1200, 1300),
        (-side * (2500 + 500 * d[9]), 3300 + 500 * d[10], 700 + 350 * d[11], 800, 1100),
        (side * 300 * d[12], 8200 + 900 * d[13], 1300 + 300 * d[14], 2300, 1100),
        (-side * (4200 + 600 * d[15]), 8300 + 900 * d[16], 1500 + 300 * d[17], 2000, 1300),
    )
    total = np.full_like(x, 240.0)
    for px, pz, high, wide, deep in places:
        total += np.float32(high) * np.exp(
            -(((x - np.float32(px)) / np.float32(wide)) ** 2) - ((z - np.float32(pz)) / np.float32(deep)) ** 2
        )
    turn = np.arctan2(x, np.maximum(z, 50))
    gap = np.exp(-(((turn - np.float32(draft.sun_turn)) / np.float32(0.10)) ** 2))
    return as_floats(total * (1 - np.float32(0.62) * gap * smooth(2600, 5200, z)))


def _bank(x: Floats, z: Floats) -> Floats:
    """Land near the camera is kept out of the middle of the picture."""
    return as_floats((np.abs(x) - 14 - z * 0.16) / 110)


def _spit(draft: Draft, x: Floats, z: Floats) -> Floats:
    """A low wooded point that reaches into the picture from one side, for depth."""
    d, side = draft.draw, -draft.side if draft.draw[23] < 0.5 else draft.side
    middle = 430 + 160 * d[24]
    rough = draft.sum(x, z, 150, 4, 36)
    edge = middle * draft.view_side
    along = (np.float32(side) * x - np.float32(1.25 * edge)) / np.float32(edge * (0.62 + 0.22 * d[25]))
    across = (z - np.float32(middle)) / np.float32(75 + 30 * d[26])
    return as_floats((1 - np.sqrt(np.minimum(along, 0) ** 2 + across**2) + rough * np.float32(0.7)) * 0.17)


def _shore(draft: Draft, x: Floats, z: Floats, q: Floats, cell: Floats) -> Floats:
    """Land that rises from the shore (`q` = 0) through wooded ground to the massifs."""
    rise = np.clip(q, 0.0, 1.9) / np.float32(1.9)
    amplitude = massifs(draft, x, z) * rise**1.4
    ridges = draft.ridged(x, z, cell, 4400, 40)
    rolling = draft.sum(x, z, 420, 5, 33)
    land = amplitude * (np.float32(0.10) + np.float32(1.08) * ridges)
    low = np.clip(q, 0.0, 0.5) * (np.float32(70) + np.float32(46) * rolling)
    return as_floats(np.where(q > 0, land + low, np.maximum(q * 40, -14)))
