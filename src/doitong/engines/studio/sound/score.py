"""Which sounds a scene has, how loud, and in what space: the one place that knows scenes and sounds."""

from dataclasses import dataclass

import numpy as np

from doitong.engines.studio.air.lightning import Lightning
from doitong.engines.studio.scene import Life, Mood, Scene, SceneKind, Season, TimeOfDay
from doitong.engines.studio.sound import creatures, music, places, water, weather
from doitong.engines.studio.sound.creatures import Song
from doitong.engines.studio.sound.mix import Mix
from doitong.engines.studio.sound.signal import Curve, Reel, Stereo


@dataclass(frozen=True)
class Space:
    """Where the sounds ring: seconds to −60 dB, and the brightest of the ring in hertz."""

    seconds: float
    brightest: float


_OPEN = Space(0.9, 3200)
_SPACES = {
    SceneKind.LAKE: Space(1.8, 3800),
    SceneKind.MOUNTAINS: Space(2.2, 3200),
    SceneKind.CANYON: Space(3.4, 3600),
    SceneKind.FOREST: Space(1.3, 4200),
    SceneKind.CITY: Space(1.6, 2600),
    SceneKind.SPACE: Space(4.0, 5200),
    SceneKind.UNDERWATER: Space(2.8, 900),
    SceneKind.ABSTRACT: Space(3.0, 5600),
}
_LOUD, _USUAL, _CALM, _HUSHED = -16.0, -18.0, -20.0, -22.0  # LUFS
_LOUDNESS = {
    SceneKind.SEA: _LOUD,
    SceneKind.BEACH: _LOUD,
    SceneKind.CITY: _LOUD,
    SceneKind.ABSTRACT: _LOUD,
    SceneKind.LAKE: _CALM,
    SceneKind.HILLS: _CALM,
    SceneKind.FIELD: _CALM,
    SceneKind.SNOWFIELD: _HUSHED,
}
_WIND = {  # decibels of the wind at wind 1
    SceneKind.LAKE: -14, SceneKind.MOUNTAINS: -4, SceneKind.SEA: -12, SceneKind.BEACH: -14, SceneKind.ISLANDS: -12,
    SceneKind.HILLS: -8, SceneKind.FIELD: -8, SceneKind.ROAD: -9, SceneKind.DUNES: -3, SceneKind.CANYON: -6,
    SceneKind.SNOWFIELD: -5, SceneKind.FOREST: -12, SceneKind.CITY: -16,
}  # fmt: skip
_LEAVES = {SceneKind.FOREST: -15, SceneKind.HILLS: -24, SceneKind.FIELD: -19, SceneKind.ROAD: -22, SceneKind.LAKE: -27}
_DAY_SONGS: dict[SceneKind, tuple[tuple[Song, ...], float, float]] = {  # who sings, how often a second, how near
    SceneKind.FOREST: ((creatures.tit, creatures.finch, creatures.robin, creatures.cuckoo), 0.85, 0.1),
    SceneKind.LAKE: ((creatures.robin, creatures.tit, creatures.finch), 0.35, 0.4),
    SceneKind.HILLS: ((creatures.lark, creatures.finch, creatures.tit), 0.55, 0.3),
    SceneKind.FIELD: ((creatures.lark, creatures.lark, creatures.finch), 0.6, 0.25),
    SceneKind.ROAD: ((creatures.lark, creatures.tit), 0.4, 0.4),
    SceneKind.ISLANDS: ((creatures.gull, creatures.finch), 0.3, 0.5),
    SceneKind.SEA: ((creatures.gull,), 0.16, 0.5),
    SceneKind.BEACH: ((creatures.gull,), 0.26, 0.3),
    SceneKind.MOUNTAINS: ((creatures.raptor,), 0.14, 0.5),
    SceneKind.CANYON: ((creatures.raptor,), 0.16, 0.4),
    SceneKind.CITY: ((creatures.tit, creatures.finch), 0.16, 0.7),
}
_CRICKETS = {SceneKind.LAKE: -19, SceneKind.HILLS: -15, SceneKind.FIELD: -14, SceneKind.ROAD: -15,
             SceneKind.FOREST: -17, SceneKind.BEACH: -26, SceneKind.ISLANDS: -21, SceneKind.CANYON: -20}  # fmt: skip
_BEFORE_SECONDS = 3.0  # how long before the film a flash may have been that is still to be heard
_LOOK_SECONDS = 0.4  # shorter than a flash lasts
_DARK = {TimeOfDay.DUSK, TimeOfDay.NIGHT}
_NO_AIR = {SceneKind.SPACE, SceneKind.UNDERWATER, SceneKind.ABSTRACT}


