"""What lives: birds by day, gulls at the sea, crickets and an owl by night. Grains have a peak of about 1."""

import math
from collections.abc import Callable

import numpy as np

from doitong.engines.studio.arrays import Floats
from doitong.engines.studio.sound.signal import (
    CONTROL_RATE,
    RATE,
    Mono,
    Random,
    Reel,
    Stereo,
    line,
    seconds_of,
    sweep,
    swell,
    tone,
)

Song = Callable[[Random], Mono]


def _note(contour: Floats, rise: float = 0.2, fall: float = 0.45, second: float = 0.05) -> Mono:
    """One note along a contour of hertz, with a little of its octave."""
    sung: Mono = sweep(contour) + np.float32(second) * sweep(contour * np.float32(2))
    return sung * swell(len(contour), rise, fall)


def _joined(notes: list[tuple[float, Mono]]) -> Mono:
    """Notes at their moments (seconds) in one grain."""
    length = max(seconds_of(at) + len(note) for at, note in notes)
    song = np.zeros(length, np.float32)
    for at, note in notes:
        start = seconds_of(at) - 1
        song[start : start + len(note)] += note
    return song


def tit(random: Random) -> Mono:
    """Two notes, high and lower, said three or four times: like a great tit."""
    high, low = float(random.uniform(4300, 5300)), float(random.uniform(3200, 3900))
    notes = []
    for number in range(int(random.integers(3, 5))):
        at = 0.01 + number * 0.31
        notes.append((at, _note(line(seconds_of(0.10), (0, high * 0.98), (1, high)), 0.2, 0.4)))
        notes.append((at + 0.14, np.float32(0.8) * _note(line(seconds_of(0.13), (0, low * 1.02), (1, low)), 0.15, 0.5)))
    return _joined(notes)


def finch(random: Random) -> Mono:
    """A run of quick falling chirps that slows into a flourish: like a chaffinch."""
    notes, at, pitch = [], 0.01, float(random.uniform(4600, 5400))
    for number in range(int(random.integers(7, 11))):
        length = seconds_of(0.07 + 0.004 * number)
        notes.append(
            (at, np.float32(0.5 + 0.05 * number) * _note(line(length, (0, pitch * 1.18), (1, pitch * 0.82)), 0.1, 0.5))
        )
        at += 0.095 + 0.006 * number
        pitch *= 0.955
    notes.append((at, _note(line(seconds_of(0.2), (0, pitch), (0.4, pitch * 1.55), (1, pitch * 0.9)), 0.15, 0.4)))
    return _joined(notes)


def robin(random: Random) -> Mono:
    """Thin whistles that wander up and down with rests between: like a robin."""
    notes, at = [], 0.01
    for _ in range(int(random.integers(4, 7))):
        middle, length = float(random.uniform(2900, 5600)), float(random.uniform(0.08, 0.24))
        bend = float(random.uniform(-0.22, 0.22))
        contour = line(
            seconds_of(length), (0, middle * (1 - bend)), (0.5, middle * (1 + bend * 0.6)), (1, middle * (1 + bend))
        )
        if random.random() < 0.4:  # a trill
            contour = contour * (1 + np.float32(0.05) * tone(float(random.uniform(22, 34)), len(contour)))
        notes.append((at, np.float32(random.uniform(0.5, 1.0)) * _note(contour, 0.2, 0.4)))
        at += length + float(random.uniform(0.02, 0.14))
    return _joined(notes)


def lark(random: Random) -> Mono:
    """A long stream of tiny notes, high in the sky: like a skylark."""
    notes, at = [], 0.01
    for _ in range(int(random.integers(5, 8))):
        pitch, step = float(random.uniform(3000, 5200)), float(random.uniform(0.055, 0.085))
        bend = float(random.uniform(0.85, 1.2))
        for _ in range(int(random.integers(3, 6))):
            notes.append(
                (
                    at,
                    np.float32(random.uniform(0.55, 1.0))
                    * _note(line(seconds_of(step * 0.85), (0, pitch), (1, pitch * bend)), 0.2, 0.5),
                )
            )
            at += step
    return _joined(notes)


def cuckoo(random: Random) -> Mono:
    """The falling third everybody knows, twice."""
    high = float(random.uniform(640, 700))
    notes = []
    for number in range(2):
        at = 0.01 + number * 1.25
        notes.append((at, _note(line(seconds_of(0.17), (0, high), (1, high * 0.985)), 0.25, 0.45, 0.08)))
        notes.append(
            (
                at + 0.30,
                np.float32(0.85) * _note(line(seconds_of(0.26), (0, high * 0.81), (1, high * 0.80)), 0.2, 0.5, 0.08),
            )
        )
    return _joined(notes)


