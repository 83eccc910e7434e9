"""Guarantee: Stripe's semantics for `Idempotency-Key`."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from doitong.core.errors import DoitongError
from doitong.generations.model import RawRequest
from doitong.idempotency.rules import KEPT_FOR, parse_key
from doitong.idempotency.store import purge_records


async def test_a_hundred_parallel_equal_requests_make_one_generation(customer: Any, app: Any) -> None:
    one = await customer("enterprise")
    submissions = await asyncio.gather(*(one.submit("a lake", key="k") for _ in range(100)))
    assert len({submission.generation.id for submission in submissions}) == 1
    assert sum(not submission.is_replay for submission in submissions) == 1
    assert await one.balance() == (9_900, 100)
    seeds = {submission.generation.parameters["seed"] for submission in submissions}
    assert len(seeds) == 1
    async with app.database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM generation") == 1
        assert await connection.fetchval("SELECT count(*) FROM hold") == 1


async def test_a_replay_is_the_answer_as_it_was_given(customer: Any, worker: Any) -> None:
    one = await customer()
    first = await one.submit("a lake", key="k", duration=7)
    await worker.settle()
    again = await one.submit("a lake", key='"k"', duration=7)
    assert again.is_replay
    assert again.generation.id == first.generation.id
    assert again.generation.status == first.generation.status
    assert again.generation.parameters == first.generation.parameters
    assert again.generation.created_at == first.generation.created_at
    assert await one.balance() == (9_860, 0)


async def test_the_same_key_with_another_request_changes_nothing(customer: Any) -> None:
    one = await customer()
    await one.submit("a lake", key="k")
    before = await one.balance()
    for change in ({"prompt": "a sea"}, {"duration": 6}, {"seed": 1}, {"webhookUrl": "http://127.0.0.1/x"}):
        with pytest.raises(DoitongError) as refused:
            await one.submit(**{"prompt": "a lake", **change}, key="k")
        assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"
    assert await one.balance() == before


async def test_keys_of_two_accounts_are_independent(customer: Any) -> None:
    one, two = await customer(), await customer()
    first, second = await one.submit("a", key="k"), await two.submit("b", key="k")
    assert first.generation.id != second.generation.id


async def test_a_key_lives_a_day(customer: Any, clock: Any) -> None:
    one = await customer()
    first = await one.submit("a lake", key="k")
    clock.advance(timedelta(hours=23, minutes=59))
    assert (await one.submit("a lake", key="k")).is_replay
    clock.advance(timedelta(minutes=2))
    fresh = await one.submit("a sea", key="k")
    assert not fresh.is_replay
    assert fresh.generation.id != first.generation.id


async def test_a_refusal_is_not_stored(customer: Any, app: Any) -> None:
    one = await customer(credits=50)
    with pytest.raises(DoitongError) as refused:
        await one.submit("a lake", key="k")
    assert refused.value.to_body()["errors"][0] == {
        "message": "Insufficient credits for this operation",
        "extensions": {"code": "INSUFFICIENT_CREDITS", "creditsRequired": 100, "creditsAvailable": 50},
    }
    with pytest.raises(DoitongError):
        await one.submit("a lake", key="k", duration=99)
    await app.ledger.grant(one.caller.account_id, 100, reason="test")
    assert not (await one.submit("a lake", key="k")).is_replay


@pytest.mark.parametrize("key", ["", " ", '""', "x" * 256, "é", "a\nb"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(DoitongError):
        parse_key(key)


def test_bare_and_quoted_are_one_key() -> None:
    assert parse_key("abc") == parse_key('"abc"') == "abc"
    assert parse_key("x" * 255) == "x" * 255
    assert parse_key(None) is None


async def test_a_replay_needs_nothing_that_may_have_changed_since(
    customer: Any, app: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The quote has expired and the webhook's name no longer resolves: the answer is still the answer."""
    one = await customer()
    raw = RawRequest({"prompt": ("prompt", "a lake")})
    quote = await app.generations.quote(one.caller, raw)
    first = await one.submit("a lake", key="quoted", quoteId=quote.id)
    told = await one.submit("a lake", key="told", webhookUrl="http://127.0.0.1/hook")
    clock.advance(timedelta(hours=1))

    async def deny(url: str, parameter: str) -> None:
        raise DoitongError("ADDRESS_DENIED", parameter=parameter)

    monkeypatch.setattr(app.generations, "_egress", SimpleNamespace(check_address=deny))
    again = await one.submit("a lake", key="quoted", quoteId=quote.id)
    assert (again.is_replay, again.generation.id) == (True, first.generation.id)
    again = await one.submit("a lake", key="told", webhookUrl="http://127.0.0.1/hook")
    assert (again.is_replay, again.generation.id) == (True, told.generation.id)


async def test_a_purge_leaves_a_key_that_comes_into_new_use_meanwhile(customer: Any, app: Any, clock: Any) -> None:
    one = await customer()
    await one.submit("a lake", key="k")
    clock.advance(timedelta(hours=26))
    async with app.database.pool.acquire() as using, app.database.pool.acquire() as purging:
        transaction = using.transaction()
        await transaction.start()
        await using.execute("UPDATE idempotency SET created_at = $1", clock.now())
        purge = asyncio.create_task(purge_records(purging, clock.now() - KEPT_FOR, 10))
        async with app.database.reading() as connection:
            waits = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'"
            while not await connection.fetchval(waits, purging.get_server_pid()):
                pass
        await transaction.commit()
        assert await purge == 0
    assert await _count_keys(app) == 1


async def _count_keys(app: Any) -> int:
    async with app.database.reading() as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM idempotency")
    return count
