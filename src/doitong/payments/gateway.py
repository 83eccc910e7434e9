"""Stripe, by its own library: make, read and end checkout sessions, and prove who sent a webhook.

The library is imported at the first use and off the event loop: processes that sell nothing never load it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from doitong.payments.model import Checkout, Dispute, Payment, Refund

if TYPE_CHECKING:
    from stripe import HTTPXClient, StripeClient

TIMEOUT_SECONDS = 10.0
RETRIES = 2
PAYMENT_FAILED = "checkout.session.async_payment_failed"
CHECKOUT_EVENTS = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        PAYMENT_FAILED,
        "checkout.session.expired",
    }
)
REFUNDED = "charge.refunded"
# when money moves for a dispute; that one was opened moves none
WITHDRAWN, REINSTATED = "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"
MONEY_BACK_EVENTS = frozenset({REFUNDED, WITHDRAWN, REINSTATED})
Heard = Checkout | Refund | Dispute


class StripeAway(Exception):
    """Stripe did not answer, or not with what was asked for."""


class SignatureWrong(Exception):
    """A webhook that Stripe did not sign, or not just now."""


class StripeGateway:
    """One Stripe account."""

    def __init__(self, secret_key: str, webhook_secret: str, base_url: str) -> None:
        self._secret_key = secret_key
        self._webhook_secret = webhook_secret
        self._base_url = base_url
        self._client: StripeClient | None = None
        self._http: HTTPXClient | None = None

    @property
    def hears(self) -> bool:
        """Whether webhooks can be proven."""
        return bool(self._webhook_secret)

    async def create(self, payment: Payment, title: str, language: str, success_url: str, cancel_url: str) -> Checkout:
        """A checkout session of a payment; asked again, the same one. Raises StripeAway."""
        client = await self._open()
        price = {
            "currency": payment.currency,
            "unit_amount": payment.amount_minor,
            "product_data": {"name": title},
        }
        params: Any = {
            "mode": "payment",
            "client_reference_id": payment.id,
            "line_items": [{"quantity": 1, "price_data": price}],
            "metadata": {"payment": payment.id, "account": payment.account_id},
            "payment_intent_data": {"metadata": {"payment": payment.id}},  # Stripe copies it to the charge
            "locale": language,
            "success_url": success_url,
            "cancel_url": cancel_url,
        }
        session = await self._ask(
            client.v1.checkout.sessions.create_async(params, options={"idempotency_key": payment.id})
        )
        return to_checkout(session)

    async def read(self, checkout_id: str) -> Checkout:
        """Raises StripeAway."""
        client = await self._open()
        return to_checkout(await self._ask(client.v1.checkout.sessions.retrieve_async(checkout_id)))

    async def verify(self, body: bytes, signature: str | None) -> Heard | None:
        """What a webhook tells; None for an event that is nothing to us.

        Raises SignatureWrong: also for a moment that is too far from now.
        """
        await self._open()
        from stripe import SignatureVerificationError, WebhookSignature  # noqa: PLC0415 - heavy

        try:
            text = body.decode()
            WebhookSignature.verify_header(text, signature or "", self._webhook_secret, 300)
            event = orjson.loads(body)
            return to_heard(event["type"], event["data"]["object"])
        except (SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SignatureWrong from error

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close_async()  # type: ignore[no-untyped-call]  # of the library

    async def _open(self) -> "StripeClient":
        if self._client is None:
            self._client = await asyncio.to_thread(self._make)
        return self._client

    def _make(self) -> "StripeClient":
        import stripe  # noqa: PLC0415 - heavy

        self._http = stripe.HTTPXClient(timeout=TIMEOUT_SECONDS)
        return stripe.StripeClient(
            self._secret_key,
            base_addresses={"api": self._base_url},
            max_network_retries=RETRIES,
            http_client=self._http,
        )

    async def _ask(self, question: Any) -> Mapping[str, Any]:
        from stripe import StripeError  # noqa: PLC0415 - heavy

        try:
            async with asyncio.timeout(3 * TIMEOUT_SECONDS):
                answer: Mapping[str, Any] = (await question).to_dict()
        except (StripeError, OSError) as error:  # TimeoutError is an OSError
            raise StripeAway(type(error).__name__) from error
        return answer


def to_checkout(session: Mapping[str, Any]) -> Checkout:
    """A session object as Stripe documents it: `payment_status` tells of the money, `status` of the page."""
    return Checkout(
        id=str(session["id"]),
        reference=session.get("client_reference_id"),
        is_paid=session.get("payment_status") == "paid",
        is_expired=session.get("status") == "expired",
        amount_minor=session.get("amount_total"),
        currency=session.get("currency"),
        url=session.get("url"),
        payment_intent=session.get("payment_intent"),
    )


def to_heard(kind: str, about: Mapping[str, Any]) -> Heard | None:
    """An event's object. Raises KeyError, TypeError for one that is not as Stripe documents it."""
    if kind in CHECKOUT_EVENTS:
        checkout = to_checkout(about)
        return replace(checkout, is_expired=True) if kind == PAYMENT_FAILED else checkout
    if kind not in MONEY_BACK_EVENTS or not about["payment_intent"]:
        return None
    if kind == REFUNDED:
        reference = (about.get("metadata") or {}).get("payment")
        return Refund(about["payment_intent"], reference, int(about["amount_refunded"]))
    withdrawn = int(about["amount"])
    returned = returned_minor(withdrawn, about.get("balance_transactions") or ()) if kind == REINSTATED else 0
    return Dispute(str(about["id"]), about["payment_intent"], about["currency"], withdrawn, returned)


def returned_minor(withdrawn: int, movements: Sequence[Mapping[str, Any]]) -> int:
    """Of what a dispute withdrew, what came back: all of it, or the part that Stripe's own movements tell.

    They may be in another currency than the charge, so only their proportion counts.
    """
    amounts = [int(movement["amount"]) for movement in movements]
    out, back = -sum(amount for amount in amounts if amount < 0), sum(amount for amount in amounts if amount > 0)
    return min(withdrawn, withdrawn * back // out) if out and back else withdrawn
