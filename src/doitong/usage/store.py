"""The only SQL of usage. Counting happens in the transaction of the end, under its account's counters."""

from datetime import date

from doitong.db.pool import Connection
from doitong.usage.model import End, Group, Outcome, Used

_COLUMNS = {
    Group.NONE: "''",
    Group.SERVICE: "service",
    Group.QUALITY: "quality",
    Group.KEY: "key_prefix",
    Group.ENGINE: "engine",
}


async def count_end(connection: Connection, end: End) -> None:
    """Count one ended generation into its day. The caller has locked the account's counters: days never deadlock."""
    await connection.execute(
        """
        INSERT INTO usage_day AS u (account_id, day, service, quality, key_prefix, engine,
            completed, failed, canceled, credits, seconds)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (account_id, day, service, quality, key_prefix, engine) DO UPDATE SET
            completed = u.completed + excluded.completed, failed = u.failed + excluded.failed,
            canceled = u.canceled + excluded.canceled, credits = u.credits + excluded.credits,
            seconds = u.seconds + excluded.seconds
        """,
        end.account_id,
        end.day,
        end.service,
        end.quality,
        end.key_prefix,
        end.engine,
        int(end.outcome is Outcome.COMPLETED),
        int(end.outcome is Outcome.FAILED),
        int(end.outcome is Outcome.CANCELED),
        end.credits,
        end.seconds,
    )


async def list_days(connection: Connection, account_id: str, since: date, until: date, group: Group) -> list[Used]:
    """Days from `since` up to and with `until` on which something ended, oldest first."""
    rows = await connection.fetch(
        f"""
        SELECT day, {_COLUMNS[group]} AS value, sum(completed)::bigint AS completed, sum(failed)::bigint AS failed,
            sum(canceled)::bigint AS canceled, sum(credits)::bigint AS credits, sum(seconds)::bigint AS seconds
        FROM usage_day WHERE account_id = $1 AND day BETWEEN $2 AND $3 GROUP BY 1, 2 ORDER BY 1, 2
        """,  # noqa: S608 - a constant column
        account_id,
        since,
        until,
    )
    return [Used(*row) for row in rows]
