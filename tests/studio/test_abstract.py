"""The guarantee: a flow keeps the colours that were asked for, moves without a jump, and has depth before a camera."""

import cv2
import numpy as np
import pytest

from doitong.catalogue.model import Quality, Version
from doitong.engines.studio.arrays import Colour
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.scene import CameraStep, Mood, Scene, SceneKind, TimeOfDay
from doitong.engines.studio.stage import Stage

LEVEL = level_of(Version.GEN_3, Quality.STANDARD)
LOOKS = (2, 1, 0)  # seeds of silk, ink and liquid


def stage_of(seed: int = 2, move: str = "static", mood: Mood = Mood.NEUTRAL, palette: tuple[Colour, ...] = (),
             size: tuple[int, int] = (320, 180), strength: float = 0.5) -> Stage:  # fmt: skip
    segments = ((CameraStep(move, strength),),)
    return Stage(Scene(SceneKind.ABSTRACT, TimeOfDay.NOON, mood=mood, palette=palette, segments=segments, seed=seed),
                 LEVEL, *size)  # fmt: skip


@pytest.mark.parametrize("seed", LOOKS)
def test_every_look_has_light_and_flows_without_a_jump(seed: int) -> None:
    stage = stage_of(seed)
    pose = stage.path.pose(0.5)
    moments = [stage.light(pose, seconds)[1] for seconds in (1.0, 1.0 + 1 / 24, 4.0)]
    assert moments[0].std() > 0.02
    assert moments[0].dtype == np.float32
    step, later = (float(np.abs(moments[0] - other).mean()) for other in moments[1:])
    assert 0 < step < later / 4


@pytest.mark.parametrize("seed", LOOKS)
def test_the_prompts_colours_win(seed: int) -> None:
    red, green, blue = (plane.mean() for plane in stage_of(seed, palette=((0.7, 0.02, 0.02),)).light(
        stage_of(seed).path.pose(0.5), 1.0))  # fmt: skip
    assert red > 1.3 * green
    assert red > 1.3 * blue


def test_a_dark_mood_is_darker() -> None:
    dark, vivid = (
        np.mean([plane.mean() for plane in stage_of(mood=mood).light(stage_of().path.pose(0.5), 1.0)])
        for mood in (Mood.DARK, Mood.VIVID)
    )
    assert dark < 0.8 * vivid


def test_ribbons_stand_at_different_depths() -> None:
    stage = stage_of(2, move="truck_right", strength=0.25)
    first, second = (stage.frame(number, 24, 1.0)[0] for number in (11, 13))
    flow = -cv2.calcOpticalFlowFarneback(first, second, None, 0.5, 4, 25, 4, 7, 1.5, 0)[..., 0]  # type: ignore[call-overload]
    assert np.median(flow) > 0
    assert np.quantile(flow, 0.95) > 1.5 * np.quantile(flow, 0.3)


@pytest.mark.parametrize("move", ["dolly_in", "dolly_out", "orbit_right", "pedestal_up", "zoom_out"])
def test_strong_moves_find_no_edge(move: str) -> None:
    stage = stage_of(1, move=move, strength=1.0, size=(180, 320))
    for share in (0.0, 1.0):
        for plane in stage.light(stage.path.pose(share), 1.0):
            assert np.isfinite(plane).all()
            assert plane.std() > 0.004
