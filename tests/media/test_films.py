"""Guarantee "Outputs": a film is measured from its own bytes, and a cut one is never taken for whole."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from doitong.catalogue.model import Quality
from doitong.engines.studio.encode import FilmWriter
from doitong.media.preview_maker import PreviewMaker
from doitong.media.previews import make_previews
from doitong.media.probe import FilmUnplayable, probe_film
from doitong.media.silence import remove_sound


def test_facts_are_those_of_the_file(make_film: Callable[..., Path], tmp_path: Path) -> None:
    facts = probe_film(make_film(tmp_path / "film.mp4"))
    assert (facts.width, facts.height, facts.frames, facts.frames_per_second) == (320, 180, 48, 24.0)
    assert facts.duration_seconds == pytest.approx(2.0, abs=0.001)
    assert (facts.codec, facts.pixel_format, facts.has_audio) == ("h264", "yuv420p", False)
    assert facts.bytes == (tmp_path / "film.mp4").stat().st_size
    assert facts.is_faststart
    assert not probe_film(make_film(tmp_path / "slow.mp4", is_faststart=False)).is_faststart


def test_no_prefix_of_a_film_is_playable(make_film: Callable[..., Path], tmp_path: Path) -> None:
    whole = make_film(tmp_path / "film.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    for length in [*range(0, 64, 7), *range(64, len(whole), len(whole) // 40), len(whole) - 1]:
        cut.write_bytes(whole[:length])
        with pytest.raises(FilmUnplayable):
            probe_film(cut)


@pytest.mark.parametrize("content", [b"", b"not a film", b"\x00\x00\x00\x08ftyp", b"\x00" * 4096])
def test_what_is_no_film_is_a_plain_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(FilmUnplayable):
        probe_film(path)
    assert list(tmp_path.iterdir()) == [path]


def test_damaged_pictures_do_not_pass(make_film: Callable[..., Path], tmp_path: Path) -> None:
    path = make_film(tmp_path / "film.mp4")
    whole = bytearray(path.read_bytes())
    start = whole.index(b"mdat") + 4
    whole[start:] = bytes(len(whole) - start)
    path.write_bytes(whole)
    with pytest.raises(FilmUnplayable):
        probe_film(path)


def test_the_poster_is_a_sharp_one(make_film: Callable[..., Path], tmp_path: Path) -> None:
    """Only the middle is sharp: the flat frames around it have no contrast."""
    film = make_film(tmp_path / "film.mp4", is_sharp_only_mid=True)
    with Image.open(make_previews(film, probe_film(film)).poster) as poster:
        assert (poster.format, poster.size) == ("JPEG", (320, 180))
        low, high = poster.convert("L").getextrema()
        assert high - low > 100


def test_previews_are_small_short_and_silent(make_film: Callable[..., Path], tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mp4", width=1920, height=1080, frames=96)
    previews = make_previews(film, probe_film(film))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.jpg", "film.mp4", "film.preview.mp4", "film.webp"]
    with Image.open(previews.poster) as poster:
        assert poster.size == (1280, 720)
    with Image.open(previews.animation) as animation:
        pauses = [frame.copy().info["duration"] for frame in ImageSequence.Iterator(animation)]
        assert (animation.format, animation.size, animation.info["loop"]) == ("WEBP", (320, 180), 0)
        assert 2400 < sum(pauses) <= 2500
    facts = probe_film(previews.video)
    assert (facts.width, facts.height, facts.frames_per_second, facts.has_audio) == (480, 270, 12, False)
    assert facts.duration_seconds == pytest.approx(4.0, abs=0.05)
    assert facts.is_faststart
    assert max(previews.animation.stat().st_size, previews.video.stat().st_size) <= 200_000


@pytest.mark.parametrize("rate", [24, 16, 30, 10])
def test_previews_keep_the_film_s_pace(rate: int, tmp_path: Path) -> None:
    frames = 3 * rate
    with PreviewMaker(tmp_path / "film.mp4", 64, 48, rate, frames) as maker:
        for number in range(frames):
            luma = np.full((48, 64), 16 + 2 * number, np.uint8)
            maker.take((luma, np.full((24, 32), 128, np.uint8), np.full((24, 32), 128, np.uint8)))
        previews = maker.close()
    assert probe_film(previews.video).duration_seconds == pytest.approx(3.0, abs=0.1)


def test_a_film_that_breaks_off_leaves_no_previews(tmp_path: Path) -> None:
    black = np.zeros((48, 64), np.uint8), np.zeros((24, 32), np.uint8), np.zeros((24, 32), np.uint8)

    def render() -> None:
        with PreviewMaker(tmp_path / "film.mp4", 64, 48, 24, 48) as maker:
            maker.take(black)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        render()
    assert list(tmp_path.iterdir()) == []


def test_sound_that_nobody_wanted_is_taken_out_and_the_pictures_stay(tmp_path: Path) -> None:
    sound = np.zeros((2, 48_000), np.float32)
    film, gray = tmp_path / "film.mp4", (np.full((48, 64), 99, np.uint8), *[np.full((24, 32), 128, np.uint8)] * 2)
    with FilmWriter(film, 64, 48, 24, Quality.STANDARD, sound) as writer:
        for _ in range(24):
            writer.write(gray)
        writer.close()
    before = probe_film(film)
    assert before.has_audio
    remove_sound(film)
    after = probe_film(film)
    assert (after.has_audio, after.frames, after.is_faststart) == (False, before.frames, True)
    assert list(tmp_path.iterdir()) == [film]
