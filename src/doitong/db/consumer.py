"""The other end of the queue: PGQueuer loops that hand each job to its step, begun again when the database was away.

A job is only a reason to look: its payload is an id, and a step that finds nothing to do ends. A step may ask to
be called again after a pause.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.core.qm import QueueManager
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job
from pgqueuer.queries import Queries

DEQUEUE_TIMEOUT = timedelta(seconds=5)
RECONNECT_SECONDS = 1.0

_log = structlog.get_logger(__name__)
Step = Callable[[str], Awaitable[timedelta | None]]


@dataclass(frozen=True, slots=True)
class Intake:
    """How much a loop takes: `batch` jobs at a time, `places` at once; a job silent for `lease` is given to another."""

    batch: int
    places: int
    lease: timedelta


async def consume(stop: asyncio.Event, dsn: str, steps: Mapping[str, Step], intake: Intake) -> None:
    """One loop over the entrypoints of `steps` until `stop`, begun again whenever its connection is lost."""
    while not stop.is_set():
        try:
            connection = await asyncpg.connect(dsn, server_settings={"application_name": "doitong queue"})
            try:
                await _consume_once(stop, connection, steps, intake)
            finally:
                await connection.close(timeout=2)
        except Exception as error:
            _log.warning("queue_connection_lost", error=repr(error))
        if not stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RECONNECT_SECONDS):
                    await stop.wait()


async def _consume_once(
    stop: asyncio.Event,
    connection: "asyncpg.Connection[asyncpg.Record]",
    steps: Mapping[str, Step],
    intake: Intake,
) -> None:
    manager = QueueManager(Queries(AsyncpgDriver(connection)))
    for entrypoint, step in steps.items():
        manager.entrypoint(entrypoint)(_job_of(step))
    stopper = asyncio.create_task(_shut_down_at(stop, manager))
    try:
        await manager.run(
            dequeue_timeout=DEQUEUE_TIMEOUT,
            batch_size=intake.batch,
            max_concurrent_tasks=max(intake.places, 2 * intake.batch),
            heartbeat_timeout=intake.lease,
            shutdown_on_listener_failure=True,
        )
    finally:
        stopper.cancel()


async def _shut_down_at(stop: asyncio.Event, manager: QueueManager) -> None:
    await stop.wait()
    manager.shutdown.set()


def _job_of(step: Step) -> Callable[[Job], Awaitable[None]]:
    async def job(job: Job) -> None:
        assert job.payload is not None
        again = await step(job.payload.decode())
        if again is not None:
            raise RetryRequested(delay=again)

    return job
