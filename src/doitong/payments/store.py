"""The only SQL of payments. Whoever settles one has locked its row; then come balances."""

from datetime import datetime, timedelta

from doitong.core.ids import AFTER_EVERY_ID
from doitong.db.pool import Connection, Row
from doitong.payments.model import Checkout, Payment, PaymentRow, PaymentState, Reckoning, Waiting

_COLUMNS = (
    "id, checkout_id, account_id, member_id, credits, amount_minor, currency, state, created_at, ended_at,"
    " payment_intent, paid_minor, paid_currency, refunded_minor, taken, owed, waived"
)


async def insert(connection: Connection, payment: Payment) -> None:
    await connection.execute(
        """
        INSERT INTO payment (id, account_id, member_id, credits, amount_minor, currency, state, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        payment.id,
        payment.account_id,
        payment.member_id,
        payment.credits,
        payment.amount_minor,
        payment.currency,
        payment.state.value,
        payment.created_at,
    )


async def set_checkout(connection: Connection, payment_id: str, checkout_id: str) -> None:
    await connection.execute(
        "UPDATE payment SET checkout_id = $2 WHERE id = $1 AND checkout_id IS NULL", payment_id, checkout_id
    )


async def find(connection: Connection, account_id: str, payment_id: str) -> Payment | None:
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment WHERE id = $1 AND account_id = $2",  # noqa: S608 - a constant
        payment_id,
        account_id,
    )
    return _payment(row) if row else None


async def get(connection: Connection, payment_id: str) -> Payment | None:
    """A payment of any account."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment WHERE id = $1",  # noqa: S608 - a constant
        payment_id,
    )
    return _payment(row) if row else None


async def lock(connection: Connection, payment_id: str) -> Payment | None:
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment WHERE id = $1 FOR UPDATE",  # noqa: S608 - a constant
        payment_id,
    )
    return _payment(row) if row else None


async def lock_by_intent(connection: Connection, payment_intent: str, reference: str | None = None) -> Payment | None:
    """The payment that a refund or dispute is of; `reference` finds one whose own news was lost."""
    row = await connection.fetchrow(
        f"""
        SELECT {_COLUMNS} FROM payment
        WHERE payment_intent = $1 OR (id = $2 AND payment_intent IS NULL) LIMIT 1 FOR UPDATE
        """,  # noqa: S608 - a constant
        payment_intent,
        reference,
    )
    return _payment(row) if row else None


async def account_name(connection: Connection, account_id: str) -> str:
    return str(await connection.fetchval("SELECT name FROM account WHERE id = $1", account_id))


async def set_ended(
    connection: Connection, payment_id: str, state: PaymentState, checkout: Checkout | None, now: datetime
) -> None:
    """Write the end, and what came with it, into a row that this transaction has locked."""
    came = checkout if checkout and checkout.is_paid else None
    await connection.execute(
        """
        UPDATE payment SET state = $2, ended_at = $3, checkout_id = coalesce($4, checkout_id),
            payment_intent = coalesce($5, payment_intent), paid_minor = $6, paid_currency = $7
        WHERE id = $1
        """,
        payment_id,
        state.value,
        now,
        checkout.id if checkout else None,
        came.payment_intent if came else None,
        came.amount_minor if came else None,
        came.currency if came else None,
    )


async def set_state(connection: Connection, payment_id: str, state: PaymentState) -> None:
    """Write the operator's word into a row that this transaction has locked."""
    await connection.execute("UPDATE payment SET state = $2 WHERE id = $1", payment_id, state.value)


async def set_refunded(connection: Connection, payment_id: str, payment_intent: str, refunded_minor: int) -> None:
    await connection.execute(
        "UPDATE payment SET payment_intent = $2, refunded_minor = $3 WHERE id = $1",
        payment_id,
        payment_intent,
        refunded_minor,
    )


async def set_reckoning(connection: Connection, payment_id: str, reckoning: Reckoning) -> None:
    await connection.execute(
        "UPDATE payment SET taken = $2, owed = $3, waived = $4 WHERE id = $1",
        payment_id,
        reckoning.taken,
        reckoning.owed,
        reckoning.waived,
    )


