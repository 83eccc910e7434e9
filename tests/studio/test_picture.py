"""The guarantee: a picture becomes a film whose camera moves as Studio's does, with depth, and without a tear."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from gallery import pictures
from PIL import Image

from doitong.catalogue.model import Kind, Version
from doitong.engines.port import EngineRequest, Motion
from doitong.engines.studio.picture.depth import estimate_depth
from doitong.engines.studio.picture.frame import open_canvas
from doitong.engines.studio.picture.intake import MOST_PIXELS, read_map, read_picture
from doitong.engines.studio.picture.sight import look_at
from doitong.engines.studio.picture.stage import PictureStage
from doitong.engines.studio.renderer import render_film
from doitong.engines.studio.scene import CameraStep, Scene, SceneKind, TimeOfDay
from doitong.engines.studio.wire import Order, read_order, write_order
from doitong.generations.attempts import to_motion
from doitong.generations.parsing import motion_pictures, with_pictures
from tests.studio.films import small_request

Array = np.ndarray[Any, Any]
BALL = (160, 96, 40)  # middle and radius in a picture of 320×180


def speckled(rows: int = 180, columns: int = 320, seed: int = 1) -> Array:
    """A texture that flow can be measured on, red, green, blue."""
    random = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(random.random((rows, columns)).astype(np.float32), (0, 0), 2.0)
    level = np.clip(128 + (noise - noise.mean()) / noise.std() * 34, 70, 255)
    return np.repeat(level.astype(np.uint8)[..., None], 3, axis=2)


def ball_picture() -> tuple[Array, Array]:
    """A red ball before a bluish wall, and its true depth."""
    wall = speckled().astype(np.float32) * np.array([0.45, 0.6, 0.9], np.float32)
    ball = speckled(seed=2).astype(np.float32) * np.array([1.4, 0.35, 0.25], np.float32)
    mask = np.zeros((180, 320), np.uint8)
    cv2.circle(mask, BALL[:2], BALL[2], 255, -1)
    picture = np.where(mask[..., None] > 0, ball, wall)
    return np.clip(picture, 0, 255).astype(np.uint8), mask


def save(path: Path, pixels: Array, **options: Any) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def asked(path: Path, prompt: str = "", **changes: Any) -> EngineRequest:
    whole = {"kind": Kind.IMAGE_TO_VIDEO, "image_path": path, "version": Version.GEN_4, "duration_seconds": 5} | changes
    return replace(small_request(prompt), **whole)


def moved(move: str = "static", strength: float = 1.0, **changes: Any) -> Scene:
    return Scene(SceneKind.LAKE, TimeOfDay.NOON, **{"segments": ((CameraStep(move, strength),),), "seed": 3} | changes)


def shift(before: Array, after: Array, at: tuple[int, int], half: int = 14) -> tuple[float, float]:
    """How far a patch around (x, y) has gone, by phase correlation with sub-pixel steps."""
    x, y = at
    box = slice(y - half, y + half), slice(x - half, x + half)
    one, two = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)[box] for frame in (before, after))
    (dx, dy), _ = cv2.phaseCorrelate(one, two, cv2.createHanningWindow((2 * half, 2 * half), cv2.CV_32F))
    return dx, dy


@pytest.fixture
def ball(tmp_path: Path) -> tuple[Path, Path]:
    picture, depth = ball_picture()
    return save(tmp_path / "ball.png", picture), save(tmp_path / "depth.png", depth)


def stage_of(ball: tuple[Path, Path], scene: Scene, *, is_inverted: bool = False) -> PictureStage:
    motion = Motion(depth_path=ball[1], is_depth_inverted=is_inverted)
    return PictureStage(asked(ball[0], motion=motion), scene)


@pytest.mark.parametrize(("move", "axis", "sign"), [
    ("pan_right", 0, -1), ("pan_left", 0, 1), ("tilt_up", 1, 1), ("tilt_down", 1, -1),
    ("truck_right", 0, -1), ("truck_left", 0, 1), ("pedestal_up", 1, 1), ("pedestal_down", 1, -1),
])  # fmt: skip
def test_the_camera_moves_the_picture_as_it_moves_a_scene(
    ball: tuple[Path, Path], move: str, axis: int, sign: int
) -> None:
    stage = stage_of(ball, moved(move, 0.3))
    seen = shift(stage.picture(0.48, 0), stage.picture(0.52, 0), (160, 96))
    assert seen[axis] * sign > 0.12
    assert abs(seen[1 - axis]) < 0.4


@pytest.mark.parametrize(("move", "sign"), [("dolly_in", 1), ("dolly_out", -1), ("zoom_in", 1), ("zoom_out", -1)])
def test_going_in_spreads_the_picture(ball: tuple[Path, Path], move: str, sign: int) -> None:
    stage = stage_of(ball, moved(move, 0.5))
    one, two = stage.picture(0.47, 0), stage.picture(0.53, 0)
    assert (shift(one, two, (285, 96))[0] - shift(one, two, (35, 96))[0]) * sign > 0.3


@pytest.mark.parametrize(("move", "sign"), [("orbit_right", 1), ("orbit_left", -1), ("truck_right", 1)])
def test_what_is_behind_moves_apart_from_what_is_before(ball: tuple[Path, Path], move: str, sign: int) -> None:
    """Depth-signed parallax: relative to the ball, the wall goes with the camera; and the other way when the map is
    said to be inverted."""
    for is_inverted in (False, True):
        stage = stage_of(ball, moved(move, 0.5), is_inverted=is_inverted)
        one, two = stage.picture(0.46, 0), stage.picture(0.54, 0)
        wall = (shift(one, two, (40, 96))[0] + shift(one, two, (280, 96))[0]) / 2
        apart = (wall - shift(one, two, (160, 96))[0]) * sign
        assert (-apart if is_inverted else apart) > 0.2


def test_a_zoom_shows_no_depth_and_a_dolly_does(ball: tuple[Path, Path]) -> None:
    growths = {}
    for move in ("zoom_in", "dolly_in"):
        stage = stage_of(ball, moved(move, 0.5))
        one, two = stage.picture(0.45, 0), stage.picture(0.55, 0)
        near = (shift(one, two, (184, 96), 12)[0] - shift(one, two, (136, 96), 12)[0]) / 48
        far = (shift(one, two, (280, 40))[0] - shift(one, two, (40, 40))[0]) / 240
        growths[move] = near / far
    assert growths["zoom_in"] == pytest.approx(1, abs=0.3)
    assert growths["dolly_in"] > 1.35


@pytest.mark.parametrize("move", ["orbit_right", "truck_left", "dolly_in", "pedestal_up"])
def test_nothing_tears_at_the_subjects_edge(ball: tuple[Path, Path], move: str) -> None:
    """Beyond the ball there is only wall: no rim of the ball stays behind, no hole opens, the ball stays whole."""
    stage = stage_of(ball, moved(move, 1.0, motion=1.6))
    for share in (0.0, 1.0):
        red, _, blue = (plane.astype(int) for plane in cv2.split(stage.picture(share, 0)))
        is_ball = red > blue + 30
        count, _, stats, _ = cv2.connectedComponentsWithStats(is_ball.astype(np.uint8))
        sizes = sorted(stats[1:, cv2.CC_STAT_AREA], reverse=True)
        assert count >= 2
        assert sum(sizes[1:]) < 0.01 * sizes[0]
        round_ = 2 * np.sqrt(sizes[0] / np.pi)
        width = np.ptp(np.flatnonzero(is_ball.any(axis=0))) + 1
        assert width == pytest.approx(round_, rel=0.12)
        assert (np.maximum(red, blue) > 35).all()


def test_the_edge_of_the_picture_is_never_seen(tmp_path: Path) -> None:
    """Whatever the camera does, every ray of the film falls on the picture."""
    pixels = np.full((180, 320, 3), 200, np.uint8)
    path = save(tmp_path / "plain.png", pixels)
    for move in ("pan_left", "truck_right", "tilt_up", "roll_right", "orbit_left", "flyover", "handheld"):
        stage = PictureStage(asked(path), moved(move, 1.0, motion=1.6))
        view, geometry = stage._view, stage._view._geometry
        nearness = stage._layers[0].nearness
        for share in (0.0, 0.3, 0.7, 1.0):
            x, y = view.cells(view.pose(share), nearness)
            inner_x, inner_y = x[1:-1, 1:-1], y[1:-1, 1:-1]
            assert inner_x.min() > -6
            assert inner_x.max() < geometry.canvas[0] + 5
            assert inner_y.min() > -6
            assert inner_y.max() < geometry.canvas[1] + 5


def test_a_static_film_is_the_picture_itself(ball: tuple[Path, Path]) -> None:
    picture, _ = ball_picture()
    seen = stage_of(ball, moved("static")).picture(0.5, 0.5)
    away = np.abs(seen.astype(int) - picture)
    assert away.mean() < 2.5
    assert np.quantile(away, 0.98) < 16


def test_a_poster_is_known_to_be_flat_and_a_shaded_ball_is_not(tmp_path: Path) -> None:
    poster = np.full((180, 320, 3), 230, np.uint8)
    cv2.circle(poster, (160, 80), 45, (200, 60, 40), -1)
    cv2.putText(poster, "OPEN AIR", (70, 160), cv2.FONT_HERSHEY_DUPLEX, 1.3, (20, 30, 70), 3)
    stage = PictureStage(asked(save(tmp_path / "poster.png", poster)), moved("orbit_right"))
    assert (stage.report["depth"], stage.report["subject"]) == ("smooth fallback", False)
    y, x = np.mgrid[0:180, 0:320].astype(np.float32)
    inside = (x - 160) ** 2 + (y - 90) ** 2 < 50**2
    light = np.clip(1 - np.hypot(x - 140, y - 70) / 90, 0.15, 1)
    wall = 200 - 0.25 * x
    picture = np.where(inside[..., None], light[..., None] * (240, 60, 40), np.stack([wall, wall, wall], -1))
    shaded = PictureStage(asked(save(tmp_path / "ball.png", picture.astype(np.uint8))), moved("orbit_right"))
    assert (shaded.report["depth"], shaded.report["subject"]) == ("estimated", True)
    assert shaded.report["confidence"] > 0.5


def test_noise_gets_the_smooth_depth(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    path = save(tmp_path / "noise.png", random.integers(0, 255, (90, 160, 3), dtype=np.uint8))
    stage = PictureStage(asked(path), moved("orbit_right", 1.0, motion=1.6))
    assert stage.report["depth"] == "smooth fallback"
    assert float(np.abs(cv2.Laplacian(stage._layers[0].nearness, cv2.CV_32F)).max()) < 0.02


def test_a_sky_is_found_and_put_behind(tmp_path: Path) -> None:
    sky = np.linspace(0, 1, 80)[:, None, None] * (70, 40, 10) + (120, 165, 225)
    land = speckled(100, 320) * np.array([0.45, 0.62, 0.28])
    picture = np.vstack([np.repeat(sky, 320, axis=1), land]).astype(np.uint8)
    sight = look_at(picture)
    assert sight.is_sky
    assert sight.backdrop_trust > 0.5
    assert sight.backdrop[:74].mean() > 0.95
    assert sight.backdrop[90:].mean() < 0.02
    assert sight.horizon == pytest.approx(80 / 180, abs=0.05)


def street_picture() -> Array:
    """Dark posts on grey ground under a bright sky, as in a street."""
    sky = np.linspace(235, 190, 110)[:, None, None] + np.array([-40, -10, 15])
    ground = np.full((70, 320, 3), 95.0) + speckled(70, 320)[..., :1] * 0.1
    picture = np.vstack([np.broadcast_to(sky, (110, 320, 3)), ground])
    for x in (*range(14, 130, 12), *range(190, 310, 12)):
        picture[20:150, x : x + 5] = 35
    return np.clip(picture, 0, 255).astype(np.uint8)


def test_what_stands_upright_stays_straight(tmp_path: Path) -> None:
    path = save(tmp_path / "street.png", street_picture())
    stage = PictureStage(asked(path), moved("truck_right"))
    frame = stage.picture(1.0, 0.0).astype(int).mean(axis=-1)
    edges = [np.flatnonzero(np.diff((frame[row] < 65).astype(int)) == 1) for row in (30, 90, 125)]
    posts = [edge[(edge > 30) & (edge < 290)] for edge in edges]
    shared = [min(abs(int(x) - int(y)) for y in posts[2]) for x in posts[0]]
    assert len(shared) > 8
    assert np.median(shared) <= 1


def test_a_close_up_bears_less_parallax_than_what_stands_free(tmp_path: Path) -> None:
    pixels, _ = ball_picture()
    spans = []
    for middle in (90, 150):  # whole in the frame, and cut by its lower edge
        mask = np.zeros((180, 320), np.uint8)
        cv2.circle(mask, (160, middle), 78, 1, -1)
        sight = replace(look_at(pixels), subject=mask.astype(np.float32), subject_trust=1.0)
        depth = estimate_depth(pixels, sight)
        assert depth.subject is not None
        spans.append((depth.span, depth.bears))
    assert spans[1][0] < 0.8 * spans[0][0]
    assert spans[1][1] < 0.8 * spans[0][1]


def test_the_frame_is_cut_around_what_matters(tmp_path: Path) -> None:
    for left in (40, 420):
        picture = np.full((180, 640, 3), 150, np.uint8)
        picture[30:150, left : left + 160] = speckled(120, 160)
        canvas = open_canvas(save(tmp_path / f"{left}.png", picture), 180, 320, 1.0)
        x0, _, x1, _ = canvas.box
        middle = x0 + canvas.middle[0] / canvas.pixels.shape[1] * (x1 - x0)
        assert abs(middle - (left + 80) / 640) < 0.12


def test_versions_are_told_apart(ball: tuple[Path, Path]) -> None:
    """gen-2 has less parallax than gen-3 and cuts nothing out; gen-4 is sharper than gen-3."""

    def layers(version: Version) -> int:
        motion = Motion(depth_path=ball[1])
        return len(PictureStage(asked(ball[0], motion=motion, version=version), moved())._layers)

    assert [layers(version) for version in (Version.GEN_2, Version.GEN_3, Version.GEN_4)] == [1, 2, 2]


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "I;16", "CMYK", "RGBA"])
def test_every_kind_of_picture_is_read(tmp_path: Path, mode: str) -> None:
    source = Image.fromarray(speckled())
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(source.convert("L")).astype(np.uint16) * 257)
    else:
        picture = source.convert(mode)
    path = tmp_path / ("picture.jpg" if mode == "CMYK" else "picture.png")
    picture.save(path)
    pixels = read_picture(path, 4000)
    assert pixels.shape == (180, 320, 3)
    assert abs(float(pixels.mean()) - 128) < 14


def test_orientation_is_honoured_and_animations_give_their_first_picture(tmp_path: Path) -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :30] = (250, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    turned = read_picture(save(tmp_path / "turned.png", pixels, exif=exif), 4000)
    assert turned.shape == (60, 40, 3)
    assert turned[:28, :, 0].min() > 200
    assert turned[32:, :, 0].max() < 50
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moving.webp", save_all=True, append_images=frames[1:], lossless=True)
    assert read_picture(tmp_path / "moving.webp", 4000)[10, 10].tolist() == [255, 0, 0]


def test_a_cut_out_stands_out_from_its_ground(tmp_path: Path) -> None:
    for level in (20, 240):
        pixels = np.zeros((60, 60, 4), np.uint8)
        pixels[15:45, 15:45] = (level, level, level, 255)
        seen = read_picture(save(tmp_path / "cut.png", pixels), 4000).astype(int)
        assert abs(int(seen[30, 30, 0]) - level) < 3
        assert abs(int(seen[5, 5, 0]) - level) > 120


def test_tiny_and_odd_pictures_make_a_film_and_say_so(tmp_path: Path) -> None:
    for size in ((1, 1), (9, 5), (400, 3), (3, 400)):
        path = save(tmp_path / "tiny.png", np.full((size[1], size[0], 3), 90, np.uint8))
        stage = PictureStage(asked(path), moved("dolly_in"))
        luma, u, v = stage.frame(3, 24, 0.1)
        assert (luma.shape, u.shape, v.shape) == ((180, 320), (90, 160), (90, 160))
        assert [item.code for item in stage.warnings] == ["PICTURE_ENLARGED"]


def test_a_huge_picture_is_reduced_and_a_bomb_refused(tmp_path: Path) -> None:
    large = Image.new("L", (7000, 5000), 120)
    large.save(tmp_path / "large.jpg")
    assert max(read_picture(tmp_path / "large.jpg", 1000).shape) == 1000
    Image.new("1", (9_400, 9_400)).save(tmp_path / "bomb.png")
    with pytest.raises(ValueError, match=str(MOST_PIXELS)):
        read_picture(tmp_path / "bomb.png", 1000)
    (tmp_path / "film.gif").write_bytes(b"GIF89a" + bytes(40))
    with pytest.raises(OSError, match="identify"):
        read_picture(tmp_path / "film.gif", 1000)


def test_a_depth_map_of_16_bits_keeps_its_fine_steps(tmp_path: Path) -> None:
    steps = np.linspace(0, 4095, 320).astype(np.uint16)[None, :].repeat(180, axis=0)
    Image.fromarray(steps).save(tmp_path / "depth.png")
    near = read_map(tmp_path / "depth.png")
    assert near.dtype == np.float32
    assert near.max() > 0.9
    assert len(np.unique(near[0])) > 300


def test_a_film_is_the_same_each_time_and_a_loop_meets_itself(ball: tuple[Path, Path]) -> None:
    scene = moved("orbit_right", 0.8, is_loop=True)
    one, two = stage_of(ball, scene), stage_of(ball, scene)
    assert all((a == b).all() for a, b in zip(one.frame(7, 48, 0.3), two.frame(7, 48, 0.3), strict=True))
    ends = [one.frame(number, 48, 0.0)[0].astype(int) for number in (0, 47, 24)]
    assert np.abs(ends[0] - ends[1]).mean() < 0.25 * np.abs(ends[0] - ends[2]).mean()


def test_maps_survive_the_wire_and_reach_the_film(ball: tuple[Path, Path], tmp_path: Path) -> None:
    brushes = ({"mask": str(ball[1]), "direction": 90.0, "speed": 0.5, "mode": "wave"},)
    motion = Motion(brushes=brushes, depth_path=ball[1], is_depth_inverted=True)
    request = asked(ball[0], motion=motion, duration_seconds=1, frames_per_second=4)
    order = Order(request, tmp_path / "film.mp4", 1)
    assert read_order(write_order(order)) == order
    told = render_film(request, order.out_path, lambda progress: None)["interpretation"]["picture"]
    assert (told["depth"], told["confidence"], told["brushes"]) == ("supplied", 1.0, 1)


def test_a_generation_s_maps_become_paths_for_the_engine(tmp_path: Path) -> None:
    """What is stored are uploads' ids; an engine gets files."""
    stored = {"camera": [], "brushes": [{"mask": "id of mask", "mode": "flow"}], "depth": "id of depth",
              "depthInverted": True}  # fmt: skip
    assert list(motion_pictures(stored).values()) == ["id of depth", "id of mask"]
    local = with_pictures(stored, {"depth": str(tmp_path / "d"), "brushes[0].mask": str(tmp_path / "m")})
    assert local is not None
    motion = to_motion(local)
    assert (motion.depth_path, motion.is_depth_inverted) == (tmp_path / "d", True)
    assert motion.brushes[0]["mask"] == str(tmp_path / "m")


def test_land_from_side_to_side_is_no_subject(tmp_path: Path) -> None:
    """Mountains with their mirror image stand out from the rim of the picture, and yet nothing is to be cut out."""
    stage = PictureStage(asked(pictures.lake(tmp_path), width=1280, height=720), moved("orbit_right"))
    assert (stage.report["depth"], stage.report["subject"]) == ("estimated", False)
