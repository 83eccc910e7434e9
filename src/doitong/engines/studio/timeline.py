"""When each camera move happens, and how it gathers and loses speed.

Moves that follow one another overlap a little: one gathers speed while the other loses it, so that the camera does
not stop in between.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from doitong.catalogue.model import Easing
from doitong.engines.studio.scene import CameraStep, Scene

Shares = npt.NDArray[np.float64]

_OVERLAP = 0.5  # of the shorter of two neighbours
_SHORTEST_SHARE = 0.12  # of the film that a part without a length of its own keeps
_LONG_RAMP, _SOFT_RAMP, _JOINT_RAMP = 0.7, 0.45, 0.3
_WHIP = (0.36, 0.64)  # the part of its time in which a whip pan happens

_RAMPS = {
    Easing.IN_OUT: (_SOFT_RAMP, _SOFT_RAMP),
    Easing.LINEAR: (0.0, 0.0),
    Easing.IN: (_LONG_RAMP, 0.0),
    Easing.OUT: (0.0, _LONG_RAMP),
}


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when a move happens, in shares of the film, and the shares of that in which it speeds up and
    slows down."""

    begin: float
    end: float
    rise: float
    fall: float

    def progress(self, share: Shares) -> Shares:
        """0–1: how much of the move is done."""
        return travelled((share - self.begin) / (self.end - self.begin), self.rise, self.fall)

    def presence(self, share: Shares) -> Shares:
        """0–1: how much the move is on; neighbours that overlap add up to 1 where they meet."""
        width = self.end - self.begin
        at = (share - self.begin) / width
        coming = _soft(at / self.rise) if self.rise > 0 else (at >= 0).astype(np.float64)
        going = _soft((1 - at) / self.fall) if self.fall > 0 else (at <= 1).astype(np.float64)
        return np.asarray(coming * going, dtype=np.float64)


def travelled(at: Shares, rise: float, fall: float) -> Shares:
    """The way done when the speed rises along a smoothstep, holds, and falls along one: 0–1 for `at` 0–1.

    `rise` + `fall` is at most 1. The acceleration is continuous, and zero at both ends of a ramp.
    """
    at = np.clip(at, 0.0, 1.0)
    done = np.clip(at - rise, 0.0, 1.0 - rise - fall)
    if rise > 0:
        done = done + _ramp(np.minimum(at / rise, 1.0)) * rise
    if fall > 0:
        done = done + (0.5 - _ramp(np.minimum((1.0 - at) / fall, 1.0))) * fall
    return np.asarray(done / (1.0 - (rise + fall) / 2), dtype=np.float64)


def windows(scene: Scene) -> list[list[tuple[CameraStep, Window]]]:
    """The moves of every segment with the time they take."""
    lengths = segment_shares(scene)
    laid, begin = [], 0.0
    for place, (part, length) in enumerate(zip(scene.segments, lengths, strict=True)):
        before = _OVERLAP / 2 * min(lengths[place - 1], length) if place > 0 else 0.0
        after = _OVERLAP / 2 * min(lengths[place + 1], length) if place + 1 < len(lengths) else 0.0
        laid.append([(step, _window(step, scene, begin, length, before, after)) for step in part])
        begin += length
    return laid


def segment_shares(scene: Scene) -> list[float]:
    """What part of the film each segment takes: its longest told time, the others an equal part of the rest."""
    told = [max((step.seconds or 0.0 for step in part), default=0.0) / scene.seconds for part in scene.segments]
    untold = told.count(0.0)
    room = 1.0 - min(_SHORTEST_SHARE * untold, 0.9)
    shrink = min(1.0, room / sum(told)) if any(told) else 1.0
    rest = (1.0 - sum(told) * shrink) / untold if untold else 0.0
    return [share * shrink if share > 0 else rest for share in told]


def _window(step: CameraStep, scene: Scene, begin: float, length: float, before: float, after: float) -> Window:
    own = min(length, step.seconds / scene.seconds) if step.seconds else length
    rise, fall = _RAMPS[step.easing]
    if scene.is_loop:  # the way there and back is eased as a whole
        rise, fall = 0.0, 0.0
    if step.move == "handheld":  # there from the first frame to the last; fades only into a neighbour
        width = before + own + after
        return Window(begin - before, begin + own + after, 2 * before / width, 2 * after / width)
    joint = _SOFT_RAMP if scene.is_loop else _JOINT_RAMP
    if before > 0:
        rise = max(rise, joint)
    if after > 0:
        fall = max(fall, joint)
    shrink = max(1.0, rise + fall)
    whole = Window(begin - before, begin + own + after, rise / shrink, fall / shrink)
    if not step.move.startswith("whip"):
        return whole
    width = whole.end - whole.begin
    return Window(whole.begin + _WHIP[0] * width, whole.begin + _WHIP[1] * width, _SOFT_RAMP, _SOFT_RAMP)


def _ramp(x: Shares) -> Shares:
    """Integral of smoothstep from 0 to x."""
    return np.asarray(x**3 - x**4 / 2, dtype=np.float64)


def _soft(x: Shares) -> Shares:
    x = np.clip(x, 0.0, 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x), dtype=np.float64)
