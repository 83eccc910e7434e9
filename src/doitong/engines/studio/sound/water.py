"""What water does: surf, lapping, a stream, bubbles. Beds have RMS about 1; who mixes gives the level."""

import math
from dataclasses import dataclass

import numpy as np

from doitong.engines.studio.arrays import Floats
from doitong.engines.studio.sound.signal import (
    CONTROL_RATE,
    RATE,
    Curve,
    Mono,
    Random,
    Reel,
    Stereo,
    band,
    seconds_of,
    sweep,
    swell,
)

_BUBBLES_KEPT = 28  # bubbles that are made; more are the same ones again
SWELL_SECONDS = 8.0
# as `land.surf` draws it: a wave topples at phase −0.15 of its period and runs up the sand from phase 0.20 on; it is
# loudest between the two
BEACH_SECONDS, BEACH_PHASE = 6.5, 0.1


@dataclass(frozen=True)
class Wave:
    """One wave at the shore: when it breaks, how large it is, and on which side."""

    at_seconds: float
    size: float
    pan: float


def waves_of(reel: Reel, random: Random, period_seconds: float, phase: float | None = None) -> list[Wave]:
    """Waves about every `period_seconds`, every second or third a large one; in a loop, a whole number of them.

    With a `phase` (share of a period at which one breaks) they keep exactly to what is seen.
    """
    count = max(1, round(reel.seconds / period_seconds)) if reel.is_loop else 2 + int(reel.seconds / period_seconds)
    pace = reel.seconds / count if reel.is_loop else period_seconds
    place = float(random.uniform(0.08, 0.45)) if phase is None else phase
    first = place * pace - (0 if reel.is_loop else pace)
    waves = []
    for number in range(count):
        is_even = phase is not None or (reel.is_loop and count == 1)
        late = 0.0 if is_even else float(random.normal(0, 0.07)) * pace
        size = 0.62 + 0.38 * abs(math.sin(1.1 + 2.0 * number)) + float(random.uniform(-0.08, 0.08))
        side = 1.0 if number % 2 else -1.0  # in turn, or a short film leans to one side
        waves.append(Wave(first + number * pace + late, size, side * float(random.uniform(0.05, 0.5))))
    return waves


def surf(reel: Reel, random: Random, waves: list[Wave], wash: float = 1.0) -> Stereo:
    """Breaking waves: a far roar that never stops, a dark rise, the break, and the hiss of foam that runs back.

    `wash` is how near the foam is: 1 on the beach, 0 out at sea.
    """
    track = reel.wide_noise(random, band(45, 420, 0.7), 0.6)
    track *= np.float32(0.42)
    parts = (
        (band(50, 330, 0.5), 1.5, 0.5, 1.1, 1.0),  # the wave itself: rises before it breaks
        (band(260, 1700, 0.5), 0.55, 0.10, 1.1, 0.95),  # the break
        (band(1500, 8200, 0.45), 0.45, 0.45, 2.2, 0.62 * wash),  # the foam, that lives longest
    )
    for shape, rise, hold, fall, level in parts:
        if level <= 0:
            continue
        noise = reel.wide_noise(random, shape, 0.9)
        envelopes = [_breaking(reel, random, waves, (rise, hold, fall), side) for side in (-1, 1)]
        reel.sway(noise, *(envelope * np.float32(level) for envelope in envelopes))
        track += noise
    return track


def _breaking(reel: Reel, random: Random, waves: list[Wave], shape: tuple[float, float, float], side: int) -> Curve:
    """How loud one part of the waves is at one ear."""
    envelope = np.zeros(reel.points, np.float32)
    for wave in waves:
        _add_hump(reel, envelope, wave.at_seconds, shape, wave.size**1.6 * (1 + side * 0.6 * wave.pan))
    envelope *= np.clip(1 + 0.12 * reel.drift(random, 0.25), 0.4, 1.6)
    return envelope + np.float32(0.05)


def _add_hump(reel: Reel, envelope: Curve, at_seconds: float, shape: tuple[float, float, float], size: float) -> None:
    """A rise before the moment, a hold after it, an exponential fall; round the circle when the film loops."""
    rise, hold, fall = shape
    times = np.arange(reel.points, dtype=np.float32) / np.float32(CONTROL_RATE) - np.float32(at_seconds)
    if reel.is_loop:
        times = (times + np.float32(rise)) % np.float32(reel.seconds) - np.float32(rise)
    up = np.clip((times + np.float32(rise)) / np.float32(rise), 0, 1) ** 2
    down = np.exp(-np.maximum(times - np.float32(hold), 0) / np.float32(fall))
    if reel.is_loop:  # what is left of the fall when the circle closes must not jump
        down *= np.clip((np.float32(reel.seconds) - np.float32(rise) - times) / np.float32(0.8), 0, 1)
    envelope += (up * down * np.float32(size)).astype(np.float32)


