"""The guarantee: each move is the move that its name says, smooth, bounded, and as far and as long as it was asked.

What a move does to the picture is measured twice: on points in space, where it can be exact, and by the optical flow
of a drawn land.
"""

import math
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from doitong.catalogue.model import CameraMove, Easing, Quality, Version
from doitong.engines.studio.camera import MOST_DEGREES, MOST_ZOOM, CameraPath, Pose, Rig, family
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.scene import CameraStep, Scene, SceneKind, TimeOfDay
from doitong.engines.studio.stage import Stage
from tests.studio.films import flow

RIG = Rig(camera_height=10, dolly_metres=60, pivot_metres=600)
FINE = np.linspace(0, 1, 241)


def path_of(*segments: tuple[CameraStep, ...] | CameraStep, **changes: Any) -> CameraPath:
    parts = tuple(part if isinstance(part, tuple) else (part,) for part in segments)
    return CameraPath(Scene(SceneKind.HILLS, TimeOfDay.NOON, segments=parts, **changes), RIG)


def values(path: CameraPath, name: str) -> np.ndarray[Any, Any]:
    return np.array([getattr(path.pose(share), name) for share in FINE])


def seen(pose: Pose, x: float, z: float) -> tuple[float, float]:
    """Where a point is in the picture (tangent to the right, zoomed) and how large things are there."""
    dx, dz = x - pose.x, z - pose.z
    ahead = dx * math.sin(pose.yaw) + dz * math.cos(pose.yaw)
    aside = dx * math.cos(pose.yaw) - dz * math.sin(pose.yaw)
    return aside / ahead * pose.zoom, pose.zoom / ahead


def growth(path: CameraPath, z: float) -> float:
    return seen(path.pose(1), 0, z)[1] / seen(path.pose(0), 0, z)[1]


def test_a_zoom_has_no_parallax_and_a_dolly_has() -> None:
    zoom, dolly = path_of(CameraStep("zoom_in", 1.0)), path_of(CameraStep("dolly_in", 1.0))
    assert growth(zoom, 200) == pytest.approx(growth(zoom, 5000))
    assert growth(zoom, 200) > 1.5
    assert growth(dolly, 200) > 2
    assert 1 < growth(dolly, 5000) < 1.1


@pytest.mark.parametrize(("move", "sign"), [("dolly_zoom_in", -1), ("dolly_zoom_out", 1)])
def test_a_dolly_zoom_keeps_its_subject_and_changes_what_lies_behind(move: str, sign: int) -> None:
    path = path_of(CameraStep(move, 1.0))
    sizes = [seen(path.pose(share), 0, RIG.subject_metres)[1] for share in FINE]
    assert max(sizes) / min(sizes) < 1.001
    assert math.log(growth(path, 5000)) * sign > 0.3


def test_an_orbit_and_a_tracking_shot_hold_their_middle() -> None:
    orbit, tracking = path_of(CameraStep("orbit_right", 1.0)), path_of(CameraStep("tracking_right", 1.0))
    for share in FINE[::20]:
        assert abs(seen(orbit.pose(share), 0, RIG.pivot_metres)[0]) < 1e-3
        assert abs(seen(tracking.pose(share), 0, RIG.tracked_metres)[0]) < 1e-3
    for path, middle in ((orbit, RIG.pivot_metres), (tracking, RIG.tracked_metres)):
        near, far = (seen(path.pose(1), 0, z)[0] - seen(path.pose(0), 0, z)[0] for z in (middle / 2, middle * 3))
        assert near < -0.05 < 0.05 < far


def test_a_wide_orbit_around_something_far_keeps_its_angle_and_stays_near() -> None:
    far = Rig(camera_height=10, dolly_metres=60, pivot_metres=6000)
    step = CameraStep("orbit_left", degrees=30.0)
    path = CameraPath(Scene(SceneKind.LAKE, TimeOfDay.NOON, segments=((step,),)), far)
    assert math.degrees(np.ptp(values(path, "yaw"))) == pytest.approx(30)
    assert np.abs(values(path, "x")).max() < 2.5 * far.dolly_metres


def test_a_flyover_goes_forward_aloft_and_levels_out() -> None:
    path = path_of(CameraStep("flyover"))
    assert values(path, "y").min() > 1.8 * RIG.camera_height
    assert values(path, "pitch")[0] < -0.1
    assert values(path, "pitch")[-1] == pytest.approx(0)
    assert np.all(np.diff(values(path, "z")) >= 0)


def test_a_flyover_after_another_move_takes_off_smoothly() -> None:
    path = path_of(CameraStep("pan_left"), CameraStep("flyover"))
    heights, pitches = values(path, "y"), values(path, "pitch")
    assert heights[0] == pytest.approx(RIG.camera_height)
    assert heights[-1] > 1.8 * RIG.camera_height
    assert pitches[0] == pytest.approx(pitches[-1]) == pytest.approx(0)


