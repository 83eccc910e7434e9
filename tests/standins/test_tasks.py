"""Guarantee: a task lives as one of the real service does, exactly by the clock, whoever looks and how often."""

import asyncio
import json
from typing import Any

import pytest

from tests.standins.conftest import GEN4_5, PENDING_SECONDS, RUN_SECONDS, Caller, OpenStandin

NO_TASK = {"error": "Could not find Task"}


async def test_a_task_goes_its_whole_way(caller: Caller) -> None:
    created = (await caller.post("text_to_video", {**GEN4_5, "seed": 7})).json()
    assert created == {"id": created["id"], "estimatedCost": {"credits": 60}}
    common = {"id": created["id"], "createdAt": "2026-01-15T12:00:00.000Z"}
    seen = await caller.task(created["id"])
    assert seen == {**common, "status": "PENDING", "estimatedCost": {"credits": 60}}
    caller.advance(PENDING_SECONDS)
    seen = await caller.task(created["id"])
    assert seen == {**common, "status": "RUNNING", "progress": 0.02, "estimatedCost": {"credits": 60}}
    caller.advance(RUN_SECONDS / 2)
    assert (await caller.task(created["id"]))["progress"] == 0.51
    caller.advance(RUN_SECONDS / 2)
    seen = await caller.task(created["id"])
    [url] = seen.pop("output")
    assert seen == {**common, "status": "SUCCEEDED", "cost": {"credits": 60}}
    assert url.startswith(f"{caller.standin.url}/outputs/{created['id']}/out.mp4?_jwt=")


async def test_what_exceeds_the_slots_is_throttled_and_starts_in_order(open_standin: OpenStandin) -> None:
    """Each starts at the moment a slot came free, although nobody looked then."""
    caller = await open_standin(tier="2")
    ids = [await caller.create() for _ in range(5)]
    assert [await caller.status(task) for task in ids] == ["PENDING"] * 3 + ["THROTTLED"] * 2
    other_model = await caller.create(path="image_to_video", model="gen4_turbo", promptImage="https://a.example/a.png")
    assert await caller.status(other_model) == "PENDING"
    caller.advance(PENDING_SECONDS + RUN_SECONDS + 1)
    assert [await caller.status(task) for task in ids] == ["SUCCEEDED"] * 3 + ["PENDING"] * 2
    tasks = {task["id"]: task for task in caller.state()["tasks"]}
    assert tasks[ids[3]]["startedAt"] == tasks[ids[0]]["endsAt"]


async def test_ends_do_not_depend_on_who_looks(open_standin: OpenStandin) -> None:
    watched, unwatched = await open_standin(tier="2"), await open_standin(tier="2")
    for caller in (watched, unwatched):
        for number in range(20):
            await caller.create(f"{number} {'#slow:50' if number % 3 else '#fail'}")
    for _ in range(40):
        watched.advance(20)
        await watched.get("organization")
    unwatched.advance(800)
    ends = [
        [(task["prompt"], task["startedAt"], task["endsAt"], task["status"]) for task in caller.state()["tasks"]]
        for caller in (watched, unwatched)
    ]
    assert ends[0] == ends[1]


async def test_a_deleted_task_is_gone_and_gives_its_slot_on(open_standin: OpenStandin) -> None:
    caller = await open_standin(tier="1")
    first, second = await caller.create(), await caller.create()
    caller.advance(10)
    assert await caller.delete(first) == 204
    answer = await caller.get(f"tasks/{first}")
    assert (answer.status_code, answer.json()) == (404, NO_TASK)
    assert await caller.delete(first) == 404
    assert await caller.status(second) == "PENDING"
    third = await caller.create()
    assert await caller.delete(third) == 204  # while it waits
    caller.advance(100)
    assert await caller.status(second) == "SUCCEEDED"


@pytest.mark.parametrize("unknown", ["5b0e6f0a-7f3b-4c1d-9a52-0d7f6f0c1e22", "nothing", "a/b"])
async def test_an_unknown_task_is_not_found(caller: Caller, unknown: str) -> None:
    answer = await caller.get(f"tasks/{unknown}")
    assert (answer.status_code, answer.json()) == (404, NO_TASK)


