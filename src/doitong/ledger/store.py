"""The only SQL of the ledger. Every function works inside the caller's transaction.

Promises: a transfer and its two entries are one statement; entries are only ever inserted; an account's
balance row is locked before anything else of it changes, so its transfers have ids in the order of their
balances. Lock order of the whole system: generation → account_usage → ledger_balance → the rest, rows of one
kind in id order. A hold is only ever locked by who has locked its account's balance, and what counts once is
written (`use_once`) before a balance is locked.
"""

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files

from doitong.core.errors import DoitongError, NotFound
from doitong.db.pool import Connection, Row
from doitong.ledger.model import (
    ISSUED,
    REVENUE,
    Balance,
    Difference,
    Hold,
    HoldOrder,
    HoldState,
    Resolution,
    StatementLine,
    TransferKind,
)
from doitong.ledger.rules import USED_OTHERWISE, check_orders, check_resolutions

_LOCK_BALANCES = """
SELECT account_id, available, held FROM ledger_balance
WHERE account_id = ANY ($1::text[]) ORDER BY account_id FOR UPDATE
"""

# $1 generation ids, $2 account ids, $3 amounts, $4 now
_PLACE_HOLDS = """
WITH orders AS MATERIALIZED (
    SELECT generation_id, account_id, amount, position,
           sum(amount) OVER (PARTITION BY account_id ORDER BY position)::bigint AS running
    FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY
        AS given (generation_id, account_id, amount, position)
), totals AS (
    SELECT account_id, sum(amount)::bigint AS total FROM orders GROUP BY account_id
), moved AS (
    UPDATE ledger_balance AS balance
    SET available = balance.available - totals.total, held = balance.held + totals.total
    FROM totals WHERE balance.account_id = totals.account_id
    RETURNING balance.account_id, balance.available + totals.total AS available_before,
              balance.held - totals.total AS held_before
), placed AS (
    INSERT INTO hold (generation_id, account_id, amount, created_at)
    SELECT generation_id, account_id, amount, $4 FROM orders JOIN moved USING (account_id)
), transfers AS (
    INSERT INTO ledger_transfer
        (account_id, kind, amount, generation_id, available_after, held_after, created_at)
    SELECT account_id, 'hold', amount, generation_id, available_before - running, held_before + running, $4
    FROM orders JOIN moved USING (account_id) ORDER BY position
    RETURNING id, account_id, amount
), entries AS (
    INSERT INTO ledger_entry (transfer_id, ledger_account, amount)
    SELECT id, side.ledger_account, side.amount
    FROM transfers CROSS JOIN LATERAL (VALUES
        ('available:' || account_id, -transfers.amount),
        ('held:' || account_id, transfers.amount)) AS side (ledger_account, amount)
)
SELECT count(*) FROM transfers
"""

# $1 generation ids, $2 captures, $3 outcomes, $4 now. A hold that another transaction resolves meanwhile is
# checked again in its newest version once the balance is locked, and left out.
_RESOLVE_HOLDS = """
WITH given AS MATERIALIZED (
    SELECT generation_id, captured, state, position
    FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY
        AS given (generation_id, captured, state, position)
), locked AS MATERIALIZED (
    SELECT account_id FROM ledger_balance
    WHERE account_id = ANY (ARRAY(SELECT account_id FROM hold WHERE generation_id = ANY ($1::text[])))
    ORDER BY account_id FOR UPDATE
), resolved AS (
    UPDATE hold SET state = given.state, captured = given.captured, resolved_at = $4
    FROM given
    WHERE hold.generation_id = given.generation_id AND hold.state = 'open'
      AND (SELECT count(*) FROM locked) > 0  -- evaluated once, before the first hold is touched
    RETURNING hold.account_id, hold.generation_id, hold.amount, hold.captured, hold.state, given.position
), totals AS (
    SELECT account_id, sum(amount)::bigint AS held, sum(amount - captured)::bigint AS freed
    FROM resolved GROUP BY account_id
), moved AS (
    UPDATE ledger_balance AS balance
    SET available = balance.available + totals.freed, held = balance.held - totals.held
    FROM totals WHERE balance.account_id = totals.account_id
    RETURNING balance.account_id, balance.available - totals.freed AS available_before,
              balance.held + totals.held AS held_before
), steps AS (
    SELECT account_id, generation_id, position, step.number, step.kind, step.amount,
           (sum(step.freed) OVER running)::bigint AS freed, (sum(step.amount) OVER running)::bigint AS taken
    FROM resolved CROSS JOIN LATERAL (VALUES
        (1, 'capture', captured, 0),
        (2, CASE state WHEN 'expired' THEN 'expire' ELSE 'release' END,
            resolved.amount - captured, resolved.amount - captured)) AS step (number, kind, amount, freed)
    WHERE step.amount > 0
    WINDOW running AS (PARTITION BY account_id ORDER BY position, step.number)
), transfers AS (
    INSERT INTO ledger_transfer
        (account_id, kind, amount, generation_id, available_after, held_after, created_at)
    SELECT account_id, kind, amount, generation_id, available_before + freed, held_before - taken, $4
    FROM steps JOIN moved USING (account_id) ORDER BY position, number
    RETURNING id, account_id, kind, amount
), entries AS (
    INSERT INTO ledger_entry (transfer_id, ledger_account, amount)
    SELECT id, side.ledger_account, side.amount
    FROM transfers CROSS JOIN LATERAL (VALUES
        ('held:' || account_id, -transfers.amount),
        (CASE kind WHEN 'capture' THEN 'revenue' ELSE 'available:' || account_id END,
         transfers.amount)) AS side (ledger_account, amount)
)
SELECT generation_id FROM resolved
"""

