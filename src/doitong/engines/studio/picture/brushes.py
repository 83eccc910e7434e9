"""Motion brushes: parts of a picture that move by themselves, in loops without a seam.

A brush that flows is drawn twice, half a cycle apart, each fading while the other is fresh; what the mixture loses in
contrast is given back, so that sharpness does not pulse. One that rotates makes whole turns where its mask is round
enough to hide them. One that sways, waves or ripples is bent to and fro. Everything returns to its beginning at the
end of the film. A direction is in degrees: 0 to the right, 90 up.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from doitong.engines.port import EngineRequest
from doitong.engines.studio.arrays import Bytes, Floats, Planes, smooth
from doitong.engines.studio.picture.frame import Canvas, on_canvas
from doitong.engines.studio.picture.intake import read_map, resized
from doitong.engines.studio.picture.layers import Layer
from doitong.engines.studio.picture.view import View

FIELD_SIDE = 480  # cells of a brush's field along the canvas' longer side
_SOFT_EDGE = 0.010  # of the field
_POLYGON_CELLS = 8  # fractional bits of a polygon's corners
_CYCLE_SECONDS = 1.7
_SWING_SECONDS = 2.6
_MOST_FLOW = 0.09  # of the field's width in a second, at full speed
_TURNS_A_SECOND = 0.4  # at full speed

Offsets = tuple[Floats, Floats]
Motion = Callable[[float], Offsets]
Box = tuple[slice, slice]  # columns and rows of a frame


@dataclass(frozen=True, slots=True)
class Brush:
    """`mask`: 0–1 at the field's size; `direction` in degrees, `speed` 0–1; `mode`: how it moves."""

    mask: Floats
    mode: str
    direction: float = 0.0
    speed: float = 0.5


def field_size(canvas: Canvas) -> tuple[int, int]:
    """Width and height of the fields of a canvas."""
    rows, columns = canvas.pixels.shape[:2]
    scale = min(1.0, FIELD_SIDE / max(rows, columns))
    return max(16, round(columns * scale)), max(16, round(rows * scale))


def read_brushes(request: EngineRequest, canvas: Canvas) -> list[Brush]:
    """The brushes of a request. Raises OSError or ValueError when a mask cannot be read."""
    if request.motion is None:
        return []
    width, height = field_size(canvas)
    brushes = []
    for given in request.motion.brushes:
        if given.get("polygon"):
            mask = _polygon(given["polygon"], canvas, width, height)
        else:
            mask = smooth(0.2, 0.8, on_canvas(read_map(Path(given["mask"])), canvas, width, height))
        brushes.append(Brush(soft(mask), given["mode"], float(given["direction"]), float(given["speed"])))
    return brushes


def soft(mask: Floats) -> Floats:
    """A mask with a soft edge."""
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(1.0, max(mask.shape) * _SOFT_EDGE)), dtype=np.float32)


def _polygon(points: Sequence[Sequence[float]], canvas: Canvas, width: int, height: int) -> Floats:
    left, top, right, bottom = canvas.box
    scale = np.array([width / (right - left), height / (bottom - top)])
    corners = (np.array(points) - np.array([left, top])) * scale - 0.5
    mask = np.zeros((height, width), np.float32)
    fixed = np.round(corners * 2**_POLYGON_CELLS).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 1.0, cv2.LINE_AA, _POLYGON_CELLS)
    return mask


