"""From "the engine has finished" to "the customer's webhook has arrived", on the scripted engine."""

import asyncio
import json
import time
from typing import Any

import asyncpg
import httpx

from bench.system import System

GENERATIONS = 150
WARMUP = 10  # the worker starts, and the scripted engine draws its film once
DELAY_SECONDS = 1.0
PACE_SECONDS = 0.25  # each film is probed and gets a poster: 20 a second is more than two cores do


class _Receiver:
    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                body = json.loads(await reader.readexactly(length))
                self.arrived[body["id"]] = time.time()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


async def _run(system: System) -> list[float]:
    receiver = _Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    headers = {"Authorization": f"Bearer {system.api_key}"}
    body = {
        "service": "runway",
        "prompt": f"#delay={DELAY_SECONDS}",
        "webhookUrl": f"http://127.0.0.1:{port}/hook",
    }
    ids: list[str] = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{system.port}", headers=headers, timeout=30) as client:
        for count in (WARMUP, GENERATIONS):
            for _ in range(count):
                answer = await client.post("/v1/text_to_video", json=body)
                ids.append(answer.json()["data"]["generatevideo"]["id"])
                await asyncio.sleep(PACE_SECONDS)
            until = time.monotonic() + 60
            while len(receiver.arrived) < len(ids) and time.monotonic() < until:
                await asyncio.sleep(0.05)
    server.close()
    connection = await asyncpg.connect(system.dsn)
    rows = await connection.fetch("SELECT id, engine_task_id FROM generation WHERE id = ANY($1)", ids)
    await connection.close()
    ends = {row["id"]: json.loads(row["engine_task_id"])["started"] + DELAY_SECONDS for row in rows}
    assert set(ids) == set(receiver.arrived), "a webhook did not arrive"
    return sorted((receiver.arrived[item] - ends[item]) * 1000 for item in ids[WARMUP:])


def measure(system: System) -> dict[str, Any]:
    """Median and p99 of the lag in ms; the worker must run."""
    lags = asyncio.run(_run(system))
    return {
        "generations": len(lags),
        "p50_ms": lags[len(lags) // 2],
        "p99_ms": lags[min(len(lags) - 1, int(len(lags) * 0.99))],
        "max_ms": lags[-1],
    }
