"""The only SQL of mails. Functions work inside the caller's transaction."""

from datetime import datetime, timedelta

from doitong.db.pool import Connection, Row
from doitong.mail.model import Kind, Mail, MailState


async def insert_mail(connection: Connection, mail: Mail) -> None:
    await connection.execute(
        """
        INSERT INTO mail (id, kind, recipient, language, subject, body_text, body_html, state, due_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
        """,
        mail.id,
        mail.kind,
        mail.recipient,
        mail.language,
        mail.subject,
        mail.body_text,
        mail.body_html,
        mail.state,
        mail.created_at,
    )


async def claim(connection: Connection, mail_id: str, now: datetime, until: datetime) -> Mail | None:
    """Take a due mail for a try until `until`: nobody else tries before. `attempts` is the claim's fence."""
    row = await connection.fetchrow(
        """
        UPDATE mail SET attempts = attempts + 1, due_at = $3
        WHERE id = $1 AND state = 'pending' AND due_at <= $2 RETURNING *
        """,
        mail_id,
        now,
        until,
    )
    return None if row is None else _mail(row)


async def due_at(connection: Connection, mail_id: str) -> datetime | None:
    """When a pending mail is to be looked at; None for one that has ended."""
    found: datetime | None = await connection.fetchval(
        "SELECT due_at FROM mail WHERE id = $1 AND state = 'pending'", mail_id
    )
    return found


async def end(connection: Connection, mail: Mail, state: MailState, error: str | None, now: datetime) -> bool:
    """End a claimed mail; its body is forgotten unless it is shown. False when another claim came after."""
    done = await connection.execute(
        """
        UPDATE mail SET state = $3, error = $4, ended_at = $5, due_at = NULL,
            body_text = CASE WHEN $3 = 'shown' THEN body_text ELSE '' END,
            body_html = CASE WHEN $3 = 'shown' THEN body_html ELSE '' END
        WHERE id = $1 AND attempts = $2 AND state = 'pending'
        """,
        mail.id,
        mail.attempts,
        state,
        error,
        now,
    )
    return bool(done == "UPDATE 1")


async def put_off(connection: Connection, mail: Mail, error: str, until: datetime) -> bool:
    """The next try is at `until`. False when another claim came after."""
    done = await connection.execute(
        "UPDATE mail SET error = $3, due_at = $4 WHERE id = $1 AND attempts = $2 AND state = 'pending'",
        mail.id,
        mail.attempts,
        error,
        until,
    )
    return bool(done == "UPDATE 1")


async def overdue(connection: Connection, before: datetime, limit: int) -> list[str]:
    """Pending mails that should have been looked at long ago."""
    rows = await connection.fetch(
        "SELECT id FROM mail WHERE state = 'pending' AND due_at < $1 ORDER BY due_at LIMIT $2", before, limit
    )
    return [row["id"] for row in rows]


async def list_latest(connection: Connection, limit: int) -> list[Mail]:
    rows = await connection.fetch("SELECT * FROM mail ORDER BY id DESC LIMIT $1", limit)
    return [_mail(row) for row in rows]


async def purge(connection: Connection, now: datetime, kept_for: timedelta, limit: int) -> None:
    """Delete at most `limit` mails that ended long ago."""
    await connection.execute(
        "DELETE FROM mail WHERE id IN (SELECT id FROM mail WHERE ended_at < $1 ORDER BY ended_at LIMIT $2)",
        now - kept_for,
        limit,
    )


def _mail(row: Row) -> Mail:
    return Mail(
        id=row["id"],
        kind=Kind(row["kind"]),
        recipient=row["recipient"],
        language=row["language"],
        subject=row["subject"],
        body_text=row["body_text"],
        body_html=row["body_html"],
        state=MailState(row["state"]),
        attempts=row["attempts"],
        created_at=row["created_at"],
        error=row["error"],
    )
