"""Guarantee: whatever happens at once on a few accounts, no counter drifts, no hold is left and nobody deadlocks.

Submissions through two API processes, claims, ends, retries, cancels, sweeps, expired leases and changes of plan,
in an order that a seed and the database decide.
"""

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from doitong.app import Application
from doitong.core.errors import DoitongError
from doitong.engines.port import EngineFailure
from doitong.generations import store
from doitong.generations.attempts import WEIGHTS
from doitong.generations.model import Generation, Lane, Stage, Status
from doitong.generations.rules import Ending

from .audit import audit

ACTORS, ACTS = 8, 60
LEASE = timedelta(seconds=30)
PROMPTS = ("a lake", "#delay=0", "#transient=1", "#fail", "#moderated", "#refuse", "#lost-task", "#lost-answer")
EXPECTED = {"RATE_LIMITED", "CREDITS_INSUFFICIENT", "BACKLOG_FULL", "GENERATION_FINISHED", "CONFLICT"}


class World:
    """What the actors share."""

    def __init__(self, apps: list[Application], workshop: Any, clock: Any, customers: list[Any]) -> None:
        self.apps = apps
        self.workshop = workshop
        self.clock = clock
        self.customers = customers
        self.claimed: list[Generation] = []
        self.submitted: list[tuple[Any, str]] = []

    async def submit(self, chance: random.Random) -> None:
        one = chance.choice(self.customers)
        one.app = chance.choice(self.apps)
        key = chance.choice([None, f"key {chance.randrange(40)}"])
        prompt = "the same" if key else chance.choice(PROMPTS)
        self.submitted.append((one, (await one.submit(prompt, key=key)).generation.id))

    async def run(self, _: random.Random) -> None:
        await self.workshop.runner.run_next(Lane.SUBMIT)

    async def claim(self, _: random.Random) -> None:
        """An attempt that is ended by `end`, or whose worker is never heard of again."""
        async with self.apps[0].database.transaction() as connection:
            generation = await store.claim_next(connection, Lane.SUBMIT, self.clock.now(), LEASE, LEASE * 100, WEIGHTS)
        if generation:
            self.claimed.append(generation)

    async def end(self, chance: random.Random) -> None:
        if not self.claimed:
            return
        runner = self.workshop.runner
        generation = self.claimed.pop(chance.randrange(len(self.claimed)))
        match chance.randrange(4):
            case 0:
                await runner.end(generation, Ending(Status.COMPLETED, generation.credit_cost, metadata={}))
            case 1:
                await runner.fail(generation, EngineFailure("ENGINE_FAILED", is_transient=True))
            case 2:
                await runner.fail(generation, EngineFailure("CONTENT_POLICY", is_charged=True))
            case _:  # two at once, of which one writes
                await asyncio.gather(
                    runner.end(generation, Ending(Status.COMPLETED, 1, metadata={})),
                    runner.fail(generation, EngineFailure("ENGINE_FAILED", is_transient=True)),
                )

    async def poll(self, _: random.Random) -> None:
        await self.workshop.poller.poll_once()

    async def cancel(self, chance: random.Random) -> None:
        if self.submitted:
            one, generation_id = self.submitted.pop(chance.randrange(len(self.submitted)))
            await chance.choice(self.apps).generations.cancel(one.caller, generation_id)

    async def sweep(self, chance: random.Random) -> None:
        self.clock.advance(timedelta(seconds=chance.choice([0, 1, 20])))
        await self.workshop.sweeper.sweep()

    async def change_plan(self, chance: random.Random) -> None:
        limits = {"job_slots": chance.choice([1, 2, 5, 20]), "backlog": 50, "generations_per_minute": 10_000}
        plan = chance.choice(["starter", "pro", "enterprise"])
        await self.apps[0].accounts.set_plan(chance.choice(self.customers).caller.account_id, plan, limits)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_interleaving_makes_a_counter_drift(
    customer: Any, workshop: Any, app: Any, clock: Any, seed: int
) -> None:
    other = await Application.open(app.settings, clock)
    limits = {"generations_per_minute": 10_000}
    customers = [await customer("pro", 50_000, job_slots=slots, **limits) for slots in (1, 2, 5)]
    stage = World([app, other], workshop, clock, customers)
    chance = random.Random(seed)
    acts = [stage.submit] * 6 + [stage.run] * 3 + [stage.claim, stage.end] * 2
    acts += [stage.poll, stage.cancel, stage.cancel, stage.sweep, stage.change_plan]

    async def actor(chance: random.Random) -> None:
        for _ in range(ACTS):
            try:
                await chance.choice(acts)(chance)
            except DoitongError as error:
                if error.code not in EXPECTED:
                    raise

    with capture_logs() as logs:
        async with asyncio.TaskGroup() as group:
            for _ in range(ACTORS):
                group.create_task(actor(random.Random(chance.random())))
        await audit(app)
        assert await count_started(app) > ACTORS
        await end_everything(stage)
        await audit(app)
    await other.close()
    assert any(log["event"] == "generation_ended" for log in logs)
    broken = ("sweep_failed", "poll_failed", "watch_broke", "attempt_broke", "heartbeat_failed")
    assert [log for log in logs if log["event"] in broken] == []
    async with app.database.reading() as connection:
        usages = await connection.fetch("SELECT slots_used, ready, backlog FROM account_usage")
        assert [tuple(row) for row in usages] == [(0, 0, 0)] * 3
        assert await connection.fetchval("SELECT sum(held) FROM ledger_balance") == 0


async def count_started(app: Any) -> int:
    async with app.database.reading() as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM generation WHERE fence > 0")
    return count


async def end_everything(stage: World) -> None:
    """Past every deadline the sweep ends what is still open; nothing may be out of its reach."""
    stage.clock.advance(timedelta(days=2))
    for _ in range(3):
        await stage.workshop.sweeper.sweep()
    async with stage.apps[0].database.reading() as connection:
        left = await connection.fetch("SELECT id, stage FROM generation WHERE status = 'processing'")
    assert [tuple(row) for row in left if row["stage"] != Stage.UNKNOWN] == []