def gull(random: Random) -> Mono:
    """A gull's cry: rough, rich in overtones, rising and falling; two to four, each a little lower."""
    notes, at, pitch = [], 0.01, float(random.uniform(820, 1020))
    for number in range(int(random.integers(2, 5))):
        length = seconds_of(float(random.uniform(0.26, 0.42)))
        contour = line(length, (0, pitch * 0.78), (0.22, pitch * 1.1), (0.6, pitch), (1, pitch * 0.7))
        voice = np.zeros(length, np.float32)
        for overtone, loudness in ((1, 0.5), (2, 1.0), (3, 0.75), (4, 0.35), (5, 0.18)):
            voice += np.float32(loudness) * sweep(contour * np.float32(overtone), 0.13 * overtone)
        rough = 1 + np.float32(0.25) * tone(float(random.uniform(55, 80)), length)
        notes.append((at, voice * rough * swell(length, 0.15, 0.5) * np.float32(0.45 * 0.9**number)))
        at += length / RATE + float(random.uniform(0.10, 0.22))
        pitch *= 0.95
    return _joined(notes)


def raptor(random: Random) -> Mono:
    """One long falling scream far above: like a buzzard."""
    length, pitch = seconds_of(float(random.uniform(0.7, 1.0))), float(random.uniform(2300, 2700))
    contour = line(length, (0, pitch * 0.9), (0.12, pitch), (1, pitch * 0.62))
    return _note(contour * (1 + np.float32(0.006) * tone(31, length)), 0.12, 0.7, 0.28)


def owl(random: Random) -> Mono:
    """One hoot, a rest, then a trembling one."""
    pitch = float(random.uniform(350, 420))
    long = line(seconds_of(0.85), (0, pitch * 0.97), (0.3, pitch), (1, pitch * 0.93))
    tremble = 1 - np.float32(0.35) * np.abs(tone(4.5, len(long)))
    first = _note(line(seconds_of(0.42), (0, pitch * 0.98), (1, pitch * 0.96)), 0.3, 0.5, 0.06)
    return _joined([(0.01, first), (1.3, _note(long, 0.25, 0.5, 0.06) * tremble)])


def frog(random: Random) -> Mono:
    """A few short croaks: pulses of a low ring."""
    notes, pitch = [], float(random.uniform(520, 760))
    for number in range(int(random.integers(2, 5))):
        length = seconds_of(0.16)
        pulses = np.maximum(tone(float(random.uniform(38, 46)), length), 0) ** 2
        notes.append(
            (0.01 + 0.27 * number, _note(line(length, (0, pitch * 0.9), (1, pitch * 1.1)), 0.2, 0.4, 0.5) * pulses)
        )
    return _joined(notes)


def chorus(reel: Reel, random: Random, songs: tuple[Song, ...], per_second: float, nearest: float = 0.2) -> Stereo:
    """Sparse songs from a few singers that keep to their places; a far one is quieter. One voice rarely cuts in on
    another, and the first is heard within the film's first third."""
    track = reel.silence()
    singers = [(songs[int(random.integers(len(songs)))], float(random.uniform(-0.85, 0.85)),
                float(random.uniform(nearest, 1.0))) for _ in range(4)]  # fmt: skip
    at = float(random.uniform(0.05, 0.3)) * min(reel.seconds, 1 / per_second)
    while at < reel.seconds - (0 if reel.is_loop else 0.5):
        sing, pan, distance = singers[int(random.integers(len(singers)))]
        song = sing(random)
        reel.lay(track, at, song, pan, 0.9 * (1 - 0.72 * distance) * float(random.uniform(0.8, 1.0)))
        at += len(song) / RATE * 0.6 + float(random.exponential(0.8 / per_second)) + 0.25
    return track


def crickets(reel: Reel, random: Random, count: int = 5, warmth: float = 1.0) -> Stereo:
    """Field crickets, each with its own pitch, pace and place: three pulses a chirp, faster when it is warm."""
    track = reel.silence()
    for number in range(count):
        pitch = float(random.uniform(4100, 5100))
        pace = round(reel.seconds * (1.4 + 0.9 * warmth) * float(random.uniform(0.9, 1.12))) / reel.seconds
        times = np.arange(reel.points, dtype=np.float32) / np.float32(CONTROL_RATE)
        chirp = (times * np.float32(pace) + np.float32(random.random())) % 1
        inside = chirp * np.float32(1 / 0.42)
        pulse = np.abs(np.sin(inside * np.float32(3 * math.pi))) ** 1.5 * (inside < 1) * (0.6 + 0.4 * inside)
        near = 0.45 + 0.55 * float(random.random()) if number else 1.0
        mood = np.clip(1 + 0.25 * reel.drift(random, 2.5), 0.3, 1.5)
        voice = tone(pitch, reel.length) * reel.lift((pulse * mood * np.float32(near)).astype(np.float32))
        reel.lay(track, 0.0, voice, float(random.uniform(-0.9, 0.9)))
    return track


def grasshoppers(reel: Reel, random: Random) -> Stereo:
    """The dry whirr of a summer meadow: bright noise in bursts of quick pulses, left and right in turn."""
    track = reel.silence()
    for _ in range(3):
        noise = reel.noise(random, lambda f: np.exp(-(((f - 7200) / 1500) ** 2)).astype(np.float32))
        burst = np.clip(0.2 + reel.drift(random, 1.3), 0, 2)
        pulses = (np.arange(reel.points) % 12 < 5).astype(np.float32)
        reel.lay(track, 0.0, noise * reel.lift((burst * (0.25 + 0.75 * pulses)).astype(np.float32)),
                 float(random.uniform(-0.9, 0.9)))  # fmt: skip
    return track