def test_handheld_is_small_never_drifts_and_is_its_seeds_own() -> None:
    path = path_of(CameraStep("handheld"), seconds=10.0, seed=4)
    for name, most in (("yaw", 0.02), ("pitch", 0.02), ("roll", 0.02), ("x", 1.0)):
        moved = values(path, name)
        assert 0 < np.abs(moved).max() < most
        assert abs(moved.mean()) < 0.35 * np.abs(moved).max()
        assert np.abs(np.diff(moved, 2)).max() < 0.2 * np.abs(moved).max()
    assert path.pose(0.3) == path_of(CameraStep("handheld"), seconds=10.0, seed=4).pose(0.3)
    assert path.pose(0.3) != path_of(CameraStep("handheld"), seconds=10.0, seed=5).pose(0.3)


@pytest.mark.parametrize(
    ("move", "name"), [("pan_left", "yaw"), ("tilt_up", "pitch"), ("roll_right", "roll"), ("orbit_left", "yaw")]
)
def test_degrees_are_given_as_asked_up_to_the_most(move: str, name: str) -> None:
    for asked in (3.0, 20.0, 300.0):
        path = path_of(CameraStep(move, 0.1, degrees=asked), motion=0.55)
        assert math.degrees(np.ptp(values(path, name))) == pytest.approx(min(asked, MOST_DEGREES[family(move)]))


def test_a_zoom_ratio_is_given_as_asked_up_to_the_most() -> None:
    for asked in (1.5, 2.0, 9.0):
        zooms = values(path_of(CameraStep("zoom_out", 0.1, ratio=asked)), "zoom")
        assert zooms.max() == pytest.approx(min(asked, MOST_ZOOM))
        assert zooms[-1] == pytest.approx(1)


def test_a_move_takes_the_seconds_it_was_given() -> None:
    yaw = values(path_of(CameraStep("pan_right", seconds=2.0), seconds=5.0), "yaw")
    moving = np.abs(np.diff(yaw)) > 1e-9
    assert moving[: int(0.38 * 240)].mean() > 0.9
    assert not moving[int(0.41 * 240) :].any()
    first, second = path_of(CameraStep("pan_right", seconds=4.0), CameraStep("tilt_up"), seconds=5.0).poses()[6::6]
    assert first.yaw != pytest.approx(second.yaw)
    assert second.pitch > 0


def test_moves_that_follow_one_another_do_not_stop_in_between() -> None:
    speed = np.diff(values(path_of(CameraStep("dolly_in"), CameraStep("dolly_in", 0.6)), "z"))
    assert speed[40:200].min() > 0.35 * speed.max()
    stopped = np.diff(values(path_of(CameraStep("dolly_in"), CameraStep("static"), CameraStep("dolly_in")), "z"))
    assert stopped[115:125].max() < 0.01 * stopped.max()


@pytest.mark.parametrize("easing", Easing)
def test_easing_shapes_the_speed_and_never_jumps(easing: Easing) -> None:
    speed = np.diff(values(path_of(CameraStep("dolly_in", easing=easing)), "z"))
    begins_at_rest, ends_at_rest = speed[0] < 0.02 * speed.max(), speed[-1] < 0.02 * speed.max()
    assert begins_at_rest == (easing in (Easing.IN_OUT, Easing.IN))
    assert ends_at_rest == (easing in (Easing.IN_OUT, Easing.OUT))
    assert np.abs(np.diff(speed)).max() < 0.04 * speed.max()
    if easing is Easing.LINEAR:
        assert np.ptp(speed) < 1e-3 * speed.max()


SEQUENCE = (
    CameraStep("dolly_in", 1.0), (CameraStep("pan_left", 1.0), CameraStep("handheld")), CameraStep("zoom_in", 0.8),
    CameraStep("orbit_right", 1.0, easing=Easing.LINEAR), CameraStep("flyover"), CameraStep("roll_left"),
)  # fmt: skip


@pytest.mark.parametrize("is_loop", [False, True])
def test_a_whole_sequence_is_smooth(is_loop: bool) -> None:
    path = path_of(*SEQUENCE, is_loop=is_loop, seconds=10.0)
    for name in ("x", "y", "z", "yaw", "pitch", "roll", "zoom"):
        moved = values(path, name)
        assert np.abs(np.diff(moved, 2)).max() < (0.06 if is_loop else 0.02) * np.ptp(moved)


@pytest.mark.parametrize("move", CameraMove)
def test_a_loop_ends_where_it_begins_and_at_the_same_speed(move: CameraMove) -> None:
    path = path_of(CameraStep(move, 1.0, easing=Easing.LINEAR), is_loop=True)
    for name in ("x", "y", "z", "yaw", "pitch", "roll", "zoom"):
        moved = values(path, name)
        assert moved[-1] == pytest.approx(moved[0])
        around = np.diff(np.concatenate([moved, moved[1:3]]), 2)
        assert np.abs(around).max() < 0.02 * max(np.ptp(moved), 1e-3)


