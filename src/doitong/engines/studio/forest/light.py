"""Light in a wood: where the sun stands, what colour the air takes, and what falls through the canopy.

The canopy is a map of gaps on the plane across the sunlight. A place is lit when its projection along the light
meets a gap, so that shafts, dapples on the ground and light on trunks belong to the same gaps and move as one.
"""

import math
from dataclasses import dataclass

import numpy as np

from doitong.engines.studio.air.light import LIGHTS
from doitong.engines.studio.arrays import Colour, Floats, as_floats, mix, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.forest.shafts import Sunlight
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.noise import sample, spectral_tile
from doitong.engines.studio.scene import Mood, Scene, Season, TimeOfDay

CANOPY_TILE = 256
_TILE_METRES = 26.0
_NEAR_METRES = 7.0  # light in the air before this is before the near trees
_SLICES = tuple(
    (depth, 0.115 * math.exp(-depth / 34.0) * (1.0 if depth > 4 else 0.6))
    for depth in (2.2, 3.4, 4.8, 6.6, 8.8, 11.5, 15.0, 19.5, 25.0, 32.0)
)  # metres at which the air is sampled, and what each adds


@dataclass(frozen=True, slots=True)
class WoodLight:
    """Linear colours. `height` and `side` of the sun in degrees; `air` is the misty distance, `glow` what the sun adds
    to it, `sun` what falls on things, `fill` what the rest of the sky gives; `shafts` is how much the air shows."""

    height: float
    side: float
    sun: Colour
    fill: Colour
    air: Colour
    glow: Colour
    shafts: float
    clear: float = 1.0  # how far one sees, against a misty morning


_LIGHTS = {
    TimeOfDay.DAWN: WoodLight(13, 13, (2.3, 1.35, 0.85), (0.30, 0.36, 0.46), (0.30, 0.33, 0.40), (1.05, 0.62, 0.42),
                              0.62),
    TimeOfDay.MORNING: WoodLight(21, 12, (3.0, 2.5, 1.6), (0.36, 0.46, 0.46), (0.27, 0.37, 0.31), (1.15, 1.02, 0.58),
                                 0.76),
    TimeOfDay.NOON: WoodLight(38, 16, (3.7, 3.4, 2.4), (0.40, 0.50, 0.42), (0.20, 0.30, 0.17), (0.80, 0.86, 0.42),
                              0.45, 1.5),
    TimeOfDay.GOLDEN_HOUR: WoodLight(14, 12, (3.7, 2.2, 0.95), (0.26, 0.31, 0.36), (0.22, 0.205, 0.175),
                                     (1.50, 0.90, 0.38), 0.60, 1.4),
    TimeOfDay.SUNSET: WoodLight(8, 11, (3.4, 1.55, 0.62), (0.19, 0.21, 0.30), (0.21, 0.15, 0.17), (1.75, 0.72, 0.24),
                                0.55),
    TimeOfDay.DUSK: WoodLight(12, 10, (0.26, 0.24, 0.32), (0.14, 0.20, 0.33), (0.085, 0.125, 0.205),
                              (0.26, 0.20, 0.22), 0.12),
    TimeOfDay.NIGHT: WoodLight(19, 13, (0.32, 0.42, 0.56), (0.055, 0.078, 0.115), (0.020, 0.036, 0.062),
                               (0.115, 0.17, 0.24), 0.20),
}  # fmt: skip
_AUTUMN_AIR: Colour = (0.33, 0.205, 0.070)


