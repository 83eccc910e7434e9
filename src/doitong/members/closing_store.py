"""The SQL of an account's end and of its export. Functions work inside the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from doitong.db.pool import Connection
from doitong.members.model import Member
from doitong.members.store import MEMBER, to_member

NAME_AFTERWARDS = "deleted account"

# what is exported of an account, page by page: file's name -> statement with ($1 account, $2 cursor, $3 rows).
# Never in it: digests and secrets of keys, of endpoints and of members.
EXPORTS: Mapping[str, str] = {
    "account": """
        SELECT id, name, email, plan, limits, language, created_at FROM account WHERE id = $1 AND id > $2 LIMIT $3""",
    "members": """
        SELECT member.id, member.email, member.name, member.language, membership.role, membership.created_at
        FROM membership JOIN member ON member.id = membership.member_id
        WHERE membership.account_id = $1 AND member.id > $2 ORDER BY member.id LIMIT $3""",
    "keys": """
        SELECT id, prefix, name, scopes, created_at, expires_at, revoked_at, last_used_at, monthly_budget
        FROM api_key WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3""",
    "generations": """
        SELECT id, kind, service, prompt, parameters, key_prefix, webhook_url, credit_cost, status, engine, metadata,
            error_code, created_at, started_at, completed_at
        FROM generation WHERE account_id = $1 AND id > $2 AND deleted_at IS NULL ORDER BY id LIMIT $3""",
    "statement": """
        SELECT lpad(id::text, 26, '0') AS id, kind, amount, available_after, held_after, generation_id, reason,
            created_at
        FROM ledger_transfer WHERE account_id = $1 AND id > ('0' || $2)::bigint ORDER BY ledger_transfer.id LIMIT $3""",
    "endpoints": """
        SELECT id, url, description, events, created_at, disabled_at, disabled_reason
        FROM endpoint WHERE account_id = $1 AND id > $2 AND deleted_at IS NULL ORDER BY id LIMIT $3""",
    "deliveries": """
        SELECT delivery.id, delivery.url, delivery.state, delivery.attempts, delivery.created_at, delivery.ended_at,
            event.type, event.generation_id
        FROM delivery JOIN event ON event.id = delivery.event_id
        WHERE delivery.account_id = $1 AND delivery.id > $2 ORDER BY delivery.id LIMIT $3""",
    "uploads": """
        SELECT id, media_type, bytes, width, height, sha256, created_at
        FROM upload WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3""",
    "audit": """
        SELECT id, actor_kind, actor_name, action, subject, details, created_at
        FROM audit WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3""",
}


async def read_page(connection: Connection, name: str, account_id: str, after: str, limit: int) -> list[dict[str, Any]]:
    """Up to `limit` rows of one export, after the cursor (the last row's id)."""
    return [dict(row) for row in await connection.fetch(EXPORTS[name], account_id, after, limit)]


async def has_running(connection: Connection, account_id: str) -> bool:
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT 1 FROM generation WHERE account_id = $1 AND status = 'processing')", account_id
    )
    return found


async def list_owners(connection: Connection, account_id: str) -> list[Member]:
    rows = await connection.fetch(
        f"""
        SELECT {MEMBER} FROM membership JOIN member ON member.id = membership.member_id
        WHERE membership.account_id = $1 AND membership.role = 'owner'
        """,  # noqa: S608 - a constant list of columns
        account_id,
    )
    return [to_member(row) for row in rows]


async def close_account(connection: Connection, account_id: str, now: datetime) -> None:
    """Revoke its keys, switch its endpoints off, end its sessions, memberships and invitations, blank its name."""
    for statement in (
        "UPDATE api_key SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL",
        """
        UPDATE endpoint SET disabled_at = $2, disabled_reason = 'by_customer'
        WHERE account_id = $1 AND disabled_at IS NULL
        """,
    ):
        await connection.execute(statement, account_id, now)
    await connection.execute(
        "UPDATE account SET name = $2, email = NULL, disabled_at = coalesce(disabled_at, $3) WHERE id = $1",
        *(account_id, NAME_AFTERWARDS, now),
    )
    await connection.execute("DELETE FROM session WHERE account_id = $1", account_id)
    await connection.execute("DELETE FROM member_token WHERE account_id = $1", account_id)


async def delete_members(connection: Connection, account_id: str) -> None:
    """End every membership; who has no other account, and is not the operator, is forgotten."""
    await connection.execute(
        """
        WITH gone AS (DELETE FROM membership WHERE account_id = $1 RETURNING member_id)
        DELETE FROM member WHERE id IN (SELECT member_id FROM gone) AND NOT is_operator
            AND NOT EXISTS (SELECT 1 FROM membership WHERE member_id = member.id AND account_id <> $1)
        """,
        account_id,
    )


async def erase_generations(connection: Connection, account_id: str, now: datetime, limit: int) -> list[str]:
    """Hide up to `limit` ended generations and forget their words; their ids, for their files to be removed."""
    rows = await connection.fetch(
        """
        WITH chosen AS (
            SELECT id FROM generation WHERE account_id = $1 AND deleted_at IS NULL AND status <> 'processing'
            ORDER BY id LIMIT $3 FOR UPDATE
        ), unshared AS (DELETE FROM share WHERE generation_id IN (SELECT id FROM chosen))
        UPDATE generation SET deleted_at = $2, prompt = '', webhook_url = NULL, fence = fence + 1
        FROM chosen WHERE generation.id = chosen.id RETURNING generation.id
        """,
        *(account_id, now, limit),
    )
    return [row["id"] for row in rows]


async def list_uploads(connection: Connection, account_id: str, limit: int) -> list[str]:
    rows = await connection.fetch("SELECT id FROM upload WHERE account_id = $1 ORDER BY id LIMIT $2", account_id, limit)
    return [row["id"] for row in rows]


async def delete_uploads(connection: Connection, upload_ids: list[str]) -> None:
    await connection.execute("DELETE FROM upload WHERE id = ANY ($1)", upload_ids)
