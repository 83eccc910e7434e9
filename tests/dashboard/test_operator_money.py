"""Guarantee: a press of the operator's button counts once; money that waits for a word is shown until it is said."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from doitong.audit.model import COMMAND
from doitong.core.clock import SteppedClock
from doitong.core.ids import new_id
from doitong.payments.model import Word
from tests.audit.world import World
from tests.dashboard.conftest import SignedInHouse, signed_in_house
from tests.dashboard.test_operator import hidden_fields
from tests.payments.standin import SECRET_KEY, WEBHOOK_SECRET, event, sign, stripe_standin

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # Stripe's own library


@pytest_asyncio.fixture
async def world(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[World]:
    """An operator who is also an owner, where credits are sold."""
    async with stripe_standin() as stripe:
        shop = {"stripe_secret_key": SECRET_KEY, "stripe_webhook_secret": WEBHOOK_SECRET}
        shop["stripe_base_url"] = stripe.base_url
        async with signed_in_house(dsn, tmp_path, clock, is_operator=True, **shop) as house:
            yield World(house, clock, stripe)


async def press(house: SignedInHouse, path: str, fields: dict[str, str]) -> httpx.Response:
    return await house.client.post(f"/dashboard/operator/{path}", data=fields)


async def question(house: SignedInHouse, path: str, fields: dict[str, str]) -> dict[str, str]:
    """The form behind the question's button."""
    asked = await press(house, path, fields)
    assert asked.status_code == 200, asked.text[:500]
    return hidden_fields(asked.text)


async def buy(world: World, **came: Any) -> str:
    """A payment of 1,000 credits, paid with what came; its id."""
    world.clock.advance(timedelta(seconds=1))
    await world.house.client.post("/dashboard/credits/buy", data={"credits": "1000"})
    checkout = f"cs_test_{world.stripe.created}"
    await tell(world, "checkout.session.completed", world.stripe.pay(checkout) | came)
    return (await world.app.payments.recent(world.house.account_id))[0].id


async def tell(world: World, kind: str, about: dict[str, Any]) -> None:
    body = event(kind, about)
    headers = {"Stripe-Signature": sign(body)}
    answer = await world.house.stranger.post("/dashboard/stripe", content=body, headers=headers)
    assert answer.status_code == 200


async def available(world: World) -> int:
    assert await world.app.ledger.verify() == []
    return (await world.app.ledger.balance(world.house.account_id)).available


MOVES = {
    "grant": ({"credits": "250"}, {"credits": "251"}, 250),
    "adjust": ({"amount": "-900"}, {"amount": "-901"}, -900),  # all that is left after the film
    "refund": ({"credits": ""}, {"credits": "1"}, 100),
}


@pytest.mark.parametrize("move", MOVES)
async def test_a_press_counts_once(world: World, move: str) -> None:
    """Twice at once over sockets of their own, again later, and again with another amount."""
    film = await world.captured()
    values, other, change = MOVES[move]
    fields = values | {"reason": "a word"} | ({"generation": film} if move == "refund" else {})
    before, rows = await available(world), await world.count()
    path = f"accounts/{world.house.account_id}/{move}"
    sent = await question(world.house, path, fields)
    answers = await asyncio.gather(*(press(world.house, path, sent) for _ in range(2)))
    answers.append(await press(world.house, path, sent))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    refused = await press(world.house, path, sent | other)
    assert refused.status_code == 409
    assert 'role="alert"' in refused.text
    assert (await available(world), await world.count()) == (before + change, rows + 1)


async def test_a_form_without_its_value_is_asked_about_again(world: World) -> None:
    path = f"accounts/{world.house.account_id}/grant"
    for once in ("", "no id", "payment x"):
        form = {"credits": "5", "reason": "x", "confirmed": "yes", "once": once}
        assert (await question(world.house, path, form))["once"] != once
    assert await available(world) == 1000


async def test_two_questions_are_two_grants(world: World) -> None:
    path, fields = f"accounts/{world.house.account_id}/grant", {"credits": "5", "reason": "x"}
    for _ in range(2):
        await press(world.house, path, await question(world.house, path, fields))
    assert await available(world) == 1010


# payments


async def test_money_that_does_not_fit_is_shown_until_a_word_is_said(world: World) -> None:
    client = world.house.client
    payment = await buy(world, amount_total=900)
    assert "/operator/payments?state=mismatched" in (await client.get("/dashboard/operator")).text
    assert "you need not do anything" in (await client.get("/dashboard/credits")).text
    assert "9.00 EUR came" in (await client.get(f"/dashboard/credits/thanks?payment={payment}")).text
    page = (await client.get("/dashboard/operator/payments?state=mismatched")).text
    assert all(text in page for text in (payment, "9.00 EUR", "10.00 EUR", "pi_test_1", "cs_test_1"))
    fields = {"word": "grant", "reason": "the rest came by hand"}
    sent = await question(world.house, f"payments/{payment}", fields)
    answers = await asyncio.gather(*(press(world.house, f"payments/{payment}", sent) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {303}
    assert await available(world) == 2000
    assert "payments?state=" not in (await client.get("/dashboard/operator")).text
    assert (await press(world.house, f"payments/{payment}", sent | {"word": "leave"})).status_code == 409


async def test_what_was_spent_is_shown_until_a_word_is_said(world: World) -> None:
    client = world.house.client
    payment = await buy(world)
    await world.app.ledger.adjust(world.house.account_id, -1700, reason="spent")
    await tell(world, "charge.refunded", world.stripe.charge("cs_test_1", 1000))
    assert await available(world) == 0
    assert "/operator/payments?state=owed" in (await client.get("/dashboard/operator")).text
    assert "300 taken back" in (await client.get("/dashboard/credits")).text
    assert "700 owed" in (await client.get("/dashboard/operator/payments?state=owed")).text
    sent = await question(world.house, f"payments/{payment}", {"word": "leave", "reason": "let it be"})
    assert (await press(world.house, f"payments/{payment}", sent)).status_code == 303
    assert "700 let go" in (await client.get("/dashboard/operator/payments")).text
    assert payment not in (await client.get("/dashboard/operator/payments?state=owed")).text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"word": "", "reason": "x"}, 400),
        ({"word": "grant"}, 400),
        ({"word": "burn", "reason": "x"}, 400),
        ({"word": "take", "reason": "x"}, 409),
        ({"word": "leave", "reason": "x" * 201}, 400),
    ],
)
async def test_a_word_that_is_none_is_refused_beside_its_payment(
    world: World, fields: dict[str, str], status: int
) -> None:
    payment = await buy(world, currency="usd")
    answer = await press(world.house, f"payments/{payment}", fields)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert await available(world) == 1000


async def test_payments_are_listed_page_by_page_and_by_state(world: World) -> None:
    made = [await buy(world, **({"amount_total": 1} if number == 3 else {})) for number in range(33)]
    first = await world.app.payments.list_page(30)
    second = await world.app.payments.list_page(30, first.next_before)
    seen = [row.payment.id for page in (first, second) for row in page.rows]
    assert (sorted(seen), seen, second.next_before) == (sorted(made), sorted(made, reverse=True), None)
    await world.app.payments.decide(made[3], Word.LEAVE, "x", once=new_id(world.clock.now()), actor=COMMAND)
    client = world.house.client
    page = await client.get("/dashboard/operator/payments")
    assert f"after={first.next_before}" in page.text
    left = await client.get("/dashboard/operator/payments?state=left")
    assert [f"cs_test_{number}<" in left.text for number in range(1, 34)] == [number == 3 for number in range(33)]
    assert (await client.get("/dashboard/operator/payments?state=gone")).status_code == 400