@dataclass(slots=True)
class Current:
    """All that moves in one layer. Offsets are pixels of the canvas, away from where a sample would be taken."""

    scale: float  # pixels of the canvas for a cell of the field
    cycles: int
    swings: list[Motion] = field(default_factory=list)
    flows: list[Motion] = field(default_factory=list)
    turns: list[tuple[Floats, Motion]] = field(default_factory=list)
    flowing: Floats | None = None
    likeness: Floats | None = None  # of two samples half a cycle apart, 0–1
    mean: Planes | None = None

    @classmethod
    def of(cls, brushes: Sequence[Brush], layers: Sequence[Layer], place: int, seconds: int) -> "Current | None":
        """What moves in layer number `place`: each brush belongs to the layer that most of it lies on."""
        own = [brush for brush in brushes if _layer_of(brush, layers) == place and float(brush.mask.max()) > 0.05]
        if not own:
            return None
        colour = layers[place].colour
        scale = colour.shape[1] / own[0].mask.shape[1]
        current = cls(scale, max(1, round(seconds / _CYCLE_SECONDS)))
        for brush in own:
            weight = smooth(0.15, 0.85, brush.mask)
            if brush.mode == "flow":
                current.flows.append(_flowing(brush, scale, seconds / current.cycles))
                current.flowing = weight if current.flowing is None else np.maximum(current.flowing, weight)
            elif brush.mode == "rotate":
                current.turns.append((weight, _turning(brush, scale, seconds)))
            else:
                current.swings.append(_SWINGS[brush.mode](brush, scale, max(1, round(seconds / _SWING_SECONDS))))
        if current.flows:
            current._weigh(colour)
        return current

    def sway(self, moment: float, x: Floats, y: Floats) -> Offsets:
        """Offsets of all that bends, at places of the canvas."""
        return self._at(self.swings, moment, x, y)

    def draw(self, drawn: Bytes, colour: Bytes, view: View, cells: Offsets, box: Box, moment: float) -> None:
        """Draw what flows and turns over a box of a frame, whose cells lie at these places of the canvas."""
        if self.flows:
            self._draw_flow(drawn, colour, view, cells, box, moment)
        for mask, turn in self.turns:
            dx, dy = self._at([turn], moment, *cells)
            there = cells[0] + dx, cells[1] + dy
            weight = self._sampled(mask, *cells) * self._sampled(mask, *there)
            place = _common(view.box(weight > 0.004), box)
            if place is not None:
                _lay(
                    drawn, _taken(colour, view, there, place).astype(np.float32), view.whole(weight, *place), place, box
                )

    def _draw_flow(self, drawn: Bytes, colour: Bytes, view: View, cells: Offsets, box: Box, moment: float) -> None:
        """Two samples half a cycle apart, and the contrast that their mixture lost."""
        assert self.flowing is not None
        assert self.likeness is not None
        assert self.mean is not None
        x, y = cells
        seen = self._sampled(self.flowing, x, y)
        place = _common(view.box(seen > 0.004), box)
        if place is None:
            return
        phase = (moment * self.cycles) % 1.0
        share = 1 - abs(2 * phase - 1)
        samples = []
        for now in (phase, (phase + 0.5) % 1.0):
            dx, dy = self._at(self.flows, now - 0.5, x, y)
            samples.append(_taken(colour, view, (x + dx, y + dy), place))
        mixed = cv2.addWeighted(samples[0], share, samples[1], 1 - share, 0.0, dtype=cv2.CV_32F)
        alike = self._sampled(self.likeness, x, y)
        left = share * share + (1 - share) ** 2 + 2 * share * (1 - share) * alike  # of the variance
        gain = view.whole((1 / np.sqrt(np.maximum(left, 0.3))).astype(np.float32), *place)
        planes = [self._sampled(plane, x, y) for plane in self.mean]
        mean = cv2.merge([view.whole(plane, *place) for plane in planes])
        _lay(drawn, mean + (mixed - mean) * gain[..., None], view.whole(seen, *place), place, box)

    def _weigh(self, colour: Bytes) -> None:
        """How alike the two samples are where it flows, and the mean that contrast is measured from."""
        assert self.flowing is not None
        rows, columns = self.flowing.shape
        small = resized(colour, columns, rows).astype(np.float32)
        reach = columns / 40
        mean = np.asarray(cv2.GaussianBlur(small, (0, 0), reach), dtype=np.float32)
        red, green, blue = (np.ascontiguousarray(plane) for plane in cv2.split(mean))
        self.mean = red, green, blue
        detail = (small - mean).sum(axis=-1)
        y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
        parts = []
        for phase in (-0.25, 0.25):
            dx, dy = _summed([flow(phase) for flow in self.flows])
            at_x, at_y = x + dx / np.float32(self.scale), y + dy / np.float32(self.scale)
            parts.append(cv2.remap(detail, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101))
        one, two = parts

        def local(product: Floats) -> Floats:
            return np.asarray(cv2.GaussianBlur(product, (0, 0), reach * 1.5))

        alike = local(one * two) / np.sqrt(local(one * one) * local(two * two) + np.float32(1.0))
        self.likeness = np.clip(alike, 0, 1).astype(np.float32)

    def _at(self, motions: Sequence[Motion], moment: float, x: Floats, y: Floats) -> Offsets:
        if not motions:
            return np.zeros_like(x), np.zeros_like(x)
        dx, dy = _summed([motion(moment) for motion in motions])
        return self._sampled(dx, x, y), self._sampled(dy, x, y)

    def _sampled(self, plane: Floats, x: Floats, y: Floats) -> Floats:
        scale, shift = np.float32(1 / self.scale), np.float32(0.5 / self.scale - 0.5)
        at_x, at_y = x * scale + shift, y * scale + shift
        return np.asarray(cv2.remap(plane, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _summed(offsets: Sequence[Offsets]) -> Offsets:
    dx, dy = offsets[0]
    for other_x, other_y in offsets[1:]:
        dx, dy = dx + other_x, dy + other_y
    return dx, dy


def _common(one: Box | None, other: Box) -> Box | None:
    """What two boxes share."""
    if one is None:
        return None
    columns, rows = (slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return (columns, rows) if columns.start < columns.stop and rows.start < rows.stop else None


def _taken(colour: Bytes, view: View, cells: Offsets, place: Box) -> Bytes:
    """The canvas' colours in a box of a frame whose cells lie at these places of the canvas."""
    map_x, map_y = view.whole(cells[0], *place), view.whole(cells[1], *place)
    return np.asarray(cv2.remap(colour, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101))


def _lay(drawn: Bytes, over: Floats, weight: Floats, place: Box, box: Box) -> None:
    """Lay something over a part of what is drawn in a box of a frame."""
    columns, rows = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(place, box, strict=True))
    still = drawn[rows, columns].astype(np.float32)
    still += (over - still) * weight[..., None]
    drawn[rows, columns] = np.clip(still + np.float32(0.5), 0, 255).astype(np.uint8)


def _layer_of(brush: Brush, layers: Sequence[Layer]) -> int:
    cover = layers[-1].cover
    if cover is None:
        return 0
    seen = resized(cover, brush.mask.shape[1], brush.mask.shape[0])
    return len(layers) - 1 if float((seen * brush.mask).sum()) > 0.5 * float(brush.mask.sum()) else 0


def _way(degrees: float) -> tuple[float, float]:
    """Right and down of a direction, rows counted downwards."""
    return math.cos(math.radians(degrees)), -math.sin(math.radians(degrees))


def _flowing(brush: Brush, scale: float, seconds: float) -> Motion:
    """Straight on; slower towards the mask's own edge, so that nothing is drawn in from outside."""
    right, down = _way(brush.direction)
    reach = _reach_along(brush.mask > 0.4, brush.direction)
    rows, columns = brush.mask.shape
    wanted = _MOST_FLOW * brush.speed * max(rows, columns) * seconds / 2  # cells in half a cycle
    half = np.minimum(reach * np.float32(0.9), np.float32(max(wanted, 0.0)))
    half = cv2.GaussianBlur(half, (0, 0), 3.0) * np.float32(2 * scale)
    along_x, along_y = half * np.float32(right), half * np.float32(down)

    def offsets(phase: float) -> Offsets:
        return along_x * np.float32(-phase), along_y * np.float32(-phase)

    return offsets


def _reach_along(mask: Floats, degrees: float) -> Floats:
    """How many cells one can go both ways along a direction without leaving the mask; its rim is no edge."""
    rows, columns = mask.shape
    side = math.ceil(math.hypot(rows, columns)) + 4
    turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), -degrees, 1.0)
    turn[:, 2] += (side / 2 - columns / 2, side / 2 - rows / 2)
    flat = cv2.warpAffine(
        mask.astype(np.uint8), turn, (side, side), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    at = np.arange(side)[None, :]
    out = flat == 0
    behind = at - np.maximum.accumulate(np.where(out, at, -side), axis=1)
    ahead = np.minimum.accumulate(np.where(out, at, 2 * side)[:, ::-1], axis=1)[:, ::-1] - at
    reach = np.minimum(np.minimum(behind, ahead), side).astype(np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(reach, turn, (columns, rows), flags=flags))


def _turning(brush: Brush, scale: float, seconds: float) -> Motion:
    """Whole turns round the mask's middle, clockwise; a direction to the left turns the other way."""
    x, y, _ = _from_middle(brush.mask)
    sign = -1.0 if math.cos(math.radians(brush.direction)) >= 0 else 1.0
    turns = max(1, round(_TURNS_A_SECOND * brush.speed * seconds)) if brush.speed > 0 else 0

    def offsets(moment: float) -> Offsets:
        angle = sign * 2 * math.pi * turns * moment
        c, s = np.float32((math.cos(angle) - 1) * scale), np.float32(math.sin(angle) * scale)
        return x * c - y * s, x * s + y * c

    return offsets


def _from_middle(mask: Floats) -> tuple[Floats, Floats, Floats]:
    """Cells right of and below the mask's middle, and the distance from it."""
    rows, columns = mask.shape
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    total = max(float(mask.sum()), 1e-6)
    x -= np.float32(float((x * mask).sum()) / total)
    y -= np.float32(float((y * mask).sum()) / total)
    return x, y, np.sqrt(x * x + y * y)


def _noise(shape: tuple[int, ...], cells: float, seed: int) -> Floats:
    """Smooth noise of −1 to 1."""
    random = np.random.default_rng([seed, 97])
    rows, columns = (math.ceil(side / cells) + 2 for side in shape)
    small = random.random((rows, columns), dtype=np.float32) * 2 - 1
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC))


