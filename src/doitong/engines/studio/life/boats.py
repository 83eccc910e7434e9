"""Boats: a sailing boat or a rowing boat on open water, with its mirror image, rocked by the waves.

Hull, sails and rower are outlines in metres, projected corner by corner; the mirror image is the same boat under the
water, broken up by ripples. A boat's place follows from the seed and the time.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from doitong.engines.studio.air.light import Light
from doitong.engines.studio.arrays import Colour, Floats, Planes, as_floats, mix
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.scene import Feature, Scene, SceneKind

_FINE = 4
_TRIES = 60
_SAILING_METRES = 100.0  # before the camera, where a sailing boat is seen whole
_ROWING_SCALE = 1.9  # a boat for a lake among mountains; true to size it would be lost there
_GRID = 1 << _FINE

# the share of each pixel in a part of the frame that is covered by what stands nearer than a depth in metres
Hides = Callable[[float, tuple[slice, slice]], Floats | None]


@dataclass(frozen=True, slots=True)
class _Part:
    """One outline: metres along the boat, up and to the side; `albedo`, and `thin` 0–1 how much light comes through."""

    points: tuple[tuple[float, float, float], ...]
    albedo: Colour
    thin: float = 0.0


def _sailing_boat(hull: Colour, sail: Colour) -> tuple[_Part, ...]:
    side = ((-3.9, 0.95, 0.9), (-3.3, -0.25, 0.7), (0.5, -0.35, 1.2), (3.3, -0.2, 0.5), (4.9, 1.25, 0.0),
            (1.5, 0.85, 1.2))  # fmt: skip
    far = tuple((x, y, -w) for x, y, w in side)
    deck = ((-3.9, 0.95, 0.9), (1.5, 0.85, 1.2), (4.9, 1.25, 0.0), (1.5, 0.85, -1.2), (-3.9, 0.95, -0.9))
    belly = 1.5  # sails stand out to leeward
    main = ((0.75, 1.9, 0.0), (0.62, 6.0, 0.15), (0.55, 11.2, 0.0), (-1.3, 7.0, belly * 0.8), (-2.9, 3.6, belly),
            (-3.7, 1.9, belly * 0.9), (-1.5, 1.75, belly * 0.5))  # fmt: skip
    jib = ((4.7, 1.5, 0.0), (2.9, 5.6, 0.25), (0.9, 9.4, 0.0), (0.95, 5.0, belly * 0.9), (0.4, 2.1, belly))
    mast = ((0.66, 0.9, 0.0), (0.60, 11.6, 0.0), (0.72, 11.6, 0.0), (0.82, 0.9, 0.0))
    cabin = ((-1.2, 0.85, 0.6), (-1.0, 1.5, 0.5), (1.0, 1.45, 0.45), (1.9, 0.9, 0.4))
    crew = ((-2.7, 0.9, 0.2), (-2.85, 1.7, 0.2), (-2.6, 2.05, 0.2), (-2.35, 1.7, 0.2), (-2.3, 0.9, 0.2))
    return (_Part(far, hull), _Part(deck, (0.42, 0.28, 0.16)), _Part(cabin, (0.75, 0.74, 0.70)),
            _Part(crew, (0.10, 0.10, 0.14)), _Part(mast, (0.35, 0.30, 0.25)), _Part(jib, sail, 0.55),
            _Part(main, sail, 0.5), _Part(side, hull))  # fmt: skip


def _rowing_boat(hull: Colour, beat: float) -> tuple[_Part, ...]:
    side = (
        (-2.2, 0.55, 0.5),
        (-1.9, -0.15, 0.35),
        (0.3, -0.2, 0.65),
        (1.9, -0.1, 0.3),
        (2.6, 0.75, 0.0),
        (0.6, 0.42, 0.7),
    )
    far = tuple((x, y, -w) for x, y, w in side)
    lean = 0.32 * math.sin(beat)
    body = (
        (-0.25, 0.35, 0.2),
        (-0.32 + lean, 1.05, 0.2),
        (-0.10 + lean, 1.18, 0.1),
        (0.12 + lean, 1.05, 0.1),
        (0.22, 0.35, 0.0),
    )
    head = tuple(
        (lean * 1.15 - 0.08 + 0.16 * math.cos(a), 1.36 + 0.18 * math.sin(a), 0.15) for a in np.arange(8) * math.pi / 4
    )
    dip, sweep = 0.35 * math.cos(beat), -0.9 * math.sin(beat)
    parts = [
        _Part(far, (hull[0] * 0.5, hull[1] * 0.5, hull[2] * 0.5)),
        _Part(body, (0.30, 0.08, 0.06)),
        _Part(head, (0.12, 0.08, 0.06)),
    ]
    parts.append(_Part(side, hull))
    for away in (1.0, -1.0):
        blade = (0.3 + sweep, 0.05 + dip, 2.5 * away)
        rowlock = ((0.25, 0.62, 0.55 * away), (0.33, 0.66, 0.55 * away))
        oar = (rowlock[0], blade, (blade[0] + 0.22, blade[1], 2.65 * away), rowlock[1])
        parts.append(_Part(oar, (0.40, 0.28, 0.16)))
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a film sees of the water: its camera's `poses`, and how far aside and below they look, as tangents."""

    poses: Sequence[Pose]
    aside: float
    below: float

    @property
    def nearest(self) -> float:
        """Metres from where the camera starts to water that it sees all the time."""
        return max(max(0.0, pose.z) + pose.y / self.below for pose in self.poses)

    def share_of(self, x: float, z: float) -> float:
        """The share of the poses that have a place well inside the frame."""
        seen = 0
        for pose in self.poses:
            c, s = math.cos(pose.yaw), math.sin(pose.yaw)
            across, ahead = (x - pose.x) * c - (z - pose.z) * s, (x - pose.x) * s + (z - pose.z) * c
            seen += ahead > 8 and abs(across / ahead) * pose.zoom < 0.80 * self.aside
        return seen / len(self.poses)


