"""From light to a frame: bloom, exposure, filmic curve, mood, style, vignette, grain, and BT.709 planes of 8 bits."""

from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import (
    BAND_ROWS,
    Bytes,
    Colour,
    Floats,
    Numbers,
    Planes,
    bands,
    halved_numbers,
    look_up,
    upper_halves,
)
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.scene import Mood, Scene
from doitong.engines.studio.style import STYLES, PixelArt

_GRAIN_SIZE = 512
_WEIGHTS = (0.2126 * 219, 0.7152 * 219, 0.0722 * 219)  # steps of Y that full red, green and blue add
_BLACK = np.float32(16.5)  # cutting it to a byte rounds it
# of U and V: the number of their colour, and what its share of Y, and the whole Y, count (BT.709)
_CHROMA = (
    (2, 224 / 1.8556 / _WEIGHTS[2], 224 / 219 / 1.8556),
    (0, 224 / 1.5748 / _WEIGHTS[0], 224 / 219 / 1.5748),
)
_BRIGHTEST = 10.24  # light beyond which all is white


@dataclass(frozen=True, slots=True)
class _Tone:
    """What a mood does to the coded picture: `gain` for red, green, blue; `lift` adds to the blacks; `contrast` and
    `saturation` are ratios."""

    gain: Colour = (1.0, 1.0, 1.0)
    lift: float = 0.0
    contrast: float = 1.0
    saturation: float = 1.0
    exposure: float = 1.0
    bloom: float = 1.0


_MOODS = {
    Mood.NEUTRAL: _Tone(),
    Mood.WARM: _Tone(gain=(1.06, 1.0, 0.88), saturation=1.06, exposure=1.05),
    Mood.COLD: _Tone(gain=(0.90, 0.99, 1.09), saturation=0.92),
    Mood.DARK: _Tone(gain=(0.97, 0.99, 1.02), contrast=1.14, saturation=0.86, exposure=0.62),
    Mood.DREAMY: _Tone(gain=(1.04, 1.0, 1.03), lift=0.055, contrast=0.86, saturation=0.95, exposure=1.10, bloom=3.2),
    Mood.VIVID: _Tone(contrast=1.10, saturation=1.38),
    Mood.MUTED: _Tone(gain=(1.01, 1.0, 0.98), lift=0.03, contrast=0.90, saturation=0.58),
    Mood.MYSTERIOUS: _Tone(gain=(0.93, 1.01, 1.06), contrast=1.06, saturation=0.74, exposure=0.72, bloom=1.8),
}


def filmic(light: Floats) -> Floats:
    """Filmic tone curve (Narkowicz's fit of ACES, 2015) followed by the sRGB transfer function, 0–1."""
    x = light * 0.78
    film = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0, 1)
    coded = np.where(film < 0.0031308, film * 12.92, 1.055 * np.power(np.maximum(film, 1e-9), 1 / 2.4) - 0.055)
    return np.asarray(coded, dtype=np.float32)


