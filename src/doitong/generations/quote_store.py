"""The only SQL of quotes: binding prices, kept a day past their end."""

from datetime import datetime

from doitong.db.pool import Connection
from doitong.generations.model import Quote


async def insert_quote(connection: Connection, account_id: str, quote: Quote) -> None:
    await connection.execute(
        "INSERT INTO quote (id, account_id, terms, credits, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        quote.id,
        account_id,
        dict(quote.terms),
        quote.credits,
        quote.created_at,
        quote.expires_at,
    )


async def find_quote(connection: Connection, account_id: str, quote_id: str) -> Quote | None:
    row = await connection.fetchrow(
        "SELECT id, credits, terms, created_at, expires_at FROM quote WHERE id = $1 AND account_id = $2",
        quote_id,
        account_id,
    )
    return Quote(**dict(row)) if row else None


async def purge_quotes(connection: Connection, expired_before: datetime, limit: int) -> None:
    """Delete at most `limit` quotes that expired before that moment, oldest first."""
    await connection.execute(
        """
        DELETE FROM quote WHERE expires_at < $1 AND id IN (SELECT id FROM quote ORDER BY id LIMIT $2)
        """,
        expired_before,
        limit,
    )