def bubble(frequency: float, rising: float = 0.1) -> Mono:
    """The ring of one bubble, peak about 1: van den Doel, Physically based models for liquid sounds (2005)."""
    radius = 3.0 / frequency
    damping = 0.13 / radius + 0.0072 * radius**-1.5
    length = min(seconds_of(0.16), max(96, int(5.0 / damping * RATE)))
    times = np.arange(length, dtype=np.float32) / np.float32(RATE)
    pitch = np.float32(frequency) * (1 + np.float32(rising * damping) * times)
    fade = np.minimum(times * np.float32(RATE / 48), 1)
    ring: Mono = sweep(pitch) * np.exp(times * np.float32(-damping)) * fade
    return ring


def bubbles(reel: Reel, random: Random, moments: list[float], low: float, high: float, spread: float) -> Stereo:
    """Bubbles at these moments, in pitch between `low` and `high` hertz, near and far, all around."""
    pitches = low * (high / low) ** random.random(_BUBBLES_KEPT)
    kept = [bubble(float(pitch), float(random.uniform(0.0, 0.16))) for pitch in pitches]
    track = reel.silence()
    for moment in moments:
        which = int(random.integers(_BUBBLES_KEPT))
        loudness = 0.12 + 0.88 * float(random.random()) ** 2.5
        reel.lay(track, moment, kept[which], float(random.uniform(-spread, spread)), loudness)
    return track


def lapping(reel: Reel, random: Random, wind: float) -> Stereo:
    """Small waves against a shore: every second or so a soft rush with a handful of gurgles in it."""
    track = reel.silence()
    pace = 1.25 - 0.35 * min(1.0, wind)
    count = max(1, round(reel.seconds / pace)) + (0 if reel.is_loop else 2)
    moments: list[float] = []
    rush = reel.wide_noise(random, band(240, 1300, 0.7), 0.85)
    envelope = np.zeros(reel.points, np.float32)
    for number in range(count):
        at = (number - (0 if reel.is_loop else 1)) * reel.seconds / max(1, count - (0 if reel.is_loop else 2))
        at += float(random.normal(0, 0.16))
        size = 0.3 + 0.7 * float(random.random())
        _add_hump(reel, envelope, at, (0.20, 0.02, 0.22), size)
        moments += [at + abs(float(random.normal(0, 0.16))) for _ in range(int(random.poisson(4 * size)))]
    reel.sway(rush, envelope + np.float32(0.20))  # a lake is never quite still
    track += rush
    track += np.float32(2.1) * bubbles(reel, random, moments, 260, 950, 0.7)
    return track


def stream(reel: Reel, random: Random) -> Stereo:
    """A brook some way off: hundreds of bubbles a second over a soft rush."""
    track = reel.wide_noise(random, band(350, 2600, 0.5), 0.8)
    track *= np.float32(0.35)
    moments = [float(moment) for moment in random.random(70 * reel.seconds) * reel.seconds]
    track += np.float32(1.1) * bubbles(reel, random, moments, 420, 1900, 0.6)
    return track


def plume(reel: Reel, random: Random) -> Stereo:
    """Strings of bubbles that rise past the ear under water."""
    track = reel.silence()
    for start in reel.times(random, 0.9, 1.0):
        count = int(random.integers(6, 22))
        gaps = np.cumsum(random.exponential(0.055, count))
        pan, pitch = float(random.uniform(-0.7, 0.7)), float(random.uniform(320, 620))
        for number, gap in enumerate(gaps):
            ring = bubble(pitch * (1 + 0.9 * number / count) * float(random.uniform(0.9, 1.12)), 0.12)
            reel.lay(track, start + float(gap), ring, pan, 0.25 + 0.75 * float(random.random()))
    return track


def depths(reel: Reel, random: Random) -> Stereo:
    """Under water: everything above a few hundred hertz is gone, and the rest sways."""
    track = reel.silence()
    for shape, level, period in (
        (band(25, 110, 0.2), 0.62, 3.0),
        (band(100, 380, 0.6), 0.62, 1.8),
        (band(300, 900, 0.9, 3.0), 0.42, 1.1),  # what small speakers can give of it
    ):
        noise = reel.wide_noise(random, shape, 0.5)
        breaths = [np.clip(1 + 0.4 * reel.drift(random, period), 0.15, 2.2) * np.float32(level) for _ in range(2)]
        reel.sway(noise, *breaths)
        track += noise
    return track


def call_of_the_deep(random: Random) -> Floats:
    """A far animal's voice: one long gliding tone with a faint second above it, 2–3 s."""
    length = seconds_of(float(random.uniform(1.9, 2.9)))
    low = float(random.uniform(150, 210))
    along = np.linspace(0, 1, length, dtype=np.float32)
    glide = low * (
        1 + float(random.uniform(0.15, 0.5)) * np.sin(along * np.float32(math.pi)) + 0.01 * np.sin(along * 60)
    )
    voice: Floats = sweep(glide) + np.float32(0.25) * sweep(glide * np.float32(2.01))
    return voice * swell(length, 0.35, 0.5)
