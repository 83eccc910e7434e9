"""What falls: rain and snow in the air between camera and scene, laid over a painter's light.

Everything is a function of the seed and the time. Drops and flakes take their colour from the picture behind them and
from its mean, so that they fit every painter's light.
"""

import math

import cv2
import numpy as np

from doitong.engines.studio.air.lightning import Lightning
from doitong.engines.studio.air.particles import Falling, Seen, Swarm, weather_seconds
from doitong.engines.studio.air.snow import Snow
from doitong.engines.studio.arrays import Bytes, Floats, Planes, as_floats, bands, look_up
from doitong.engines.studio.camera import Lens, Pose, Rig
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.noise import sample, spectral_tile
from doitong.engines.studio.scene import Scene, TimeOfDay

_SHUTTER_SECONDS = 0.026
_FALL_METRES = 7.5  # a second, a drop of 2 mm
_WIDEST = 8000  # of kernels/decks.c
_FINE = 3  # binary places of a pixel that OpenCV's lines take
# (drops at full rain, near, far, strength, width in pixels of a frame 720 high) of each layer
_RAIN_LAYERS = ((26000, 6.5, 15.0, 0.42, 1.0), (7000, 2.6, 7.0, 0.62, 1.0), (900, 1.1, 2.8, 0.34, 2.6))
_FLASHES = {TimeOfDay.NIGHT: 3.2, TimeOfDay.DUSK: 1.8}  # how much brighter a stroke of lightning makes all


