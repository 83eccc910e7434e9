"""Guarantee: a generation of several tasks buys each step once: what a step has made is kept until the film is there,
through waits, lost answers and retries, for as long as Runway still has it.
"""

from collections.abc import Callable
from typing import Any

import pytest

from doitong.audit.model import COMMAND

from .conftest import Open, Studio

STILL, VIDEO, UPSCALE = "text_to_image", "image_to_video", "video_upscale"


def spoil(studio: Studio, monkeypatch: Any, path: str, *words: str) -> None:
    """Put these words for the stand-in into the prompts of that step's creates, one a create."""
    client, left = studio.workshop.engines["runway"]._client, list(words)
    real: Callable[..., Any] = client.create

    async def create(called: str, body: Any, customer: str) -> str:
        if called == path and left:
            body = {**body, "promptText": f"a pier {left.pop(0)}"}
        return str(await real(called, body, customer))

    monkeypatch.setattr(client, "create", create)


def bought(studio: Studio) -> list[str]:
    return [task["path"] for task in studio.tasks()]


def spent(studio: Studio) -> int:
    return sum(task["charged"] - task["refunded"] for task in studio.tasks())


async def test_a_second_step_that_must_wait_keeps_the_first(studio: Studio, monkeypatch: Any) -> None:
    """The still is bought once, however often its animation is put off."""
    spoil(studio, monkeypatch, VIDEO, "#http:429", "#http:429")
    generation_id = await studio.submit("a pier", aspectRatio="1:1")
    assert (await studio.finish(generation_id, rounds=150))["status"] == "completed"
    assert studio.calls("POST image_to_video 429") == 2
    assert bought(studio) == [STILL, VIDEO]


@pytest.mark.parametrize("word", ["#fail:INTERNAL", "#fail:null", "#fail:THIRD_PARTY.UNAVAILABLE"])
async def test_a_retry_of_a_failed_second_step_goes_on_from_the_first(
    studio: Studio, monkeypatch: Any, word: str
) -> None:
    spoil(studio, monkeypatch, VIDEO, word)
    generation_id = await studio.submit("a pier", aspectRatio="1:1")
    done = await studio.finish(generation_id)
    assert (done["status"], done["metadata"]["model"]) == ("completed", "gen4_image+gen4_turbo")
    assert bought(studio) == [STILL, VIDEO, VIDEO]
    assert spent(studio) == 8 + 25  # the failed one was refunded
    assert (await studio.row(generation_id))["attempt"] == 2
    assert await studio.credits() == (99_900, 0)


async def test_a_retry_of_a_failed_upscale_buys_no_film_again(opened: Open, monkeypatch: Any) -> None:
    studio = await opened(runway_upscale="magnific")
    engine = studio.workshop.engines["runway"]
    generation_id = await studio.submit("a pier", quality="high", aspectRatio="1:1")
    real, failed = engine.watch, []

    async def watch(task_id: str) -> Any:
        seen = await real(task_id)
        if studio.tasks()[-1]["path"] == UPSCALE and not failed and task_id == studio.tasks()[-1]["id"]:
            from doitong.engines.port import TaskState, TaskStatus
            from doitong.engines.runway.failures import judge_task

            failed.append(task_id)
            return TaskStatus(TaskState.FAILED, failure=judge_task("INTERNAL", "", 0))
        return seen

    monkeypatch.setattr(engine, "watch", watch)
    assert (await studio.finish(generation_id))["status"] == "completed"
    assert bought(studio) == [STILL, VIDEO, UPSCALE, UPSCALE]


async def test_a_still_that_runway_has_no_more_is_bought_again(studio: Studio, monkeypatch: Any) -> None:
    spoil(studio, monkeypatch, VIDEO, "#fail:INTERNAL")
    generation_id = await studio.submit("a pier", aspectRatio="1:1")
    while (await studio.row(generation_id))["attempt"] != 1 or VIDEO not in bought(studio):
        await studio.work()
    await studio.workshop.engines["runway"].cancel(studio.tasks()[0]["id"])
    assert (await studio.finish(generation_id))["status"] == "completed"
    assert bought(studio) == [STILL, VIDEO, STILL, VIDEO]


async def test_a_still_that_is_gone_before_its_animation_is_bought_again(studio: Studio, monkeypatch: Any) -> None:
    engine = studio.workshop.engines["runway"]
    real, deleted = engine._client.task, []

    async def task(task_id: str) -> Any:
        found = await real(task_id)
        if found and found["status"] == "SUCCEEDED" and not deleted:
            deleted.append(task_id)
            await engine.cancel(task_id)
        return found

    monkeypatch.setattr(engine._client, "task", task)
    generation_id = await studio.submit("a pier", aspectRatio="1:1")
    assert (await studio.finish(generation_id))["status"] == "completed"
    assert bought(studio) == [STILL, STILL, VIDEO]


async def test_while_runway_cannot_be_asked_for_the_still_nothing_is_bought(studio: Studio, monkeypatch: Any) -> None:
    spoil(studio, monkeypatch, VIDEO, "#fail:INTERNAL")
    generation_id = await studio.submit("a pier", aspectRatio="1:1")
    while (await studio.row(generation_id))["stage"] != "queued" or VIDEO not in bought(studio):
        await studio.work()
    client = studio.workshop.engines["runway"]._client
    client._base = "http://127.0.0.1:9"
    await studio.work(25)
    assert bought(studio) == [STILL, VIDEO]
    client._base = studio.standin.url
    assert (await studio.finish(generation_id, rounds=120))["status"] == "completed"
    assert bought(studio) == [STILL, VIDEO, VIDEO]


async def test_an_address_of_the_still_that_has_expired_is_renewed(studio: Studio) -> None:
    """Runway cannot fetch it and says so, which buys nothing; the customer gave no picture and hears of none."""
    done = await studio.finish(await studio.submit("a pier #expire:2", aspectRatio="1:1"))
    assert done["status"] == "completed"
    assert bought(studio) == [STILL, VIDEO]


async def test_the_second_step_may_be_unknown_too(studio: Studio, monkeypatch: Any) -> None:
    spoil(studio, monkeypatch, VIDEO, "#dropafteraccept")
    generation_id = await studio.submit("a pier", aspectRatio="1:1")
    await studio.work(12)
    await studio.workshop.sweeper.sweep()
    row = await studio.row(generation_id)
    assert (row["stage"], row["engine_task_id"][:2]) == ("unknown", "0~")
    await studio.app.settlement.bought(generation_id, studio.tasks()[1]["id"], COMMAND)
    assert (await studio.finish(generation_id))["status"] == "completed"
    assert bought(studio) == [STILL, VIDEO]


async def test_a_second_step_that_was_not_bought_is_submitted_anew_from_the_first(
    studio: Studio, monkeypatch: Any
) -> None:
    """Also when it falls silent again: the step that it went on from is on record."""
    spoil(studio, monkeypatch, VIDEO, "#dropbeforeaccept", "#dropafteraccept")
    generation_id = await studio.submit("a pier", aspectRatio="1:1")
    for _ in range(2):
        await studio.work(12)
        await studio.workshop.sweeper.sweep()
        row = await studio.row(generation_id)
        assert (row["stage"], row["engine_task_id"][:2]) == ("unknown", "0~")
        if VIDEO not in bought(studio):
            await studio.app.settlement.not_bought(generation_id, COMMAND)
    await studio.app.settlement.bought(generation_id, studio.tasks()[-1]["id"], COMMAND)
    assert (await studio.finish(generation_id))["status"] == "completed"
    assert bought(studio) == [STILL, VIDEO]
