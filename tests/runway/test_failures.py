"""Guarantee: every way that Runway refuses, fails or falls silent has one published end, in our words, in money and in
the webhook; nothing is ever bought twice.
"""

import pytest

from doitong.core.errors import REGISTRY
from doitong.engines.runway.failures import CREATE_TABLE, TASK_TABLE
from doitong.standins.runway import Options

from .conftest import KEY, Open, Studio

# what Runway says of a task (facts 4.4) → our code, what is charged, how many tasks are bought
TASK_ENDS = [
    ("SAFETY.INPUT.TEXT", "CONTENT_POLICY", 100, 1),
    ("SAFETY.INPUT.IMAGE", "CONTENT_POLICY", 100, 1),
    ("SAFETY.OUTPUT.VIDEO", "CONTENT_POLICY", 100, 1),
    ("INPUT_PREPROCESSING.SAFETY.TEXT", "CONTENT_POLICY", 100, 1),
    ("SAFETY.OUTPUT.VIDEO #cost:0", "CONTENT_POLICY", 0, 1),
    ("SAFETY.INPUT.TEXT #cost:0", "CONTENT_POLICY", 0, 1),
    ("INPUT_PREPROCESSING.INTERNAL", "ENGINE_FAILED", 0, 2),
    ("INTERNAL.BAD_OUTPUT.CODE01", "FILM_REJECTED", 0, 1),
    ("ASSET.INVALID", "PICTURE_UNFIT", 0, 1),
    ("THIRD_PARTY.UNAVAILABLE", "ENGINE_FAILED", 0, 2),
    ("INTERNAL", "ENGINE_FAILED", 0, 2),
    ("null", "ENGINE_FAILED", 0, 2),
    ("NEVER.HEARD.OF", "ENGINE_FAILED", 0, 2),
]
# what a create call is told (facts 1.3 and 4.5) → our code
REFUSALS = [
    ("#http:400", "REQUEST_REFUSED"),
    ("#nocredits", "ENGINE_UNAVAILABLE"),
    ("#http:401", "ENGINE_UNAVAILABLE"),
    ("#http:403", "ENGINE_UNAVAILABLE"),
    ("#http:404", "REQUEST_REFUSED"),
    ("#http:405", "REQUEST_REFUSED"),
    ("#http:413", "REQUEST_REFUSED"),
]
UNKNOWN = ["#dropafteraccept", "#nojson", "#http:500", "#http:502", "#http:503", "#http:504", "#http:408"]


@pytest.fixture
async def moderated(opened: Open) -> Studio:
    """At a Runway that keeps the credits of everything that it moderates."""
    options = Options(keys=(KEY,), tier="unlimited", credits=1_000_000, keeps_moderated="all")
    made: Studio = await opened(options, moderation_strikes=0)
    return made


async def _check_told(studio: Studio, generation_id: str, code: str, charged: int) -> None:
    """The same end at every place where it is told."""
    english, slovenian = await studio.get(generation_id), await studio.get(generation_id, "sl")
    for found, language in ((english, "en"), (slovenian, "sl")):
        assert (found["status"], found["url"], found["creditCost"]) == ("failed", None, charged)
        assert found["error"] == {"code": code, "message": REGISTRY[code].message.fill(language, {})}
    event = await studio.event(generation_id)
    assert (event["status"], event["error"]["code"]) == ("failed", code)
    for told in (english | {"prompt": ""}, event):
        assert "SAFETY" not in str(told)
        assert "flagged" not in str(told)
    assert await studio.credits() == (100_000 - charged, 0)
    assert await studio.app.ledger.verify() == []


@pytest.mark.parametrize(("failure", "code", "charged", "bought"), TASK_ENDS, ids=[row[0] for row in TASK_ENDS])
async def test_every_way_a_task_fails(moderated: Studio, failure: str, code: str, charged: int, bought: int) -> None:
    studio = moderated
    generation_id = await studio.submit(f"a pier #fail:{failure}")
    await studio.finish(generation_id)
    await _check_told(studio, generation_id, code, charged)
    assert len(studio.tasks()) == bought


