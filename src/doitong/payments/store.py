"""The only SQL of payments. Whoever settles one has locked its row; then come balances."""

from datetime import datetime, timedelta

from doitong.db.pool import Connection, Row
from doitong.payments.model import Payment, PaymentState

_COLUMNS = "id, checkout_id, account_id, member_id, credits, amount_minor, currency, state, created_at, ended_at"


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


async def lock(connection: Connection, payment_id: str) -> Payment | None:
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM payment WHERE id = $1 FOR UPDATE",  # noqa: S608 - a constant
        payment_id,
    )
    return _payment(row) if row else None


async def account_name(connection: Connection, account_id: str) -> str:
    return str(await connection.fetchval("SELECT name FROM account WHERE id = $1", account_id))


async def set_ended(
    connection: Connection, payment_id: str, state: PaymentState, checkout_id: str | None, now: datetime
) -> None:
    """Write the end into a row that this transaction has locked."""
    await connection.execute(
        "UPDATE payment SET state = $2, checkout_id = coalesce($3, checkout_id), ended_at = $4 WHERE id = $1",
        payment_id,
        state.value,
        checkout_id,
        now,
    )


async def list_recent(connection: Connection, account_id: str, first: int) -> list[Payment]:
    """An account's payments, newest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM payment WHERE account_id = $1 ORDER BY id DESC LIMIT $2",  # noqa: S608 - a constant
        account_id,
        first,
    )
    return [_payment(row) for row in rows]


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
    )
