"""What is paid is granted exactly once: however often, late, at once or out of order the news of it comes."""

import asyncio
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest

from doitong.audit.model import SYSTEM
from doitong.core.errors import DoitongError, InvalidParameter, NotFound
from doitong.payments.model import Pack, PaymentState
from doitong.payments.rules import amount_text, parse_packs
from tests.payments.standin import event, sign

# Stripe's library hands httpx bytes in a way that httpx calls old
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

COMPLETED = "checkout.session.completed"


async def start(shop: Any, credits: int = 1000) -> Any:
    account = await shop.accounts.create("buyer", "starter")
    payment, url = await shop.payments.start(account.id, None, credits, title="Credits", language="en", actor=SYSTEM)
    assert url.endswith(f"/pay/{payment.checkout_id}")
    return payment


async def hear(shop: Any, kind: str, session: dict[str, Any]) -> None:
    body = event(kind, session)
    await shop.payments.hear(body, sign(body))


async def available(shop: Any, payment: Any) -> int:
    assert await shop.ledger.verify() == []
    return int((await shop.ledger.balance(payment.account_id)).available)


async def state(shop: Any, payment: Any) -> PaymentState:
    async with shop.database.reading() as connection:
        return PaymentState(await connection.fetchval("SELECT state FROM payment WHERE id = $1", payment.id))


async def test_a_hundred_webhooks_at_once_grant_once(shop: Any, stripe: Any) -> None:
    payment = await start(shop)
    session = stripe.pay(payment.checkout_id)
    kinds = (COMPLETED, "checkout.session.async_payment_succeeded")
    await asyncio.gather(*(hear(shop, kinds[n % 2], session) for n in range(100)), shop.payments.sweep())
    assert await available(shop, payment) == 1000
    async with shop.database.reading() as connection:
        grants = await connection.fetch("SELECT reason, actor, amount FROM ledger_transfer WHERE kind = 'grant'")
        audited = await connection.fetch("SELECT action FROM audit WHERE subject = $1 ORDER BY id", payment.id)
    assert [tuple(row) for row in grants] == [(f"payment {payment.id}", f"payment {payment.id}", 1000)]
    assert sorted(row["action"] for row in audited) == ["payment.paid", "payment.start"]


@pytest.mark.parametrize(
    ("change", "signed_by", "age_seconds"),
    [
        pytest.param(lambda body: body.replace(b"1000", b"9000"), "whsec_standin", 0, id="tampered"),
        pytest.param(lambda body: body, "whsec_other", 0, id="another's signature"),
        pytest.param(lambda body: body, "whsec_standin", 301, id="an old moment"),
    ],
)
async def test_what_stripe_did_not_sign_just_now_is_refused(
    shop: Any, stripe: Any, change: Any, signed_by: str, age_seconds: int
) -> None:
    payment = await start(shop)
    body = event(COMPLETED, stripe.pay(payment.checkout_id))
    with pytest.raises(DoitongError) as refused:
        await shop.payments.hear(change(body), sign(body, signed_by, time.time() - age_seconds))
    assert refused.value.status == 400
    assert (await available(shop, payment), await state(shop, payment)) == (0, PaymentState.OPEN)


@pytest.mark.parametrize("signature", [None, "", "t=1", "v1=00", "t=now,v1=xyz", "t=1,v0=11"])
async def test_a_signature_that_is_none_is_refused(shop: Any, signature: str | None) -> None:
    with pytest.raises(DoitongError) as refused:
        await shop.payments.hear(b"{}", signature)
    assert refused.value.status == 400


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"type": 1}', b'{"type": "x", "data": []}'])
async def test_a_signed_body_that_is_no_event_is_refused(shop: Any, body: bytes) -> None:
    with pytest.raises(DoitongError) as refused:
        await shop.payments.hear(body, sign(body) if body != b"\xff" else "t=1,v1=00")
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "change",
    [
        {"payment_status": "unpaid"},
        {"client_reference_id": None},
        {"client_reference_id": "0" * 26},
        {"id": "cs_test_another"},
    ],
)
async def test_what_does_not_pay_this_payment_grants_nothing(shop: Any, stripe: Any, change: dict[str, Any]) -> None:
    payment = await start(shop)
    await hear(shop, COMPLETED, stripe.pay(payment.checkout_id) | change)
    assert (await available(shop, payment), await state(shop, payment)) == (0, PaymentState.OPEN)


async def test_a_grant_is_made_once_also_where_a_state_was_lost(shop: Any, stripe: Any) -> None:
    """That a payment is granted once does not hang on its state alone: the database refuses its second grant."""
    payment = await start(shop)
    session = stripe.pay(payment.checkout_id)
    await hear(shop, COMPLETED, session)
    async with shop.database.transaction() as connection:
        await connection.execute("UPDATE payment SET state = 'open', ended_at = NULL")
    await asyncio.gather(*(hear(shop, COMPLETED, session) for _ in range(8)))
    assert (await available(shop, payment), await state(shop, payment)) == (1000, PaymentState.PAID)


