"""Guarantee: it fails exactly as it was asked to, and what was bought is what it says was bought."""

from collections import Counter
from typing import Any

import httpx
import pytest

from doitong.standins.runway import parse_rates
from doitong.standins.runway.script import Fault, FaultUnknown, parse_script
from tests.standins.conftest import GEN4_5, Caller, OpenStandin


async def create(caller: Caller, prompt: str, **headers: str) -> httpx.Response:
    return await caller.post("text_to_video", {**GEN4_5, "promptText": prompt}, **headers)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 429, 500, 502, 503, 504])
async def test_a_refused_create_buys_nothing(caller: Caller, status: int) -> None:
    prompt = f"a lake #http:{status}x2"
    assert [(await create(caller, prompt)).status_code for _ in range(3)] == [status, status, 200]
    state = caller.state()
    assert (state["creates"], state["credits"]["charged"]) == ({prompt: 1}, 60)
    assert state["calls"][f"POST text_to_video {status}"] == 2


async def test_words_of_refusals(caller: Caller) -> None:
    texts = {status: (await create(caller, f"#http:{status}")).text for status in (403, 429, 503)}
    assert '"Model variant gen4.5 is not available"' in texts[403]
    assert '"Your daily task limit has been reached."' in texts[429]
    assert texts[503].startswith("<html>")
    assert '"You do not have enough credits' in (await create(caller, "#nocredits")).text


@pytest.mark.parametrize(("word", "made"), [("#dropbeforeaccept", 0), ("#dropafteraccept", 1)])
async def test_a_dropped_connection_tells_nothing_of_what_was_bought(caller: Caller, word: str, made: int) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        await create(caller, f"a lake {word}")
    state = caller.state()
    assert (len(state["tasks"]), state["credits"]["charged"]) == (made, made * 60)
    assert (await create(caller, "another, on a new connection")).status_code == 200


async def test_each_repetition_buys_again(caller: Caller) -> None:
    """Runway has no idempotency key: whoever sends twice pays twice."""
    for _ in range(3):
        with pytest.raises(httpx.RemoteProtocolError):
            await create(caller, "a lake #dropafteraccept")
    assert caller.state()["creates"] == {"a lake #dropafteraccept": 3}


async def test_an_answer_that_cannot_be_read(caller: Caller) -> None:
    answer = await create(caller, "#nojson")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert len(caller.state()["tasks"]) == 1


async def test_an_answer_that_comes_too_late(caller: Caller) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await caller.http.post("/v1/text_to_video", json={**GEN4_5, "promptText": "#hang:5"}, timeout=0.2)
    assert len(caller.state()["tasks"]) == 1


async def test_a_failure_for_the_first_tries_only(caller: Caller) -> None:
    ids = [await caller.create("a lake #fail:INTERNALx2") for _ in range(3)]
    other = await caller.create("another #fail:INTERNALx2")
    caller.advance(100)
    assert [await caller.status(task) for task in (*ids, other)] == ["FAILED", "FAILED", "SUCCEEDED", "FAILED"]


async def test_reading_fails_per_task(caller: Caller) -> None:
    ids = [await caller.create("#poll:503x2") for _ in range(2)]
    for task_id in ids:
        assert [(await caller.get(f"tasks/{task_id}")).status_code for _ in range(3)] == [503, 503, 200]
    dropped, unreadable, lost = [await caller.create(f"#poll:{kind}") for kind in ("drop", "nojson", "404")]
    with pytest.raises(httpx.RemoteProtocolError):
        await caller.get(f"tasks/{dropped}")
    assert (await caller.get(f"tasks/{unreadable}")).text.startswith("<html>")
    assert (await caller.get(f"tasks/{lost}")).json() == {"error": "Could not find Task"}


async def test_deleting_fails_before_or_after_the_deed(caller: Caller) -> None:
    refused, dropped = await caller.create("#delete:503x1"), await caller.create("#delete:drop")
    assert await caller.delete(refused) == 503
    assert await caller.status(refused) == "PENDING"
    assert await caller.delete(refused) == 204
    with pytest.raises(httpx.RemoteProtocolError):
        await caller.delete(dropped)
    assert (await caller.get(f"tasks/{dropped}")).status_code == 404


@pytest.mark.parametrize("path", ["organization", "uploads", "organization/usage"])
async def test_calls_without_a_prompt_are_told_by_header(caller: Caller, path: str) -> None:
    script = {"X-Standin-Script": "#organization:503 #upload:429 #usage:504"}
    if path == "organization":
        answer = await caller.get(path, **script)
    else:
        answer = await caller.post(path, {"filename": "a.png", "type": "ephemeral"}, **script)
    assert answer.status_code == {"organization": 503, "uploads": 429, "organization/usage": 504}[path]


async def test_a_picture_without_a_prompt_is_told_by_header(caller: Caller) -> None:
    body = {"model": "gen4_turbo", "promptImage": "https://media.example.com/a.png", "ratio": "960:960"}
    answer = await caller.post("image_to_video", body, **{"X-Standin-Script": "#fail:ASSET.INVALID"})
    caller.advance(100)
    assert (await caller.task(answer.json()["id"]))["failureCode"] == "ASSET.INVALID"


RATES = "dropafteraccept=0.1,http:503=0.1,fail:INTERNAL=0.2,slow=0.1,poll:502=0.2"


async def _run_faulty(caller: Caller, creates: int) -> list[Any]:
    """What 200 creates and a read of each came to; an id is where it stands among the tasks."""
    seen: list[Any] = []
    for number in range(creates):
        try:
            seen.append((await create(caller, f"prompt {number}")).status_code)
        except httpx.RemoteProtocolError:
            seen.append("dropped")
    caller.advance(32)
    for task in caller.state()["tasks"]:
        answer = await caller.get(f"tasks/{task['id']}")
        seen.append(answer.json()["status"] if answer.status_code == 200 else answer.status_code)
    return seen


async def test_faults_by_chance_are_as_frequent_as_asked_and_repeat_from_their_seed(open_standin: OpenStandin) -> None:
    runs = []
    for seed in (5, 5, 6):
        caller = await open_standin(tier="unlimited", faults=parse_rates(RATES), seed=seed)
        runs.append(await _run_faulty(caller, 200))
        state = caller.state()
        counted = Counter(runs[-1][:200])
        assert len(state["tasks"]) == counted[200] + counted["dropped"]  # what was dropped was bought all the same
        assert 5 <= counted[503] <= 40
        assert 5 <= counted["dropped"] <= 40
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    ended = Counter(runs[0][200:])
    assert all(ended[kind] > 5 for kind in ("SUCCEEDED", "FAILED", "RUNNING", 502))


def test_a_script_is_read_from_among_a_prompts_words() -> None:
    prompt = (
        "A #lake at dawn #fail:SAFETY.INPUT.TEXT. #http:503x2, and #dropafteracceptx1; #hang:1.5 #poll:hang:2x3 # ##"
    )
    assert parse_script(prompt) == (
        Fault("fail", "SAFETY.INPUT.TEXT"),
        Fault("http", "503", 2),
        Fault("dropafteraccept", "", 1),
        Fault("hang", "1.5"),
        Fault("poll", "hang:2", 3),
    )


@pytest.mark.parametrize("text", ["nothing=0.1", "slow", "slow=", "slow=2", "slow=-1", "http:503=a", "=0.5"])
def test_rates_that_say_nothing_are_refused(text: str) -> None:
    with pytest.raises(FaultUnknown):
        parse_rates(text)
