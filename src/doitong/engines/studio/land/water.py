"""Water: waves that disperse as real ones do, the mirrored view broken by them, Fresnel and the sun's glitter."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from doitong.engines.studio.air.light import Light, storm_share
from doitong.engines.studio.arrays import Floats, Planes, as_floats, bands, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.land.bed import Bed, bottom_of, surface
from doitong.engines.studio.land.coasts import BEACH_SLOPE
from doitong.engines.studio.land.draft import softened
from doitong.engines.studio.land.surf import Surf
from doitong.engines.studio.land.swell import Swell
from doitong.engines.studio.land.water_loop import WaterKind, WaterLoop
from doitong.engines.studio.land.world import World
from doitong.engines.studio.noise import pad, sample, spectral_tile
from doitong.engines.studio.scene import Scene, SceneKind

_TILE_METRES = 46.0
_GRAVITY = 9.81
_SURF_DEPTH = 2.3
_LAPPED, _DEEP = -2.0, -12.0  # heights of the ground: waves lap where it is higher, and no bottom is seen where lower
_LAPPING = {SceneKind.ISLANDS: 0.55, SceneKind.CANYON: 0.05}  # how white the water's edge is
_PACES = (1.0, 0.42, 0.18)  # waves 2^n as long pass √2^n as slowly; one for every three sizes


@dataclass(frozen=True, slots=True)
class _Look:
    """A band of rows and its span of columns, seen through a lens at one moment."""

    pose: Pose
    lens: Lens
    mirror_lens: Lens
    band: slice
    columns: slice
    seconds: float
    nearer: Floats | None  # how much nearer than the plane the swell is met


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all bands of one frame share; rows are those from the water's first down. `mirror` has four fields; `told`
    is the loop's, and `numbers` what that is told of each row and of each column."""

    planes: list[Floats]
    mirror: Floats
    tiles: list[Floats]
    calm: Floats
    bed: Floats
    dry: Floats | None
    nearer: Floats | None
    numbers: tuple[Floats, ...] = ()
    told: WaterLoop | None = None


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
        forth, back = spectrum * lean, mirror * lean
        even, odd = forth + back, 1j * (forth - back)  # forth·e^(iωt) + back·e^(−iωt), by cosine and sine
        self._even, self._odd = (as_floats(even.real), as_floats(even.imag)), (as_floats(odd.real), as_floats(odd.imag))
        self._rate = np.sqrt(_GRAVITY * length).astype(np.float32)
        slopes = self._slopes(0.0)
        self._level = 1.0 / math.sqrt(float(np.mean(slopes[..., 0] ** 2 + slopes[..., 1] ** 2)))

    def _slopes(self, seconds: float) -> Floats:
        spectrum: Floats = np.empty((*self._rate.shape, 2), np.float32)
        if loops is not None:
            loops.turn_waves(*map(at, (self._rate, *self._even, *self._odd)), seconds, at(spectrum), self._rate.size)
        else:
            angle = self._rate * np.float32(seconds)
            cosine, sine = np.cos(angle), np.sin(angle)
            parts = [even * cosine + odd * sine for even, odd in zip(self._even, self._odd, strict=True)]
            cv2.merge(parts, spectrum)
        return as_floats(cv2.idft(spectrum, flags=cv2.DFT_SCALE))

    def tile(self, seconds: float) -> Floats:
        """Padded tile of slopes along x and z at one moment, of root mean square 1 (and two empty fields)."""
        return pad(self._slopes(seconds) * np.float32(self._level))

    def pairs(self, seconds: float) -> Floats:
        """The same without empty fields, for loops."""
        size, slopes = self._rate.shape[0], self._slopes(seconds)
        tile = np.empty((size + 4, size + 4, 2), np.float32)
        loops.pad_waves(at(slopes), size, self._level, at(tile))
        return tile


