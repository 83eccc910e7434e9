"""The camera: where it stands and looks at each moment, and the bounds that every painter can rely on.

The moves of a film are added up as a few plain amounts (turns, metres, ratios), kept within bounds and centred, and
only then made into poses: a move looks the same wherever in the film it happens. Whatever is asked for, the camera
keeps in front of where the scene begins (z ≥ 0), at a zoom of 1 or more, and within the limits below.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from doitong.engines.studio.arrays import Floats
from doitong.engines.studio.scene import CameraStep, Scene
from doitong.engines.studio.timeline import Shares, Window, windows

# what an ordinary move (strength 0.5) turns, and the most that a whole film turns, in degrees
ORDINARY_DEGREES = {"pan": 9.0, "tilt": 5.0, "roll": 4.0, "orbit": 7.0, "whip_pan": 22.0}
MOST_DEGREES = {"pan": 45.0, "tilt": 26.0, "roll": 30.0, "orbit": 30.0, "whip_pan": 45.0}
ZOOM_RATIO, MOST_ZOOM = 1.28, 2.5

_MOST_TURN_TOGETHER = math.radians(60)  # of pan, orbit and tracking at once
_MOST_TRAVEL = {"ahead": 3.6, "aside": 1.6, "tracked": 1.6, "pulled": 2.0}  # in ordinary dollies
_MOST_CHORD = 4.6  # of an orbit, in ordinary dollies
_TRUCK_SHARE = 0.45  # of an ordinary dolly
_LIFTS = {"up": math.log(2.6), "down": math.log(1.7)}
_MOST_LIFT, _MOST_DROP = math.log(6.8), math.log(3.0)
_TRACKED_AT = 3.0  # distance of what a tracking shot keeps in the middle, in ordinary dollies
_SUBJECT_AT = 4.0  # distance of what a dolly zoom keeps as large as it is, in ordinary dollies
_FLY_WAY, _FLY_LIFT, _FLY_PITCH = 1.5, math.log(2.2), math.radians(-7)
_TABLE = 2049

_RIGHT = {"right": 1.0, "left": -1.0, "up": 1.0, "down": -1.0, "in": 1.0, "out": -1.0}


@dataclass(frozen=True, slots=True)
class Pose:
    """Position in metres, angles in radians (yaw to the right, pitch up, roll clockwise), zoom as a ratio."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    zoom: float = 1.0


@dataclass(frozen=True, slots=True)
class Lens:
    """A picture's geometry: pixels, focal length in pixels, and the row of the horizon."""

    width: int
    rows: int
    focal: float
    horizon: float

    def slopes(self) -> Floats:
        """Sideways tangent of each column from the middle of the view."""
        at = np.arange(self.width, dtype=np.float32) + np.float32(0.5 - self.width / 2)
        return (at * np.float32(1 / self.focal)).astype(np.float32)

    def scaled(self, scale: float) -> "Lens":
        """The same picture in fewer pixels."""
        width, rows = math.ceil(self.width * scale), math.ceil(self.rows * scale)
        return Lens(width, rows, self.focal * scale, self.horizon * scale)


@dataclass(frozen=True, slots=True)
class Rig:
    """What a move means in a scene. Metres: where the camera's eye is above `floor`, how far an ordinary dolly goes,
    and the distance of what an orbit turns around; `horizon` is the share of the frame above the horizon."""

    camera_height: float
    dolly_metres: float
    pivot_metres: float
    horizon: float = 0.5

    @property
    def subject_metres(self) -> float:
        """The distance of what a dolly zoom keeps as large as it is, from where the scene begins."""
        return min(self.pivot_metres, _SUBJECT_AT * self.dolly_metres)

    @property
    def tracked_metres(self) -> float:
        """The distance of what a tracking shot keeps in the middle."""
        return _TRACKED_AT * self.dolly_metres


def ease(t: float) -> float:
    """Ease-in-out from 0 to 1 with no jerk at the ends (smootherstep, Perlin 2002)."""
    t = min(1.0, max(0.0, t))
    return t * t * t * (t * (t * 6 - 15) + 10)


def focal_length(width: int, height: int) -> float:
    """Focal length in pixels at zoom 1: about 52° across a wide frame, 56° down a tall one."""
    return max(width * 1.02, height * 0.94) if width >= height else height * 0.94


def family(move: str) -> str:
    """The move without its direction."""
    return move.rpartition("_")[0] or move


def degrees_given(step: CameraStep, motion: float) -> float | None:
    """How far a turning move turns by itself, never more than the most; None for a move that turns nothing."""
    kind = family(step.move)
    if kind not in ORDINARY_DEGREES:
        return None
    wanted = ORDINARY_DEGREES[kind] * 2.0 * step.strength * motion if step.degrees is None else step.degrees
    return min(wanted, MOST_DEGREES[kind])


