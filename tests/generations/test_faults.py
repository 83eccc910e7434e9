"""Guarantees: nothing is bought twice but by proof; one broken row does not stop the others; nothing waits for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from doitong.app import Workshop
from doitong.core.errors import DoitongError
from doitong.db import queue
from doitong.engines.port import SubmissionUnknown
from doitong.generations import attempts, leases, store
from doitong.generations.model import GenerationFilter, Lane, RawRequest, Stage, Status
from doitong.outputs.model import FileMissing
from doitong.provenance.model import ProvenanceFailed

from .audit import audit

LEASE = timedelta(seconds=31)


class Gate:
    """Holds a step of an object at its end (or beginning) until it is opened."""

    def __init__(self, target: Any, name: str, *, after: bool = True) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()
        original: Callable[..., Awaitable[Any]] = getattr(target, name)

        async def step(*arguments: Any) -> Any:
            result = await original(*arguments) if after else None
            self.reached.set()
            await self.opened.wait()
            return result if after else await original(*arguments)

        setattr(target, name, step)


def fail_once(target: Any, name: str, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    original = getattr(target, name)

    async def step(*arguments: Any) -> Any:
        monkeypatch.setattr(target, name, original)
        raise error

    monkeypatch.setattr(target, name, step)


def count_calls(target: Any, name: str) -> list[Any]:
    """The first arguments of each call from now on."""
    calls: list[Any] = []
    original = getattr(target, name)

    async def step(*arguments: Any) -> Any:
        calls.append(arguments[0])
        return await original(*arguments)

    setattr(target, name, step)
    return calls


async def recover(worker: Any, workshop: Any, clock: Any) -> None:
    """A lease passes, the sweep looks, and the work goes on."""
    for _ in range(3):
        clock.advance(LEASE)
        await workshop.sweeper.sweep()
        await worker.settle(rounds=5)


# Bought once -------------------------------------------------------------------------------------------------


async def test_a_worker_that_drains_while_submitting_does_not_buy_twice(
    customer: Any, worker: Any, workshop: Any, app: Any, clock: Any
) -> None:
    one = await customer()
    generation_id = (await one.submit("a lake")).generation.id
    accepted = count_calls(workshop.engines["scripted"], "submit")
    gate = Gate(workshop.engines["scripted"], "submit")
    running = asyncio.create_task(worker.step())
    await gate.reached.wait()
    await workshop.runner.drain()
    await running
    gate.opened.set()
    worker.workshop = Workshop.build(app)
    worker.workshop.engines["scripted"].submit = workshop.engines["scripted"].submit
    await recover(worker, worker.workshop, clock)
    assert (await one.get(generation_id)).status is Status.COMPLETED
    assert len(accepted) == 1
    await audit(app)


async def test_a_worker_that_drains_while_storing_does_not_buy_twice(
    customer: Any, worker: Any, workshop: Any, app: Any, clock: Any
) -> None:
    one = await customer()
    generation_id = (await one.submit("#delay=0")).generation.id
    accepted = count_calls(workshop.engines["scripted"], "submit")
    gate = Gate(workshop.engines["scripted"], "fetch", after=False)
    await worker.step()
    clock.advance(timedelta(seconds=1))
    await workshop.poller.poll_once()
    running = asyncio.create_task(worker.step())
    await gate.reached.wait()
    await workshop.runner.drain()
    await running
    gate.opened.set()
    worker.workshop = Workshop.build(app)
    worker.workshop.engines["scripted"].submit = workshop.engines["scripted"].submit
    await recover(worker, worker.workshop, clock)
    assert (await one.get(generation_id)).status is Status.COMPLETED
    assert len(accepted) == 1


async def test_a_drain_between_the_claim_and_the_attempt_gives_it_back(
    customer: Any, worker: Any, workshop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await customer()
    generation_id = (await one.submit("a lake")).generation.id
    claim_next = store.claim_next

    async def drain_then_claim(*arguments: Any) -> Any:
        await workshop.runner.drain()
        return await claim_next(*arguments)

    monkeypatch.setattr(store, "claim_next", drain_then_claim)
    await worker.step()
    assert (await one.get(generation_id)).stage is Stage.QUEUED
    assert workshop.engines["scripted"].bought() == []


@pytest.mark.parametrize(
    ("target", "name", "error"),
    [
        (lambda _: store, "set_rendering", asyncpg.ConnectionDoesNotExistError("restarted")),
        (lambda workshop: workshop.engines["scripted"], "fetch", OSError("the upstream is away")),
        (lambda workshop: workshop.runner._keeper._storage, "put_film", OSError("the disk is full")),
        (lambda workshop: workshop.runner._keeper._storage, "put_poster", RuntimeError("a bug")),
        (lambda workshop: workshop.runner._keeper._provenance, "sign", ProvenanceFailed("the signer")),
    ],
)
async def test_what_breaks_after_the_purchase_does_not_buy_again(
    customer: Any,
    worker: Any,
    workshop: Any,
    app: Any,
    clock: Any,
    monkeypatch: pytest.MonkeyPatch,
    target: Callable[[Any], Any],
    name: str,
    error: Exception,
) -> None:
    one = await customer()
    accepted = count_calls(workshop.engines["scripted"], "submit")
    generation_id = (await one.submit("#delay=0")).generation.id
    fail_once(target(workshop), name, error, monkeypatch)
    await worker.settle(rounds=5)
    await recover(worker, workshop, clock)
    assert (await one.get(generation_id)).status is Status.COMPLETED
    assert len(accepted) == 1
    await audit(app)


async def test_a_worker_that_was_taken_for_dead_leaves_its_successors_task_alone(
    customer: Any, worker: Any, workshop: Any, app: Any, clock: Any
) -> None:
    one = await customer()
    generation_id = (await one.submit("a lake")).generation.id
    stopped = count_calls(workshop.engines["scripted"], "cancel")
    stale, gate = workshop.runner, Gate(workshop.engines["scripted"], "submit")

    async def say_nothing(*_: Any) -> None:
        return None

    stale._renew = say_nothing
    running = asyncio.create_task(worker.step())
    await gate.reached.wait()
    clock.advance(LEASE)
    successor = Workshop.build(app)
    await successor.sweeper.sweep()
    assert (await one.get(generation_id)).stage is Stage.RENDERING
    gate.opened.set()
    await running
    assert stopped == []


async def test_a_task_that_was_accepted_during_a_cancellation_is_stopped(
    customer: Any, worker: Any, workshop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LAST_WORDS_SECONDS", 0)
    one = await customer()
    generation_id = (await one.submit("a lake")).generation.id
    stopped = count_calls(workshop.engines["scripted"], "cancel")
    gate = Gate(workshop.engines["scripted"], "submit")
    noticed, renew = asyncio.Event(), workshop.runner._renew

    async def notice(*arguments: Any) -> Any:
        renewed = await renew(*arguments)
        if renewed is False:
            asyncio.get_running_loop().call_soon(noticed.set)
        return renewed

    workshop.runner._renew = notice
    running = asyncio.create_task(worker.step())
    await gate.reached.wait()
    await one.app.generations.cancel(one.caller, generation_id)
    await noticed.wait()
    gate.opened.set()
    await running
    assert len(stopped) == 1


async def test_submissions_that_never_arrive_are_tried_as_often_as_other_failures(
    customer: Any, worker: Any, workshop: Any
) -> None:
    one = await customer()
    generation_id = (await one.submit("a lake")).generation.id
    tried = []

    async def time_out(request: Any) -> str:
        tried.append(request.attempt)
        assert len(tried) < 10
        raise SubmissionUnknown("no answer")

    workshop.engines["scripted"].submit = time_out
    await worker.settle(rounds=60)
    ended = await one.get(generation_id)
    assert (ended.status, ended.error_code, tried) == (Status.FAILED, "ENGINE_UNAVAILABLE", [1, 2, 3])
    assert await one.balance() == (10_000, 0)


async def test_the_task_of_a_generation_that_timed_out_is_stopped(
    customer: Any, worker: Any, workshop: Any, clock: Any
) -> None:
    one = await customer()
    generation_id = (await one.submit("#delay=3600")).generation.id
    await worker.step()
    clock.advance(timedelta(seconds=3601))
    await workshop.sweeper.sweep()
    assert (queue.CANCEL, generation_id) in await worker.jobs()
    stopped = count_calls(workshop.engines["scripted"], "cancel")
    await worker.settle(rounds=1)
    assert stopped


async def test_a_film_that_was_canceled_while_it_was_stored_is_not_kept(
    customer: Any, worker: Any, workshop: Any, app: Any, clock: Any
) -> None:
    """Its address is known and its credits were given back."""
    one = await customer()
    generation_id = (await one.submit("#delay=0")).generation.id
    gate = Gate(workshop.runner, "_complete", after=False)
    await worker.step()
    clock.advance(timedelta(seconds=1))
    await workshop.poller.poll_once()
    running = asyncio.create_task(worker.step())
    await gate.reached.wait()
    assert await app.storage.stat(f"outputs/{generation_id}.mp4")
    await one.app.generations.cancel(one.caller, generation_id)
    gate.opened.set()
    await running
    await worker.settle(rounds=1)
    for suffix in ("mp4", "jpg"):
        with pytest.raises(FileMissing):
            await app.storage.stat(f"outputs/{generation_id}.{suffix}")


async def test_a_task_whose_engine_is_away_is_stopped_later(
    customer: Any, worker: Any, workshop: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await customer()
    generation_id = (await one.submit("#delay=3600")).generation.id
    await worker.step()
    await one.app.generations.cancel(one.caller, generation_id)
    engine = workshop.engines["scripted"]
    fail_once(engine, "cancel", OSError("away"), monkeypatch)
    assert await workshop.leftovers.clear_canceled(generation_id) is not None
    assert await workshop.leftovers.clear_canceled(generation_id) is None
    clock.advance(timedelta(hours=2))
    fail_once(engine, "cancel", OSError("still away"), monkeypatch)
    assert await workshop.leftovers.clear_canceled(generation_id) is None


# One broken row ----------------------------------------------------------------------------------------------


async def test_a_task_that_cannot_be_watched_does_not_hide_the_others(
    customer: Any, worker: Any, workshop: Any, clock: Any
) -> None:
    one = await customer()
    for prompt in ("#broken", "a lake", "#fail"):
        await one.submit(prompt)
    while await worker.step():
        pass
    engine = workshop.engines["scripted"]
    watch = engine.watch

    async def break_one(task_id: str) -> Any:
        if "#broken" in task_id:
            raise KeyError("a field that the upstream no longer sends")
        return await watch(task_id)

    engine.watch = break_one
    clock.advance(timedelta(seconds=1))
    assert await workshop.poller.poll_once() == 3
    assert len([job for job in await worker.jobs() if job[0] == queue.STORE]) == 1
    page = await one.app.generations.list_page(one.caller, 10, None, GenerationFilter())
    assert sorted(item.status for item in page.items) == [Status.FAILED, Status.PROCESSING, Status.PROCESSING]


async def test_a_generation_that_cannot_be_ended_does_not_keep_others_from_it(
    customer: Any, workshop: Any, app: Any, clock: Any
) -> None:
    """Its hold is gone, which nothing here could have done: the sweep says so and goes on."""
    one = await customer()
    broken = (await one.submit("#delay=3600")).generation.id
    clock.advance(timedelta(seconds=1))
    sound = (await one.submit("#delay=3600")).generation.id
    async with app.database.transaction() as connection:
        await connection.execute("UPDATE hold SET state = 'released' WHERE generation_id = $1", broken)
    clock.advance(timedelta(days=1, seconds=2))
    await workshop.sweeper.sweep()
    assert (await one.get(broken)).status is Status.PROCESSING
    assert (await one.get(sound)).status is Status.FAILED


async def test_a_recovery_that_breaks_does_not_keep_the_sweep_from_the_rest(
    customer: Any, worker: Any, workshop: Any, clock: Any
) -> None:
    one = await customer()
    overdue = (await one.submit("#delay=3600")).generation.id
    clock.advance(timedelta(seconds=1))
    silent = (await one.submit("#delay=3600")).generation.id
    async with one.app.database.transaction() as connection:
        for timeout in (LEASE * 2, LEASE * 100):
            await store.claim_next(connection, Lane.SUBMIT, clock.now(), LEASE, timeout, attempts.WEIGHTS)
    clock.advance(LEASE * 3)

    async def break_down(_: str) -> None:
        raise AssertionError("a bug")

    workshop.runner.recover = break_down
    await workshop.sweeper.sweep()
    assert (await one.get(overdue)).status is Status.FAILED
    assert (await one.get(silent)).status is Status.PROCESSING


# Nothing waits for ever --------------------------------------------------------------------------------------


async def test_a_lost_job_is_queued_again_however_many_others_wait(
    customer: Any, worker: Any, workshop: Any, app: Any, clock: Any
) -> None:
    one = await customer()
    ids = [(await one.submit("#delay=0")).generation.id for _ in range(4)]
    while await worker.step():
        pass
    clock.advance(timedelta(seconds=1))
    await workshop.poller.poll_once()
    async with app.database.transaction() as connection:
        await connection.execute("DELETE FROM pgqueuer WHERE payload = $1", ids[0].encode())
    await workshop.sweeper.sweep()
    assert sorted(await worker.jobs()) == sorted((queue.STORE, item) for item in ids)


async def test_free_slots_are_found_behind_many_full_accounts(customer: Any, app: Any) -> None:
    for _ in range(3):
        full = await customer("pro", job_slots=1)
        for _ in range(2):
            await full.submit("#delay=1000")
    grown = await customer("pro", job_slots=1)
    for _ in range(2):
        await grown.submit("#delay=1000")
    await app.accounts.set_plan(grown.caller.account_id, "pro", {})
    async with app.database.reading() as connection:
        found = await store.accounts_with_free_slots(connection, {"pro": 10, "free": 1}, 1)
    assert found == [grown.caller.account_id]


async def test_an_answer_of_the_desk_does_not_wait_for_a_database_that_is_away(
    customer: Any, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await customer("enterprise")
    desk, tries = app.generations._desk, 0

    async def be_away(_: Any) -> Any:
        nonlocal tries
        tries += 1
        raise ConnectionRefusedError

    monkeypatch.setattr(desk, "_admit", be_away)
    outcomes = await asyncio.gather(*(one.submit() for _ in range(20)), return_exceptions=True)
    assert all(isinstance(outcome, ConnectionRefusedError) for outcome in outcomes)
    assert tries <= 2


async def test_old_quotes_are_deleted(customer: Any, workshop: Any, app: Any, clock: Any) -> None:
    one = await customer()
    raw = RawRequest({"prompt": ("prompt", "a lake")})
    old = await app.generations.quote(one.caller, raw)
    clock.advance(timedelta(days=1, minutes=16))
    new = await app.generations.quote(one.caller, raw)
    await workshop.sweeper.sweep()
    async with app.database.reading() as connection:
        assert [row["id"] for row in await connection.fetch("SELECT id FROM quote")] == [new.id]
    with pytest.raises(DoitongError) as refused:
        await one.submit("a lake", quoteId=old.id)
    assert refused.value.code == "QUOTE_EXPIRED"
