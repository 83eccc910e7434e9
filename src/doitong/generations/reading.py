"""Reading generations: many asked for at once are read together, and those that wait are told where they stand."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from doitong.core.clock import Clock
from doitong.db.pool import Connection, Database
from doitong.generations import store
from doitong.generations.model import Generation, Lane, Stage

BATCH_MAXIMUM = 256
ESTIMATE_KEPT_SECONDS = 10
FIRST_ESTIMATE_SECONDS = 15.0

Waiting = asyncio.Future[Generation | None]


class Places:
    """Queue positions and expected starts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._estimates: dict[Lane, tuple[float, float]] = {}

    async def fill(self, connection: Connection, generations: Sequence[Generation]) -> list[Generation]:
        """The same generations; those that are queued with `queue_position` and `expected_start_at`."""
        queued = [generation for generation in generations if generation.stage is Stage.QUEUED]
        if not queued:
            return list(generations)
        ahead = await store.queue_places(connection, queued)
        lanes = {generation.lane for generation in queued}
        seconds = {lane: await self._estimate_seconds(connection, lane) for lane in lanes}
        return [
            self._placed(generation, ahead[generation.id], seconds[generation.lane])
            if generation.id in ahead
            else generation
            for generation in generations
        ]

    def _placed(self, generation: Generation, ahead: int, seconds: float) -> Generation:
        expected = self._clock.now() + timedelta(seconds=seconds * ahead)
        return replace(generation, queue_position=ahead + 1, expected_start_at=expected)

    async def _estimate_seconds(self, connection: Connection, lane: Lane) -> float:
        """Recent seconds per film, read at most every `ESTIMATE_KEPT_SECONDS`."""
        now = self._clock.now().timestamp()
        kept = self._estimates.get(lane)
        if kept is None or now - kept[0] > ESTIMATE_KEPT_SECONDS:
            seconds = await store.recent_render_seconds(connection, lane)
            kept = self._estimates[lane] = (now, FIRST_ESTIMATE_SECONDS if seconds is None else seconds)
        return kept[1]


class BatchedReader:
    """Reads by id; what is asked for while a read is under way is read together in the next."""

    def __init__(self, database: Database, places: Places) -> None:
        self._database = database
        self._places = places
        self._waiting: dict[str, list[Waiting]] = {}
        self._worker: asyncio.Task[None] | None = None

    async def find(self, generation_id: str) -> Generation | None:
        """The generation as it is at some moment after this call."""
        future: Waiting = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(generation_id, []).append(future)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="generation reader")
        return await future

    async def _work(self) -> None:
        while self._waiting:
            ids = list(self._waiting)[:BATCH_MAXIMUM]
            batch = {generation_id: self._waiting.pop(generation_id) for generation_id in ids}
            try:
                found = await self._read(ids)
            except Exception as error:
                for future in _open(batch):
                    future.set_exception(error)
                continue
            for generation_id, futures in batch.items():
                for future in _open({generation_id: futures}):
                    future.set_result(found.get(generation_id))

    async def _read(self, ids: Sequence[str]) -> Mapping[str, Generation]:
        async with self._database.reading() as connection:
            found = await store.find_many(connection, ids)
            placed = await self._places.fill(connection, list(found.values()))
        return {generation.id: generation for generation in placed}


def _open(batch: Mapping[str, Sequence[Waiting]]) -> list[Waiting]:
    """Those that still wait: a client that went away has canceled its own."""
    return [future for futures in batch.values() for future in futures if not future.done()]
