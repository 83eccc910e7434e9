"""The slow sweep behind the wake-ups: finds what a crash or a lost message left lying, in bounded batches."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

import structlog

from doitong.core.clock import Clock
from doitong.db import queue
from doitong.db.pool import Database
from doitong.generations import lifecycle, quote_store, store
from doitong.generations.attempts import AttemptRunner
from doitong.generations.model import Lane, Status
from doitong.generations.rules import Ending
from doitong.generations.submission import LANE_ENTRYPOINTS
from doitong.idempotency import store as idempotency
from doitong.idempotency.rules import KEPT_FOR
from doitong.outputs.storage import OutputStorage
from doitong.plans.model import PLANS

BATCH_MAXIMUM = 200
PURGE_MAXIMUM = 5000
UNFINISHED_FILES_KEPT = timedelta(days=1)
QUOTES_KEPT = timedelta(days=1)
CONCURRENT_RECOVERIES = 16
RECOVERY_SECONDS_MAXIMUM = 60.0
JOB_SLOTS = {plan.name: plan.job_slots for plan in PLANS.values()}

_log = structlog.get_logger(__name__)


class Sweeper:
    """One pass over what should not be there; harmless to run in every worker at once.

    What cannot be put right, a row or a whole step, is logged and does not keep the sweep from the rest.
    """

    def __init__(
        self, database: Database, clock: Clock, runner: AttemptRunner, storage: OutputStorage, cdn_base_url: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._runner = runner
        self._storage = storage
        self._cdn_base_url = cdn_base_url

    async def sweep(self) -> None:
        for step in (self._end_overdue, self._recover_silent, self._look_again, self._promote, self._purge):
            await _attempt(step(), step=step.__name__)

    async def _end_overdue(self) -> None:
        async with self._database.reading() as connection:
            overdue = await store.overdue(connection, self._clock.now(), BATCH_MAXIMUM)
        await _each(overdue, self._end_one)

    async def _end_one(self, generation_id: str) -> None:
        async with self._database.transaction() as connection:
            generation = await store.lock(connection, generation_id)
            if generation is None or generation.status is not Status.PROCESSING:
                return
            ending = Ending(Status.FAILED, 0, "GENERATION_TIMED_OUT")
            await lifecycle.finish(connection, generation, ending, self._clock.now(), self._cdn_base_url)
        _log.warning("generation_timed_out", generation_id=generation_id)

    async def _recover_silent(self) -> None:
        async with self._database.reading() as connection:
            silent = await store.expired_leases(connection, self._clock.now(), BATCH_MAXIMUM)
        places = asyncio.Semaphore(CONCURRENT_RECOVERIES)

        async def recover(generation_id: str) -> None:
            async with places, asyncio.timeout(RECOVERY_SECONDS_MAXIMUM):
                await self._runner.recover(generation_id)

        await asyncio.gather(*(_attempt(recover(item), generation_id=item) for item in silent))

    async def _look_again(self) -> None:
        """Queue a look at ready rows whose job may be lost. A job too many finds nothing and ends."""
        async with self._database.transaction() as connection:
            ready = await store.ready_without_look(connection, self._clock.now(), BATCH_MAXIMUM)
            for lane in Lane:
                ids = [generation_id for generation_id, of_lane in ready if of_lane is lane]
                await queue.enqueue_missing(connection, LANE_ENTRYPOINTS[lane], ids)
            storing = await store.storing_without_look(connection, BATCH_MAXIMUM)
            await queue.enqueue_absent(connection, queue.STORE, storing, priority=queue.SOON)

    async def _promote(self) -> None:
        async with self._database.reading() as connection:
            account_ids = await store.accounts_with_free_slots(connection, JOB_SLOTS, BATCH_MAXIMUM)
        await _each(account_ids, self._promote_one)

    async def _promote_one(self, account_id: str) -> None:
        async with self._database.transaction() as connection:
            await lifecycle.promote_waiting(connection, account_id)

    async def _purge(self) -> None:
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await idempotency.purge_records(connection, now - KEPT_FOR - timedelta(hours=1), PURGE_MAXIMUM)
            await quote_store.purge_quotes(connection, now - QUOTES_KEPT, PURGE_MAXIMUM)
            await queue.purge_log(connection, PURGE_MAXIMUM)
        await self._storage.sweep(now - UNFINISHED_FILES_KEPT)


async def _each(ids: Iterable[str], act: Callable[[str], Awaitable[None]]) -> None:
    for item in ids:
        await _attempt(act(item), id=item)


async def _attempt(work: Awaitable[None], **what: str) -> None:
    """Do one thing of the sweep, and log it when it cannot be done."""
    try:
        await work
    except Exception:
        _log.exception("sweep_failed", **what)