def test_every_row_of_the_policy_is_tested() -> None:
    tested = {row[0].split()[0] for row in TASK_ENDS}
    assert {prefix for prefix in TASK_TABLE if not any(code.startswith(prefix) for code in tested)} == set()
    statuses = {400 if word == "#nocredits" else int(word.removeprefix("#http:")) for word, _ in REFUSALS} | {429}
    assert {row.status for row in CREATE_TABLE} <= statuses


@pytest.mark.parametrize("fault", ["fail:INTERNAL", "fail:null", "fail:THIRD_PARTY.UNAVAILABLE"])
async def test_what_fails_by_runways_fault_is_tried_once_more(studio: Studio, fault: str) -> None:
    generation_id = await studio.submit(f"a pier #{fault}x1")
    assert (await studio.finish(generation_id))["status"] == "completed"
    assert len(studio.tasks()) == 2
    assert await studio.credits() == (99_900, 0)


@pytest.mark.parametrize(("word", "code"), REFUSALS, ids=[row[0] for row in REFUSALS])
async def test_every_way_a_create_is_refused(studio: Studio, word: str, code: str) -> None:
    generation_id = await studio.submit(f"a pier {word}")
    await studio.finish(generation_id)
    await _check_told(studio, generation_id, code, 0)
    assert studio.tasks() == []


async def test_a_daily_cap_waits_and_costs_no_attempt(studio: Studio) -> None:
    generation_id = await studio.submit("a pier #http:429x2")
    await studio.work()
    row = await studio.row(generation_id)
    assert (row["stage"], row["attempt"], row["started_at"]) == ("queued", 0, None)
    assert (await studio.finish(generation_id, rounds=120))["status"] == "completed"
    assert studio.calls("POST text_to_video 429") == 2


@pytest.mark.parametrize("word", UNKNOWN)
async def test_a_lost_answer_is_unknown_holds_the_credits_and_is_not_sent_again(studio: Studio, word: str) -> None:
    generation_id = await studio.submit(f"a pier {word}")
    for _ in range(3):
        await studio.work(15)
        await studio.workshop.sweeper.sweep()
    found = await studio.get(generation_id)
    assert (found["status"], found["stage"]) == ("processing", "unknown")
    assert await studio.credits() == (99_900, 100)
    assert studio.calls("POST text_to_video") == 1


async def test_a_status_that_runway_confirmed_as_a_refusal_is_tried_again(opened: Open) -> None:
    studio = await opened(runway_refusing_statuses="502,503")
    generation_id = await studio.submit("a pier #http:503x2")
    assert (await studio.finish(generation_id, rounds=120))["status"] == "completed"
    assert len(studio.tasks()) == 1


async def test_a_closed_port_is_a_proof_and_waits(studio: Studio) -> None:
    """The stand-in is gone: nothing was sent, so what waits is submitted when it is back."""
    client = studio.workshop.engines["runway"]._client
    real = client._creates.base_url
    client._creates.base_url = "http://127.0.0.1:9"
    generation_id = await studio.submit()
    await studio.work(8)
    found = await studio.get(generation_id)
    assert (found["status"], found["stage"]) == ("processing", "queued")
    client._creates.base_url = real
    assert (await studio.finish(generation_id))["status"] == "completed"


@pytest.mark.parametrize("kind", ["503x3", "dropx3", "nojsonx3", "401x3"])
async def test_a_poll_without_an_answer_is_repeated(studio: Studio, kind: str) -> None:
    generation_id = await studio.submit(f"a pier #poll:{kind}")
    assert (await studio.finish(generation_id))["status"] == "completed"
    assert len(studio.tasks()) == 1


async def test_a_task_that_runway_does_not_know_any_more_gives_the_credits_back(studio: Studio) -> None:
    generation_id = await studio.submit("a pier #slow:600")
    await studio.work(2)
    task_id = studio.tasks()[0]["id"]
    await studio.workshop.engines["runway"].cancel(task_id)
    await studio.finish(generation_id)
    await _check_told(studio, generation_id, "ENGINE_FAILED", 0)
    assert len(studio.tasks()) == 1


async def test_a_task_that_was_cancelled_there_gives_the_credits_back(studio: Studio) -> None:
    generation_id = await studio.submit("a pier #cancel")
    await studio.finish(generation_id)
    await _check_told(studio, generation_id, "ENGINE_FAILED", 0)
    assert len(studio.tasks()) == 1
