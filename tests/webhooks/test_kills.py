"""Guarantee: workers killed at any moment lose no delivery, and what comes twice shares its event id."""

import asyncio
import random
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from doitong.core.clock import SystemClock
from doitong.db.pool import Database
from doitong.webhooks.model import EventType
from doitong.webhooks.service import publish

from .conftest import BODY, Receiver, World

DELIVERIES, KILLS, WORKERS = 2000, 200, 4
LEASE_SECONDS = 1.0
SCRIPT = Path(__file__).parent / "killed_worker.py"


async def start_worker(dsn: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(SCRIPT), dsn, str(LEASE_SECONDS), stdout=asyncio.subprocess.PIPE
    )


async def kill_and_replace(dsn: str, kills: int) -> list[asyncio.subprocess.Process]:
    """Kill workers one after another, each some random time into its work; those that stay."""
    chance = random.Random(2026)
    workers = [await start_worker(dsn) for _ in range(WORKERS)]
    for _ in range(kills):
        victim = workers.pop(0)
        assert victim.stdout
        assert await victim.stdout.readline() == b"ready\n"
        await asyncio.sleep(chance.uniform(0, 0.2))  # the moment of a kill is meant to be arbitrary
        victim.kill()
        await victim.wait()
        workers.append(await start_worker(dsn))
    return workers


@pytest.mark.slow
async def test_kills_lose_nothing(world: World, database: Database, dsn: str, receiver: Receiver) -> None:
    clock, started = SystemClock(), time.monotonic()
    publisher = asyncio.create_task(publish_all(world, database, clock, receiver.url))
    workers = await kill_and_replace(dsn, KILLS)
    await publisher
    try:
        async with asyncio.timeout(60):
            while len(set(receiver.event_ids)) < DELIVERIES or await count_pending(database):
                await asyncio.sleep(0.2)
    finally:
        for worker in workers:
            worker.kill()
        await asyncio.gather(*(worker.wait() for worker in workers))
    async with database.reading() as connection:
        events = {row["id"] for row in await connection.fetch("SELECT id FROM event")}
    received = Counter(receiver.event_ids)
    twice = sum(count - 1 for count in received.values())
    seconds = time.monotonic() - started
    print(f"{DELIVERIES} deliveries, {KILLS} kills, {seconds:.0f} s: 0 lost, {twice} repeated under the same id")
    assert set(received) == events


async def publish_all(world: World, database: Database, clock: SystemClock, url: str) -> None:
    """Spread over the time of the kills, so that each finds work in flight."""
    for _ in range(DELIVERIES):
        async with database.transaction() as connection:
            completed = EventType.GENERATION_COMPLETED
            await publish(connection, completed, world.account_id, None, BODY, url, clock.now())
        await asyncio.sleep(0.02)


async def count_pending(database: Database) -> int:
    async with database.reading() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM delivery WHERE state = 'pending'"))
