"""Loopback servers that count who reaches them, and a resolver that answers from a table."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from doitong.egress import EgressPolicy, Resolver

Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]

LOOPBACK = EgressPolicy.from_ranges([], is_loopback_allowed=True)


@dataclass
class Canary:
    """A server on loopback; `connections` and `requests` are what it saw."""

    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)


async def answer_ok(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@asynccontextmanager
async def serve(handler: Handler = answer_ok, **options: object) -> AsyncIterator[Canary]:
    """Answer every request head (and body by Content-Length) with `handler`."""
    canary = Canary()
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        canary.connections += 1
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _content_length(head)
                canary.requests.append(head + await reader.readexactly(length))
                await handler(canary.requests[-1], writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, **options)  # type: ignore[arg-type]
    canary.port = server.sockets[0].getsockname()[1]
    try:
        yield canary
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def answering(*answers: Sequence[str]) -> Resolver:
    """A resolver that gives each answer once, then repeats the last."""
    left = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if not answer:
            raise OSError("Name or service not known")
        return answer

    return resolve


@pytest.fixture(name="serve")
def serve_fixture() -> object:
    return serve


@pytest.fixture(name="answering")
def answering_fixture() -> object:
    return answering


@pytest.fixture
def loopback() -> EgressPolicy:
    return LOOPBACK
