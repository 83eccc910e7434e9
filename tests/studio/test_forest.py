"""The guarantee: a wood has depth, season and hour, and no camera move finds its edge."""

import cv2
import numpy as np
import pytest

from doitong.catalogue.model import Quality, Version
from doitong.engines.studio.arrays import Bytes
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.scene import CameraStep, Life, Scene, SceneKind, Season, TimeOfDay
from doitong.engines.studio.stage import Stage

COARSE = level_of(Version.GEN_2, Quality.STANDARD)


def forest(time: TimeOfDay = TimeOfDay.MORNING, season: Season = Season.SUMMER, move: str = "static",
           strength: float = 0.5, life: frozenset[Life] = frozenset(), snow: float = 0.0,
           seed: int = 5) -> Scene:  # fmt: skip
    segments = ((CameraStep(move, strength),),)
    return Scene(SceneKind.FOREST, time, season, life=life, snow=snow, segments=segments, motion=1.0, seed=seed)


def luma_of(scene: Scene, number: int = 12, size: tuple[int, int] = (320, 180)) -> Bytes:
    return Stage(scene, COARSE, *size).frame(number, 24, number / 24)[0]


@pytest.mark.parametrize("time", [TimeOfDay.DAWN, TimeOfDay.NOON, TimeOfDay.SUNSET, TimeOfDay.NIGHT])
def test_every_hour_has_light_and_shape(time: TimeOfDay) -> None:
    stage = Stage(forest(time), COARSE, 320, 180)
    luma = stage.frame(3, 24, 0.125)[0]
    assert luma.std() > 8
    assert np.mean(luma <= 17) < 0.3  # not lost in black
    assert np.mean(luma >= 234) < 0.2  # not burnt out
    for plane in stage.light(stage.path.pose(0.5), 1.0):
        assert plane.dtype == np.float32
        assert np.isfinite(plane).all()


def test_near_trees_pass_faster_than_far_ones() -> None:
    stage = Stage(forest(move="truck_right", strength=0.3), COARSE, 320, 180)
    first, second = (stage.frame(number, 24, 0.0)[0] for number in (11, 13))
    flow = cv2.calcOpticalFlowFarneback(first, second, None, 0.5, 4, 21, 4, 7, 1.5, 0)[..., 0]  # type: ignore[call-overload]
    moved = -flow
    assert np.median(moved) > 0.3  # a camera that goes right sees the wood go left
    assert np.quantile(moved, 0.95) > 2.5 * np.quantile(moved, 0.25)


def test_autumn_is_redder_than_summer_and_snow_is_brighter() -> None:
    summer, autumn = (
        Stage(forest(TimeOfDay.NOON, season, seed=1), COARSE, 320, 180).frame(0, 24, 0.0)
        for season in (Season.SUMMER, Season.AUTUMN)
    )
    assert autumn[2].mean() > summer[2].mean() + 5
    bare, white = (luma_of(forest(TimeOfDay.NOON, Season.WINTER, snow=snow)) for snow in (0.0, 0.9))
    assert white[-50:].mean() > bare[-50:].mean() + 15


def test_fireflies_shine_in_the_night() -> None:
    dark = luma_of(forest(TimeOfDay.NIGHT, seed=7)).astype(int)
    alive = luma_of(forest(TimeOfDay.NIGHT, seed=7, life=frozenset({Life.FIREFLIES}))).astype(int)
    assert np.sum(alive - dark > 60) > 12


@pytest.mark.parametrize(("move", "size"), [
    ("dolly_in", (320, 180)), ("orbit_left", (180, 320)), ("pan_right", (320, 180)), ("pedestal_up", (240, 240)),
    ("tilt_up", (180, 320)),
])  # fmt: skip
def test_strong_moves_find_no_edge(move: str, size: tuple[int, int]) -> None:
    stage = Stage(forest(move=move, strength=0.9, seed=2), COARSE, *size)
    for number in (0, 23):
        luma = stage.frame(number, 24, number / 24)[0].astype(float)
        assert luma[-10:].std() > 0.8
        assert luma[:10].std() > 0.8
        assert luma.std(axis=0).min() > 1.5  # no column is empty
        assert np.mean(luma < 18) < 0.2


def test_a_frame_depends_on_nothing_drawn_before() -> None:
    stage = Stage(forest(move="dolly_in"), COARSE, 320, 180)
    first = stage.frame(5, 24, 0.2)
    stage.frame(20, 24, 0.8)
    again = stage.frame(5, 24, 0.2)
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


def test_seeds_grow_different_woods() -> None:
    one, other = (luma_of(forest(seed=seed)).astype(int) for seed in (1, 2))
    assert np.abs(one - other).mean() > 6
