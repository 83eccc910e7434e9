"""Guarantee: money that does not fit waits for a word; money that goes back takes its credits back, exactly once."""

import asyncio
import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from doitong.audit.model import COMMAND
from doitong.core.errors import DoitongError
from doitong.core.ids import new_id
from doitong.payments.gateway import CHECKOUT_EVENTS, MONEY_BACK_EVENTS, returned_minor
from doitong.payments.model import Payment, PaymentState, Waiting, Word
from tests.payments.test_payments import COMPLETED, available, hear, start, state

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

REFUNDED = "charge.refunded"
WITHDRAWN, REINSTATED = "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"


async def bought(shop: Any, stripe: Any, **came: Any) -> Payment:
    """A payment of 10.00 EUR for 1,000 credits, paid."""
    payment: Payment = await start(shop)
    await hear(shop, COMPLETED, stripe.pay(payment.checkout_id) | came)
    return payment


async def stands(shop: Any, payment: Payment) -> tuple[int, int, int]:
    """Available credits, credits taken back, credits owed; the ledger agrees."""
    now = await shop.payments.get(payment.id)
    return await available(shop, payment), now.taken, now.owed


async def spend(shop: Any, payment: Payment, credits: int) -> None:
    await shop.ledger.adjust(payment.account_id, -credits, reason="spent")


async def say(shop: Any, payment: Payment, word: Word, once: str | None = None, reason: str = "looked into") -> None:
    once = once or new_id(shop.clock.now())
    await shop.payments.decide(payment.id, word, reason, once=once, actor=COMMAND)


async def audited(shop: Any, payment: Payment) -> list[str]:
    """By name: the clock of these tests stands still, so rows have no order."""
    async with shop.database.reading() as connection:
        rows = await connection.fetch("SELECT action FROM audit WHERE subject = $1 ORDER BY action", payment.id)
    return [row["action"] for row in rows]


# what does not fit


@pytest.mark.parametrize("came", [{"amount_total": 999}, {"amount_total": 1001}, {"currency": "usd"}])
async def test_other_money_than_was_asked_for_is_an_alarm(shop: Any, stripe: Any, came: dict[str, Any]) -> None:
    payment = await bought(shop, stripe, **came)
    await hear(shop, COMPLETED, stripe.sessions[payment.checkout_id] | came)
    assert (await available(shop, payment), await state(shop, payment)) == (0, PaymentState.MISMATCHED)
    kept = await shop.payments.get(payment.id)
    wanted = {"amount_total": 1000, "currency": "eur"} | came
    assert (kept.paid_minor, kept.paid_currency) == (wanted["amount_total"], wanted["currency"])
    assert await shop.payments.waiting() == Waiting(1, 0)
    assert await audited(shop, payment) == ["payment.mismatched", "payment.start"]


async def test_the_operators_word_counts_once(shop: Any, stripe: Any) -> None:
    payment = await bought(shop, stripe, amount_total=900)
    once = new_id(shop.clock.now())
    await asyncio.gather(*(say(shop, payment, Word.GRANT, once) for _ in range(8)))
    assert (await available(shop, payment), await state(shop, payment)) == (1000, PaymentState.PAID)
    assert await audited(shop, payment) == ["payment.grant", "payment.mismatched", "payment.start"]
    for attempt in (
        say(shop, payment, Word.GRANT, once, "another reason"),
        say(shop, payment, Word.LEAVE, once),
        say(shop, payment, Word.GRANT),
        say(shop, payment, Word.LEAVE),
    ):
        with pytest.raises(DoitongError) as refused:
            await attempt
        assert refused.value.code == "CONFLICT"
    await hear(shop, COMPLETED, stripe.sessions[payment.checkout_id])
    assert (await available(shop, payment), await shop.payments.waiting()) == (1000, Waiting(0, 0))


async def test_two_operators_at_once_say_one_word(shop: Any, stripe: Any) -> None:
    payment = await bought(shop, stripe, currency="usd")
    said = [say(shop, payment, word) for word in (Word.GRANT, Word.LEAVE) * 4]
    found = await asyncio.gather(*said, return_exceptions=True)
    assert found.count(None) == 1
    ended = await state(shop, payment)
    assert await available(shop, payment) == (1000 if ended is PaymentState.PAID else 0)
    assert ended in (PaymentState.PAID, PaymentState.LEFT)


