"""The guarantee: a film sounds like its scene, is as long as it, without clicks or clipping, and only on wish."""

import math
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from doitong.catalogue.model import Kind, Quality
from doitong.engines.studio.air.lightning import Lightning
from doitong.engines.studio.encode import FilmWriter
from doitong.engines.studio.land import surf
from doitong.engines.studio.reading.interpretation import interpret
from doitong.engines.studio.renderer import render_film
from doitong.engines.studio.scene import Mood, Scene, SceneKind, Season, TimeOfDay
from doitong.engines.studio.sound import water
from doitong.engines.studio.sound.mix import CEILING, loudness_of
from doitong.engines.studio.sound.score import soundtrack
from doitong.engines.studio.sound.signal import RATE, Reel, Stereo
from tests.studio.films import boxes, small_request

NOON = TimeOfDay.NOON
SECONDS = 2


def share_above(track: Stereo, hertz: float) -> float:
    """How much of the power is above a frequency."""
    power = np.abs(np.fft.rfft(track.mean(0))) ** 2
    return float(power[np.fft.rfftfreq(track.shape[1], 1 / RATE) > hertz].sum() / power.sum())


def loudest(track: Stereo, low: float, high: float) -> float:
    """The loudest frequency between two others."""
    power = np.abs(np.fft.rfft(track.mean(0)))
    f = np.fft.rfftfreq(track.shape[1], 1 / RATE)
    inside = (f > low) & (f < high)
    return float(f[inside][power[inside].argmax()])


@pytest.mark.parametrize("kind", SceneKind)
def test_every_scene_has_a_sound_with_headroom_and_quiet_edges(kind: SceneKind) -> None:
    track = soundtrack(Scene(kind, NOON, seed=3), SECONDS)
    assert (track.shape, track.dtype) == ((2, SECONDS * RATE), np.float32)
    assert np.isfinite(track).all()
    assert float(np.abs(track).max()) <= CEILING * 1.0001
    assert -23 < loudness_of(track) < -15
    assert float(np.abs(track[:, [0, -1]]).max()) < 1e-4
    both = float(np.corrcoef(track[0], track[1])[0, 1])
    assert -0.2 < both < 0.97  # stereo, and nothing is lost in mono


