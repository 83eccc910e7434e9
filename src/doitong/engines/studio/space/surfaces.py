"""What planets and moons look like: pictures of their whole surface."""

from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Colour, Floats, mix, smooth
from doitong.engines.studio.noise import Fractal
from doitong.engines.studio.space.sphere import directions, noise, wrapped


@dataclass(frozen=True, slots=True)
class Surface:
    """`ground`: red, green, blue as square roots, and how much of a mirror the sea is; `veil`: clouds and the lights of
    cities. `air`: colour of the atmosphere, `air_depth` its height in radii, 0 for none."""

    rows: int
    ground: Bytes
    veil: Bytes | None
    air: Colour
    air_depth: float


_GASES: tuple[tuple[Colour, ...], ...] = (
    ((0.74, 0.60, 0.44), (0.52, 0.33, 0.20), (0.86, 0.78, 0.64), (0.62, 0.45, 0.30)),
    ((0.22, 0.40, 0.72), (0.12, 0.24, 0.55), (0.45, 0.62, 0.84), (0.17, 0.33, 0.66)),
    ((0.60, 0.42, 0.62), (0.34, 0.22, 0.48), (0.82, 0.66, 0.70), (0.46, 0.30, 0.52)),
    ((0.34, 0.60, 0.58), (0.16, 0.38, 0.44), (0.66, 0.80, 0.72), (0.24, 0.48, 0.52)),
    ((0.80, 0.62, 0.40), (0.66, 0.42, 0.24), (0.90, 0.80, 0.62), (0.74, 0.52, 0.33)),
)


def gas_giant(random: np.random.Generator, rows: int, palette: tuple[Colour, ...]) -> Surface:
    """Bands that shear into one another, with a few oval storms."""
    at, fractal = directions(rows), Fractal(random)
    x, y, z = at
    colours = _GASES[random.integers(len(_GASES))]
    if palette:
        light, dark = palette[0], palette[-1] if len(palette) > 1 else mix(palette[0], 0.4, (0.1, 0.08, 0.12), 1.0)
        colours = (mix(light, 0.6, (0.3, 0.3, 0.3), 0.4), mix(dark, 0.45, (0.05, 0.05, 0.05), 1.0),
                   mix(light, 0.5, (0.5, 0.5, 0.5), 0.8), mix(dark, 0.5, light, 0.25))  # fmt: skip
    slow = noise(fractal, (x * np.float32(0.6), y * np.float32(3), z * np.float32(0.6)), 0.8, 3, 0)
    warp = noise(fractal, (x + slow * np.float32(0.10), y * np.float32(4), z), 0.42, 5, 27)
    calm = np.float32(1) - np.abs(y)
    height = y + (slow * np.float32(0.020) + warp * np.float32(0.030)) * calm
    for _ in range(int(random.integers(2, 5))):
        height = _storm(random, at, height)
    steps = np.linspace(-1.2, 1.2, 1024)
    bands = _bands(random, steps)
    fine = noise(fractal, (x, height * np.float32(9), z), 0.30, 4, 31)
    tone = np.interp(height, steps, bands).astype(np.float32) + fine * np.float32(0.16) * (np.float32(0.4) + calm)
    place = np.clip(tone * np.float32(0.5) + np.float32(0.5), 0, 1) * np.float32(len(colours) - 1.001)
    shade = np.float32(1) + warp * np.float32(0.10)
    planes = [np.interp(place, np.arange(len(colours)), [c[i] for c in colours]).astype(np.float32) * shade
              for i in range(3)]  # fmt: skip
    top = mix(colours[2], 0.6, (0.35, 0.45, 0.6), 0.4)
    return Surface(rows, _packed(planes, np.zeros_like(x)), None, top, 0.012)


def _storm(random: np.random.Generator, at: tuple[Floats, Floats, Floats], height: Floats) -> Floats:
    """Wind the bands around an oval."""
    x, y, z = at
    up, turn, size = random.uniform(-0.55, 0.55), random.uniform(0, 6.28), random.uniform(0.05, 0.14)
    level = np.sqrt(1 - up * up)
    cx, cz = np.float32(level * np.sin(turn)), np.float32(level * np.cos(turn))
    along, over = x * cz - z * cx, (y - np.float32(up)) * np.float32(1.9)
    ahead = (x * cx + z * cz) > 0
    away = np.sqrt(along * along + over * over) / np.float32(size)
    inside = cv2.exp(-(away**2) * np.float32(0.8)) * ahead
    swirl = np.sin(away * np.float32(5.0) + np.arctan2(over, along))
    return np.asarray(height + inside * (swirl * np.float32(0.05) + np.float32(0.10)), dtype=np.float32)


def _bands(random: np.random.Generator, steps: Floats) -> Floats:
    tone = np.zeros_like(steps)
    for wave in (3, 5, 8, 13, 21, 34):
        tone += np.sin(steps * wave * random.uniform(0.8, 1.2) * 1.6 + random.uniform(0, 6.3)) * wave**-0.45
    return np.asarray(tone / np.abs(tone).max(), dtype=np.float32)