async def test_what_was_left_stays_left(shop: Any, stripe: Any) -> None:
    payment = await bought(shop, stripe, amount_total=1)
    await say(shop, payment, Word.LEAVE)
    await hear(shop, COMPLETED, stripe.sessions[payment.checkout_id])
    await hear(shop, REFUNDED, stripe.charge(payment.checkout_id, 1))
    assert (await available(shop, payment), await state(shop, payment)) == (0, PaymentState.LEFT)


async def test_what_was_granted_after_all_goes_back_by_what_came(shop: Any, stripe: Any) -> None:
    payment = await bought(shop, stripe, amount_total=500)
    await say(shop, payment, Word.GRANT)
    await hear(shop, REFUNDED, stripe.charge(payment.checkout_id, 250))
    assert await stands(shop, payment) == (500, 500, 0)


# refunds


async def test_a_refund_takes_credits_in_proportion_and_once(shop: Any, stripe: Any) -> None:
    payment = await bought(shop, stripe)
    for refunded, left in ((333, 667), (333, 667), (1, 667), (334, 666), (1000, 0), (500, 0)):
        charge = stripe.charge(payment.checkout_id, refunded)
        await asyncio.gather(*(hear(shop, REFUNDED, charge) for _ in range(3)))
        assert await stands(shop, payment) == (left, 1000 - left, 0)
    lines = (await shop.ledger.statement(payment.account_id)).lines
    assert [line.amount for line in lines] == [-666, -1, -333, 1000]
    assert {line.reason for line in lines[:3]} == {f"refund of payment {payment.id}"}
    assert await audited(shop, payment) == ["payment.paid", *["payment.refund"] * 3, "payment.start"]


async def test_a_refund_that_is_told_before_its_payment(shop: Any, stripe: Any) -> None:
    payment = await start(shop)
    session = stripe.pay(payment.checkout_id)
    await hear(shop, REFUNDED, stripe.charge(payment.checkout_id, 400))
    assert await stands(shop, payment) == (0, 0, 0)
    await hear(shop, COMPLETED, session)
    assert await stands(shop, payment) == (600, 400, 0)


async def test_what_was_spent_is_owed_and_waits_for_a_word(shop: Any, stripe: Any) -> None:
    payment = await bought(shop, stripe)
    await spend(shop, payment, 700)
    await hear(shop, REFUNDED, stripe.charge(payment.checkout_id, 1000))
    assert await stands(shop, payment) == (0, 300, 700)
    assert await shop.payments.waiting() == Waiting(0, 1)
    with pytest.raises(DoitongError) as refused:
        await say(shop, payment, Word.TAKE)
    assert refused.value.code == "CONFLICT"
    await shop.ledger.grant(payment.account_id, 500)
    once = new_id(shop.clock.now())
    await asyncio.gather(*(say(shop, payment, Word.TAKE, once) for _ in range(4)))
    assert await stands(shop, payment) == (0, 800, 200)
    await say(shop, payment, Word.LEAVE)
    await shop.ledger.grant(payment.account_id, 500)
    await hear(shop, REFUNDED, stripe.charge(payment.checkout_id, 1000))
    assert (await stands(shop, payment), await shop.payments.waiting()) == ((500, 800, 0), Waiting(0, 0))
    once_each = ["payment.leave", "payment.paid", "payment.refund", "payment.start", "payment.take"]
    assert await audited(shop, payment) == once_each


async def test_credits_are_spent_while_they_are_taken_back(shop: Any, stripe: Any) -> None:
    """Available credits end at zero or above, and what was taken, is owed and was spent is what was granted."""
    payment = await bought(shop, stripe)
    charge = stripe.charge(payment.checkout_id, 1000)
    work = [spend(shop, payment, 100) for _ in range(10)] + [hear(shop, REFUNDED, charge) for _ in range(3)]
    found = await asyncio.gather(*work, return_exceptions=True)
    spent = 100 * sum(result is None for result in found[:10])
    left, taken, owed = await stands(shop, payment)
    assert left == 0
    assert taken + owed == 1000
    assert taken + spent == 1000


# disputes


