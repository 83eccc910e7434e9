"""uvicorn, run our way: uvloop and httptools, bounded heads, the start-up heap frozen, down within ten seconds."""

import asyncio
import socket

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from doitong.doors.http.edge import Edge

SHUTDOWN_SECONDS = 8  # then open answers are cut; the process is gone within ten
BACKLOG = 2048
MAX_HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 20.0


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn reads it, with a bound on a request's head in bytes and in time, which it lacks.

    Counted by what arrives, so the bound is exact to one read of the socket (256 KiB).
    """

    _head_bytes = 0
    _is_in_head = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._clear_deadline()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes, self._is_in_head = 0, True
        self._expect_head()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._clear_deadline()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        was_in_head = self._is_in_head
        super().data_received(data)
        if was_in_head and self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.send_400_response("Request head too large.")

    def _expect_head(self) -> None:
        self._clear_deadline()
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._cut)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self) -> None:
        self.transport.close()


class Server(uvicorn.Server):
    """A uvicorn server that tells the edge when it is to end."""

    def __init__(self, config: uvicorn.Config, edge: Edge) -> None:
        super().__init__(config)
        self._edge = edge

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._edge.drain()
        await super().shutdown(sockets)


def make_server(edge: Edge, *, host: str, port: int) -> Server:
    """A server ready to `run()` (blocking) or `serve()` (in a loop of the caller's)."""
    config = uvicorn.Config(
        edge,
        host=host,
        port=port,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",  # subscriptions come with their own release
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        backlog=BACKLOG,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return Server(config, edge)
