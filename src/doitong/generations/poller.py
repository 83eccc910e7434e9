"""One shared poller for all tasks at upstreams: rows with a due time, taken in batches.

Waiting is a row, never a coroutine. Due rows are claimed with SKIP LOCKED, so any number of workers may poll;
a worker that dies leaves rows that come due again. What was seen is written back in one statement a batch.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from doitong.core.clock import Clock
from doitong.db import queue
from doitong.db.pool import Database
from doitong.engines.port import Engine, EngineFailure, TaskState, TaskStatus
from doitong.generations import store
from doitong.generations.attempts import AttemptRunner
from doitong.generations.model import Generation

BATCH_MAXIMUM = 500
CONCURRENT_LOOKS = 64
LOOK_SECONDS_MAXIMUM = 20.0
PAUSE_MINIMUM_SECONDS = 0.01
PAUSE_MAXIMUM_SECONDS = 0.2
JITTER = 0.1

_log = structlog.get_logger(__name__)


class Poller:
    """Asks engines about their tasks when these are due. A claimed look that nobody finishes is due after `lease`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        engines: Mapping[str, Engine],
        runner: AttemptRunner,
        lease: timedelta,
        random_unit: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._clock = clock
        self._engines = engines
        self._runner = runner
        self._lease = lease
        self._random_unit = random_unit
        self._places = asyncio.Semaphore(CONCURRENT_LOOKS)

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set."""
        while not stop.is_set():
            try:
                await self.poll_once()
                seconds = await self._until_next()
            except Exception:
                _log.exception("poll_failed")
                seconds = PAUSE_MAXIMUM_SECONDS
            await _pause(stop, seconds)

    async def _until_next(self) -> float:
        """Seconds until a task is due, within bounds: another worker may record one that is due sooner."""
        async with self._database.reading() as connection:
            due_at = await store.next_due(connection)
        if due_at is None:
            return PAUSE_MAXIMUM_SECONDS
        left = (due_at - self._clock.now()).total_seconds()
        return min(max(left, PAUSE_MINIMUM_SECONDS), PAUSE_MAXIMUM_SECONDS)

    async def poll_once(self) -> int:
        """Look at one batch of due tasks; returns how many."""
        async with self._database.transaction() as connection:
            due = await store.claim_due(connection, self._clock.now(), self._lease, BATCH_MAXIMUM)
        seen = await asyncio.gather(*(self._look(generation) for generation in due))
        looked = [(generation, status) for generation, status in zip(due, seen, strict=True) if status]
        await self._write(looked)
        for generation, status in looked:
            if status.state in (TaskState.FAILED, TaskState.LOST, TaskState.CANCELED):
                await self._fail(generation, status)
        return len(due)

    async def _fail(self, generation: Generation, status: TaskStatus) -> None:
        """What follows from a failed task. One that cannot be written comes due again and spoils no other."""
        failure = status.failure or EngineFailure("ENGINE_FAILED", status.state.value, is_transient=True)
        try:
            await self._runner.fail(generation, failure)
        except Exception:
            _log.exception("poll_failed", generation_id=generation.id)

    async def _look(self, generation: Generation) -> TaskStatus | None:
        """The task's state, or None when the engine cannot be asked now: it comes due again by itself."""
        assert generation.engine_task_id is not None
        async with self._places:
            try:
                async with asyncio.timeout(LOOK_SECONDS_MAXIMUM):
                    return await self._engines[generation.engine].watch(generation.engine_task_id)
            except OSError as error:  # a timeout is one
                _log.warning("watch_failed", generation_id=generation.id, error=repr(error))
            except Exception:  # one task that its engine cannot read does not hide the others of the batch
                _log.exception("watch_broke", generation_id=generation.id, engine=generation.engine)
            return None

    async def _write(self, looked: list[tuple[Generation, TaskStatus]]) -> None:
        running = [
            (generation.id, generation.fence, min(status.progress, 0.96), self._next_look(generation))
            for generation, status in looked
            if status.state in (TaskState.WAITING, TaskState.RENDERING)
        ]
        done = [(item.id, item.fence) for item, status in looked if status.state is TaskState.SUCCEEDED]
        if not running and not done:
            return
        async with self._database.transaction() as connection:
            await store.rearm(connection, running)
            if done:
                await queue.enqueue(connection, queue.STORE, await store.set_storing(connection, done))

    def _next_look(self, generation: Generation) -> datetime:
        pause = self._engines[generation.engine].poll_seconds
        jitter = 1 + JITTER * (2 * self._random_unit() - 1)
        return self._clock.now() + timedelta(seconds=pause * jitter)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
