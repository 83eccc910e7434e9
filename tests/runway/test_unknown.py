"""Guarantee: a submission whose answer was lost is listed, waits for the operator's word, and takes it exactly once."""

import asyncio
import os
import subprocess
import sys
from typing import Any

import pytest

from doitong.audit.model import COMMAND
from doitong.core.errors import DoitongError

from .conftest import Studio

SETTLE = """mutation S($id: ID!, $input: SettleSubmissionInput!) {
    settleSubmission(id: $id, input: $input) { id status stage creditCost error } }"""
LIST = "{ unknownSubmissions(first: 10) { nodes { id accountId engine sentAt creditCost prompt seed } } }"


async def lose(studio: Studio, word: str = "#dropafteraccept", **values: Any) -> str:
    generation_id = await studio.submit(f"a pier {word}", **values)
    await studio.work(2)
    assert (await studio.get(generation_id))["stage"] == "unknown"
    return generation_id


async def settle(studio: Studio, generation_id: str, door: str, key: str | None = None, **given: str) -> Any:
    """The code of a refusal, or the generation."""
    key = key or studio.operator_key
    if door == "rest":
        path = f"/v1/unknown_submissions/{generation_id}/settle"
        answer = (await studio.call("POST", path, given, key)).json()
        found = answer.get("data", {}).get("generatevideo")
    else:
        answer = await studio.graphql(SETTLE, key, id=generation_id, input=given)
        found = (answer.get("data") or {}).get("settleSubmission")
    return found or answer["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize("door", ["rest", "graphql"])
async def test_what_was_bought_is_watched_as_if_its_answer_had_come(studio: Studio, door: str) -> None:
    generation_id = await lose(studio)
    task_id = studio.tasks()[0]["id"]
    assert (await settle(studio, generation_id, door, outcome="bought", taskId=task_id))["stage"] == "rendering"
    assert (await studio.finish(generation_id))["status"] == "completed"
    assert len(studio.tasks()) == 1
    assert await studio.credits() == (99_900, 0)


@pytest.mark.parametrize("door", ["rest", "graphql"])
async def test_what_was_not_bought_is_submitted_anew(studio: Studio, door: str) -> None:
    generation_id = await lose(studio, "#http:502x1")
    assert (await settle(studio, generation_id, door, outcome="not_bought"))["stage"] == "queued"
    assert (await studio.finish(generation_id))["status"] == "completed"
    assert len(studio.tasks()) == 1


@pytest.mark.parametrize("door", ["rest", "graphql"])
async def test_what_cannot_be_found_is_charged_where_the_operator_says_so(studio: Studio, door: str) -> None:
    generation_id = await lose(studio)
    done = await settle(studio, generation_id, door, outcome="charge")
    assert (done["status"], done["creditCost"], done["error"]["code"]) == ("failed", 100, "SUBMISSION_LOST")
    assert await studio.credits() == (99_900, 0)
    assert (await studio.event(generation_id))["error"]["code"] == "SUBMISSION_LOST"


async def test_all_of_them_are_listed_at_both_doors(studio: Studio) -> None:
    lost = [await lose(studio) for _ in range(3)]
    page = (await studio.call("GET", "/v1/unknown_submissions?first=2", key=studio.operator_key)).json()["data"]
    assert [item["id"] for item in page["unknownSubmissions"]] == lost[:2]
    after = page["pageInfo"]["endCursor"]
    rest = (await studio.call("GET", f"/v1/unknown_submissions?after={after}", key=studio.operator_key)).json()["data"]
    assert [item["id"] for item in rest["unknownSubmissions"]] == lost[2:]
    nodes = (await studio.graphql(LIST, studio.operator_key))["data"]["unknownSubmissions"]["nodes"]
    assert [node["id"] for node in nodes] == lost
    assert {(node["engine"], node["creditCost"], node["accountId"]) for node in nodes} == {
        ("runway", 100, studio.account_id)
    }


@pytest.mark.parametrize("door", ["rest", "graphql"])
async def test_customers_neither_see_nor_settle_them(studio: Studio, door: str) -> None:
    generation_id = await lose(studio)
    assert await settle(studio, generation_id, door, key=studio.key, outcome="charge") == "FORBIDDEN"
    assert (await studio.call("GET", "/v1/unknown_submissions")).status_code == 403
    assert (await studio.get(generation_id))["stage"] == "unknown"


@pytest.mark.parametrize(
    "given",
    [{}, {"outcome": "maybe"}, {"outcome": "bought"}, {"outcome": "charge", "taskId": "x"}],
    ids=str,
)
async def test_a_word_that_says_nothing_is_refused(studio: Studio, given: dict[str, str]) -> None:
    generation_id = await lose(studio)
    assert await settle(studio, generation_id, "rest", **given) == "INVALID_PARAMETER"


async def test_of_many_words_at_once_one_counts(studio: Studio) -> None:
    generation_id = await lose(studio, "#http:502x1")
    settlement = studio.app.settlement
    words = [settlement.not_bought(generation_id, COMMAND) for _ in range(8)]
    words += [settlement.charge(generation_id, COMMAND) for _ in range(8)]
    outcomes = await asyncio.gather(*words, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, DoitongError)]
    assert {error.code for error in refused} == {"CONFLICT"}
    assert len(refused) == 15
    assert await studio.app.ledger.verify() == []