# $1 account, $2 signed change of the available credits, $3 kind, $4 the other ledger account
_MOVE = """
WITH moved AS (
    UPDATE ledger_balance SET available = available + $2::bigint WHERE account_id = $1
    RETURNING available, held
), transfer AS (
    INSERT INTO ledger_transfer
        (account_id, kind, amount, generation_id, reason, actor, available_after, held_after, created_at)
    SELECT $1, $3, abs($2::bigint), $5, $6, $7, available, held, $8 FROM moved
    RETURNING id
), entries AS (
    INSERT INTO ledger_entry (transfer_id, ledger_account, amount)
    SELECT id, side.ledger_account, side.amount
    FROM transfer CROSS JOIN (VALUES ('available:' || $1, $2::bigint), ($4, -$2::bigint))
        AS side (ledger_account, amount)
)
SELECT available, held FROM moved
"""

_STATEMENT = """
SELECT transfer.id, kind, generation_id, reason, available_after, held_after, created_at,
       coalesce(entry.amount, -transfer.amount) AS amount
FROM ledger_transfer AS transfer
LEFT JOIN ledger_entry AS entry
    ON entry.transfer_id = transfer.id AND entry.ledger_account = 'available:' || transfer.account_id
WHERE account_id = $1 AND transfer.id < $2 {kind}
ORDER BY transfer.id DESC LIMIT $3
"""

_VERIFY = files(__package__).joinpath("verify.sql").read_text(encoding="utf-8")
VERIFY_TIMEOUT_SECONDS = 600


async def open_balance(connection: Connection, account_id: str) -> None:
    """Give a new account its balance of zero."""
    await connection.execute("INSERT INTO ledger_balance (account_id) VALUES ($1)", account_id)


async def lock_balances(connection: Connection, account_ids: Sequence[str]) -> dict[str, Balance]:
    """Lock the balances of accounts, in id order, until the transaction ends; unknown ones are left out."""
    rows = await connection.fetch(_LOCK_BALANCES, list(account_ids))
    return {row["account_id"]: Balance(row["available"], row["held"]) for row in rows}


async def place_holds(connection: Connection, orders: Sequence[HoldOrder], now: datetime) -> None:
    """Reserve credits for 1 to 64 generations in one round trip.

    The balances must be locked (`lock_balances`) and sufficient. Raises asyncpg.CheckViolationError when they
    are not, asyncpg.UniqueViolationError for a second hold of a generation, NotFound for an unknown account;
    after each of these the transaction must be rolled back.
    """
    check_orders(orders)
    placed = await connection.fetchval(
        _PLACE_HOLDS,
        [order.generation_id for order in orders],
        [order.account_id for order in orders],
        [order.amount for order in orders],
        now,
    )
    if placed != len(orders):
        raise NotFound


async def resolve_holds(connection: Connection, resolutions: Sequence[Resolution], now: datetime) -> set[str]:
    """End 1 to 64 holds in one round trip; returns the generations whose hold this call resolved.

    A hold that is resolved already, or unknown, is left alone: under races exactly one call names it. Raises
    asyncpg.CheckViolationError when a capture is larger than its hold.
    """
    check_resolutions(resolutions)
    rows = await connection.fetch(
        _RESOLVE_HOLDS,
        [resolution.generation_id for resolution in resolutions],
        [resolution.capture for resolution in resolutions],
        [resolution.outcome.value for resolution in resolutions],
        now,
    )
    return {row["generation_id"] for row in rows}


async def resolve_hold(
    connection: Connection, generation_id: str, *, capture: int, outcome: HoldState, now: datetime
) -> bool:
    """End one hold, as `resolve_holds` does; False when it was resolved already or never placed."""
    return bool(await resolve_holds(connection, [Resolution(generation_id, capture, outcome)], now))


async def grant(
    connection: Connection,
    account_id: str,
    amount: int,
    *,
    now: datetime,
    reason: str | None = None,
    actor: str | None = None,
) -> Balance:
    """Move new credits into an account. Raises NotFound for an unknown account."""
    return await _move(connection, account_id, amount, TransferKind.GRANT, ISSUED, now=now, reason=reason, actor=actor)


