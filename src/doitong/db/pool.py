"""The connection pool and the one place that commits.

A use case opens one `transaction()`, hands the connection to the stores it needs, and is committed when the
block ends without an exception. Reads that need no transaction use `reading()`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:  # asyncpg's classes are generic only for the type checker
    Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Row = asyncpg.Record

# what a statement raises while the database is away or refuses it
DATABASE_ERRORS: tuple[type[Exception], ...] = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
# of these, what says that the next statement would fare no better
DATABASE_AWAY: tuple[type[Exception], ...] = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
)
CONNECT_TIMEOUT_SECONDS = 10
COMMAND_TIMEOUT_SECONDS = 30


async def prepare_connection(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Every connection reads and writes jsonb as Python values."""
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_jsonb, decoder=_decode_jsonb, format="binary"
    )


def _encode_jsonb(value: Any) -> bytes:
    """A string is JSON already: PGQueuer encodes its own, and no column of ours holds a bare JSON string."""
    return b"\x01" + (value.encode() if isinstance(value, str) else orjson.dumps(value))


def _decode_jsonb(data: bytes) -> Any:
    return orjson.loads(data[1:])


async def _keep_session(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Nothing to reset: no use case leaves state in a session. Saves a round trip at every release."""


class Database:
    """A pool of connections to one database."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", dsn: str) -> None:
        self.pool = pool
        self.dsn = dsn

    @classmethod
    async def connect(cls, dsn: str, *, max_connections: int = 10) -> "Database":
        """Open the pool. Raises OSError or asyncpg.PostgresError when the server does not answer."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=max_connections,
            init=prepare_connection,
            timeout=CONNECT_TIMEOUT_SECONDS,
            command_timeout=COMMAND_TIMEOUT_SECONDS,
            reset=_keep_session,
            # planned once a connection, not anew for each call: docs/decisions/0014
            server_settings={"application_name": "doitong", "jit": "off", "plan_cache_mode": "force_generic_plan"},
        )
        return cls(pool, dsn)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One READ COMMITTED transaction: committed at the end of the block, rolled back on an exception."""
        async with self.pool.acquire() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection for single statements that change nothing."""
        async with self.pool.acquire() as connection:
            yield connection

    async def close(self) -> None:
        await self.pool.close()