class Weather:
    """The rain and the snow of one film, for frames of this many rows."""

    def __init__(self, scene: Scene, rig: Rig, rows: int, is_fine: bool) -> None:
        random = np.random.default_rng([scene.seed, 61])
        self._scene = scene
        self._lightning = Lightning(scene)
        self._flash = _FLASHES.get(scene.time, 0.75)
        side = float(random.choice([-1.0, 1.0]))
        self._wind = side * (0.5 + 1.1 * scene.wind) * (1 + 0.8 * scene.lightning)
        amount = 1.0 if is_fine else 0.6
        self._rain = [
            (Swarm(random, rig, _many(count, scene.rain * amount), near, far, -far * 0.7, far * 0.75), strength, width)
            for count, near, far, strength, width in _RAIN_LAYERS
            if scene.rain > 0
        ]
        self._snow: Snow | None = None
        if scene.snowfall > 0:
            self._snow = Snow(random, scene, rig, scene.snowfall * amount, self._wind)
            self._snow.prepare(rows)
        self._sheet = spectral_tile(random, 256, 1.2, 3) if scene.rain > 0 else None

    def lay(self, planes: Planes, pose: Pose, lens: Lens, seconds: float) -> None:
        """Lay what falls over the picture, in place."""
        strike = self._lightning.strike(seconds)
        if strike is not None:
            for plane, tint in zip(planes, (0.80, 0.86, 1.0), strict=True):
                np.multiply(plane, np.float32(1 + self._flash * strike.flash * tint), out=plane)
        if not self._rain and self._snow is None:
            return
        seconds = weather_seconds(self._scene, seconds)
        size = planes[0].shape
        falling = [self._drops(size, pose, lens, seconds)] if self._rain else []
        if self._snow is not None:
            falling.append(self._snow.falling(size, pose, lens, seconds))
        is_snow = self._snow is not None
        tones = []
        for plane in planes:
            # halved first, which OpenCV is quick at
            small = cv2.resize(plane[::4], (max(2, size[1] // 2), max(2, size[0] // 8)), interpolation=cv2.INTER_AREA)
            small = cv2.resize(small, (max(2, size[1] // 24), max(2, size[0] // 24)), interpolation=cv2.INTER_AREA)
            small = np.minimum(small, np.float32(2.0))
            mean = np.float32(small[: max(1, small.shape[0] // 2)].mean())
            around = cv2.blur(small, (5, 5)) * np.float32(0.30 if is_snow else 0.62)
            around += mean * np.float32(1.75 if is_snow else 0.55)
            tones.append(around)
        if loops is not None and size[1] <= _WIDEST:
            _lay_at_once(planes, np.stack(tones), falling)
        else:
            _lay(planes, tones, falling)

    def _drops(self, size: tuple[int, ...], pose: Pose, lens: Lens, seconds: float) -> Falling:
        scale = size[0] / 720
        masks = []
        for swarm, strength, width in self._rain:
            speed = (0.85 + 0.3 * swarm.draws[:, 0]) * np.float32(_FALL_METRES)
            seen = swarm.at(pose, lens, self._wind * seconds, -speed * np.float32(seconds), 0.0)
            thick = max(1, round(width * scale))
            mask = self._streaks(size, seen, speed[seen.number], lens, thick)
            power = strength / 255 * min(1.0, 0.55 + scale * 0.45)
            if width > 1.5:  # nearer than the lens is sharp
                mask, power = cv2.blur(mask, (2 * thick + 1, 2 * thick + 1)), power * 1.6
            masks.append((mask, power))
        return Falling(self._sheets(size, lens, pose, seconds), masks)

    def _streaks(self, size: tuple[int, ...], seen: Seen, speed: Floats, lens: Lens, thick: int) -> Bytes:
        """Each drop's way while the shutter was open."""
        mask: Bytes = np.zeros(size[:2], np.uint8)
        down = speed * np.float32(_SHUTTER_SECONDS * lens.focal) / seen.depth
        across = np.float32(self._wind * _SHUTTER_SECONDS * lens.focal) / seen.depth
        ends = np.stack([seen.x, seen.y, seen.x - across, seen.y - down], axis=1).reshape(-1, 2, 2)
        fine = np.clip(ends * (1 << _FINE), -(1 << 17), 1 << 17).astype(np.int32)
        level = np.clip(seen.share * 3, 0, 2.99).astype(np.int32)
        for step, bright in enumerate((90, 170, 250)):
            cv2.polylines(mask, list(fine[level == step]), False, (bright,), thick, cv2.LINE_AA, _FINE)
        return mask

    def _sheets(self, size: tuple[int, ...], lens: Lens, pose: Pose, seconds: float) -> Floats:
        """Rain too far away to see its drops: slanting veils that drift past."""
        assert self._sheet is not None
        rows, width = size[0] // 8 + 1, size[1] // 8 + 1
        x = (np.arange(width, dtype=np.float32)[None, :] * 8 - lens.width / 2) / np.float32(lens.focal)
        y = (np.arange(rows, dtype=np.float32)[:, None] * 8 - lens.horizon) / np.float32(lens.focal)
        lean = np.float32(math.atan2(self._wind, _FALL_METRES))
        u = (x + np.float32(pose.yaw) + y * lean) * np.float32(70) + np.float32(seconds * self._wind * 3.0 % 256)
        v = y * np.float32(7.0) - np.float32(seconds * 9.0 % 256) + x * 0
        veil = np.clip(np.float32(0.5) + np.float32(0.33) * sample(self._sheet, u, v), 0, 1.2)
        veil *= np.float32(0.30 * self._scene.rain)
        return as_floats(veil)


def _lay(planes: Planes, tones: list[Floats], falling: list[Falling]) -> None:
    """Move the planes towards coarse `tones` by what the falling hides of them."""
    rows, width = planes[0].shape
    cover: Floats = np.zeros((rows, width), np.float32)
    for fall in falling:
        cover += cv2.resize(fall.veil, (width, rows), interpolation=cv2.INTER_LINEAR)
        for mask, power in fall.masks:
            shares = np.arange(256, dtype=np.float32)[None, :] * np.float32(power)
            for band in bands(rows):
                cover[band] += look_up(shares, mask[band])
    np.minimum(cover, np.float32(0.92), out=cover)
    for plane, around in zip(planes, tones, strict=True):
        tone = cv2.resize(around, (width, rows), interpolation=cv2.INTER_LINEAR)
        for band in bands(rows):
            part = tone[band]
            part -= plane[band]
            part *= cover[band]
            plane[band] += part


def _lay_at_once(planes: Planes, tones: Floats, falling: list[Falling]) -> None:
    veils = np.array([at(fall.veil).value for fall in falling], np.uint64)
    sizes = np.array([fall.veil.shape[::-1] for fall in falling], np.int32)
    masks = [own for fall in falling for own in fall.masks]
    places = np.array([at(mask, np.uint8).value for mask, _ in masks], np.uint64)
    powers = np.array([power for _, power in masks], np.float32)
    loops.fall_lay(
        *(at(plane) for plane in planes), at(tones), tones.shape[2], tones.shape[1], at(veils, np.uint64),
        at(sizes, np.int32), len(falling), at(places, np.uint64), at(powers), len(masks), *planes[0].shape[::-1],
    )  # fmt: skip


def _many(count: int, amount: float) -> int:
    return max(8, round(count * min(1.0, 0.12 + 0.88 * amount)))