def soundtrack(scene: Scene, seconds: int, *, has_place: bool = True) -> Stereo:
    """The scene's sound: float32, two ears × 48,000 samples a second, peaks under −1 dBFS, deterministic by the seed.

    `has_place` False is a picture of which nothing is known: a quiet room, and only the weather that was asked for.
    """
    reel = Reel(seconds, scene.seed, scene.is_loop)
    mix = Mix(reel)
    if has_place:
        _add_place(mix, scene)
    else:
        mix.add(places.room(reel, reel.random(1)), 0)
    if scene.kind not in _NO_AIR or not has_place:
        _add_weather(mix, scene, seconds)
    if scene.mood is Mood.DREAMY and scene.kind is not SceneKind.ABSTRACT:
        mix.add(music.pad(reel, reel.random(2), scene.mood, music.key_of(reel.random(2))), -16, 0.5)
    space = _SPACES.get(scene.kind, _OPEN) if has_place else _OPEN
    mix.add_reverb(reel.random(3), space.seconds, space.brightest)
    return mix.finish(_loudness(scene, has_place))


def _loudness(scene: Scene, has_place: bool) -> float:
    usual = _LOUDNESS.get(scene.kind, _USUAL) if has_place else _HUSHED
    if scene.kind in _NO_AIR and has_place:
        return usual
    stormy = max(scene.rain, scene.lightning, min(1.0, (scene.wind - 1.4) / 1.2))
    return usual + max(0.0, stormy) * (_LOUD - usual)


def _add_place(mix: Mix, scene: Scene) -> None:
    reel = mix.reel
    match scene.kind:
        case SceneKind.SPACE:
            mix.add(places.void(reel, reel.random(10)), 0, 0.25)
            pings = reel.silence()
            for moment in reel.times(reel.random(11), 0.12):
                reel.lay(pings, moment, places.signal_from_afar(reel.random(12)))
            mix.add(pings, -17, 1.0)
        case SceneKind.UNDERWATER:
            mix.add(water.depths(reel, reel.random(10)), 0)
            mix.add(water.plume(reel, reel.random(11)), -1, 0.4)
            calls = reel.silence()
            for moment in reel.times(reel.random(12), 0.12):
                reel.lay(calls, moment, water.call_of_the_deep(reel.random(13)), 0.3)
            mix.add(calls, -13, 1.0)
        case SceneKind.ABSTRACT:
            key = music.key_of(reel.random(10))
            mix.add(music.pad(reel, reel.random(11), scene.mood, key), 0, 0.35)
            mix.add(music.bells(reel, reel.random(12), scene.mood, key), -10, 0.9)
        case _:
            _add_outdoors(mix, scene)


def _add_outdoors(mix: Mix, scene: Scene) -> None:
    reel, is_dark = mix.reel, scene.time in _DARK
    gust = weather.gusts(reel, reel.random(20), scene.wind)
    _add_wind(mix, scene, gust)
    match scene.kind:
        case SceneKind.SEA | SceneKind.BEACH | SceneKind.ISLANDS:
            is_beach = scene.kind is SceneKind.BEACH
            period, phase = (water.BEACH_SECONDS, water.BEACH_PHASE) if is_beach else (water.SWELL_SECONDS, None)
            pace = min(1.6, max(0.5, scene.time_scale))
            waves = water.waves_of(reel, reel.random(21), period / pace, phase)
            wash = {SceneKind.SEA: 0.45, SceneKind.ISLANDS: 0.6}.get(scene.kind, 1.0)
            level = -5 if scene.kind is SceneKind.ISLANDS else 0
            mix.add(water.surf(reel, reel.random(22), waves, wash), level)
        case SceneKind.LAKE:
            mix.add(water.lapping(reel, reel.random(21), scene.wind), -6, 0.06)
        case SceneKind.MOUNTAINS:
            if scene.snow < 0.8 and scene.season is not Season.WINTER:
                mix.add(water.stream(reel, reel.random(21)), -21, 0.2)
        case SceneKind.CITY:
            wet = min(1.0, 1.4 * scene.rain)
            mix.add(places.city(reel, reel.random(21), scene.time is TimeOfDay.NIGHT), -4)
            mix.add(places.traffic(reel, reel.random(22), 0.28 if scene.time is TimeOfDay.NIGHT else 0.5, wet), 2, 0.12)
            horns = reel.silence()
            for moment in reel.times(reel.random(23), 0.06 if is_dark else 0.14):
                reel.lay(horns, moment, places.horn(reel.random(24)))
            mix.add(horns, -15, 1.0)
        case SceneKind.ROAD:
            mix.add(places.traffic(reel, reel.random(21), 0.1, min(1.0, 1.4 * scene.rain)), -2)
    if Life.BUBBLES in scene.life:
        mix.add(water.plume(reel, reel.random(25)), -10, 0.2)
    _add_creatures(mix, scene, is_dark)


