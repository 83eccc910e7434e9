"""Guarantees of looking at upstreams: an end that is seen is acted upon at once and before new beginnings, whatever
else is slow; pollers that write of the same rows do not wait for each other in a ring.
"""

import asyncio
import os
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from doitong.db import queue
from doitong.engines.port import TaskState, TaskStatus
from doitong.generations import films
from doitong.generations.model import Status

FREE = "SELECT count(*) FROM (SELECT 1 FROM generation WHERE id = $1 FOR UPDATE SKIP LOCKED) free"


async def submitted(customer: Any, worker: Any, *prompts: str) -> list[str]:
    """Generations at their upstream, by id."""
    one = await customer()
    ids = [(await one.submit(prompt)).generation.id for prompt in prompts]
    while await worker.step():
        pass
    worker.clock.advance(timedelta(seconds=1))
    return sorted(ids)


async def test_a_look_that_takes_long_holds_up_no_other(customer: Any, worker: Any, workshop: Any) -> None:
    await submitted(customer, worker, "#delay=0 #silent", "#delay=0 a lake")
    engine, answered = workshop.engines["scripted"], asyncio.Event()
    watch = engine.watch

    async def watch_late(task_id: str) -> Any:
        if "#silent" in task_id:
            await answered.wait()
        return await watch(task_id)

    engine.watch = watch_late
    looking = asyncio.create_task(workshop.poller.poll_once())
    async with asyncio.timeout(10):
        while [name for name, _ in await worker.jobs()] != [queue.STORE]:
            await asyncio.sleep(0.01)
    assert not looking.done()
    answered.set()
    await looking
    assert [name for name, _ in await worker.jobs()] == [queue.STORE, queue.STORE]


async def test_what_ends_a_generation_goes_before_what_begins_one(
    customer: Any, worker: Any, workshop: Any, app: Any
) -> None:
    await submitted(customer, worker, "#delay=0")
    one = await customer()
    for number in range(3):
        await one.submit(f"later {number}")
    await workshop.poller.poll_once()
    async with app.database.reading() as connection:
        rows = await connection.fetch("SELECT entrypoint FROM pgqueuer ORDER BY priority DESC, id")
    assert [row["entrypoint"] for row in rows] == [queue.STORE] + [queue.SUBMIT] * 3


@pytest.mark.parametrize("held", ["first", "second"])
@pytest.mark.parametrize("state", [TaskState.RENDERING, TaskState.SUCCEEDED])
async def test_rows_are_locked_in_id_order_whatever_the_order_of_the_looks(
    customer: Any, worker: Any, workshop: Any, app: Any, held: str, state: TaskState
) -> None:
    """While one row is held by somebody, the ones before it are locked already, and the ones behind it are not."""
    first, second = await submitted(customer, worker, "one", "two")
    poller = workshop.poller
    due = {item.id: item for item in await poller._claim()}
    looked = [(due[second], TaskStatus(TaskState.RENDERING)), (due[first], TaskStatus(state))]
    async with app.database.transaction() as connection:
        of = {"first": first, "second": second}[held]
        await connection.execute("SELECT FROM generation WHERE id = $1 FOR UPDATE", of)
        writing = asyncio.create_task(poller._write(looked))
        await _until_somebody_waits(app)
        async with app.database.reading() as other:
            assert await other.fetchval(FREE, first) == 0
            assert await other.fetchval(FREE, second) == (1 if held == "first" else 0)
    await writing


async def _until_somebody_waits(app: Any) -> None:
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        " AND query LIKE '%generation%'"
    )
    async with asyncio.timeout(10):
        while True:
            async with app.database.reading() as connection:
                if await connection.fetchval(waiting):
                    return
            await asyncio.sleep(0.01)


async def test_no_more_films_get_their_previews_at_once_than_there_are_cores(
    customer: Any, worker: Any, workshop: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More would only make each of them later."""
    ids = await submitted(customer, worker, *(f"#delay=0 {number}" for number in range(6)))
    engine, made = workshop.engines["scripted"], films.make_previews
    fetch, counting, running, most = engine.fetch, threading.Lock(), 0, 0

    async def fetch_the_film_alone(task_id: str, destination: Path) -> Any:
        return replace(await fetch(task_id, destination), previews=None)

    def make_and_count(film: Path, facts: Any) -> Any:
        nonlocal running, most
        with counting:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        try:
            return made(film, facts)
        finally:
            with counting:
                running -= 1

    monkeypatch.setattr(engine, "fetch", fetch_the_film_alone)
    monkeypatch.setattr(films, "make_previews", make_and_count)
    monkeypatch.setattr(workshop.runner._keeper, "_cores", asyncio.Semaphore(2))
    await workshop.poller.poll_once()
    await asyncio.gather(*(workshop.runner.run_storing(item) for item in ids))
    async with app.database.reading() as connection:
        rows = await connection.fetch("SELECT status FROM generation")
    assert {row["status"] for row in rows} == {Status.COMPLETED.value}
    assert most == 2
    assert films.FilmKeeper(app.storage, app.uploads, app.provenance)._cores._value == os.cpu_count()