class Water:
    """Shades the water of one film."""

    def __init__(self, scene: Scene, light: Light, world: World, wave_size: int, sun: tuple[float, float, float]):
        random = np.random.default_rng([scene.seed, 37])
        self._light, self._sun, self._scene, self._world = light, sun, scene, world
        ruffled = min(1.25, scene.wind) if scene.kind is SceneKind.SEA else scene.wind  # the rest goes into swell
        self._slope = world.land.wave_slope * ruffled * (1 + (0.6 if ruffled == scene.wind else 0.1) * scene.rain)
        self._size = wave_size
        self._waves = Waves(random, wave_size, 1.0)
        self._gusts = spectral_tile(random, 256, 1.5, 2)
        lace = spectral_tile(random, 256, 0.8, 8)
        soft = softened(lace, 4.0)
        self._lace, self._soft = lace, soft / soft.std()
        self._bed = Bed(world)
        self._bottom = bottom_of(scene, world)
        self._surf = Surf(scene, light) if scene.kind is SceneKind.BEACH else None
        self._mirrors = 0.74 if scene.kind is SceneKind.ISLANDS else 1.0  # seen from higher up, waves turn to the eye
        storm = storm_share(scene)
        force = min(3.7, 0.45 + 0.55 * scene.wind + 2.6 * storm)
        self._churn = 1 + 2.2 * storm, 1 + 2.0 * storm, 1 + 1.7 * storm  # air beaten into the water
        self._swell = Swell(force, self._soft, lace) if scene.kind is SceneKind.SEA else None
        self._foam = tuple(0.78 * (s * 0.34 + f * 0.8) for s, f in zip(light.sun, light.fill, strict=True))

    def lay(self, planes: Planes, mirror: Planes, mirror_lens: Lens, pose: Pose, lens: Lens, top: int, seconds: float,
            dry: Floats | None) -> None:  # fmt: skip
        """Draw the rows from `top` down. `mirror`: the view from under the water, its horizon at its lens's; `dry`:
        where land hides the water, for the same rows, and black is as good."""
        met = None if self._swell is None else self._swell.meet(pose, lens, top, seconds)
        whole = [plane[top:] for plane in planes]
        frame = _Frame(
            planes=whole,
            mirror=cv2.merge([*mirror, mirror[0]]),  # four channels are read faster than three
            tiles=[(self._waves.tile if loops is None else self._waves.pairs)(seconds * pace) for pace in _PACES],
            calm=self._calm(pose, lens, top, seconds),
            bed=self._bed.heights(pose, lens, top),
            dry=dry,
            nearer=None if met is None else met.nearer,
        )
        if loops is not None:
            frame = self._told(frame, pose, lens, mirror_lens, top, seconds)
        for band in bands(lens.rows, top):
            part = slice(band.start - top, band.stop - top)
            open_water = None if dry is None else np.flatnonzero((dry[part] < 1).any(axis=0))
            columns = slice(0, lens.width)
            if open_water is not None:
                columns = slice(int(open_water[0]), int(open_water[-1]) + 1) if open_water.size else slice(0, 0)
            for plane in whole:
                plane[part, : columns.start] = 0
                plane[part, columns.stop :] = 0
            if columns.stop == columns.start:
                continue
            if loops is not None:
                self._fill_band(frame, part, columns)
                continue
            nearer = None if met is None else met.nearer[part, columns]
            look = _Look(pose, lens, mirror_lens, band, columns, seconds, nearer)
            colour = self._band(frame.mirror, look, frame.tiles, frame.calm[part, columns], frame.bed[part, columns])
            for plane, values in zip(whole, colour, strict=True):
                plane[part, columns] = values
        if met is not None:
            met.soften(whole)
        if self._surf is not None:
            bed = frame.bed
            out: Floats = cv2.resize(bed, (lens.width // 2, bed.shape[0] // 2 + 1), interpolation=cv2.INTER_NEAREST)
            out *= np.float32(-1 / BEACH_SLOPE)
            self._surf.lay_breakers(whole, out, top, pose, lens, seconds)

    def _told(self, frame: _Frame, pose: Pose, lens: Lens, mirror_lens: Lens, top: int, seconds: float) -> _Frame:
        """The frame with what the loop is told of all its bands."""
        light, rough = self._light, max(self._slope, 0.012) * 0.6 + 0.0085
        glitters = light.disc > 0 and self._scene.sun_disc
        strict = (1 / (rough * 3.6), 1 / (rough * 2.4)) if glitters else (0.0, 0.0)
        drops = [part for turn in (0.0, 0.5) for part in _drops_of(seconds, turn)]
        rows, columns = self._rows_told(pose, lens, top), self._columns_told(pose, lens)
        told = WaterLoop(
            tiles=tuple(map(at, frame.tiles)), mirror=at(frame.mirror), soft=at(self._soft), lace=at(self._lace),
            rows=at(rows), columns=at(columns), calm=at(frame.calm), bed=at(frame.bed),
            nearer=None if frame.nearer is None else at(frame.nearer), dry=None if frame.dry is None else at(frame.dry),
            planes=tuple(map(at, frame.planes)), width=lens.width, tile_size=self._size,
            lace_size=self._lace.shape[0] - 4, mirror_width=frame.mirror.shape[1], mirror_height=frame.mirror.shape[0],
            eye_x=pose.x, eye_z=pose.z, focal=mirror_lens.focal, horizon=mirror_lens.horizon - 0.5,
            middle=mirror_lens.width / 2 - 0.5, mirrors=self._mirrors, rise=self._sun[1],
            strict_x=strict[0], strict_z=strict[1],
            deep=tuple(self._deep()), bottom=tuple(self._bottom_lit()), swallow=self._bottom.swallow, foam=self._foam,
            sparkle=tuple(share * (1.0 if light.is_moon else 1.05) for share in light.sun), seconds=seconds,
            rain=0.5 * self._scene.rain if self._scene.rain > 0.05 else 0.0, laps=self._laps(), drops=tuple(drops),
        )  # fmt: skip
        if self._swell is not None:
            self._swell.tell(told, seconds)
        if self._surf is not None:
            self._surf.tell(told, seconds)
        return replace(frame, numbers=(rows, columns), told=told)

    def _rows_told(self, pose: Pose, lens: Lens, top: int) -> Floats:
        """What the loop is told of each row, the two sizes of waves that are seen there among it."""
        _, _, away, down = surface(pose, lens, np.arange(top, lens.rows, dtype=np.float32), slice(0, 1))
        level = self._level_at(away, lens, pose)
        rows_down = np.float32(lens.focal * pose.y) / away
        told = [down, away, rows_down / away, _thick(down), smooth(0.0, 0.01, down) * np.float32(1.5)]
        for number in (np.floor(level), np.floor(level) + 1):
            strength = np.clip(1.25 - 1.5 * np.abs(level - number), 0, 1) * np.maximum(0.35, 1.1 - 0.09 * number)
            strength *= np.clip(rows_down / 14, 0, 1) * np.float32(self._slope)
            scale = np.exp2(-number) * np.float32(self._size / _TILE_METRES)
            told += [np.minimum(number // 3, len(_PACES) - 1), scale, number * np.float32(61.7), strength]
        return as_floats(np.concatenate(told, axis=1))

    def _columns_told(self, pose: Pose, lens: Lens) -> Floats:
        """Each column's slope, its way to the side and ahead, and how far from there to the sun."""
        slope, c, s = lens.slopes(), np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
        aside, ahead, scale = s + slope * c, c - slope * s, 1 / np.sqrt(1 + slope * slope)
        sun_x, _, sun_z = self._sun
        return as_floats(np.stack((slope, aside, ahead, sun_x - aside * scale, sun_z - ahead * scale)))

    def _fill_band(self, frame: _Frame, part: slice, columns: slice) -> None:
        """Draw a part of the rows in one pass."""
        told, deepest = frame.told, float(frame.bed[part, columns].max())
        assert told is not None
        told.top, told.end, told.left, told.right = part.start, part.stop, columns.start, columns.stop
        told.is_deep = deepest < _DEEP
        if self._surf is not None and deepest > -_SURF_DEPTH:
            told.kind = WaterKind.SWASH
        elif self._swell is not None:
            told.kind = WaterKind.SWELL
        else:
            told.kind = WaterKind.LAPPING if deepest > _LAPPED else WaterKind.CALM
        loops.lay_water(ctypes.byref(told))

    def _band(self, mirror: Floats, look: _Look, tiles: list[Floats], calm: Floats, bed: Floats) -> Planes:
        pose, lens = look.pose, look.lens
        rows = np.arange(look.band.start, look.band.stop, dtype=np.float32)
        x, z, away, down = surface(pose, lens, rows, look.columns)
        lift: Floats | None = None
        if look.nearer is not None:  # the waves are drawn where they stand, not where the plane is
            x, z = (x - np.float32(pose.x)) * look.nearer, (z - np.float32(pose.z)) * look.nearer
            x += np.float32(pose.x)
            z += np.float32(pose.z)
        px = lens.slopes()[None, look.columns]
        sx, sz = self._slopes_at(x, z, away[:, 0], lens, pose, tiles)
        foam: Floats | None = None
        bare: Floats | float = 0.0
        if self._surf is not None and float(bed.max()) > -_SURF_DEPTH:
            foam, bare, ruffle = self._surf.swash(
                bed * np.float32(-1 / BEACH_SLOPE), x, z, np.float32(lens.focal * pose.y) / (away * away), look.seconds
            )
            calm = calm * ruffle
        elif self._swell is not None:
            rows_down = np.float32(lens.focal * pose.y) / (away * away)
            foam, lift = self._swell.lay(x, z, rows_down, look.seconds, sx, sz, calm)
        elif float(bed.max()) > _LAPPED:
            foam = self._lapping(bed, x, z, look.seconds)
        if self._scene.rain > 0.05:
            drops = self._drops(x, z, away, lens, pose, look.seconds)
            foam = drops if foam is None else np.maximum(foam, drops)
        sx *= calm
        sz *= calm
        colour = _reflect(mirror, look.mirror_lens, px, down, sx, sz)
        grazing = np.clip(down * np.float32(1.04) + sz * np.float32(0.9), 0.0, 1.0)
        fresnel = fresnel_of(grazing, 0.98)
        fresnel *= (1 - np.float32(0.50) * bare) * np.float32(self._mirrors)
        glitter = self._glitter(px, down, sx, sz, pose.yaw)
        body = self._body(bed, down)
        if lift is not None:  # light shines through the crests
            glow = np.maximum(1 + lift * np.float32(0.9), np.float32(0.35))
            body = [plane * glow for plane in body]
        planes = []
        for i in range(3):
            plane = colour[..., i] - body[i]
            plane *= fresnel
            plane += body[i]
            if glitter is not None:
                power = self._light.sun[i] * (1.0 if self._light.is_moon else 1.05)
                plane[:, glitter[0]] += glitter[1] * np.float32(power)
            if foam is not None:
                plane += (np.float32(self._foam[i]) - plane) * foam
            planes.append(plane)
        return planes[0], planes[1], planes[2]

    def _body(self, bed: Floats, down: Floats) -> list[Floats]:
        """Light from within the water: deep colour, or the bottom through what it lets pass (Beer–Lambert)."""
        deep = [np.float32(colour) for colour in self._deep()]
        if float(bed.max()) < _DEEP:
            return [np.asarray(colour) for colour in deep]
        depth = np.minimum(bed, 0)
        depth *= _thick(down)
        planes = []
        for colour, bottom, swallow in zip(deep, self._bottom_lit(), self._bottom.swallow, strict=True):
            plane = depth * np.float32(swallow)
            cv2.exp(plane, plane)
            plane *= np.float32(bottom) - colour
            plane += colour
            planes.append(plane)
        return planes

    def _deep(self) -> list[float]:
        """The light of water that has no bottom."""
        light = self._light
        return [self._churn[i] * light.water[i] * (light.fill[i] * 2.2 + light.sun[i] * 0.35) for i in range(3)]

    def _bottom_lit(self) -> list[float]:
        light = self._light
        return [self._bottom.albedo[i] * (light.fill[i] * 0.8 + light.sun[i] * 0.34) for i in range(3)]

    def _laps(self) -> float:
        """How white the water's edge is."""
        return _LAPPING.get(self._scene.kind, 0.10) * min(1.4, self._scene.wind)

    def _lapping(self, bed: Floats, x: Floats, z: Floats, seconds: float) -> Floats:
        """The thin white line where small waves meet a shore."""
        pulse = np.float32(0.12) * np.sin(x * np.float32(0.07) + z * np.float32(0.05) - np.float32(seconds * 1.1))
        web = sample(self._soft, x * np.float32(1.6), z * np.float32(1.6) + np.float32(seconds * 1.5))
        near = 1 - smooth(0.0, 0.5, np.abs(bed + np.float32(0.32) + pulse))
        return as_floats(near * np.clip(np.float32(0.55) + web * np.float32(0.5), 0, 1) * np.float32(self._laps()))

    def _drops(self, x: Floats, z: Floats, away: Floats, lens: Lens, pose: Pose, seconds: float) -> Floats:
        """Where drops of rain strike: specks that appear and fade, by turns in two sets."""
        sharp = np.clip(np.float32(lens.focal * pose.y) / (away * away) * np.float32(1.6), 0, 1)
        total = np.zeros_like(x)
        for turn in (0.0, 0.5):
            shift, left = (np.float32(part) for part in _drops_of(seconds, turn))
            noise = sample(self._lace, x * np.float32(9) + shift, z * np.float32(6) + shift * np.float32(0.7))
            total += smooth(1.7, 2.6, noise) * left
        return total * sharp * np.float32(0.5 * self._scene.rain)

    def _slopes_at(self, x: Floats, z: Floats, away: Floats, lens: Lens, pose: Pose,
                   tiles: list[Floats]) -> tuple[Floats, Floats]:  # fmt: skip
        """Slopes at each pixel from waves just long enough to be seen there: two sizes, blended by distance."""
        texel, level = _TILE_METRES / self._size, self._level_at(away, lens, pose)
        rows_down = np.float32(lens.focal * pose.y) / away
        sx, sz = np.zeros_like(x), np.zeros_like(x)
        for number in range(int(level.min()), int(level.max()) + 2):
            weight = np.clip(np.float32(1.25) - np.float32(1.5) * np.abs(level - number), 0, 1)
            rows = np.flatnonzero(weight > 0)
            if not rows.size:
                continue
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            scale = np.float32(1 / (texel * 2.0**number))
            shift = np.float32(number * 61.7)
            u, v = x[part] * (scale * np.float32(0.72)), z[part] * scale
            u += shift
            v += shift
            slopes = sample(tiles[min(number // 3, len(tiles) - 1)], u, v)
            strength = weight[part, None] * np.float32(self._slope * max(0.35, 1.1 - 0.09 * number))
            strength *= np.clip(rows_down[part, None] * np.float32(1 / 14.0), 0, 1)  # unresolved at the horizon
            sx[part] += np.multiply(slopes[..., 0], strength, out=u)
            sz[part] += np.multiply(slopes[..., 1], strength, out=v)
        return sx, sz

    def _level_at(self, away: Floats, lens: Lens, pose: Pose) -> Floats:
        """How many times waves that are just seen are longer than the tile's shortest, as a power of two."""
        across, along = away / np.float32(lens.focal), away * away / np.float32(lens.focal * pose.y)
        pixel = np.maximum(across**0.22 * along**0.78, 1e-3) * (self._size / _TILE_METRES)
        return as_floats(np.log2(pixel).clip(0, 11))

    def _calm(self, pose: Pose, lens: Lens, top: int, seconds: float) -> Floats:
        """Gusts: bands of rougher and calmer water that drift."""
        x, z, _, _ = surface(pose, lens, np.arange(top, lens.rows, 4, dtype=np.float32), slice(None, None, 4))
        z = np.maximum(z, 8)
        drift = np.float32(seconds * 1.2 * self._scene.wind)
        u = x / z * 26 + x * np.float32(0.12)
        gust = sample(self._gusts, u + drift, np.log2(z) * np.float32(34.0) + drift * np.float32(0.3))
        scale = np.clip(np.float32(0.95) + gust * np.float32(0.45), 0.2, 2.0)
        whole = cv2.resize(scale, (lens.width, lens.rows - top), interpolation=cv2.INTER_LINEAR)
        return np.asarray(whole, dtype=np.float32)

    def _glitter(self, px: Floats, down: Floats, sx: Floats, sz: Floats, yaw: float) -> tuple[slice, Floats] | None:
        """Sparkle where a wave's slope is the one that mirrors the sun (Cox and Munk 1954), and in which columns."""
        if self._light.disc <= 0 or not self._scene.sun_disc:
            return None
        (lx, ly, lz), c, s = self._sun, np.float32(math.cos(yaw)), np.float32(math.sin(yaw))
        scale = 1 / np.sqrt(1 + px * px)
        hx = np.float32(lx) - (s + px * c) * scale
        hy = np.float32(ly) + down
        rough = np.float32(max(self._slope, 0.012) * 0.6 + 0.0085)
        # beyond these slopes less than a millionth is left
        reach = rough * np.float32(3.6 * 4) + np.float32(2.4) * float(max(sx.max(), -sx.min()))
        inside = np.flatnonzero(np.abs(hx[0]) < reach * hy.max())
        if not inside.size:
            return None
        columns = slice(int(inside[0]), int(inside[-1]) + 1)
        hz = np.float32(lz) - (c - px[:, columns] * s) * scale[:, columns]
        gap = _strayed(hx[:, columns] / hy, sx[:, columns], 2.4, rough * np.float32(3.6))
        gap += _strayed(hz / hy, sz[:, columns], 2.2, rough * np.float32(2.4))
        np.maximum(gap, np.float32(-30), out=gap)
        cv2.exp(gap, gap)
        gap *= smooth(0.0, 0.01, down) * np.float32(1.5)
        return columns, gap


def _strayed(wanted: Floats, slope: Floats, power: float, rough: np.float32) -> Floats:
    """Minus the square of how far a slope is from the one wanted, in deviations; `wanted` is used up."""
    wanted -= slope * np.float32(power)
    wanted *= 1 / rough
    np.multiply(wanted, -wanted, out=wanted)
    return wanted


def fresnel_of(grazing: Floats, most: float) -> Floats:
    """The share of light that water mirrors, by the cosine of the look (Schlick 1994); `grazing` is used up."""
    np.subtract(1, grazing, out=grazing)
    share = grazing * grazing
    share *= share
    share *= grazing
    share *= np.float32(most)
    share += np.float32(0.02)
    return share


def _thick(down: Floats) -> Floats:
    """Metres of water that light passes for a metre of depth."""
    return as_floats(np.float32(2.0) + np.float32(0.6) / np.maximum(down, np.float32(0.12)))


def _drops_of(seconds: float, turn: float) -> tuple[float, float]:
    """Where in the tile a set of drops is read, and what is left of it."""
    number = math.floor(seconds * 5 + turn)
    return float((number * 97) % 251), 1 - (seconds * 5 + turn - number)


def _reflect(mirror: Floats, mirror_lens: Lens, px: Floats, down: Floats, sx: Floats, sz: Floats) -> Floats:
    """What each wave mirrors, as channels: its slope tilts the look up and to the side (small angles)."""
    focal = np.float32(mirror_lens.focal)
    map_y = sz * np.float32(2.0)
    map_y += down
    np.abs(map_y, out=map_y)
    map_y *= -focal
    map_y += np.float32(mirror_lens.horizon - 0.5)
    map_x = sx * (down * np.float32(2.0) + np.float32(0.24))
    map_x += px
    map_x *= focal
    map_x += np.float32(mirror_lens.width / 2 - 0.5)
    return np.asarray(cv2.remap(mirror, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101))
