"""An alert is told exactly once, with its event and its mails, and again after the balance was above it."""

import asyncio
import json
from typing import Any

import pytest

from doitong.alerts.service import AlertService
from doitong.core.errors import InvalidParameter
from doitong.webhooks.model import EventType


async def events(app: Any) -> list[dict[str, Any]]:
    async with app.database.reading() as connection:
        rows = await connection.fetch("SELECT body FROM event WHERE type = 'credits.low' ORDER BY id")
    return [json.loads(row["body"]) for row in rows]


async def mails(app: Any) -> list[str]:
    async with app.database.reading() as connection:
        return [row["recipient"] for row in await connection.fetch("SELECT recipient FROM mail ORDER BY id")]


async def add_owner(app: Any, account_id: str, name: str, role: str = "owner", is_verified: bool = True) -> None:
    async with app.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO member (id, email, email_key, created_at, verified_at) VALUES ($1, $1, $1, now(), $2)",
            name,
            app.clock.now() if is_verified else None,
        )
        await connection.execute("INSERT INTO membership VALUES ($1, $2, $3, now())", account_id, name, role)


async def test_two_workers_tell_once(app: Any, customer: Any) -> None:
    owner = await customer(credits=500)
    account_id = owner.caller.account_id
    await add_owner(app, account_id, "ana@example.si")
    await add_owner(app, account_id, "bor@example.si", "viewer")
    await add_owner(app, account_id, "cene@example.si", is_verified=False)
    await app.alerts.set(account_id, [450, 100])
    await app.alerts.sweep()
    assert await events(app) == []
    await owner.submit()
    other = AlertService(app.database, app.clock, "")
    await asyncio.gather(*(service.sweep() for service in (app.alerts, other) * 8))
    assert await events(app) == [
        {
            "type": "credits.low",
            "accountId": account_id,
            "threshold": 450,
            "available": 400,
            "held": 100,
            "createdAt": "2026-01-15T12:00:00Z",
        }
    ]
    assert await mails(app) == ["ana@example.si"]
    assert [alert.fired_at is not None for alert in await app.alerts.list(account_id)] == [True, False]


async def test_it_is_told_again_after_the_balance_was_above(app: Any, customer: Any) -> None:
    owner = await customer(credits=100)
    account_id = owner.caller.account_id
    await app.alerts.set(account_id, [100])
    for told in (1, 1, 2):
        if told == 2:
            await app.ledger.grant(account_id, 100)
            await app.alerts.sweep()
        if told != 1 or not await events(app):
            await owner.submit()
        await app.alerts.sweep()
        assert len(await events(app)) == told


async def test_an_endpoint_that_subscribes_gets_a_delivery(app: Any, customer: Any) -> None:
    owner = await customer(credits=10)
    account_id = owner.caller.account_id
    await app.webhooks.create_endpoint(account_id, "http://127.0.0.1:8999/low", [EventType.CREDITS_LOW])
    await app.webhooks.create_endpoint(account_id, "http://127.0.0.1:8999/ends")
    await app.alerts.set(account_id, [11])
    await app.alerts.sweep()
    page = await app.webhooks.list_deliveries(account_id)
    assert [item.url for item in page.items] == ["http://127.0.0.1:8999/low"]


async def test_setting_anew_keeps_what_stays(app: Any, customer: Any) -> None:
    owner = await customer(credits=10)
    account_id = owner.caller.account_id
    await app.alerts.set(account_id, [50, 20])
    await app.alerts.sweep()
    await app.alerts.set(account_id, [20, 5, 20])
    await app.alerts.sweep()
    assert [(item.threshold, bool(item.fired_at)) for item in await app.alerts.list(account_id)] == [
        (20, True),
        (5, False),
    ]
    assert len(await events(app)) == 2


async def test_adds_at_once_never_pass_the_maximum_and_none_is_lost(app: Any, customer: Any) -> None:
    account_id = (await customer()).caller.account_id
    await app.alerts.set(account_id, [1, 2])
    found = await asyncio.gather(
        *(app.alerts.add(account_id, 10 + number) for number in range(6)), return_exceptions=True
    )
    assert sum(isinstance(result, InvalidParameter) for result in found) == 3
    assert len(await app.alerts.list(account_id)) == 5
    there = [item.threshold for item in await app.alerts.list(account_id)]
    await asyncio.gather(*(app.alerts.remove(account_id, threshold) for threshold in there[:4]))
    assert [item.threshold for item in await app.alerts.list(account_id)] == there[4:]


async def test_sets_and_adds_at_once_never_pass_the_maximum(app: Any, customer: Any) -> None:
    account_id = (await customer()).caller.account_id
    work = [app.alerts.set(account_id, range(1, 6)) for _ in range(3)]
    work += [app.alerts.add(account_id, 100 + number) for number in range(3)]
    await asyncio.gather(*work, return_exceptions=True)
    assert len(await app.alerts.list(account_id)) == 5


@pytest.mark.parametrize("thresholds", [[0], [-1], [1_000_000_001], [1, 2, 3, 4, 5, 6]])
async def test_thresholds_have_bounds(app: Any, customer: Any, thresholds: list[int]) -> None:
    owner = await customer()
    with pytest.raises(InvalidParameter):
        await app.alerts.set(owner.caller.account_id, thresholds)
