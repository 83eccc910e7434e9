"""The operator's word on submissions whose answer was lost: what was bought, and what that means for the customer.

Nothing here is decided by itself: docs/decisions/0017 says why no question to Runway could prove it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

import structlog

from doitong.audit import store as audit
from doitong.audit.model import Actor
from doitong.core.clock import Clock
from doitong.core.errors import DoitongError, NotFound
from doitong.db.pool import Connection, Database
from doitong.generations import lifecycle, store
from doitong.generations import upstream_store as upstreams
from doitong.generations.model import Generation, Stage, Status
from doitong.generations.requests import to_wish
from doitong.generations.routing import Routing
from doitong.generations.rules import Ending

_log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """What an operator found out."""

    BOUGHT = "bought"
    NOT_BOUGHT = "not_bought"
    CHARGE = "charge"


@dataclass(frozen=True, slots=True)
class UnknownPage:
    """Generations whose submission is unknown, oldest first."""

    items: Sequence[Generation]
    next_after: str | None


class Settlement:
    """Lists unknown submissions and settles each once."""

    def __init__(
        self, database: Database, clock: Clock, routing: Routing, timeout: timedelta, cdn_base_url: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._routing = routing
        self._timeout = timeout
        self._cdn_base_url = cdn_base_url

    async def list_page(self, first: int, after: str | None) -> UnknownPage:
        async with self._database.reading() as connection:
            found = await upstreams.list_unknown(connection, first + 1, after)
        items = found[:first]
        return UnknownPage(items, items[-1].id if len(found) > first else None)

    async def settle(self, generation_id: str, outcome: Outcome, task_id: str | None, actor: Actor) -> Generation:
        """One of the three; `task_id` only for what was bought. Raises as they do."""
        match outcome:
            case Outcome.BOUGHT:
                assert task_id is not None
                return await self.bought(generation_id, task_id, actor)
            case Outcome.NOT_BOUGHT:
                return await self.not_bought(generation_id, actor)
            case Outcome.CHARGE:
                return await self.charge(generation_id, actor)
            case _:
                assert_never(outcome)

    async def bought(self, generation_id: str, task_id: str, actor: Actor) -> Generation:
        """The task exists: from now on it is watched as if its answer had come.

        Raises NotFound, or CONFLICT for a generation that is not unknown and a task that is another one's.
        """
        now = self._clock.now()
        async with self._database.transaction() as connection:
            generation = await self._lock(connection, generation_id)
            offer = self._routing.offers.get(generation.engine)
            known = offer.found_task(to_wish(generation), generation.engine_task_id, task_id) if offer else task_id
            if not await upstreams.add_task(connection, generation, known, now):
                raise DoitongError("CONFLICT", reason="this task belongs to a generation already")
            await upstreams.set_found(connection, generation_id, known, now, now + self._timeout)
            await self._record(connection, generation, actor, Outcome.BOUGHT, task_id)
        return await self._settled(generation_id, "bought", actor)

    async def not_bought(self, generation_id: str, actor: Actor) -> Generation:
        """Nothing was accepted: it is submitted anew. Raises as `bought` does."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            generation = await self._lock(connection, generation_id)
            await lifecycle.queue_again(
                connection, generation, timedelta(0), now, counts_attempt=False, forgets_start=True
            )
            await self._record(connection, generation, actor, Outcome.NOT_BOUGHT)
        return await self._settled(generation_id, "not bought", actor)

    async def charge(self, generation_id: str, actor: Actor) -> Generation:
        """It was bought and its film cannot be had: it fails and its hold is captured. Raises as `bought`."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            generation = await self._lock(connection, generation_id)
            ending = Ending(Status.FAILED, generation.credit_cost, "SUBMISSION_LOST")
            await lifecycle.finish(connection, generation, ending, now, self._cdn_base_url)
            await self._record(connection, generation, actor, Outcome.CHARGE)
        return await self._settled(generation_id, "charged", actor)

    async def _record(
        self, connection: Connection, generation: Generation, actor: Actor, outcome: Outcome, task_id: str | None = None
    ) -> None:
        details = {"outcome": outcome.value, "task": task_id, "engine": generation.engine}
        now = self._clock.now()
        await audit.record(connection, generation.account_id, actor, "generation.settle", generation.id, details, now)

    async def _lock(self, connection: Connection, generation_id: str) -> Generation:
        generation = await store.lock(connection, generation_id)
        if generation is None:
            raise NotFound
        if generation.stage is not Stage.UNKNOWN:
            raise DoitongError("CONFLICT", reason=f"its stage is {generation.stage.value}, not unknown")
        return generation

    async def _settled(self, generation_id: str, word: str, actor: Actor) -> Generation:
        _log.info("unknown_settled", generation_id=generation_id, settled=word, actor=actor.word)
        async with self._database.reading() as connection:
            return (await store.find_many(connection, [generation_id]))[generation_id]