def _swaying(brush: Brush, scale: float, swings: int) -> Motion:
    """Held below and free above, as trees and grass in the wind: a slow bend and a quick flutter."""
    rows, columns = brush.mask.shape
    inside = np.flatnonzero((brush.mask > 0.3).any(axis=1))
    top, bottom = (int(inside[0]), int(inside[-1])) if inside.size else (0, rows - 1)
    height = np.clip((bottom - np.arange(rows, dtype=np.float32)) / max(1, bottom - top), 0, 1)[:, None]
    size = max(rows, columns)
    bend = brush.mask * height**1.4 * np.float32(size * scale * (0.003 + 0.010 * brush.speed))
    flutter = brush.mask * np.float32(size * scale * (0.0010 + 0.0026 * brush.speed))
    lag, tremble = _noise(brush.mask.shape, size / 6, 1) * 1.1, _noise(brush.mask.shape, size / 26, 2) * 3.0
    tremble_y = _noise(brush.mask.shape, size / 22, 3) * 3.0
    right, down = (np.float32(part) for part in _way(brush.direction))

    def offsets(moment: float) -> Offsets:
        turn = np.float32(2 * math.pi * moment)
        slow = np.sin(turn * swings + lag) + np.float32(0.4) * np.sin(turn * (2 * swings + 1) + 2 * lag)
        along = bend * slow + flutter * np.sin(turn * (3 * swings + 1) + tremble)
        across = flutter * np.float32(0.7) * np.sin(turn * (4 * swings - 1) + tremble_y)
        return along * right - across * down, along * down + across * right

    return offsets


