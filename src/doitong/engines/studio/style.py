"""Styles: what becomes of a graded picture before it is encoded. One class a style, one line in `STYLES`.

A style gets red, green and blue as the eye would see them (gamma-coded, 0–1) and gives back the same. It is built once
for a film and may be called from several threads; what it needs of chance comes from the film's seed. Paper, hatching
and dust stay where they are on the screen, so that only the scene moves.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats, Planes, smooth
from doitong.engines.studio.noise import spectral_tile
from doitong.engines.studio.scene import Style

_PIXEL_ROWS = 120  # rows of blocks across the shorter side of pixel art
_PALETTE_COLOURS = 28
_LUT_LEVELS = 32


class Filter(Protocol):
    """One style at work. `grain` is how strong the film grain over it is, 1.0 as usual."""

    grain: float

    def paint(self, coded: Planes, number: int) -> Planes:
        """The styled picture of frame `number`."""
        ...


class Cinematic:
    """Teal shadows and warm lights (split toning), more contrast, a lens that darkens its corners."""

    grain = 1.0

    def __init__(self, width: int, height: int, seed: int) -> None:
        self._corner = _corners(width, height, 0.34)
        steps = np.linspace(0, 1, 1025, dtype=np.float32)
        s_curve = steps + np.float32(0.10) * np.sin((steps - np.float32(0.5)) * np.float32(2 * np.pi)) * np.float32(0.5)
        lights, shadows = smooth(0.35, 0.95, steps), 1 - smooth(0.05, 0.60, steps)
        tones = zip((0.045, 0.012, -0.050), (-0.022, 0.010, 0.030), strict=True)
        self._curves = [
            np.clip(s_curve + high * lights + low * shadows, 0, 1).astype(np.float32) for high, low in tones
        ]

    def paint(self, coded: Planes, number: int) -> Planes:
        red, green, blue = (
            _through(curve, plane) * self._corner for curve, plane in zip(self._curves, coded, strict=True)
        )
        return red, green, blue


class Anime:
    """Flat areas of clear colour with soft steps of tone and thin dark outlines (XDoG: Winnemöller and others 2012)."""

    grain = 0.0

    def __init__(self, width: int, height: int, seed: int) -> None:
        self._line = max(1.0, min(width, height) / 720)

    def paint(self, coded: Planes, number: int) -> Planes:
        flat = _flattened(_bytes(coded), rounds=3, sigma=46)
        tone = cv2.cvtColor(flat, cv2.COLOR_RGB2HSV_FULL).astype(np.float32)
        tone[..., 1] = np.minimum(tone[..., 1] * np.float32(1.45) + 4, 255)
        value = np.minimum(tone[..., 2] * np.float32(1.10 / 255) + np.float32(0.03), 1)
        tone[..., 2] = _stepped(value, 8, 0.30) * 255
        colour = cv2.cvtColor(tone.astype(np.uint8), cv2.COLOR_HSV2RGB_FULL)
        ink = _outlines(value, self._line, 0.975, 18.0)
        return _planes(colour, np.float32(0.22) + np.float32(0.78) * ink)


class Watercolour:
    """Pigment on paper: washes without detail, edges where it dries darker, bleeding outlines, the paper's grain."""

    grain = 0.0

    def __init__(self, width: int, height: int, seed: int) -> None:
        random = np.random.default_rng([seed, 61])
        scale = max(1.0, min(width, height) / 720)
        paper = _texture(random, width, height, 0.75, 14, scale)
        self._paper = (np.float32(1) + np.float32(0.035) * paper).astype(np.float32)
        self._granules = (np.float32(0.06) * paper).astype(np.float32)
        self._bloom = (np.float32(0.05) * _texture(random, width, height, 1.5, 5, scale)).astype(np.float32)
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        self._map_x = x + _texture(random, width, height, 1.1, 10, scale) * np.float32(1.8 * scale)
        self._map_y = y + _texture(random, width, height, 1.1, 10, scale) * np.float32(1.8 * scale)
        self._scale = scale
        ragged = _texture(random, width, height, 1.9, 4, scale) * np.float32(0.009)
        edge = np.minimum(np.minimum(x + 0.5, width - x - 0.5), np.minimum(y + 0.5, height - y - 0.5)) / min(
            width, height
        )
        self._sheet = smooth(0.012, 0.034, (edge + ragged).astype(np.float32))

    def paint(self, coded: Planes, number: int) -> Planes:
        wash = _flattened(_bytes(coded), rounds=2, sigma=38)
        wet = cv2.remap(wash, self._map_x, self._map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        light = cv2.cvtColor(wet, cv2.COLOR_RGB2GRAY).astype(np.float32) * np.float32(1 / 255)
        around = cv2.GaussianBlur(light, (0, 0), 3.2 * self._scale)
        dried = np.clip(np.abs(around - light) * np.float32(2.6) - np.float32(0.02), 0, np.float32(0.42))
        strength = np.float32(1) + self._bloom + dried + self._granules * (1 - light)
        planes = []
        for i in range(3):
            plane = wet[..., i].astype(np.float32) * np.float32(1 / 255)
            plane = light + (plane - light) * np.float32(1.85)
            plane = np.float32(1) - (np.float32(1) - plane) * np.float32(0.92) * strength
            plane = self._sheet * plane + (1 - self._sheet) * np.float32((0.975, 0.965, 0.94)[i])
            planes.append(np.clip(plane * self._paper, 0, 1))
        return planes[0], planes[1], planes[2]


class Noir:
    """Black and white through a red filter: dark skies, hard light, heavy corners."""

    grain = 2.4

    def __init__(self, width: int, height: int, seed: int) -> None:
        self._corner = _corners(width, height, 0.75)
        steps = np.linspace(0, 1, 1025, dtype=np.float32)
        self._curve = np.clip(smooth(0.10, 0.90, steps) * np.float32(0.95) + steps * np.float32(0.05), 0, 1)

    def paint(self, coded: Planes, number: int) -> Planes:
        red, green, blue = coded
        grey = red * np.float32(0.72) + green * np.float32(0.40) - blue * np.float32(0.12)
        toned = _through(self._curve, grey) * self._corner
        return toned, toned, toned


class Vintage:
    """An old print: faded blacks, amber lights, gate weave, dust and a scratch now and then."""

    grain = 2.8

    def __init__(self, width: int, height: int, seed: int) -> None:
        self._seed, self._size = seed, (width, height)
        self._corner = _corners(width, height, 0.62)
        steps = np.linspace(0, 1, 1025, dtype=np.float32)
        body = smooth(0.0, 1.06, steps) * np.float32(0.45) + steps * np.float32(0.55)
        self._curves = [lift + body * span for lift, span in ((0.105, 0.86), (0.080, 0.82), (0.075, 0.66))]
        self._weave = max(1.0, min(width, height) / 720)

    def paint(self, coded: Planes, number: int) -> Planes:
        random = np.random.default_rng([self._seed, 67, number])
        light = coded[0] * np.float32(0.35) + coded[1] * np.float32(0.5) + coded[2] * np.float32(0.15)
        drift = self._weave * np.array([np.sin(number * 0.61) * 0.5, np.sin(number * 0.43 + 1) * 0.7])
        shift = np.array([[1, 0, drift[0]], [0, 1, drift[1]]], np.float32)
        flicker = np.float32(1 + 0.006 * np.sin(number * 1.7) + 0.003 * random.standard_normal())
        planes = []
        for plane, curve in zip(coded, self._curves, strict=True):
            faded = _through(curve.astype(np.float32), light + (plane - light) * np.float32(0.72))
            faded *= self._corner * flicker
            planes.append(cv2.warpAffine(faded, shift, self._size, borderMode=cv2.BORDER_REPLICATE))
        self._soil(planes, random, number)
        return planes[0], planes[1], planes[2]

    def _soil(self, planes: list[Floats], random: np.random.Generator, number: int) -> None:
        width, height = self._size
        marks = np.zeros((height, width), np.uint8)
        for _ in range(int(random.poisson(1.6))):
            spot = (int(random.random() * width), int(random.random() * height))
            axes = (
                max(1, int(self._weave * random.uniform(0.6, 2.6))),
                max(1, int(self._weave * random.uniform(0.6, 2))),
            )
            cv2.ellipse(marks, spot, axes, random.random() * 180, 0, 360, 110, -1, cv2.LINE_AA)
        stretch = np.random.default_rng([self._seed, 71, number // 14])
        if stretch.random() < 0.35:  # a scratch runs through half a second of film
            x = int(stretch.random() * width + np.sin(number * 0.9) * self._weave)
            cv2.line(marks, (x, 0), (x, height), 46, max(1, round(self._weave * 0.7)), cv2.LINE_AA)
        if marks.any():
            shade = marks.astype(np.float32) * np.float32(1 / 255)
            for plane in planes:
                np.add(plane, (np.float32(0.16) - plane) * shade, out=plane)


class PixelArt:
    """Blocks in a small palette that is chosen once for the film, with an ordered (Bayer) dither between colours."""

    grain = 0.0

    def __init__(self, width: int, height: int, seed: int) -> None:
        self._size = (width, height)
        self._block = max(2, round(min(width, height) / _PIXEL_ROWS))
        self._cells = (-(-width // self._block), -(-height // self._block))
        bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32)
        columns, rows = self._cells
        self._dither = (np.tile((bayer + 0.5) / 16 - 0.5, (rows // 4 + 1, columns // 4 + 1)) * 10)[
            :rows, :columns, None
        ]
        self._nearest: Bytes | None = None
        self._seed = seed

    def learn(self, coded: Planes) -> None:
        """Take the palette from a frame of the film (k-means in Lab) and prepare the table of nearest colours."""
        small = cv2.resize(_bytes(coded), (96, 96), interpolation=cv2.INTER_AREA)
        lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)
        cv2.setRNGSeed(self._seed & 0x7FFFFFFF)
        stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 24, 0.5)
        _, _, centres = cv2.kmeans(lab, _PALETTE_COLOURS, np.empty(0, np.int32), stop, 2, cv2.KMEANS_PP_CENTERS)
        axis = ((np.arange(_LUT_LEVELS) + 0.5) * (256 / _LUT_LEVELS)).astype(np.uint8)
        cube = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(1, -1, 3)
        cube_lab = cv2.cvtColor(cube, cv2.COLOR_RGB2LAB)[0].astype(np.float32)
        far = ((cube_lab[:, None, :] - centres[None]) ** 2).sum(-1)
        colours = cv2.cvtColor(np.clip(centres, 0, 255).astype(np.uint8)[None], cv2.COLOR_LAB2RGB)[0]
        vivid = cv2.cvtColor(colours[None], cv2.COLOR_RGB2HSV_FULL)
        vivid[..., 1] = np.minimum(vivid[..., 1].astype(np.int32) * 3 // 2, 255)
        colours = cv2.cvtColor(vivid, cv2.COLOR_HSV2RGB_FULL)[0]
        self._nearest = colours[far.argmin(1)]

    def paint(self, coded: Planes, number: int) -> Planes:
        assert self._nearest is not None
        small = cv2.resize(_bytes(coded), self._cells, interpolation=cv2.INTER_AREA).astype(np.float32)
        level = (np.clip(small + self._dither, 0, 255) * np.float32(_LUT_LEVELS / 256)).astype(np.int32)
        place = (level[..., 0] * _LUT_LEVELS + level[..., 1]) * _LUT_LEVELS + level[..., 2]
        blocks = np.repeat(np.repeat(self._nearest[place], self._block, 0), self._block, 1)
        width, height = self._size
        return _planes(blocks[:height, :width], np.float32(1))


class Pencil:
    """Graphite on paper: outlines by colour dodge, and four depths of hatching for the tones."""

    grain = 0.0

    def __init__(self, width: int, height: int, seed: int) -> None:
        random = np.random.default_rng([seed, 73])
        scale = max(1.0, min(width, height) / 720)
        self._paper = (np.float32(0.955) + np.float32(0.018) * _texture(random, width, height, 0.8, 12, scale)).astype(
            np.float32
        )
        self._hatches = [_hatch(random, width, height, scale, turn) for turn in (0.70, -0.62, 1.35, 0.05)]
        self._scale = scale

    def paint(self, coded: Planes, number: int) -> Planes:
        light = coded[0] * np.float32(0.3) + coded[1] * np.float32(0.59) + coded[2] * np.float32(0.11)
        soft = cv2.GaussianBlur(light, (0, 0), 1.8 * self._scale)
        around = cv2.GaussianBlur(soft, (0, 0), 9 * self._scale)
        line = np.clip((soft + np.float32(0.09)) / (around + np.float32(0.09)), 0, 1)
        line = smooth(0.62, 0.97, line)
        drawn = self._paper * (np.float32(0.22) + np.float32(0.78) * line)
        # a drawing says light and shade, not how bright it was: each part against what lies around it
        rows, width = light.shape
        small = cv2.resize(around, (width // 8, rows // 8), interpolation=cv2.INTER_AREA)
        far = cv2.resize(cv2.GaussianBlur(small, (0, 0), 9 * self._scale), (width, rows))
        tones = soft * np.float32(0.62) + np.float32(0.24) + (soft - far) * np.float32(1.55)
        for hatch, tone in zip(self._hatches, (0.62, 0.46, 0.32, 0.18), strict=True):
            dark = 1 - smooth(tone - 0.14, tone + 0.10, tones)
            drawn -= hatch * dark * np.float32(0.30)
        drawn -= np.clip(np.float32(0.85) - tones, 0, 1) * np.float32(0.22)
        planes = (np.clip(drawn * np.float32(tint), 0.04, 1) for tint in (1.0, 0.985, 0.955))
        red, green, blue = planes
        return red, green, blue


class Cyanotype:
    """A blue print: iron salts brushed on paper, exposed and washed. Light stays paper, dark turns Prussian blue; the
    brush leaves its streaks and ragged ends."""

    grain = 0.0

    def __init__(self, width: int, height: int, seed: int) -> None:
        random = np.random.default_rng([seed, 79])
        scale = max(1.0, min(width, height) / 720)
        paper = _texture(random, width, height, 0.8, 12, scale)
        noise = random.standard_normal((height, max(8, width // 16))).astype(np.float32)
        streaks = cv2.GaussianBlur(noise, (0, 0), 10 * scale, sigmaY=2.6 * scale)
        streaks = cv2.resize(streaks / streaks.std(), (width, height), interpolation=cv2.INTER_LINEAR)
        coat = np.float32(1) + np.float32(0.026) * streaks + np.float32(0.03) * paper
        self._coat = (coat * _brushed(random, width, height, streaks, paper)).astype(np.float32)
        self._paper = (np.float32(1) + np.float32(0.022) * paper).astype(np.float32)
        steps = np.linspace(0, 1, 1025, dtype=np.float32)
        # a short scale: the deep tones run together (Herschel's process, 1842)
        self._density = 1 - smooth(0.02, 0.78, steps) * np.float32(0.76) - steps * np.float32(0.24)
        # Beer and Lambert's law, with about how strongly Prussian blue absorbs red, green and blue light
        self._inks = [
            np.float32(white) * np.exp(steps * np.float32(-absorbed))
            for white, absorbed in ((0.965, 4.6), (0.955, 2.5), (0.915, 1.16))
        ]

    def paint(self, coded: Planes, number: int) -> Planes:
        # early plates saw blue light most, so skies come out pale
        light = coded[0] * np.float32(0.16) + coded[1] * np.float32(0.48) + coded[2] * np.float32(0.36)
        density = _through(self._density, light) * self._coat * np.float32(0.8)
        red, green, blue = (np.clip(_through(ink, density) * self._paper, 0, 1) for ink in self._inks)
        return red, green, blue


STYLES: Mapping[Style, Callable[[int, int, int], Filter]] = {
    Style.CINEMATIC: Cinematic,
    Style.ANIME: Anime,
    Style.WATERCOLOUR: Watercolour,
    Style.NOIR: Noir,
    Style.VINTAGE: Vintage,
    Style.PIXEL_ART: PixelArt,
    Style.PENCIL: Pencil,
    Style.CYANOTYPE: Cyanotype,
}


def _bytes(coded: Planes) -> Bytes:
    merged = cv2.merge(coded)
    return cv2.convertScaleAbs(np.clip(merged, 0, 1), alpha=255.0)


def _planes(colour: Bytes, shade: Floats | np.float32) -> Planes:
    red, green, blue = (part.astype(np.float32) * (shade * np.float32(1 / 255)) for part in cv2.split(colour))
    return red, green, blue


def _through(curve: Floats, plane: Floats) -> Floats:
    """A tone curve of 1,025 steps over 0–1."""
    place = np.clip(plane * np.float32(1024) + np.float32(0.5), 0, 1024)
    through: Floats = curve.take(place.astype(np.uint16))
    return through


def _flattened(colour: Bytes, rounds: int, sigma: float) -> Bytes:
    """Detail taken out, edges kept: bilateral filter (Tomasi and Manduchi 1998) at half size, or less for large frames,
    brought back with the edges of the full picture."""
    height, width = colour.shape[:2]
    shrink = 2 if min(height, width) > 400 else 1
    small = cv2.resize(colour, (width // shrink, height // shrink), interpolation=cv2.INTER_AREA)
    for _ in range(rounds):
        small = cv2.bilateralFilter(small, 7, sigma, 5)
    if shrink == 1:
        return small
    big = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.medianBlur(big, 3), dtype=np.uint8)


def _stepped(value: Floats, steps: int, softness: float) -> Floats:
    """Tones in steps whose edges are soft, so that a step that moves does not flicker."""
    scaled = value * np.float32(steps)
    whole = np.floor(scaled)
    part = smooth(0.5 - softness, 0.5 + softness, scaled - whole)
    return np.asarray((whole + part) / np.float32(steps), dtype=np.float32)


def _outlines(light: Floats, width: float, level: float, hardness: float) -> Floats:
    narrow, wide = cv2.GaussianBlur(light, (0, 0), 0.9 * width), cv2.GaussianBlur(light, (0, 0), 1.9 * width)
    ratio = (narrow + np.float32(0.05)) / (wide + np.float32(0.05))
    ink: Floats = np.clip(1 - (np.float32(level) - ratio) * np.float32(hardness), 0, 1).astype(np.float32)
    return ink


def _corners(width: int, height: int, strength: float) -> Floats:
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    away = (x * x + y * y) * np.float32(0.5)
    return np.asarray(1 - np.float32(strength) * away**1.4, dtype=np.float32)


def _brushed(random: np.random.Generator, width: int, height: int, streaks: Floats, paper: Floats) -> Floats:
    """How much of a wide brush's liquid each place of a sheet got, 0–1: level strokes whose ends are ragged."""
    side = min(width, height)
    strokes = random.standard_normal((height, 2)).astype(np.float32)
    ends = np.zeros((height, 2), np.float32)
    for reach, share in ((0.060, 0.013), (0.014, 0.004), (0.002, 0.004)):
        rough = cv2.GaussianBlur(strokes, (1, 0), sigmaX=0.01, sigmaY=side * reach)
        ends += rough / rough.std() * np.float32(share)
    x = (np.arange(width, dtype=np.float32)[None, :] + np.float32(0.5)) / np.float32(side)
    y = (np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)) / np.float32(side)
    uneven = np.float32(0.006) * streaks + np.float32(0.005) * paper  # a brush that runs dry skips the paper's hollows
    across = np.minimum(x + ends[:, :1], width / side - x + ends[:, 1:]) + uneven
    down = np.minimum(y, height / side - y) + np.float32(0.6) * uneven
    covered = smooth(0.028, 0.056, across.astype(np.float32)) * smooth(0.022, 0.038, down.astype(np.float32))
    return np.asarray(covered, dtype=np.float32)


def _texture(random: np.random.Generator, width: int, height: int, slope: float, low_cut: int, scale: float) -> Floats:
    """A field of noise over the frame, mean 0 and deviation 1, as coarse on a large frame as on a small one."""
    tile = spectral_tile(random, 1024, slope, low_cut)[2:-2, 2:-2]
    size = (max(1, round(width / scale)), max(1, round(height / scale)))
    rows, columns = -(-size[1] // 1024), -(-size[0] // 1024)
    field = np.tile(tile, (rows, columns))[: size[1], : size[0]]
    if size != (width, height):
        field = cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(field, dtype=np.float32)


def _hatch(random: np.random.Generator, width: int, height: int, scale: float, turn: float) -> Floats:
    """Strokes in one direction: noise drawn out along it, sharpened into lines."""
    noise = random.standard_normal((height, width)).astype(np.float32)
    length = int(34 * scale) | 1
    kernel = np.zeros((length, length), np.float32)
    middle = length // 2
    reach = (np.cos(turn) * middle, np.sin(turn) * middle)
    start, end = ((round(middle + sign * reach[0]), round(middle + sign * reach[1])) for sign in (-1, 1))
    cv2.line(kernel, start, end, 1.0, max(1, round(1.1 * scale)), cv2.LINE_AA)
    strokes = cv2.filter2D(noise, -1, kernel / kernel.sum())
    return smooth(-0.2, 1.6, strokes / strokes.std())
