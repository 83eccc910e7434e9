"""Migrated databases for tests, each as new when it is handed out.

Making one costs some 0.2 s of the processor and emptying one a thirtieth of that, so a database that a test gives back
is emptied and used again, unless the test changed its schema, filled it with many rows, or still has it open. What
empties it stays connected: a new connection would read the whole catalogue first, three times the work of emptying.
"""

import asyncio
from uuid import uuid4

import asyncpg

from doitong.db.migrate import migrate

TEMPLATE = "doitong_template"
ROWS_MAXIMUM = 2000  # more leave dead rows that later tests would wade through

# what a change of the schema leaves behind in the catalogue; counting and vacuuming change nothing of it
_SCHEMA = """
SELECT ARRAY(SELECT max(xmin::text::bigint) FROM pg_class UNION ALL SELECT max(xmin::text::bigint) FROM pg_attribute
    UNION ALL SELECT max(xmin::text::bigint) FROM pg_constraint UNION ALL SELECT max(xmin::text::bigint) FROM pg_trigger
    UNION ALL SELECT max(xmin::text::bigint) FROM pg_proc)
"""
_OPEN = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
# without triggers: what is append-only goes as well
_EMPTY = f"""
DO $$
DECLARE
    emptied regclass;
    found bigint;
    total bigint := 0;
BEGIN
    SET LOCAL session_replication_role = replica;
    SET LOCAL lock_timeout = '2s';
    FOR emptied IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('DELETE FROM %s', emptied);
        GET DIAGNOSTICS found = ROW_COUNT;
        total := total + found;
    END LOOP;
    IF total > {ROWS_MAXIMUM} THEN
        RAISE EXCEPTION '% rows', total;
    END IF;
    PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
END
$$
"""


def on_database(dsn: str, name: str) -> str:
    """`dsn` with another database's name."""
    return dsn.replace("@/postgres?", f"@/{name}?")


class Databases:
    """The databases of one run on one server."""

    def __init__(self, server: str, administrator: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._server, self._administrator = server, administrator
        self._spare: list[str] = []
        self._connections: dict[str, asyncpg.Connection[asyncpg.Record]] = {}
        self._schema: list[int] = []
        self._rows: dict[str, str] = {}  # of the tables that a migration fills, as JSON

    async def prepare(self) -> None:
        """Make the template, and note what is in it."""
        await self._administrator.execute(f"CREATE DATABASE {TEMPLATE}")
        await migrate(on_database(self._server, TEMPLATE))
        connection = await asyncpg.connect(on_database(self._server, TEMPLATE))
        try:
            self._schema = await connection.fetchval(_SCHEMA)
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (name,) in tables:
                rows = await connection.fetchval(f"SELECT json_agg(filled)::text FROM {name} AS filled")
                if rows is not None:
                    self._rows[name] = rows
        finally:
            await connection.close()

    async def take(self) -> str:
        """A database's name."""
        if self._spare:
            return self._spare.pop()
        name = f"test_{uuid4().hex}"
        await self._administrator.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return name

    async def give_back(self, name: str) -> None:
        if await self._renew(name):
            self._spare.append(name)
            return
        if name in self._connections:
            await self._connections.pop(name).close()
        await self._administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def close(self) -> None:
        """Let go of the databases; they end with their server."""
        for connection in self._connections.values():
            await connection.close()

    async def _connection(self, name: str) -> "asyncpg.Connection[asyncpg.Record]":
        if name not in self._connections or self._connections[name].is_closed():
            self._connections[name] = await asyncpg.connect(on_database(self._server, name))
        return self._connections[name]

    async def _renew(self, name: str) -> bool:
        """Make a database as new; False where that cannot be had by emptying it."""
        try:
            connection = await self._connection(name)
            if not await _is_alone(connection) or await connection.fetchval(_SCHEMA) != self._schema:
                return False
            async with connection.transaction():
                await connection.execute(_EMPTY)
                for table, rows in self._rows.items():
                    await connection.execute(
                        f"INSERT INTO {table} OVERRIDING SYSTEM VALUE"
                        f" SELECT * FROM json_populate_recordset(NULL::{table}, $1)",
                        rows,
                    )
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False  # too many rows, locked by who has not gone, or the server was not there: a new one is made
        return True


async def _is_alone(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    """Whether nobody else has the database open: the server needs a moment to see who has gone."""
    for _ in range(10):
        if not await connection.fetchval(_OPEN):
            return True
        await asyncio.sleep(0.01)
    return False
