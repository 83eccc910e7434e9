"""The guarantee: every kind of land and time of day gives a picture worth looking at, in single precision."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from doitong.catalogue.model import Quality, Version
from doitong.engines.studio.arrays import Bytes
from doitong.engines.studio.camera import ease
from doitong.engines.studio.grade import Grade
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.scene import CameraStep, Scene, SceneKind, TimeOfDay
from doitong.engines.studio.stage import PAINTERS, Stage

LEVEL = replace(level_of(Version.GEN_2, Quality.STANDARD), columns=200, rows=160)
ALL_TIMES = [(SceneKind.LAKE, time) for time in TimeOfDay]
_BESIDE = {SceneKind.BEACH, SceneKind.ISLANDS, SceneKind.CANYON, SceneKind.SNOWFIELD, SceneKind.FIELD, SceneKind.ROAD,
           SceneKind.SEA, SceneKind.LAKE, SceneKind.HILLS}  # see `test_land`  # fmt: skip
ALL_KINDS = [(kind, TimeOfDay.GOLDEN_HOUR) for kind in PAINTERS if kind not in _BESIDE]


@cache
def _stage(kind: SceneKind, time: TimeOfDay) -> Stage:
    return Stage(Scene(kind, time, seed=5), LEVEL, 320, 180)


@cache
def _frame(kind: SceneKind, time: TimeOfDay) -> tuple[Bytes, Bytes, Bytes]:
    return _stage(kind, time).frame(3, 24, 0.125)


@pytest.mark.parametrize(("kind", "time"), [*ALL_TIMES, *ALL_KINDS])
def test_every_scene_has_light_and_shape(kind: SceneKind, time: TimeOfDay) -> None:
    luma, _, _ = _frame(kind, time)
    assert luma.shape == (180, 320)
    assert luma.std() > 8
    assert np.mean(luma <= 17) < 0.2  # not lost in black
    assert np.mean(luma >= 234) < 0.2  # not burnt out
    stage = _stage(kind, time)
    light = stage.light(stage.path.pose(0.5), 1.0)
    for plane in light:
        assert plane.dtype == np.float32
        assert np.isfinite(plane).all()


def test_what_is_enlarged_keeps_its_brightest() -> None:
    """To enlarge sharply is to overshoot; what does so stays white."""
    grade = Grade((160, 90), 320, 180, 1.0, False, Scene(SceneKind.CITY, TimeOfDay.NIGHT, seed=5))
    red, green, blue = (np.zeros((90, 160), np.float32) for _ in range(3))
    for plane in (red, green, blue):
        plane[40:44, 60:64] = 9
    luma, _, _ = grade.frame((red, green, blue), 0)
    assert luma[82:86, 122:126].min() > 225
    assert luma[:70].max() < 25


def test_night_is_darker_than_noon() -> None:
    night, noon = (_frame(SceneKind.LAKE, time)[0].mean() for time in (TimeOfDay.NIGHT, TimeOfDay.NOON))
    assert night < noon * 0.6


def test_sunset_is_warmer_than_noon() -> None:
    sunset, noon = (_frame(SceneKind.LAKE, time) for time in (TimeOfDay.SUNSET, TimeOfDay.NOON))
    assert sunset[2].mean() > noon[2].mean() + 3  # V: red
    assert sunset[1].mean() < noon[1].mean() - 3  # U: blue


def test_only_a_fast_turn_is_blurred_and_only_along_its_way() -> None:
    step = CameraStep("whip_pan_right", 1.0)
    level = level_of(Version.GEN_2, Quality.STANDARD)
    stage = Stage(Scene(SceneKind.HILLS, TimeOfDay.NOON, segments=((step,),), seed=5), level, 320, 180)
    across, down = [], []
    for number in (2, 60):  # at rest, in the middle of the whip
        luma = stage.frame(number, 120, 0.0)[0].astype(float)
        across.append(np.abs(np.diff(luma, axis=1)).mean())
        down.append(np.abs(np.diff(luma, axis=0)).mean())
    assert across[1] / down[1] < 0.75 * across[0] / down[0]
    still = stage.light(stage.path.pose(2 / 119), 0.0)
    assert stage._turned(still, 2 / 119, 0.25 / 119) is still


@pytest.mark.parametrize("move", ["pan_left", "orbit_right", "truck_left", "dolly_out", "pedestal_up", "tilt_up"])
def test_strong_moves_show_no_hole(move: str) -> None:
    scene = Scene(SceneKind.MOUNTAINS, TimeOfDay.NOON, segments=((CameraStep(move, 1.0),),), motion=1.6, seed=3)
    stage = Stage(scene, LEVEL, 320, 180)
    for number in (0, 12, 23):
        luma = stage.frame(number, 24, number / 24)[0].astype(float)
        assert luma[-12:].std(axis=0).mean() > 0.5  # the ground reaches the lower edge
        assert np.mean(luma < 18) < 0.05


def test_ease_starts_and_ends_at_rest() -> None:
    assert (ease(0), ease(0.5), ease(1)) == (0, 0.5, 1)
    assert ease(0.01) < 0.0001
    assert 1 - ease(0.99) < 0.0001