class Canopy:
    """What comes through the leaves of one wood: colour of the air, gaps, shafts and dapples. `openness` 0–1."""

    def __init__(self, scene: Scene, openness: float, is_tall: bool) -> None:
        random = np.random.default_rng([scene.seed, 211])
        own = _LIGHTS[scene.time]
        veil = max(0.0, scene.cloudiness - 0.55) / 0.45  # an overcast sky casts no shafts
        self.light, self._veil = own, veil
        self.exposure = LIGHTS[scene.time].exposure
        side = math.radians(own.side * (0.55 if is_tall else 1.0) * float(random.uniform(0.75, 1.3)))
        side *= float(random.choice([-1.0, 1.0]))
        self.sunlight = Sunlight(side, math.radians(own.height))
        self.sun = self.sunlight.sun
        self.sun_colour = mix(own.sun, 1 - 0.95 * veil, own.fill, 0.45 * veil)
        self.fill = mix(own.fill, 1.0 + 0.35 * veil, own.air, 0.2)
        self.glow = mix(own.glow, 1 - 0.72 * veil, own.air, 0.8 * veil)
        dim = 0.6 if scene.mood in (Mood.DARK, Mood.MYSTERIOUS) else 1.0
        self.air = mix(own.air, dim, own.air, 0.0)
        if scene.season is Season.WINTER:  # no leaves colour the light
            grey, kept = sum(own.air) / 3, 0.05 if scene.snow >= 0.7 else 0.35
            self.air = mix(own.air, kept * dim, (grey, grey * 1.04, grey * 1.14), (1.1 - kept) * dim)
            self.glow = mix(self.glow, 0.5, (0.62, 0.60, 0.60), 0.5 * sum(own.glow) / 2.8)
            self.fill = mix(self.fill, 0.15 + kept, (sum(own.fill) / 3,) * 3, 0.90 - kept)
        if scene.season is Season.AUTUMN:  # leaves of gold colour it
            self.air = mix(self.air, 0.35, _AUTUMN_AIR, 0.8 * sum(self.air))
            self.glow = mix(self.glow, 0.55, _AUTUMN_AIR, 1.1)
        fog = max(0.0, scene.haze - 0.5) / 0.5  # drowns rays that a haze shows
        self.glow = mix(self.glow, 1 - 0.45 * fog, self.glow, 0.0)
        self.shafts = own.shafts * (1 - veil) * (0.50 + 0.9 * min(scene.haze, 0.7)) * (1 - 0.5 * fog)
        if scene.season is Season.WINTER:
            self.shafts *= 0.6
        self.fog_metres = 88.0 * own.clear * (1.6 if scene.season is Season.WINTER else 1.0) * (1 - 0.3 * fog)
        self.fog_metres *= (0.22 / max(0.1, scene.haze)) ** 0.6
        self._wind = scene.wind
        gaps = spectral_tile(random, CANOPY_TILE, 1.15, 4.0)
        self.coarse, self.fine = gaps, spectral_tile(random, CANOPY_TILE, 0.9, 12.0)
        whole = gaps[2:-2, 2:-2] + 0.55 * self.fine[2:-2, 2:-2]
        self._edge = float(np.quantile(whole, 1 - openness))

    def toward_air(self, x: Floats, y: Floats, z: Floats) -> list[Floats]:
        """Light of the misty distance along directions, brightest around the sun."""
        length = np.sqrt(x * x + y * y + z * z)
        facing = np.maximum(self.sunlight.facing(x, y, z), 0)
        wide, narrow = facing**5, facing**26
        rise = np.clip(y / length, -0.3, 0.6)
        dim = 1.0 - 0.35 * smooth(0.0, -0.25, rise) + 0.35 * rise
        glow = 0.50 * wide + 0.75 * narrow
        return [as_floats((a + g * glow) * dim) for a, g in zip(self.air, self.glow, strict=True)]

    def air_at(self, x: float, y: float, z: float) -> Colour:
        """The air's colour in one direction."""
        one = [np.full(1, value, np.float32) for value in (x, y, z)]
        red, green, blue = (float(plane[0]) for plane in self.toward_air(*one))
        return red, green, blue

    def gaps(self, u: Floats, v: Floats, seconds: float) -> Floats:
        """How much sun comes through at places of the light's plane (metres), 0–1; leaves stir the edges."""
        numbers = self.stirred(seconds)
        if loops is not None:
            u, v = np.ascontiguousarray(u), np.ascontiguousarray(v)
            lit = np.empty(u.shape, np.float32)
            loops.open_canopy(at(u), at(v), u.size, at(self.coarse), at(self.fine), CANOPY_TILE, at(numbers), at(lit))
            return lit
        scale, slow, quick, along, low, high = numbers
        total = sample(self.coarse, (u + slow) * scale, v * scale)
        total += np.float32(0.55) * sample(self.fine, (u + quick) * scale, (v + along) * scale)
        return smooth(low, high, total)

    def stirred(self, seconds: float) -> Floats:
        """How the tiles of gaps are read now: texels a metre, metres that the coarse one and the fine one have moved
        sideways and the fine one along, and where a gap begins and is whole."""
        sway = 0.16 * self._wind
        slow, quick = math.sin(seconds * 0.7), math.sin(seconds * 1.13 + 1.0)
        return np.array([CANOPY_TILE / _TILE_METRES, sway * slow, -sway * quick, sway, self._edge - 0.28,
                         self._edge + 0.42], np.float32)  # fmt: skip

    def falling(self, x: Floats, y: Floats, z: Floats, seconds: float = 0.0) -> Floats:
        """Share of the sun that reaches places in the world."""
        return self.gaps(*self.sunlight.plane_of(x, y, z), seconds)

    def shafts_in(self, pose: Pose, eye: float, lens: Lens, seconds: float) -> tuple[Floats, Floats]:
        """Sunlight in the air as small pictures of the frame: all of it, and what hangs nearer than the near trees."""
        return self.sunlight.shafts(pose, eye, lens, lambda u, v: self.gaps(u, v, seconds), _SLICES, _NEAR_METRES)
