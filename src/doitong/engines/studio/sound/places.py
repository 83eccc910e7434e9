"""What a place hums: a city, a room, a night sky with nothing in it."""

import numpy as np

from doitong.engines.studio.sound.signal import (
    CONTROL_RATE,
    Random,
    Reel,
    Stereo,
    band,
    line,
    seconds_of,
    swell,
    tone,
)

PASSING_SECONDS = 3.6


def city(reel: Reel, random: Random, is_night: bool) -> Stereo:
    """A city from a roof: a dark hum that breathes, hundreds of far engines, and the whirr of machines on roofs."""
    track = reel.silence()
    for shape, level, period in (
        (band(32, 120, 0.3), 1.0, 4.0),
        (band(110, 520, 0.8), 0.62, 2.0),
        (band(480, 2400, 0.9), 0.36 if is_night else 0.44, 1.4),
    ):
        noise = reel.wide_noise(random, shape, 0.7)
        breaths = [np.clip(1 + 0.22 * reel.drift(random, period), 0.3, 2) * np.float32(level) for _ in range(2)]
        reel.sway(noise, *breaths)
        track += noise
    for number, (pitch, level) in enumerate(((50, 0.05), (100, 0.06), (149.6, 0.03), (200, 0.02))):
        track += tone(pitch, reel.length, 0.3 * number) * np.float32(level)
    return track


def traffic(reel: Reel, random: Random, per_second: float, wetness: float = 0.0) -> Stereo:
    """Cars that pass from one side to the other, some way off; on a wet road the tyres hiss."""
    rumble, tyres = reel.noise(random, band(55, 260, 0.5)), reel.noise(random, band(420, 2600 + 3000 * wetness, 0.7))
    left, right = np.zeros(reel.points, np.float32), np.zeros(reel.points, np.float32)
    times = np.arange(reel.points, dtype=np.float32) / np.float32(CONTROL_RATE)
    moments = reel.times(random, per_second, 2.0) or [float(random.uniform(0.3, 0.7)) * reel.seconds]
    for moment in moments:
        away = times - np.float32(moment)
        if reel.is_loop:
            away = (away + np.float32(reel.seconds / 2)) % np.float32(reel.seconds) - np.float32(reel.seconds / 2)
        width = PASSING_SECONDS * float(random.uniform(0.22, 0.38))
        near = np.exp(-((away / np.float32(width)) ** 2)) * np.float32(random.uniform(0.35, 1.0))
        side = np.tanh(away / np.float32(width)) * np.float32(random.choice([-1.0, 1.0]))
        left += near * (0.55 - 0.4 * side)
        right += near * (0.55 + 0.4 * side)
    track = np.stack([rumble + tyres * np.float32(0.7 + 0.7 * wetness)] * 2)
    reel.sway(track, left, right)
    return track


def horn(random: Random) -> Stereo:
    """A car's horn, streets away: two reedy notes."""
    length, pitch = seconds_of(float(random.uniform(0.18, 0.42))), float(random.uniform(380, 440))
    voice = np.zeros(length, np.float32)
    for base in (pitch, pitch * 0.8):
        for overtone in (1, 2, 3, 5):
            voice += tone(base * overtone, length, 0.17 * overtone) * np.float32(0.4 / overtone)
    voice *= swell(length, 0.08, 0.2)
    return np.stack([voice, voice])


def room(reel: Reel, random: Random) -> Stereo:
    """A quiet room: air that one only notices when it stops."""
    track = reel.wide_noise(random, band(45, 900, 1.0, 1.5), 0.6)
    air = reel.wide_noise(random, band(900, 6000, 0.6), 0.9)
    air *= np.float32(0.10)
    track += air
    reel.sway(track, *(np.clip(1 + 0.08 * reel.drift(random, 2.5), 0.6, 1.4) for _ in range(2)))
    return track


def void(reel: Reel, random: Random) -> Stereo:
    """Space as films have it: a low drone of fifths that beats slowly, and a sheen that comes and goes."""
    track = reel.silence()
    root = float(random.choice([41.2, 43.65, 46.25, 49.0, 55.0]))
    for ratio, level in ((1, 0.8), (1.4983, 0.5), (2, 0.55), (2.9966, 0.36), (4, 0.34), (5.993, 0.26), (8, 0.22),
                         (11.99, 0.10)):  # fmt: skip
        wide = 0.0 if ratio < 2 else 1.0  # the lowest are one sound for both ears: apart, they would cancel
        for cents in (-4.0, 3.0):
            breath = np.clip(1 + 0.3 * reel.drift(random, 3.5), 0.2, 1.8).astype(np.float32)
            swelling, start = reel.lift(breath * np.float32(0.5 * level)), float(random.random())
            for side in range(2):
                pitch = reel.whole(root * ratio * 2 ** ((cents + wide * (1.5 * side + random.uniform(-1, 1))) / 1200))
                track[side] += tone(pitch, reel.length, start) * swelling
    wind = reel.wide_noise(random, band(120, 620, 0.6), 0.8)
    sheen = reel.wide_noise(random, band(1300, 5200, 0.7), 1.0)
    reel.sway(sheen, *(np.clip(1 + 0.8 * reel.drift(random, 2.2), 0, 3) for _ in range(2)))
    track += wind * np.float32(0.26) + sheen * np.float32(0.11)
    return track


def signal_from_afar(random: Random) -> Stereo:
    """Three soft pings, each an echo of the last: a satellite, perhaps."""
    length, pitch = seconds_of(1.5), float(random.choice([1046.5, 1174.7, 1318.5]))
    ping = tone(pitch, seconds_of(0.32)) * swell(seconds_of(0.32), 0.05, 0.9)
    track = np.zeros((2, length), np.float32)
    for number in range(3):
        start = seconds_of(0.36 * number)
        track[number % 2, start : start + len(ping)] += ping * np.float32(0.55**number)
    return track * line(length, (0, 1), (0.8, 1), (1, 0))
