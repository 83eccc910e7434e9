"""The only SQL of shares, beside their end with a deleted generation. Functions work in the caller's transaction."""

from doitong.db.pool import Connection, Row
from doitong.sharing.model import Share


async def insert(connection: Connection, share: Share) -> None:
    await connection.execute(
        "INSERT INTO share (generation_id, token, account_id, created_at) VALUES ($1, $2, $3, $4)",
        share.generation_id,
        share.token,
        share.account_id,
        share.created_at,
    )


async def find(connection: Connection, account_id: str, generation_id: str) -> Share | None:
    row = await connection.fetchrow(
        "SELECT * FROM share WHERE generation_id = $1 AND account_id = $2", generation_id, account_id
    )
    return None if row is None else _share(row)


async def find_open(connection: Connection, token: str) -> Share | None:
    """The share behind a token, while its account is open."""
    row = await connection.fetchrow(
        "SELECT share.* FROM share JOIN account ON account.id = share.account_id"
        " WHERE token = $1 AND account.disabled_at IS NULL",
        token,
    )
    return None if row is None else _share(row)


async def delete(connection: Connection, account_id: str, generation_id: str) -> bool:
    """False when there was none."""
    result = await connection.execute(
        "DELETE FROM share WHERE generation_id = $1 AND account_id = $2", generation_id, account_id
    )
    return result == "DELETE 1"


def _share(row: Row) -> Share:
    return Share(row["generation_id"], row["token"], row["account_id"], row["created_at"])