def _waving(brush: Brush, scale: float, swings: int) -> Motion:
    """Waves that travel along the direction, as in cloth or a heavy sea."""
    rows, columns = brush.mask.shape
    size = max(rows, columns)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    right, down = (np.float32(part) for part in _way(brush.direction))
    bent = _noise(brush.mask.shape, size / 4, 4) * np.float32(1.2)
    place = (x * right + y * down) * np.float32(2 * math.pi / size)
    long, short = place * 9 + bent, place * np.float32(15.3) + 1.7 * bent
    reach = brush.mask * np.float32(size * scale * (0.0015 + 0.0040 * brush.speed))

    def offsets(moment: float) -> Offsets:
        turn = np.float32(2 * math.pi * moment)
        one, two = long - turn * (2 * swings), short - turn * (3 * swings)
        along = reach * (np.sin(one) + np.float32(0.45) * np.sin(two))
        across = reach * np.float32(0.7) * (np.cos(one) + np.float32(0.4) * np.cos(two))
        return along * right - across * down, along * down + across * right

    return offsets


def _rippling(brush: Brush, scale: float, swings: int) -> Motion:
    """Rings that run out from the mask's middle."""
    x, y, away = _from_middle(brush.mask)
    size = max(brush.mask.shape)
    inverse = 1 / np.maximum(away, 1.0)
    reach = brush.mask * np.float32(size * scale * (0.0016 + 0.0050 * brush.speed)) * np.minimum(away / 6, 1)
    rings = away * np.float32(2 * math.pi * 20 / size)

    def offsets(moment: float) -> Offsets:
        out = reach * np.sin(rings - np.float32(2 * math.pi * moment * 3 * swings)) * inverse
        return x * out, y * out

    return offsets


def _watering(brush: Brush, scale: float, swings: int) -> Motion:
    """Water seen along its surface: crests closer and smaller towards the upper edge of the mask."""
    rows = brush.mask.shape[0]
    inside = np.flatnonzero((brush.mask > 0.3).any(axis=1))
    top, bottom = (int(inside[0]), int(inside[-1]) + 1) if inside.size else (0, rows)
    down = np.clip((np.arange(rows, dtype=np.float32) - top) / max(1, bottom - top), 0, 1)[:, None]
    tall = max(8, bottom - top)
    away = 1 / (down + np.float32(0.12))
    bent = _noise(brush.mask.shape, max(brush.mask.shape) / 9, 5) * np.float32(1.5)
    fine = _noise(brush.mask.shape, max(brush.mask.shape) / 30, 6) * np.float32(2.0)
    reach = brush.mask * (np.float32(0.05) + down) * np.float32(tall * scale * (0.006 + 0.012 * brush.speed))
    long, short = away * 14 + bent, away * 31 + fine

    def offsets(moment: float) -> Offsets:
        turn = np.float32(2 * math.pi * moment)
        one, two = long + turn * (2 * swings), short + turn * (3 * swings)
        dx = reach * (np.sin(one + bent) + np.float32(0.5) * np.sin(two + fine))
        dy = reach * np.float32(0.55) * (np.cos(one) + np.float32(0.5) * np.cos(two))
        return dx, dy

    return offsets


_SWINGS: dict[str, Callable[[Brush, float, int], Motion]] = {
    "sway": _swaying,
    "wave": _waving,
    "ripple": _rippling,
    "water": _watering,
}