def ratio_given(step: CameraStep, motion: float) -> float | None:
    """How many times a zoom makes things larger or smaller, never more than the most; None for any other move."""
    if family(step.move) != "zoom":
        return None
    wanted = ZOOM_RATIO ** (2.0 * step.strength * motion) if step.ratio is None else step.ratio
    return min(wanted, MOST_ZOOM)


@dataclass(slots=True)
class _Sums:
    """What the moves add up to at every moment: angles, logarithms of ratios, and metres."""

    pan: Shares
    tilt: Shares = field(init=False)
    roll: Shares = field(init=False)
    orbit: Shares = field(init=False)
    zoom: Shares = field(init=False)
    ahead: Shares = field(init=False)
    aside: Shares = field(init=False)
    tracked: Shares = field(init=False)
    pulled: Shares = field(init=False)
    lift: Shares = field(init=False)
    stoop: Shares = field(init=False)
    shake: Shares = field(init=False)

    def __post_init__(self) -> None:
        for name in ("tilt", "roll", "orbit", "zoom", "ahead", "aside", "tracked", "pulled", "lift", "stoop", "shake"):
            setattr(self, name, np.zeros_like(self.pan))

    def add(self, step: CameraStep, window: Window, at: Shares, rig: Rig, motion: float) -> None:
        """Add one move."""
        kind, sign = family(step.move), _RIGHT.get(step.move.rpartition("_")[2], 1.0)
        done, amount = window.progress(at) * sign, 2.0 * step.strength * motion
        match kind:
            case "pan" | "whip_pan":
                self.pan += done * math.radians(degrees_given(step, motion) or 0.0)
            case "tilt" | "roll" | "orbit":
                whole = getattr(self, kind)
                whole += done * math.radians(degrees_given(step, motion) or 0.0)
            case "zoom":
                self.zoom += done * math.log(ratio_given(step, motion) or 1.0)
            case "dolly":
                self.ahead += done * rig.dolly_metres * amount
            case "truck":
                self.aside += done * rig.dolly_metres * amount * _TRUCK_SHARE
            case "tracking":
                self.tracked += done * rig.dolly_metres * amount * _TRUCK_SHARE
            case "dolly_zoom":
                self.pulled += done * rig.dolly_metres * amount
            case "pedestal":
                self.lift += done * amount * _LIFTS["up" if sign > 0 else "down"]
            case "flyover":
                self._fly(done, window, rig, amount)
            case "handheld":
                self.shake += window.presence(at) * min(2.0, amount)

    def _fly(self, done: Shares, window: Window, rig: Rig, amount: float) -> None:
        """Forward at a height; looking down a little, then level. A film that begins with it begins aloft."""
        self.ahead += done * rig.dolly_metres * amount * _FLY_WAY
        height = _FLY_LIFT * min(1.5, 0.5 + amount / 2)
        begins_aloft = window.begin <= 0
        self.lift += height if begins_aloft else height * done
        self.stoop += _FLY_PITCH * ((1 - done) if begins_aloft else 4 * done * (1 - done))

    def keep_in_bounds(self, rig: Rig) -> None:
        """Shrink what goes too far; a move shrinks as a whole and stays smooth."""
        for name, most in (("pan", MOST_DEGREES["pan"]), ("tilt", MOST_DEGREES["tilt"]), ("roll", MOST_DEGREES["roll"]),
                           ("orbit", MOST_DEGREES["orbit"])):  # fmt: skip
            self._shrink(name, math.radians(most))
        self._shrink("zoom", math.log(MOST_ZOOM))
        for name, most in _MOST_TRAVEL.items():
            self._shrink(name, most * rig.dolly_metres)
        self._shrink("pulled", rig.subject_metres / 2)
        together = sum(float(np.ptp(turn)) for turn in (self.pan, self.orbit, self.tracking_turn(rig)))
        if together > _MOST_TURN_TOGETHER:
            for name in ("pan", "orbit", "tracked"):
                setattr(self, name, getattr(self, name) * (_MOST_TURN_TOGETHER / together))
        highest, lowest = float(self.lift.max()), float(self.lift.min())
        self.lift *= min(1.0, _MOST_LIFT / max(highest, 1e-9), _MOST_DROP / max(-lowest, 1e-9))
        for name in ("pan", "tilt", "roll", "orbit", "tracked"):
            whole = getattr(self, name)
            setattr(self, name, whole - (whole.max() + whole.min()) / 2)

    def tracking_turn(self, rig: Rig) -> Shares:
        """The turn that keeps what is tracked in the middle."""
        middle = (self.tracked.max() + self.tracked.min()) / 2
        return np.asarray(-np.arctan((self.tracked - middle) / rig.tracked_metres))

    def _shrink(self, name: str, most: float) -> None:
        reach = float(np.ptp(getattr(self, name)))
        if reach > most:
            setattr(self, name, getattr(self, name) * (most / reach))


