"""The guarantee: what a prompt says is what the scene has, in two languages, and what is not drawn is said."""

import json

import pytest

from doitong.catalogue.model import MotionIntensity
from doitong.engines.port import Motion, Move
from doitong.engines.studio.reading.interpretation import interpret
from doitong.engines.studio.scene import SceneKind, Season, TimeOfDay
from tests.studio.films import SEED_PROMPT, small_request

KINDS = [
    (SEED_PROMPT, SceneKind.LAKE, TimeOfDay.SUNSET),
    ("Snowy mountain peaks at dawn", SceneKind.MOUNTAINS, TimeOfDay.DAWN),
    ("tropical islands in the ocean at noon", SceneKind.SEA, TimeOfDay.NOON),
    ("rolling green hills in the morning", SceneKind.HILLS, TimeOfDay.MORNING),
    ("sand dunes in the Sahara, golden hour", SceneKind.DUNES, TimeOfDay.GOLDEN_HOUR),
    ("a lake under the stars", SceneKind.LAKE, TimeOfDay.NIGHT),
    ("coast at twilight", SceneKind.SEA, TimeOfDay.DUSK),
    ("Gorsko jezero ob sončnem zahodu", SceneKind.LAKE, TimeOfDay.SUNSET),
    ("zasnežene planine ob zori", SceneKind.MOUNTAINS, TimeOfDay.DAWN),
    ("morska obala ponoči, polna luna", SceneKind.SEA, TimeOfDay.NIGHT),
    ("zeleni griči zjutraj", SceneKind.HILLS, TimeOfDay.MORNING),
    ("puščavske sipine opoldne", SceneKind.DUNES, TimeOfDay.NOON),
    ("travnik v mraku", SceneKind.HILLS, TimeOfDay.DUSK),
]


@pytest.mark.parametrize(("prompt", "kind", "time"), KINDS)
def test_scene_and_time_follow_the_words(prompt: str, kind: SceneKind, time: TimeOfDay) -> None:
    scene, report = interpret(small_request(prompt))
    assert (scene.kind, scene.time) == (kind, time)
    assert not [warning for warning in report["warnings"] if "not recognised" in warning]


CAMERA = [
    ("a lake, slow dolly in", [["dolly_in"]]),
    ("a lake, the camera pans left", [["pan_left"]]),
    ("a lake, pan slowly right", [["pan_right"]]),
    ("a lake, zoom in then pan left", [["zoom_in"], ["pan_left"]]),
    ("a lake, static shot on a tripod", [["static"]]),
    ("a lake, aerial drone shot", [["dolly_in"]]),
    ("the camera slowly pulls back from a lake", [["dolly_out"]]),
    ("jezero, kamera se počasi približa", [["dolly_in"]]),
    ("jezero, zasuk levo, nato oddaljevanje", [["pan_left"], ["dolly_out"]]),
    ("jezero, kamera kroži", [["orbit_right"]]),
    ("jezero, dvig kamere", [["pedestal_up"]]),
    ("jezero, pomik v desno", [["truck_right"]]),
    ("a lake", [["dolly_in"]]),
]


@pytest.mark.parametrize(("prompt", "moves"), CAMERA)
def test_camera_follows_the_words(prompt: str, moves: list[list[str]]) -> None:
    scene, _ = interpret(small_request(prompt))
    assert [[step.move for step in part] for part in scene.segments] == moves


def test_slow_and_fast_change_the_strength() -> None:
    strengths = [interpret(small_request(f"a lake, {word} pan left"))[0].segments[0][0].strength
                 for word in ("slow", "", "fast")]  # fmt: skip
    assert strengths[0] < strengths[1] < strengths[2]


def test_structured_motion_wins_over_words() -> None:
    motion = Motion(camera=(Move("tilt_up", 0.8), Move("zoom_out", 0.2)))
    scene, report = interpret(small_request("a lake, pan left", motion=motion))
    assert [[step.move for step in part] for part in scene.segments] == [["tilt_up"], ["zoom_out"]]
    assert report["cameraFrom"] == "motion"


def test_motion_intensity_scales_the_way() -> None:
    low, high = (interpret(small_request(motion_intensity=i))[0] for i in (MotionIntensity.LOW, MotionIntensity.HIGH))
    assert low.motion < 1 < high.motion


@pytest.mark.parametrize(
    ("prompt", "negative"),
    [("a lake with clouds", "clouds"), ("a lake without clouds", None), ("jezero brez oblakov", None),
     ("jezero", "oblaki, ljudje")],
)  # fmt: skip
def test_forbidden_clouds_are_gone(prompt: str, negative: str | None) -> None:
    scene, report = interpret(small_request(prompt, negative_prompt=negative))
    assert scene.cloudiness == 0
    assert report["excluded"]


def test_negative_prompt_removes_trees_snow_and_fog() -> None:
    scene, _ = interpret(small_request("snowy foggy lake with trees", negative_prompt="trees, snow, fog"))
    assert not scene.trees
    assert scene.snow == 0
    assert scene.haze < 0.1


def test_winter_brings_snow_and_season() -> None:
    for prompt in ("hills in winter", "zimski griči"):
        scene, _ = interpret(small_request(prompt))
        assert scene.season is Season.WINTER
        assert scene.snow >= 0.7


@pytest.mark.parametrize(
    ("prompt", "left_out"),
    [("a dog running by a lake", "dog"), ("city skyline at night", "city"), ("ženska ob jezeru", "ženska"),
     ("čoln na jezeru", "čoln")],
)  # fmt: skip
def test_what_cannot_be_drawn_is_said(prompt: str, left_out: str) -> None:
    _, report = interpret(small_request(prompt))
    assert any(left_out in warning for warning in report["warnings"])
    assert left_out in report["ignored"]


def test_unknown_subject_falls_back_with_a_warning() -> None:
    scene, report = interpret(small_request("qwertz zxcvb"))
    assert scene.kind is SceneKind.LAKE
    assert any("not recognised" in warning for warning in report["warnings"])
    assert report["ignored"] == ["qwertz", "zxcvb"]


def test_report_is_json_and_complete() -> None:
    _, report = interpret(small_request())
    assert json.loads(json.dumps(report)) == report
    assert report["understood"] == ["serene", "landscape", "mountains", "lake", "sunset"]
    assert report["ignored"] == []
    assert report["warnings"] == []
