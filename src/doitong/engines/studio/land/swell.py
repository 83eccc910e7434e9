"""The swell of the open sea: long waves with crests that hide what lies behind them, and foam where they break.

Every column of the picture is walked from near to far: what rises above all that came before is seen, the rest is
hidden (the floating horizon, Wright 1973). Heights are computed for every fourth column, for they are smooth; what
hides what is found for every one, so that a crest has no steps, and its edge is known to the fraction of a row.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats, Ints, as_floats, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.land.water_loop import WaterLoop
from doitong.engines.studio.noise import sample

_GRAVITY = 9.81
_WAVES = ((23.0, 0.62, 0.020), (34.0, -0.35, 0.030), (58.0, 0.22, 0.040), (97.0, -0.08, 0.042))  # metres, turn, slope
_PACE = 1.02  # from one point of the walk to the next
_LEAST_ROWS = 0.6  # a wave that spans less than 5 × this many rows is not raised
_COLUMNS = 4  # of the picture for one whose heights are computed
_CHUNK = 160
_FARTHEST, _STRIP = 1024, 16  # points of a walk for which the loop has room, and the fewest columns that it can do
_JUMP = 1.03  # a crest hides this much of the way at least, or its edge needs no care
_HIGHEST = 0.52  # of the camera's height over the sea


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


@dataclass(frozen=True, slots=True)
class Met:
    """Where rays meet the sea: `nearer`, how far away as a ratio to where they meet the plane, for each pixel; `spots`:
    pixels on the line where a crest hides what is behind it, each the crest's own, and the `share` of the pixel above
    that the crest covers too (negative: of its own that it leaves)."""

    nearer: Floats
    spots: Ints
    share: Floats

    def soften(self, planes: list[Floats]) -> None:
        """Give the crests their true edges in planes of these rows, in place."""
        width = self.nearer.shape[1]
        above, own = self.spots - width, self.spots
        for plane in planes:
            flat = plane.reshape(-1)
            far, near = flat[above], flat[own]
            flat[above] = far + (near - far) * np.maximum(self.share, 0)
            flat[own] = near + (far - near) * np.maximum(-self.share, 0)


def _first_met(row: Floats, away: Floats, here: Floats) -> tuple[Floats, Floats]:
    """For rows `here` and the columns of a walk whose points `away` are seen at `row`: how far away each ray meets the
    sea, −1 when it meets none of it, and the row of the highest point before."""
    rows, width = here.size, row.shape[1]
    highest = np.minimum.accumulate(row, axis=0)
    columns = np.arange(width, dtype=np.int32)
    # the first point of the walk that is at least as high as a row's middle: those before it, lower ones, are counted
    below = np.clip(np.ceil(highest), 0, rows).astype(np.int32) * np.int32(width) + columns
    counts = np.bincount(below.reshape(-1), minlength=(rows + 1) * width).reshape(rows + 1, width)
    passed = np.cumsum(counts[::-1], axis=0, dtype=np.int32)[::-1][1:]
    after: Ints = np.clip(passed, 1, away.size - 1)
    place: Ints = after * np.int32(width) + columns
    far_row = row.reshape(-1).take(place)
    place -= width
    near_row = row.reshape(-1).take(place)
    share = np.clip((near_row - here) / np.maximum(near_row - far_row, np.float32(1e-4)), 0, 1)
    far = away.take(after)
    after -= 1
    reached = away.take(after)
    reached += (far - reached) * share
    reached[passed >= away.size] = -1
    return reached, highest.reshape(-1).take(place)


def _edges(nearer: Floats, crest: Floats, here: Floats) -> tuple[Ints, Floats]:
    """The pixels right below a crest's line, and how far the line is above (or below) their upper border, in rows.
    `crest`: the row of the highest point before the one that a pixel sees."""
    width = nearer.shape[1]
    above = np.flatnonzero(nearer[:-1] > nearer[1:] * np.float32(_JUMP))
    line = crest.reshape(-1).take(above)  # as the pixel above knows it, which looks over the crest
    border = here.reshape(-1).take(above // width) + np.float32(0.5)
    return above + width, np.clip(border - line, -0.5, 0.5)


class Swell:
    """The swell of one film; `force` 1 is an ordinary sea, more is a storm."""

    def __init__(self, force: float, soft: Floats, lace: Floats) -> None:
        self._soft, self._lace = soft, lace
        self._limit = 2.55 - 0.75 * min(2.25, force)
        self._waves = []
        for metres, turn, steep in _WAVES:
            k = 2 * math.pi / metres
            self._waves.append(
                _Wave(k * math.sin(turn), k * math.cos(turn), math.sqrt(_GRAVITY * k), steep * force, metres)
            )

    def _seen(self, wave: _Wave, rows_down: Floats) -> Floats:
        """1 where a wave spans enough rows of the picture, 0 near the horizon. `rows_down`: rows for a metre."""
        return as_floats(np.clip(rows_down * np.float32(wave.metres / 5) - np.float32(_LEAST_ROWS), 0, 1))

    def meet(self, pose: Pose, lens: Lens, top: int, seconds: float) -> Met:
        """Where the rows from `top` down meet the heaving sea."""
        rows = lens.rows - top
        away = self._walk(pose, lens)
        rise = self._heights(pose, lens, away, seconds)
        level, scale = np.float32(lens.horizon - 0.5 - top), np.float32(lens.focal) / away
        here = np.arange(rows, dtype=np.float32)[:, None]
        plane = np.maximum((here + np.float32(top + 0.5 - lens.horizon)) * np.float32(1 / lens.focal), 0.4 / lens.focal)
        plane = as_floats(plane / pose.y)
        nearer, crest = (np.empty((rows, lens.width), np.float32) for _ in range(2))
        if loops is not None and away.size <= _FARTHEST and lens.width >= _STRIP:
            loops.meet_swell(at(rise), at(away), at(scale), away.size, lens.width, rows, level, pose.y, at(plane),
                             at(nearer), at(crest))  # fmt: skip
            return Met(nearer, *_edges(nearer, crest, here))
        row = level + (np.float32(pose.y) - rise) * scale
        for first in range(0, lens.width, _CHUNK):  # so few columns at once stay in the processor's cache
            part = slice(first, first + _CHUNK)
            nearer[:, part], crest[:, part] = _first_met(np.ascontiguousarray(row[:, part]), away.reshape(-1), here)
        np.multiply(nearer, plane, out=nearer, where=nearer > 0)
        nearer[nearer <= 0] = 1  # beyond the last wave that is raised
        return Met(nearer, *_edges(nearer, crest, here))

    def _walk(self, pose: Pose, lens: Lens) -> Floats:
        """Distances from nearer than the picture's lower edge to the last wave that is raised, (points, 1)."""
        steepest = max(0.05, (lens.rows - lens.horizon) / lens.focal)
        near = 0.5 * pose.y / steepest
        far = math.sqrt(lens.focal * pose.y * max(wave.metres for wave in self._waves) / 5 / _LEAST_ROWS)
        count = 2 + max(1, math.ceil(math.log(max(far / near, _PACE)) / math.log(_PACE)))
        return as_floats(near * _PACE ** np.arange(count))[:, None]

    def _heights(self, pose: Pose, lens: Lens, away: Floats, seconds: float) -> Floats:
        """Metres over the plane at every distance of the walk, for each column."""
        rows_down = np.float32(lens.focal * pose.y) / (away * away)
        shrink = min(1.0, _HIGHEST * pose.y / sum(wave.tall for wave in self._waves))
        px = cv2.resize(lens.slopes()[None, :], (-(-lens.width // _COLUMNS), 1), interpolation=cv2.INTER_AREA)
        c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
        rise: Floats = np.zeros((away.size, px.size), np.float32)
        for wave in self._waves:
            start = np.float32((pose.x * wave.kx + pose.z * wave.kz + wave.rate * seconds) % (2 * math.pi))
            pace = (s + px * c) * np.float32(wave.kx) + (c - px * s) * np.float32(wave.kz)
            rise += np.sin(away * pace + start) * (self._seen(wave, rows_down) * np.float32(wave.tall * shrink))
        return as_floats(cv2.resize(rise, (lens.width, away.size), interpolation=cv2.INTER_LINEAR))

    def _lean(self, x: Floats, z: Floats, rows_down: Floats, seconds: float) -> list[Floats]:
        """The waves' slopes along x and z, and how high each point lies; waves this long need every second column."""
        few_x, few_z = np.ascontiguousarray(x[:, ::2]), np.ascontiguousarray(z[:, ::2])
        sums = [np.zeros_like(few_x) for _ in range(3)]
        for wave in self._waves:
            angle = few_x * np.float32(wave.kx)
            angle += few_z * np.float32(wave.kz)
            angle += np.float32(wave.rate * seconds)
            lean = np.cos(angle)
            lean *= self._seen(wave, rows_down) * np.float32(wave.steep)
            k = math.hypot(wave.kx, wave.kz)
            sums[0] += lean * np.float32(wave.kx / k)
            sums[1] += lean * np.float32(wave.kz / k)
            sums[2] += np.sin(angle) * np.float32(min(1.0, wave.metres / 34))
        pairs = [np.empty((x.shape[0], 2 * few_x.shape[1]), np.float32) for _ in sums]
        for pair, few in zip(pairs, sums, strict=True):
            pair[:, ::2], pair[:, 1:-1:2], pair[:, -1] = few, (few[:, 1:] + few[:, :-1]) * np.float32(0.5), few[:, -1]
        return [pair[:, : x.shape[1]] for pair in pairs]

    def tell(self, told: WaterLoop, seconds: float) -> None:
        """Fill in what `lay` would do."""
        waves = []
        for wave in self._waves:
            slope = wave.steep / math.hypot(wave.kx, wave.kz)
            phase = wave.rate * seconds % (2 * math.pi)
            height = min(1.0, wave.metres / 34)
            waves += [wave.kx, wave.kz, phase, wave.kx * slope, wave.kz * slope, height, wave.metres / 5]
        told.swell, told.foams_from = tuple(waves), self._limit

    def lay(self, x: Floats, z: Floats, rows_down: Floats, seconds: float, sx: Floats, sz: Floats,
            calm: Floats) -> tuple[Floats, Floats]:  # fmt: skip
        """Add the swell's slopes to those of small waves; answers the foam on its crests, and how high each point lies
        (about −1 to 1)."""
        aside, ahead, height = self._lean(x, z, rows_down, seconds)
        sx += aside
        sz += ahead
        web = sample(self._soft, x * np.float32(4.0), z * np.float32(5.0) - np.float32(seconds * 4))
        close = np.clip(rows_down * np.float32(2.2) - np.float32(0.25), 0.0, 1)
        web *= close
        far = sample(self._soft, x * np.float32(0.7), z * np.float32(1.3) - np.float32(seconds * 1.5))
        far *= np.clip(rows_down * np.float32(9) - np.float32(0.25), 0.0, 1)
        far *= np.float32(0.7) - np.float32(0.5) * close
        fine = sample(self._lace, x * np.float32(13), z * np.float32(13) - np.float32(seconds * 8))
        fine *= np.clip(rows_down * np.float32(0.22) - np.float32(0.3), 0.0, 1)
        # seen at a low angle, foam is drawn out towards the viewer: what is fine across is coarse along
        grit = sample(self._lace, x * np.float32(6), z * np.float32(1.5) - np.float32(seconds * 1.6))
        fine = np.maximum(fine * np.float32(0.45), 0) + grit * close * np.float32(0.42)
        crest = height * np.float32(0.55) + np.maximum(web, far) * np.float32(0.58) + (calm - 1) * np.float32(0.9)
        sharp = np.clip(rows_down * np.float32(12) - np.float32(0.2), 0.0, 1)
        foam = smooth(0.0, 0.9, crest + fine - np.float32(self._limit)) * np.float32(0.85) * sharp
        return foam, height * np.float32(0.4)