async def note_dispute(
    connection: Connection, payment_id: str, dispute_id: str, withdrawn: int, reinstated: int
) -> None:
    """What a dispute withdrew and returned (smallest unit); older news than what is there changes nothing."""
    await connection.execute(
        """
        INSERT INTO payment_dispute AS known (id, payment_id, withdrawn_minor, reinstated_minor)
        VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE
        SET withdrawn_minor = greatest(known.withdrawn_minor, excluded.withdrawn_minor),
            reinstated_minor = greatest(known.reinstated_minor, excluded.reinstated_minor)
        """,
        dispute_id,
        payment_id,
        withdrawn,
        reinstated,
    )


async def sum_disputed(connection: Connection, payment_id: str) -> int:
    """What disputes hold of a payment now, in the smallest unit."""
    return int(
        await connection.fetchval(
            "SELECT coalesce(sum(greatest(withdrawn_minor - reinstated_minor, 0)), 0)::bigint FROM payment_dispute"
            " WHERE payment_id = $1",
            payment_id,
        )
    )


async def list_recent(connection: Connection, account_id: str, first: int) -> list[Payment]:
    """An account's payments, newest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM payment WHERE account_id = $1 ORDER BY id DESC LIMIT $2",  # noqa: S608 - a constant
        account_id,
        first,
    )
    return [_payment(row) for row in rows]


async def list_page(
    connection: Connection, first: int, before: str | None, state: PaymentState | None, *, owes: bool
) -> list[PaymentRow]:
    """Payments of all accounts with ids below `before`, newest first, of one state or all, or those that owe.

    What narrows stands in the statement as a constant, so that what is rare is found by its own index.
    """
    columns = ", ".join(f"payment.{name.strip()}" for name in _COLUMNS.split(","))
    of_state = f"AND state = '{state.value}'" if state else ""
    rows = await connection.fetch(
        f"""
        SELECT {columns}, account.name AS account_name FROM payment JOIN account ON account.id = payment.account_id
        WHERE payment.id < $1 {of_state} {"AND owed > 0" if owes else ""} ORDER BY payment.id DESC LIMIT $2
        """,  # noqa: S608 - constants
        before or AFTER_EVERY_ID,
        first,
    )
    return [PaymentRow(_payment(row), row["account_name"]) for row in rows]


async def count_waiting(connection: Connection) -> Waiting:
    row = await connection.fetchrow(
        """
        SELECT (SELECT count(*) FROM payment WHERE state = 'mismatched') AS mismatched,
               (SELECT count(*) FROM payment WHERE owed > 0) AS owed
        """
    )
    assert row is not None
    return Waiting(row["mismatched"], row["owed"])


async def claim_silent(connection: Connection, now: datetime, pause: timedelta, limit: int) -> list[Payment]:
    """Open payments that nobody has asked about for a while; this caller is to ask now, and nobody else."""
    rows = await connection.fetch(
        f"""
        UPDATE payment SET asked_at = $1 WHERE id = ANY (ARRAY
            (SELECT id FROM payment WHERE state = 'open' AND coalesce(asked_at, created_at) < $2
             ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED))
        RETURNING {_COLUMNS}
        """,  # noqa: S608 - a constant
        now,
        now - pause,
        limit,
    )
    return [_payment(row) for row in rows]


def _payment(row: Row) -> Payment:
    return Payment(
        id=row["id"],
        checkout_id=row["checkout_id"],
        account_id=row["account_id"],
        member_id=row["member_id"],
        credits=row["credits"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        state=PaymentState(row["state"]),
        created_at=row["created_at"],
        ended_at=row["ended_at"],
        payment_intent=row["payment_intent"],
        paid_minor=row["paid_minor"],
        paid_currency=row["paid_currency"],
        refunded_minor=row["refunded_minor"],
        taken=row["taken"],
        owed=row["owed"],
        waived=row["waived"],
    )
