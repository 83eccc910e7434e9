"""Guarantee: a price that an operator sets holds within a second everywhere; a quote keeps its own."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from doitong.audit.model import EntryFilter
from doitong.catalogue.model import Quality
from doitong.catalogue.services import PRICES
from doitong.core.clock import SteppedClock
from doitong.core.errors import InvalidParameter
from doitong.pricing.rules import new_price
from doitong.pricing.service import Pricing
from tests.dashboard.conftest import SignedInHouse, signed_in_house

PROMPT = {"service": "runway", "prompt": "a lake"}
FORM = {"quality": "standard", "base_credits": "150", "credits_per_second": "30", "reason": "power costs more"}


@pytest.fixture
async def operator(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[SignedInHouse]:
    async with signed_in_house(dsn, tmp_path, clock, is_operator=True) as house:
        yield house


async def ask(house: SignedInHouse, **values: Any) -> httpx.Response:
    body = PROMPT | values
    return await house.stranger.post("/v1/text_to_video", json=body, headers={"X-API-Key": house.key})


async def credits(house: SignedInHouse) -> tuple[int, int]:
    balance = await house.application.ledger.balance(house.account_id)
    return balance.available, balance.held


async def set_price(house: SignedInHouse, **changed: str) -> httpx.Response:
    form = FORM | changed | {"confirmed": "yes"}
    return await house.client.post("/dashboard/operator/prices", data=form)


async def test_a_price_is_shown_before_it_is_set(operator: SignedInHouse) -> None:
    asked = await operator.client.post("/dashboard/operator/prices", data=FORM)
    assert "100 → 150" in asked.text
    assert "200 → 300" in asked.text
    assert (await operator.application.pricing.current()) == PRICES
    assert (await set_price(operator)).status_code == 303
    page = await operator.client.get("/dashboard/operator/prices")
    assert "power costs more" in page.text
    [entry] = (await operator.application.audit.list(None, EntryFilter(action="price.set"))).entries
    assert entry.subject == "standard"
    assert entry.details == {"baseCredits": 150, "creditsPerSecond": 30, "reason": "power costs more"}


async def test_it_holds_for_catalogue_quotes_and_holds(operator: SignedInHouse) -> None:
    await set_price(operator)
    services = (await operator.stranger.get("/v1/services")).json()["data"]["services"]
    standard = {"quality": "standard", "baseCredits": 150, "baseSeconds": 5, "creditsPerSecond": 30}
    assert all(standard in service["prices"] for service in services)
    assert (await ask(operator, duration=7)).is_success
    assert await credits(operator) == (1000 - 210, 210)
    assert (await ask(operator, quality="high")).is_success  # the other price is as it was
    assert await credits(operator) == (1000 - 510, 510)


async def test_a_quote_keeps_its_price(operator: SignedInHouse) -> None:
    headers = {"X-API-Key": operator.key}
    quote = (await operator.stranger.post("/v1/quotes", json=PROMPT, headers=headers)).json()["data"]["quote"]
    assert quote["creditCost"] == 100
    await set_price(operator)
    assert (await ask(operator, quoteId=quote["id"])).is_success
    assert await credits(operator) == (900, 100)


async def test_a_repeated_request_is_not_priced_anew(operator: SignedInHouse) -> None:
    headers = {"X-API-Key": operator.key, "Idempotency-Key": "once"}
    first = await operator.stranger.post("/v1/text_to_video", json=PROMPT, headers=headers)
    await set_price(operator)
    again = await operator.stranger.post("/v1/text_to_video", json=PROMPT, headers=headers)
    assert first.json() == again.json()
    assert await credits(operator) == (900, 100)


async def test_other_processes_see_it_within_a_second(operator: SignedInHouse, clock: SteppedClock) -> None:
    other = Pricing(operator.application.database, clock)
    assert await other.current() == PRICES
    await set_price(operator)
    clock.advance(timedelta(seconds=1))
    assert (await other.current())[Quality.STANDARD] == new_price(Quality.STANDARD, 150, 30)


async def test_the_last_of_two_holds(operator: SignedInHouse) -> None:
    await asyncio.gather(set_price(operator), set_price(operator, base_credits="170"))
    newest = (await operator.application.pricing.changes())[0]
    assert (await operator.application.pricing.current())[Quality.STANDARD] == newest.price


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"quality": "ultra"}, "quality"),
        ({"quality": ""}, "quality"),
        ({"base_credits": "0"}, "base_credits"),
        ({"base_credits": "1000001"}, "base_credits"),
        ({"credits_per_second": "-1"}, "credits_per_second"),
        ({"credits_per_second": ""}, "credits_per_second"),
        ({"reason": " "}, "reason"),
    ],
)
async def test_what_is_no_price_is_said_at_its_field(
    operator: SignedInHouse, changed: dict[str, str], field: str
) -> None:
    answer = await set_price(operator, **changed)
    assert answer.status_code == 400
    assert f'name="{field}"' in answer.text
    assert 'class="wrong"' in answer.text
    assert await operator.application.pricing.changes() == []


def test_no_film_is_free() -> None:
    with pytest.raises(InvalidParameter):
        new_price(Quality.STANDARD, 0, 0)


async def test_what_was_set_stays(operator: SignedInHouse) -> None:
    await set_price(operator)
    async with operator.application.database.transaction() as connection:
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await connection.execute("UPDATE price SET base_credits = 1")