async def test_one_task_settles_one_generation(studio: Studio) -> None:
    first, second = await lose(studio), await lose(studio)
    task_id = studio.tasks()[0]["id"]
    assert (await settle(studio, first, "rest", outcome="bought", taskId=task_id))["stage"] == "rendering"
    assert await settle(studio, second, "rest", outcome="bought", taskId=task_id) == "CONFLICT"
    assert await settle(studio, "0" * 26, "rest", outcome="charge") == "NOT_FOUND"


async def test_the_command_line_lists_and_settles(studio: Studio, dsn: str, tmp_path: Any) -> None:
    generation_id = await lose(studio)

    def cli(*words: str) -> str:
        command = [sys.executable, "-m", "doitong", "generations", *words]
        environment = {"DATABASE_URL": dsn, "DOITONG_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
        environment |= {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        return done.stdout

    assert generation_id in await asyncio.to_thread(cli, "unknown")
    settled = await asyncio.to_thread(cli, "settle", generation_id, "--bought", studio.tasks()[0]["id"])
    assert "processing, rendering" in settled
    assert generation_id not in await asyncio.to_thread(cli, "unknown")
    assert (await studio.row(generation_id))["engine_task_id"] == studio.tasks()[0]["id"]


async def test_a_late_answer_settles_it_by_itself(studio: Studio, monkeypatch: Any) -> None:
    """The worker was taken for dead while it waited for Runway; it comes back with the answer."""
    client, runner = studio.workshop.engines["runway"]._client, studio.workshop.runner
    real, renew, arrived, go_on = client.create, runner._renew, asyncio.Event(), asyncio.Event()

    async def slow(path: str, body: Any, customer: str) -> str:
        task_id = await real(path, body, customer)
        arrived.set()
        await go_on.wait()
        return str(task_id)

    async def silent(*_: Any) -> None:
        return None

    monkeypatch.setattr(client, "create", slow)
    monkeypatch.setattr(runner, "_renew", silent)
    generation_id = await studio.submit()
    stopped = asyncio.create_task(studio.worker.step())
    await arrived.wait()
    studio.clock.advance(studio.workshop.poller._lease * 2)
    await studio.workshop.sweeper.sweep()
    assert (await studio.get(generation_id))["stage"] == "unknown"
    monkeypatch.setattr(runner, "_renew", renew)
    go_on.set()
    await asyncio.gather(stopped, return_exceptions=True)
    assert (await studio.get(generation_id))["stage"] == "rendering"
    assert (await studio.finish(generation_id))["status"] == "completed"
    assert len(studio.tasks()) == 1
