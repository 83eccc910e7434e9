"""The moves of a generation between its stages, each inside the caller's transaction.

Whoever moves a generation has locked its row first. An end writes everything at once: the status, the hold's
resolution, the freed job slot (and who gets it next), the event and its deliveries. So there is one end.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from doitong.db import queue
from doitong.db.notifications import notify
from doitong.db.pool import Connection
from doitong.generations import store, upstream_store
from doitong.generations.model import Generation, Lane, Stage, Status
from doitong.generations.presentation import present_error, present_metadata
from doitong.generations.routing import Route
from doitong.generations.rules import Ending, was_ready
from doitong.generations.submission import LANE_ENTRYPOINTS, WAITING_MAXIMUM
from doitong.keys import budget_store as budgets
from doitong.ledger import store as ledger
from doitong.ledger.model import HoldState
from doitong.plans import store as plans
from doitong.usage import store as usages
from doitong.usage.model import End, Outcome
from doitong.webhooks.body import EndedError, EndedGeneration, build_body
from doitong.webhooks.model import EventType
from doitong.webhooks.service import publish

ENDED_CHANNEL = "doitong_generation_ended"
LEFTOVERS_AGAIN = timedelta(minutes=1)  # a worker that was storing at the end has let go by then

EVENTS = {
    Status.COMPLETED: EventType.GENERATION_COMPLETED,
    Status.FAILED: EventType.GENERATION_FAILED,
    Status.CANCELED: EventType.GENERATION_CANCELED,
}


async def finish(
    connection: Connection, generation: Generation, ending: Ending, now: datetime, cdn_base_url: str
) -> Generation:
    """End a generation whose row this transaction has locked."""
    metadata: Mapping[str, Any] = {**generation.metadata, **(ending.metadata or {})}
    ended = await store.set_ended(
        connection, generation.id, ending.status, ending.charge_credits, metadata, ending.error_code, now
    )
    await free_slot(connection, generation)  # locks the account's counters, which what is counted next relies on
    await _count(connection, generation, ended)
    await wake_pool(connection, generation)
    if ended.status is not Status.COMPLETED and generation.started_at is not None:
        for delay in (None, LEFTOVERS_AGAIN):
            await queue.enqueue(connection, queue.CANCEL, [generation.id], delay=delay)
    is_charged = ending.charge_credits > 0
    outcome = HoldState.CAPTURED if is_charged else HoldState.RELEASED
    was_open = await ledger.resolve_hold(
        connection, generation.id, capture=ending.charge_credits, outcome=outcome, now=now
    )
    assert was_open, f"the hold of {generation.id} was resolved before its generation ended"
    await publish(
        connection,
        EVENTS[ended.status],
        ended.account_id,
        ended.id,
        build_body(_ended(ended, cdn_base_url)),
        ended.webhook_url,
        now,
    )
    await notify(connection, ENDED_CHANNEL, generation.id)
    return ended


async def _count(connection: Connection, before: Generation, ended: Generation) -> None:
    """Into the day's usage; what was reserved of a key's budget and not charged is given back."""
    assert ended.completed_at is not None
    is_completed = ended.status is Status.COMPLETED
    end = End(
        account_id=ended.account_id,
        day=ended.completed_at.astimezone(UTC).date(),
        service=ended.service,
        quality=ended.parameters.get("quality", "standard"),
        key_prefix=ended.key_prefix or "dashboard",
        engine=ended.engine,
        outcome=Outcome(ended.status.value),
        credits=ended.credit_cost,
        seconds=int(ended.parameters["duration"]) if is_completed else 0,
    )
    await usages.count_end(connection, end)
    if ended.key_prefix and (uncharged := before.credit_cost - ended.credit_cost) > 0:
        await budgets.give_back(connection, ended.key_prefix, ended.created_at, uncharged)


def _ended(generation: Generation, cdn_base_url: str) -> EndedGeneration:
    is_completed = generation.status is Status.COMPLETED
    error = present_error(generation.error_code, "en")
    assert generation.completed_at is not None
    return EndedGeneration(
        id=generation.id,
        status=generation.status.value,
        url=f"{cdn_base_url}/outputs/{generation.id}.mp4" if is_completed else None,
        service=generation.service,
        created_at=generation.created_at,
        completed_at=generation.completed_at,
        metadata=present_metadata(generation),
        error=EndedError(error["code"], error["message"]) if error else None,
    )


async def free_slot(connection: Connection, generation: Generation) -> None:
    """Take an ended generation out of its account's counters, and give its slot to the next in line."""
    locked = (await plans.lock_usage(connection, [generation.account_id]))[generation.account_id]
    usage = locked.usage
    if generation.holds_slot:
        ready = usage.ready - (1 if was_ready(generation) else 0)
        usage = replace(usage, slots_used=usage.slots_used - 1, ready=ready)
    else:
        usage = replace(usage, backlog=usage.backlog - 1)
    await _promote(connection, replace(locked, usage=usage))


