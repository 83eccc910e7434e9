"""The only SQL of alerts. Functions work inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from doitong.alerts.model import Alert, Fired, Recipient
from doitong.db.pool import Connection


async def list_alerts(connection: Connection, account_id: str) -> list[Alert]:
    """The highest threshold first."""
    rows = await connection.fetch(
        "SELECT threshold, created_at, fired_at FROM credit_alert WHERE account_id = $1 ORDER BY threshold DESC",
        account_id,
    )
    return [Alert(*row) for row in rows]


async def lock_thresholds(connection: Connection, account_id: str) -> list[int]:
    """What is there, the highest first; until the transaction ends nobody else changes it."""
    await connection.execute("SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE", account_id)
    return [alert.threshold for alert in await list_alerts(connection, account_id)]


async def replace_alerts(connection: Connection, account_id: str, thresholds: Sequence[int], now: datetime) -> None:
    """Have these thresholds and no others; one that was there keeps whether it has fired."""
    await connection.execute(
        "DELETE FROM credit_alert WHERE account_id = $1 AND threshold <> ALL ($2::bigint[])",
        account_id,
        list(thresholds),
    )
    await connection.execute(
        """
        INSERT INTO credit_alert (account_id, threshold, created_at) SELECT $1, unnest($2::bigint[]), $3
        ON CONFLICT (account_id, threshold) DO NOTHING
        """,
        account_id,
        list(thresholds),
        now,
    )


async def list_due(connection: Connection, limit: int) -> list[tuple[str, int]]:
    """Alerts that may have to be told: (account, threshold)."""
    rows = await connection.fetch(
        """
        SELECT alert.account_id, alert.threshold
        FROM credit_alert AS alert JOIN ledger_balance AS balance USING (account_id)
        WHERE alert.fired_at IS NULL AND balance.available < alert.threshold
        ORDER BY alert.account_id, alert.threshold DESC LIMIT $1
        """,
        limit,
    )
    return [(row["account_id"], row["threshold"]) for row in rows]


async def fire(connection: Connection, account_id: str, threshold: int, now: datetime) -> Fired | None:
    """Mark an alert as told; None when somebody else did, or credits came. Of many at once, one gets it."""
    row = await connection.fetchrow(
        """
        UPDATE credit_alert AS alert SET fired_at = $3 FROM ledger_balance AS balance, account
        WHERE alert.account_id = $1 AND alert.threshold = $2 AND alert.fired_at IS NULL
            AND balance.account_id = alert.account_id AND balance.available < alert.threshold
            AND account.id = alert.account_id
        RETURNING account.id, account.name, alert.threshold, balance.available, balance.held
        """,
        account_id,
        threshold,
        now,
    )
    return None if row is None else Fired(*row)


async def rearm(connection: Connection) -> None:
    """Alerts whose account has as many credits again are told anew the next time."""
    await connection.execute(
        """
        UPDATE credit_alert AS alert SET fired_at = NULL FROM ledger_balance AS balance
        WHERE alert.fired_at IS NOT NULL AND balance.account_id = alert.account_id
            AND balance.available >= alert.threshold
        """
    )


async def list_owners(connection: Connection, account_id: str) -> list[Recipient]:
    """Who is told by mail: owners whose address is proven."""
    rows = await connection.fetch(
        """
        SELECT member.email, member.language FROM membership JOIN member ON member.id = membership.member_id
        WHERE membership.account_id = $1 AND membership.role = 'owner' AND member.verified_at IS NOT NULL
        ORDER BY member.id
        """,
        account_id,
    )
    return [Recipient(row["email"], row["language"]) for row in rows]
