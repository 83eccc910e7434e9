"""Guarantee: a value outside is an error that names the parameter and what is allowed, before money moves."""

from typing import Any

import pytest

from doitong.catalogue.model import AspectRatio, Kind, Quality, Version
from doitong.core.errors import InvalidParameter
from doitong.generations.model import GenerationRequest, RawRequest
from doitong.generations.parsing import motion_pictures, parse_request, with_pictures

GOOD = {"service": "runway", "prompt": "a lake"}


def parse(kind: Kind | None = None, **values: Any) -> GenerationRequest:
    raw = {name: (f"shown.{name}", value) for name, value in values.items()}
    return parse_request(RawRequest(raw, kind=kind))


def test_defaults_are_the_documented_ones() -> None:
    request = parse(**GOOD)
    assert request.kind is Kind.TEXT_TO_VIDEO
    assert request.duration_seconds == 5
    assert request.aspect_ratio is AspectRatio.WIDE
    assert request.version is Version.GEN_4
    assert request.quality is Quality.STANDARD
    assert request.seed is None


def test_pro_is_high_and_null_is_absent() -> None:
    assert parse(**GOOD, quality="pro").quality is Quality.HIGH
    assert parse(**GOOD, duration=None).duration_seconds == 5


def test_without_a_service_the_first_able_one_is_taken() -> None:
    assert parse(prompt="x").service == "runway"
    assert parse(image="https://example.com/a.png").service == "runway"
    with pytest.raises(InvalidParameter):
        parse_request(RawRequest({"prompt": ("prompt", "x")}, requires_service=True))


@pytest.mark.parametrize("prompt", ["šč", "日" * 1000, "🎬 film", "مرحبا بالعالم", "a\nb\tc", "x" * 1000])
def test_prompts_of_any_language_are_taken(prompt: str) -> None:
    assert parse(service="runway", prompt=prompt).prompt == prompt


BAD: list[tuple[str, dict[str, Any]]] = [
    ("prompt", {"prompt": ""}),
    ("prompt", {"prompt": "   "}),
    ("prompt", {"prompt": "x" * 1001}),
    ("prompt", {"prompt": "a\x00b"}),
    ("prompt", {"prompt": "a\x1bb"}),
    ("prompt", {"prompt": "\ud800"}),
    ("prompt", {"prompt": 5}),
    ("prompt", {"prompt": ["a"]}),
    ("prompt", {"prompt": None}),
    ("service", {"service": "kling"}),
    ("service", {"service": "runway-i2v"}),
    ("service", {"service": 1}),
    ("duration", {"duration": 4}),
    ("duration", {"duration": 11}),
    ("duration", {"duration": 5.5}),
    ("duration", {"duration": 5.0}),
    ("duration", {"duration": "5"}),
    ("duration", {"duration": True}),
    ("duration", {"duration": -7}),
    ("duration", {"duration": 10**30}),
    ("aspectRatio", {"aspectRatio": "4:3"}),
    ("aspectRatio", {"aspectRatio": "16:9 "}),
    ("aspectRatio", {"aspectRatio": 16}),
    ("version", {"version": "gen-5"}),
    ("version", {"version": "GEN-4"}),
    ("version", {"version": {}}),
    ("quality", {"quality": "ultra"}),
    ("motionIntensity", {"motionIntensity": "extreme"}),
    ("seed", {"seed": -1}),
    ("seed", {"seed": 4294967296}),
    ("seed", {"seed": 1.5}),
    ("seed", {"seed": "7"}),
    ("negativePrompt", {"negativePrompt": "x" * 1001}),
    ("webhookUrl", {"webhookUrl": "ftp://example.com"}),
    ("webhookUrl", {"webhookUrl": "example.com/hook"}),
    ("webhookUrl", {"webhookUrl": "http://a b.com"}),
    ("webhookUrl", {"webhookUrl": "https://example.com/" + "x" * 2048}),
    ("webhookUrl", {"webhookUrl": 5}),
    ("image", {"image": "https://example.com/a.png", "kind": Kind.TEXT_TO_VIDEO}),
    ("image", {"kind": Kind.IMAGE_TO_VIDEO}),
    ("image", {"image": 5}),
    ("image", {"image": "https://example.com/" + "x" * 2048}),
    ("frames", {"frames": 5}),
    ("motion", {"motion": "left"}),
    ("motion.speed", {"motion": {"speed": 1}}),
    ("motion.camera", {"motion": {"camera": "left"}}),
    ("motion.camera", {"motion": {"camera": [{"move": "static"}] * 9}}),
    ("motion.camera[0]", {"motion": {"camera": ["left"]}}),
    ("motion.camera[0].move", {"motion": {"camera": [{"move": "jump"}]}}),
    ("motion.camera[1].strength", {"motion": {"camera": [{"move": "static"}, {"move": "static", "strength": 2}]}}),
    ("motion.camera[0].easing", {"motion": {"camera": [{"move": "static", "easing": 1}]}}),
    ("motion.camera[0].easing", {"motion": {"camera": [{"move": "static", "easing": "bounce"}]}}),
    ("motion.camera[0].easing", {"motion": {"camera": [{"move": "static", "easing": ["linear"]}]}}),
    ("motion.camera[0].degrees", {"motion": {"camera": [{"move": "pan_left", "degrees": 361}]}}),
    ("motion.camera[0].degrees", {"motion": {"camera": [{"move": "pan", "degrees": "30"}]}}),
    ("motion.camera[0].degrees", {"motion": {"camera": [{"move": "dolly_in", "degrees": 30}]}}),
    ("motion.camera[0].degrees", {"motion": {"camera": [{"move": "zoom", "degrees": 30}]}}),
    ("motion.camera[0].seconds", {"motion": {"camera": [{"move": "pan_left", "seconds": 0}]}}),
    ("motion.camera[0].seconds", {"motion": {"camera": [{"move": "pan_left", "seconds": 11}]}}),
    ("motion.camera[0].speed", {"motion": {"camera": [{"move": "pan_left", "speed": 1}]}}),
    ("motion.brushes[0]", {"motion": {"brushes": [{"direction": 5}]}}),
    ("motion.brushes[0].polygon", {"motion": {"brushes": [{"polygon": [[0, 0], [1, 1]]}]}}),
    ("motion.brushes[0].polygon", {"motion": {"brushes": [{"polygon": [[0, 0], [1, 1], [2, 0]]}]}}),
    ("motion.brushes[0].direction", {"motion": {"brushes": [{"mask": "x", "direction": 361}]}}),
    ("motion.brushes[0].mask", {"kind": Kind.IMAGE_TO_VIDEO, "image": "x", "motion": {"brushes": [{"mask": 5}]}}),
    (
        "motion.brushes[0].mask",
        {"kind": Kind.IMAGE_TO_VIDEO, "image": "x", "motion": {"brushes": [{"mask": "x" * 2049}]}},
    ),
    ("motion.brushes[0].mask", {"motion": {"brushes": [{"mask": "only-for-pictures"}]}}),
    ("motion.depth", {"motion": {"depth": "only-for-pictures"}}),
    ("motion.depth", {"kind": Kind.IMAGE_TO_VIDEO, "image": "x", "motion": {"depth": ["x"]}}),
    ("motion.depthInverted", {"kind": Kind.IMAGE_TO_VIDEO, "image": "x", "motion": {"depth": "x", "depthInverted": 1}}),
    ("motion.brushes[0].mode", {"motion": {"brushes": [{"mask": "x", "mode": "explode"}]}}),
    ("quoteId", {"quoteId": "x" * 65}),
]


