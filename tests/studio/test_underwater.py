"""The guarantee: under the sea the water takes the red, light runs over the bed, and fish swim where they are asked."""

from functools import cache

import numpy as np
import pytest

from doitong.catalogue.model import Quality, Version
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.scene import CameraStep, Life, Scene, SceneKind, TimeOfDay
from doitong.engines.studio.stage import Stage
from doitong.engines.studio.underwater.caustics import Caustics

LEVEL = level_of(Version.GEN_2, Quality.STANDARD)


@cache
def stage_of(time: TimeOfDay = TimeOfDay.NOON, move: str = "static", life: frozenset[Life] = frozenset(),
             strength: float = 0.5, seed: int = 2, size: tuple[int, int] = (320, 180)) -> Stage:  # fmt: skip
    scene = Scene(SceneKind.UNDERWATER, time, life=life, segments=((CameraStep(move, strength),),), seed=seed)
    return Stage(scene, LEVEL, *size)


@pytest.mark.parametrize("time", list(TimeOfDay))
def test_every_hour_has_light_and_shape(time: TimeOfDay) -> None:
    stage = stage_of(time)
    luma = stage.frame(3, 24, 0.125)[0]
    assert luma.std() > 5
    assert np.mean(luma <= 17) < 0.3
    assert np.mean(luma >= 234) < 0.2
    for plane in stage.light(stage.path.pose(0.5), 1.0):
        assert plane.dtype == np.float32
        assert np.isfinite(plane).all()


def test_water_takes_the_red_first() -> None:
    stage = stage_of()
    planes = stage.light(stage.path.pose(0.5), 0.0)
    rows = planes[0].shape[0]
    red, green, blue = (plane[rows * 53 // 100 : rows * 72 // 100].mean() for plane in planes)  # the distance
    assert red < 0.5 * green
    assert red < 0.5 * blue


def test_caustics_run_in_a_loop_without_a_seam() -> None:
    caustics = Caustics(np.random.default_rng(1), frames=8)
    start, end, middle = caustics.at(0.0), caustics.at(1.0), caustics.at(0.5)
    assert np.array_equal(start, end)
    assert np.abs(start - middle).mean() > 0.1
    inner = start[2:-2, 2:-2]
    assert np.abs(inner[:, 0] - inner[:, -1]).mean() < 2.5 * np.abs(np.diff(inner, axis=1)).mean()
    assert 0.7 < inner.mean() < 1.2


def test_fish_swim_only_where_they_are_asked() -> None:
    empty, alive = (stage_of(life=life) for life in (frozenset[Life](), frozenset({Life.FISH})))
    shown = []
    for seconds in (0.0, 2.0):
        pose = alive.path.pose(0.5)
        shown.append(np.abs(alive.light(pose, seconds)[1] - empty.light(pose, seconds)[1]) > 0.02)
    assert shown[0].sum() > 60
    assert (shown[0] & shown[1]).sum() < 0.6 * shown[0].sum()  # they have moved on


def test_bubbles_rise() -> None:
    empty, alive = (stage_of(life=life) for life in (frozenset[Life](), frozenset({Life.BUBBLES})))
    difference = np.abs(alive.frame(3, 24, 1.0)[0].astype(int) - empty.frame(3, 24, 1.0)[0].astype(int))
    assert np.sum(difference > 8) > 20


def test_looking_up_shows_the_bright_surface() -> None:
    stage = stage_of(move="tilt_up", strength=1.0)
    first, last = (stage.frame(number, 24, 1.0)[0].mean() for number in (0, 23))
    assert last > first + 8


@pytest.mark.parametrize("size", [(320, 180), (180, 320)])
@pytest.mark.parametrize("move", ["dolly_in", "orbit_left", "pedestal_up", "pan_right"])
def test_strong_moves_find_no_edge(move: str, size: tuple[int, int]) -> None:
    stage = stage_of(move=move, strength=1.0, size=size)
    for number in (0, 23):
        luma = stage.frame(number, 24, number / 24)[0].astype(float)
        assert luma.std(axis=0).min() > 1.5
        assert luma[-10:].std() > 0.8
        assert np.mean(luma < 18) < 0.1
