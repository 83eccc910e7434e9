"""Stored answers by account and key. Read and written under the account's lock, so a key has one winner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from doitong.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Record:
    """One accepted request and its answer."""

    account_id: str
    key: str
    fingerprint: bytes
    generation_id: str
    answer: dict[str, Any]
    created_at: datetime


async def find_records(
    connection: Connection, keys: Sequence[tuple[str, str]], kept_since: datetime
) -> dict[tuple[str, str], Record]:
    """The records of these (account, key) pairs that are not older than `kept_since`."""
    if not keys:
        return {}
    rows = await connection.fetch(
        """
        SELECT i.* FROM unnest($1::text[], $2::text[]) AS wanted (account_id, key)
        JOIN idempotency i ON i.account_id = wanted.account_id AND i.key = wanted.key
        WHERE i.created_at > $3
        """,
        [account_id for account_id, _ in keys],
        [key for _, key in keys],
        kept_since,
    )
    return {(row["account_id"], row["key"]): Record(**dict(row)) for row in rows}


async def save_records(connection: Connection, records: Sequence[Record]) -> None:
    """Store answers; an expired record of the same key is replaced."""
    if not records:
        return
    await connection.executemany(
        """
        INSERT INTO idempotency (account_id, key, fingerprint, generation_id, answer, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (account_id, key) DO UPDATE SET fingerprint = excluded.fingerprint,
            generation_id = excluded.generation_id, answer = excluded.answer, created_at = excluded.created_at
        """,
        [(r.account_id, r.key, r.fingerprint, r.generation_id, r.answer, r.created_at) for r in records],
    )


async def purge_records(connection: Connection, older_than: datetime, limit: int) -> int:
    """Delete at most `limit` expired records; returns how many."""
    result = await connection.execute(
        """
        DELETE FROM idempotency WHERE created_at <= $1 AND ctid IN  -- a key in new use meanwhile stays
            (SELECT ctid FROM idempotency WHERE created_at <= $1 ORDER BY created_at LIMIT $2)
        """,
        older_than,
        limit,
    )
    return int(result.rsplit(" ", 1)[-1])
