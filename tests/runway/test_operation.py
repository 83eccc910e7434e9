"""Guarantees to the operator: limits are kept here, other engines get only what was proven not to be accepted, what is
wrong is told, and the account at Runway is protected from customers who are moderated.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from doitong.core.settings import Settings
from doitong.standins.runway import Options

from .conftest import KEY, Open, Studio
from .pictures import picture_uri


def limited(**more: Any) -> Options:
    return Options(**({"keys": (KEY,), "tier": "unlimited", "credits": 100_000} | more))


# Capacity ----------------------------------------------------------------------------------------------------


async def test_what_exceeds_the_concurrency_waits_here_and_never_there(opened: Open) -> None:
    studio = await opened(limited(at_once=3))
    await studio.workshop.upstreams.look()
    ids = [await studio.submit(f"pier {number}") for number in range(7)]
    seen = set()
    for _ in range(80):
        await studio.work()
        states = [task["status"] for task in studio.tasks()]
        assert "THROTTLED" not in states
        running = sum(status in ("PENDING", "RUNNING") for status in states)
        seen.add(running)
        assert running <= 3
        if (await studio.credits())[1] == 0:
            break
    assert max(seen) == 3
    assert [(await studio.get(item))["status"] for item in ids] == ["completed"] * 7
    assert len(studio.tasks()) == 7


async def test_models_have_places_of_their_own(opened: Open) -> None:
    studio = await opened(limited(at_once=1))
    await studio.workshop.upstreams.look()
    texts = [await studio.submit(f"pier {number}") for number in range(2)]
    pictures = [await studio.submit("", picture_uri()) for _ in range(2)]
    await studio.work()
    assert sorted(task["model"] for task in studio.tasks()) == ["gen4.5", "gen4_turbo"]
    for generation_id in (*texts, *pictures):
        assert (await studio.finish(generation_id))["status"] == "completed"


async def test_the_daily_cap_closes_the_pool_until_the_window_moves(opened: Open) -> None:
    studio = await opened(limited(daily=2))
    await studio.workshop.upstreams.look()
    for generation_id in [await studio.submit(f"pier {number}") for number in range(2)]:
        await studio.finish(generation_id)
    studio.clock.advance(timedelta(hours=1))
    await studio.workshop.upstreams.look()
    waits = await studio.submit("one too many")
    for _ in range(8):
        await studio.work(5)
        studio.clock.advance(timedelta(hours=1))
        await studio.workshop.upstreams.look()
        await studio.workshop.sweeper.sweep()
    waiting = await studio.get(waits)
    assert (waiting["status"], waiting["stage"]) == ("processing", "queued")
    assert studio.calls("POST text_to_video 429") <= 1
    studio.clock.advance(timedelta(hours=15))
    await studio.workshop.upstreams.look()
    await studio.workshop.sweeper.sweep()
    assert (await studio.finish(waits))["status"] == "completed"


# Failover ----------------------------------------------------------------------------------------------------

BEHIND = {"service_engines": "runway=runway,scripted;runway-i2v=runway"}


@pytest.mark.parametrize("word", ["#http:401", "#http:403", "#nocredits", "#http:429"])
async def test_what_runway_was_proven_not_to_accept_goes_to_the_next_engine(opened: Open, word: str) -> None:
    studio = await opened(limited(), **BEHIND)
    done = await studio.finish(await studio.submit(f"a pier {word}"))
    assert (done["status"], done["metadata"]["engine"]) == ("completed", "scripted")
    assert done["metadata"]["model"] == "scripted-test-card"
    assert studio.tasks() == []


@pytest.mark.parametrize("word", ["#dropafteraccept", "#http:502", "#nojson"])
async def test_what_may_have_been_accepted_goes_nowhere_else(opened: Open, word: str) -> None:
    studio = await opened(limited(), **BEHIND)
    generation_id = await studio.submit(f"a pier {word}")
    await studio.work(10)
    await studio.workshop.sweeper.sweep()
    found = await studio.get(generation_id)
    assert (found["stage"], found["metadata"]["engine"]) == ("unknown", "runway")


@pytest.mark.parametrize("word", ["#fail:THIRD_PARTY.UNAVAILABLE", "#fail:SAFETY.INPUT.TEXT", "#fail:INTERNAL"])
async def test_what_was_accepted_and_failed_stays_runways(opened: Open, word: str) -> None:
    studio = await opened(limited(), **BEHIND)
    done = await studio.finish(await studio.submit(f"a pier {word}"))
    assert (done["status"], done["metadata"]["engine"]) == ("failed", "runway")


async def test_studio_stands_behind_runway_only_where_the_operator_says_so(opened: Open) -> None:
    studio = await opened(studio_fallback=True)
    assert [route.engine for route in studio.app.routing.routes["runway-i2v"]] == ["runway", "studio"]
    shown = (await studio.client.get("/v1/services")).json()["data"]["services"]
    assert [service["engines"] for service in shown] == [["runway", "studio"]] * 2


async def test_by_default_runway_stands_alone(studio: Studio) -> None:
    assert [route.engine for route in studio.app.routing.routes["runway"]] == ["runway"]


async def test_without_a_secret_studio_serves_and_says_so(opened: Open) -> None:
    studio = await opened(runwayml_api_secret="")
    service = (await studio.client.get("/v1/services")).json()["data"]["services"][0]
    assert (service["engines"], service["mapping"]) == (["studio"], [])
    assert "engines" not in (await studio.client.get("/readyz")).json()


# What is wrong -----------------------------------------------------------------------------------------------


async def told(studio: Studio) -> tuple[str | None, str | None, int]:
    """What readyz and the catalogue say of Runway, and readyz's status."""
    ready = await studio.client.get("/readyz")
    service = (await studio.client.get("/v1/services")).json()["data"]["services"][0]
    by_graphql = (await studio.graphql("{ services { engineStates } }"))["data"]["services"][0]["engineStates"]
    assert by_graphql == service["engineStates"]
    return ready.json()["engines"]["runway"]["problem"], service["engineStates"][0]["problem"], ready.status_code


