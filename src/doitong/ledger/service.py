"""Credits as use cases for doors: grant, adjust, refund, read, verify.

Each is one transaction. What is asked for with a value `once` moves credits once, however often it is asked for; the
same value with other wishes is CONFLICT. Holds are not here: they are placed and resolved inside the transactions of
the generations they belong to, through the store.
"""

from collections.abc import AsyncIterator, Sequence

from doitong.audit import store as audit
from doitong.audit.model import SYSTEM, Actor
from doitong.core.clock import Clock
from doitong.core.errors import NotFound
from doitong.db.pool import Connection, Database
from doitong.ledger import rules, store
from doitong.ledger.model import Balance, Difference, Hold, StatementLine, StatementPage, TransferKind

EXPORT_LINES = 1000  # in one piece


class LedgerService:
    """The customer's and the operator's view of credits."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def grant(
        self,
        account_id: str,
        amount: int,
        *,
        reason: str | None = None,
        actor: Actor = SYSTEM,
        once: str | None = None,
    ) -> Balance:
        """Give an account new credits. Raises InvalidParameter, NotFound, CONFLICT."""
        rules.check_amount(amount)
        now = self._clock.now()
        async with self._database.transaction() as connection:
            if not await self._is_first(connection, once, f"grant {account_id} {amount} {reason}"):
                return await _balance(connection, account_id)
            balance = await store.grant(connection, account_id, amount, now=now, reason=reason, actor=actor.word)
            await self._record(connection, account_id, actor, "grant", account_id, amount, reason)
        return balance

    async def adjust(
        self, account_id: str, amount: int, *, reason: str, actor: Actor = SYSTEM, once: str | None = None
    ) -> Balance:
        """Correct an account by a signed amount. Raises InvalidParameter, NotFound, CreditsInsufficient, CONFLICT."""
        rules.check_adjustment(amount, reason)
        async with self._database.transaction() as connection:
            if not await self._is_first(connection, once, f"adjust {account_id} {amount} {reason}"):
                return await _balance(connection, account_id)
            balances = await store.lock_balances(connection, [account_id])
            if account_id not in balances:
                raise NotFound
            rules.check_covered(balances[account_id], -amount)
            now = self._clock.now()
            balance = await store.adjust(connection, account_id, amount, now=now, reason=reason, actor=actor.word)
            await self._record(connection, account_id, actor, "adjust", account_id, amount, reason)
        return balance

    async def refund(
        self,
        generation_id: str,
        amount: int | None = None,
        *,
        reason: str | None = None,
        actor: Actor = SYSTEM,
        once: str | None = None,
    ) -> Balance:
        """Give back a capture, or `amount` of it; never more than was captured, however often it is called.

        Raises NotFound when nothing was ever held, CONFLICT when less than `amount` is left to give back.
        """
        async with self._database.transaction() as connection:
            is_first = await self._is_first(connection, once, f"refund {generation_id} {amount} {reason}")
            hold = await store.lock_hold(connection, generation_id)
            if hold is None:
                raise NotFound
            if not is_first:
                return await _balance(connection, hold.account_id)
            given = rules.refund_amount(hold, amount)
            now = self._clock.now()
            balance = await store.refund(connection, hold, given, now=now, reason=reason, actor=actor.word)
            await self._record(connection, hold.account_id, actor, "refund", generation_id, given, reason)
        return balance

    async def _is_first(self, connection: Connection, once: str | None, what: str) -> bool:
        return once is None or await store.use_once(connection, once, what, self._clock.now())

    async def _record(
        self,
        connection: Connection,
        account_id: str,
        actor: Actor,
        verb: str,
        subject: str,
        credits: int,
        reason: str | None,
    ) -> None:
        details = {"credits": credits, "reason": reason}
        await audit.record(connection, account_id, actor, f"credits.{verb}", subject, details, self._clock.now())

    async def balance(self, account_id: str) -> Balance:
        """What an account has. Raises NotFound."""
        async with self._database.reading() as connection:
            return await _balance(connection, account_id)

    async def hold(self, generation_id: str) -> Hold | None:
        """What a generation reserves or was charged, None when it never held anything."""
        async with self._database.reading() as connection:
            return await store.find_hold(connection, generation_id)

    async def statement(
        self, account_id: str, *, first: int = 50, after: str | None = None, kind: TransferKind | None = None
    ) -> StatementPage:
        """A page of an account's transfers, of one kind or all, newest first; `after` is `next_after` before.

        Raises InvalidParameter for a page size or cursor that is none.
        """
        rules.check_page(first)
        before = rules.parse_cursor(after)
        async with self._database.reading() as connection:
            lines = await store.list_statement(connection, account_id, first=first + 1, before=before, kind=kind)
        shown = lines[:first]
        return StatementPage(shown, str(shown[-1].id) if len(lines) > first else None)

    async def export(self, account_id: str) -> AsyncIterator[Sequence[StatementLine]]:
        """The whole statement, newest first, in pieces that are read one after the other."""
        before = rules.CURSOR_MAX
        while True:
            async with self._database.reading() as connection:
                lines = await store.list_statement(connection, account_id, first=EXPORT_LINES, before=before)
            if lines:
                yield lines
            if len(lines) < EXPORT_LINES:
                return
            before = lines[-1].id

    async def verify(self) -> list[Difference]:
        """Recompute the whole ledger from its entries; an empty list is the proof that it agrees."""
        async with self._database.reading() as connection:
            return await store.verify(connection)


async def _balance(connection: Connection, account_id: str) -> Balance:
    balance = await store.find_balance(connection, account_id)
    if balance is None:
        raise NotFound
    return balance
