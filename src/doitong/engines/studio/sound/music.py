"""A pad: slow chords of soft voices, for what is not a place and for dreams."""

import math

import numpy as np

from doitong.engines.studio.arrays import Floats
from doitong.engines.studio.scene import Mood
from doitong.engines.studio.sound.signal import CONTROL_RATE, Random, Reel, Stereo, decay, ears, seconds_of, tone

# chords as semitones above the root of the key, spread wide: bass, then three or four upper voices
_BRIGHT = ((0, 16, 19, 23, 26), (9, 16, 19, 24, 28), (5, 12, 19, 21, 28), (7, 14, 17, 23, 26))
_DARK = ((0, 15, 19, 22, 26), (8, 15, 19, 24, 27), (3, 15, 19, 22, 26), (5, 12, 20, 24, 27))
_STRANGE = ((0, 13, 19, 20, 24), (1, 13, 17, 20, 27), (0, 15, 18, 22, 25), (6, 13, 18, 22, 25))
_FLOATING = ((0, 14, 18, 21, 25), (2, 14, 18, 21, 28), (4, 11, 18, 19, 26), (2, 9, 16, 18, 25))
_CHORDS = {
    Mood.DARK: _DARK,
    Mood.COLD: _DARK,
    Mood.MUTED: _DARK,
    Mood.MYSTERIOUS: _STRANGE,
    Mood.DREAMY: _FLOATING,
}
_CHORD_SECONDS = 2.5
_OVERTONES = ((1, 1.0), (2, 0.50), (3, 0.28), (4, 0.15), (5, 0.08), (6, 0.04))


def key_of(random: Random) -> int:
    """The key, in semitones from A."""
    return int(random.integers(-5, 5))


def pad(reel: Reel, random: Random, mood: Mood, key: int) -> Stereo:
    """Slow chords in a key, each melting into the next; in a loop the last leads to the first."""
    chords = _CHORDS.get(mood, _BRIGHT)
    count = max(1, round(reel.seconds / _CHORD_SECONDS))
    root = 110.0 * 2 ** (key / 12)
    first = int(random.integers(len(chords)))
    track = reel.silence()
    for number in range(count):
        envelope = _overlapping(reel, number, count)
        for voice, semitones in enumerate(chords[(first + number) % len(chords)]):
            _sing(reel, random, track, root / 2 * 2 ** (semitones / 12), envelope, voice)
    return track


def _overlapping(reel: Reel, number: int, count: int) -> Floats:
    """When chord `number` sounds: squared cosines that add up to 1, so that nothing dips between two chords."""
    share = np.arange(reel.points, dtype=np.float32) / np.float32(reel.points) * np.float32(count) - np.float32(number)
    if reel.is_loop:
        share = (share + np.float32(0.5)) % np.float32(count) - np.float32(0.5)
    rise = np.clip((share + np.float32(0.22)) / np.float32(0.44), 0, 1)
    fall = np.clip((np.float32(1.22) - share) / np.float32(0.44), 0, 1)
    if number == 0 and not reel.is_loop:
        rise = np.ones_like(rise)
    if number == count - 1 and not reel.is_loop:
        fall = np.ones_like(fall)
    if count == 1:
        return np.ones(reel.points, np.float32)
    return np.asarray(np.sin(rise * np.float32(math.pi / 2)) * np.sin(fall * np.float32(math.pi / 2)), np.float32)


def _sing(reel: Reel, random: Random, track: Stereo, pitch: float, envelope: Floats, voice: int) -> None:
    """One voice of a chord: two detuned choirs, one nearer each ear; the bass is one, in the middle."""
    sounding = np.flatnonzero(envelope > 1e-4)
    if not len(sounding):
        return
    level = (0.95, 0.60, 0.56, 0.50, 0.42)[voice % 5]
    bright = np.clip(1 + 0.35 * reel.drift(random, 3.0), 0.2, 2.0).astype(np.float32)
    table = np.zeros(4096, np.float32)
    turns = np.arange(4096) / 4096 * 2 * math.pi
    for overtone, loudness in _OVERTONES:
        table += (loudness * np.sin(overtone * turns + 0.7 * overtone * voice)).astype(np.float32)
    for side, cents in ((-1, -5.0), (1, 6.0)) if voice else ((0, 0.0),):
        exact = reel.whole(pitch * 2 ** ((cents + float(random.uniform(-1.5, 1.5))) / 1200))
        step, start = np.uint32(round(exact / 48_000 * 2**32)), np.uint32(int(random.integers(2**31)))
        wave = table.take((np.arange(reel.length, dtype=np.uint32) * step + start) >> np.uint32(20))
        wave *= reel.lift(envelope * (np.float32(0.7) + np.float32(0.3) * bright) * np.float32(level))
        left, right = ears(0.55 * side)
        track[0] += wave * np.float32(left)
        track[1] += wave * np.float32(right)


def bells(reel: Reel, random: Random, mood: Mood, key: int, per_second: float = 0.7) -> Stereo:
    """Single glassy notes of the same key, far apart; to be heard through a reverb."""
    scale = {Mood.DARK: (0, 3, 7, 10, 14), Mood.MYSTERIOUS: (0, 1, 7, 8, 13)}.get(mood, (0, 2, 7, 9, 14))
    track = reel.silence()
    length = seconds_of(1.6)
    for moment in reel.times(random, per_second):
        pitch = 440.0 * 2 ** ((key + scale[int(random.integers(len(scale)))]) / 12)
        note = tone(pitch, length) + np.float32(0.35) * tone(pitch * 2.756, length) * decay(length, 0.09)
        note *= decay(length, 0.26) * np.minimum(np.arange(length, dtype=np.float32) / np.float32(CONTROL_RATE), 1)
        reel.lay(track, moment, note, float(random.uniform(-0.6, 0.6)), float(random.uniform(0.3, 1.0)))
    return track