class CameraPath:
    """The way of the camera through one film; `floor` is the height of the ground that it keeps above."""

    def __init__(self, scene: Scene, rig: Rig, floor: float = 0.0) -> None:
        self._shares = np.linspace(0.0, 1.0, _TABLE)
        # a loop goes there and back along a cosine, so that its end meets its beginning at rest
        at = (1 - np.cos(2 * np.pi * self._shares)) / 2 if scene.is_loop else self._shares
        sums = _Sums(np.zeros_like(at))
        for part in windows(scene):
            for step, window in part:
                sums.add(step, window, at, rig, scene.motion)
        sums.keep_in_bounds(rig)
        self._table = _poses(sums, rig)
        self._table[1] += floor
        if sums.shake.any():
            self._table[:6] += sums.shake * _shake(scene, rig, self._shares)
            self._table[2] -= min(0.0, float(self._table[2].min()))

    def pose(self, share: float) -> Pose:
        """The pose at `share` of the film's length, 0–1."""
        return Pose(*(float(np.interp(share, self._shares, values)) for values in self._table))

    def poses(self, count: int = 13) -> list[Pose]:
        """Poses spread over the film, and where it goes furthest each way, for bounds."""
        spread = np.linspace(0, _TABLE - 1, count).round().astype(int)
        places = {*spread.tolist(), *self._table.argmin(axis=1).tolist(), *self._table.argmax(axis=1).tolist()}
        return [Pose(*(float(value) for value in self._table[:, place])) for place in sorted(places)]


def _poses(sums: _Sums, rig: Rig) -> Shares:
    """Rows x, y, z, yaw, pitch, roll, zoom."""
    ahead = sums.ahead + sums.pulled
    x, z = _walked(ahead, sums.aside + sums.tracked, sums.pan)
    x -= (x.max() + x.min()) / 2
    # a wide orbit turns around something nearer: the angle is kept, and the camera stays on the ground that it knows
    chord = max(1e-9, float(np.ptp(np.sin(sums.orbit))))
    pivot = min(rig.pivot_metres, _MOST_CHORD * rig.dolly_metres / chord)
    x += pivot * np.sin(sums.orbit)
    z += pivot * (1 - np.cos(sums.orbit))
    z -= min(0.0, float(z.min()))
    yaw = sums.pan - sums.orbit + sums.tracking_turn(rig)
    pull = sums.pulled - sums.pulled.min()
    zoom = np.exp(sums.zoom) * (rig.subject_metres - pull)
    zoom /= zoom.min()
    y = rig.camera_height * np.exp(sums.lift)
    return np.stack([x, y, z, yaw, sums.tilt + sums.stoop, sums.roll, zoom])


def _walked(ahead: Shares, aside: Shares, heading: Shares) -> tuple[Shares, Shares]:
    """x and z of a way whose steps ahead and aside are taken along the heading of the moment."""
    turn = (heading[1:] + heading[:-1]) / 2
    forward, right = np.diff(ahead), np.diff(aside)
    x = np.concatenate([[0.0], np.cumsum(forward * np.sin(turn) + right * np.cos(turn))])
    z = np.concatenate([[0.0], np.cumsum(forward * np.cos(turn) - right * np.sin(turn))])
    return x, z


# frequency in hertz and share of each wave of an unsteady hand: breath, arm, tremor
_WAVES = ((0.23, 1.0), (0.41, 0.7), (0.87, 0.34), (1.7, 0.13))
# an ordinary hand's reach: metres as a share of an ordinary dolly (x, y, z), then degrees (yaw, pitch, roll)
_REACH = (0.006, 0.004, 0.003, 0.5, 0.4, 0.35)


def _shake(scene: Scene, rig: Rig, shares: Shares) -> Shares:
    """Smooth noise for x, y, z, yaw, pitch and roll: waves that never drift, whole numbers of them in a loop."""
    random = np.random.default_rng([scene.seed, 83])
    rows = []
    for axis, reach in enumerate(_REACH):
        total = np.zeros_like(shares)
        for hertz, weight in _WAVES:
            cycles = hertz * scene.seconds * (0.85 + 0.3 * random.random())
            if scene.is_loop:
                cycles = max(1.0, round(cycles))
            total += weight * np.sin(2 * np.pi * (cycles * shares + random.random()))
        unit = rig.dolly_metres if axis < 3 else math.radians(1.0)
        rows.append(total * (reach * unit / sum(weight for _, weight in _WAVES) * 1.6))
    return np.stack(rows)