async def promote_waiting(connection: Connection, account_id: str) -> None:
    """Give free slots to waiting generations; for the sweep, after a plan got larger or a wake-up was lost."""
    locked = await plans.lock_usage(connection, [account_id])
    await _promote(connection, locked[account_id])


async def _promote(connection: Connection, locked: plans.LockedUsage) -> None:
    usage = locked.usage
    free = min(locked.plan.job_slots - usage.slots_used, usage.backlog)
    promoted: list[tuple[str, Lane]] = []
    if free > 0:
        promoted = await store.promote_oldest(connection, usage.account_id, free)
    count = len(promoted)
    virtual_time = (
        max(usage.virtual_time, locked.clock_virtual_time) if count and not usage.ready else usage.virtual_time
    )
    usage = replace(
        usage,
        slots_used=usage.slots_used + count,
        ready=usage.ready + count,
        backlog=usage.backlog - count,
        virtual_time=virtual_time,
    )
    await plans.save_usages(connection, [usage])
    for lane, entrypoint in LANE_ENTRYPOINTS.items():
        await queue.enqueue(connection, entrypoint, [item for item, of_lane in promoted if of_lane is lane])


async def wake_pool(connection: Connection, generation: Generation) -> None:
    """Have somebody look for the next one, now that a generation leaves its place at the engine."""
    if generation.pool is not None and generation.stage in (Stage.SUBMITTING, Stage.RENDERING):
        waiting = await upstream_store.ready_in_pools(connection, [generation.pool], 1)
        await queue.enqueue(connection, queue.SUBMIT, waiting)


async def queue_again(
    connection: Connection,
    generation: Generation,
    delay: timedelta,
    now: datetime,
    *,
    counts_attempt: bool,
    forgets_start: bool = False,
    route: tuple[Route, str | None] | None = None,
) -> None:
    """Put a running generation, locked by this transaction, back among the ready ones, to be looked at later.

    One that `forgets_start` was taken by no engine: it may wait as long as one that never started. With `route`, an
    engine and its pool, that engine is to have it.
    """
    assert generation.holds_slot
    due_at = now + delay if delay else None
    waits_until = generation.created_at + WAITING_MAXIMUM if forgets_start else None
    await wake_pool(connection, generation)
    await store.set_queued_again(
        connection, generation.id, due_at, counts_attempt=counts_attempt, waits_until=waits_until
    )
    lane = generation.lane
    if route is not None:
        lane = route[0].lane
        await upstream_store.set_engine(connection, generation.id, route[0].engine, lane, route[1])
    if not was_ready(generation):
        locked = (await plans.lock_usage(connection, [generation.account_id]))[generation.account_id]
        await plans.save_usages(connection, [replace(locked.usage, ready=locked.usage.ready + 1)])
    await queue.enqueue(connection, LANE_ENTRYPOINTS[lane], [generation.id], delay=delay or None)
