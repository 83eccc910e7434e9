"""A closed-loop HTTP load generator, small enough not to be what is measured.

`python -m bench.load` reads one order as JSON from stdin and prints the latencies' summary as JSON. It keeps
`concurrency` connections busy for `seconds`; `{n}` in headers and body becomes a number that is never repeated.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import uvloop


@dataclass
class Order:
    """What to send. `warmup_seconds` are not counted."""

    port: int
    head: str
    body: str
    concurrency: int
    seconds: float
    warmup_seconds: float = 1.0


@dataclass
class Tally:
    latencies_ms: list[float] = field(default_factory=list)
    refused: int = 0
    first_refusal: str = ""


class _Connection(asyncio.Protocol):
    """Sends a request, waits for the whole answer, sends the next."""

    def __init__(self, order: Order, counter: "_Counter", tally: Tally, begin: float, end: float) -> None:
        self._order, self._counter, self._tally = order, counter, tally
        self._begin, self._end = begin, end
        self._buffer = b""
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._send()

    def _send(self) -> None:
        number = self._counter.next()
        body = self._order.body.replace("{n}", number).encode()
        head = self._order.head.replace("{n}", number)
        self._sent = time.perf_counter()
        self._transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(rest) < length:
            return
        self._buffer = b""
        self._count(head[9:12], rest)
        if time.perf_counter() < self._end:
            self._send()
        else:
            self._transport.close()
            self.done.set_result(None)

    def _count(self, status: bytes, body: bytes) -> None:
        now = time.perf_counter()
        if status != b"200" or b'"errors"' in body[:200]:
            self._tally.refused += 1
            self._tally.first_refusal = self._tally.first_refusal or f"{status.decode()} {body[:300].decode()}"
        elif self._sent >= self._begin:
            self._tally.latencies_ms.append((now - self._sent) * 1000)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("closed"))


class _Counter:
    def __init__(self) -> None:
        self._prefix = os.urandom(6).hex()
        self._count = 0

    def next(self) -> str:
        self._count += 1
        return f"{self._prefix}{self._count}"


async def run(order: Order) -> dict[str, Any]:
    """Carry the order out; returns rate per second, p50 and p99 in ms, and how many were refused."""
    loop = asyncio.get_running_loop()
    begin = time.perf_counter() + order.warmup_seconds
    end = begin + order.seconds
    tally, counter = Tally(), _Counter()
    connections = [_Connection(order, counter, tally, begin, end) for _ in range(order.concurrency)]
    for connection in connections:
        await loop.create_connection(lambda connection=connection: connection, "127.0.0.1", order.port)  # type: ignore[misc]
    await asyncio.gather(*(connection.done for connection in connections))
    ordered = sorted(tally.latencies_ms)
    assert ordered, f"no request succeeded: {tally.first_refusal}"
    return {
        "per_second": len(ordered) / order.seconds,
        "p50_ms": ordered[len(ordered) // 2],
        "p99_ms": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        "refused": tally.refused,
        "first_refusal": tally.first_refusal,
    }


if __name__ == "__main__":
    json.dump(uvloop.run(run(Order(**json.load(sys.stdin)))), sys.stdout)
