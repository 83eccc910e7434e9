"""The SQL of sessions and of tries that failed. Functions work inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from doitong.db.pool import Connection, Row
from doitong.members.model import Session


async def insert_session(connection: Connection, session: Session, digest: bytes) -> None:
    await connection.execute(
        """
        INSERT INTO session
            (id, digest, member_id, account_id, created_at, last_seen_at, expires_at, address, agent)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        *(session.id, digest, session.member_id, session.account_id, session.created_at, session.last_seen_at),
        *(session.expires_at, session.address, session.agent),
    )


async def note_seen(connection: Connection, session_id: str, now: datetime, expires_at: datetime) -> None:
    await connection.execute(
        "UPDATE session SET last_seen_at = $2, expires_at = $3 WHERE id = $1", session_id, now, expires_at
    )


async def list_sessions(connection: Connection, member_id: str, now: datetime) -> list[Session]:
    """The sessions that have not expired, latest seen first."""
    rows = await connection.fetch(
        "SELECT * FROM session WHERE member_id = $1 AND expires_at > $2 ORDER BY last_seen_at DESC, id LIMIT 100",
        member_id,
        now,
    )
    return [to_session(row) for row in rows]


async def set_account(connection: Connection, session_id: str, account_id: str) -> None:
    await connection.execute("UPDATE session SET account_id = $2 WHERE id = $1", session_id, account_id)


async def delete_session(connection: Connection, member_id: str, session_id: str) -> bool:
    done = await connection.execute("DELETE FROM session WHERE id = $2 AND member_id = $1", member_id, session_id)
    return bool(done == "DELETE 1")


async def delete_by_digest(connection: Connection, digest: bytes) -> None:
    await connection.execute("DELETE FROM session WHERE digest = $1", digest)


async def delete_others(connection: Connection, member_id: str, kept: str | None) -> int:
    """End a member's sessions but one; the number."""
    done = await connection.execute(
        "DELETE FROM session WHERE member_id = $1 AND id IS DISTINCT FROM $2", member_id, kept
    )
    return int(done.rpartition(" ")[2])


async def delete_of_membership(connection: Connection, account_id: str, member_id: str) -> None:
    """End a member's sessions that look at an account they no longer belong to."""
    await connection.execute("DELETE FROM session WHERE account_id = $1 AND member_id = $2", account_id, member_id)


# tries


async def note_failure(connection: Connection, subjects: Sequence[str], now: datetime) -> None:
    await connection.execute(
        "INSERT INTO sign_in_failure (subject, created_at) SELECT unnest($1::text[]), $2", list(subjects), now
    )


async def list_failures(connection: Connection, subject: str, since: datetime, most: int) -> list[datetime]:
    """The latest ones, newest first."""
    rows = await connection.fetch(
        "SELECT created_at FROM sign_in_failure WHERE subject = $1 AND created_at > $2 ORDER BY created_at DESC"
        " LIMIT $3",
        *(subject, since, most),
    )
    return [row["created_at"] for row in rows]


async def lock_subjects(connection: Connection, subjects: Sequence[str]) -> None:
    """Let tries on the same subjects be counted one after another, until the end of the transaction."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('tries ' || subject, 0))"
        " FROM (SELECT unnest($1::text[]) AS subject ORDER BY 1) AS sorted",
        list(subjects),
    )


async def forget_failures(connection: Connection, subject: str) -> None:
    await connection.execute("DELETE FROM sign_in_failure WHERE subject = $1", subject)


async def forget_failure(connection: Connection, subject: str, moment: datetime) -> None:
    """One try of that moment was none; of several, any of them."""
    await connection.execute(
        "DELETE FROM sign_in_failure WHERE ctid ="
        " (SELECT ctid FROM sign_in_failure WHERE subject = $1 AND created_at = $2 LIMIT 1)",
        *(subject, moment),
    )


async def purge(connection: Connection, now: datetime, failures_before: datetime, limit: int) -> None:
    """Delete what has expired, a bounded number of rows of each kind."""
    for table, column, before in (
        ("session", "expires_at", now),
        ("sign_up", "expires_at", now),
        ("member_token", "expires_at", now),
        ("sign_in_failure", "created_at", failures_before),
    ):
        await connection.execute(
            f"DELETE FROM {table} WHERE ctid IN"  # noqa: S608 - names of the table above
            f" (SELECT ctid FROM {table} WHERE {column} < $1 ORDER BY {column} LIMIT $2)",
            before,
            limit,
        )


def to_session(row: Row) -> Session:
    return Session(
        id=row["id"],
        member_id=row["member_id"],
        account_id=row["account_id"],
        created_at=row["created_at"],
        last_seen_at=row["last_seen_at"],
        expires_at=row["expires_at"],
        address=row["address"],
        agent=row["agent"],
    )
