"""The guarantee: what lives before a scene shows, moves smoothly, and follows from the seed and the moment alone."""

import math

import cv2
import numpy as np
import pytest

from doitong.engines.studio.air.light import light_of
from doitong.engines.studio.arrays import Floats, Planes
from doitong.engines.studio.camera import Lens, Pose, Rig
from doitong.engines.studio.life.boats import Boats, Outlook
from doitong.engines.studio.life.foreground import Overlay, overlays_of
from doitong.engines.studio.scene import Life, Scene, SceneKind, TimeOfDay

LENS = Lens(320, 180, 326.0, 105.0)
RIG = Rig(13, 85, 3200, 0.58)
DRIFTING = (Life.BIRDS, Life.LEAVES, Life.PETALS, Life.FIREFLIES, Life.DUST)


def drawn(overlay: Overlay, seconds: float, pose: Pose) -> Floats:
    planes: Planes = (np.full((180, 320), 0.3, np.float32), np.full((180, 320), 0.3, np.float32),
                      np.full((180, 320), 0.3, np.float32))  # fmt: skip
    overlay.lay(planes, pose, LENS, seconds)
    assert all(plane.dtype == np.float32 and np.isfinite(plane).all() for plane in planes)
    return planes[1]


def overlay_of(life: Life, seed: int = 4) -> Overlay:
    (overlay,) = overlays_of(Scene(SceneKind.LAKE, TimeOfDay.NOON, life=frozenset({life}), seed=seed), RIG, 320, 180)
    return overlay


@pytest.mark.parametrize("life", DRIFTING)
def test_life_shows_at_any_moment_alone(life: Life) -> None:
    overlay = overlay_of(life)
    pose = Pose(y=13.0)
    for seconds in (-4.0, 0.0, 3.0):
        frame = drawn(overlay, seconds, pose)
        assert np.count_nonzero(frame != np.float32(0.3)) > 12
        assert np.array_equal(frame, drawn(overlay_of(life), seconds, pose))
    assert not np.array_equal(drawn(overlay, 3.0, pose), drawn(overlay_of(life, seed=5), 3.0, pose))


@pytest.mark.parametrize("life", DRIFTING)
def test_life_moves_and_does_not_jump(life: Life) -> None:
    overlay, pose = overlay_of(life), Pose(y=13.0)
    now, next_frame, later = (drawn(overlay, seconds, pose) - np.float32(0.3) for seconds in (2.0, 2.01, 4.0))
    step, change = np.abs(next_frame - now).sum(), np.abs(later - now).sum()
    assert 0 < step < 0.6 * change


def test_falling_leaves_are_many_and_fall_in_a_forest_too() -> None:
    rig = Rig(1.7, 3.0, 10.0, 0.58)
    for kind in (SceneKind.ROAD, SceneKind.FOREST):
        scene = Scene(kind, TimeOfDay.NOON, life=frozenset({Life.LEAVES}), seed=4)
        (overlay,) = overlays_of(scene, rig, 320, 180)
        frame = drawn(overlay, 2.0, Pose(y=1.7))
        pieces, _ = cv2.connectedComponents((np.abs(frame - 0.3) > 0.02).astype(np.uint8))
        assert pieces > 60


def test_birds_fly_over_the_horizon() -> None:
    frame = drawn(overlay_of(Life.BIRDS), 1.0, Pose(y=13.0))
    assert np.flatnonzero((frame < 0.2).any(axis=1)).max() < LENS.horizon


def all_water(x: Floats, z: Floats) -> Floats:
    return np.full_like(x, -5.0)


def all_hidden(z: float, part: tuple[slice, slice]) -> Floats:
    rows, columns = part
    return np.ones((rows.stop - rows.start, columns.stop - columns.start), np.float32)


def nothing_hidden(z: float, part: tuple[slice, slice]) -> None:
    return None


def boat_frame(seconds: float, hides: bool = False) -> Floats:
    scene = Scene(SceneKind.SEA, TimeOfDay.NOON, seed=4)
    boats = Boats(scene, light_of(scene), (0.1, 0.7, 0.7), all_water, Outlook((Pose(y=11.0),), 0.49, 0.23))
    planes: Planes = (np.full((180, 320), 0.3, np.float32), np.full((180, 320), 0.3, np.float32),
                      np.full((180, 320), 0.3, np.float32))  # fmt: skip
    boats.lay(planes, Pose(y=11.0), LENS, seconds, all_hidden if hides else nothing_hidden)
    return planes[1] - np.float32(0.3)


def test_a_boat_stands_on_the_water_over_its_mirror_image() -> None:
    frame = np.abs(boat_frame(0.0))
    columns = np.flatnonzero(frame.max(axis=0) > 0.05)
    nearest = frame[:, columns]
    rows = np.flatnonzero(nearest.max(axis=1) > 0.02)
    assert rows.min() < LENS.horizon < rows.max()
    waterline = LENS.horizon + 11.0 / 125 * LENS.focal  # a boat about 125 m away
    assert rows.max() > waterline
    assert rows.max() - waterline < 2.5 * (waterline - rows.min())


@pytest.mark.parametrize("kind", [SceneKind.LAKE, SceneKind.SEA])
@pytest.mark.parametrize("seed", range(4))
def test_a_boat_is_large_and_stays_in_the_frame_while_the_camera_moves(kind: SceneKind, seed: int) -> None:
    scene = Scene(kind, TimeOfDay.DAWN, seed=seed)
    poses = tuple(Pose(x=30 * share, y=13.0, z=40 * share) for share in (-1.0, -0.5, 0.0, 0.5, 1.0))
    boats = Boats(scene, light_of(scene), (0.1, 0.7, 0.7), all_water, Outlook(poses, 0.49, 0.23))
    for pose in poses:
        planes: Planes = tuple(np.full((180, 320), 0.3, np.float32) for _ in range(3))  # type: ignore[assignment]
        boats.lay(planes, pose, LENS, 1.0, nothing_hidden)
        columns = np.flatnonzero((np.abs(planes[1] - np.float32(0.3)) > 0.03).any(axis=0))
        assert 0 < columns.min() <= columns.max() < 319
        assert np.ptp(columns) > 9


def test_a_boat_rocks_and_sails_and_hides_behind_land() -> None:
    assert np.abs(boat_frame(0.04) - boat_frame(0.0)).max() > 0
    assert np.abs(boat_frame(6.0) - boat_frame(0.0)).sum() > np.abs(boat_frame(0.04) - boat_frame(0.0)).sum()
    assert not boat_frame(0.0, hides=True).any()
    assert math.isfinite(float(boat_frame(-9.0).sum()))
