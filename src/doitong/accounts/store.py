"""The only SQL of accounts. Functions work inside the caller's transaction.

An account is one row here, one of counters (`account_usage`) and one of credits (`ledger_balance`); the three
are born together and stay.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from doitong.accounts.model import Account, SigningSecrets
from doitong.core.ids import AFTER_EVERY_ID
from doitong.db.pool import Connection, Row


async def insert_account(connection: Connection, account: Account, signing_secret: str) -> None:
    """Write a new account and its row of counters."""
    await connection.execute(
        """
        INSERT INTO account (id, name, email, plan, limits, language, signing_secret, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        account.id,
        account.name,
        account.email,
        account.plan,
        dict(account.limits),
        account.language,
        signing_secret,
        account.created_at,
    )
    await connection.execute("INSERT INTO account_usage (account_id) VALUES ($1)", account.id)


async def find_account(connection: Connection, account_id: str) -> Account | None:
    row = await connection.fetchrow("SELECT * FROM account WHERE id = $1", account_id)
    return None if row is None else to_account(row)


async def find_by_name(connection: Connection, name: str) -> Account | None:
    """The oldest account of that name."""
    row = await connection.fetchrow("SELECT * FROM account WHERE name = $1 ORDER BY id LIMIT 1", name)
    return None if row is None else to_account(row)


async def list_accounts(connection: Connection, *, first: int, before: str | None) -> list[Account]:
    """Up to `first` accounts with ids below `before`, newest first."""
    rows = await connection.fetch(
        "SELECT * FROM account WHERE id < $1 ORDER BY id DESC LIMIT $2", before or AFTER_EVERY_ID, first
    )
    return [to_account(row) for row in rows]


async def update_plan(connection: Connection, account_id: str, plan: str, limits: Mapping[str, Any]) -> Account | None:
    row = await connection.fetchrow(
        "UPDATE account SET plan = $2, limits = $3 WHERE id = $1 RETURNING *", account_id, plan, dict(limits)
    )
    return None if row is None else to_account(row)


async def update_language(connection: Connection, account_id: str, language: str) -> Account | None:
    row = await connection.fetchrow("UPDATE account SET language = $2 WHERE id = $1 RETURNING *", account_id, language)
    return None if row is None else to_account(row)


async def update_disabled(connection: Connection, account_id: str, disabled_at: datetime | None) -> Account | None:
    """Disable an account, keeping the first moment when it is disabled already; enable it with None."""
    row = await connection.fetchrow(
        """
        UPDATE account
        SET disabled_at = CASE WHEN $2::timestamptz IS NULL THEN NULL ELSE coalesce(disabled_at, $2) END
        WHERE id = $1 RETURNING *
        """,
        account_id,
        disabled_at,
    )
    return None if row is None else to_account(row)


async def rotate_signing_secret(
    connection: Connection, account_id: str, secret: str, previous_until: datetime
) -> SigningSecrets | None:
    """Replace the secret; the one before stays valid until `previous_until`."""
    row = await connection.fetchrow(
        """
        UPDATE account
        SET signing_secret = $2, previous_signing_secret = signing_secret, previous_secret_until = $3
        WHERE id = $1 RETURNING signing_secret, previous_signing_secret, previous_secret_until
        """,
        account_id,
        secret,
        previous_until,
    )
    return None if row is None else _secrets(row)


async def find_signing_secrets(connection: Connection, account_id: str) -> SigningSecrets | None:
    row = await connection.fetchrow(
        "SELECT signing_secret, previous_signing_secret, previous_secret_until FROM account WHERE id = $1",
        account_id,
    )
    return None if row is None else _secrets(row)


def to_account(row: Row) -> Account:
    return Account(
        id=row["id"],
        name=row["name"],
        plan=row["plan"],
        email=row["email"],
        language=row["language"],
        limits=row["limits"],
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
    )


def _secrets(row: Row) -> SigningSecrets:
    return SigningSecrets(*row)
