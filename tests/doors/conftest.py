"""A real uvicorn server on a loopback socket for any ASGI application."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest

from doitong.doors.http.asgi import App
from doitong.doors.http.server import make_server

Serving = Callable[[App], AbstractAsyncContextManager[httpx.AsyncClient]]


@asynccontextmanager
async def serving(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app`, served on a free port of 127.0.0.1."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = make_server(app, host="127.0.0.1", port=0)
    task = asyncio.create_task(server._serve([listener]))  # without uvicorn's own signal handlers
    while not server.started:
        await asyncio.sleep(0)
        if task.done():
            task.result()
    port = listener.getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
        yield client
    server.should_exit = True
    await task
    listener.close()


@pytest.fixture
def serve() -> Serving:
    return serving
