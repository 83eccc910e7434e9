"""Guarantee: every wish becomes exactly the tasks that the published table names, and the film says what it is."""

from itertools import product
from typing import Any

import pytest

from doitong.catalogue.model import FRAMES, AspectRatio, Kind, Quality, Version
from doitong.engines.port import Wish
from doitong.engines.runway import films
from doitong.engines.runway.table import RunwayOffer

from .conftest import Open, Studio
from .pictures import picture_uri

# kind, quality, aspect ratio → what is bought, in order: path, model, ratio
TURBO, GEN = "gen4_turbo", "gen4.5"
EXPECTED: dict[tuple[str, str, str], list[tuple[str, str, str]]] = {
    ("text_to_video", "standard", "16:9"): [("text_to_video", GEN, "1280:720")],
    ("text_to_video", "standard", "9:16"): [("text_to_video", GEN, "720:1280")],
    ("text_to_video", "standard", "1:1"): [
        ("text_to_image", "gen4_image", "1024:1024"),
        ("image_to_video", TURBO, "960:960"),
    ],
    ("text_to_video", "high", "16:9"): [("text_to_video", GEN, "1280:720")],
    ("text_to_video", "high", "9:16"): [("text_to_video", GEN, "720:1280")],
    ("text_to_video", "high", "1:1"): [
        ("text_to_image", "gen4_image", "1024:1024"),
        ("image_to_video", GEN, "960:960"),
    ],
    ("image_to_video", "standard", "16:9"): [("image_to_video", TURBO, "1280:720")],
    ("image_to_video", "standard", "9:16"): [("image_to_video", TURBO, "720:1280")],
    ("image_to_video", "standard", "1:1"): [("image_to_video", TURBO, "960:960")],
    ("image_to_video", "high", "16:9"): [("image_to_video", GEN, "1280:720")],
    ("image_to_video", "high", "9:16"): [("image_to_video", GEN, "720:1280")],
    ("image_to_video", "high", "1:1"): [("image_to_video", GEN, "960:960")],
}
SHAPES = {"16:9": (640, 360), "9:16": (360, 640), "1:1": (400, 400)}
VERSIONS = ("gen-2", "gen-3", "gen-4")


def test_the_table_has_every_wish() -> None:
    wishes = {Wish(*words) for words in product(Kind, Version, Quality, AspectRatio)}
    assert set(RunwayOffer().rows) == wishes
    assert {(w.kind.value, w.quality.value, w.aspect_ratio.value) for w in wishes} == set(EXPECTED)


@pytest.mark.parametrize(
    "version", [pytest.param(name, marks=[] if name == "gen-4" else pytest.mark.slow) for name in VERSIONS]
)
async def test_every_row_is_bought_and_told_as_published(studio: Studio, version: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(films, "ENCODER_OPTIONS", {"preset": "ultrafast", "crf": "30"})  # how well is not the point
    published = (await studio.client.get("/v1/services")).json()["data"]["services"][0]["mapping"]
    for (kind, quality, ratio), steps in EXPECTED.items():
        before = len(studio.tasks())
        image = picture_uri(*SHAPES[ratio]) if kind == "image_to_video" else None
        wish = {"quality": quality, "aspectRatio": ratio, "version": version}
        generation_id = await studio.submit("a pier in the rain", image, **wish)
        is_scaled_anew = quality == "high" and version != "gen-4"  # scaling is slow, and no other for a stand-in
        done = await (studio.work(8) if is_scaled_anew else studio.finish(generation_id))
        bought = studio.tasks()[before:]
        assert [(task["path"], task["model"], task["request"]["ratio"]) for task in bought] == steps
        row = next(
            row
            for row in published
            if (row["kind"], row["version"], row["quality"], row["aspectRatio"]) == (kind, version, quality, ratio)
        )
        assert [(step["path"], step["model"], step["ratio"]) for step in row["steps"]] == steps
        if done is not None:
            assert done["status"] == "completed", done
            _check_film(done, row, quality, ratio, version)
        if len(bought) == 2:
            assert (
                bought[1]["request"]["promptImage"].endswith("out.png")
                or "out.png?" in bought[1]["request"]["promptImage"]
            )


def _check_film(done: dict[str, Any], row: dict[str, Any], quality: str, ratio: str, version: str) -> None:
    film, frame = done["metadata"], FRAMES[Quality(quality), AspectRatio(ratio)]
    assert (film["width"], film["height"], film["duration"]) == (frame.width, frame.height, 5)
    assert (film["engine"], film["model"], film["version"]) == ("runway", row["model"], version)
    assert film["upscaled"] == (quality == "high")
    is_stand_in = version != "gen-4" or (ratio == "1:1" and row["kind"] == "text_to_video")
    assert film.get("standIn", False) == is_stand_in == (row["standIn"] is not None)
    assert (row["standIn"] in film.get("warnings", [])) == is_stand_in


@pytest.mark.parametrize(
    ("values", "parameter"),
    [({"version": "gen-2"}, "version"), ({"version": "gen-3"}, "version"), ({"aspectRatio": "1:1"}, "aspectRatio")],
)
async def test_without_stand_ins_they_are_refused_before_money_moves(
    opened: Open, values: dict[str, str], parameter: str
) -> None:
    studio = await opened(runway_stand_ins="refuse")
    body = {"service": "runway", "prompt": "a pier", **values}
    answer = await studio.call("POST", "/v1/text_to_video", body)
    assert answer.status_code == 400
    error = answer.json()["errors"][0]["extensions"]
    assert (error["code"], error["parameter"]) == ("INVALID_PARAMETER", parameter)
    quote = await studio.call("POST", "/v1/quotes", body)
    assert quote.status_code == 400
    assert await studio.credits() == (100_000, 0)
    done = await studio.finish(await studio.submit())
    assert done["status"] == "completed"


async def test_what_runway_does_not_offer_goes_to_an_engine_that_does(opened: Open) -> None:
    studio = await opened(runway_stand_ins="refuse", service_engines="runway=runway,scripted")
    done = await studio.finish(await studio.submit(version="gen-3"))
    assert (done["status"], done["metadata"]["engine"]) == ("completed", "scripted")
    assert studio.tasks() == []


async def test_a_bought_upscale_is_a_task_of_its_own(opened: Open) -> None:
    studio = await opened(runway_upscale="magnific")
    done = await studio.finish(await studio.submit(quality="high"))
    assert [(task["path"], task["model"]) for task in studio.tasks()] == [
        ("text_to_video", "gen4.5"),
        ("video_upscale", "magnific_video_upscaler_creative"),
    ]
    film = done["metadata"]
    assert (film["width"], film["height"], film["upscaled"]) == (1920, 1080, True)
    assert film["model"] == "gen4.5+magnific_video_upscaler_creative"