def earth(random: np.random.Generator, rows: int, snow: float) -> Surface:
    """Seas, continents, ice, clouds that turn in spirals, and the lights of coasts and plains."""
    at, fractal = directions(rows), Fractal(random)
    x, y, z = at
    bend = noise(fractal, at, 1.3, 2, 0)
    height = noise(fractal, (x + bend * np.float32(0.22), y, z - bend * np.float32(0.22)), 1.5, 7, 3)
    height -= np.float32(np.quantile(height[::4, ::4], 0.62))
    wet = noise(fractal, at, 0.8, 4, 30) + np.cos(y * np.float32(7.5)) * np.float32(0.35)
    cold = np.abs(y) + height * np.float32(0.5) + noise(fractal, at, 0.35, 4, 12) * np.float32(0.08)
    land = smooth(-0.006, 0.012, height)
    shallow = smooth(-0.16, 0.0, height)
    ice = smooth(0.80 - 0.12 * snow, 0.90 - 0.12 * snow, cold)
    rough = noise(fractal, at, 0.09, 4, 22)
    dry, green, rock = (0.42, 0.30, 0.17), (0.060, 0.110, 0.036), (0.30, 0.25, 0.20)
    lush = smooth(-0.50, 0.12, wet)
    planes = []
    for i in range(3):
        soil = dry[i] + (green[i] - dry[i]) * lush
        soil += (rock[i] - soil) * smooth(0.22, 0.5, height)
        soil *= np.float32(1) + rough * np.float32(0.6)
        deep, bank = (0.008, 0.030, 0.085)[i], (0.030, 0.120, 0.160)[i]
        sea = deep + (bank - deep) * shallow**3
        plane = sea + (soil - sea) * land
        planes.append(np.asarray(plane + ((0.86, 0.90, 0.94)[i] - plane) * ice, dtype=np.float32))
    settled = land * (1 - ice) * smooth(0.0, 0.30, lush) * smooth(0.22, 0.0, height)
    towns = smooth(0.04, 0.60, noise(fractal, at, 0.020, 2, 5)) * smooth(-0.05, 0.40, noise(fractal, at, 0.26, 4, 14))
    veil = np.dstack([_clouds(fractal, at), settled * towns, np.zeros_like(x)])
    return Surface(rows, _packed(planes, (1 - land) * (1 - ice)), _bytes(veil), (0.26, 0.50, 1.0), 0.018)


def _clouds(fractal: Fractal, at: tuple[Floats, Floats, Floats]) -> Floats:
    x, y, z = at
    one, other = noise(fractal, at, 0.9, 3, 7), noise(fractal, at, 0.9, 3, 16)
    bent = (x + one * np.float32(0.30), y * np.float32(1.5) + other * np.float32(0.12), z + other * np.float32(0.30))
    thick = noise(fractal, bent, 0.75, 7, 25) + np.cos(y * np.float32(9)) * np.float32(0.10)
    return smooth(-0.02, 0.46, thick - np.float32(np.quantile(thick[::4, ::4], 0.60))).astype(np.float32)


def barren(random: np.random.Generator, rows: int, colour: Colour) -> Surface:
    """A moon: highlands, dark plains, and craters with bright rims and rays."""
    at, fractal = directions(rows), Fractal(random)
    tone = np.float32(0.62) + noise(fractal, at, 0.5, 6, 0) * np.float32(0.22)
    tone -= smooth(0.05, 0.4, noise(fractal, at, 1.4, 3, 30)) * np.float32(0.24)
    for size, count in ((0.16, 10), (0.08, 40), (0.04, 150)):
        spots = random.standard_normal((count, 3)).astype(np.float32)
        spots /= np.linalg.norm(spots, axis=1, keepdims=True)
        for cx, cy, cz in spots:
            _crater(tone, at, (float(cx), float(cy), float(cz)), size * float(random.uniform(0.6, 1.3)))
    planes = [np.asarray(tone * np.float32(part), dtype=np.float32) for part in colour]
    return Surface(rows, _packed(planes, np.zeros_like(tone)), None, (0.0, 0.0, 0.0), 0.0)


def _crater(tone: Floats, at: tuple[Floats, Floats, Floats], spot: Colour, size: float) -> None:
    rows = tone.shape[0]
    middle = (0.5 - np.arcsin(np.clip(spot[1], -1, 1)) / np.pi) * rows
    half = size * 1.7 / np.pi * rows + 1
    part = slice(max(0, int(middle - half)), min(rows, int(middle + half) + 1))
    x, y, z = (axis[part] for axis in at)
    near = x * np.float32(spot[0]) + y * np.float32(spot[1]) + z * np.float32(spot[2])
    away = np.sqrt(np.maximum(2 - 2 * near, 0)) * np.float32(1 / size)
    tone[part] += (smooth(0.7, 1.0, away) * (1 - smooth(1.0, 1.5, away)) * np.float32(0.16)).astype(np.float32)
    tone[part] -= ((1 - smooth(0.5, 0.95, away)) * np.float32(0.12)).astype(np.float32)


def _packed(planes: list[Floats], sea: Floats) -> Bytes:
    return _bytes(np.sqrt(np.clip(np.dstack([*planes, np.square(sea)]), 0, 1)))


def _bytes(picture: Floats) -> Bytes:
    coded = np.clip(picture, 0, 1) * np.float32(255) + np.float32(0.5)
    return wrapped(coded.astype(np.uint8))
