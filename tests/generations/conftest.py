"""A whole application on a fresh database, and a worker whose steps the test takes one by one."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from doitong.app import Application, Workshop
from doitong.core.clock import SteppedClock
from doitong.core.settings import Settings
from doitong.db import queue
from doitong.generations.model import Generation, Lane, RawRequest
from doitong.generations.submission import Submission
from doitong.keys.model import Caller


@pytest.fixture
async def app(dsn: str, clock: SteppedClock, tmp_path: Path) -> AsyncIterator[Application]:
    settings = Settings(
        database_url=dsn,
        data_dir=tmp_path,
        service_engines="runway=scripted",
        egress_allow=["127.0.0.0/8"],
        secret_key="0123456789abcdef" * 2,
    )
    application = await Application.open(settings, clock)
    yield application
    await application.close()


@pytest.fixture
async def workshop(app: Application) -> AsyncIterator[Workshop]:
    built = Workshop.build(app)
    yield built
    for engine in built.engines.values():
        await engine.close()


class Customer:
    """An account with a key, and short ways to ask."""

    def __init__(self, app: Application, caller: Caller) -> None:
        self.app = app
        self.caller = caller

    async def submit(self, prompt: str = "a lake", key: str | None = None, **values: Any) -> Submission:
        raw = {name: (name, value) for name, value in {"prompt": prompt, **values}.items()}
        return await self.app.generations.submit(self.caller, RawRequest(raw), key)

    async def get(self, generation_id: str) -> Generation:
        return await self.app.generations.get(self.caller, generation_id)

    async def balance(self) -> tuple[int, int]:
        balance = await self.app.ledger.balance(self.caller.account_id)
        return balance.available, balance.held


@pytest.fixture
def customer(app: Application) -> Callable[..., Any]:
    async def make(plan: str = "pro", credits: int = 10_000, **limits: int) -> Customer:
        account = await app.accounts.create("test", plan, limits=limits)
        if credits:
            await app.ledger.grant(account.id, credits, reason="test")
        new_key = await app.keys.create(account.id, "test")
        return Customer(app, await app.keys.authenticate(new_key.secret))

    return make


class Worker:
    """Takes the steps that jobs and timers would cause, until nothing is left to do."""

    def __init__(self, app: Application, workshop: Workshop, clock: SteppedClock) -> None:
        self.app = app
        self.workshop = workshop
        self.clock = clock

    async def jobs(self) -> list[tuple[str, str]]:
        """Queued (entrypoint, payload), oldest first."""
        async with self.app.database.reading() as connection:
            rows = await connection.fetch(
                "SELECT entrypoint, payload FROM pgqueuer WHERE status = 'queued' ORDER BY id"
            )
        return [(row["entrypoint"], row["payload"].decode()) for row in rows]

    async def step(self) -> bool:
        """Run one queued job; False when there is none."""
        async with self.app.database.transaction() as connection:
            row = await connection.fetchrow(
                "DELETE FROM pgqueuer WHERE id = (SELECT min(id) FROM pgqueuer WHERE status = 'queued')"
                " RETURNING entrypoint, payload"
            )
        if row is None:
            return False
        payload = row["payload"].decode()
        match row["entrypoint"]:
            case queue.RENDER:
                await self.workshop.runner.run_next(Lane.RENDER)
            case queue.SUBMIT:
                await self.workshop.runner.run_next(Lane.SUBMIT)
            case queue.STORE:
                await self.workshop.runner.run_storing(payload)
            case queue.CANCEL:
                await self.workshop.leftovers.clear_canceled(payload)
            case queue.DELETE:
                await self.workshop.leftovers.clear_deleted(payload)
            case queue.DELIVER:
                await self.workshop.deliverer.deliver(payload)
        return True

    async def settle(self, rounds: int = 40) -> None:
        """Work, letting a second pass between rounds, until `rounds` have passed without anything to do."""
        from datetime import timedelta

        idle = 0
        for _ in range(rounds):
            worked = False
            while await self.step():
                worked = True
            for lane in Lane:  # jobs deferred by the database's clock are due by ours
                await self.workshop.runner.run_next(lane)
            worked = bool(await self.workshop.poller.poll_once()) or worked
            idle = 0 if worked else idle + 1
            if idle > 20:
                return
            self.clock.advance(timedelta(seconds=1))


@pytest.fixture
def worker(app: Application, workshop: Workshop, clock: SteppedClock) -> Worker:
    return Worker(app, workshop, clock)
