"""A real PostgreSQL for the whole run, and a fresh migrated database for each test that asks for one."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from doitong.core.clock import SteppedClock
from doitong.db.embedded import EmbeddedPostgres
from doitong.db.migrate import migrate
from doitong.db.pool import Database

pytest_plugins = ["tests.system"]

TEMPLATE = "doitong_template"

# The files that take longest, longest first: in a parallel run they begin first, so that none is left alone at the end.
LONGEST = (
    "platform/test_up.py",
    "e2e/test_film.py",
    "runway/test_failures.py",
    "runway/test_steps.py",
    "runway/test_operation.py",
    "runway/test_kills.py",
    "runway/test_table.py",
    "runway/test_engine.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's own order stays as it is. Needs `--no-loadscope-reorder`, or the files with most tests go first."""
    tests = Path(__file__).parent
    places = {str(tests / name): place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(str(item.path), len(LONGEST)))


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The DSN of the run's own server."""
    folder = Path(tempfile.mkdtemp(prefix="doitong-test-"))
    folder.chmod(0o755)  # as root, the database's own user walks through it
    embedded = EmbeddedPostgres(folder)
    try:
        yield embedded.start()
    finally:
        embedded.stop()
        shutil.rmtree(folder)


def on_database(dsn: str, name: str) -> str:
    """`dsn` with another database's name."""
    return dsn.replace("@/postgres?", f"@/{name}?")


@pytest.fixture(scope="session")
async def administrator(server: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection that makes and drops databases, with the migrated template at hand."""
    connection = await asyncpg.connect(server)
    await connection.execute("ALTER SYSTEM SET fsync = off")  # hundreds of databases are made, and no disk fails here
    await connection.execute("SELECT pg_reload_conf()")
    await connection.execute(f"CREATE DATABASE {TEMPLATE}")
    await migrate(on_database(server, TEMPLATE))
    yield connection
    await connection.close()


@pytest.fixture
async def dsn(server: str, administrator: "asyncpg.Connection[asyncpg.Record]") -> AsyncIterator[str]:
    """A fresh migrated database of the test's own."""
    name = f"test_{uuid4().hex}"
    await administrator.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield on_database(server, name)
    await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    opened = await Database.connect(dsn)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(datetime(2026, 1, 15, 12, 0, tzinfo=UTC))