class Boats:
    """The boats of one film. `height_at` gives the land's height (metres over the water) at points of the plane."""

    def __init__(self, scene: Scene, light: Light, sun: tuple[float, float, float],
                 height_at: Callable[[Floats, Floats], Floats], outlook: Outlook) -> None:  # fmt: skip
        random = np.random.default_rng([scene.seed, 113])
        self._light, self._sun, self._wind = light, sun, scene.wind
        self._is_rowed = _is_rowed(scene, by_chance=bool(random.random() < 0.5))
        hulls: tuple[Colour, ...] = ((0.72, 0.70, 0.66), (0.05, 0.09, 0.20), (0.42, 0.07, 0.05), (0.06, 0.16, 0.13))
        sails: tuple[Colour, ...] = ((0.86, 0.83, 0.76), (0.90, 0.88, 0.85), (0.46, 0.15, 0.08), (0.85, 0.72, 0.50))
        self._boats = []
        first = outlook.nearest * 1.22
        if not self._is_rowed:
            first = max(first, max(0.0, *(pose.z for pose in outlook.poses)) + _SAILING_METRES)
        for number in range(1 if self._is_rowed else 2):
            span = (first, first + (16 if self._is_rowed else 50)) if number == 0 else (1.9 * first, 3.4 * first)
            place = _open_water(random, span, height_at, number, sun, outlook)
            if place is None:
                continue
            heading = float(random.choice([0.0, math.pi])) + float(random.uniform(-0.45, 0.45))
            hull = hulls[int(random.integers(len(hulls)))]
            sail = sails[int(random.integers(len(sails)))]
            self._boats.append((place, heading, hull, sail, random.uniform(0, 6.3, 4)))

    def lay(self, planes: Planes, pose: Pose, lens: Lens, seconds: float, hides: Hides) -> None:
        """Lay the boats on the water, in place, behind what `hides` them."""
        for (x, z), heading, hull, sail, phases in reversed(self._boats):
            speed = 0.7 if self._is_rowed else 1.1 + 0.6 * self._wind
            # to and fro over a long way, so that it never runs aground
            along = 22 * math.sin(speed * seconds / 22)
            place = (x + math.cos(heading) * along, z + math.sin(heading) * along)
            parts = self._parts(hull, sail, seconds * 2.3 + float(phases[3]))
            motion = self._motion(seconds, phases)
            for is_mirror in (True, False):
                self._lay_parts(planes, parts, place, heading, motion, pose, lens, is_mirror, hides, seconds)

    def _parts(self, hull: Colour, sail: Colour, beat: float) -> tuple[_Part, ...]:
        if not self._is_rowed:
            return _sailing_boat(hull, sail)
        k = _ROWING_SCALE
        return tuple(
            replace(part, points=tuple((x * k, y * k, w * k) for x, y, w in part.points))
            for part in _rowing_boat(hull, beat)
        )

    def _motion(self, seconds: float, phases: Floats) -> tuple[float, float, float]:
        """Metres up, and radians of roll and pitch, now."""
        rough = 0.5 + 0.5 * self._wind
        up = 0.10 * rough * math.sin(seconds * 1.25 + phases[0]) + 0.05 * math.sin(seconds * 2.1 + phases[1])
        heel = 0.0 if self._is_rowed else 0.10 * self._wind
        roll = heel + 0.035 * rough * math.sin(seconds * 0.95 + phases[1])
        return up, roll, 0.022 * rough * math.sin(seconds * 1.4 + phases[2])

    def _lay_parts(self, planes: Planes, parts: tuple[_Part, ...], place: tuple[float, float], heading: float,
                   motion: tuple[float, float, float], pose: Pose, lens: Lens, is_mirror: bool, hides: Hides,
                   seconds: float) -> None:  # fmt: skip
        outlines = [_project(part.points, place, heading, motion, pose, lens, is_mirror) for part in parts]
        if any(outline is None for outline in outlines):
            return
        shown = [outline for outline in outlines if outline is not None]
        every = np.concatenate(shown)
        left, right = max(0, int(every[:, 0].min()) - 6), min(lens.width, int(every[:, 0].max()) + 7)
        top, low = max(0, int(every[:, 1].min()) - 3), min(lens.rows, int(every[:, 1].max()) + 4)
        if is_mirror:
            top = max(top, int(lens.horizon) + 1)
        if left >= right or top >= low:
            return
        canvas = np.zeros((low - top, right - left, 4), np.float32)
        for part, outline in zip(parts, shown, strict=True):
            mask = np.zeros(canvas.shape[:2], np.uint8)
            fine = np.rint((outline - (left, top)) * _GRID).astype(np.int32)
            cv2.fillPoly(mask, [fine], (255,), cv2.LINE_AA, _FINE)
            cover = mask.astype(np.float32)[..., None] * np.float32(1 / 255)
            tone = np.array([*self._tone(part, heading), 1.0], np.float32)
            canvas += (tone - canvas) * cover
        if is_mirror:
            canvas = self._rippled(canvas, top - lens.horizon, lens, pose, seconds)
        hidden = hides(place[1] - 5, (slice(top, low), slice(left, right)))
        if hidden is not None:
            canvas *= 1 - hidden[..., None]
        for i, plane in enumerate(planes):
            under = plane[top:low, left:right]
            under *= 1 - canvas[..., 3]
            under += canvas[..., i]

    def _rippled(self, canvas: Floats, start: float, lens: Lens, pose: Pose, seconds: float) -> Floats:
        """A mirror image as the waves break it up: shifted row by row, fainter towards the viewer."""
        count, width = canvas.shape[:2]
        row = np.arange(count, dtype=np.float32) + np.float32(max(1.0, start))
        metres = np.float32(pose.y * lens.focal) / row  # how far away the water of each row is
        ripple = np.sin(metres * 1.9 + seconds * 2.6) + 0.7 * np.sin(metres * 4.3 - seconds * 3.7 + 1.0)
        rough = np.float32(0.10 * (0.4 + 0.6 * self._wind) * lens.focal) / metres
        shift = as_floats(ripple * rough)[:, None]
        at = np.arange(width, dtype=np.float32)[None, :] + shift
        down = np.broadcast_to(np.arange(count, dtype=np.float32)[:, None], at.shape) + shift * np.float32(0.5)
        moved = cv2.remap(canvas, at, as_floats(down), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        clear = min(1.0, 1.1 / self._wind)  # a rough sea mirrors little
        fade = np.linspace(0.72 * clear, 0.30 * clear, count, dtype=np.float32)[:, None, None]
        return as_floats(moved.reshape(canvas.shape) * fade)

    def _tone(self, part: _Part, heading: float) -> Colour:
        """Light that a part sends: more when its side is turned to the sun, some through a sail from behind."""
        light = self._light
        front = max(0.0, -self._sun[2])  # 1 when the sun stands behind the viewer
        beside = abs(self._sun[0])
        direct = 0.14 + 0.55 * front + 0.25 * beside + 0.42 * part.thin
        both = mix(light.sun, direct * 0.42, light.fill, 0.62)
        return part.albedo[0] * both[0], part.albedo[1] * both[1], part.albedo[2] * both[2]


def _is_rowed(scene: Scene, *, by_chance: bool) -> bool:
    """As the prompt says; a boat of which it says nothing is rowed or sails on a lake, and sails elsewhere."""
    if scene.features & {Feature.SAILS, Feature.OARS}:
        return Feature.SAILS not in scene.features
    return scene.kind is SceneKind.LAKE and by_chance


def _open_water(
    random: np.random.Generator, span: tuple[float, float], height_at: Callable[[Floats, Floats], Floats], number: int,
    sun: tuple[float, float, float], outlook: Outlook,
) -> tuple[float, float] | None:  # fmt: skip
    """A place with water all around it, beside the sun's path rather than in it, and in view as long as can be."""
    sun_side = 1.0 if sun[0] > 0 else -1.0
    best, found = 0.0, None
    for attempt in range(_TRIES):
        z = float(random.uniform(*span)) * (1 + 0.01 * attempt)
        side = -sun_side if number == 0 else sun_side
        if attempt % 3 == 2:  # where the camera's way leads out of one side, the other is as good
            side = -side
        x = side * z * float(random.uniform(0.08, 0.26))
        around = np.arange(9) * (2 * math.pi / 8)
        ring = np.where(np.arange(9) < 8, 30.0, 0.0)
        heights = height_at(as_floats(x + np.cos(around) * ring), as_floats(z + np.sin(around) * ring))
        way = np.linspace(0.3, 1.0, 12)  # from the viewer to it
        between = height_at(as_floats(x * way), as_floats(z * way))
        if float(heights.max()) < -0.4 and float(between.max()) < 1.0:
            share = outlook.share_of(x, z)
            if share >= 1:
                return x, z
            if share > best:
                best, found = share, (x, z)
    return found


def _project(points: tuple[tuple[float, float, float], ...], place: tuple[float, float], heading: float,
             motion: tuple[float, float, float], pose: Pose, lens: Lens, is_mirror: bool) -> Floats | None:  # fmt: skip
    """Pixels of a part's corners; None when the boat is not in front of the camera."""
    up, roll, pitch = motion
    along, high, side = np.array(points, np.float64).T
    high, side = high * math.cos(roll) + side * math.sin(roll), side * math.cos(roll) - high * math.sin(roll)
    high = high + along * math.sin(pitch) + up
    if is_mirror:
        high = -high
    c, s = math.cos(heading), math.sin(heading)
    x = place[0] + along * c - side * s - pose.x
    z = place[1] + along * s + side * c - pose.z
    cy, sy = math.cos(pose.yaw), math.sin(pose.yaw)
    ahead = x * sy + z * cy
    if float(ahead.min()) < 8:
        return None
    column = lens.width / 2 - 0.5 + (x * cy - z * sy) / ahead * lens.focal
    row = lens.horizon - 0.5 + (pose.y - high) / ahead * lens.focal
    return np.stack([column, row], axis=1)