class Grade:
    """Turns planes of linear light into Y, U, V; one instance per film and frame size. `drawn` is the size of the
    planes, which may be smaller than the frame's: what is graded is enlarged."""

    def __init__(self, drawn: tuple[int, int], width: int, height: int, exposure: float, has_bloom: bool,
                 scene: Scene) -> None:  # fmt: skip
        random = np.random.default_rng([scene.seed, 53])
        tone = _MOODS[scene.mood]
        exposure *= tone.exposure
        self._drawn, self._size = drawn, (width, height)
        self._bloom, self._exposure = tone.bloom if has_bloom else 0.0, exposure
        self._saturation = np.float32(tone.saturation)
        self._chroma = np.array([count for _, *count in _CHROMA], np.float32) * self._saturation
        lights = np.clip(halved_numbers(), 0, _BRIGHTEST)
        curves = [
            _toned(filmic(lights), tone, gain) * np.float32(weight)
            for gain, weight in zip(tone.gain, _WEIGHTS, strict=True)
        ]
        self._curves = np.stack(curves)[:, None]
        self._style = STYLES[scene.style](width, height, scene.seed) if scene.style in STYLES else None
        strength = 0.95 * (self._style.grain if self._style else 1.0)
        grain = random.standard_normal((_GRAIN_SIZE, _GRAIN_SIZE)).astype(np.float32)
        soft = cv2.GaussianBlur(grain, (0, 0), 0.8)
        self._grain = (soft / soft.std() * np.float32(strength)).astype(np.float32)
        # as wide as any frame needs, and as high as the last row's band: the rows come round again
        self._tiled = np.pad(self._grain + _BLACK, ((0, BAND_ROWS), (0, width)), mode="wrap")
        self._fine_grain = (self._tiled * np.float32(256)).astype(np.uint16)
        x = (np.arange(drawn[0], dtype=np.float32)[None, :] + 0.5) / drawn[0] - 0.5
        y = (np.arange(drawn[1], dtype=np.float32)[:, None] + 0.5) / drawn[1] - 0.5
        self._vignette = (exposure * (1 - 0.42 * (x * x + y * y) ** 1.15)).astype(np.float32)
        self._shifts = random.integers(0, _GRAIN_SIZE, (4096, 2))

    def learn(self, planes: Planes) -> None:
        """Show a frame of the film before the first is graded; a style may take its palette from it."""
        if isinstance(self._style, PixelArt):
            self._style.learn(self._coded(planes, slice(None)))

    def frame(self, planes: Planes, number: int) -> tuple[Bytes, Bytes, Bytes]:
        """Y, U and V (limited range, BT.709, 4:2:0) of frame `number`."""
        if self._bloom:
            self._add_bloom(planes)
        if self._style is None and self._drawn != self._size:
            return self._enlarged(planes, number)
        width, height = self._size
        luma = np.empty((height, width), np.uint8)
        u, v = (np.empty((height // 2, width // 2), np.uint8) for _ in range(2))
        if self._style is None and loops is not None:
            self._fill(planes, number, luma, u, v)
            return luma, u, v
        styled = self._styled(planes, number) if self._style else None
        for band in bands(height):
            half, grain = slice(band.start // 2, band.stop // 2), self._grain_of(number, band, self._tiled)
            if styled is None:
                luma[band], u[half], v[half] = _bytes_of(self._shares(planes, band), grain, self._saturation)
            else:
                luma[band], u[half], v[half] = planes_of((styled[0][band], styled[1][band], styled[2][band]), grain)
        return luma, u, v

    def _fill(self, planes: Planes, number: int, luma: Bytes, u: Bytes, v: Bytes) -> None:
        """The whole frame in one pass."""
        loops.grade_frame(
            *map(at, planes), at(self._vignette), at(self._tiled), *self._grain_from(number), at(self._curves),
            at(self._chroma), *(at(plane, np.uint8) for plane in (luma, u, v)), *self._size,
        )  # fmt: skip

    def _enlarged(self, planes: Planes, number: int) -> tuple[Bytes, Bytes, Bytes]:
        """Graded at the size that was drawn, then enlarged: brightness sharply, colour as coarsely as it is kept."""
        width, height = self._size
        shares = np.empty((3, self._drawn[1], self._drawn[0]), np.float32)
        fine = np.empty(shares.shape[1:], np.uint16)  # 256ths of a step, so that grain still blends steps
        if loops is not None:
            loops.grade_draft(*map(at, planes), at(self._vignette), at(self._curves), at(shares), at(fine, np.uint16),
                              *self._drawn)  # fmt: skip
        for band in bands(self._drawn[1]) if loops is None else ():
            shares[:, band] = self._shares(planes, band)
            fine[band] = shares[:, band].sum(axis=0) * np.float32(256)
        half = width // 2, height // 2
        if half != self._drawn:
            shares = np.stack([cv2.resize(part, half, interpolation=cv2.INTER_LINEAR) for part in shares])
        bright = cv2.resize(fine, (width, height), interpolation=cv2.INTER_CUBIC)
        luma = np.empty((height, width), np.uint8)
        if loops is not None:
            u, v = (np.empty((height // 2, width // 2), np.uint8) for _ in range(2))
            loops.grade_chroma(at(shares), at(self._chroma), at(u, np.uint8), at(v, np.uint8), u.size)
            loops.grade_dust(at(bright, np.uint16), at(self._fine_grain, np.uint16), *self._grain_from(number),
                             at(luma, np.uint8), width, height)  # fmt: skip
            return luma, u, v
        for band in bands(height):
            # saturates where the enlarging overshoots
            grained: Numbers = cv2.add(bright[band], self._grain_of(number, band, self._fine_grain))
            grained >>= 8
            luma[band] = np.clip(grained, 16, 235, out=grained)
        return luma, *_chroma_of(list(shares), self._saturation)

    def _grain_from(self, number: int) -> tuple[int, int, int, int]:
        """The grain's row step and rows, and the row and column of it that a frame starts with."""
        down, right = self._shifts[number % len(self._shifts)].tolist()
        return self._tiled.shape[1], _GRAIN_SIZE, down, right

    def _grain_of(self, number: int, band: slice, tile: Floats | Numbers) -> Floats | Numbers:
        down, right = self._shifts[number % len(self._shifts)]
        above = (down + band.start) % _GRAIN_SIZE
        return tile[above : above + band.stop - band.start, right : right + self._size[0]]

    def _styled(self, planes: Planes, number: int) -> Planes:
        assert self._style is not None
        coded = self._coded(planes, slice(None))
        if self._drawn != self._size:
            red, green, blue = (
                np.clip(cv2.resize(plane, self._size, interpolation=cv2.INTER_CUBIC), 0, 1) for plane in coded
            )
            coded = red, green, blue
        return self._style.paint(coded, number)

    def _shares(self, planes: Planes, band: slice) -> Planes:
        """What red, green and blue add to the Y of a band of rows."""
        vignette = self._vignette[band]
        red, green, blue = (
            look_up(curve, upper_halves(plane[band] * vignette))
            for curve, plane in zip(self._curves, planes, strict=True)
        )
        return red, green, blue

    def _coded(self, planes: Planes, band: slice) -> Planes:
        """What the eye sees of a band of rows, gamma-coded, 0–1."""
        red, green, blue = (
            share * np.float32(1 / weight) for share, weight in zip(self._shares(planes, band), _WEIGHTS, strict=True)
        )
        if self._saturation == 1:
            return red, green, blue
        grey = red * np.float32(0.2126) + green * np.float32(0.7152) + blue * np.float32(0.0722)
        red, green, blue = (np.clip(grey + (plane - grey) * self._saturation, 0, 1) for plane in (red, green, blue))
        return red, green, blue

    def _add_bloom(self, planes: Planes) -> None:
        width, height = self._drawn
        small_size = (max(8, width // 8), max(8, height // 8))
        reach = max(2.0, width * 0.0045)
        is_whole = (width, height) == (small_size[0] * 8, small_size[1] * 8)
        for plane in planes:
            if loops is not None and is_whole:
                small = np.empty(small_size[::-1], np.float32)
                loops.grade_shrink(at(plane), at(small), *small_size)
            else:
                small = cv2.resize(plane, small_size, interpolation=cv2.INTER_AREA)
            bright = np.minimum(np.maximum(small - np.float32(0.62 / self._exposure), 0), np.float32(5))
            glow = cv2.GaussianBlur(bright, (0, 0), reach * 0.6) * np.float32(0.13 * self._bloom)
            glow += cv2.GaussianBlur(bright, (0, 0), reach * 2.4) * np.float32(0.10 * self._bloom)
            if loops is not None and is_whole:
                loops.add_enlarged(at(glow), *small_size, at(plane), width, height)
            else:
                np.add(plane, cv2.resize(glow, (width, height), interpolation=cv2.INTER_LINEAR), out=plane)


def _toned(curve: Floats, tone: _Tone, gain: float) -> Floats:
    """The filmic curve of one channel with a mood on it."""
    bent = 0.42 + (curve * gain - 0.42) * tone.contrast
    return np.clip(tone.lift + bent * (1 - tone.lift), 0, 1).astype(np.float32)


def planes_of(coded: Planes, black: Floats | np.float32 = _BLACK) -> tuple[Bytes, Bytes, Bytes]:
    """Y, U and V of 8 bits (BT.709, limited range, 4:2:0) from R′, G′, B′ of 0–1; `black` is the Y of nothing, half a
    step up, with the grain if there is any."""
    red, green, blue = (plane * np.float32(weight) for plane, weight in zip(coded, _WEIGHTS, strict=True))
    return _bytes_of((red, green, blue), black, np.float32(1))


def _bytes_of(shares: Planes, black: Floats | np.float32, saturation: np.float32) -> tuple[Bytes, Bytes, Bytes]:
    luma = shares[0] + shares[1]
    luma += shares[2]
    luma += black
    height, width = luma.shape
    small = [cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_AREA) for plane in shares]
    return np.clip(luma, 16, 235, out=luma).astype(np.uint8), *_chroma_of(small, saturation)


def _chroma_of(small: list[Floats], saturation: np.float32) -> tuple[Bytes, Bytes]:
    """U and V of 8 bits from what red, green and blue add to Y."""
    bright = small[0] + small[1] + small[2]
    planes = []
    for number, own, whole in _CHROMA:
        part = small[number] * (saturation * np.float32(own))
        part -= bright * (saturation * np.float32(whole))
        part += np.float32(128.5)
        planes.append(np.clip(part, 16, 240, out=part).astype(np.uint8))
    return planes[0], planes[1]
