"""The only SQL of moderation: strikes."""

from datetime import datetime

from doitong.db.pool import Connection


async def add_strike(connection: Connection, account_id: str, generation_id: str, now: datetime) -> None:
    """Note that an engine refused a generation for its content; once for each."""
    await connection.execute(
        "INSERT INTO strike (generation_id, account_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        generation_id,
        account_id,
        now,
    )


async def count_strikes(connection: Connection, account_id: str, since: datetime) -> int:
    count: int = await connection.fetchval(
        "SELECT count(*) FROM strike WHERE account_id = $1 AND created_at > $2", account_id, since
    )
    return count
