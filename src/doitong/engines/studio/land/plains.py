"""The reliefs of open country: hills, fields, a road, dunes, snowfields, a canyon."""

import numpy as np

from doitong.engines.studio.arrays import Floats, as_floats, smooth
from doitong.engines.studio.land.draft import Draft
from doitong.engines.studio.land.mountains import massifs

ROAD_HALF_METRES = 2.9


def hills(draft: Draft, x: Floats, z: Floats, cell: Floats) -> Floats:
    """Rolling meadows with mountains far behind."""
    big = draft.sum(x + np.float32(900 * draft.draw[0]), z, 1500, 2, 30)
    swell = draft.sum(x, z, 460, 3, 33)
    fine = draft.sum(x, z, 60, 4, 37)
    away = smooth(100, 5200, z)
    range_ = draft.ridged(x, z, cell, 3000, 40) * smooth(4200, 9500, z) * np.float32(620)
    near = big * (70 + 150 * away) + swell * (20 + 46 * smooth(60, 500, z)) + fine * np.float32(1.4)
    return as_floats(near + range_)


def field(draft: Draft, x: Floats, z: Floats, cell: Floats) -> Floats:
    """Nearly flat ground that swells a little, low hills on the horizon."""
    swell = draft.sum(x, z, 240, 2, 30) * np.float32(1.7) * smooth(20, 160, z)
    big = draft.sum(x + np.float32(700 * draft.draw[0]), z, 1500, 2, 33)
    rise = smooth(700, 6500, z)
    far = (np.float32(0.75) + big) * rise * np.float32(95)
    range_ = draft.ridged(x, z, cell, 2600, 40) * smooth(5500, 10500, z) * np.float32(260)
    return as_floats(swell + big * np.float32(5) * smooth(90, 500, z) + far + range_)


def road_middle(draft: Draft, z: Floats) -> Floats:
    """Where the middle of the road runs: x at each depth."""
    d, side = draft.draw, np.float32(draft.side)
    wide = np.float32(min(1.0, draft.view_side / 0.49))
    start = side * np.float32(-1.6) * wide
    bend = np.sin(z * np.float32(1 / (62 + 16 * d[20])) + np.float32(2.5 * d[21])) - np.float32(np.sin(2.5 * d[21]))
    wind = np.sin(z * np.float32(1 / (190 + 50 * d[22])) + np.float32(5 * d[23])) - np.float32(np.sin(5 * d[23]))
    return as_floats(
        start + wide * (bend * np.float32(8) * smooth(10, 150, z) + wind * side * np.float32(38) * smooth(30, 400, z))
    )


def road_at(draft: Draft, depth: float) -> float:
    """x of the road's middle at one depth."""
    return float(road_middle(draft, np.array([depth], np.float32))[0])


def road(draft: Draft, x: Floats, z: Floats, cell: Floats) -> Floats:
    """Gentle hills with a road laid over them, level from edge to edge."""
    middle = road_middle(draft, z[:, :1])
    line = _road_ground(draft, middle, z[:, :1], cell[:, :1])
    ground = _road_ground(draft, x, z, cell) + draft.sum(x, z, 26, 3, 37) * np.float32(0.25)
    off = np.abs(x - middle)
    bed = smooth(ROAD_HALF_METRES + 1.0, ROAD_HALF_METRES + 16, off)
    ditch = np.float32(-0.16) * smooth(ROAD_HALF_METRES + 0.3, ROAD_HALF_METRES + 1.6, off) * (1 - bed)
    return as_floats(line + (ground - line) * bed + ditch)


def _road_ground(draft: Draft, x: Floats, z: Floats, cell: Floats) -> Floats:
    big = draft.sum(x + np.float32(700 * draft.draw[0]), z, 1300, 2, 30)
    swell = draft.sum(x, z, 330, 2, 33)
    range_ = draft.ridged(x, z, cell, 2800, 40) * smooth(4200, 9500, z) * np.float32(480)
    low = swell * np.float32(5.5) * smooth(25, 140, z) + swell * np.float32(13) * smooth(140, 700, z)
    return as_floats(
        low + big * (np.float32(12) * smooth(80, 700, z) + np.float32(120) * smooth(500, 5200, z)) + range_
    )


def dunes(draft: Draft, x: Floats, z: Floats, cell: Floats) -> Floats:
    """Sand in combs with sharp crests."""
    f = draft.fractal
    wx = x + f.sum(x, z, 700, 3, 30) * np.float32(190)
    wz = z + f.sum(x, z, 620, 3, 34) * np.float32(170)
    tilt = np.float32(0.5 * draft.side)
    big = f.wave(wx + wz * tilt, wz * np.float32(1.6), 760, 40)
    small = f.wave(wx + wz * tilt, wz * np.float32(1.9), 210, 41)
    crest = (1 - np.minimum(np.abs(big) * np.float32(1.25), 1)) ** np.float32(1.6)
    ripple = (1 - np.minimum(np.abs(small) * np.float32(1.25), 1)) ** np.float32(1.5)
    comb = (1 - np.abs(f.wave(wx + wz * tilt, wz * np.float32(2.2), 46, 44))) * smooth(700, 150, z)
    away = smooth(0, 2600, z)
    swell = f.sum(x, z, 2600, 2, 43) * 30
    return as_floats(crest * (44 + 56 * away) + ripple * (9 + 5 * away) + comb * np.float32(0.9) + swell)


