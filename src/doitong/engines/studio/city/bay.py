"""The bay in front of the city: ripples that break what it mirrors, and lights drawn out into long streaks.

Waves too small to be seen one by one spread a reflection up and down (Longuet-Higgins 1960), so that the far water
mirrors lamps as pillars of light while the near water breaks them into pieces.
"""

import math

import cv2
import numpy as np

from doitong.engines.studio.air.light import Light
from doitong.engines.studio.arrays import Floats, Planes, as_floats, bands, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.land.water import Waves, fresnel_of
from doitong.engines.studio.noise import pad, sample, spectral_tile
from doitong.engines.studio.scene import Scene

_TILE_METRES = 64.0
_SLOPE = 0.030
_HALVINGS = 5
_SPARK = 0.55  # brightest that a single wave mirrors; a lamp's whole light goes into its streak
_WAVES = ((_TILE_METRES * 4.7, 0.6), (_TILE_METRES, 0.8))  # metres of each set's tile, and how strong its slopes are
_WIDEST = 8192  # of kernels/bay.c


class Bay:
    """Draws the water of one film. `sun`: the direction of the sun or moon; `sets` of waves, 1 or 2."""

    def __init__(self, scene: Scene, light: Light, size: int, sun: tuple[float, float, float], sets: int) -> None:
        random = np.random.default_rng([scene.seed, 304])
        self._light, self._sun, self._scene = light, sun, scene
        self._slope = _SLOPE * (0.45 + 0.55 * scene.wind) * (1 + 0.4 * scene.rain)
        self._size, self._sets = size, sets
        self._waves = Waves(random, size, 1.6)
        self._gusts = spectral_tile(random, 256, 1.4, 2)

    def lay(self, planes: tuple[Floats, ...], shore: Floats, mirror: Planes, mirror_lens: Lens, pose: Pose, lens: Lens,
            seconds: float) -> None:  # fmt: skip
        """Lay the water over a frame below the row `shore` of each column. `mirror`: the view from under the water, its
        horizon at its lens's."""
        top = max(0, int(shore.min()))
        if top >= lens.rows:
            return
        reach = max(3, int(mirror_lens.focal * self._slope * 2.3)) | 1
        sharp = cv2.merge([*mirror, mirror[0]])  # four channels are read faster than three
        # twice the same mean is a triangle, close enough to the bell of the waves' slopes
        drawn_out = cv2.blur(cv2.blur(sharp, (1, reach)), (3, reach))
        np.minimum(sharp, np.float32(_SPARK), out=sharp)
        tiles = [self._pyramid(moment) for moment in (seconds * 0.46 + 40, seconds * 0.8)[: self._sets]]
        if loops is not None and lens.width <= _WIDEST:
            self._lay_at_once(planes, shore, sharp, drawn_out, mirror_lens, pose, lens, top, tiles, seconds)
            return
        for band in bands(lens.rows, top):
            rows = np.arange(band.start, band.stop, dtype=np.float32)[:, None] + np.float32(1)
            cover = np.clip(rows - shore[None, :], 0, 1)
            colours = self._band(sharp, drawn_out, mirror_lens, pose, lens, band, tiles, seconds)
            for plane, values in zip(planes, colours, strict=True):
                plane[band] += (values - plane[band]) * cover

    def _lay_at_once(self, planes: tuple[Floats, ...], shore: Floats, sharp: Floats, drawn_out: Floats,
                     mirror_lens: Lens, pose: Pose, lens: Lens, top: int, tiles: list[list[Floats]],
                     seconds: float) -> None:  # fmt: skip
        light = self._light
        glitters = light.disc > 0 and self._scene.sun_disc
        rows = np.arange(top, lens.rows, dtype=np.float32) + np.float32(0.5 - lens.horizon)
        away = np.float32(pose.y * lens.focal) / np.maximum(rows, np.float32(0.4))
        levels, unseen = self._levels(away, lens, pose)
        kinds = _WAVES[: self._sets]
        shared = np.array([
            lens.focal, lens.horizon, lens.width / 2, mirror_lens.focal, mirror_lens.horizon, mirror_lens.width / 2,
            pose.x, pose.y, pose.z, math.cos(pose.yaw), math.sin(pose.yaw), seconds * 0.5 * self._scene.wind,
            *(self._slope * power for _, power in _WAVES), *(self._size / metres for metres, _ in _WAVES),
            *self._body(), *light.sun, *self._sun, self._slope * 0.5 + 0.008 if glitters else 0.0,
        ], np.float32)  # fmt: skip
        suits, fines = np.stack(levels), unseen * np.float32(0.95)
        stack = np.concatenate([level.reshape(-1) for tile in tiles for level in tile])
        loops.bay_lay(
            at(shared), at(sharp), at(drawn_out), mirror_lens.width, mirror_lens.rows, at(stack), self._size,
            _HALVINGS + 1, len(kinds), at(suits), at(fines), at(self._gusts),
            self._gusts.shape[0] - 4, at(shore), *(at(plane) for plane in planes), lens.width, top, lens.rows,
        )  # fmt: skip

    def _body(self) -> list[float]:
        """The water's own light."""
        light = self._light
        return [light.water[i] * (light.fill[i] * 2.4 + light.sun[i] * 0.30) for i in range(3)]

    def _pyramid(self, seconds: float) -> list[Floats]:
        tile = self._waves.tile(seconds)
        whole, levels = tile[2:-2, 2:-2], []
        for _ in range(_HALVINGS + 1):
            levels.append(pad(whole))
            whole = cv2.resize(whole, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        return levels

    def _band(self, sharp: Floats, drawn_out: Floats, mirror_lens: Lens, pose: Pose, lens: Lens, band: slice,
              tiles: list[list[Floats]], seconds: float) -> list[Floats]:  # fmt: skip
        rows = np.arange(band.start, band.stop, dtype=np.float32)[:, None]
        down = np.maximum((rows + np.float32(0.5 - lens.horizon)) * np.float32(1 / lens.focal), 0.4 / lens.focal)
        down = down.astype(np.float32)
        away, px = np.float32(pose.y) / down, lens.slopes()[None, :]
        c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
        x, z = np.float32(pose.x) + (s + px * c) * away, np.float32(pose.z) + (c - px * s) * away
        sx, sz, fine = self._slopes_at(x, z, away[:, 0], lens, pose, tiles)
        gust = self._gust(x, z, seconds)
        sx *= gust
        sz *= gust
        seen = _reflect(sharp, drawn_out, mirror_lens, px, down, sx, sz, fine)
        grazing = np.clip(down * np.float32(1.04) + sz * np.float32(0.9), 0, 1)
        fresnel = fresnel_of(grazing, 0.96)
        glitter = self._glitter(px, down, sx, sz, c, s)
        planes = []
        for i in range(3):
            body = np.float32(self._body()[i])
            plane = seen[..., i] - body
            plane *= fresnel
            plane += body
            if glitter is not None:
                plane += glitter * np.float32(self._light.sun[i])
            planes.append(plane)
        return planes

    def _slopes_at(self, x: Floats, z: Floats, away: Floats, lens: Lens, pose: Pose,
                   tiles: list[list[Floats]]) -> tuple[Floats, Floats, Floats]:  # fmt: skip
        """Slopes of the waves that a pixel can tell apart, and (as a column) the share of those that it cannot."""
        sx, sz = np.zeros_like(x), np.zeros_like(x)
        levels, unseen = self._levels(away, lens, pose)
        for tile, (metres, power), level in zip(tiles, _WAVES, levels, strict=False):
            for number in range(int(level.min()), min(_HALVINGS, int(level.max()) + 1) + 1):
                weight = np.clip(1 - np.abs(level - number), 0, 1).astype(np.float32)
                rows = np.flatnonzero(weight > 0)
                if not rows.size:
                    continue
                part = slice(int(rows[0]), int(rows[-1]) + 1)
                scale = np.float32(self._size / metres / 2**number)
                u, v = x[part] * scale, z[part] * scale
                slopes = sample(tile[number], u, v)
                strength = weight[part, None] * np.float32(self._slope * power)
                sx[part] += np.multiply(slopes[..., 0], strength, out=u)
                sz[part] += np.multiply(slopes[..., 1], strength, out=v)
        return sx, sz, unseen[:, None]

    def _levels(self, away: Floats, lens: Lens, pose: Pose) -> tuple[list[Floats], Floats]:
        """For rows that see the water at distances: the halving of each set of waves, and the share of slopes that are
        too small to be told apart."""
        across, along = away / np.float32(lens.focal), away * away / np.float32(lens.focal * pose.y)
        pixel = across**0.30 * along**0.70
        levels = [
            as_floats(np.log2(np.maximum(pixel / np.float32(metres / self._size), 1e-3)).clip(0, _HALVINGS))
            for metres, _ in _WAVES[: self._sets]
        ]
        unseen = np.float32(0.25) + as_floats(np.sum(levels, axis=0)) / np.float32(2 * _HALVINGS)
        return levels, as_floats(np.clip(unseen, 0, 1))

    def _gust(self, x: Floats, z: Floats, seconds: float) -> Floats:
        """Bands of rougher and calmer water that drift; read at a quarter of the size."""
        drift = np.float32(seconds * 0.5 * self._scene.wind)
        u = np.ascontiguousarray(x[::4, ::4]) * np.float32(0.22) + drift
        v = np.ascontiguousarray(z[::4, ::4]) * np.float32(0.55) + drift * np.float32(0.4)
        gust = np.clip(np.float32(0.95) + sample(self._gusts, u, v) * np.float32(0.38), 0.25, 1.9)
        return np.asarray(cv2.resize(gust, (x.shape[1], x.shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32)

    def _glitter(self, px: Floats, down: Floats, sx: Floats, sz: Floats, c: np.float32,
                 s: np.float32) -> Floats | None:  # fmt: skip
        """Sparkle where a wave's slope is the one that mirrors the sun (Cox and Munk 1954)."""
        if self._light.disc <= 0 or not self._scene.sun_disc:
            return None
        lx, ly, lz = (np.float32(part) for part in self._sun)
        scale = 1 / np.sqrt(1 + px * px)
        hx, hz, hy = lx - (s + px * c) * scale, lz - (c - px * s) * scale, ly + down
        rough = np.float32(self._slope * 0.5 + 0.008)
        gap = ((hx / hy - sx * np.float32(2.4)) / (rough * np.float32(3.6))) ** 2
        gap += ((hz / hy - sz * np.float32(2.2)) / (rough * np.float32(2.4))) ** 2
        sparkle: Floats = cv2.exp(-np.minimum(gap, 30)) * smooth(0.0, 0.01, down)
        return sparkle


def _reflect(sharp: Floats, drawn_out: Floats, mirror_lens: Lens, px: Floats, down: Floats, sx: Floats, sz: Floats,
             fine: Floats) -> Floats:  # fmt: skip
    """What each wave mirrors: its slope tilts the look up and to the side (small angles)."""
    focal = np.float32(mirror_lens.focal)
    map_y = sz * np.float32(2)
    map_y += down
    np.abs(map_y, out=map_y)
    map_y *= -focal
    map_y += np.float32(mirror_lens.horizon - 0.5)
    map_x = sx * (down * np.float32(2) + np.float32(0.20))
    map_x += px
    map_x *= focal
    map_x += np.float32(mirror_lens.width / 2 - 0.5)
    near: Floats = cv2.remap(sharp, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    far: Floats = cv2.remap(drawn_out, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    flat, other = near.reshape(near.shape[0], -1), far.reshape(near.shape[0], -1)
    other -= flat
    other *= fine * np.float32(0.95)
    flat += other
    return near
