"""Sea water as a medium: how each colour fades with distance, the light from every direction, and the surface above.

Red is lost first, then green (extinction of clear coastal water after Jerlov's types I–III, rounded by eye).
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.air.light import LIGHTS
from doitong.engines.studio.arrays import Colour, Floats, as_floats, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.forest.shafts import Sunlight
from doitong.engines.studio.noise import sample, spectral_tile
from doitong.engines.studio.scene import Mood, Scene, TimeOfDay
from doitong.engines.studio.underwater.caustics import TILE, Caustics

LOOP_SECONDS = 6.0
_CAUSTIC_METRES = 3.4
_SHAFT_METRES = 8.0
_WAVE_TILE = 256
_WAVE_METRES = 15.0
_SLICES = tuple((depth, 0.44 * math.exp(-depth / 11.0)) for depth in (2.0, 3.6, 5.8, 9.0, 13.5))
_NEAR_METRES = 5.0


@dataclass(frozen=True, slots=True)
class Tint:
    """Linear light of the water: ahead, towards the surface and towards the depth; and what falls on things."""

    ahead: Colour
    above: Colour
    below: Colour
    sun: Colour
    fill: Colour


_TURQUOISE = Tint(
    (0.008, 0.150, 0.225), (0.17, 0.64, 0.72), (0.003, 0.048, 0.085), (2.2, 2.2, 1.85), (0.24, 0.40, 0.44)
)
_TEMPERATE = Tint(
    (0.012, 0.115, 0.115), (0.19, 0.56, 0.46), (0.004, 0.036, 0.042), (2.0, 2.1, 1.50), (0.22, 0.36, 0.32)
)
_BLUE = Tint((0.006, 0.090, 0.240), (0.12, 0.50, 0.76), (0.002, 0.022, 0.072), (1.9, 2.1, 2.05), (0.18, 0.32, 0.46))
_NIGHT = Tint(
    (0.003, 0.022, 0.050), (0.028, 0.085, 0.135), (0.001, 0.006, 0.016), (0.12, 0.19, 0.25), (0.014, 0.035, 0.055)
)


class Water:
    """The sea of one film; the bed is at 0 m, the surface at `surface` metres."""

    def __init__(self, scene: Scene, frames: int) -> None:
        random = np.random.default_rng([scene.seed, 311])
        base = (_TURQUOISE, _BLUE, _TEMPERATE)[int(random.choice(3, p=(0.5, 0.32, 0.18)))]
        self.tint = _timed(base, scene)
        self.exposure = LIGHTS[scene.time].exposure if scene.time is not TimeOfDay.NIGHT else 1.5
        self.surface = 8.5 if scene.mood is not Mood.DARK else 12.0
        thick = 0.32 + 1.3 * scene.haze
        self.extinction: Colour = (0.115 * thick, 0.050 * thick, 0.042 * thick)
        up = math.radians(20 if scene.time in (TimeOfDay.NOON, TimeOfDay.MORNING, TimeOfDay.NIGHT) else 17)
        self.sunlight = Sunlight(math.radians(float(random.uniform(4, 13))) * float(random.choice([-1.0, 1.0])), up)
        self.caustics = Caustics(random, frames)
        self._waves = spectral_tile(random, _WAVE_TILE, 1.85, 4.0)
        self._chop = spectral_tile(random, _WAVE_TILE, 1.0, 10.0)
        self._wind = scene.wind

    def toward(self, x: Floats, y: Floats, z: Floats) -> list[Floats]:
        """Veiling light along directions: bright above, brightest around the sun, dark below."""
        rise = y / np.sqrt(x * x + y * y + z * z)
        up, down = smooth(-0.08, 0.42, rise), smooth(0.12, -0.34, rise)
        facing = np.maximum(self.sunlight.facing(x, y, z), 0)
        wide, narrow = facing**9, facing**40
        planes = []
        for ahead, above, below, sun in zip(self.tint.ahead, self.tint.above, self.tint.below, self.tint.sun,
                                            strict=True):  # fmt: skip
            plane = ahead + (above - ahead) * up * 0.8
            planes.append(
                as_floats(plane + (below - plane) * down * 0.85 + above * (0.42 * wide + 0.20 * sun * narrow))
            )
        return planes

    def light_at(self, x: float, y: float, z: float) -> Colour:
        """Veiling light in one direction."""
        one = [np.full(1, value, np.float32) for value in (x, y, z)]
        red, green, blue = (float(plane[0]) for plane in self.toward(*one))
        return red, green, blue

    def left_of(self, metres: float) -> Colour:
        """The share of each colour that is left after a distance."""
        red, green, blue = (math.exp(-each * metres) for each in self.extinction)
        return red, green, blue

    def caustic_tile(self, seconds: float) -> Floats:
        return self.caustics.at(seconds * (0.7 + 0.3 * self._wind) / LOOP_SECONDS)

    def shafts_in(self, pose: Pose, lens: Lens, tile: Floats) -> tuple[Floats, Floats]:
        """Light shafts as small pictures: all, and those nearer than the reef's near part."""
        wide = cv2.copyMakeBorder(tile[2:-2, 2:-2], 16, 16, 16, 16, cv2.BORDER_WRAP)
        soft = cv2.GaussianBlur(wide, (0, 0), 3.6)[14:-14, 14:-14]
        soft = np.clip((soft - np.float32(0.95)) * np.float32(0.95), 0, 1.5)
        scale = np.float32(TILE / _SHAFT_METRES)
        return self.sunlight.shafts(
            pose, pose.y, lens, lambda u, v: sample(soft, u * scale, v * scale), _SLICES, _NEAR_METRES)  # fmt: skip

    def caustics_at(self, tile: Floats, x: Floats, y: Floats, z: Floats) -> Floats:
        """Gathered light at places in the water, mean about 1."""
        u, v = self.sunlight.plane_of(x, y, z)
        scale = np.float32(TILE / _CAUSTIC_METRES)
        return sample(tile, u * scale, v * scale)

    def surface_seen(self, pose: Pose, lens: Lens, seconds: float, rows: int) -> list[Floats] | None:
        """The surface from below for the first `rows`: the sky through its window, and the sea mirrored around it."""
        height = max(0.6, self.surface - pose.y)
        if rows < 3:
            return None
        rise = ((np.float32(lens.horizon) - np.arange(rows, dtype=np.float32) - np.float32(0.5))
                / np.float32(lens.focal))[:, None]  # fmt: skip
        slope = lens.slopes()[None, :]
        s, c = np.float32(math.sin(pose.yaw)), np.float32(math.cos(pose.yaw))
        rise = np.maximum(rise, np.float32(0.02))
        depth = np.float32(height) / rise
        ways = np.broadcast_arrays(slope * c + s, rise, c - slope * s)
        x, z = ways[0] * depth + np.float32(pose.x), ways[2] * depth + np.float32(pose.z)
        tilt_x, tilt_z = self._slopes(x, z, depth, lens, seconds)
        length = np.sqrt(ways[0] ** 2 + ways[1] ** 2 + ways[2] ** 2)
        cosine = (ways[1] - tilt_x * ways[0] - tilt_z * ways[2]) / length
        window = smooth(0.17, 0.48, as_floats(cosine))  # Snell's window, drawn wider so that a level view holds it
        sx, _, sz = self.sunlight.sun
        aim = as_floats((ways[0] / length - sx + 0.55 * tilt_x) ** 2 + (ways[2] / length - sz + 0.55 * tilt_z) ** 2
                        + 0.55 * (ways[1] / length - self.sunlight.sun[1]) ** 2)  # fmt: skip
        glint = np.exp(-aim * np.float32(26)) * window + 2.6 * np.exp(-aim * np.float32(190))
        shade = 0.75 + 0.9 * np.clip(tilt_z, -0.5, 0.5)
        veil = self.toward(*ways)
        far = depth * length
        planes = []
        for i, plane in enumerate(veil):
            sky = self.tint.above[i] * 1.25 + 0.15 * self.tint.sun[i]
            mirrored = self.tint.ahead[i] * 0.62
            light = (mirrored + (sky - mirrored) * window) * shade + glint * self.tint.sun[i] * 1.1
            left = np.exp(far * np.float32(-0.62 * self.extinction[i]))
            planes.append(as_floats(plane + (light - plane) * left))
        return planes

    def _slopes(self, x: Floats, z: Floats, depth: Floats, lens: Lens, seconds: float) -> tuple[Floats, Floats]:
        """Slopes of the waves at places of the surface; what is too far to be told apart lies flat."""
        scale = np.float32(_WAVE_TILE / _WAVE_METRES)
        t = seconds * (0.6 + 0.4 * self._wind)
        slopes = []
        for channel in (0, 1):
            shift = np.float32(91.0 * channel)
            one = sample(self._waves, x * scale + np.float32(t * 8) + shift, z * scale + np.float32(t * 5) + shift)
            other = sample(self._waves, x * scale - np.float32(t * 6) + shift, z * scale + np.float32(t * 7) - shift)
            fine = sample(self._chop, x * scale + np.float32(t * 9), z * scale - np.float32(t * 14) + shift)
            fade = 1 / (1 + (depth * depth / np.float32(lens.focal) * 0.75) ** 2)
            slopes.append(as_floats((one + other) * np.float32(0.105) + fine * fade * np.float32(0.045)))
        return slopes[0], slopes[1]


def _timed(base: Tint, scene: Scene) -> Tint:
    """A tint at the film's time of day."""
    match scene.time:
        case TimeOfDay.NIGHT:
            return _NIGHT
        case TimeOfDay.DUSK:
            much, warm = 0.30, (0.85, 0.8, 1.15)
        case TimeOfDay.DAWN | TimeOfDay.SUNSET:
            much, warm = 0.72, (1.7, 0.92, 0.84)
        case TimeOfDay.GOLDEN_HOUR:
            much, warm = 0.90, (1.45, 0.95, 0.74)
        case _:
            much, warm = 1.0, (1.0, 1.0, 1.0)
    if scene.mood is Mood.DARK:
        much *= 0.45
    much *= 1.0 - 0.3 * max(0.0, scene.cloudiness - 0.6)

    def turned(colour: Colour, share: float) -> Colour:
        red, green, blue = (part * much * (1 + (w - 1) * share) for part, w in zip(colour, warm, strict=True))
        return red, green, blue

    return Tint(turned(base.ahead, 0.1), turned(base.above, 0.45),
                turned(base.below, 0.2), turned(base.sun, 1.0), turned(base.fill, 0.5))  # fmt: skip
