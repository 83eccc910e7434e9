"""A real PostgreSQL for the whole run, and a fresh migrated database for each test that asks for one."""

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from doitong.core.clock import SteppedClock
from doitong.db.embedded import EmbeddedPostgres
from doitong.db.pool import Database
from doitong.engines.scripted import engine as scripted
from doitong.media.model import Previews
from tests.databases import Databases, on_database

pytest_plugins = ["tests.system"]

# a machine that keeps no bytecode would compile everything again in each worker and in every process that a test starts
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

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


@pytest.fixture(scope="session")
async def administrator(server: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection that makes and drops databases."""
    connection = await asyncpg.connect(server)
    await connection.execute("ALTER SYSTEM SET fsync = off")  # hundreds of databases are made, and no disk fails here
    await connection.execute("SELECT pg_reload_conf()")
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def databases(server: str, administrator: "asyncpg.Connection[asyncpg.Record]") -> AsyncIterator[Databases]:
    made = Databases(server, administrator)
    await made.prepare()
    yield made
    await made.close()


@pytest.fixture
async def dsn(server: str, databases: Databases) -> AsyncIterator[str]:
    """A migrated database of the test's own, as new."""
    name = await databases.take()
    yield on_database(server, name)
    await databases.give_back(name)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    opened = await Database.connect(dsn)
    yield opened
    await opened.close()


@pytest.fixture(scope="session", autouse=True)
def reel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The scripted engine's films, made once in a run and not anew in each test's folder: half a second each."""
    folder, make_film, is_making = tmp_path_factory.mktemp("reel"), scripted.write_test_film, threading.Lock()

    def copy_film(path: Path, *size_and_length: int) -> Path:
        with is_making:
            film = make_film(folder / path.name, *size_and_length)
        path.parent.mkdir(parents=True, exist_ok=True)
        for made, wanted in zip((*Previews.beside(film), film), (*Previews.beside(path), path), strict=True):
            shutil.copyfile(made, wanted)
        return path

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scripted, "write_test_film", copy_film)
        yield


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(datetime(2026, 1, 15, 12, 0, tzinfo=UTC))
