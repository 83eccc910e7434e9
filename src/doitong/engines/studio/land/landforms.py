"""The shape of each kind of land: where the water lies, where the mountains stand, what the camera sees.

A landform is a set of parameters and one function of the plane; the renderer knows nothing of kinds.
Lengths are metres, x to the right, z away from the viewer, height over the water.
"""

from dataclasses import dataclass

import numpy as np

from doitong.engines.studio.arrays import Floats, as_floats, smooth
from doitong.engines.studio.camera import Rig
from doitong.engines.studio.noise import Fractal
from doitong.engines.studio.scene import SceneKind


@dataclass(frozen=True, slots=True)
class Landform:
    """Parameters of one kind of land. `densest` is the span of depths that gets most of the grid's rows."""

    has_water: bool
    near: float
    far: float
    densest: tuple[float, float]
    rig: Rig
    snow_line: float
    tree_line: float
    wave_slope: float
    far_ranges: int
    far_relief: float
    ground: str  # which albedo rules colour it
    tree_density: float
    shore_trees: bool
    roughness: float = 1.0  # strength of the fine texture


LANDFORMS = {
    SceneKind.LAKE: Landform(
        True, 55, 14500, (1000, 8000), Rig(13, 85, 3200, horizon=0.585), 780, 560, 0.021, 3, 1200, "alpine", 1.0, True
    ),
    SceneKind.MOUNTAINS: Landform(
        False, 22, 14500, (900, 8500), Rig(34, 100, 3000, horizon=0.60), 700, 540, 0.0, 3, 1300, "alpine", 0.8, False
    ),
    SceneKind.SEA: Landform(
        True, 60, 12000, (700, 5000), Rig(11, 80, 2200, horizon=0.52), 9000, 60, 0.040, 1, 240, "coast", 0.0, False
    ),
    SceneKind.HILLS: Landform(
        False, 14, 12000, (60, 5000), Rig(16, 60, 600, horizon=0.56), 9000, 400, 0.0, 3, 620, "meadow", 0.7, False, 0.8
    ),
    SceneKind.DUNES: Landform(
        False, 8, 12000, (30, 4000), Rig(9, 50, 700, horizon=0.55), 9000, -1, 0.0, 1, 260, "sand", 0.0, False, 0.3
    ),
}


