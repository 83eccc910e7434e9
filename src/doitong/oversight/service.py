"""The operator's views as use cases, and the sign of life of workers. Who may ask is the door's to decide."""

import os
import socket
from collections.abc import Collection
from datetime import datetime, timedelta

from doitong.core.clock import Clock
from doitong.core.errors import NotFound
from doitong.core.ids import is_id
from doitong.db.pool import Database
from doitong.generations import store as generations
from doitong.generations.model import Generation, GenerationFilter
from doitong.generations.upstream_store import read_states
from doitong.oversight import store
from doitong.oversight.model import (
    AccountRow,
    AccountRowPage,
    Day,
    EngineCondition,
    EngineUse,
    Overview,
    Person,
    Worker,
)

DAYS, HOURS = 30, 24
PEOPLE_MAX = 50
ALIVE_FOR = timedelta(seconds=60)  # a worker that was silent for longer is not alive
FORGOTTEN_AFTER = timedelta(hours=1)


class Oversight:
    """Reads of all accounts, one connection each."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._started_at = clock.now()

    async def overview(self, served: Collection[str]) -> Overview:
        """How the installation stands now, and how its last days were; of engines elsewhere those in `served`."""
        now = self._clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        hours = [hour - timedelta(hours=number) for number in range(HOURS - 1, -1, -1)]
        first_day = now.date() - timedelta(days=DAYS - 1)
        async with self._database.reading() as connection:
            depths = await store.count_open(connection)
            by_hour = await store.count_by_hour(connection, hours[0])
            days = {day.day: day for day in await store.count_by_day(connection, first_day)}
            deliveries = await store.count_deliveries(connection, now - timedelta(hours=HOURS))
            workers = await store.list_workers(connection)
            states = await read_states(connection)
        dates = [first_day + timedelta(days=number) for number in range(DAYS)]
        return Overview(
            depths,
            [(moment, by_hour.get(moment, 0)) for moment in hours],
            [days.get(date) or Day(date, 0, 0, 0, 0) for date in dates],
            deliveries,
            [worker for worker in workers if now - worker.seen_at <= ALIVE_FOR],
            [
                EngineCondition(state.engine, state.problem, state.detail, state.credits)
                for state in states
                if state.engine in served
            ],
        )

    async def accounts(self, text: str, first: int, before: str | None) -> AccountRowPage:
        async with self._database.reading() as connection:
            found = await store.search_accounts(connection, text.strip(), first + 1, before)
        rows = found[:first]
        return AccountRowPage(rows, rows[-1].account.id if len(found) > first else None)

    async def account(self, account_id: str) -> AccountRow:
        """Raises NotFound."""
        async with self._database.reading() as connection:
            found = await store.find_account(connection, account_id)
        if found is None:
            raise NotFound
        return found

    async def people(self, account_id: str) -> list[Person]:
        async with self._database.reading() as connection:
            return await store.list_people(connection, account_id, PEOPLE_MAX)

    async def latest(self, account_id: str, first: int) -> list[Generation]:
        """An account's newest generations."""
        async with self._database.reading() as connection:
            return await generations.list_page(connection, account_id, first, None, GenerationFilter())

    async def costs(self) -> list[EngineUse]:
        """What was bought at engines elsewhere in the last 30 days."""
        async with self._database.reading() as connection:
            return await store.cost_by_engine(connection, self._clock.now() - timedelta(days=DAYS))

    async def account_of_delivery(self, delivery_id: str) -> str:
        """Raises NotFound."""
        async with self._database.reading() as connection:
            found = await store.find_delivery_account(connection, delivery_id) if is_id(delivery_id) else None
        if found is None:
            raise NotFound
        return found

    async def account_of_generation(self, generation_id: str) -> str:
        """Raises NotFound."""
        async with self._database.reading() as connection:
            found = await store.find_generation_account(connection, generation_id) if is_id(generation_id) else None
        if found is None:
            raise NotFound
        return found

    async def note_alive(self) -> None:
        """The sign of life of this process; for workers, every few seconds."""
        now: datetime = self._clock.now()
        worker = Worker(f"{socket.gethostname()}-{os.getpid()}", self._started_at, now)
        async with self._database.transaction() as connection:
            await store.note_worker(connection, worker)
            await store.forget_workers(connection, now - FORGOTTEN_AFTER)
