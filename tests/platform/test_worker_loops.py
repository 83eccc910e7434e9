"""Guarantee: receivers that never answer, however many, do not hold up films."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from doitong.core.settings import Settings
from doitong.db import queue
from doitong.db.consumer import consume
from doitong.db.pool import Database
from doitong.doors.worker.main import loops


async def test_silent_receivers_do_not_hold_up_films(database: Database, dsn: str) -> None:
    stop, silence, submitted = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def wait_for_an_answer(_: str) -> timedelta | None:
        await silence.wait()
        return None

    async def run_next(_: Any) -> timedelta | None:
        submitted.set()
        return None

    runner = SimpleNamespace(run_next=run_next, run_storing=wait_for_an_answer)
    workshop: Any = SimpleNamespace(
        runner=runner,
        leftovers=SimpleNamespace(clear_canceled=wait_for_an_answer, clear_deleted=wait_for_an_answer),
        deliverer=SimpleNamespace(deliver=wait_for_an_answer),
        mailer=SimpleNamespace(send=wait_for_an_answer),
        closing=SimpleNamespace(erase=wait_for_an_answer),
    )
    settings = Settings(worker_jobs=32)
    async with database.transaction() as connection:
        await queue.enqueue(connection, queue.DELIVER, [str(number) for number in range(100)])
    async with asyncio.TaskGroup() as group:
        for steps, intake in loops(settings, workshop):
            group.create_task(consume(stop, dsn, steps, intake))
        await _picked(database, 32)
        async with database.transaction() as connection:
            await queue.enqueue(connection, queue.SUBMIT, ["a generation"])
        try:
            async with asyncio.timeout(8):
                await submitted.wait()
        finally:
            silence.set()
            stop.set()


async def _picked(database: Database, count: int) -> None:
    """Return when so many deliveries are being sent."""
    async with asyncio.timeout(15), database.reading() as connection:
        query = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'deliver' AND status = 'picked'"
        while await connection.fetchval(query) < count:
            pass
