"""Guarantee "Outputs": a film is measured from its own bytes, and a cut one is never taken for whole."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from doitong.media.poster import make_poster
from doitong.media.probe import FilmUnplayable, probe_film


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
    with pytest.raises(FilmUnplayable):
        make_poster(path, tmp_path / "poster.jpg")
    assert not (tmp_path / "poster.jpg").exists()


def test_damaged_pictures_do_not_pass(make_film: Callable[..., Path], tmp_path: Path) -> None:
    path = make_film(tmp_path / "film.mp4")
    whole = bytearray(path.read_bytes())
    start = whole.index(b"mdat") + 4
    whole[start:] = bytes(len(whole) - start)
    path.write_bytes(whole)
    with pytest.raises(FilmUnplayable):
        probe_film(path)


@pytest.mark.parametrize(("frames", "frames_a_key"), [(48, 12), (12, 250)], ids=["key pictures", "one key picture"])
def test_the_poster_is_a_sharp_one(
    make_film: Callable[..., Path], tmp_path: Path, frames: int, frames_a_key: int
) -> None:
    """Only the middle is sharp: one of the key pictures there, or none but what stands in the middle."""
    film = make_film(tmp_path / "film.mp4", is_sharp_only_mid=True, frames=frames, frames_a_key=frames_a_key)
    make_poster(film, tmp_path / "poster.jpg")
    with Image.open(tmp_path / "poster.jpg") as poster:
        assert (poster.format, poster.size) == ("JPEG", (320, 180))
        low, high = poster.convert("L").getextrema()
        assert high - low > 100  # the flat frames around the middle have no contrast


def test_a_wide_poster_is_made_narrower(make_film: Callable[..., Path], tmp_path: Path) -> None:
    make_poster(make_film(tmp_path / "film.mp4", width=1920, height=1080, frames=6), tmp_path / "poster.jpg")
    with Image.open(tmp_path / "poster.jpg") as poster:
        assert poster.size == (1280, 720)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["film.mp4", "poster.jpg"]
