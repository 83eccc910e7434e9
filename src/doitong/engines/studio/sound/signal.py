"""The raw material of sound: noise of any colour, slow curves, grains laid into a track.

A track is a circle of time as long as the film: whatever is laid over its end comes round to its beginning, so that
a loop has no seam. For a film that does not loop, what reaches over an edge is cut.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from doitong.engines.studio.arrays import Floats

RATE = 48_000
HOP = 128  # samples between two points of an envelope
CONTROL_RATE = RATE // HOP
_NOTHING = 1e-4  # a band's share that is not worth a random number
_WAVE_BITS = 12
_WAVE = np.sin(np.arange(1 << _WAVE_BITS) * (2 * math.pi / (1 << _WAVE_BITS))).astype(np.float32)

Random = np.random.Generator
Shape = Callable[[Floats], Floats]
Curve = Floats  # `CONTROL_RATE` points a second
Mono = Floats  # (samples,)
Stereo = Floats  # (2, samples)


def band(low: float, high: float, tilt: float = 0.0, order: float = 2.0) -> Shape:
    """A band-pass of Butterworth's magnitude at both edges (hertz); `tilt` 1 falls 6 dB an octave inside."""

    def shape(frequencies: Floats) -> Floats:
        f = np.maximum(frequencies, np.float32(1.0))
        edges = (1 + (low / f) ** (2 * order)) * (1 + (f / high) ** (2 * order))
        gain: Floats = (1 / np.sqrt(edges) * (f / low) ** -tilt).astype(np.float32)
        return gain

    return shape


@dataclass(frozen=True)
class Reel:
    """The stretch of time to fill: `seconds` long, closed to a circle when `is_loop`."""

    seconds: int
    seed: int
    is_loop: bool = False

    @property
    def length(self) -> int:
        return self.seconds * RATE

    @property
    def points(self) -> int:
        """How many points an envelope has."""
        return self.seconds * CONTROL_RATE

    @cached_property
    def frequencies(self) -> Floats:
        return np.fft.rfftfreq(self.length, 1 / RATE).astype(np.float32)

    def random(self, *key: int) -> Random:
        return np.random.default_rng([self.seed, 91, *key])

    def silence(self) -> Stereo:
        return np.zeros((2, self.length), np.float32)

    def noise(self, random: Random, shape: Shape) -> Mono:
        """Gaussian noise of this spectrum, RMS 1, without a seam between its end and its beginning."""
        gain = shape(self.frequencies)
        gain[0] = 0
        kept = np.flatnonzero(gain > _NOTHING * gain.max())
        first, last = int(kept[0]), int(kept[-1]) + 1
        spectrum = np.zeros(len(gain), np.complex64)
        drawn = random.standard_normal(2 * (last - first), dtype=np.float32).view(np.complex64)
        spectrum[first:last] = drawn * gain[first:last]
        return _at_rms(np.fft.irfft(spectrum, self.length).astype(np.float32, copy=False))

    def wide_noise(self, random: Random, shape: Shape, width: float = 0.6) -> Stereo:
        """The same for two ears; `width` 0 is one sound in the middle, 1 two that have nothing in common."""
        middle, side = self.noise(random, shape), self.noise(random, shape)
        side *= np.float32(width)
        wide: Stereo = np.stack([middle + side, middle - side])
        wide *= np.float32(1 / math.sqrt(1 + width * width))
        return wide

    def drift(self, random: Random, period_seconds: float) -> Curve:
        """A slow random curve, mean 0 and deviation 1, that wanders about once in `period_seconds`."""
        f = np.fft.rfftfreq(self.points, 1 / CONTROL_RATE)
        gain = np.exp(-((f * period_seconds) ** 2))
        gain[0] = 0
        spectrum = gain * (random.standard_normal(len(f)) + 1j * random.standard_normal(len(f)))
        curve = np.fft.irfft(spectrum, self.points)
        spread = float(curve.std())
        return (curve / spread if spread > 1e-9 else curve).astype(np.float32)

    def lift(self, curve: Curve) -> Mono:
        """An envelope at the rate of samples: straight lines between its points."""
        after = np.roll(curve, -1) if self.is_loop else np.append(curve[1:], curve[-1:])
        ramp = np.arange(HOP, dtype=np.float32) / np.float32(HOP)
        lifted: Mono = (curve[:, None] + (after - curve)[:, None] * ramp[None, :]).reshape(-1)
        return lifted

    def sway(self, track: Stereo, *curves: Curve) -> None:
        """Multiply a track, in place, by one envelope for both ears, or by one for each."""
        for number in range(2):
            track[number] *= self.lift(curves[number % len(curves)].astype(np.float32, copy=False))

    def lay(self, track: Stereo, at_seconds: float, grain: Floats, pan: float = 0.0, gain: float = 1.0) -> None:
        """Add a grain (mono at `pan` −1…1, or stereo) to a track."""
        if grain.ndim == 1:
            left, right = ears(pan)
            grain = np.stack([grain * np.float32(left * gain), grain * np.float32(right * gain)])
        elif gain != 1.0:
            grain = grain * np.float32(gain)
        start = round(at_seconds * RATE)
        if self.is_loop:
            start %= self.length
            while grain.shape[1] > 0:
                piece = grain[:, : self.length - start]
                track[:, start : start + piece.shape[1]] += piece
                grain, start = grain[:, piece.shape[1] :], 0
            return
        grain = grain[:, max(0, -start) :]
        start = max(0, start)
        if start < self.length and grain.shape[1] > 0:
            piece = grain[:, : self.length - start]
            track[:, start : start + piece.shape[1]] += piece

    def whole(self, frequency: float) -> float:
        """The frequency, or in a loop the nearest that fits a whole number of times."""
        return round(frequency * self.seconds) / self.seconds if self.is_loop else frequency

    def times(self, random: Random, per_second: float, lead_seconds: float = 0.0) -> list[float]:
        """Moments of a Poisson process, from `lead_seconds` before the beginning on."""
        lead = 0.0 if self.is_loop else lead_seconds
        count = random.poisson(per_second * (self.seconds + lead))
        return sorted((random.random(count) * (self.seconds + lead) - lead).tolist())


