"""The guarantee: a brushed part moves as it is told, alone, in a loop without a seam; what a prompt names is found or
said to be missing."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from doitong.engines.port import Motion
from doitong.engines.studio.arrays import smooth
from doitong.engines.studio.picture.masks import named_kinds
from doitong.engines.studio.picture.stage import PictureStage
from tests.studio.test_picture import Array, asked, ball_picture, moved, save, shift, speckled

MIDDLE = [[0.25, 0.2], [0.75, 0.2], [0.75, 0.8], [0.25, 0.8]]
MODES = ["flow", "sway", "wave", "rotate", "ripple"]


def brush(**changes: Any) -> dict[str, Any]:
    return {"polygon": MIDDLE, "direction": 0.0, "speed": 0.5, "mode": "flow"} | changes


def stage_of(path: Path, *brushes: dict[str, Any], move: str = "static", prompt: str = "") -> PictureStage:
    return PictureStage(asked(path, prompt, motion=Motion(brushes=brushes)), moved(move, 0.5))


@pytest.fixture(scope="module")
def speckles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("speckles") / "speckles.png", speckled())


@pytest.fixture(scope="module")
def still(speckles: Path) -> Array:
    """The picture as it is without a brush."""
    return np.asarray(stage_of(speckles).picture(0, 0).astype(int))


@pytest.mark.parametrize(("direction", "right", "down"), [(0, 1, 0), (90, 0, -1), (180, -1, 0), (270, 0, 1)])
def test_a_flow_goes_its_way(speckles: Path, direction: float, right: int, down: int) -> None:
    """0 is to the right, 90 up; measured where one of the two samples is nearly alone."""
    stage = stage_of(speckles, brush(direction=float(direction), speed=0.3))
    cycles = stage._currents[0].cycles  # type: ignore[union-attr]
    dx, dy = shift(stage.picture(0, 0.47 / cycles), stage.picture(0, 0.53 / cycles), (160, 90))
    along, across = dx * right + dy * down, dx * down - dy * right
    assert along > 0.15
    assert abs(across) < 0.5 * along


@pytest.mark.parametrize("mode", MODES)
def test_only_the_brushed_part_moves_and_it_comes_back(speckles: Path, still: Array, mode: str) -> None:
    stage = stage_of(speckles, brush(mode=mode, speed=0.8))
    frames = [stage.picture(0, moment).astype(int) for moment in (0.0, 0.13, 0.41, 0.77, 0.995, 1.0)]
    for frame in frames:
        away = np.abs(frame - still).max(axis=-1)
        assert away[:, :60].max() <= 2
        assert away[:, 260:].max() <= 2
    inside = np.s_[50:130, 100:220]
    assert np.abs(frames[1][inside] - frames[0][inside]).mean() > 4
    assert np.abs(frames[-1] - frames[0]).max() <= 1  # the end is the beginning
    step = np.abs(frames[-2][inside] - frames[-1][inside]).mean()
    assert step < 0.6 * np.abs(frames[2][inside] - frames[0][inside]).mean()


def test_sharpness_does_not_pulse_in_a_flow(speckles: Path) -> None:
    """The mixture of two samples has the contrast of one; without the compensation it loses about 30 %."""
    stage = stage_of(speckles, brush(speed=0.6))
    current = stage._currents[0]
    assert current is not None
    contrast = []
    for phase in (0.0, 0.125, 0.25, 0.375, 0.5):
        part = stage.picture(0, phase / current.cycles)[60:120, 120:200]
        contrast.append(float(part.astype(np.float32).std()))
    assert min(contrast) > 0.85 * max(contrast)


def test_a_flow_takes_nothing_from_outside_its_mask(tmp_path: Path) -> None:
    """A white pool in black ground stays white to its edge, however fast it flows."""
    pixels = np.zeros((180, 320, 3), np.uint8)
    pixels[30:150, 70:250] = 230
    pool = [[70 / 320, 30 / 180], [250 / 320, 30 / 180], [250 / 320, 150 / 180], [70 / 320, 150 / 180]]
    path = save(tmp_path / "pool.png", pixels)
    stage = stage_of(path, brush(polygon=pool, speed=1.0))
    for moment in (0.05, 0.21, 0.37):
        assert stage.picture(0, moment)[40:140, 84:236].min() > 200


def test_a_mask_is_a_brush_too_and_several_move_at_once(tmp_path: Path, speckles: Path) -> None:
    left, right = np.zeros((90, 160), np.uint8), np.zeros((90, 160), np.uint8)
    left[20:70, 10:70], right[20:70, 90:150] = 255, 255
    one, two = (str(save(tmp_path / f"{i}.png", mask)) for i, mask in enumerate((left, right)))
    brushes = ({"mask": one, "direction": 0.0, "speed": 0.3, "mode": "flow"},
               {"mask": two, "direction": 180.0, "speed": 0.3, "mode": "flow"})  # fmt: skip
    stage = stage_of(speckles, *brushes)
    cycles = stage._currents[0].cycles  # type: ignore[union-attr]
    before, after = stage.picture(0, 0.47 / cycles), stage.picture(0, 0.53 / cycles)
    assert shift(before, after, (80, 90))[0] > 0.1
    assert shift(before, after, (240, 90))[0] < -0.1
    assert stage.report["brushes"] == 2


def test_a_brush_goes_with_the_camera(speckles: Path) -> None:
    """With the camera panned, what moves is still the brushed part of the picture, not of the screen."""
    stage = stage_of(speckles, brush(speed=0.8, mode="wave"), move="pan_right")
    moving = [
        np.abs(stage.picture(share, 0.1).astype(int) - stage.picture(share, 0.3)).sum(axis=(0, 2)) for share in (0, 1)
    ]
    columns = np.arange(320)
    begin, end = ((columns * part).sum() / part.sum() for part in moving)
    assert end < begin - 12


def test_a_brush_belongs_to_the_layer_it_lies_on(tmp_path: Path) -> None:
    picture, depth = ball_picture()
    path, near = save(tmp_path / "ball.png", picture), save(tmp_path / "depth.png", depth)
    mask = str(save(tmp_path / "mask.png", cv2.erode(depth, np.ones((9, 9), np.uint8))))
    ground = str(save(tmp_path / "ground.png", 255 - depth))
    for source, layer in ((mask, 1), (ground, 0)):
        motion = Motion(brushes=({"mask": source, "direction": 0.0, "speed": 0.5, "mode": "wave"},), depth_path=near)
        stage = PictureStage(asked(path, motion=motion), moved())
        assert [current is not None for current in stage._currents] == [layer == 0, layer == 1]


@pytest.mark.parametrize(("prompt", "kinds"), [
    ("clouds drift over a lake", ["clouds", "water"]),
    ("oblaki nad jezerom, listje v vetru", ["clouds", "water", "foliage"]),
    ("no clouds, smoke from the chimney", ["smoke"]),
    ("slap med drevesi", ["waterfall", "foliage"]),
    ("brez oblakov", []),
    ("a portrait of a woman", []),
])  # fmt: skip
def test_words_name_what_could_move(prompt: str, kinds: list[str]) -> None:
    assert named_kinds(prompt) == kinds


def lake_picture() -> np.ndarray[Any, Any]:
    """A pale blue sky with clouds, a rough green shore, and level strokes of water."""
    random = np.random.default_rng(4)
    sky = np.linspace(0, 1, 70)[:, None, None] * (60, 40, 10) + np.array([120, 165, 225])
    clouds = cv2.GaussianBlur(random.random((70, 320)).astype(np.float32), (0, 0), 9)
    sky = sky + smooth(0.2, 1.0, (clouds - clouds.mean()) / clouds.std())[..., None] * 45
    shore = random.integers(-45, 45, (30, 320, 1)) + np.array([60, 95, 40])
    strokes = cv2.GaussianBlur(random.random((80, 320)).astype(np.float32), (0, 0), 14, sigmaY=1.0)
    water = (strokes - strokes.mean())[..., None] / strokes.std() * 16 + np.array([60, 105, 140])
    return np.clip(np.vstack([sky, shore, water]), 0, 255).astype(np.uint8)


def test_what_is_named_and_seen_moves_and_what_is_not_seen_is_said(tmp_path: Path) -> None:
    path = save(tmp_path / "lake.png", lake_picture())
    stage = stage_of(path, prompt="Clouds drift over the lake, smoke rises")
    found = {item["of"]: item["found"] for item in stage.report["moving"]}
    assert found == {"clouds": True, "water": True, "smoke": False}
    assert [item.values for item in stage.warnings if item.code == "NOT_IN_PICTURE"] == [{"thing": "smoke"}]
    one, two = stage.picture(0, 0.1).astype(int), stage.picture(0, 0.2).astype(int)
    change = np.abs(one - two).mean(axis=(1, 2))
    assert change[120:].mean() > 1
    assert change[5:60].mean() > 0.1
    assert change[80:92].mean() < 0.5 * change[120:].mean()  # the shore stands


def test_a_customers_brush_leaves_words_no_say(tmp_path: Path) -> None:
    path = save(tmp_path / "lake.png", lake_picture())
    stage = stage_of(path, brush(), prompt="clouds over the lake")
    assert (stage.report["brushes"], stage.report["moving"]) == (1, [])
