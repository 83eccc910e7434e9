"""Guarantee: a request's head is bounded in bytes and in time, so that a connection cannot eat the memory."""

import asyncio
import contextlib
from typing import Any

import pytest

from doitong.doors.http import server
from doitong.doors.http.answers import send_answer
from doitong.doors.http.asgi import Receive, Scope, Send
from doitong.doors.http.edge import Edge
from doitong.doors.http.routes import Routes

ENDLESS_BYTES = 64 * 1024 * 1024
START = b"POST / HTTP/1.1\r\nHost: x\r\n"


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send_answer(send, 200, b"{}")


EDGE = Edge(Routes({"/": ("test", hello)}))


async def talk(client: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(client.base_url.host, client.base_url.port)


@pytest.mark.parametrize("piece", [b"X-A: " + b"a" * 8000 + b"\r\n", b"a" * 8000], ids=["many", "one that never ends"])
async def test_an_endless_head_is_cut(serve: Any, piece: bytes) -> None:
    async with serve(EDGE) as client:
        _, writer = await talk(client)
        writer.write(START + b"X-B: ")
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < ENDLESS_BYTES:
                writer.write(piece)
                await writer.drain()
                sent += len(piece)
        assert sent < ENDLESS_BYTES // 4  # our bound, and what fits into the sockets' buffers
        writer.close()


async def test_a_large_head_and_a_large_body_are_served(serve: Any) -> None:
    async with serve(EDGE) as client:
        headers = {"X-Large": "a" * 60_000}
        for _ in range(2):
            assert (await client.post("/", content=b"b" * 1_000_000, headers=headers)).status_code == 200


async def test_a_head_that_does_not_end_in_time_is_cut(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.05)
    async with serve(EDGE) as client:
        for start in (b"", START):
            reader, writer = await talk(client)
            writer.write(start)
            async with asyncio.timeout(5):
                assert await reader.read() == b""
            writer.close()