class Relief:
    """The height of one film's land, as a function of the plane."""

    def __init__(self, kind: SceneKind, fractal: Fractal, random: np.random.Generator, sun_turn: float,
                 octaves: int, view_side: float) -> None:  # fmt: skip
        self._kind = kind
        self._fractal = fractal
        self._octaves = octaves
        self._view_side = view_side
        self._sun_turn = sun_turn
        self._side = -1.0 if sun_turn > 0 else 1.0  # the high massif stands opposite the sun
        self._draw = random.random(40).astype(float)

    def height(self, x: Floats, z: Floats, cell: Floats) -> Floats:
        """Height in metres at (x, z); `cell` is the spacing of the samples, finer waves are left out."""
        match self._kind:
            case SceneKind.LAKE:
                return self._lake(x, z, cell)
            case SceneKind.MOUNTAINS:
                return self._valley(x, z, cell)
            case SceneKind.SEA:
                return self._sea(x, z, cell)
            case SceneKind.HILLS:
                return self._hills(x, z, cell)
            case SceneKind.DUNES:
                return self._dunes(x, z, cell)
            case _:
                raise ValueError(f"{self._kind} is not a land")

    def _ridged(self, x: Floats, z: Floats, cell: Floats, metres: float, channel: int) -> Floats:
        """Ridged multifractal with domain warp (Musgrave 1994, Quilez 2002), about 0 to 1."""
        warp = self._fractal
        wx = x + warp.sum(x, z, metres * 0.9, 3, channel) * np.float32(metres * 0.16)
        wz = z + warp.sum(x, z, metres * 0.9, 3, channel + 5) * np.float32(metres * 0.16)
        total = np.zeros_like(x)
        weight = np.ones_like(x)
        strength, length = 1.0, metres
        for octave in range(self._octaves):
            wave = self._fractal.wave(wx, wz, length, channel + 10 + octave)
            ridge = np.clip(1.0 - np.abs(wave) * np.float32(1.25), 0.0, 1.0)
            if octave < 5:
                ridge *= ridge
            seen = np.clip((length / cell - np.float32(2.0)) * np.float32(0.5), 0.0, 1.0)
            total += ridge * weight * seen * np.float32(strength)
            weight = np.clip(ridge * weight * np.float32(1.9), 0.16, 1.0)
            strength *= 0.50
            length /= 2.07
        return as_floats(total * 0.54)

    def _massifs(self, x: Floats, z: Floats) -> Floats:
        """The envelope of the mountains: one chief massif off the centre, companions, and a gap for the sun."""
        d, side = self._draw, self._side
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
        gap = np.exp(-(((turn - np.float32(self._sun_turn)) / np.float32(0.10)) ** 2))
        return as_floats(total * (1 - np.float32(0.62) * gap * smooth(2600, 5200, z)))

    def _lake(self, x: Floats, z: Floats, cell: Floats) -> Floats:
        d = self._draw
        bend = np.float32(self._side * -140) * np.sin(z * np.float32(1 / 900.0) + np.float32(6 * d[20]))
        wide = np.float32(640 + 160 * d[21]) * (0.55 + 0.45 * smooth(0, 900, z))
        long = np.float32(2150 + 450 * d[22])
        q = np.sqrt(((x - bend) / wide) ** 2 + (np.maximum(z - 500, 0) / (long - 500)) ** 2) - 1
        q += self._fractal.sum(x, z, 700, 5, 30) * np.float32(0.34)
        q = np.minimum(q, self._bank(x, z) + smooth(500, 1500, z) * 20)
        q = np.maximum(q, self._spit(x, z))
        return self._shore(x, z, q, cell)

    def _bank(self, x: Floats, z: Floats) -> Floats:
        """Land near the camera is kept out of the middle of the picture."""
        return as_floats((np.abs(x) - 14 - z * 0.16) / 110)

    def _spit(self, x: Floats, z: Floats) -> Floats:
        """A low wooded point that reaches into the picture from one side, for depth."""
        d, side = self._draw, -self._side if self._draw[23] < 0.5 else self._side
        middle = 430 + 160 * d[24]
        rough = self._fractal.sum(x, z, 150, 4, 36)
        edge = middle * self._view_side
        along = (np.float32(side) * x - np.float32(1.25 * edge)) / np.float32(edge * (0.62 + 0.22 * d[25]))
        across = (z - np.float32(middle)) / np.float32(75 + 30 * d[26])
        return as_floats((1 - np.sqrt(np.minimum(along, 0) ** 2 + across**2) + rough * np.float32(0.7)) * 0.17)

    def _shore(self, x: Floats, z: Floats, q: Floats, cell: Floats) -> Floats:
        """Land that rises from the shore (`q` = 0) through wooded ground to the massifs."""
        rise = np.clip(q, 0.0, 1.9) / np.float32(1.9)
        amplitude = self._massifs(x, z) * rise**1.4
        ridges = self._ridged(x, z, cell, 4400, 40)
        rolling = self._fractal.sum(x, z, 420, 5, 33)
        land = amplitude * (np.float32(0.10) + np.float32(1.08) * ridges)
        low = np.clip(q, 0.0, 0.5) * (np.float32(70) + np.float32(46) * rolling)
        return as_floats(np.where(q > 0, land + low, np.maximum(q * 40, -14)))

    def _valley(self, x: Floats, z: Floats, cell: Floats) -> Floats:
        d = self._draw
        bend = np.float32(self._side * -260) * np.sin(z * np.float32(1 / 1500.0) + np.float32(6 * d[20]))
        wide = np.float32(520) + z * np.float32(0.10)
        q = np.maximum(np.abs(x - bend) / wide - 1, (z - np.float32(3000)) / np.float32(1700))
        q = np.clip(q + self._fractal.sum(x, z, 900, 4, 30) * np.float32(0.30), 0.0, 1.6) / np.float32(1.6)
        ridges = self._ridged(x, z, cell, 4400, 40)
        floor = self._fractal.sum(x, z, 520, 6, 33) * np.float32(26) + z * np.float32(0.012)
        peaks = self._massifs(x, z) * q**1.1 * (np.float32(0.08) + np.float32(1.08) * ridges)
        return as_floats(floor + peaks)

    def _sea(self, x: Floats, z: Floats, cell: Floats) -> Floats:
        d, side = self._draw, self._side
        islands = (
            (side * (420 + 260 * d[0]), 1500 + 500 * d[1], 170 + 80 * d[2], 330, 260),
            (side * (1500 + 300 * d[3]), 2300 + 500 * d[4], 330 + 120 * d[5], 620, 420),
            (-side * (1200 + 500 * d[6]), 3600 + 700 * d[7], 300 + 120 * d[8], 700, 500),
            (side * (150 * d[9]), 4700 + 500 * d[10], 240 + 100 * d[11], 560, 400),
            (-side * (430 + 120 * d[12]), 820 + 200 * d[13], 62 + 30 * d[14], 150, 120),
        )
        shape = np.full_like(x, -60.0)
        for px, pz, high, wide, deep in islands:
            shape += np.float32(high + 50) * np.exp(
                -(((x - np.float32(px)) / np.float32(wide)) ** 2) - ((z - np.float32(pz)) / np.float32(deep)) ** 2
            )
        rough = self._ridged(x, z, cell, 900, 40)
        land = shape * (np.float32(0.45) + np.float32(0.85) * rough)
        return as_floats(np.maximum(np.where(shape > 0, land, shape), -16))

    def _hills(self, x: Floats, z: Floats, cell: Floats) -> Floats:
        d = self._draw
        big = self._fractal.sum(x + np.float32(900 * d[0]), z, 1500, 2, 30)
        swell = self._fractal.sum(x, z, 460, 3, 33)
        fine = self._fractal.sum(x, z, 60, 4, 37)
        away = smooth(100, 5200, z)
        range_ = self._ridged(x, z, cell, 3000, 40) * smooth(4200, 9500, z) * np.float32(620)
        rise = smooth(60, 500, z)
        near = big * (70 + 150 * away) + swell * (20 + 46 * rise) + fine * np.float32(1.4)
        return as_floats(near + range_)

    def _dunes(self, x: Floats, z: Floats, cell: Floats) -> Floats:
        f = self._fractal
        wx = x + f.sum(x, z, 700, 3, 30) * np.float32(190)
        wz = z + f.sum(x, z, 620, 3, 34) * np.float32(170)
        tilt = np.float32(0.5 * self._side)
        big = f.wave(wx + wz * tilt, wz * np.float32(1.6), 760, 40)
        small = f.wave(wx + wz * tilt, wz * np.float32(1.9), 210, 41)
        crest = (1 - np.minimum(np.abs(big) * np.float32(1.25), 1)) ** np.float32(1.6)
        ripple = (1 - np.minimum(np.abs(small) * np.float32(1.25), 1)) ** np.float32(1.5)
        comb = (1 - np.abs(f.wave(wx + wz * tilt, wz * np.float32(2.2), 46, 44))) * smooth(700, 150, z)
        away = smooth(0, 2600, z)
        swell = f.sum(x, z, 2600, 2, 43) * 30
        return as_floats(crest * (44 + 56 * away) + ripple * (9 + 5 * away) + comb * np.float32(0.9) + swell)
