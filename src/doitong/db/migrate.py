"""The schema: our own migrations (pogo) and the queue's tables (PGQueuer), brought up to date.

Safe when many processes start at once (one advisory lock), and one query when there is nothing to do.
"""

import logging
from importlib.metadata import version
from pathlib import Path

import asyncpg

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEMA = "public"
LOCK = 0x646F69746F6E67  # "doitong"
QUEUE_VERSION = "queue_schema"  # the row of `installation` that names the PGQueuer our tables were made by

_STATE = """
    SELECT array(SELECT migration_id::text FROM public._pogo_migration WHERE schema_name = $1) AS applied,
           (SELECT value FROM public.installation WHERE name = $2) AS queue
"""


async def migrate(dsn: str) -> bool:
    """Bring the database up to date; False when it was already.

    Raises OSError or asyncpg.PostgresError, or pogo_core.error.BadMigrationError for a migration that fails:
    each is applied in one transaction with its record, so that it happened or did not.
    """
    connection = await asyncpg.connect(dsn)
    try:
        if await is_current(connection):
            return False
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        if await is_current(connection):
            return False
        await _apply_ours(connection)
        await _apply_queue(connection)
        return True
    finally:
        await connection.close()  # the lock goes with it


async def check(dsn: str) -> bool:
    """Whether the database has the schema of this version."""
    connection = await asyncpg.connect(dsn)
    try:
        return await is_current(connection)
    finally:
        await connection.close()


async def is_current(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    """The same, on a connection that is there already."""
    try:
        state = await connection.fetchrow(_STATE, SCHEMA, QUEUE_VERSION)
    except asyncpg.UndefinedTableError:
        return False
    assert state is not None
    expected = {path.stem for path in MIGRATIONS.glob("*.sql")}
    return expected <= set(state["applied"]) and state["queue"] == version("pgqueuer")


async def _apply_ours(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    from pogo_core.util import migrate as pogo  # noqa: PLC0415 (slow to import, seldom needed)

    quiet = logging.getLogger(__name__)
    quiet.setLevel(logging.ERROR)  # pogo warns of every migration that it applies
    await pogo.apply(connection, MIGRATIONS, schema_name=SCHEMA, logger=quiet)


async def _apply_queue(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """The queue's tables, durable whatever PGQUEUER_* says, since a job is a promise."""
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver  # noqa: PLC0415
    from pgqueuer.domain.settings import Durability, db_settings  # noqa: PLC0415
    from pgqueuer.queries import Queries  # noqa: PLC0415

    queries = Queries(AsyncpgDriver(connection))
    settings = db_settings()
    if settings.durability is not Durability.durable:
        raise ValueError("The queue's tables must be durable: unset PGQUEUER_DURABILITY.")
    if await queries.schema_is_installed():
        await queries.apply_upgrade()
    else:
        async with connection.transaction():
            await queries.install()
    await connection.execute(
        "INSERT INTO installation (name, value) VALUES ($1, $2)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        QUEUE_VERSION,
        version("pgqueuer"),
    )