async def test_a_dispute_takes_back_and_a_won_one_gives_again(shop: Any, stripe: Any) -> None:
    payment = await bought(shop, stripe)
    dispute = stripe.dispute(payment.checkout_id, 1000)
    await hear(shop, "charge.dispute.created", dispute)
    assert await stands(shop, payment) == (1000, 0, 0)
    for kind, wanted in ((WITHDRAWN, (0, 1000, 0)), (REINSTATED, (1000, 0, 0)), (WITHDRAWN, (1000, 0, 0))):
        await asyncio.gather(*(hear(shop, kind, dispute) for _ in range(3)))
        assert await stands(shop, payment) == wanted
    lines = (await shop.ledger.statement(payment.account_id)).lines
    assert [line.amount for line in lines] == [1000, -1000, 1000]
    assert lines[0].reason == f"dispute of payment {payment.id}"


async def test_a_won_dispute_gives_no_more_than_was_taken(shop: Any, stripe: Any) -> None:
    payment = await bought(shop, stripe)
    await spend(shop, payment, 600)
    dispute = stripe.dispute(payment.checkout_id, 1000)
    await hear(shop, WITHDRAWN, dispute)
    assert await stands(shop, payment) == (0, 400, 600)
    await hear(shop, REINSTATED, dispute)
    assert (await stands(shop, payment), await shop.payments.waiting()) == ((400, 0, 0), Waiting(0, 0))


async def test_every_order_of_the_news_ends_in_the_same_state(shop: Any, stripe: Any) -> None:
    """A refund of a tenth, a dispute of the rest that is won, and a second one of a half that is lost."""
    for order in itertools.permutations(range(4)):
        payment = await bought(shop, stripe)
        place = payment.checkout_id
        news = (
            (REFUNDED, stripe.charge(place, 100)),
            (WITHDRAWN, stripe.dispute(place, 900)),
            (REINSTATED, stripe.dispute(place, 900)),
            (WITHDRAWN, stripe.dispute(place, 500, 2)),
        )
        for number in order:
            await hear(shop, *news[number])
        assert await stands(shop, payment) == (400, 600, 0), order


async def test_a_dispute_that_is_won_in_part(shop: Any, stripe: Any) -> None:
    """Stripe books what it returns, here in another currency: the proportion counts."""
    payment = await bought(shop, stripe)
    await hear(shop, WITHDRAWN, stripe.dispute(payment.checkout_id, 1000, movements=[-1080]))
    await hear(shop, REINSTATED, stripe.dispute(payment.checkout_id, 1000, movements=[-1080, 270]))
    assert await stands(shop, payment) == (250, 750, 0)


async def test_a_dispute_in_another_currency_is_about_all_of_it(shop: Any, stripe: Any) -> None:
    payment = await bought(shop, stripe)
    dispute = stripe.dispute(payment.checkout_id, 1234) | {"currency": "usd"}
    await hear(shop, WITHDRAWN, dispute)
    assert await stands(shop, payment) == (0, 1000, 0)
    await hear(shop, REINSTATED, dispute)
    assert await stands(shop, payment) == (1000, 0, 0)


@pytest.mark.parametrize("change", [{"payment_intent": "pi_of_another_shop"}, {"payment_intent": None}])
async def test_what_is_no_payment_of_ours_changes_nothing(shop: Any, stripe: Any, change: dict[str, Any]) -> None:
    payment = await bought(shop, stripe)
    await hear(shop, WITHDRAWN, stripe.dispute(payment.checkout_id, 1000) | change)
    await hear(shop, REFUNDED, stripe.charge(payment.checkout_id, 1000) | change)
    assert await stands(shop, payment) == (1000, 0, 0)


@pytest.mark.parametrize(
    ("movements", "returned"),
    [((), 1000), ((-1000,), 1000), ((-1000, 1000), 1000), ((-2000, 500), 250), ((-10, 90), 1000)],
)
def test_what_came_back_of_a_dispute(movements: tuple[int, ...], returned: int) -> None:
    assert returned_minor(1000, [{"amount": moved} for moved in movements]) == returned


def test_the_docs_name_every_event_that_is_heard() -> None:
    text = (Path(__file__).parents[2] / "docs" / "dashboard.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`((?:checkout|charge)\.[a-z_.]+)`", text)) == CHECKOUT_EVENTS | MONEY_BACK_EVENTS