def ears(pan: float) -> tuple[float, float]:
    """Left and right of a place, at constant power."""
    angle = (min(1.0, max(-1.0, pan)) + 1) * math.pi / 4
    return math.cos(angle), math.sin(angle)


def sweep(frequencies: Floats, phase: float = 0.0) -> Mono:
    """A sine whose frequency (hertz) is given for each sample."""
    turns = np.cumsum(frequencies, dtype=np.float64) * (1 / RATE) + phase
    steps = ((turns % 1.0) * (1 << _WAVE_BITS)).astype(np.int32) & ((1 << _WAVE_BITS) - 1)
    return np.asarray(_WAVE.take(steps))


def tone(frequency: float, length: int, phase: float = 0.0) -> Mono:
    """A steady sine."""
    step = np.uint32(round(frequency / RATE * 2**32) & 0xFFFFFFFF)
    turns = np.arange(length, dtype=np.uint32) * step + np.uint32(int(phase % 1.0 * 2**32))
    return np.asarray(_WAVE.take(turns >> np.uint32(32 - _WAVE_BITS)))


def line(length: int, *points: tuple[float, float]) -> Mono:
    """Straight lines through (share of the length, value)."""
    places, values = zip(*points, strict=True)
    along = np.linspace(0, 1, length, dtype=np.float32)
    return np.asarray(np.interp(along, places, values), np.float32)


def swell(length: int, rise: float = 0.3, fall: float = 0.7) -> Mono:
    """A rounded envelope: up over the first `rise` of the length, down over the last `fall`."""
    shape = line(length, (0.0, 0.0), (rise, 1.0), (max(rise, 1 - fall), 1.0), (1.0, 0.0))
    eased: Mono = shape * shape * (np.float32(3) - np.float32(2) * shape)
    return eased


def seconds_of(duration: float) -> int:
    """A duration in samples, at least one."""
    return max(1, round(duration * RATE))


def decay(length: int, half_seconds: float) -> Mono:
    """An envelope that halves every `half_seconds`."""
    fall: Mono = np.exp2(np.arange(length, dtype=np.float32) * np.float32(-1 / (half_seconds * RATE)))
    return fall


def _at_rms(signal: Mono) -> Mono:
    power = float(np.dot(signal, signal)) / len(signal)
    if power > 0:
        signal *= np.float32(1 / math.sqrt(power))
    return signal
