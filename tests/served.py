"""A uvicorn server on loopback inside the test's own loop: ready at once, and gone at once."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn


@asynccontextmanager
async def served(server: uvicorn.Server) -> AsyncIterator[str]:
    """The address of `server`: what its `serve` does, without signal handlers and pauses of a tenth of a second."""
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # named: only then asyncio sets NODELAY
    listener.bind(("127.0.0.1", 0))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup([listener])
    await server.on_tick(0)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    for one in server.servers:
        one.close()
    listener.close()
    state = server.server_state
    for connection in list(state.connections):
        connection.shutdown()
    async with asyncio.timeout(10):
        while state.connections or state.tasks:
            await asyncio.sleep(0.002)
    await server.lifespan.shutdown()
