"""The only SQL of the audit log. Rows are written in the transaction of what they tell of, and never changed."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from doitong.audit.model import Actor, ActorKind, Entry, EntryFilter
from doitong.audit.rules import check_action
from doitong.core.ids import RandomBits, new_id
from doitong.db.pool import Connection, Row


async def record(
    connection: Connection,
    account_id: str | None,
    actor: Actor,
    action: str,
    subject: str | None,
    details: Mapping[str, Any],
    now: datetime,
    random_bits: RandomBits = secrets.randbits,
) -> None:
    """Note a change inside the caller's transaction. `details` are JSON values and never hold a secret."""
    check_action(action)
    await connection.execute(
        """
        INSERT INTO audit (id, account_id, actor_kind, actor_id, actor_name, action, subject, details, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        new_id(now, random_bits),
        account_id,
        actor.kind.value,
        actor.id,
        actor.name,
        action,
        subject,
        dict(details),
        now,
    )


async def list_entries(
    connection: Connection, account_id: str | None, wanted: EntryFilter, first: int, before: str | None
) -> list[Entry]:
    """Up to `first` entries, newest first, older than `before`: of one account, or with None of all."""
    conditions: list[str] = []
    values: list[Any] = []

    def narrow(condition: str, value: Any) -> None:
        if value is not None:
            values.append(value)
            conditions.append(condition.replace("?", f"${len(values)}"))

    narrow("account_id = ?", account_id)
    narrow("id < ?", before)
    narrow("(actor_id = ? OR starts_with(lower(actor_name), lower(?)) OR actor_kind = ?)", wanted.actor)
    narrow("action = ?" if "." in (wanted.action or "") else "starts_with(action, ? || '.')", wanted.action)
    narrow("subject = ?", wanted.subject)
    narrow("created_at >= ?", wanted.since)
    narrow("created_at < ?", wanted.until)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = await connection.fetch(
        f"SELECT * FROM audit {where} ORDER BY id DESC LIMIT {int(first)}",  # noqa: S608 - constants only
        *values,
    )
    return [_entry(row) for row in rows]


def _entry(row: Row) -> Entry:
    return Entry(
        id=row["id"],
        account_id=row["account_id"],
        actor=Actor(ActorKind(row["actor_kind"]), row["actor_id"], row["actor_name"]),
        action=row["action"],
        subject=row["subject"],
        created_at=row["created_at"],
        details=row["details"],
    )
