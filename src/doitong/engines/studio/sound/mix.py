"""From layers to a finished track: levels, reverb, loudness, limiter, fades.

Promises: no sample above `CEILING`, no jump at an edge, the same seed gives the same samples.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from doitong.engines.studio.arrays import Floats
from doitong.engines.studio.sound.signal import HOP, RATE, Random, Reel, Stereo, band

CEILING = 10 ** (-1.6 / 20)  # of full scale; lossy coding adds a little to a peak, which must stay under −1 dBFS
FADE_SECONDS = 0.3
_BLOCK = RATE * 4 // 10  # BS.1770's blocks of 400 ms, here without overlap
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_QUIETEST = 1e-7
_GOOD_LENGTH = 4800


@dataclass
class Mix:
    """Layers on their way together: what is heard directly, and what is sent to the reverb."""

    reel: Reel
    direct: Stereo = field(init=False)
    sent: Stereo | None = None

    def __post_init__(self) -> None:
        self.direct = self.reel.silence()

    def add(self, layer: Stereo, decibels: float, send: float = 0.0) -> None:
        """Add a layer; `send` is the share of it that goes to the reverb. The layer is used up."""
        layer *= np.float32(10 ** (decibels / 20))
        self.direct += layer
        if send > 0:
            layer *= np.float32(send)
            self.sent = layer if self.sent is None else self.sent + layer

    def add_reverb(self, random: Random, seconds: float, brightest: float) -> None:
        """Let what was sent ring for about `seconds` (to −60 dB) below `brightest` hertz."""
        if self.sent is not None:
            self.direct += reverb(self.reel, random, self.sent, seconds, brightest)

    def finish(self, loudness: float) -> Stereo:
        """The track at this loudness (LUFS), or as near as its peaks allow, with its edges faded unless it loops."""
        track = self.direct
        measured = loudness_of(track)
        if measured > _ABSOLUTE_GATE:
            track *= np.float32(10 ** ((loudness - measured) / 20))
        limit(track, self.reel.is_loop)
        if not self.reel.is_loop:
            fade(track)
        return track


def reverb(reel: Reel, random: Random, sent: Stereo, seconds: float, brightest: float) -> Stereo:
    """Convolution with noise that dies away: Moorer, About this reverberation business (1979)."""
    tail = max(_GOOD_LENGTH, round(seconds * RATE) // _GOOD_LENGTH * _GOOD_LENGTH)
    size = reel.length if reel.is_loop else reel.length + tail
    fall = np.exp(np.arange(tail, dtype=np.float32) * np.float32(-6.9 / tail))
    fall[: RATE // 60] = 0  # the first echo comes from some metres away
    colour = band(140, brightest, 0.25, 1.0)(np.fft.rfftfreq(size, 1 / RATE).astype(np.float32))
    rung = np.empty_like(sent)
    for ear in range(2):
        answer = random.standard_normal(tail, dtype=np.float32) * fall
        answer *= np.float32(1 / max(1e-6, float(np.sqrt(np.dot(answer, answer)))))
        if tail > size:  # a ring longer than its loop goes round again
            answer = np.pad(answer, (0, -tail % size)).reshape(-1, size).sum(axis=0, dtype=np.float32)
        spectrum = np.fft.rfft(answer, size)
        spectrum *= np.fft.rfft(sent[ear], size)
        spectrum *= colour
        rung[ear] = np.fft.irfft(spectrum, size)[: reel.length]
    return rung


def loudness_of(track: Stereo) -> float:
    """Loudness in LUFS: ITU-R BS.1770-5's K weighting and its two gates; −inf for silence."""
    length = track.shape[1]
    weight = _k_weighting(np.fft.rfftfreq(length, 1 / RATE))
    blocks = max(1, length // _BLOCK)
    power = np.zeros(blocks)
    for ear in track:
        heard = np.fft.irfft(np.fft.rfft(ear) * weight, length)
        used = heard[: blocks * _BLOCK] if length >= _BLOCK else heard
        power += np.mean(used.reshape(blocks, -1).astype(np.float64) ** 2, axis=1)
    return _gated(power)


def _gated(power: Floats) -> float:
    def level(of: Floats) -> float:
        return -0.691 + 10 * math.log10(float(of.mean())) if len(of) and of.mean() > 0 else -math.inf

    levels = -0.691 + 10 * np.log10(np.maximum(power, _QUIETEST**2))
    kept = power[levels > _ABSOLUTE_GATE]
    floor = level(kept) + _RELATIVE_GATE
    return level(power[levels > max(floor, _ABSOLUTE_GATE)])


def _k_weighting(frequencies: Floats) -> Floats:
    """The magnitude of BS.1770's two filters at 48 kHz, from the recommendation's own coefficients."""
    z = np.exp(-2j * np.pi * frequencies / RATE)
    shelf = (1.53512485958697 - 2.69169618940638 * z + 1.19839281085285 * z**2) / (
        1 - 1.69065929318241 * z + 0.73248077421585 * z**2
    )
    high_pass = (1 - 2 * z + z**2) / (1 - 1.99004745483398 * z + 0.99007225036621 * z**2)
    return np.asarray(np.abs(shelf * high_pass), np.float32)


def limit(track: Stereo, is_loop: bool) -> None:
    """Turn down, shortly before and after, what would go over the ceiling; in place."""
    peaks = np.abs(track).max(axis=0).reshape(-1, HOP).max(axis=1)
    if float(peaks.max()) <= CEILING:
        return
    wanted = np.minimum(1, np.float32(CEILING) / np.maximum(peaks, np.float32(_QUIETEST)))
    reach = 4
    wide = np.pad(wanted, 2 * reach, mode="wrap" if is_loop else "edge")
    lowest = np.lib.stride_tricks.sliding_window_view(wide, 2 * reach + 1).min(axis=1)
    gain = np.lib.stride_tricks.sliding_window_view(lowest, 2 * reach - 1).mean(axis=1)[1:-1]
    after = np.roll(gain, -1) if is_loop else np.append(gain[1:], gain[-1:])
    ramp = np.arange(HOP, dtype=np.float32) / np.float32(HOP)
    track *= (gain[:, None] + (after - gain)[:, None] * ramp).astype(np.float32).reshape(-1)


def fade(track: Stereo, seconds: float = FADE_SECONDS) -> None:
    """Fade both ends along half a cosine, in place."""
    length = min(round(seconds * RATE), track.shape[1] // 2)
    rise = (0.5 - 0.5 * np.cos(np.linspace(0, math.pi, length))).astype(np.float32)
    track[:, :length] *= rise
    track[:, -length:] *= rise[::-1]