@pytest.mark.parametrize(("name", "change"), BAD, ids=[f"{index}-{name}" for index, (name, _) in enumerate(BAD)])
def test_a_bad_value_is_refused_by_name(name: str, change: dict[str, Any]) -> None:
    values: dict[str, Any] = {**GOOD, **change}
    kind = values.pop("kind", None)
    with pytest.raises(InvalidParameter) as refused:
        parse(kind, **values)
    shown = f"shown.{name}" if name.split(".", maxsplit=1)[0] in values else name
    assert refused.value.details["parameter"] == shown
    for language in ("en", "sl"):
        assert refused.value.message(language).startswith(shown)
    assert len(refused.value.message("en")) < 500


def test_a_move_without_a_direction_takes_it_from_the_sign() -> None:
    motion = {"camera": [{"move": "pan", "strength": -0.4}, {"move": "dolly"}, {"move": "orbit_left", "strength": 1}]}
    assert parse(**GOOD, motion=motion).motion == {
        "camera": [
            {"move": "pan_left", "strength": 0.4},
            {"move": "dolly_in", "strength": 0.5},
            {"move": "orbit_left", "strength": 1.0},
        ],
        "brushes": [],
    }


def test_a_move_keeps_how_far_how_long_and_how_it_gathers_speed() -> None:
    way = {"degrees": 30, "seconds": 2.5, "easing": "linear"}
    motion = {"camera": [{"move": "pan", "strength": -1, **way}, {"move": "whip_pan_right", **way}]}
    assert parse(**GOOD, motion=motion).motion == {
        "camera": [
            {"move": "pan_left", "strength": 1.0, "degrees": 30.0, "seconds": 2.5, "easing": "linear"},
            {"move": "whip_pan_right", "strength": 0.5, "degrees": 30.0, "seconds": 2.5, "easing": "linear"},
        ],
        "brushes": [],
    }


def test_the_pictures_of_a_motion_are_named_by_their_place_and_replaced_there() -> None:
    polygon = [[0, 0], [1, 0], [1, 1]]
    asked = {"brushes": [{"mask": "one"}, {"polygon": polygon}, {"mask": "two"}], "depth": "three"}
    motion = parse(Kind.IMAGE_TO_VIDEO, image="x", motion=asked).motion
    assert motion is not None
    assert motion["depthInverted"] is False
    found = motion_pictures(motion)
    assert found == {"depth": "three", "brushes[0].mask": "one", "brushes[2].mask": "two"}
    kept = with_pictures(motion, {place: f"id of {source}" for place, source in found.items()})
    assert motion_pictures(kept) == {place: f"id of {source}" for place, source in found.items()}
    assert kept is not None
    assert kept["brushes"][1] == motion["brushes"][1]
    assert motion_pictures(None) == {}
