"""One shared poller for all tasks at upstreams: rows with a due time, taken in batches.

Waiting is a row, never a coroutine. Due rows are claimed with SKIP LOCKED, so any number of workers may poll;
a worker that dies leaves rows that come due again. What was seen is written back together, as soon as it is seen: a
look that takes long holds up no other.
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
from doitong.generations import upstream_store as store
from doitong.generations.attempts import AttemptRunner
from doitong.generations.model import Generation

BATCH_MAXIMUM = 500
BATCHES_MAXIMUM = 4  # at once: one upstream that is silent for a while holds up no other task
CONCURRENT_LOOKS = 64
LOOK_SECONDS_MAXIMUM = 20.0
WRITE_SECONDS = 0.1  # what was seen meanwhile is written together
PAUSE_MINIMUM_SECONDS = 0.05  # what comes due meanwhile is claimed together
PAUSE_MAXIMUM_SECONDS = 0.2
JITTER = 0.1
UNANSWERED_PAUSES = 2.0  # how many pauses until a task is asked for again that could not be asked for
UNKNOWN_ENGINE_SECONDS = 30.0
ENDED = (TaskState.SUCCEEDED, TaskState.FAILED, TaskState.LOST, TaskState.CANCELED)

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
        timeout: timedelta,
        random_unit: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._clock = clock
        self._engines = engines
        self._runner = runner
        self._lease = lease
        self._timeout = timeout  # of a generation, from the moment it is known to render
        self._random_unit = random_unit
        self._places = asyncio.Semaphore(CONCURRENT_LOOKS)

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set; what was begun is finished."""
        under_way: set[asyncio.Task[None]] = set()
        while not stop.is_set():
            try:
                due = await self._claim()
                if due:
                    under_way.add(asyncio.create_task(self._handle_safely(due)))
                if len(under_way) >= BATCHES_MAXIMUM:
                    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                under_way = {task for task in under_way if not task.done()}
                seconds = await self._until_next()
            except Exception:
                _log.exception("poll_failed")
                seconds = PAUSE_MAXIMUM_SECONDS
            await _pause(stop, seconds)
        await asyncio.gather(*under_way)

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
        due = await self._claim()
        await self._handle(due)
        return len(due)

    async def _claim(self) -> list[Generation]:
        async with self._database.transaction() as connection:
            return await store.claim_due(connection, self._clock.now(), self._lease, BATCH_MAXIMUM)

    async def _handle_safely(self, due: list[Generation]) -> None:
        try:
            await self._handle(due)
        except Exception:
            _log.exception("poll_failed")

    async def _handle(self, due: list[Generation]) -> None:
        """Look at all of them, and go on with those that have been seen while others are still being asked about."""
        looks = {asyncio.create_task(self._look(generation)): generation for generation in due}
        try:
            while looks:
                seen, _ = await asyncio.wait(looks, timeout=WRITE_SECONDS)
                if seen:
                    await self._settle([(looks.pop(look), look.result()) for look in seen])
        finally:
            for look in looks:
                look.cancel()

    async def _settle(self, looked: list[tuple[Generation, TaskStatus | None]]) -> None:
        await self._write(looked)
        for generation, status in looked:
            if status and status.state in (TaskState.FAILED, TaskState.LOST, TaskState.CANCELED):
                await self._fail(generation, status)

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

    async def _write(self, looked: list[tuple[Generation, TaskStatus | None]]) -> None:
        running = [self._rearmed(item, status) for item, status in looked if not status or status.state not in ENDED]
        done = [item for item, status in looked if status and status.state is TaskState.SUCCEEDED]
        ended = [
            (item.engine, item.engine_task_id or "", status.state.value, status.cost_credits)
            for item, status in looked
            if status and status.state in ENDED
        ]
        async with self._database.transaction() as connection:
            await store.lock_in_order(connection, [item.id for item, _ in looked])
            await store.rearm(connection, running)
            await store.end_tasks(connection, ended, self._clock.now())
            if done:
                moved = await store.set_storing(connection, [(item.id, item.fence) for item in done])
                await queue.enqueue(connection, queue.STORE, moved, priority=queue.SOON)
                pools = list({item.pool for item in done if item.pool})
                waiting = await store.ready_in_pools(connection, pools, len(done)) if pools else []
                await queue.enqueue(connection, queue.SUBMIT, waiting)

    def _rearmed(self, generation: Generation, status: TaskStatus | None) -> store.Rearmed:
        """When to look again. A task that waits at its upstream has its whole time before it still."""
        now = self._clock.now()
        if status is None:
            return store.Rearmed(
                generation.id, generation.fence, 0.0, self._next_look(generation, UNANSWERED_PAUSES), None
            )
        deadline_at = now + self._timeout if status.state is TaskState.WAITING else None
        progress = min(status.progress, 0.96)
        return store.Rearmed(generation.id, generation.fence, progress, self._next_look(generation, 1.0), deadline_at)

    def _next_look(self, generation: Generation, pauses: float) -> datetime:
        engine = self._engines.get(generation.engine)
        pause = engine.poll_seconds if engine else UNKNOWN_ENGINE_SECONDS
        jitter = 1 + JITTER * (2 * self._random_unit() - 1)
        return self._clock.now() + timedelta(seconds=pause * pauses * jitter)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
