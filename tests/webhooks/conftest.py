"""A real receiver on loopback, and the real service, sender and database around it."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from doitong.accounts.service import AccountService
from doitong.core.clock import SteppedClock
from doitong.db.pool import Database
from doitong.egress.client import EgressClient
from doitong.egress.model import EgressLimits, EgressPolicy
from doitong.webhooks.deliver import Deliverer
from doitong.webhooks.model import EventType
from doitong.webhooks.service import Webhooks, publish

BODY = '{"id":"abc","status":"completed","note":"čšž"}'
NO_JITTER = 0.5  # the middle of ±20 %


def raw_answer(status: int, headers: str = "", body: bytes = b"ok") -> bytes:
    return f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{headers}\r\n".encode() + body


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes
    arrived_seconds: float


@dataclass
class Receiver:
    """Gives the next answer of `script` (the last one again and again), or hangs where it says None."""

    script: list[bytes | None] = field(default_factory=lambda: [raw_answer(200)])
    requests: list[Request] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    endless: bool = False
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def event_ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {line.split(": ", 1)[0].lower(): line.split(": ", 1)[1] for line in head[1:] if line}
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append(Request(head[0].split(" ")[1], headers, body, time.monotonic()))
        self.arrived.set()
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if answer is None:
            answer = await self._hang(reader)
        writer.write(answer)
        await writer.drain()
        while self.endless:
            writer.write(b"x" * 1000)
            await writer.drain()
        return True

    async def _hang(self, reader: asyncio.StreamReader) -> bytes:
        """Silent until the caller hangs up, or until `released`: then 500."""
        waits = [asyncio.ensure_future(reader.read()), asyncio.ensure_future(self.released.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        if not self.released.is_set():
            raise ConnectionResetError
        return raw_answer(500, "connection: close\r\n")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


class open_receiver:  # reads as a verb
    async def __aenter__(self) -> Receiver:
        self.receiver = Receiver()
        self.server = await asyncio.start_server(self.receiver.serve, "127.0.0.1", 0)
        self.receiver.port = self.server.sockets[0].getsockname()[1]
        return self.receiver

    async def __aexit__(self, *_: object) -> None:
        self.server.close()


@pytest.fixture
async def egress() -> AsyncIterator[EgressClient]:
    """Loopback allowed, and a deadline that a test can wait for."""
    policy = EgressPolicy.from_ranges([], is_loopback_allowed=True)
    client = EgressClient(policy, limits=EgressLimits(whole_seconds=0.3))
    yield client
    await client.close()


@pytest.fixture
async def account_id(database: Database, clock: SteppedClock) -> str:
    return (await AccountService(database, clock).create("Ana", "pro")).id


@pytest.fixture
async def other_account_id(database: Database, clock: SteppedClock) -> str:
    return (await AccountService(database, clock).create("Bor", "pro")).id


@pytest.fixture
def webhooks(database: Database, egress: EgressClient, clock: SteppedClock) -> Webhooks:
    return Webhooks(database, egress, clock)


@pytest.fixture
def deliverer(database: Database, egress: EgressClient, clock: SteppedClock) -> Deliverer:
    return Deliverer(database, egress, clock, lambda: NO_JITTER)


@dataclass
class World:
    """What most tests do: publish, look at the queue, look at the delivery."""

    database: Database
    clock: SteppedClock
    webhooks: Webhooks
    account_id: str

    async def publish(
        self, url: str | None = None, event_type: EventType = EventType.GENERATION_COMPLETED, body: str = BODY
    ) -> list[str]:
        """Publish in a transaction of its own; the new deliveries' ids."""
        before = await self.jobs()
        async with self.database.transaction() as connection:
            await publish(connection, event_type, self.account_id, None, body, url, self.clock.now())
        return [payload for payload, _ in (await self.jobs())[len(before) :]]

    async def jobs(self) -> list[tuple[str, float]]:
        """Queued DELIVER jobs in order: the delivery's id and the delay in seconds."""
        async with self.database.reading() as connection:
            rows = await connection.fetch(
                "SELECT payload, extract(epoch FROM execute_after - created) AS delay FROM pgqueuer"
                " WHERE entrypoint = 'deliver' ORDER BY id"
            )
        return [(row["payload"].decode(), float(row["delay"])) for row in rows]


@pytest.fixture
def world(database: Database, clock: SteppedClock, webhooks: Webhooks, account_id: str) -> World:
    return World(database, clock, webhooks, account_id)