def snowfield(draft: Draft, x: Floats, z: Floats, cell: Floats) -> Floats:
    """Wind-packed snow: drifts and sastrugi that run across the wind, peaks far behind."""
    c, s = np.float32(0.77), np.float32(0.64 * draft.side)
    across, along = x * c + z * s, z * c - x * s
    warp = draft.sum(x, z, 160, 3, 30)
    drift = draft.fractal.wave(across * np.float32(0.55) + warp * 40, along, 190, 33)
    ridge = _crest(draft.fractal.wave(across * np.float32(0.42) + warp * 26, along + warp * 9, 34, 34))
    comb = _crest(draft.fractal.wave(across * np.float32(0.30) + warp * 12, along + warp * 5, 9.5, 35))
    fine = draft.fractal.wave(across * np.float32(0.28), along + warp * 3, 3.1, 36)
    seen = np.clip(np.float32(9.5) / cell - 2, 0, 1)
    near = drift * np.float32(3.4) + ridge**2 * np.float32(2.2) + comb**3 * np.float32(0.62) * seen
    near += fine * np.float32(0.07) * np.clip(np.float32(3.1) / cell - 2, 0, 1)
    near *= smooth(2600, 500, z)
    swell = draft.sum(x + np.float32(800 * draft.draw[1]), z, 1400, 3, 37) * (6 + 90 * smooth(300, 4000, z))
    rise = smooth(3100, 5600, z + draft.sum(x, z, 1500, 3, 48) * 900)
    peaks = massifs(draft, x, z) * rise * (np.float32(0.06) + np.float32(0.95) * draft.ridged(x, z, cell, 4400, 40))
    return as_floats(near + swell * smooth(20, 300, z) + peaks)


def _crest(wave: Floats) -> Floats:
    """A ridge where the wave is zero, rounded so that it does not fall between the grid's rows."""
    return as_floats(1 - np.sqrt(wave * wave + np.float32(0.012)))


def canyon(draft: Draft, x: Floats, z: Floats, cell: Floats) -> Floats:
    """A desert valley between stepped walls, with mesas and buttes standing in it; a river may run along the floor."""
    d, side, view = draft.draw, draft.side, np.float32(draft.view_side)
    middle = river_middle(draft, z)
    rough = draft.sum(x, z, 520, 5, 30) + draft.sum(x, z, 110, 4, 60) * np.float32(0.16)
    wide = np.float32(150) + z * view * np.float32(0.62)
    wall = (np.abs(x - middle * np.float32(0.6)) - wide) / (
        np.float32(240) + z * np.float32(0.05)
    ) + rough * np.float32(0.55)
    wall = np.minimum(wall, np.float32(1.4)) * (1 - np.float32(0.8) * _gap(draft, x, z))
    top = np.float32(250 + 60 * d[2]) + draft.sum(x, z, 2400, 2, 46) * np.float32(110)
    land = _steps(wall) * top
    broken = np.float32(0.86) + draft.sum(x, z, 330, 3, 56) * np.float32(0.34)
    buttes = (
        (-side * (0.42 + 0.12 * d[3]) * view, 1500 + 300 * d[4], 230 + 60 * d[5], 120, 100),
        (side * (0.30 + 0.16 * d[6]) * view, 2500 + 400 * d[7], 320 + 70 * d[8], 210, 170),
        (-side * (0.12 + 0.16 * d[9]) * view, 3700 + 500 * d[10], 390 + 80 * d[11], 420, 240),
        (side * (0.62 + 0.2 * d[12]) * view, 4300 + 600 * d[13], 460 + 90 * d[14], 620, 330),
        (-side * (0.72 + 0.2 * d[15]) * view, 5400 + 600 * d[16], 520 + 80 * d[17], 800, 380),
    )
    for turn, pz, tall, across, deep in buttes:
        px = np.abs((x - np.float32(turn * pz)) / np.float32(across))
        q = np.float32(1.28) - (px**3 + np.abs((z - np.float32(pz)) / np.float32(deep)) ** 3) ** np.float32(1 / 3)
        land = np.maximum(land, _steps(q * np.float32(1.5) + rough * np.float32(0.95)) * np.float32(tall) * broken)
    floor = np.float32(7) + draft.sum(x, z, 420, 5, 33) * np.float32(5) + z * np.float32(0.004)
    bed = np.abs(x - middle) - (np.float32(22) + z * np.float32(0.006)) + draft.sum(x, z, 90, 3, 37) * 9
    if draft.has_river:
        floor = np.minimum(np.maximum(floor, 1.5), np.maximum(bed * np.float32(0.30), -3.0))
    return as_floats(floor + np.maximum(land, 0))


def river_middle(draft: Draft, z: Floats) -> Floats:
    """Where the middle of the canyon's river runs: x at each depth."""
    d = draft.draw
    bend = np.sin(z * np.float32(1 / 330.0) + np.float32(6 * d[20])) * (np.float32(30) + z * np.float32(0.075))
    return as_floats(bend * np.float32(min(1.0, draft.view_side / 0.49)))


def _steps(q: Floats) -> Floats:
    """The profile of layered rock: a skirt of rubble, cliffs, ledges and a flat top; 0–1 for q of 0–1."""
    skirt = smooth(0.0, 0.55, q) * np.float32(0.30)
    return as_floats(skirt + smooth(0.42, 0.62, q) * np.float32(0.36) + smooth(0.74, 0.90, q) * np.float32(0.26)
                     + smooth(0.95, 1.25, q) * np.float32(0.08))  # fmt: skip


def _gap(draft: Draft, x: Floats, z: Floats) -> Floats:
    """Far walls open towards the sun, so that it does not stand behind them."""
    turn = np.arctan2(x, np.maximum(z, 50))
    return as_floats(np.exp(-(((turn - np.float32(draft.sun_turn)) / np.float32(0.12)) ** 2)) * smooth(2600, 5200, z))
