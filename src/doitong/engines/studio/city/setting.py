"""What lies around the buildings: quay, far skylines and hills as curtains, streets as a map, and how
far the shadows of the towers reach."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.air.light import Light
from doitong.engines.studio.arrays import Colour, Floats, smooth
from doitong.engines.studio.city.plan import BLOCK, BOULEVARD, GROUND, SHORE, STREET, City, Faces
from doitong.engines.studio.noise import sample, spectral_tile
from doitong.engines.studio.scene import Scene

_CELL = 5.0  # metres of a texel of the shadows' map
_MAP_CELL = 3.0  # metres of a texel of the streets' map


@dataclass(frozen=True, slots=True)
class Curtain:
    """An outline over x at the depth z, of one colour; `windows`: how many metres a lit window stands for, 0: none."""

    z: float
    x: Floats
    tops: Floats
    wall: Colour
    windows: float = 0.0


def curtains(random: np.random.Generator) -> tuple[Curtain, ...]:
    """Quay, three far skylines, and hills."""
    x = np.array([-3e4, 3e4], np.float32)
    parts = [Curtain(SHORE, x, np.full(2, GROUND, np.float32), (0.26, 0.245, 0.22))]
    for z, tall in ((2700.0, 52.0), (3900.0, 78.0), (6000.0, 120.0)):
        parts.append(Curtain(z, *_skyline(random, z, tall), (0.34, 0.33, 0.32), 16.0))
    parts.append(_hills(random))
    return tuple(parts)


def _skyline(random: np.random.Generator, z: float, tall: float) -> tuple[Floats, Floats]:
    """Plain tops, side by side, some of them towers."""
    half = z * 1.6
    widths = random.uniform(16, 60, int(half / 19)).astype(np.float32)
    ends = np.cumsum(widths) - half
    heights = tall * (0.30 + 0.45 * random.random(ends.size) + 0.9 * random.random(ends.size) ** 9)
    swell = 0.75 + 0.35 * np.sin(ends / 1100.0 + random.uniform(0, 6)) + 0.2 * np.sin(ends / 310.0)
    x = np.stack([ends - widths + 0.5, ends - 0.5], 1).reshape(-1)
    return x.astype(np.float32), np.repeat(GROUND + heights * np.clip(swell, 0.3, 2), 2).astype(np.float32)


def _hills(random: np.random.Generator) -> Curtain:
    x = np.linspace(-26000, 26000, 1024, dtype=np.float32)
    outline = np.zeros(x.size)
    for wave in range(2, 40):
        outline += np.sin(x / 26000 * math.pi * wave + random.uniform(0, 6.3)) * wave**-1.25
    tops = 330 + 240 * outline / np.abs(outline).max()
    return Curtain(14000.0, x, tops.astype(np.float32), (0.10, 0.12, 0.10))


class Shadows:
    """How high the shadow of the city stands over each place, for a sun at `turn` (radians right of ahead) and `rise`
    (tangent of its height): the highest of all tops towards the sun, lowered by the way to them."""

    def __init__(self, faces: Faces, turn: float, rise: float) -> None:
        self._c, self._s = math.cos(turn), math.sin(turn)
        # s grows towards the sun, t to its right
        s0, t0 = self._to_sun(faces.x0, faces.z0)
        s1, t1 = self._to_sun(faces.x1, faces.z1)
        self._least = (float(min(s0.min(), s1.min())) - 40, float(min(t0.min(), t1.min())) - 40)
        most = float(max(s0.max(), s1.max())) + 40, float(max(t0.max(), t1.max())) + 40
        rows, columns = (int((high - low) / _CELL) + 1 for high, low in zip(most, self._least, strict=True))
        tops = np.zeros((rows, columns), np.float32)
        high = np.maximum(faces.top0, faces.top1)
        points = np.stack([t0 - self._least[1], s0 - self._least[0], t1 - self._least[1], s1 - self._least[0]], 1)
        for number in np.argsort(high):
            t, s, u, v = (points[number] * (16 / _CELL)).astype(int)
            cv2.line(tops, (int(t), int(s)), (int(u), int(v)), float(high[number]), 1, cv2.LINE_8, 4)
        fall = (np.arange(rows, dtype=np.float32) * np.float32(_CELL * rise))[:, None]
        reach = np.maximum.accumulate((tops - fall)[::-1], axis=0)[::-1] + fall
        self._reach = cv2.GaussianBlur(reach, (0, 0), 0.7)

    def _to_sun(self, x: Floats, z: Floats) -> tuple[Floats, Floats]:
        return x * np.float32(self._s) + z * np.float32(self._c), x * np.float32(self._c) - z * np.float32(self._s)

    def over(self, x: Floats, z: Floats, clear: float) -> Floats:
        """Height of the shadow over points, `clear` metres nearer to the sun (so that nothing shades itself)."""
        s, t = self._to_sun(x, z)
        map_y = (s + np.float32(clear - self._least[0])) * np.float32(1 / _CELL)
        map_x = (t - np.float32(self._least[1])) * np.float32(1 / _CELL)
        seen = cv2.remap(self._reach, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        return np.asarray(seen, dtype=np.float32)


class Streets:
    """A map of the ground with its light, to be looked up by place."""

    def __init__(self, scene: Scene, light: Light, city: City, shadows: Shadows | None, street_light: Colour) -> None:
        self._left, self._near = -2600.0, SHORE - 10.0
        columns, rows = int(5200 / _MAP_CELL), int(2400 / _MAP_CELL)
        x = (np.arange(columns, dtype=np.float32) * np.float32(_MAP_CELL) + np.float32(self._left))[None, :]
        z = (np.arange(rows, dtype=np.float32) * np.float32(_MAP_CELL) + np.float32(self._near))[:, None]
        c, s = np.float32(math.cos(city.turn)), np.float32(math.sin(city.turn))
        gx, gz = x * c + z * s, z * c - x * s
        road = np.maximum(_lane(gx, BLOCK[0] + STREET), _lane(gz, BLOCK[1] + STREET))
        behind = smooth(BOULEVARD[1] + SHORE, BOULEVARD[1] + SHORE + 8, z)
        drive = smooth(SHORE + 12, SHORE + 15, z) * (1 - smooth(SHORE + 34, SHORE + 37, z))
        road = np.maximum(road * behind, drive)
        tile = spectral_tile(np.random.default_rng([scene.seed, 303]), 256, 1.0, 4)
        mottle = sample(tile, x + z * 0, z + x * 0) * np.float32(0.12) + 1
        lot, asphalt = ((0.62, 0.64, 0.68), (0.30, 0.31, 0.33)) if scene.snow >= 0.7 else (
            (0.17, 0.18, 0.13), (0.085, 0.085, 0.088))  # fmt: skip
        sunny: Floats = np.ones_like(road)
        if shadows is not None:
            sunny = 1 - smooth(0, 8, shadows.over(x + z * 0, z + x * 0, 3.0) - np.float32(GROUND))
        planes = []
        rise = math.sin(math.radians(light.key_height))
        for i in range(3):
            colour = lot[i] + (asphalt[i] - lot[i]) * road
            plane = colour * mottle * (light.fill[i] * 0.8 + light.sun[i] * rise * sunny)
            planes.append(plane + street_light[i] * (road * 0.8 + 0.06) * mottle)
        merged = cv2.merge([np.asarray(plane, dtype=np.float32) for plane in planes])
        self.map = cv2.blur(merged, (1, 5))  # seen at a low angle, a pixel spans many metres of depth

    @property
    def place(self) -> tuple[float, float, float]:
        """Where the map begins, left and near, and its texels for a metre."""
        return self._left, self._near, 1 / _MAP_CELL

    def at(self, x: Floats, z: Floats) -> Floats:
        """(n, 3): light of the ground at points."""
        map_x = (x - np.float32(self._left)) * np.float32(1 / _MAP_CELL)
        map_y = (z - np.float32(self._near)) * np.float32(1 / _MAP_CELL)
        seen = cv2.remap(self.map, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(seen).reshape(-1, 3)


def _lane(at: Floats, pitch: float) -> Floats:
    """1 in the middle of the streets of a grid, 0 on its lots."""
    away = np.abs(at / np.float32(pitch) - np.rint(at / np.float32(pitch))) * np.float32(pitch)
    return 1 - smooth(STREET / 2 - 4, STREET / 2 - 1, away)