@pytest.mark.parametrize(
    ("options", "settings", "problem"),
    [
        (limited(), {"runwayml_api_secret": "key_wrong"}, "key_refused"),
        (limited(), {"runwayml_base_url": "http://127.0.0.1:9"}, "unreachable"),
        (limited(credits=10), {}, "out_of_credits"),
        (limited(daily=0), {}, "daily_cap"),
        (limited(), {}, None),
    ],
    ids=lambda value: str(value) if not isinstance(value, Options) else "",
)
async def test_what_is_wrong_is_told_everywhere(
    opened: Open, options: Options, settings: dict[str, str], problem: str | None, capsys: Any
) -> None:
    studio = await opened(options, **settings)
    await studio.workshop.upstreams.look()
    assert await told(studio) == (problem, problem, 200)
    metrics = (await studio.client.get("/metrics")).text
    assert (f'doitong_engine_problem{{engine="runway",problem="{problem}"}} 1.0' in metrics) == (problem is not None)
    await studio.workshop.upstreams.look()
    assert capsys.readouterr().out.count("engine_alarm") == (1 if problem else 0)


async def test_an_account_that_ran_dry_is_told_as_soon_as_a_create_says_so(opened: Open) -> None:
    studio = await opened(limited(credits=70))
    await studio.workshop.upstreams.look()
    for _ in range(2):
        await studio.finish(await studio.submit())
    await studio.workshop.upstreams.look()
    assert (await told(studio))[0] == "out_of_credits"


async def test_an_unreachable_runway_is_asked_seldom_and_loses_nothing(opened: Open) -> None:
    studio = await opened(limited())
    client = studio.workshop.engines["runway"]._client
    _call_at(client, "http://127.0.0.1:9")
    ids = [await studio.submit(f"pier {number}") for number in range(6)]
    for _ in range(4):
        await studio.workshop.upstreams.look()
        await studio.work(10)
    assert client._breaker.is_open or (await told(studio))[0] == "unreachable"
    _call_at(client, studio.standin.url)
    studio.clock.advance(timedelta(seconds=60))
    await studio.workshop.upstreams.look()
    await studio.workshop.sweeper.sweep()
    for generation_id in ids:
        assert (await studio.finish(generation_id))["status"] == "completed"
    assert len(studio.tasks()) == 6


def _call_at(client: Any, url: str) -> None:
    """Send this client's calls to another address."""
    client._base = client._creates.base_url = url


def test_runway_itself_is_polled_no_faster_than_it_asks() -> None:
    assert Settings(runwayml_base_url="http://127.0.0.1:9", runway_poll_seconds=0.1).runway_poll_seconds == 0.1
    with pytest.raises(ValidationError, match="at least"):
        Settings(runway_poll_seconds=5)


async def test_how_it_stands_is_asked_once_in_half_a_minute(studio: Studio) -> None:
    for _ in range(60):
        await studio.workshop.upstreams.look()
        studio.clock.advance(timedelta(seconds=1))
    assert studio.calls("GET organization") == 3


# Moderation --------------------------------------------------------------------------------------------------


async def test_listed_words_are_refused_before_anything_is_held_or_sent(opened: Open, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("# a comment\nforbidden word\nprepoved*\n")
    studio = await opened(moderation_words=words)
    for prompt in ("a Forbidden  WORD here", "Prepovédana stvar", "ｆorbidden word"):
        answer = await studio.call("POST", "/v1/text_to_video", {"service": "runway", "prompt": prompt})
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (422, "CONTENT_POLICY")
    assert await studio.credits() == (100_000, 0)
    for prompt in ("unforbidden words", "a forbidden wordsmith"):
        await studio.submit(prompt)


async def test_an_account_that_is_moderated_too_often_is_stopped_for_a_day(opened: Open) -> None:
    studio = await opened(limited(), moderation_strikes=2)
    await studio.submit("a later one #throttle:60")
    for number in range(2):
        await studio.finish(await studio.submit(f"{number} #fail:SAFETY.INPUT.TEXT"))
    bought = len(studio.tasks())
    answer = await studio.call("POST", "/v1/text_to_video", {"service": "runway", "prompt": "a pier"})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "ACCOUNT_STOPPED")
    assert len(studio.tasks()) == bought
    await studio.open_account()
    assert (await studio.finish(await studio.submit()))["status"] == "completed"


async def test_what_an_account_had_waiting_when_it_was_stopped_is_not_sent(opened: Open) -> None:
    studio = await opened(limited(at_once=1), moderation_strikes=1)
    await studio.workshop.upstreams.look()
    first = await studio.submit("one #fail:SAFETY.INPUT.TEXT")
    studio.clock.advance(timedelta(seconds=1))  # of two in the same millisecond either may be the older
    second = await studio.submit("two")
    await studio.finish(first)
    done = await studio.finish(second)
    assert (done["status"], done["error"]["code"], done["creditCost"]) == ("failed", "ACCOUNT_STOPPED", 0)
    assert len(studio.tasks()) == 1
    studio.clock.advance(timedelta(hours=25))
    assert (await studio.finish(await studio.submit()))["status"] == "completed"
