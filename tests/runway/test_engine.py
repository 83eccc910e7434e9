"""Guarantees of the way to Runway and back: what is sent, how pictures and films travel, what is asked how often."""

from datetime import timedelta
from typing import Any

import pytest

from doitong.standins.runway import Options

from .conftest import KEY, Open, Studio
from .pictures import heavy_picture, picture_uri


async def test_motion_is_written_as_camera_words_and_the_negative_prompt_is_told_as_dropped(studio: Studio) -> None:
    done = await studio.finish(
        await studio.submit(
            "a pier in the rain",
            motion={"camera": [{"move": "dolly_in", "strength": 0.1}, {"move": "pan_left", "degrees": 30}]},
            motionIntensity="high",
            negativePrompt="people",
            seed=7,
        )
    )
    request = studio.tasks()[0]["request"]
    assert request == {
        "model": "gen4.5",
        "promptText": "a pier in the rain. Camera dollies in slowly, then camera pans left by 30 degrees; "
        "strong, dynamic motion.",
        "ratio": "1280:720",
        "duration": 5,
        "seed": 7,
    }
    assert done["metadata"]["warnings"] == ["Runway has no negative prompt; it was left out."]


async def test_the_customers_words_come_first_within_a_thousand_units(studio: Studio) -> None:
    """🌊 is one character for the customer and two units for Runway."""
    done = await studio.finish(await studio.submit("🌊" * 600, motionIntensity="low"))
    assert studio.tasks()[0]["request"]["promptText"] == "🌊" * 500
    assert done["metadata"]["warnings"] == [
        "The prompt was longer than Runway takes and was cut at its end.",
        "The motion parameters did not fit beside the prompt and were left out.",
    ]


async def test_a_small_picture_travels_inside_the_request_and_a_large_one_is_uploaded(studio: Studio) -> None:
    small = await studio.submit("", picture_uri())
    answer = await studio.client.post(
        "/v1/uploads", content=heavy_picture(), headers={"X-API-Key": studio.key, "Content-Type": "image/png"}
    )
    large = await studio.submit("", answer.json()["data"]["upload"]["id"])
    for generation_id in (small, large):
        assert (await studio.finish(generation_id))["status"] == "completed"
    pictures = [task["request"]["promptImage"] for task in studio.tasks()]
    assert sorted(picture.partition(":")[0] for picture in pictures) == ["data", "runway"]
    assert studio.calls("POST uploads 200") == 1


async def test_a_picture_without_a_prompt_gets_words_only_where_they_are_needed(studio: Studio) -> None:
    for quality in ("standard", "high"):
        await studio.finish(await studio.submit("", picture_uri(), quality=quality))
    turbo, gen = (task["request"] for task in studio.tasks())
    assert "promptText" not in turbo
    assert gen["promptText"] == "Natural motion."


async def test_a_panorama_is_cut_to_a_shape_that_runway_takes(opened: Open) -> None:
    studio = await opened(Options(keys=(KEY,), tier="unlimited"))
    done = await studio.finish(await studio.submit("", picture_uri(1200, 300)))
    assert done["status"] == "completed", done


async def test_customers_are_named_by_a_digest_where_runway_asks_for_it(opened: Open) -> None:
    options = Options(keys=(KEY,), tier="unlimited", needs_on_behalf_of=True)
    studio = await opened(options, runway_on_behalf_of=True)
    assert (await studio.finish(await studio.submit()))["status"] == "completed"


async def test_an_expired_address_is_renewed_by_asking_again(studio: Studio) -> None:
    done = await studio.finish(await studio.submit("a pier #expire:1"))
    assert done["status"] == "completed"
    assert len(studio.tasks()) == 1


@pytest.mark.parametrize("kind", ["503x2", "cutx1", "dropx2"])
async def test_a_film_that_does_not_come_at_once_is_fetched_later_and_bought_once(studio: Studio, kind: str) -> None:
    generation_id = await studio.submit(f"a pier #output:{kind}")
    for _ in range(4):
        await studio.work(12)
        await studio.workshop.sweeper.sweep()
    assert (await studio.get(generation_id))["status"] == "completed"
    assert len(studio.tasks()) == 1


@pytest.mark.parametrize("kind", ["html", "garbage", "wrongsize"])
async def test_a_film_that_is_none_fails_gives_the_credits_back_and_is_not_bought_again(
    studio: Studio, kind: str
) -> None:
    done = await studio.finish(await studio.submit(f"a pier #output:{kind}"))
    assert (done["status"], done["error"]["code"], done["creditCost"]) == ("failed", "ENGINE_FAILED", 0)
    assert len(studio.tasks()) == 1
    assert await studio.credits() == (100_000, 0)


async def test_throttled_for_longer_than_the_timeout_is_no_timeout(studio: Studio) -> None:
    generation_id = await studio.submit("a pier #throttle:7300")
    for _ in range(12):
        await studio.work(2)
        studio.clock.advance(timedelta(seconds=600))
        await studio.workshop.sweeper.sweep()
        assert (await studio.get(generation_id))["status"] == "processing"
    assert (await studio.finish(generation_id, rounds=120))["status"] == "completed"


async def test_a_task_that_renders_for_longer_than_the_timeout_is_one_and_is_deleted(studio: Studio) -> None:
    generation_id = await studio.submit("a pier #slow:90000")
    await studio.work(5)
    studio.clock.advance(timedelta(seconds=3700))
    await studio.workshop.sweeper.sweep()
    await studio.work(2)
    assert (await studio.get(generation_id))["error"]["code"] == "GENERATION_TIMED_OUT"
    assert studio.tasks()[0]["deletedAt"] is not None


async def test_a_cancel_deletes_the_task(studio: Studio) -> None:
    generation_id = await studio.submit("a pier #slow:900")
    await studio.work(2)
    await studio.call("POST", f"/v1/generations/{generation_id}/cancel")
    await studio.work(2)
    assert studio.tasks()[0]["deletedAt"] is not None
    assert await studio.credits() == (100_000, 0)


async def test_a_customers_polls_cost_no_call_and_tasks_are_asked_no_faster_than_they_may(studio: Studio) -> None:
    generation_id = await studio.submit("a pier #slow:120")
    await studio.work()
    before = studio.calls("GET tasks")
    for _ in range(200):
        await studio.get(generation_id)
    assert studio.calls("GET tasks") == before
    for _ in range(100):
        await studio.work(step=timedelta(seconds=0.6))
    assert studio.calls("GET tasks") - before <= 60 / 5.4


async def test_what_each_task_cost_is_kept_for_the_operator(studio: Studio) -> None:
    generation_id = await studio.submit(aspectRatio="1:1")
    await studio.finish(generation_id)
    async with studio.app.database.reading() as connection:
        rows = await connection.fetch("SELECT * FROM engine_task WHERE generation_id = $1", generation_id)
    bought = {task["id"]: task["charged"] - task["refunded"] for task in studio.tasks()}
    assert {row["task_id"].rpartition("~")[2]: int(row["cost_credits"]) for row in rows} == bought
    assert sorted(bought.values()) == [8, 25]
    assert {row["outcome"] for row in rows} == {"succeeded"}


async def test_the_secret_stays_inside(studio: Studio, capsys: Any) -> None:
    generation_id = await studio.submit("a pier #fail")
    done = await studio.finish(generation_id)
    row = await studio.row(generation_id)
    output = capsys.readouterr()
    assert KEY not in str(done) + str(row) + output.out + output.err
