"""The forest floor: moss, litter and snow in perspective, with dapples and the long shadows of the trunks."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Colour, Floats, as_floats, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.forest.floor import FloorTile
from doitong.engines.studio.forest.light import CANOPY_TILE, Canopy
from doitong.engines.studio.forest.sprites import Codec, lay_image
from doitong.engines.studio.forest.trunks import Trunk
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.noise import spectral_tile

_TILE = 1024
_TILE_METRES = 7.5
_LOW_MIST = 31.0
_VEIL = 1.9  # mist is mixed in coded light here, which would look thinner
_BRIGHTEST = 1.5  # what light multiplies a coded colour by at most
_SHADOW_DENSITY = 9  # pixels a metre of the map of trunks' shadows
_SHADOW_SPAN = (46.0, 74.0)  # metres across and ahead that the map holds
_BEHIND = 8.0  # metres of these that lie behind the camera's first place
_MEAN = np.float32(0.28)  # what comes through the canopy where gaps are not told apart
_FAR_DAPPLES, _NEAR_DAPPLES = 40.0, 14.0  # metres between which they blur


class Ground:
    """One film's floor. `litter` colours lie on `soil`; `moss` and `snow` 0–1 cover them."""

    def __init__(self, random: np.random.Generator, canopy: Canopy, codec: Codec, soil: Colour,
                 litter: Sequence[Colour], moss: float, snow: float, trunks: Sequence[Trunk],
                 leaves: int) -> None:  # fmt: skip
        self._canopy, self._codec = canopy, codec
        light = _paint(random, soil, litter, moss, snow, leaves)
        coded = np.sqrt(np.clip(light, 0, 1)) * np.float32(255)
        self._tile = FloorTile(coded.astype(np.uint8), _TILE_METRES)
        self._shadows = self._cast(trunks)
        self._strength = 0.55 * canopy.sun[1] ** 0.45  # of the sun that falls through

    def _cast(self, trunks: Sequence[Trunk]) -> Floats:
        """Where trunks leave the sun through, seen from above: 1 in the open, and what lies beyond as a rim."""
        across, ahead = _SHADOW_SPAN
        shape = (int(ahead * _SHADOW_DENSITY), int(across * _SHADOW_DENSITY))
        map_ = np.full(shape, 255, np.uint8)
        sx, sy, sz = self._canopy.sun
        for trunk in trunks:
            reach = min(26.0, 20.0 / max(0.12, sy / math.hypot(sx, sz)))
            foot = self._on_map(trunk.x, trunk.z)
            tip = self._on_map(trunk.x - sx / math.hypot(sx, sz) * reach, trunk.z - sz / math.hypot(sx, sz) * reach)
            thick = max(1, round(trunk.radius * 2 * _SHADOW_DENSITY))
            cv2.line(map_, foot, tip, 30, thick, cv2.LINE_AA, 4)
        soft = cv2.copyMakeBorder(cv2.GaussianBlur(map_, (0, 0), 1.3), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=200)
        return as_floats(soft * np.float32(1 / 255))

    @staticmethod
    def _on_map(x: float, z: float) -> tuple[int, int]:
        u, v = (x + _SHADOW_SPAN[0] / 2) * _SHADOW_DENSITY, (z + _BEHIND) * _SHADOW_DENSITY
        return int(max(-9000.0, min(9000.0, u)) * 16), int(max(-9000.0, min(9000.0, v)) * 16)

    def draw(self, canvas: Bytes, pose: Pose, eye: float, lens: Lens, span: tuple[float, float],
             fade: float, seconds: float) -> None:  # fmt: skip
        """Lay the floor between two depths over the misty air before it, which the canvas holds; it thins out over the
        last `fade` metres."""
        first, last = floor_rows(eye, lens, span)
        if last == first:
            return
        row = np.arange(first, last, dtype=np.float32) + np.float32(0.5 - lens.horizon)
        depth = np.float32(eye * lens.focal) / np.maximum(row, np.float32(0.5))
        slope = lens.slopes()
        s, c = np.float32(math.sin(pose.yaw)), np.float32(math.cos(pose.yaw))
        columns = np.stack([slope * c + s, c - slope * s])
        gone = depth * np.float32(-_VEIL / self._canopy.fog_metres)
        low = depth * depth * np.float32(1 / (_LOW_MIST * _LOW_MIST))  # mist lies thicker on the ground
        veiled = smooth(span[1] + 0.1, span[1] - fade, depth) * np.exp(gone - low)
        if loops is not None:
            levels = self._tile.level_at(depth, eye, lens.focal)
            self._fill(canvas[first:last], columns, pose, depth, veiled, levels, seconds)
            return
        x = depth[:, None] * columns[:1] + np.float32(pose.x)
        z = depth[:, None] * columns[1:] + np.float32(pose.z)
        lit = self._lit(x, z, depth, veiled, seconds)
        image = self._tile.read(x, z, depth, eye, lens.focal)
        lay_image(canvas[first:last], cv2.multiply(image, lit, scale=_BRIGHTEST / 255))

    def _fill(self, canvas: Bytes, columns: Floats, pose: Pose, depth: Floats, veiled: Floats, levels: Floats,
              seconds: float) -> None:  # fmt: skip
        """The same in one pass: rows of the floor, their light found at every second column."""
        canopy, top = self._canopy, math.sqrt(self._codec.top)
        width = columns.shape[1]
        pairs = np.pad(columns, ((0, 0), (0, width % 2)), mode="edge").reshape(2, -1, 2).mean(axis=2)
        half = np.pad(pairs, ((0, 0), (1, 1)), mode="edge")
        half = np.concatenate([half, canopy.sunlight.plane_of(half[0], np.zeros_like(half[0]), half[1])])
        start = [np.full(1, value, np.float32) for value in (pose.x, 0.0, pose.z)]
        origin = np.concatenate([start[0], start[2], *canopy.sunlight.plane_of(*start)])
        even = smooth(_FAR_DAPPLES, _NEAR_DAPPLES, depth)
        by_row = np.stack([depth, even, veiled * np.float32(1 / top), levels], axis=1)
        corner = [_SHADOW_DENSITY * metres + 1 for metres in (_SHADOW_SPAN[0] / 2, _BEHIND)]
        sun = np.array([*canopy.sun_colour, *(fill * 0.62 for fill in canopy.fill), self._strength, _SHADOW_DENSITY,
                        *corner, _BRIGHTEST, self._tile.density, 255 * top], np.float32)  # fmt: skip
        gaps = canopy.stirred(seconds)
        loops.lay_floor(
            at(canvas, np.uint8), width, depth.size, at(columns), at(half), half.shape[1],
            at(origin), at(by_row), at(self._tile.levels, np.uint8), self._tile.side, at(canopy.coarse),
            at(canopy.fine), CANOPY_TILE, at(gaps), at(self._shadows), *self._shadows.shape[::-1],
            at(sun),
        )  # fmt: skip

    def _lit(self, x: Floats, z: Floats, depth: Floats, veiled: Floats, seconds: float) -> Bytes:
        """What the floor's coded colours are multiplied by: light and its share before the mist, and that share."""
        height, width = x.shape
        size = (max(2, width // 2), height)
        u, v = (cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in (x, z))
        gaps = self._canopy.falling(u, np.zeros_like(u), v, seconds)
        gaps = _MEAN + (gaps - _MEAN) * smooth(_FAR_DAPPLES, _NEAR_DAPPLES, depth)[:, None]
        column = (u + np.float32(_SHADOW_SPAN[0] / 2)) * np.float32(_SHADOW_DENSITY) + 1
        line = (v + np.float32(_BEHIND)) * np.float32(_SHADOW_DENSITY) + 1
        open_ = cv2.remap(self._shadows, column, line, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        gaps *= open_ * np.float32(self._strength)
        share = veiled[:, None] * np.float32(255 / _BRIGHTEST / math.sqrt(self._codec.top))
        planes = [
            cv2.sqrt(gaps * np.float32(sun) + np.float32(fill * 0.62)) * share
            for sun, fill in zip(self._canopy.sun_colour, self._canopy.fill, strict=True)
        ]
        cover = veiled[:, None] * np.float32(255 / _BRIGHTEST)
        planes.append(np.broadcast_to(cover, gaps.shape).astype(np.float32))
        coded = cv2.merge([np.minimum(plane + np.float32(0.5), 255).astype(np.uint8) for plane in planes])
        return np.asarray(cv2.resize(coded, (width, height), interpolation=cv2.INTER_LINEAR))


def floor_rows(eye: float, lens: Lens, span: tuple[float, float]) -> tuple[int, int]:
    """The rows that show the floor between two depths, first and last; none where there is but one."""
    near, far = span
    first = min(lens.rows, max(0, int(lens.horizon + eye * lens.focal / far)))
    last = min(lens.rows, int(lens.horizon + eye * lens.focal / near) + 1)
    return first, last if last - first >= 2 else first


def _paint(random: np.random.Generator, soil: Colour, litter: Sequence[Colour], moss: float, snow: float,
           leaves: int) -> Floats:  # fmt: skip
    """The floor's colours from above, seamless."""
    fine = spectral_tile(random, _TILE, 0.85, 6)[2:-2, 2:-2]
    broad = spectral_tile(random, _TILE, 1.6, 2)[2:-2, 2:-2]
    tone = np.clip(1 + 0.30 * fine + 0.12 * broad, 0.25, 2.2)
    image = cv2.merge([as_floats(tone * np.float32(part)) for part in soil])
    _scatter(image, random, litter, leaves)
    mossy = smooth(0.0, 0.9, broad + 0.28 * fine + 2.6 * moss - 1.3) * np.float32(0.92)
    tuft = np.clip(0.75 + 0.42 * spectral_tile(random, _TILE, 0.55, 30)[2:-2, 2:-2] + 0.2 * broad, 0.15, 2)
    white = smooth(0.0, 0.5, 0.4 * broad + 0.22 * fine + 3.2 * snow - 1.55)
    rime, planes = 0.80 + 0.05 * fine, cv2.split(image)
    for plane, green, pale in zip(planes, (0.085, 0.135, 0.022), (0.92, 0.96, 1.0), strict=True):
        np.add(plane, (tuft * np.float32(green) - plane) * mossy, out=plane)
        np.add(plane, (rime * np.float32(pale) - plane) * white, out=plane)
    return np.asarray(np.clip(cv2.merge(planes), 0.004, 1), dtype=np.float32)


def _scatter(image: Floats, random: np.random.Generator, litter: Sequence[Colour], leaves: int) -> None:
    turn = random.uniform(0, 2 * math.pi, leaves)
    place, size = random.uniform(0, _TILE, (leaves, 2)), random.uniform(3.5, 8.0, leaves)
    shape = np.array([(-1, 0), (-0.3, 0.45), (0.5, 0.4), (1, 0), (0.4, -0.45), (-0.4, -0.4)])
    c, s = np.cos(turn)[:, None] * size[:, None], np.sin(turn)[:, None] * size[:, None]
    slim = random.uniform(0.5, 1.3, (leaves, 1))
    x = place[:, :1] + shape[None, :, 0] * c - shape[None, :, 1] * s * slim
    y = place[:, 1:] + shape[None, :, 0] * s + shape[None, :, 1] * c * slim
    points = np.round(np.dstack([x, y]) * 16).astype(np.int32)
    picks, tones = random.integers(0, len(litter), leaves), random.uniform(0.35, 1.3, leaves)
    for polygon, pick, tone in zip(points, picks, tones, strict=True):
        colour = tuple(float(part * tone) for part in litter[int(pick)])
        cv2.fillConvexPoly(image, polygon, colour, cv2.LINE_8, 4)