@pytest.mark.parametrize("kind", SceneKind)
def test_every_scene_is_heard_all_the_time_on_small_speakers_too_and_leans_to_no_side(kind: SceneKind) -> None:
    track = soundtrack(Scene(kind, NOON, seed=3), 5)
    spectrum = np.fft.rfft(track, axis=1)
    spectrum[:, np.fft.rfftfreq(track.shape[1], 1 / RATE) < 250] = 0  # what a laptop leaves out
    small = np.fft.irfft(spectrum, track.shape[1], axis=1).astype(np.float32)
    assert loudness_of(small) > loudness_of(track) - 8
    assert np.abs(track.mean(axis=1)).max() < 1e-3  # no direct current
    rms = np.sqrt((track[:, RATE // 2 : -RATE // 2].reshape(2, -1, RATE // 20) ** 2).mean(axis=(0, 2)))
    assert rms.min() > 0.008, "a hole of silence"
    assert rms.max() < 11 * rms.min()
    left, right = track.std(axis=1)
    assert abs(20 * math.log10(left / right)) < 3
    click = np.abs(np.diff(track, n=2, axis=1))
    assert click.max() < 4 * np.quantile(click, 0.9999)


def test_one_seed_is_one_sound_and_another_is_another() -> None:
    scene = Scene(SceneKind.FOREST, TimeOfDay.MORNING, rain=0.5, lightning=0.8, seed=5)
    assert np.array_equal(soundtrack(scene, SECONDS), soundtrack(scene, SECONDS))
    other = soundtrack(replace(scene, seed=6), SECONDS)
    assert abs(float(np.corrcoef(soundtrack(scene, SECONDS)[0], other[0])[0, 1])) < 0.2


@pytest.mark.parametrize("kind", [SceneKind.BEACH, SceneKind.ABSTRACT, SceneKind.CITY, SceneKind.SPACE])
def test_a_loop_has_no_seam(kind: SceneKind) -> None:
    """The step from the last sample to the first is like any other, and the sound does not fade."""
    track = soundtrack(Scene(kind, NOON, seed=3, is_loop=True), SECONDS)
    seam = np.abs(track[:, 0] - track[:, -1])
    usual = np.quantile(np.abs(np.diff(track, axis=1)), 0.999, axis=1)
    assert (seam <= usual * 1.5).all()
    ends, middle = track[:, -2000:].std(), track.std()
    assert ends > 0.15 * middle


def test_places_sound_like_themselves() -> None:
    under = soundtrack(Scene(SceneKind.UNDERWATER, NOON, seed=1), SECONDS)
    rain = soundtrack(Scene(SceneKind.FIELD, NOON, rain=1.0, seed=1), SECONDS)
    dry = soundtrack(Scene(SceneKind.SNOWFIELD, NOON, season=Season.WINTER, seed=1), SECONDS)
    assert share_above(under, 1500) < 0.01
    assert share_above(rain, 1500) > 0.4 > 10 * share_above(dry, 1500)
    night = soundtrack(Scene(SceneKind.FIELD, TimeOfDay.NIGHT, wind=0.3, seed=1), SECONDS)
    assert 4000 < loudest(night, 2500, 8000) < 5200  # crickets
    assert share_above(night, 3500) > 20 * share_above(dry, 3500)


def test_the_beach_is_heard_when_it_is_seen() -> None:
    """One period, and loudest after the drawn front has begun to topple, before it has run up the sand."""
    assert surf._PERIOD_SECONDS == water.BEACH_SECONDS
    topples = 1 - surf._ROOT * math.sqrt(surf._BREAKS_AT_METRES + surf._SHORE_METRES) % 1
    runs_up = 1 - surf._ROOT * math.sqrt(surf._SHORE_METRES) % 1
    assert topples - 1 < water.BEACH_PHASE < runs_up
    waves = water.waves_of(Reel(10, 3), np.random.default_rng(1), water.BEACH_SECONDS, water.BEACH_PHASE)
    assert [wave.at_seconds for wave in waves] == pytest.approx([-5.85, 0.65, 7.15])


def test_waves_come_and_go() -> None:
    track = soundtrack(Scene(SceneKind.BEACH, NOON, seed=3), 10)
    blocks = np.sqrt((track[:, RATE : 9 * RATE].reshape(2, 16, -1) ** 2).mean(axis=(0, 2)))
    assert blocks.max() > 2 * blocks.min()


def test_thunder_follows_the_flash_that_is_seen() -> None:
    """Nothing rolls before the first flash; soon after it the low end is far louder."""
    for seed in range(40):
        storm = Scene(SceneKind.MOUNTAINS, TimeOfDay.NIGHT, lightning=0.2, wind=0.3, seed=seed)
        sky = Lightning(storm)
        ages = [strike.age for step in range(-29, 1) if (strike := sky.strike(step / 10)) is not None]
        first = next((step / 10 for step in range(100) if sky.strike(step / 10) is not None), 10.0)
        if not ages and 1.0 < first < 4.0:
            break
    loud = soundtrack(storm, 10)
    summed = np.cumsum(loud.mean(0).astype(np.float64))
    low = summed[400:] - summed[:-400]  # a mean over 8 ms: what is above 60 Hz falls away
    before = low[RATE // 2 : int(first * RATE)]
    after = low[int(first * RATE) : int((first + 3.5) * RATE)]
    assert after.std() > 3 * before.std()


def test_a_mood_chooses_the_chords() -> None:
    bright = soundtrack(Scene(SceneKind.ABSTRACT, NOON, seed=4), SECONDS)
    dark = soundtrack(Scene(SceneKind.ABSTRACT, NOON, mood=Mood.DARK, seed=4), SECONDS)
    assert abs(float(np.corrcoef(bright[0], dark[0])[0, 1])) < 0.8


def test_an_unknown_picture_is_a_quiet_room() -> None:
    room = soundtrack(Scene(SceneKind.BEACH, NOON, seed=3), SECONDS, has_place=False)
    assert loudness_of(room) < -22
    assert share_above(room, 3000) < 0.05


@pytest.mark.parametrize(
    ("prompt", "place"), [("", "room"), ("slow zoom in", "room"), ("waves roll onto the beach", "beach")]
)
def test_a_picture_sounds_like_the_place_that_its_prompt_names(prompt: str, place: str, tmp_path: Path) -> None:
    request = small_request(prompt, kind=Kind.IMAGE_TO_VIDEO, image_path=tmp_path / "picture")
    assert interpret(request)[1]["sound"] == place


def streams(path: Path) -> dict[str, float]:
    with av.open(str(path)) as container:
        return {
            stream.type: float(stream.duration * stream.time_base)
            for stream in container.streams
            if stream.duration is not None and stream.time_base is not None
        }


def test_sound_is_as_long_as_the_pictures_and_index_stays_in_front(tmp_path: Path) -> None:
    path, sound = tmp_path / "film.mp4", soundtrack(Scene(SceneKind.LAKE, NOON, seed=3), SECONDS)
    gray = (np.full((48, 64), 99, np.uint8), *[np.full((24, 32), 128, np.uint8)] * 2)
    bytes_of = []
    for _ in range(2):
        with FilmWriter(path, 64, 48, 24, Quality.STANDARD, sound) as writer:
            for _ in range(24 * SECONDS):
                writer.write(gray)
            writer.close()
        bytes_of.append(path.read_bytes())
    assert bytes_of[0] == bytes_of[1]
    assert streams(path) == {"video": SECONDS, "audio": pytest.approx(SECONDS, abs=1024 / RATE)}
    assert boxes(path).index("moov") < boxes(path).index("mdat")
    with av.open(str(path)) as container:
        voice = container.streams.audio[0]
        assert (voice.codec_context.name, voice.rate, voice.layout.name) == ("aac", RATE, "stereo")
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(voice)], axis=1)
    length = SECONDS * RATE
    assert float(np.corrcoef(heard[0, :length], sound[0])[0, 1]) > 0.95  # in time: the coder's delay is hidden
    assert float(np.abs(heard).max()) < 10 ** (-1 / 20)


@pytest.mark.parametrize("has_audio", [True, False])
def test_a_film_has_sound_unless_it_is_not_wanted(has_audio: bool, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    report = render_film(small_request(frames_per_second=4, has_audio=has_audio), path, lambda _: None)
    assert set(streams(path)) == ({"video", "audio"} if has_audio else {"video"})
    assert report["interpretation"]["sound"] == ("mountain lake" if has_audio else "none")
    names = {item.name for item in tmp_path.iterdir()}
    assert names == {"film.mp4", "film.jpg", "film.webp", "film.preview.mp4"}
