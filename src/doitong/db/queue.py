"""The job queue: PGQueuer on our own connection, so that a job is committed with what it is about.

A job only says when to look at a row; the row is the truth. Payloads are ids, never state.
"""

from collections.abc import Sequence
from datetime import timedelta

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.queries import Queries

from doitong.db.pool import Connection

RENDER = "render"  # a ready generation of the render lane; payload: the id that caused it
SUBMIT = "submit"  # the same for the submit lane
STORE = "store"  # payload: generation id
CANCEL = "cancel"  # what a generation without a film may leave: a task, files; payload: generation id
DELETE = "delete"  # the files of a generation that its owner deleted; payload: generation id
ERASE = "erase"  # the films and pictures of an account that was deleted; payload: account id
DELIVER = "deliver"  # payload: delivery id
MAIL = "mail"  # payload: mail id

SOON = 1  # priority of what ends a generation: it goes before whatever begins one


async def enqueue(
    connection: Connection,
    entrypoint: str,
    ids: Sequence[str],
    *,
    delay: timedelta | None = None,
    priority: int = 0,
) -> None:
    """Queue one job an id inside the caller's transaction; `delay` defers the first look."""
    if not ids:
        return
    queries = Queries(AsyncpgDriver(connection))  # type: ignore[arg-type]  # a pool's proxy behaves as a connection
    await queries.enqueue(
        [entrypoint] * len(ids),
        [item.encode() for item in ids],
        [priority] * len(ids),
        [delay] * len(ids),
    )


async def enqueue_missing(connection: Connection, entrypoint: str, ids: Sequence[str]) -> None:
    """Queue looks for a sweep, where any job may look at any row: none when as many wait already."""
    if not ids:
        return
    waiting = await connection.fetchval(
        "SELECT count(*) FROM (SELECT 1 FROM pgqueuer WHERE entrypoint = $1 AND status = 'queued' LIMIT $2) q",
        entrypoint,
        len(ids),
    )
    await enqueue(connection, entrypoint, ids[waiting:])


async def enqueue_absent(connection: Connection, entrypoint: str, ids: Sequence[str], *, priority: int = 0) -> None:
    """Queue a job for each of these ids that has none, where a job is about one id alone."""
    if not ids:
        return
    rows = await connection.fetch(
        "SELECT payload FROM pgqueuer WHERE entrypoint = $1 AND payload = ANY ($2::bytea[])",
        entrypoint,
        [item.encode() for item in ids],
    )
    known = {row["payload"].decode() for row in rows}
    await enqueue(connection, entrypoint, [item for item in ids if item not in known], priority=priority)


LOG_KEPT = timedelta(days=1)


async def purge_log(connection: Connection, limit: int) -> None:
    """Delete at most `limit` rows of PGQueuer's own log of ended jobs that are older than a day."""
    await connection.execute(
        """
        DELETE FROM pgqueuer_log WHERE id IN
            (SELECT id FROM pgqueuer_log WHERE created < now() - $1::interval AND aggregated ORDER BY created LIMIT $2)
        """,
        LOG_KEPT,
        limit,
    )
