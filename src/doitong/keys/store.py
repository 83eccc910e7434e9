"""The only SQL of API keys. Functions work inside the caller's transaction; no function sees a whole key."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from doitong.core.ids import AFTER_EVERY_ID
from doitong.db.pool import Connection, Row
from doitong.keys.model import ApiKey, Credential

# $1 prefixes, $2 moments, $3 the least pause. Rows that another process writes just now are skipped: its
# moment is as good as ours, and nobody waits.
_SAVE_LAST_USED = """
WITH used AS MATERIALIZED (
    SELECT prefix, moment FROM unnest($1::text[], $2::timestamptz[]) AS used (prefix, moment)
), due AS MATERIALIZED (
    SELECT key.id, used.moment FROM api_key AS key JOIN used USING (prefix)
    WHERE key.last_used_at IS NULL OR key.last_used_at <= used.moment - $3::interval
    ORDER BY key.id FOR NO KEY UPDATE OF key SKIP LOCKED
)
UPDATE api_key SET last_used_at = due.moment FROM due WHERE api_key.id = due.id
"""


async def insert_key(connection: Connection, key: ApiKey, digest: bytes) -> bool:
    """Write a new key; False when its prefix is taken."""
    written = await connection.fetchval(
        """
        INSERT INTO api_key (id, account_id, prefix, digest, name, scopes, created_at, expires_at, family,
            monthly_budget)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (prefix) DO NOTHING RETURNING true
        """,
        key.id,
        key.account_id,
        key.prefix,
        digest,
        key.name,
        sorted(key.scopes),
        key.created_at,
        key.expires_at,
        key.family,
        key.monthly_budget,
    )
    return written is not None


async def find_credential(connection: Connection, prefix: str) -> Credential | None:
    """A key with its account, in one round trip: what authentication needs."""
    row = await connection.fetchrow(
        """
        SELECT key.*, account.plan, account.limits, account.language,
               account.disabled_at IS NOT NULL AS is_account_disabled
        FROM api_key AS key JOIN account ON account.id = key.account_id WHERE key.prefix = $1
        """,
        prefix,
    )
    if row is None:
        return None
    return Credential(
        key=_key(row),
        digest=row["digest"],
        plan=row["plan"],
        limits=row["limits"],
        language=row["language"],
        is_account_disabled=row["is_account_disabled"],
    )


async def is_account(connection: Connection, account_id: str) -> bool:
    return await connection.fetchval("SELECT true FROM account WHERE id = $1", account_id) is not None


async def find_acting(connection: Connection, account_id: str, prefix: str) -> ApiKey | None:
    """The key of this account that acts, as it is now."""
    row = await connection.fetchrow("SELECT * FROM api_key WHERE prefix = $1 AND account_id = $2", prefix, account_id)
    return None if row is None else _key(row)


async def find_key(connection: Connection, account_id: str, key_id: str) -> ApiKey | None:
    row = await connection.fetchrow("SELECT * FROM api_key WHERE id = $1 AND account_id = $2", key_id, account_id)
    return None if row is None else _key(row)


async def lock_key(connection: Connection, account_id: str, key_id: str) -> ApiKey | None:
    """A key of this account, locked until the transaction ends."""
    row = await connection.fetchrow(
        "SELECT * FROM api_key WHERE id = $1 AND account_id = $2 FOR UPDATE", key_id, account_id
    )
    return None if row is None else _key(row)


async def list_keys(connection: Connection, account_id: str, *, first: int, before: str | None) -> list[ApiKey]:
    """Up to `first` keys of an account with ids below `before`, newest first."""
    rows = await connection.fetch(
        """
        SELECT * FROM api_key WHERE account_id = $1 AND id < $2
        ORDER BY id DESC LIMIT $3
        """,
        account_id,
        before or AFTER_EVERY_ID,
        first,
    )
    return [_key(row) for row in rows]


async def revoke_key(connection: Connection, key_id: str, now: datetime) -> ApiKey:
    """Revoke a locked key; one that is revoked keeps its moment."""
    row = await connection.fetchrow(
        "UPDATE api_key SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING *", key_id, now
    )
    assert row is not None
    return _key(row)


async def set_expiry(connection: Connection, key_id: str, expires_at: datetime) -> None:
    await connection.execute("UPDATE api_key SET expires_at = $2 WHERE id = $1", key_id, expires_at)


async def set_name(connection: Connection, key_id: str, name: str) -> None:
    await connection.execute("UPDATE api_key SET name = $2 WHERE id = $1", key_id, name)


async def save_last_used(connection: Connection, moments: Mapping[str, datetime], least_pause: timedelta) -> None:
    """Write when keys (by prefix) were used, where what is written is older by `least_pause`."""
    await connection.execute(_SAVE_LAST_USED, list(moments), list(moments.values()), least_pause)


def _key(row: Row) -> ApiKey:
    return ApiKey(
        id=row["id"],
        account_id=row["account_id"],
        prefix=row["prefix"],
        name=row["name"],
        scopes=frozenset(row["scopes"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        last_used_at=row["last_used_at"],
        family=row["family"],
        monthly_budget=row["monthly_budget"],
    )
