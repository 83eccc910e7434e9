"""Lightning: when it strikes, how bright it flashes, and the shape of the bolt.

Strikes are drawn from the seed by slots of time, so that any moment can be asked alone. No slot holds more than one
strike and a strike flashes twice at most, softly: never more than three flashes a second (WCAG 2.3.1).
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.air.laying import add_light
from doitong.engines.studio.arrays import Bytes, Floats, as_floats, mix
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.scene import Scene

_SLOT_SECONDS = 2.8
_QUIET_SECONDS = 1.3  # at the end of each slot
_SECOND_STROKE = 0.24  # seconds after the first
_LONGEST = 1.4  # seconds after which nothing is left
_FINE = 3
_TINT = (0.66, 0.72, 1.0)


@dataclass(frozen=True, slots=True)
class Strike:
    """One strike: seconds since it began, its brightness now, and its direction (radians right)."""

    age: float
    flash: float
    azimuth: float
    number: int
    has_bolt: bool


class Lightning:
    """The lightning of one film, in seconds of the film."""

    def __init__(self, scene: Scene) -> None:
        self._seed, self._share, self._scale = scene.seed, scene.lightning, scene.time_scale

    def _in_slot(self, slot: int, seconds: float) -> Strike | None:
        random = np.random.default_rng([self._seed, 67, slot + 100_000])
        draw = random.random(4).tolist()
        if draw[0] > 0.30 + 0.70 * self._share:
            return None
        age = seconds - slot * _SLOT_SECONDS - draw[1] * (_SLOT_SECONDS - _QUIET_SECONDS)
        if not 0 <= age < _LONGEST:
            return None
        return Strike(age, _brightness(age), (draw[2] - 0.5) * 0.74, slot, draw[3] < 0.75)

    def strike(self, seconds: float) -> Strike | None:
        """The strike that lights the scene at this moment of the painter's time."""
        if self._share <= 0 or self._scale <= 0:
            return None
        film = seconds / self._scale
        slot = math.floor(film / _SLOT_SECONDS)
        return self._in_slot(slot, film) or self._in_slot(slot - 1, film)

    def lay(self, planes: list[Floats], pose: Pose, lens: Lens, seconds: float) -> None:
        """Light the clouds around the strike and draw its bolt on a sky."""
        strike = self.strike(seconds)
        if strike is None:
            return
        x = math.tan(max(-1.2, min(1.2, strike.azimuth - pose.yaw))) * lens.focal + lens.width / 2
        aside = (np.arange(lens.width, dtype=np.float32) - np.float32(x)) * np.float32(1 / (0.24 * lens.focal))
        over = (np.arange(lens.rows, dtype=np.float32) - np.float32(lens.horizon)) / np.float32(lens.focal)
        over += np.float32(0.2)
        halo = np.exp(-aside * aside)[None, :] * np.exp(-((over / np.float32(0.22)) ** 2))[:, None]
        mask = self._bolt(strike, x, lens) if strike.has_bolt and strike.age < 0.55 else None
        for plane, tint in zip(planes, _TINT, strict=True):
            np.multiply(plane, as_floats(1 + halo * np.float32(strike.flash * 2.2 * tint)), out=plane)
        add_light(planes, as_floats(halo), mix(_TINT, strike.flash * 0.10, _TINT, 0.0))
        if mask is not None:
            add_light(planes, mask, mix(_TINT, 3.5, (1.0, 1.0, 1.0), 3.5))

    def _bolt(self, strike: Strike, x: float, lens: Lens) -> Floats:
        """The bolt's light on the picture."""
        random = np.random.default_rng([self._seed, 68, strike.number + 100_000])
        mask = np.zeros((lens.rows, lens.width), np.uint8)
        top, foot = lens.horizon - 0.40 * lens.focal, lens.horizon
        main = _crooked(random, (x, top), (x + random.uniform(-0.06, 0.06) * lens.focal, foot), 7)
        scale = lens.focal / 1306
        _draw(mask, main, max(1, round(2.2 * scale)), 255)
        for _ in range(int(random.integers(4, 8))):
            start = main[int(random.integers(8, len(main) * 3 // 4))]
            reach = random.uniform(0.04, 0.15) * lens.focal
            end = (start[0] + random.choice([-1, 1]) * reach * random.uniform(0.4, 1.1), start[1] + reach)
            _draw(mask, _crooked(random, tuple(start.tolist()), end, 5), 1, int(random.integers(70, 150)))
        core = mask.astype(np.float32) * np.float32(1 / 255)
        glow = cv2.GaussianBlur(core, (0, 0), max(1.0, 5 * scale))
        power = min(1.0, strike.flash * 1.2)
        return as_floats((core + glow * np.float32(0.6)) * np.float32(power))


def _brightness(age: float) -> float:
    """Light over time: a soft rise, a second stroke, a slow fade; 1 at the most."""
    first = min(1.0, age / 0.05) * math.exp(-age / 0.15)
    later = age - _SECOND_STROKE
    second = 0.55 * min(1.0, later / 0.06) * math.exp(-later / 0.24) if later > 0 else 0.0
    return min(1.0, first + second)


def _crooked(random: np.random.Generator, start: tuple[float, ...], end: tuple[float, ...], levels: int) -> Floats:
    """A line broken `levels` times in its middles (midpoint displacement, Fournier 1982)."""
    line = np.array([start[:2], end[:2]], np.float32)
    sway = float(np.hypot(end[0] - start[0], end[1] - start[1])) * 0.13
    for _ in range(levels):
        middle = (line[1:] + line[:-1]) / 2
        middle += random.normal(0, sway, middle.shape) * (1.0, 0.35)
        both = np.empty((len(line) + len(middle), 2), np.float32)
        both[0::2], both[1::2] = line, middle
        line, sway = both, sway * 0.52
    return line


def _draw(mask: Bytes, line: Floats, thick: int, bright: int) -> None:
    fine = (line * (1 << _FINE)).astype(np.int32)
    cv2.polylines(mask, [fine], False, (bright,), thick, cv2.LINE_AA, _FINE)
