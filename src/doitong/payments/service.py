"""Payments as use cases: start a checkout, hear of its end, ask about what was not heard.

Credits are granted in the transaction that sets a payment's state to paid, under its row's lock: of webhooks that
are repeated, reordered or sent at once, of the page of thanks and of the sweep, one grants and the others find it done.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from doitong.alerts import store as owners
from doitong.audit import store as audit
from doitong.audit.model import SYSTEM, Actor
from doitong.core.clock import Clock
from doitong.core.errors import DoitongError, InvalidParameter, NotFound, one_of
from doitong.core.ids import RandomBits, new_id
from doitong.db.pool import Connection, Database
from doitong.ledger import store as ledger
from doitong.mail import service as mail
from doitong.mail.model import Kind
from doitong.payments import rules, store
from doitong.payments.gateway import SignatureWrong, StripeAway, StripeGateway
from doitong.payments.model import Checkout, Pack, Payment, PaymentState

ASK_AFTER = timedelta(minutes=10)
ASKED_MAXIMUM = 20
_log = structlog.get_logger(__name__)


class PaymentService:
    """What is for sale here, and what became of it. Without a gateway nothing is."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        gateway: StripeGateway | None,
        packs: Sequence[Pack],
        dashboard_url: str,
        random_bits: RandomBits = secrets.randbits,
    ) -> None:
        self._database = database
        self._clock = clock
        self._gateway = gateway
        self._packs = tuple(packs)
        self._url = dashboard_url
        self._random_bits = random_bits

    async def close(self) -> None:
        if self._gateway is not None:
            await self._gateway.close()

    @property
    def packs(self) -> Sequence[Pack]:
        """What can be bought; nothing where the operator grants credits."""
        return self._packs if self._gateway else ()

    async def start(
        self, account_id: str, member_id: str | None, credits: int, *, title: str, language: str, actor: Actor
    ) -> tuple[Payment, str]:
        """A payment and the address at which it is paid. Raises InvalidParameter, PAYMENTS_UNAVAILABLE."""
        gateway = self._require_gateway()
        pack = next((pack for pack in self.packs if pack.credits == credits), None)
        if pack is None:
            raise InvalidParameter("credits", one_of([str(pack.credits) for pack in self.packs]))
        now = self._clock.now()
        payment = Payment(
            id=new_id(now, self._random_bits),
            checkout_id=None,
            account_id=account_id,
            member_id=member_id,
            credits=pack.credits,
            amount_minor=pack.amount_minor,
            currency=pack.currency,
            state=PaymentState.OPEN,
            created_at=now,
        )
        async with self._database.transaction() as connection:
            await store.insert(connection, payment)
            await self._record(connection, payment, actor, "start")
        page = f"{self._url}/credits"
        try:
            checkout = await gateway.create(payment, title, language, f"{page}/thanks?payment={payment.id}", page)
        except StripeAway as error:
            _log.warning("stripe_away", payment_id=payment.id, error=str(error))
            raise DoitongError("PAYMENTS_UNAVAILABLE") from None
        async with self._database.transaction() as connection:
            await store.set_checkout(connection, payment.id, checkout.id)
        if not checkout.url:
            raise DoitongError("PAYMENTS_UNAVAILABLE")
        return replace(payment, checkout_id=checkout.id), checkout.url

    async def hear(self, body: bytes, signature: str | None) -> None:
        """A webhook of Stripe's. Raises MALFORMED_REQUEST for one that Stripe did not sign; others are done or idle."""
        gateway = self._require_gateway()
        if not gateway.hears:
            raise NotFound
        try:
            kind, checkout = await gateway.verify(body, signature)
        except SignatureWrong:
            raise DoitongError("MALFORMED_REQUEST", reason="the signature does not fit") from None
        if checkout is not None:
            has_failed = kind == "checkout.session.async_payment_failed"
            await self._settle(replace(checkout, is_expired=checkout.is_expired or has_failed))

    async def check(self, account_id: str, payment_id: str) -> Payment:
        """A payment as it stands, once Stripe was asked where it is still open. Raises NotFound."""
        payment = await self._find(account_id, payment_id)
        if payment.state is PaymentState.OPEN and self._gateway and payment.checkout_id:
            try:
                await self._settle(await self._gateway.read(payment.checkout_id))
            except StripeAway as error:
                _log.warning("stripe_away", payment_id=payment.id, error=str(error))
            payment = await self._find(account_id, payment_id)
        return payment

    async def recent(self, account_id: str, first: int = 10) -> Sequence[Payment]:
        """Newest first."""
        async with self._database.reading() as connection:
            return await store.list_recent(connection, account_id, first)

    async def sweep(self) -> None:
        """Ask about payments that have been open for ten minutes; harmless to run in every worker at once."""
        if self._gateway is None:
            return
        async with self._database.transaction() as connection:
            silent = await store.claim_silent(connection, self._clock.now(), ASK_AFTER, ASKED_MAXIMUM)
        for payment in silent:
            try:
                await self._ask_about(self._gateway, payment)
            except StripeAway as error:
                _log.warning("stripe_away", payment_id=payment.id, error=str(error))

    async def _ask_about(self, gateway: StripeGateway, payment: Payment) -> None:
        """One whose address nobody was given cannot be paid; should money come all the same, it is granted."""
        if payment.checkout_id is not None:
            await self._settle(await gateway.read(payment.checkout_id))
            return
        async with self._database.transaction() as connection:
            locked = await store.lock(connection, payment.id)
            if locked is not None and locked.state is PaymentState.OPEN and locked.checkout_id is None:
                await self._end(connection, locked, PaymentState.EXPIRED, None)

    async def _settle(self, checkout: Checkout) -> None:
        """Let a payment follow its checkout. What is paid is granted, also after it was taken for expired."""
        async with self._database.transaction() as connection:
            payment = await store.lock(connection, checkout.reference) if checkout.reference else None
            if payment is None or payment.state is PaymentState.PAID:
                return
            if rules.pays(payment, checkout):
                await self._grant(connection, payment, checkout)
            elif checkout.is_paid:
                _log.error("payment_does_not_match", payment_id=payment.id, checkout_id=checkout.id)
            elif checkout.is_expired and payment.state is PaymentState.OPEN and payment.checkout_id == checkout.id:
                await self._end(connection, payment, PaymentState.EXPIRED, checkout.id)

    async def _grant(self, connection: Connection, payment: Payment, checkout: Checkout) -> None:
        now = self._clock.now()
        reason = f"payment {payment.id}"
        await self._end(connection, payment, PaymentState.PAID, checkout.id)
        await ledger.grant(connection, payment.account_id, payment.credits, now=now, reason=reason, actor=reason)
        values = {
            "account": await store.account_name(connection, payment.account_id),
            "credits": payment.credits,
            "amount": rules.amount_text(payment.amount_minor, payment.currency),
            "link": f"{self._url}/credits",
        }
        for owner in await owners.list_owners(connection, payment.account_id):
            await mail.write(connection, Kind.PAYMENT_RECEIVED, owner.email, owner.language, values, now)
        _log.info("payment_paid", payment_id=payment.id, credits=payment.credits)

    async def _end(
        self, connection: Connection, payment: Payment, state: PaymentState, checkout_id: str | None
    ) -> None:
        await store.set_ended(connection, payment.id, state, checkout_id, self._clock.now())
        await self._record(connection, payment, SYSTEM, state.value)

    async def _record(self, connection: Connection, payment: Payment, actor: Actor, verb: str) -> None:
        details = {"credits": payment.credits, "amount": rules.amount_text(payment.amount_minor, payment.currency)}
        now = self._clock.now()
        await audit.record(connection, payment.account_id, actor, f"payment.{verb}", payment.id, details, now)

    async def _find(self, account_id: str, payment_id: str) -> Payment:
        async with self._database.reading() as connection:
            payment = await store.find(connection, account_id, payment_id)
        if payment is None:
            raise NotFound
        return payment

    def _require_gateway(self) -> StripeGateway:
        """Raises NotFound where nothing is for sale."""
        if self._gateway is None:
            raise NotFound
        return self._gateway
