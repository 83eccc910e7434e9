"""Water: waves that disperse as real ones do, the mirrored view broken by them, Fresnel and the sun's glitter."""

import math

import cv2
import numpy as np

from doitong.engines.studio.air.light import Light
from doitong.engines.studio.arrays import Floats, Planes, bands, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.noise import pad, sample, spectral_tile
from doitong.engines.studio.scene import Scene

_TILE_METRES = 46.0
_GRAVITY = 9.81
_PACES = (1.0, 0.42, 0.18)  # waves 2^n as long pass √2^n as slowly; one for every three sizes


class Waves:
    """A square of water whose slopes evolve by the deep-water dispersion relation (Tessendorf 2001)."""

    def __init__(self, random: np.random.Generator, size: int, wind: float) -> None:
        k = 2 * np.pi * np.fft.fftfreq(size, _TILE_METRES / size)
        kx, kz = np.meshgrid(k, k)
        length = np.hypot(kx, kz)
        length[0, 0] = 1.0
        toward = (kz * 0.92 + kx * 0.39) / length
        longest = 0.55 * wind
        power = np.exp(-((longest / length) ** 2)) / length**4.0 * (0.25 + toward**2) * np.exp(-((length * 0.09) ** 2))
        power[0, 0] = 0.0
        draw = random.standard_normal((size, size)) + 1j * random.standard_normal((size, size))
        spectrum = draw * np.sqrt(power)
        mirror = np.conj(np.roll(spectrum[::-1, ::-1], 1, (0, 1)))
        # slopes along x and z are the real and imaginary part of one transform
        lean = 1j * kx - kz
        self._forth, self._back = (spectrum * lean).astype(np.complex64), (mirror * lean).astype(np.complex64)
        self._rate = np.sqrt(_GRAVITY * length).astype(np.float32)
        slopes = self._slopes(0.0)
        self._level = 1.0 / math.sqrt(float(np.mean(slopes[..., 0] ** 2 + slopes[..., 1] ** 2)))

    def _slopes(self, seconds: float) -> Floats:
        angle = self._rate * np.float32(seconds)
        turn = np.empty(angle.shape, np.complex64)
        turn.real, turn.imag = np.cos(angle), np.sin(angle)
        both = np.fft.ifft2(self._forth * turn + self._back * np.conj(turn))
        return both.view(np.float32).reshape(*both.shape, 2)

    def tile(self, seconds: float) -> Floats:
        """Padded tile of slopes along x and z at one moment, of root mean square 1."""
        return pad(self._slopes(seconds) * np.float32(self._level))