FAILURES: list[tuple[str, dict[str, Any]]] = [
    ("#fail:SAFETY.INPUT.TEXT", {"failureCode": "SAFETY.INPUT.TEXT", "cost": {"credits": 60}}),
    ("#fail:SAFETY.OUTPUT.VIDEO", {"failureCode": "SAFETY.OUTPUT.VIDEO", "cost": {"credits": 0}}),
    ("#fail:INPUT_PREPROCESSING.SAFETY.TEXT", {"failureCode": "INPUT_PREPROCESSING.SAFETY.TEXT"}),
    ("#fail:INPUT_PREPROCESSING.INTERNAL", {"failureCode": "INPUT_PREPROCESSING.INTERNAL", "cost": {"credits": 0}}),
    ("#fail:INTERNAL.BAD_OUTPUT.CODE01", {"failureCode": "INTERNAL.BAD_OUTPUT.CODE01", "cost": {"credits": 0}}),
    ("#fail:ASSET.INVALID", {"failureCode": "ASSET.INVALID", "cost": {"credits": 0}}),
    ("#fail:THIRD_PARTY.UNAVAILABLE", {"failureCode": "THIRD_PARTY.UNAVAILABLE", "cost": {"credits": 0}}),
    ("#fail", {"failureCode": "INTERNAL", "cost": {"credits": 0}}),
    ("#fail:SAFETY.INPUT.IMAGE #cost:0", {"failureCode": "SAFETY.INPUT.IMAGE", "cost": {"credits": 0}}),
]


@pytest.mark.parametrize(("prompt", "shown"), FAILURES)
async def test_every_failure_has_its_code_its_words_and_its_cost(
    caller: Caller, prompt: str, shown: dict[str, Any]
) -> None:
    task_id = await caller.create(f"a lake {prompt}, at night")
    caller.advance(100)
    seen = await caller.task(task_id)
    assert seen == seen | {"status": "FAILED"} | shown
    assert list(seen) == ["id", "createdAt", "status", "failure", "failureCode", "cost"]
    assert seen["failure"].endswith(".")
    assert await caller.balance() == 100_000 - seen["cost"]["credits"]


async def test_a_failure_may_have_no_code_and_a_task_may_end_cancelled(caller: Caller) -> None:
    uncoded, cancelled = await caller.create("#fail:null"), await caller.create("#cancel")
    caller.advance(100)
    assert "failureCode" not in await caller.task(uncoded)
    seen = await caller.task(cancelled)
    assert {name: seen[name] for name in list(seen)[2:]} == {"status": "CANCELLED", "cost": {"credits": 0}}
    assert await caller.balance() == 100_000


async def test_words_of_time(caller: Caller) -> None:
    slow, timed, kept = [await caller.create(f"a {word}") for word in ("#slow", "#slow:5", "#throttle:40")]
    caller.advance(7)
    assert [await caller.status(task) for task in (slow, timed, kept)] == ["RUNNING", "SUCCEEDED", "THROTTLED"]
    caller.advance(33.5)
    assert await caller.status(kept) == "PENDING"
    caller.advance(200)
    assert [await caller.status(task) for task in (slow, kept)] == ["RUNNING", "SUCCEEDED"]


async def test_ten_thousand_tasks_are_cheap(open_standin: OpenStandin) -> None:
    """No task, thread or timer each: nothing runs while nobody asks."""
    caller = await open_standin(tier="unlimited", credits=10**7)
    running = len(asyncio.all_tasks())
    for batch in range(100):
        await asyncio.gather(*(_create_in_process(caller, f"prompt {batch} {number}") for number in range(100)))
    assert len(asyncio.all_tasks()) < running + 5  # the server's own come and go
    state = caller.state()
    assert (len(state["tasks"]), len(state["creates"]), state["credits"]["charged"]) == (10_000, 10_000, 600_000)
    assert {task["status"] for task in state["tasks"]} == {"PENDING"}


async def _create_in_process(caller: Caller, prompt: str) -> None:
    body = json.dumps({**GEN4_5, "promptText": prompt}).encode()
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(name.lower().encode(), value.encode()) for name, value in caller.http.headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/v1/text_to_video", "query_string": b"", "headers": headers}
    await caller.standin.standin(scope, receive, send)
    assert sent[0]["status"] == 200