async def test_news_out_of_order_end_in_the_same_state(shop: Any, stripe: Any) -> None:
    payment = await start(shop, 5000)
    session = stripe.sessions[payment.checkout_id]
    await hear(shop, "checkout.session.expired", session | {"status": "expired"})
    assert await state(shop, payment) is PaymentState.EXPIRED
    await hear(shop, COMPLETED, stripe.pay(payment.checkout_id))  # money is money
    await hear(shop, "checkout.session.expired", session | {"status": "expired", "payment_status": "unpaid"})
    assert (await available(shop, payment), await state(shop, payment)) == (5000, PaymentState.PAID)


async def test_an_event_of_another_kind_is_nobodys(shop: Any, stripe: Any) -> None:
    payment = await start(shop)
    await hear(shop, "customer.created", {"id": "cus_1"})
    await hear(shop, "checkout.session.async_payment_failed", stripe.sessions[payment.checkout_id])
    assert await state(shop, payment) is PaymentState.EXPIRED


async def test_a_lost_webhook_is_healed_by_the_page_of_thanks(shop: Any, stripe: Any) -> None:
    payment = await start(shop)
    assert (await shop.payments.check(payment.account_id, payment.id)).state is PaymentState.OPEN
    stripe.pay(payment.checkout_id)
    found = await asyncio.gather(*(shop.payments.check(payment.account_id, payment.id) for _ in range(5)))
    assert {item.state for item in found} == {PaymentState.PAID}
    assert await available(shop, payment) == 1000


async def test_a_lost_webhook_is_healed_by_two_sweeps_at_once(shop: Any, stripe: Any, clock: Any) -> None:
    paid, left = await start(shop), await start(shop)
    stripe.pay(paid.checkout_id)
    await shop.payments.sweep()
    assert await state(shop, paid) is PaymentState.OPEN  # too young to ask about
    clock.advance(timedelta(minutes=11))
    await asyncio.gather(shop.payments.sweep(), shop.payments.sweep())
    assert (await available(shop, paid), await state(shop, left)) == (1000, PaymentState.OPEN)
    stripe.sessions[left.checkout_id]["status"] = "expired"
    clock.advance(timedelta(minutes=11))
    await shop.payments.sweep()
    assert await state(shop, left) is PaymentState.EXPIRED


async def test_stripe_away_charges_nothing_and_leaves_nothing_open(shop: Any, stripe: Any, clock: Any) -> None:
    stripe.is_down = True
    with pytest.raises(DoitongError) as refused:
        await start(shop)
    assert refused.value.code == "PAYMENTS_UNAVAILABLE"
    stripe.is_down = False
    clock.advance(timedelta(minutes=11))
    await shop.payments.sweep()
    async with shop.database.reading() as connection:
        assert [row[0] for row in await connection.fetch("SELECT state FROM payment")] == ["expired"]


async def test_the_row_is_the_idempotency_key(shop: Any, stripe: Any) -> None:
    payment = await start(shop)
    gateway = shop.payments._gateway
    page = f"{shop.payments._url}/credits"
    again = await gateway.create(payment, "Credits", "en", f"{page}/thanks?payment={payment.id}", page)
    assert again.id == payment.checkout_id
    assert stripe.created == 1


async def test_only_packs_are_for_sale_and_payments_are_their_accounts(shop: Any) -> None:
    with pytest.raises(InvalidParameter):
        await start(shop, 1)
    payment = await start(shop)
    other = await shop.accounts.create("other", "starter")
    with pytest.raises(NotFound):
        await shop.payments.check(other.id, payment.id)


@pytest.mark.parametrize(
    ("text", "packs"),
    [
        ("1000=10.00 EUR", [Pack(1000, 1000, "eur")]),
        (" 1000 = 10 , 20=0.5 usd ", [Pack(1000, 1000, "usd"), Pack(20, 50, "usd")]),
        ("1000=1500 JPY", [Pack(1000, 1500, "jpy")]),
    ],
)
def test_packs_are_read(text: str, packs: list[Pack]) -> None:
    assert list(parse_packs(text)) == packs


@pytest.mark.parametrize(
    "text",
    [
        "",
        "EUR",
        "1000 EUR",
        "1000=10",
        "1000=10.001 EUR",
        "0=10 EUR",
        "1=0 EUR",
        "1=1,1=2 EUR",
        "1=1.5 JPY",
        "-1=1 EUR",
    ],
)
def test_packs_that_cannot_be_read_end_the_start_with_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r"DOITONG_CREDIT_PACKS|smallest unit"):
        parse_packs(text)


def test_amounts_are_written_as_people_write_them() -> None:
    assert amount_text(4550, "eur") == "45.50 EUR"
    assert amount_text(1500, "jpy") == "1500 JPY"


def test_the_library_is_not_loaded_at_start() -> None:
    code = "import sys, doitong.doors.http.app, doitong.doors.worker.main; sys.exit('stripe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