@pytest.mark.parametrize("move", CameraMove)
def test_no_wish_leads_out_of_the_bounds_that_painters_know(move: CameraMove) -> None:
    wild = [CameraStep(move, 1.0, degrees=360.0, ratio=50.0)] * 3
    path = path_of(*wild, tuple(CameraStep(other, 1.0) for other in CameraMove), motion=1.6)
    bounds = path.poses()
    for share in FINE:
        pose = path.pose(share)
        assert pose.z >= 0
        assert 1 <= pose.zoom <= 2 * MOST_ZOOM
        assert max(abs(pose.yaw), abs(pose.pitch), abs(pose.roll)) < math.radians(34)
        assert RIG.camera_height / 3.2 < pose.y < RIG.camera_height * 7
    for name in ("x", "y", "z", "yaw", "pitch", "roll", "zoom"):
        told = [getattr(pose, name) for pose in bounds]
        assert min(told) - 1e-9 <= values(path, name).min()
        assert values(path, name).max() <= max(told) + 1e-9


# the drawn land: speed in pixels between two frames, as middles of bands of the picture
LAND = Scene(SceneKind.HILLS, TimeOfDay.NOON, cloudiness=0.0, trees=False, seed=5)


def bands(move: str) -> dict[str, np.ndarray[Any, Any]]:
    """How far, near, left and right land move (x to the right, y down) in the middle of a strong move."""
    scene = Scene(**{name: getattr(LAND, name) for name in ("kind", "time", "cloudiness", "trees", "seed")},
                  segments=((CameraStep(move, 1.0),),))  # fmt: skip
    stage = Stage(scene, level_of(Version.GEN_2, Quality.STANDARD), 320, 180)
    frames = [cv2.cvtColor(stage.frame(number, 48, 0.0)[0], cv2.COLOR_GRAY2RGB) for number in (22, 24, 26)]
    way = np.mean([flow(one, two) for one, two in pairwise(frames)], axis=0)
    cuts = {"far": way[75:95], "near": way[140:175], "left": way[80:170, :100], "right": way[80:170, 220:]}
    return {name: np.median(cut.reshape(-1, 2), axis=0) for name, cut in cuts.items()}


FLOWS = [
    ("pan_right", lambda at: at["far"][0] < -4 and at["near"][0] < -4),
    ("pan_left", lambda at: at["far"][0] > 4 and at["near"][0] > 4),
    ("tilt_up", lambda at: at["far"][1] > 2 and at["near"][1] > 2),
    ("tilt_down", lambda at: at["far"][1] < -2 and at["near"][1] < -2),
    ("roll_right", lambda at: at["left"][1] > 0.6 and at["right"][1] < -0.6),
    ("roll_left", lambda at: at["left"][1] < -0.6 and at["right"][1] > 0.6),
    ("truck_right", lambda at: at["near"][0] < -1.5 and at["near"][0] < 4 * at["far"][0] - 0.4),
    ("truck_left", lambda at: at["near"][0] > 1.5 and at["near"][0] > 4 * at["far"][0] + 0.4),
    ("dolly_in", lambda at: at["right"][0] - at["left"][0] > 1.2 and at["near"][1] > 0.6 and abs(at["far"][1]) < 0.4),
    ("dolly_out", lambda at: at["right"][0] - at["left"][0] < -1.2 and at["near"][1] < -0.6),
    ("pedestal_up", lambda at: at["near"][1] > 1 and at["near"][1] > 3 * abs(at["far"][1])),
    ("pedestal_down", lambda at: at["near"][1] < -0.4 and abs(at["far"][1]) < 0.4),
    ("zoom_in", lambda at: at["right"][0] - at["left"][0] > 3 and at["far"][1] < -0.2 and at["near"][1] > 0.8),
    ("zoom_out", lambda at: at["right"][0] - at["left"][0] < -3 and at["far"][1] > 0.2 and at["near"][1] < -0.8),
    ("orbit_right", lambda at: at["far"][0] > 1 and at["near"][0] < -1),
    ("orbit_left", lambda at: at["far"][0] < -1 and at["near"][0] > 1),
    ("tracking_right", lambda at: at["far"][0] > at["near"][0] + 0.8),
    ("tracking_left", lambda at: at["far"][0] < at["near"][0] - 0.8),
    ("dolly_zoom_in", lambda at: at["right"][0] - at["left"][0] < -3),  # what lies behind shrinks, though it comes near
    ("dolly_zoom_out", lambda at: at["right"][0] - at["left"][0] > 3),
    ("flyover", lambda at: at["right"][0] - at["left"][0] > 1.2 and at["near"][1] > at["far"][1] + 0.8),
    ("static", lambda at: max(np.abs(speed).max() for speed in at.values()) < 0.15),
    ("handheld", lambda at: 0.02 < max(np.abs(speed).max() for speed in at.values()) < 4),
]  # fmt: skip


@pytest.mark.parametrize(("move", "moves_right"), FLOWS, ids=[move for move, _ in FLOWS])
def test_drawn_land_moves_as_the_move_says(move: str, moves_right: Any) -> None:
    at = bands(move)
    assert moves_right(at), at


def test_a_whip_pan_rests_whips_and_rests() -> None:
    path = path_of(CameraStep("whip_pan_right"))
    speed = np.diff(values(path, "yaw"))
    assert np.all(speed >= 0)
    assert (speed > 0.02 * speed.max()).mean() < 0.35
    assert math.degrees(np.ptp(values(path, "yaw"))) == pytest.approx(22)