async def adjust(
    connection: Connection, account_id: str, amount: int, *, now: datetime, reason: str, actor: str | None
) -> Balance:
    """Correct credits by a signed amount. Raises NotFound, asyncpg.CheckViolationError below zero."""
    return await _move(
        connection, account_id, amount, TransferKind.ADJUSTMENT, ISSUED, now=now, reason=reason, actor=actor
    )


async def refund(
    connection: Connection,
    hold: Hold,
    amount: int,
    *,
    now: datetime,
    reason: str | None = None,
    actor: str | None = None,
) -> Balance:
    """Give back part of a capture; `hold` is from `lock_hold`. Raises asyncpg.CheckViolationError over it."""
    await connection.execute(
        "UPDATE hold SET refunded = refunded + $2 WHERE generation_id = $1", hold.generation_id, amount
    )
    return await _move(
        connection,
        hold.account_id,
        amount,
        TransferKind.REFUND,
        REVENUE,
        now=now,
        reason=reason,
        actor=actor,
        generation_id=hold.generation_id,
    )


async def _move(
    connection: Connection,
    account_id: str,
    change: int,
    kind: TransferKind,
    counterpart: str,
    *,
    now: datetime,
    reason: str | None,
    actor: str | None,
    generation_id: str | None = None,
) -> Balance:
    row = await connection.fetchrow(
        _MOVE, account_id, change, kind.value, counterpart, generation_id, reason, actor, now
    )
    if row is None:
        raise NotFound
    return Balance(row["available"], row["held"])


async def use_once(connection: Connection, once: str, what: str, now: datetime) -> bool:
    """Whether `what` is to be done now, as the first thing under the value `once`; False when it was done already.

    Of many at once one is the first, and the others wait until it is done. Raises CONFLICT for something else
    under the same value.
    """
    is_first = await connection.fetchval(
        "INSERT INTO ledger_once (once, what, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true",
        once,
        what,
        now,
    )
    if is_first:
        return True
    if await connection.fetchval("SELECT what FROM ledger_once WHERE once = $1", once) != what:
        raise DoitongError("CONFLICT", reason=USED_OTHERWISE)
    return False


async def lock_hold(connection: Connection, generation_id: str) -> Hold | None:
    """Lock the account's balance, then the hold, and return the hold as it is now."""
    account_id = await connection.fetchval("SELECT account_id FROM hold WHERE generation_id = $1", generation_id)
    if account_id is None:
        return None
    await lock_balances(connection, [account_id])
    row = await connection.fetchrow("SELECT * FROM hold WHERE generation_id = $1 FOR UPDATE", generation_id)
    return None if row is None else _hold(row)


async def find_hold(connection: Connection, generation_id: str) -> Hold | None:
    """The hold of a generation, without locking anything."""
    row = await connection.fetchrow("SELECT * FROM hold WHERE generation_id = $1", generation_id)
    return None if row is None else _hold(row)


async def find_balance(connection: Connection, account_id: str) -> Balance | None:
    """An account's balance, without locking anything."""
    row = await connection.fetchrow("SELECT available, held FROM ledger_balance WHERE account_id = $1", account_id)
    return None if row is None else Balance(row["available"], row["held"])


async def list_statement(
    connection: Connection, account_id: str, *, first: int, before: int, kind: TransferKind | None = None
) -> list[StatementLine]:
    """Up to `first` transfers of an account, of one kind or all, with ids below `before`, newest first.

    The kind stands in the statement as a constant, so that the rare ones are found by their own index.
    """
    of_kind = f"AND kind = '{kind.value}'" if kind else ""
    rows = await connection.fetch(_STATEMENT.format(kind=of_kind), account_id, before, first)
    return [_line(row) for row in rows]


async def verify(connection: Connection) -> list[Difference]:
    """Recompute everything from the entries, in one snapshot; at most 1,000 differences."""
    rows = await connection.fetch(_VERIFY, timeout=VERIFY_TIMEOUT_SECONDS)
    return [Difference(row["check_name"], row["subject"], row["expected"], row["found"]) for row in rows]


def _hold(row: Row) -> Hold:
    return Hold(
        generation_id=row["generation_id"],
        account_id=row["account_id"],
        amount=row["amount"],
        captured=row["captured"],
        refunded=row["refunded"],
        state=HoldState(row["state"]),
    )


def _line(row: Row) -> StatementLine:
    return StatementLine(
        id=row["id"],
        kind=TransferKind(row["kind"]),
        amount=row["amount"],
        available_after=row["available_after"],
        held_after=row["held_after"],
        created_at=row["created_at"],
        generation_id=row["generation_id"],
        reason=row["reason"],
    )