class Water:
    """Shades the water of one film."""

    def __init__(self, scene: Scene, light: Light, wave_slope: float, wave_size: int, sun: tuple[float, float, float]):
        random = np.random.default_rng([scene.seed, 37])
        self._light, self._sun, self._scene = light, sun, scene
        self._slope = wave_slope * scene.wind
        self._size = wave_size
        self._waves = Waves(random, wave_size, 1.0)
        self._gusts = spectral_tile(random, 256, 1.5, 2)

    def draw(self, mirror: Planes, mirror_lens: Lens, pose: Pose, lens: Lens, top: int, seconds: float) -> Planes:
        """The rows from `top` down. `mirror`: the view from under the water, its horizon at its lens's."""
        tiles = [self._waves.tile(seconds * pace) for pace in _PACES]
        calm = self._calm(pose, lens, top, seconds)
        merged = cv2.merge(mirror)
        whole = np.empty((3, lens.rows - top, lens.width), np.float32)
        for band in bands(lens.rows, top):
            part = slice(band.start - top, band.stop - top)
            colour = self._band(merged, mirror_lens, pose, lens, band, tiles, calm[part])
            for plane, values in zip(whole, colour, strict=True):
                plane[part] = values
        return whole[0], whole[1], whole[2]

    def _band(self, mirror: Floats, mirror_lens: Lens, pose: Pose, lens: Lens, band: slice, tiles: list[Floats],
              calm: Floats) -> Planes:  # fmt: skip
        x, z, away, down = _surface(pose, lens, np.arange(band.start, band.stop, dtype=np.float32))
        px = lens.slopes()[None, :]
        c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
        sx, sz = self._slopes_at(x, z, away[:, 0], lens, pose, tiles)
        sx *= calm
        sz *= calm
        colour = _reflect(mirror, mirror_lens, px, down, sx, sz)
        grazing = np.clip(down * np.float32(1.04) + sz * np.float32(0.9), 0.0, 1.0)
        fresnel = np.float32(0.02) + np.float32(0.98) * (1 - grazing) ** 5
        glitter = self._glitter(px, down, sx, sz, c, s)
        planes = []
        for i in range(3):
            body = np.float32(self._light.water[i] * (self._light.fill[i] * 2.2 + self._light.sun[i] * 0.35))
            plane = body + (colour[i] - body) * fresnel
            plane += glitter * np.float32(self._light.sun[i] * (1.0 if self._light.is_moon else 1.05))
            planes.append(plane)
        return planes[0], planes[1], planes[2]

    def _slopes_at(self, x: Floats, z: Floats, away: Floats, lens: Lens, pose: Pose,
                   tiles: list[Floats]) -> tuple[Floats, Floats]:  # fmt: skip
        """Slopes at each pixel from waves just long enough to be seen there: two sizes, blended by distance."""
        texel = _TILE_METRES / self._size
        across = away / np.float32(lens.focal)
        along = away * away / np.float32(lens.focal * pose.y)
        level = np.log2(np.maximum(across**0.22 * along**0.78, 1e-3) / texel).clip(0, 11).astype(np.float32)
        rows_down = np.float32(lens.focal * pose.y) / away
        sx, sz = np.zeros_like(x), np.zeros_like(x)
        for number in range(int(level.min()), int(level.max()) + 2):
            weight = np.clip(1 - np.abs(level - number), 0, 1)
            rows = np.flatnonzero(weight > 0)
            if not rows.size:
                continue
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            scale = np.float32(1 / (texel * 2.0**number))
            shift = np.float32(number * 61.7)
            tile = tiles[min(number // 3, len(tiles) - 1)]
            slopes = sample(tile, x[part] * (scale * np.float32(0.72)) + shift, z[part] * scale + shift)
            strength = weight[part, None] * np.float32(self._slope * max(0.35, 1.1 - 0.09 * number))
            strength *= np.clip(rows_down[part, None] * np.float32(1 / 14.0), 0, 1)  # unresolved at the horizon
            sx[part] += slopes[..., 0] * strength
            sz[part] += slopes[..., 1] * strength
        return sx, sz

    def _calm(self, pose: Pose, lens: Lens, top: int, seconds: float) -> Floats:
        """Gusts: bands of rougher and calmer water that drift."""
        x, z, _, _ = _surface(pose, lens, np.arange(top, lens.rows, 4, dtype=np.float32))
        x, z = x[:, ::4], np.maximum(z[:, ::4], 8)
        drift = np.float32(seconds * 1.2 * self._scene.wind)
        u = x / z * 26 + x * np.float32(0.12)
        gust = sample(self._gusts, u + drift, np.log2(z) * np.float32(34.0) + drift * np.float32(0.3))
        scale = np.clip(np.float32(0.95) + gust * np.float32(0.45), 0.2, 2.0)
        whole = cv2.resize(scale, (lens.width, lens.rows - top), interpolation=cv2.INTER_LINEAR)
        return np.asarray(whole, dtype=np.float32)

    def _glitter(self, px: Floats, down: Floats, sx: Floats, sz: Floats, c: np.float32, s: np.float32) -> Floats:
        """Sparkle where a wave's slope is the one that mirrors the sun (Cox and Munk 1954)."""
        if self._light.disc <= 0 or not self._scene.sun_disc:
            return np.zeros_like(sx)
        lx, ly, lz = self._sun
        scale = 1 / np.sqrt(1 + px * px)
        hx = np.float32(lx) - (s + px * c) * scale
        hz = np.float32(lz) - (c - px * s) * scale
        hy = np.float32(ly) + down
        need_x, need_z = -hx / hy, -hz / hy
        rough = np.float32(max(self._slope, 0.012) * 0.6 + 0.0085)
        gap = ((need_x + sx * np.float32(2.4)) / (rough * np.float32(3.6))) ** 2
        gap += ((need_z + sz * np.float32(2.2)) / (rough * np.float32(2.4))) ** 2
        sparkle: Floats = cv2.exp(-np.minimum(gap, 30)) * smooth(0.0, 0.01, down) * np.float32(1.5)
        return sparkle


def _surface(pose: Pose, lens: Lens, rows: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Where each pixel of the rows meets the water: x, z, the distance, and the tangent of the look downwards."""
    down = (rows[:, None] + np.float32(0.5 - lens.horizon)) * np.float32(1 / lens.focal)
    down = np.maximum(down, np.float32(0.4 / lens.focal))
    away = np.float32(pose.y) / down
    px = lens.slopes()[None, :]
    c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
    return np.float32(pose.x) + (s + px * c) * away, np.float32(pose.z) + (c - px * s) * away, away, down


def _reflect(mirror: Floats, mirror_lens: Lens, px: Floats, down: Floats, sx: Floats, sz: Floats) -> Planes:
    """What each wave mirrors: its slope tilts the look up and to the side (small angles)."""
    focal = np.float32(mirror_lens.focal)
    map_y = np.float32(mirror_lens.horizon - 0.5) - np.abs(down + np.float32(2.0) * sz) * focal
    map_x = (px + np.float32(2.0) * sx * (down + np.float32(0.12))) * focal
    map_x += np.float32(mirror_lens.width / 2 - 0.5)
    seen = cv2.remap(mirror, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    parts = cv2.split(seen)
    return parts[0], parts[1], parts[2]
