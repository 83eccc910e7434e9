"""What the air does: wind, leaves, rain, thunder. Beds have RMS about 1; who mixes gives the level."""

import numpy as np

from doitong.engines.studio.arrays import Floats
from doitong.engines.studio.sound.signal import (
    RATE,
    Curve,
    Random,
    Reel,
    Shape,
    Stereo,
    band,
    decay,
    ears,
    line,
    seconds_of,
)

_LONGEST_ROLL = 7 * RATE
_EAR_TO_EAR = 150  # points of an envelope by which a gust reaches the right ear later


def gusts(reel: Reel, random: Random, wind: float) -> Curve:
    """How hard it blows, about 0.3–1.6: slow breaths, quicker ones the windier it is."""
    slow, quick = reel.drift(random, 2.6), reel.drift(random, 0.8)
    restless = min(1.0, 0.35 + 0.4 * wind)
    strength = 0.6 + 0.26 * restless * slow + 0.11 * restless * quick
    return np.clip(strength, 0.26, 1.6).astype(np.float32)


def wind(reel: Reel, random: Random, gust: Curve) -> Stereo:
    """Wind in the open: it gets brighter as it gets stronger, and moves from left to right."""
    other = np.roll(gust, _EAR_TO_EAR)
    track = reel.silence()
    for shape, power, level in (
        (band(38, 190, 0.4), 1.0, 0.55),
        (band(170, 720, 0.5), 1.7, 0.70),
        (band(650, 3600, 0.9), 2.6, 0.34),
    ):
        noise = reel.wide_noise(random, shape, 0.75)
        reel.sway(noise, *(np.float32(level) * breath**power for breath in (gust, other)))
        track += noise
    return track


def howl(reel: Reel, random: Random, gust: Curve, lowest: float = 330.0) -> Stereo:
    """Wind that sings in rock: a narrow tone that climbs with the gust, by handing over between five bands."""
    place = np.clip(gust * np.float32(3.2), 0, 4)
    track = reel.silence()
    for number in range(5):
        centre = lowest * 1.22**number
        nearness = np.exp(-((place - number) ** 2) * np.float32(1.6)) * gust**1.6
        noise = reel.noise(random, band(centre * 0.97, centre * 1.03, 0, 3.0))
        left, right = ears(-0.35 + 0.18 * number)
        noise *= reel.lift(nearness.astype(np.float32))
        track[0] += noise * np.float32(left)
        track[1] += noise * np.float32(right)
    return track


def leaves(reel: Reel, random: Random, gust: Curve) -> Stereo:
    """Foliage: bright noise that flutters with every gust, differently on each side."""
    noise = reel.wide_noise(random, band(1800, 7800, 0.35), 1.0)
    flutters = [np.clip(1 + 0.55 * reel.drift(random, 0.09) + 0.3 * reel.drift(random, 0.4), 0, 3) for _ in range(2)]
    reel.sway(noise, *(flutter * gust**2.2 for flutter in flutters))
    return noise


def rain(reel: Reel, random: Random, amount: float) -> Stereo:
    """Rain: a hiss of far drops, and near ones that one can count; heavier rain is denser and deeper."""
    track = reel.wide_noise(random, band(1100, 9500, 0.25), 0.95)
    track *= np.float32(0.55)
    deep = reel.wide_noise(random, band(180, 900, 0.6), 0.8)
    deep *= np.float32(0.35 * amount)
    track += deep
    reel.sway(track, *(np.clip(1 + 0.10 * reel.drift(random, 1.8), 0.5, 1.5) for _ in range(2)))
    for side in range(2):
        track[side] += _drops(reel, random, amount)
    return track


def _drops(reel: Reel, random: Random, amount: float) -> Floats:
    """Drops near by: clicks at random moments, few of them loud, heard through a bright band and a deep one."""
    spectrum = np.zeros(reel.length // 2 + 1, np.complex64)
    for per_second, shape, level in (
        (120 + 900 * amount, band(1500, 6500, 0.4, 1.5), 1.0),
        (25 + 60 * amount, band(380, 1500, 0.2, 2.0), 1.4),
    ):
        count = int(random.poisson(per_second * reel.seconds))
        loudness = np.minimum(random.pareto(3.0, count) + 0.2, 1.6) * random.choice([-level, level], count)
        places = random.integers(0, reel.length, count)
        clicks = np.bincount(places, weights=loudness / np.sqrt(per_second), minlength=reel.length)
        spectrum += np.fft.rfft(clicks.astype(np.float32)) * shape(reel.frequencies)
    heard = np.fft.irfft(spectrum, reel.length).astype(np.float32, copy=False)
    power = float(np.dot(heard, heard)) / reel.length
    return np.asarray(heard * np.float32(0.34 / np.sqrt(max(power, 1e-12))))


class Thunder:
    """Rolls of thunder, cut from noise that is made once for a film."""

    def __init__(self, random: Random) -> None:
        length = _LONGEST_ROLL
        frequencies = np.fft.rfftfreq(length, 1 / RATE).astype(np.float32)
        shapes = band(28, 120, 0.3), band(110, 620, 0.9), band(500, 5200, 0.5)
        self._rumble, self._body, self._crack = (_noise_of(random, length, frequencies, shape) for shape in shapes)

    def roll(self, random: Random, distance: float) -> Stereo:
        """One roll, 4–7 s, peak about 1. `distance` 0 is overhead: a crack before the rumble; 1 is far."""
        length = seconds_of(4.0 + 3.0 * distance)
        lobes = [(float(random.random() ** 1.6 * 0.55), float(random.uniform(0.35, 1.0))) for _ in range(7)]
        start = int(random.integers(_LONGEST_ROLL))
        track = np.empty((2, length), np.float32)
        for side in range(2):
            rumble, body, crack = (
                np.roll(noise, start + side * _LONGEST_ROLL // 2)[:length]
                for noise in (self._rumble, self._body, self._crack)
            )
            envelope = _rolling(length, [(0.0, 1.0), *lobes], distance, 0.012 * side)
            track[side] = (rumble + body * np.float32(0.42 * (1 - 0.6 * distance))) * envelope
            track[side] += crack * decay(length, 0.055) * np.float32(1.9 * max(0.0, 1 - 2.2 * distance))
        track *= line(length, (0, 1), (0.75, 1), (1, 0))
        return np.asarray(track * np.float32(1 / max(1e-6, float(np.abs(track).max()))), np.float32)


def _rolling(length: int, lobes: list[tuple[float, float]], distance: float, shift: float) -> Floats:
    """Lobes one over another, each with its moment (share of the length) and loudness; soft when far."""
    envelope = np.zeros(length, np.float32)
    rise_samples = np.float32(seconds_of(0.05) * (1 + 4 * distance))
    for place, loudness in lobes:
        start = min(length - 1, int((place + shift) * length))
        rest = length - start
        rise = np.minimum(np.arange(rest, dtype=np.float32) / rise_samples, 1)
        envelope[start:] += rise * decay(rest, 0.45 + 0.5 * loudness) * np.float32(loudness)
    return envelope


def _noise_of(random: Random, length: int, frequencies: Floats, shape: Shape) -> Floats:
    spectrum = random.standard_normal(2 * len(frequencies), dtype=np.float32).view(np.complex64)
    spectrum *= shape(frequencies)
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, length).astype(np.float32, copy=False)
    return noise / np.float32(noise.std())
