"""The swell of the open sea: long waves with crests that hide what lies behind them, and foam where they break.

A ray over the plane of the sea meets a wave a little nearer or farther: the first crossing is found in a few steps
between the highest crest and the lowest trough (relief mapping, Policarpo and others 2005), for every fourth column.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats, as_floats, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.noise import sample

_GRAVITY = 9.81
_WAVES = ((23.0, 0.62, 0.020), (34.0, -0.35, 0.030), (58.0, 0.22, 0.040), (97.0, -0.08, 0.042))  # metres, turn, slope
_STEPS = 7
_COLUMNS = 4  # of the picture for one that is searched
_HIGHEST = 0.4  # of the camera's height over the sea


@dataclass(frozen=True, slots=True)
class _Wave:
    kx: float
    kz: float
    rate: float
    steep: float
    metres: float

    @property
    def tall(self) -> float:
        return self.steep / math.hypot(self.kx, self.kz)


class Swell:
    """The swell of one film; `force` 1 is an ordinary sea, more is a storm."""

    def __init__(self, force: float, soft: Floats, lace: Floats) -> None:
        self._force, self._soft, self._lace = force, soft, lace
        self._waves = []
        for metres, turn, steep in _WAVES:
            k = 2 * math.pi / metres
            self._waves.append(
                _Wave(k * math.sin(turn), k * math.cos(turn), math.sqrt(_GRAVITY * k), steep * force, metres)
            )

    def _seen(self, wave: _Wave, rows_down: Floats) -> Floats:
        """1 where a wave spans enough rows of the picture, 0 near the horizon. `rows_down`: rows for a metre."""
        return as_floats(np.clip(rows_down * np.float32(wave.metres / 5) - np.float32(0.6), 0, 1))

    def away(self, pose: Pose, lens: Lens, rows: Floats, columns: slice, seconds: float) -> Floats:
        """How far away each pixel meets the heaving sea, as a ratio to where it meets the plane."""
        down = np.maximum((rows + np.float32(0.5 - lens.horizon)) * np.float32(1 / lens.focal), 0.4 / lens.focal)
        plane = (np.float32(pose.y) / down).astype(np.float32)[:, None]
        rows_down = np.float32(lens.focal * pose.y) / (plane * plane)
        shrink = min(1.0, _HIGHEST * pose.y / sum(wave.tall for wave in self._waves))
        talls = [self._seen(wave, rows_down) * np.float32(wave.tall * shrink) for wave in self._waves]
        highest: Floats = sum(talls[1:], talls[0])
        px = lens.slopes()[columns][::_COLUMNS][None, :]
        c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
        paces = [plane * ((s + px * c) * np.float32(w.kx) + (c - px * s) * np.float32(w.kz)) for w in self._waves]
        starts = [np.float32((pose.x * w.kx + pose.z * w.kz + w.rate * seconds) % (2 * math.pi)) for w in self._waves]
        reach = highest * np.float32(1 / pose.y)
        before: Floats = np.ones_like(paces[0])
        found: Floats = 1 + reach + np.zeros_like(paces[0])
        searching = np.ones(found.shape, bool)
        for step in range(1, _STEPS + 1):
            ratio = 1 - reach + reach * np.float32(2 * step / _STEPS)
            over = (1 - ratio) * np.float32(pose.y) + np.zeros_like(before)
            for tall, pace, start in zip(talls, paces, starts, strict=True):
                over -= tall * np.sin(pace * ratio + start)
            if step == 1:
                before = 2 * highest + np.zeros_like(over)
            hit = searching & (over <= 0)
            back = over / np.minimum(over - before, np.float32(-1e-5)) * reach * np.float32(2 / _STEPS)
            np.copyto(found, ratio - back, where=hit)
            searching &= ~hit
            before = over
        size = (lens.slopes()[columns].size, rows.size)
        return as_floats(cv2.resize(as_floats(found), size, interpolation=cv2.INTER_LINEAR))

    def lay(self, x: Floats, z: Floats, rows_down: Floats, seconds: float, sx: Floats, sz: Floats,
            calm: Floats) -> tuple[Floats, Floats]:  # fmt: skip
        """Add the swell's slopes to those of small waves; answers the foam on its crests, and how high each point lies
        (about −1 to 1)."""
        height = np.zeros_like(sx)
        for wave in self._waves:
            angle = x * np.float32(wave.kx) + z * np.float32(wave.kz) + np.float32(wave.rate * seconds)
            lean = np.cos(angle) * self._seen(wave, rows_down) * np.float32(wave.steep)
            k = math.hypot(wave.kx, wave.kz)
            sx += lean * np.float32(wave.kx / k)
            sz += lean * np.float32(wave.kz / k)
            height += np.sin(angle) * np.float32(min(1.0, wave.metres / 34))
        web = sample(self._soft, x * np.float32(4.0), z * np.float32(5.0) - np.float32(seconds * 4))
        web *= np.clip(rows_down * np.float32(2.2) - np.float32(0.25), 0.0, 1)
        far = sample(self._soft, x * np.float32(0.7), z * np.float32(1.3) - np.float32(seconds * 1.5))
        far *= np.clip(rows_down * np.float32(9) - np.float32(0.25), 0.0, 1) * np.float32(0.7)
        fine = sample(self._lace, x * np.float32(13), z * np.float32(13) - np.float32(seconds * 8))
        fine *= np.clip(rows_down * np.float32(0.22) - np.float32(0.3), 0.0, 1)
        crest = height * np.float32(0.55) + np.maximum(web, far) * np.float32(0.58) + (calm - 1) * np.float32(0.9)
        sharp = np.clip(rows_down * np.float32(12) - np.float32(0.2), 0.0, 1)
        limit = np.float32(2.55 - 0.75 * min(1.9, self._force))
        foam = smooth(0.0, 0.75, crest + fine * np.float32(0.45) - limit) * np.float32(0.85) * sharp
        return foam, height * np.float32(0.4)
