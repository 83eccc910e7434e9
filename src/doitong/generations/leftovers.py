"""What ended or deleted generations leave behind: tasks at an upstream, files that nobody is to have. Steps of jobs."""

from collections.abc import Mapping
from datetime import timedelta

import structlog

from doitong.core.clock import Clock
from doitong.db.pool import Database
from doitong.engines.port import Engine
from doitong.generations import store
from doitong.generations.films import FilmKeeper
from doitong.generations.model import Status

CANCEL_PAUSE = timedelta(seconds=30)
CANCEL_TRIED_FOR = timedelta(hours=1)
DELETE_PAUSE = timedelta(minutes=1)

_log = structlog.get_logger(__name__)


class Leftovers:
    """Clears them away, again and again until nothing is left."""

    def __init__(self, database: Database, clock: Clock, engines: Mapping[str, Engine], keeper: FilmKeeper) -> None:
        self._database = database
        self._clock = clock
        self._engines = engines
        self._keeper = keeper

    async def clear_canceled(self, generation_id: str) -> timedelta | None:
        """The body of a CANCEL job: nothing is left of a generation that ended without a film, neither a task at an
        upstream nor files that nobody paid for. A pause asks for another try."""
        async with self._database.reading() as connection:
            generation = (await store.find_many(connection, [generation_id])).get(generation_id)
        if generation is None or generation.status in (Status.PROCESSING, Status.COMPLETED):
            return None
        try:
            await self._keeper.discard(generation.id)
            if generation.engine_task_id is not None and generation.engine in self._engines:
                await self._engines[generation.engine].cancel(generation.engine_task_id)
        except OSError as error:
            _log.warning("cancel_failed", generation_id=generation_id, error=repr(error))
            assert generation.completed_at is not None
            is_late = self._clock.now() > generation.completed_at + CANCEL_TRIED_FOR
            return None if is_late else CANCEL_PAUSE
        return None

    async def clear_deleted(self, generation_id: str) -> timedelta | None:
        """The body of a DELETE job: the files of a deleted generation are removed. A pause asks for another try.

        Tried until it works: what somebody asked us to remove is not kept because a store was away for long.
        """
        async with self._database.reading() as connection:
            generation = (await store.find_many(connection, [generation_id])).get(generation_id)
        if generation is None or generation.deleted_at is None:
            return None
        try:
            await self._keeper.discard(generation_id)
        except OSError as error:
            _log.warning("delete_failed", generation_id=generation_id, error=repr(error))
            return DELETE_PAUSE
        return None
