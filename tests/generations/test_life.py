"""Guarantees: accepted means kept; a generation ends once; the money follows the end."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from doitong.core.errors import DoitongError
from doitong.generations.model import Stage, Status


async def test_a_generation_is_completed_charged_and_stored(customer: Any, worker: Any, app: Any) -> None:
    one = await customer()
    submission = await one.submit("a lake", duration=6)
    assert submission.generation.status is Status.PROCESSING
    assert await one.balance() == (9_880, 120)
    await worker.settle()
    done = await one.get(submission.generation.id)
    assert done.status is Status.COMPLETED
    assert done.progress == 1
    assert done.metadata["width"] == 1280
    assert done.metadata["duration"] == 6
    assert done.metadata["engine"] == "scripted"
    assert len(done.metadata["sha256"]) == 64
    assert await one.balance() == (9_880, 0)
    assert await app.ledger.verify() == []


@pytest.mark.parametrize(
    ("prompt", "status", "code", "charged"),
    [
        ("#transient=2", Status.COMPLETED, None, 100),
        ("#transient=3", Status.FAILED, "ENGINE_FAILED", 0),
        ("#fail", Status.FAILED, "ENGINE_FAILED", 0),
        ("#refuse", Status.FAILED, "ENGINE_UNAVAILABLE", 0),
        ("#moderated", Status.FAILED, "CONTENT_POLICY", 100),
        ("#lost-task", Status.COMPLETED, None, 100),
        ("#wrong-size", Status.FAILED, "ENGINE_FAILED", 0),
    ],
)
async def test_every_way_an_engine_can_end(
    customer: Any, worker: Any, app: Any, prompt: str, status: Status, code: str | None, charged: int
) -> None:
    one = await customer()
    generation_id = (await one.submit(prompt)).generation.id
    await worker.settle(rounds=80)
    ended = await one.get(generation_id)
    assert (ended.status, ended.error_code, ended.credit_cost) == (status, code, charged)
    assert await one.balance() == (10_000 - charged, 0)
    assert await app.ledger.verify() == []


async def test_an_unknown_submission_keeps_its_hold_and_is_not_sent_again(
    customer: Any, worker: Any, workshop: Any
) -> None:
    one = await customer()
    generation_id = (await one.submit("#lost-forever")).generation.id
    await worker.settle()
    unknown = await one.get(generation_id)
    assert (unknown.status, unknown.stage) == (Status.PROCESSING, Stage.UNKNOWN)
    assert await one.balance() == (9_900, 100)
    assert len(workshop.engines["scripted"].bought()) == 1
    with pytest.raises(DoitongError) as refused:
        await one.app.generations.cancel(one.caller, generation_id)
    assert refused.value.code == "CONFLICT"


async def test_what_a_dead_worker_left_is_taken_over_and_bought_once(
    customer: Any, worker: Any, workshop: Any, app: Any, clock: Any
) -> None:
    """The worker dies between the claim and the record of the task: the engine is asked what it accepted."""
    one = await customer()
    generation_id = (await one.submit("a lake")).generation.id
    runner = workshop.runner
    submitted = asyncio.Event()
    original, renew = runner._record_task, runner._renew

    async def die(generation: Any, task_id: str) -> None:
        submitted.set()
        await asyncio.Event().wait()

    async def say_nothing(*_: Any) -> None:
        return None

    runner._record_task, runner._renew = die, say_nothing
    dying = asyncio.create_task(worker.step())
    await submitted.wait()
    runner._record_task = original
    clock.advance(timedelta(seconds=31))
    await workshop.sweeper.sweep()
    runner._renew = renew
    await worker.settle()
    assert (await one.get(generation_id)).status is Status.COMPLETED
    assert len(workshop.engines["scripted"].bought()) == 1
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    assert await one.balance() == (9_900, 0)


async def test_a_stale_worker_is_turned_away_by_the_fence(
    customer: Any, worker: Any, workshop: Any, app: Any, clock: Any
) -> None:
    from doitong.generations.rules import Ending

    one = await customer()
    generation_id = (await one.submit("#delay=5")).generation.id
    assert await worker.step()
    stale = await one.get(generation_id)
    async with app.database.transaction() as connection:
        await connection.execute("UPDATE generation SET fence = fence + 1 WHERE id = $1", generation_id)
    await workshop.runner.end(stale, Ending(Status.COMPLETED, 100, metadata={}))
    await workshop.runner.end(stale, Ending(Status.FAILED, 0, "ENGINE_FAILED"))
    assert (await one.get(generation_id)).status is Status.PROCESSING
    assert await one.balance() == (9_900, 100)


@pytest.mark.parametrize("round_number", range(10))
async def test_cancel_races_completion_and_exactly_one_wins(
    customer: Any, worker: Any, workshop: Any, app: Any, clock: Any, round_number: int
) -> None:
    one = await customer()
    generation_id = (await one.submit("a lake")).generation.id
    assert await worker.step()
    clock.advance(timedelta(seconds=1))
    await workshop.poller.poll_once()
    cancel = asyncio.create_task(one.app.generations.cancel(one.caller, generation_id))
    store = asyncio.create_task(worker.step())
    if round_number % 2:
        await asyncio.sleep(0)
    outcome, _ = await asyncio.gather(cancel, store, return_exceptions=True)
    ended = await one.get(generation_id)
    if isinstance(outcome, DoitongError):
        assert outcome.code == "GENERATION_FINISHED"
        assert ended.status is Status.COMPLETED
        assert await one.balance() == (9_900, 0)
    else:
        assert ended.status is Status.CANCELED
        assert await one.balance() == (10_000, 0)
    assert await app.ledger.verify() == []


async def test_a_canceled_generation_gives_its_slot_to_the_next_in_line(customer: Any, worker: Any, clock: Any) -> None:
    one = await customer("free", 1000)
    first = (await one.submit("#delay=1000")).generation
    clock.advance(timedelta(seconds=1))
    second = (await one.submit("second")).generation
    clock.advance(timedelta(seconds=1))
    third = (await one.submit("third")).generation
    assert first.holds_slot
    assert (second.holds_slot, second.queue_position) == (False, 1)
    assert (await one.get(third.id)).queue_position == 2
    assert (await one.get(third.id)).expected_start_at is not None
    await worker.step()
    await one.app.generations.cancel(one.caller, first.id)
    assert (await one.get(second.id)).holds_slot
    await worker.settle()
    assert (await one.get(third.id)).status is Status.COMPLETED
    limits = await one.app.generations.limits(one.caller)
    assert (limits["jobsRunning"], limits["jobsWaiting"]) == (0, 0)


async def test_a_noisy_account_gets_its_share_and_no_more(customer: Any, worker: Any, app: Any) -> None:
    """Virtual time: of ten accounts of one plan, the one that came first with much gets a tenth of the starts."""
    noisy = await customer("pro", 100_000, job_slots=100, generations_per_minute=1000)
    for _ in range(60):
        await noisy.submit("#delay=1000")
    others = [await customer("pro", 10_000, job_slots=100) for _ in range(9)]
    for other in others:
        for _ in range(6):
            await other.submit("#delay=1000")
    for _ in range(60):
        await worker.step()
    async with app.database.reading() as connection:
        starts = dict(
            await connection.fetch(
                "SELECT account_id, count(*) FROM generation WHERE stage = 'rendering' GROUP BY account_id"
            )
        )
    assert starts[noisy.caller.account_id] == 6
    assert all(starts[other.caller.account_id] == 6 for other in others)


async def test_past_the_deadline_it_fails_and_the_credits_come_back(
    customer: Any, worker: Any, workshop: Any, clock: Any
) -> None:
    one = await customer()
    generation_id = (await one.submit("#delay=3600")).generation.id
    await worker.step()
    clock.advance(timedelta(seconds=3601))
    await workshop.sweeper.sweep()
    ended = await one.get(generation_id)
    assert (ended.status, ended.error_code) == (Status.FAILED, "GENERATION_TIMED_OUT")
    assert await one.balance() == (10_000, 0)


async def test_waiting_in_the_queue_does_not_count_against_the_deadline(
    customer: Any, worker: Any, workshop: Any, clock: Any
) -> None:
    one = await customer("free", 1000)
    first = (await one.submit("#delay=3000")).generation.id
    clock.advance(timedelta(seconds=1))
    second = (await one.submit("#delay=3000")).generation.id
    await worker.step()
    clock.advance(timedelta(seconds=3001))
    await worker.settle(rounds=5)
    assert (await one.get(first)).status is Status.COMPLETED
    clock.advance(timedelta(seconds=1000))
    await workshop.sweeper.sweep()
    assert (await one.get(second)).status is Status.PROCESSING
    clock.advance(timedelta(seconds=3000))
    await workshop.sweeper.sweep()
    assert (await one.get(second)).error_code == "GENERATION_TIMED_OUT"


async def test_long_poll_returns_at_the_end(customer: Any, worker: Any, app: Any) -> None:
    one = await customer()
    generation_id = (await one.submit("a lake")).generation.id
    waiting = asyncio.create_task(app.generations.wait(one.caller, generation_id, 30))
    await worker.settle()
    async with asyncio.timeout(5):
        assert (await waiting).status is Status.COMPLETED
