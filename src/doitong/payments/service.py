"""Payments as use cases: start a checkout, hear of its end, ask about what was not heard.

Credits are granted in the transaction that sets a payment's state to paid, under its row's lock: of webhooks that
are repeated, reordered or sent at once, of the page of thanks and of the sweep, one grants and the others find it done.
What Stripe sends back, or a bank withdraws, takes credits back: what is to be taken follows from sums that only grow,
so news that are repeated or out of order end in the same state.
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
from doitong.payments.model import (
    Checkout,
    Dispute,
    Pack,
    Payment,
    PaymentPage,
    PaymentState,
    Reckoning,
    Refund,
    Waiting,
    Word,
)
from doitong.words.catalogue import words

ASK_AFTER = timedelta(minutes=10)
ASKED_MAXIMUM = 20
MONEY_CAME = frozenset({PaymentState.PAID, PaymentState.MISMATCHED, PaymentState.LEFT})
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
            heard = await gateway.verify(body, signature)
        except SignatureWrong:
            raise DoitongError("MALFORMED_REQUEST", reason="the signature does not fit") from None
        match heard:
            case Checkout():
                await self._settle(heard)
            case Refund():
                await self._hear_refund(heard)
            case Dispute():
                await self._hear_dispute(heard)

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
            if payment is None or payment.state in MONEY_CAME:
                return
            if checkout.is_paid and not rules.is_of(payment, checkout):
                _log.error("payment_of_another_checkout", payment_id=payment.id, checkout_id=checkout.id)
            elif rules.pays(payment, checkout):
                await self._end(connection, payment, PaymentState.PAID, checkout)
                await self._grant(connection, payment, f"payment {payment.id}")
            elif checkout.is_paid:
                await self._end(connection, payment, PaymentState.MISMATCHED, checkout)
                _log.error("payment_mismatched", payment_id=payment.id, checkout_id=checkout.id)
            elif checkout.is_expired and payment.state is PaymentState.OPEN and payment.checkout_id == checkout.id:
                await self._end(connection, payment, PaymentState.EXPIRED, checkout)

    async def _grant(self, connection: Connection, payment: Payment, reason: str, actor: Actor | None = None) -> None:
        """Give a payment's credits, and tell the owners. `payment` is as it was before its end was written."""
        now, account_id = self._clock.now(), payment.account_id
        name = f"payment {payment.id}"
        if await ledger.use_once(connection, name, "grant", now):
            who = actor.word if actor else name
            await ledger.grant(connection, account_id, payment.credits, now=now, reason=reason, actor=who)
        locked = await store.lock(connection, payment.id)
        assert locked is not None
        values = {
            "account": await store.account_name(connection, account_id),
            "credits": locked.credits,
            "link": f"{self._url}/credits",
        }
        for owner in await owners.list_owners(connection, account_id):
            told = values | {"amount": words(owner.language).amount(*rules.came(locked))}
            await mail.write(connection, Kind.PAYMENT_RECEIVED, owner.email, owner.language, told, now)
        if locked.refunded_minor:  # told before the payment itself was
            await self._reckon(connection, locked, f"refund of payment {payment.id}", "refund")
        _log.info("payment_paid", payment_id=payment.id, credits=payment.credits)

    # money that goes back

    async def _hear_refund(self, refund: Refund) -> None:
        async with self._database.transaction() as connection:
            payment = await store.lock_by_intent(connection, refund.payment_intent, refund.reference)
            if payment is None or refund.refunded_minor <= payment.refunded_minor:
                return
            await store.set_refunded(connection, payment.id, refund.payment_intent, refund.refunded_minor)
            payment = replace(payment, refunded_minor=refund.refunded_minor)
            await self._reckon(connection, payment, f"refund of payment {payment.id}", "refund")

    async def _hear_dispute(self, dispute: Dispute) -> None:
        async with self._database.transaction() as connection:
            payment = await store.lock_by_intent(connection, dispute.payment_intent)
            if payment is None:
                return
            amounts = rules.disputed_minor(payment, dispute)
            await store.note_dispute(connection, payment.id, dispute.id, *amounts)
            await self._reckon(connection, payment, f"dispute of payment {payment.id}", "dispute")

    async def _reckon(
        self, connection: Connection, payment: Payment, reason: str, verb: str, actor: Actor = SYSTEM
    ) -> bool:
        """Take credits back, or give them again, as far as money went back; whether anything changed.

        `payment` is as its locked row is now.
        """
        if payment.state is not PaymentState.PAID:
            return False
        disputed = await store.sum_disputed(connection, payment.id)
        balance = (await ledger.lock_balances(connection, [payment.account_id]))[payment.account_id]
        after = rules.reckon(payment, disputed, balance.available)
        if after == Reckoning(payment.taken, payment.owed, payment.waived):
            return False
        change, now = payment.taken - after.taken, self._clock.now()
        if change:
            await ledger.adjust(connection, payment.account_id, change, now=now, reason=reason, actor=actor.word)
        await store.set_reckoning(connection, payment.id, after)
        await self._record(connection, payment, actor, verb, change=change, owed=after.owed, reason=reason)
        if after.owed > payment.owed:
            _log.error("payment_owes", payment_id=payment.id, credits=after.owed)
        return True

    # the operator's

    async def waiting(self) -> Waiting:
        """What of all accounts waits for the operator's word."""
        async with self._database.reading() as connection:
            return await store.count_waiting(connection)

    async def list_page(
        self, first: int, after: str | None = None, state: PaymentState | None = None, *, owes: bool = False
    ) -> PaymentPage:
        """Payments of all accounts, newest first, of one state or all, or those that owe credits."""
        async with self._database.reading() as connection:
            rows = await store.list_page(connection, first + 1, after, state, owes=owes)
        shown = rows[:first]
        return PaymentPage(shown, shown[-1].payment.id if len(rows) > first else None)

    async def get(self, payment_id: str) -> Payment:
        """A payment of any account. Raises NotFound."""
        async with self._database.reading() as connection:
            payment = await store.get(connection, payment_id)
        if payment is None:
            raise NotFound
        return payment

    async def decide(self, payment_id: str, word: Word, reason: str, *, once: str, actor: Actor) -> None:
        """The operator's word on a payment that waits for one; the same again under `once` is done already.

        Raises NotFound, CONFLICT: also where nothing is available to take.
        """
        async with self._database.transaction() as connection:
            payment = await store.lock(connection, payment_id)
            if payment is None:
                raise NotFound
            what = f"{word.value} of payment {payment_id}: {reason}"
            if not await ledger.use_once(connection, once, what, self._clock.now()):
                return
            rules.check_word(payment, word)
            is_mismatched = payment.state is PaymentState.MISMATCHED
            match word:
                case Word.GRANT:
                    await store.set_state(connection, payment_id, PaymentState.PAID)
                    await self._grant(connection, payment, f"payment {payment_id}: {reason}", actor)
                case Word.LEAVE if is_mismatched:
                    await store.set_state(connection, payment_id, PaymentState.LEFT)
                case Word.LEAVE:
                    let_go = Reckoning(payment.taken, 0, payment.waived + payment.owed)
                    await store.set_reckoning(connection, payment_id, let_go)
                case Word.TAKE:
                    if not await self._reckon(connection, payment, f"payment {payment_id}: {reason}", "take", actor):
                        raise DoitongError("CONFLICT", reason=rules.NOTHING_THERE)
                    return
            await self._record(connection, payment, actor, word.value, owed=payment.owed, reason=reason)

    # what all of it writes

    async def _end(
        self, connection: Connection, payment: Payment, state: PaymentState, checkout: Checkout | None
    ) -> None:
        await store.set_ended(connection, payment.id, state, checkout, self._clock.now())
        came: dict[str, int | str | None] = {}
        if state is PaymentState.MISMATCHED and checkout:
            came = {"came": checkout.amount_minor, "currency": checkout.currency}
        await self._record(connection, payment, SYSTEM, state.value, **came)

    async def _record(
        self, connection: Connection, payment: Payment, actor: Actor, verb: str, **more: int | str | None
    ) -> None:
        amount = rules.amount_text(payment.amount_minor, payment.currency)
        details = {"credits": payment.credits, "amount": amount, **more}
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
