"""Cumulus: heaps of cloud on flat bases, modelled once from puffs, lit once, and drawn as curtains at many distances.

The sky's lower part shows clouds from the side, where a flat layer of noise would only streak. So whole clouds are
piled up from spheres on one strip that wraps around, with light and shadow, and every curtain shows a stretch
of the strip at its own distance and pace. Nothing depends on the frame before; seconds may be negative.

Lengths are in texels of the finest strip; a coarser one has a texel for every `step` of them each way.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats, as_floats, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.noise import sample, spectral_tile

_WIDTH, _HEIGHT = 3072, 208  # texels of the strip
_TEXEL_METRES = 8.0
_UNDER = 16  # texels of the strip below the base
_MARGIN = 192  # room for a cloud's half outside the strip while it is modelled
_PAD = 24  # texels repeated at each end
_LEVELS = 4
_CLOUDS = 44
_DISTANCES = (56e3, 39e3, 27e3, 18.5e3, 12.6e3, 8.6e3, 5.9e3, 4.1e3, 2.9e3, 2.0e3)
_AIR_METRES = 42e3  # at this distance a third of a cloud's own colour is left
_WARP_SIZE = 128
_WARP_RISE = 0.10  # texels of the warp for one of the strip
_WARP_STRENGTH = 3.4
_PUSHED = 9.0  # texels that a billow is pulled about at most
_RIM_SCALE = 4  # a rim is at most a quarter of what it belongs to


@dataclass(frozen=True, slots=True)
class CloudLight:
    """What clouds send towards the viewer in each pixel: share of the sky that they hide, and how much of that is
    in the sun and in the light of the sky."""

    cover: Floats
    lit: Floats
    shade: Floats
    rim: Floats  # thin parts, which light from behind comes through
    solid: Floats  # the share that lets nothing pass; what air before it takes from `cover` is the air's own light


def _dome(at: Floats, tilt: float) -> Floats:
    return np.asarray(np.sqrt(np.maximum(1 - at * at, 0)) * (1 + tilt * at), dtype=np.float32)


def _stamps() -> list[Floats]:
    """Half-spheres of radius 2 … 63 texels, as heights towards the viewer; far below zero outside."""
    stamps = []
    for radius in range(2, 64):
        at = np.arange(-radius, radius + 1, dtype=np.float32)
        inside = radius * radius - at[:, None] ** 2 - at[None, :] ** 2
        stamps.append(np.where(inside > 0, np.sqrt(np.maximum(inside, 0)), -1e3).astype(np.float32))
    return stamps


def _puffs(random: np.random.Generator, wide: float, high: float) -> Floats:
    """(n, 4): x, y above the base, depth and radius of the puffs of one cloud, texels."""
    count = int(9 + wide * 0.09)
    at = np.clip(random.normal(0, 0.46, count), -0.97, 0.97).astype(np.float32)
    lean = float(random.uniform(-0.35, 0.35))
    lumps = 0.72 + 0.28 * np.sin(at * random.uniform(3, 8) + random.uniform(0, 6))
    roof = _dome(at, lean) * high * lumps.astype(np.float32)
    radius = np.clip(roof * random.uniform(0.24, 0.42, count), 5, 46)
    y = np.maximum(roof - radius, 0) * random.uniform(0.15, 1.0, count) ** 0.6
    big = np.stack([at * wide / 2, y, random.normal(0, 0.16, count) * wide, radius], axis=1)
    parts = [big]
    parent = big
    for children, share in ((8, 0.46), (4, 0.48)):
        turn = random.uniform(-0.35, math.pi + 0.35, (len(parent), children))
        lift = random.uniform(-0.2, 0.9, (len(parent), children))
        reach = np.sqrt(1 - np.clip(lift, 0, 1) ** 2) * parent[:, 3:4] * 0.92
        size = parent[:, 3:4] * share * random.uniform(0.65, 1.2, (len(parent), children))
        child = np.stack([parent[:, 0:1] + np.cos(turn) * reach, parent[:, 1:2] + np.sin(turn) * reach,
                          parent[:, 2:3] + lift * parent[:, 3:4], size], axis=2).reshape(-1, 4)  # fmt: skip
        parent = child[(child[:, 3] >= 4) & (child[:, 1] > -2)]
        parts.append(parent)
    return np.concatenate(parts).astype(np.float32)


def _pile(random: np.random.Generator, step: int) -> tuple[Floats, Floats]:
    """Depth towards the viewer of all clouds on the strip, each from its own middle (−1000: none), and their rank."""
    margin = _MARGIN // step
    front = np.full((_HEIGHT // step, _WIDTH // step + 2 * margin), -1e4, np.float32)
    depth, rank = np.full_like(front, -1e3), np.ones_like(front)
    stamps = _stamps()
    wide = np.clip(np.exp(random.normal(4.85, 0.55, _CLOUDS)), 45, 2 * _MARGIN - 125)
    ranks = (np.argsort(np.argsort(-wide * random.uniform(0.3, 1.0, _CLOUDS))) + 0.5) / _CLOUDS
    places = (np.arange(_CLOUDS) + random.uniform(0, 1, _CLOUDS)) / _CLOUDS * _WIDTH
    random.shuffle(places)
    for width, own, place in zip(wide.tolist(), ranks.tolist(), places.tolist(), strict=True):
        high = min(_HEIGHT - _UNDER - 30, width * random.uniform(0.42, 0.72))
        cloud = _heap(_puffs(random, width, high) / np.float32(step), stamps, step) * np.float32(step)
        nearness = np.float32(-800 * own)  # what is left out first stands wholly behind the rest
        first = round(place / step)
        part = (slice(None), slice(first, first + 2 * margin))
        closer = (cloud > -600) & (cloud + nearness > front[part])
        front[part][closer] = cloud[closer] + nearness
        depth[part][closer] = cloud[closer]
        rank[part][closer] = own
    return _folded(depth, front, margin), _folded(rank, front, margin)


def _heap(puffs: Floats, stamps: list[Floats], step: int) -> Floats:
    """Depth towards the viewer of one cloud in the middle of twice the margin; puffs and depth in the strip's own
    texels."""
    margin, base = _MARGIN // step, (_HEIGHT - _UNDER) // step
    cloud = np.full((_HEIGHT // step, 2 * margin), -1e3, np.float32)
    number = np.clip(np.rint(puffs[:, 3]).astype(int) - 2, 0, len(stamps) - 1)
    column = np.rint(puffs[:, 0]).astype(int) + margin
    row = base - np.rint(puffs[:, 1]).astype(int)
    if loops is not None:
        spheres = np.stack([column, row, number + 2], axis=1).astype(np.int32)
        loops.heap_up(at(cloud), cloud.shape[1], base + 5, at(spheres, np.int32), at(puffs[:, 2].copy()), len(puffs))
    else:
        for x, y, z, size in zip(column.tolist(), row.tolist(), puffs[:, 2], number.tolist(), strict=True):
            half = size + 2
            top, low = max(0, y - half), min(base + 5, y + half + 1)
            left, right = max(0, x - half), min(2 * margin, x + half + 1)
            if top < low and left < right:
                there = cloud[top:low, left:right]
                stamp = stamps[size][top - y + half : low - y + half, left - x + half : right - x + half]
                np.maximum(there, stamp + z, out=there)
    _, parts, sizes, _ = cv2.connectedComponentsWithStats((cloud > -600).astype(np.uint8))
    if len(sizes) > 2:  # a puff that stands alone is no cloud
        cloud[parts != 1 + int(np.argmax(sizes[1:, cv2.CC_STAT_AREA]))] = -1e3
    return cloud


def _folded(values: Floats, by: Floats, margin: int) -> Floats:
    """The strip with what stands over its ends put back at the other end, the nearer one `by` depth winning."""
    strip, front = values[:, margin:-margin].copy(), by[:, margin:-margin].copy()
    for here, there in ((slice(-margin, None), slice(0, margin)), (slice(0, margin), slice(-margin, None))):
        nearer = by[:, there] > front[:, here]
        strip[:, here][nearer] = values[:, there][nearer]
        front[:, here] = np.maximum(front[:, here], by[:, there])
    return strip


def _wrapped_blur(image: Floats, sigma: float) -> Floats:
    reach = int(sigma * 3) + 1
    wide = cv2.copyMakeBorder(image, 0, 0, reach, reach, cv2.BORDER_WRAP)
    return np.asarray(cv2.GaussianBlur(wide, (0, 0), sigma)[:, reach:-reach], dtype=np.float32)


def _places(step: int) -> tuple[Floats, Floats]:
    """Column and row of every texel of a strip."""
    x, y = np.meshgrid(np.arange(0, _WIDTH, step, dtype=np.float32), np.arange(0, _HEIGHT, step, dtype=np.float32))
    return x, y


def _shaken(images: tuple[Floats, ...], noise: Floats, amount: float, step: int) -> list[Floats]:
    """The images pulled about by noise: spheres become billows."""
    x, y = _places(step)
    high = np.clip((np.float32(_HEIGHT - _UNDER) - y) / 40, 0.15, 1)  # the base stays flat
    push_x = sample(noise, x, y) * np.float32(amount)
    push_y = sample(noise, x + np.float32(200), y + np.float32(300)) * np.float32(amount) * high
    map_x, map_y = x + np.clip(push_x, -20, 20), y + push_y
    map_x *= np.float32(1 / step)
    map_x += np.float32(_PAD)
    map_y *= np.float32(1 / step)
    wide = [cv2.copyMakeBorder(image, 0, 0, _PAD, _PAD, cv2.BORDER_WRAP) for image in images]
    return [cv2.remap(one, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for one in wide]


def model_strip(random: np.random.Generator, side: float, key_height: float, step: int) -> Bytes:
    """(rows, columns, 4): cover, direct light, light of the sky and rank, for light from `side` (−1 left, 1 right) and
    `key_height` radians up."""
    depth, rank = _pile(random, step)
    noise = spectral_tile(random, 512, 1.6, 9)
    solid = (depth > -600).astype(np.float32)
    around = _wrapped_blur(np.where(solid > 0, depth, 0), 7 / step) / np.maximum(_wrapped_blur(solid, 7 / step), 1e-3)
    solid, depth, rank = _shaken((solid, np.where(solid > 0, depth, around), rank), noise, 3.0, step)
    size = 8 // step + 1
    rank = cv2.erode(rank, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))  # its soft rim belongs to it
    x, y = _places(step)
    fine = sample(noise, x * 2, y * 2)
    up = np.float32(_HEIGHT - _UNDER + 2) - y[:, :1]
    rim = _wrapped_blur(solid, 4 / step)
    ragged = fine * np.float32(0.11) * smooth(0.02, 0.4, rim) * (1 - smooth(0.75, 0.98, rim))
    cover = smooth(0.18, 0.86, _wrapped_blur(solid, 1.3 / step) + ragged) * smooth(-5, 11, up + fine * 3)
    cliff = (depth + np.float32(70)) * solid
    lx, ly = side * math.cos(key_height) * 0.92, math.sin(key_height)
    lambert: Floats = np.zeros_like(depth)
    for share, relief, sigma in ((0.36, depth, 1.5), (0.34, depth, 4.0), (0.40, cliff, 12.0)):
        lambert += np.float32(share) * _lambert(_wrapped_blur(relief, sigma / step) * np.float32(1 / step), lx, ly)
    shadow = _marched(cover * smooth(-120, 60, depth), lx, ly)
    cavity = np.clip(_wrapped_blur(depth, 9 / step) - depth, -30, 24) * np.float32(1 / 90)
    high = np.clip(up / 110, 0, 1)
    direct = np.clip(np.float32(0.22) + lambert, 0, 1) * (np.float32(0.25) + np.float32(0.75) * shadow)
    direct *= np.float32(0.30) + np.float32(0.70) * smooth(-0.05, 0.50, high) - np.clip(cavity, 0, 1) * np.float32(0.5)
    low_sun = np.float32(1 + max(0.0, 1 - key_height / 0.6))  # a low sun leaves more of a cloud in its own shadow
    direct = np.clip(direct, 0, 1) ** low_sun
    sky = np.clip(np.float32(0.30) + np.float32(0.70) * high**0.6 - cavity * np.float32(0.9), 0, 1)
    both = np.stack([cover, direct, sky, np.broadcast_to(rank, cover.shape)], axis=2)
    return np.asarray(np.clip(both, 0, 1) * np.float32(255), dtype=np.uint8)


def _lambert(relief: Floats, lx: float, ly: float) -> Floats:
    """How squarely a relief faces the light, with the slopes of outlines held back."""
    down, right = np.gradient(relief)
    right, down = np.clip(right, -2.2, 2.2), np.clip(down, -2.2, 2.2)
    facing = 1 / np.sqrt(right * right + down * down + 1)
    return np.asarray((-right * np.float32(lx) + down * np.float32(ly) + np.float32(0.3)) * facing, dtype=np.float32)


def _marched(mass: Floats, lx: float, ly: float) -> Floats:
    """Light left after the way through the cloud towards the sun, on the strip (Beer's law, seven steps)."""
    small = cv2.resize(mass, (_WIDTH // 2, _HEIGHT // 2), interpolation=cv2.INTER_AREA)
    depth: Floats = np.zeros_like(small)
    length = math.hypot(lx, ly)
    for step in (2, 4, 7, 11, 16, 23, 32):
        right, down = lx / length * step, -ly / length * step
        wide = cv2.copyMakeBorder(small, 0, 0, 40, 40, cv2.BORDER_WRAP)
        move = np.array([[1, 0, 40 + right], [0, 1, down]], np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(wide, move, (small.shape[1], small.shape[0]), flags=flags, borderValue=0)
        depth += as_floats(cv2.blur(moved, (3, 3))) * np.float32(step**0.5)
    left = cv2.exp(depth * np.float32(-0.055))
    return np.asarray(cv2.resize(left, (mass.shape[1], mass.shape[0]), interpolation=cv2.INTER_LINEAR))


def _apart(start: float, sizes: list[float]) -> list[float]:
    """Where on the strip each curtain has its middle, so that neighbouring ones show different clouds."""
    widths = [0.95 * away / (_TEXEL_METRES * size) for away, size in zip(_DISTANCES, sizes, strict=True)]
    offsets = [start]
    for nearer, farther in zip(widths[:0:-1], widths[-2::-1], strict=True):
        offsets.append((offsets[-1] + (nearer + farther) / 2) % _WIDTH)
    return offsets[::-1]


def _warp_tile(random: np.random.Generator) -> Floats:
    """Two fields that pull billows about, across and up."""
    across, up = spectral_tile(random, _WARP_SIZE, 1.6, 2), spectral_tile(random, _WARP_SIZE, 1.6, 2) * np.float32(0.6)
    return as_floats(np.dstack([across, up, across, up]))  # four channels are read faster than two


def _warp_columns(u: Floats, number: int) -> Floats:
    """Where the warp is read for places along the strip: it wraps where the strip does."""
    turns = np.float32(round(_WIDTH * _WARP_RISE / _WARP_SIZE) * _WARP_SIZE / _WIDTH)
    return as_floats(u * turns + np.float32(number * 17))


def _drift(seconds: float) -> float:
    return seconds * 0.1 % _WARP_SIZE


class Cumulus:
    """The curtains of one film. `cloudiness`: share of the sky between horizon and 18° that they hide; `is_fine`:
    modelled in full, and billows change while they drift."""

    def __init__(self, random: np.random.Generator, cloudiness: float, side: float, key_height: float, wind: float,
                 is_fine: bool) -> None:  # fmt: skip
        self._finest = 0 if is_fine else 1
        step = 1 << self._finest
        strip = model_strip(random, side, key_height, step)
        base = float(random.uniform(1050, 1450))
        self._sizes = random.uniform(0.8, 1.25, len(_DISTANCES)).tolist()
        self._offsets = _apart(float(random.uniform(0, _WIDTH)), self._sizes)
        self._bases = base * random.uniform(0.9, 1.15, len(_DISTANCES))
        self._wind = wind * (7.0 + 3.0 * float(random.random())) * float(random.choice([-1.0, 1.0]))
        self._warp = _warp_tile(random) if is_fine else None
        strips: list[Bytes] = []
        for _ in range(self._finest, _LEVELS):
            strips.append(cv2.copyMakeBorder(strip, 0, 0, _PAD, _PAD, cv2.BORDER_WRAP))
            strip = cv2.resize(strip, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        self._levels, self._tallest = strips, _HEIGHT - _UNDER
        keep = self._fit(strips, cloudiness)
        self._levels = [_kept(one, keep) for one in strips]
        empty = int(np.argmax(self._levels[0][..., 0].any(axis=1))) * step
        self._tallest -= max(0, empty - math.ceil(_PUSHED))

    def _fit(self, strips: list[Bytes], cloudiness: float) -> float:
        """The rank up to which clouds are kept, so that the share of hidden sky is as asked (bisection)."""
        lens = Lens(112, 40, 112 * 1.02, 38.0)  # so coarse that the finest strip is not read
        low, high = 0.0, 1.1
        for _ in range(7):
            keep = (low + high) / 2
            unread = strips[: 1 - self._finest]
            self._levels = [*unread, *(_kept(one, keep) for one in strips[len(unread) :])]
            share = float(self.draw(Pose(), lens, 0.0).cover.mean())
            low, high = (keep, high) if share < cloudiness else (low, keep)
        return (low + high) / 2

    def draw(self, pose: Pose, lens: Lens, seconds: float) -> CloudLight:
        """Cover and light of all curtains in every pixel of the lens."""
        fields = np.zeros((5, lens.rows, lens.width), np.float32)
        slopes = lens.slopes()
        turn = np.arctan(slopes)
        for number, away in enumerate(_DISTANCES):
            rows = self._rows(number, away, lens)
            if rows.stop > rows.start:
                self._lay(number, away, rows, pose, lens, turn, seconds, fields)
        return CloudLight(*fields)

    def _rows(self, number: int, away: float, lens: Lens) -> slice:
        metres = _TEXEL_METRES * self._sizes[number]
        top = lens.horizon - (self._bases[number] + self._tallest * metres) / away * lens.focal
        low = lens.horizon - (self._bases[number] - _UNDER * metres) / away * lens.focal * math.cos(0.62) + 1
        return slice(max(0, int(top)), max(0, min(lens.rows, int(low))))

    def _lay(self, number: int, away: float, rows: slice, pose: Pose, lens: Lens, turn: Floats, seconds: float,
             fields: Floats) -> None:  # fmt: skip
        metres = _TEXEL_METRES * self._sizes[number]
        level = min(_LEVELS - 1, max(self._finest, math.ceil(math.log2(max(1.0, away / lens.focal / metres)) - 0.2)))
        scale = np.float32(0.5**level)
        ahead = turn + np.float32(pose.yaw)
        along = ahead * np.float32(away) - np.cos(ahead) * np.float32(pose.x) + np.sin(ahead) * np.float32(pose.z)
        u = along / np.float32(metres) + np.float32(self._offsets[number] + seconds * self._wind / metres % _WIDTH)
        u = np.mod(u, np.float32(_WIDTH))[None, :]
        slope = np.cos(turn)[None, :] * np.float32(-away / lens.focal / metres)
        base = np.float32(_HEIGHT - _UNDER + self._bases[number] / metres)
        column = (u + np.float32(0.5)) * scale + np.float32(_PAD - 0.5)
        strip, clear = self._levels[level - self._finest], math.exp(-away / _AIR_METRES)
        if loops is not None:
            self._lay_at_once(
                number, strip, column, u, slope, float(base), float(scale), clear, rows, lens, seconds, fields
            )
            return
        rise = np.float32(lens.horizon - 0.5) - np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
        map_y = rise * (slope * scale)
        map_y += (base + np.float32(0.5)) * scale - np.float32(0.5)
        map_x = np.repeat(column, rise.size, axis=0)
        if self._warp is not None:
            small_v = rise[::4] * slope[:, ::4] + base
            size = (map_x.shape[1], map_x.shape[0])
            for place, push in zip((map_x, map_y), self._push(u[:, ::4], small_v, seconds, number), strict=True):
                np.add(place, cv2.resize(push * scale, size, interpolation=cv2.INTER_LINEAR), out=place)
        seen = cv2.remap(strip, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        self._over(seen, clear, rows, fields)

    def _lay_at_once(self, number: int, strip: Bytes, column: Floats, u: Floats, slope: Floats, base: float,
                     scale: float, clear: float, rows: slice, lens: Lens, seconds: float,
                     fields: Floats) -> None:  # fmt: skip
        """The same in one pass."""
        far = np.array([lens.horizon - 0.5 - rows.start, base, scale, 0.5 * scale - 0.5, _WARP_RISE, _drift(seconds),
                        _WARP_STRENGTH, _PUSHED], np.float32)  # fmt: skip
        shares = np.array([clear / 255, clear / 255, clear / 255, clear / 255 / _RIM_SCALE], np.float32)
        along = np.ascontiguousarray(_warp_columns(u[:, ::4], number))
        warp = self._warp if self._warp is not None else along
        loops.lay_curtain(
            at(fields), lens.rows, lens.width, rows.start, rows.stop,
            at(strip, np.uint8), *strip.shape[1::-1], at(column), at(slope), at(far), at(shares), at(warp),
            _WARP_SIZE if self._warp is not None else 0, at(along),
        )  # fmt: skip

    def _push(self, u: Floats, v: Floats, seconds: float, number: int) -> list[Floats]:
        """How far billows have been pulled about at each place by now, texels across and up."""
        assert self._warp is not None
        across = np.repeat(_warp_columns(u, number), v.shape[0], axis=0)
        push = sample(self._warp, across, v * np.float32(_WARP_RISE) + np.float32(_drift(seconds)))
        return [np.clip(push[..., i] * np.float32(_WARP_STRENGTH), -_PUSHED, _PUSHED) for i in range(2)]

    def _over(self, seen: Bytes, clear: float, rows: slice, fields: Floats) -> None:
        """Lay one curtain before those that stand behind it."""
        own, lit, shade, rim = cv2.split(seen)
        left = own.astype(np.float32)
        left *= np.float32(-1 / 255)
        left += np.float32(1)
        part = np.empty_like(left)
        powers = (clear / 255, clear / 255, clear / 255, clear / 255 / _RIM_SCALE, 1 / 255)
        for field, values, power in zip(fields, (own, lit, shade, rim, own), powers, strict=True):
            under = field[rows]
            under *= left
            np.multiply(values, np.float32(power), out=part)
            under += part


def _kept(strip: Bytes, keep: float) -> Bytes:
    """A strip with the clouds up to a rank alone: cover, and how much of it is in the sun, in the light of the sky, and
    a thin rim."""
    alpha, direct, sky, rank = (part.astype(np.float32) for part in cv2.split(strip))
    alpha *= np.float32(1 / 255)
    own = alpha * np.clip((np.float32(keep * 255 + 16) - rank) * np.float32(1 / 32), 0, 1)
    rim = own * (1 - alpha) * np.clip(sky * np.float32(1 / 120) - np.float32(0.9), 0.12, 1)
    parts = (own * 255, own * direct, own * sky, rim * np.float32(255 * _RIM_SCALE))
    return np.asarray(cv2.merge([(part + np.float32(0.5)).astype(np.uint8) for part in parts]), dtype=np.uint8)