def _add_wind(mix: Mix, scene: Scene, gust: Curve) -> None:
    reel = mix.reel
    strength = 20 * np.log10(max(0.2, scene.wind)) * 1.2
    if scene.kind in _WIND:
        mix.add(weather.wind(reel, reel.random(30), gust), _WIND[scene.kind] + strength)
    if scene.kind in (SceneKind.CANYON, SceneKind.DUNES) or (scene.kind is SceneKind.MOUNTAINS and scene.wind > 1.3):
        lowest = {SceneKind.CANYON: 290.0, SceneKind.DUNES: 240.0}.get(scene.kind, 360.0)
        mix.add(weather.howl(reel, reel.random(31), gust, lowest), -17 + strength, 0.35)
    is_bare = scene.season is Season.WINTER or scene.snow > 0.7
    foliage = _LEAVES.get(scene.kind, -20 if Life.REEDS in scene.life else None)
    if foliage is not None and scene.trees and not is_bare:
        mix.add(weather.leaves(reel, reel.random(32), gust), foliage + strength, 0.05)


def _add_creatures(mix: Mix, scene: Scene, is_dark: bool) -> None:
    reel = mix.reel
    is_cold = scene.season is Season.WINTER or scene.snow > 0.7 or scene.snowfall > 0
    is_wild = scene.rain > 0.25 or scene.lightning > 0.3 or scene.wind > 2.2
    if is_wild:
        return
    if not is_dark and (scene.kind in _DAY_SONGS or Life.BIRDS in scene.life):
        songs, often, nearest = _DAY_SONGS.get(scene.kind, ((creatures.finch, creatures.tit), 0.3, 0.4))
        often *= {Season.SPRING: 1.35, Season.AUTUMN: 0.6, Season.WINTER: 0.3}.get(scene.season, 1.0)
        often *= {TimeOfDay.DAWN: 1.5, TimeOfDay.SUNSET: 0.7}.get(scene.time, 1.0)
        often *= 1.6 if Life.BIRDS in scene.life else 1.0
        mix.add(creatures.chorus(reel, reel.random(40), songs, often, nearest), -5, 0.35)
    if is_cold:
        return
    warm = {Season.SUMMER: 1.0, Season.SPRING: 0.6, Season.AUTUMN: 0.45}.get(scene.season, 0.0)
    is_insects_hour = is_dark or scene.time is TimeOfDay.SUNSET
    if is_insects_hour and (scene.kind in _CRICKETS or Life.FIREFLIES in scene.life):
        level = _CRICKETS.get(scene.kind, -18) - (7 if scene.time is TimeOfDay.SUNSET else 0) - 4 * (1 - warm)
        mix.add(creatures.crickets(reel, reel.random(41), 5, warm), level, 0.12)
    if scene.kind in (SceneKind.FIELD, SceneKind.HILLS) and not is_dark and scene.season is Season.SUMMER:
        mix.add(creatures.grasshoppers(reel, reel.random(42)), -29)
    night_song = {SceneKind.FOREST: creatures.owl, SceneKind.LAKE: creatures.frog}.get(scene.kind)
    if scene.time is TimeOfDay.NIGHT and night_song is not None:
        mix.add(creatures.chorus(reel, reel.random(43), (night_song,), 0.16, 0.45), -11, 0.6)


def _add_weather(mix: Mix, scene: Scene, seconds: int) -> None:
    reel = mix.reel
    if scene.rain > 0.02:
        mix.add(weather.rain(reel, reel.random(50), scene.rain), -11 + 9 * scene.rain)
    if scene.lightning > 0:
        mix.add(_thunder(scene, reel, seconds), 15 + 6 * min(1.0, scene.lightning), 0.12)


def _thunder(scene: Scene, reel: Reel, seconds: int) -> Stereo:
    """A roll after every flash that the sky shows, and the end of one that was before the film. A strike with a bolt in
    view is near. Sound comes sooner than in nature, since films are short."""
    track, sky = reel.silence(), Lightning(scene)
    thunder = weather.Thunder(reel.random(60))
    looks = np.arange(0 if reel.is_loop else -_BEFORE_SECONDS, seconds, _LOOK_SECONDS).tolist()
    seen = [(at, sky.strike(at * scene.time_scale)) for at in looks]
    flashes = {strike.number: (at - strike.age, strike) for at, strike in seen if strike is not None}
    for number, (at, strike) in flashes.items():
        random = reel.random(61, number + 100_000)
        distance = float(random.uniform(0.05, 0.5) if strike.has_bolt else random.uniform(0.5, 1.0))
        roll = thunder.roll(random, distance)
        reel.lay(track, at + 0.3 + 2.0 * distance, roll, 0.0, float(random.uniform(0.7, 1.0)))
    return track
