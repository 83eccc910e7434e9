"""The guarantee: the file is exactly the film that was asked for, and the camera goes where it was told to."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from doitong.catalogue.model import AspectRatio, Kind, Quality, Version
from doitong.engines.studio.renderer import render_film
from tests.studio.films import boxes, decode, flow, probe, quality, small_request

QUICK = "abstract flowing ribbons"  # built in a moment, where the file is looked at and not the picture


def render(path: Path, workers: int = 2, **changes: Any) -> Path:
    render_film(small_request(**changes), path, lambda progress: None, workers)
    return path


def test_file_is_exact(tmp_path: Path) -> None:
    path = render(tmp_path / "film.mp4", prompt=QUICK)
    assert probe(path) == {
        "streams": 2,
        "codec": "h264",
        "size": (320, 180),
        "pixels": "yuv420p",
        "rate": Fraction(24),
        "frames": 24,
        "colour": (1, 1, 1, 1),
        "comment": "AI-generated",
        "audio_seconds": 1.0,
    }
    assert len(decode(path)) == 24
    names = boxes(path)
    assert names.index("moov") < names.index("mdat")
    names = sorted(item.name for item in tmp_path.iterdir())
    assert names == ["film.jpg", "film.mp4", "film.preview.mp4", "film.webp"]


@pytest.mark.parametrize("size", [(180, 320), (318, 178)])
@pytest.mark.parametrize("version", [Version.GEN_3])
def test_other_shapes(tmp_path: Path, size: tuple[int, int], version: Version) -> None:
    path = render(tmp_path / "film.mp4", width=size[0], height=size[1], frames_per_second=4, version=version,
                  quality=Quality.HIGH, prompt=QUICK)  # fmt: skip
    assert probe(path)["size"] == size
    assert probe(path)["frames"] == 4


def test_odd_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="even"):
        render(tmp_path / "film.mp4", width=321, prompt=QUICK)


def test_same_seed_same_bytes_for_any_number_of_workers(tmp_path: Path) -> None:
    films = [render(tmp_path / f"{n}.mp4", workers=n, frames_per_second=4).read_bytes() for n in (1, 2)]
    other = render(tmp_path / "other.mp4", seed=8, frames_per_second=4).read_bytes()
    assert films[0] == films[1]
    assert films[0] != other


def test_report_names_model_and_version(tmp_path: Path) -> None:
    report = render_film(small_request(frames_per_second=2), tmp_path / "film.mp4", lambda progress: None)
    assert report["model"] == "studio-gen-2"
    assert report["interpretation"]["scene"] == "mountain lake"
    assert report["engine_version"]


def test_progress_rises_to_one(tmp_path: Path) -> None:
    seen: list[float] = []
    render_film(small_request(QUICK), tmp_path / "film.mp4", seen.append)
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == 1
    assert len(seen) == 25


@pytest.mark.parametrize(
    ("move", "axis", "sign"),
    [("pan_right", 0, -1), ("tilt_up", 1, 1), ("truck_right", 0, -1)],  # the other ways: `test_camera`
)
def test_camera_moves_the_picture_the_right_way(tmp_path: Path, move: str, axis: int, sign: int) -> None:
    frames = decode(render(tmp_path / "film.mp4", move=move, negative_prompt="clouds", frames_per_second=24))
    land = flow(frames[10], frames[13])[20:100]
    speed = float(np.median(land[..., axis]))
    assert speed * sign > 0.3


@pytest.mark.parametrize(("move", "sign"), [("orbit_left", -1)])
def test_orbit_moves_near_and_far_land_apart(tmp_path: Path, move: str, sign: int) -> None:
    prompt = "hills at noon, no clouds or trees"
    frames = decode(render(tmp_path / "film.mp4", prompt=prompt, move=move, width=480, height=270))
    way = flow(frames[11], frames[12])[..., 0]
    assert float(np.median(way[112:136])) * sign > 0.3  # beyond the pivot
    assert float(np.median(way[200:])) * sign < -0.3  # before it


@pytest.mark.parametrize(("move", "sign"), [("dolly_in", 1), ("zoom_out", -1)])
def test_going_in_spreads_the_picture(tmp_path: Path, move: str, sign: int) -> None:
    frames = decode(render(tmp_path / "film.mp4", move=move, negative_prompt="clouds"))
    ways = [flow(frames[i], frames[i + 3])[30:95, :, 0] for i in (8, 11, 14)]
    way = np.mean(ways, axis=0)
    spread = float(np.median(way[:, 200:]) - np.median(way[:, :120]))
    assert spread * sign > 0.1


@pytest.mark.parametrize(("move", "sign"), [("roll_left", -1)])
def test_roll_turns_the_picture(tmp_path: Path, move: str, sign: int) -> None:
    frames = decode(render(tmp_path / "film.mp4", move=move, negative_prompt="clouds"))
    way = flow(frames[10], frames[13])[40:140, :, 1]
    assert (np.median(way[:, 220:]) - np.median(way[:, :100])) * -sign > 0.2


def test_static_camera_stays(tmp_path: Path) -> None:
    frames = decode(render(tmp_path / "film.mp4", move="static"))
    land = flow(frames[0], frames[-1])[70:100]
    assert float(np.abs(np.median(land.reshape(-1, 2), axis=0)).max()) < 0.15
    assert float(np.abs(frames[0].astype(int) - frames[-1]).mean()) > 0.3  # water and clouds still live


@pytest.fixture(scope="module")
def good_film(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("quality") / "film.mp4"
    return decode(render(path, width=480, height=270, version=Version.GEN_4))


def passes(frames: Any) -> bool:
    seen = quality(frames)
    return (
        seen["lum_jitter"] < 0.35
        and seen["warp_err"] < 4
        and seen["flow_jerk"] < 0.8
        and seen["dup"] < 0.5
        and seen["contrast"] > 15
        and seen["sharp"] > 40
    )


def test_film_passes_the_quality_gates(good_film: Any) -> None:
    assert passes(good_film), quality(good_film)


def test_gates_catch_bad_films(good_film: Any) -> None:
    random = np.random.default_rng(1)
    steps = np.where(np.arange(len(good_film)) % 2, 18, -18)[:, None, None, None]
    flicker = np.clip(good_film.astype(int) + steps, 0, 255)
    noise = np.clip(good_film + random.normal(0, 25, good_film.shape), 0, 255)
    jitter = np.stack([np.roll(frame, random.integers(-9, 10), axis=1) for frame in good_film])
    still = np.repeat(good_film[:1], len(good_film), axis=0)
    for bad in (flicker, noise, jitter, still):
        assert not passes(bad[:10].astype(np.uint8))


def test_levels_differ_in_detail(tmp_path: Path) -> None:
    changes = {"frames_per_second": 1, "move": "static", "width": 640, "height": 360}
    coarse, fine = (
        cv2.Laplacian(decode(render(tmp_path / f"{version}.mp4", version=version, **changes))[0], cv2.CV_32F).var()
        for version in (Version.GEN_2, Version.GEN_4)
    )
    assert fine > coarse * 1.1


def picture_request(tmp_path: Path, **changes: Any) -> Any:
    x = np.linspace(0, 8 * np.pi, 300)
    pixels = np.zeros((200, 300, 3), np.uint8)
    pixels[..., 0] = (np.sin(x) * 100 + 128).astype(np.uint8)
    pixels[..., 1] = (np.sin(np.linspace(0, 6 * np.pi, 200)) * 100 + 128).astype(np.uint8)[:, None]
    path = tmp_path / "picture.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    Image.fromarray(pixels).save(path, exif=exif, quality=95)
    return replace(small_request(prompt="", **changes), kind=Kind.IMAGE_TO_VIDEO, image_path=path,
                   aspect_ratio=AspectRatio.WIDE)  # fmt: skip


def test_picture_is_animated_upright_and_says_so(tmp_path: Path) -> None:
    request = picture_request(tmp_path, move="pan_right")
    report = render_film(request, tmp_path / "film.mp4", lambda progress: None)
    frames = decode(tmp_path / "film.mp4")
    assert frames.shape == (24, 180, 320, 3)
    assert report["interpretation"]["picture"]["depth"] in {"estimated", "smooth fallback"}
    assert not any("brush" in warning for warning in report["interpretation"]["warnings"])
    assert float(np.median(flow(frames[10], frames[12])[..., 0])) < -0.2
    # turned upright, the eight waves of red run down the picture: red changes more down than across
    red = frames[12, :, :, 0].astype(int)
    assert np.abs(np.diff(red, axis=0)).mean() > np.abs(np.diff(red, axis=1)).mean()


def test_picture_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"not a picture")
    request = replace(small_request(), image_path=path)
    with pytest.raises(OSError, match="identify"):
        render_film(request, tmp_path / "film.mp4", lambda progress: None)
    assert not (tmp_path / "film.mp4").exists()
