"""A real uvicorn server on a loopback socket for any ASGI application."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from doitong.app import Application
from doitong.core.clock import SteppedClock
from doitong.core.settings import Settings
from doitong.doors.http.app import build_app
from doitong.doors.http.edge import Edge
from doitong.doors.http.server import make_server
from tests.doors.house import House
from tests.served import served

Serving = Callable[[Edge], AbstractAsyncContextManager[httpx.AsyncClient]]


@asynccontextmanager
async def serving(app: Edge) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app`, served on a free port of 127.0.0.1."""
    server = make_server(app, host="127.0.0.1", port=0)
    async with (
        served(server) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=30, verify=False) as client,
    ):
        yield client


@pytest.fixture
def serve() -> Serving:
    return serving


@asynccontextmanager
async def make_house(dsn: str, data_dir: Path, clock: SteppedClock, plan: str, **chosen: Any) -> AsyncIterator[House]:
    settings = Settings(DATABASE_URL=dsn, data_dir=data_dir, public_url="http://127.0.0.1:8000", **chosen)
    application = await Application.open(settings, clock)
    try:
        account = await application.accounts.create("Test", plan)
        key = await application.keys.create(account.id, "test")
        async with serving(build_app(application)) as client:
            yield House(application, client, account.id, key.secret)
    finally:
        await application.close()


@pytest_asyncio.fixture
async def house(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[House]:
    """An account on the free plan, with its 1,000 credits."""
    async with make_house(dsn, tmp_path, clock, "free") as opened:
        yield opened


@pytest_asyncio.fixture
async def poor_house(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[House]:
    """An account without credits."""
    async with make_house(dsn, tmp_path, clock, "starter") as opened:
        yield opened
