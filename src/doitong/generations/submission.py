"""Admission: the one transaction after which a generation is kept.

Every door's submission passes this desk. It collects what arrives while a transaction is under way and admits
all of it in the next: one lock of the counters, one of the balances, one insert a noun, one commit. The rules
decide in order of arrival, each on what the one before left behind, so a batch reads like one request after
the other. A lone submission waits for nobody.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from doitong.core.clock import Clock
from doitong.core.errors import CreditsInsufficient, DoitongError
from doitong.db import queue
from doitong.db.pool import DATABASE_AWAY, Connection, Database
from doitong.generations import store
from doitong.generations.model import Generation, Lane, Stage, Status
from doitong.idempotency import store as idempotency
from doitong.idempotency.rules import KEPT_FOR
from doitong.keys import budget_store as budgets
from doitong.keys.model import BudgetReached
from doitong.keys.rules import month_of, next_month
from doitong.ledger import store as ledger
from doitong.ledger.model import HoldOrder
from doitong.plans import store as plans
from doitong.plans.model import RateState
from doitong.plans.rules import admit, rate_state, shift

BATCH_MAXIMUM = 64
AT_THE_DESK_MAXIMUM = 4096
WAITING_MAXIMUM = timedelta(days=1)  # in the queue; once started, the generation's own timeout counts


@dataclass(frozen=True, slots=True)
class Application:
    """One valid submission at the desk. `generation` is what will be stored if it is admitted."""

    generation: Generation
    idempotency_key: str | None
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """An accepted submission: the generation as it was accepted, and the state of the rate limit."""

    generation: Generation
    is_replay: bool
    rate: RateState


Outcome = Submission | DoitongError


class SubmissionDesk:
    """Admits submissions in batches, one transaction at a time."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: list[tuple[Application, asyncio.Future[Outcome]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def submit(self, application: Application) -> Submission:
        """Admit one submission; returns after its commit, raises what the rules decided."""
        if len(self._waiting) >= AT_THE_DESK_MAXIMUM:
            raise DoitongError("UNAVAILABLE")
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((application, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="submission desk")
        outcome = await asyncio.shield(future)
        if isinstance(outcome, DoitongError):
            raise outcome
        return outcome

    async def close(self) -> None:
        """Wait for what has been taken in."""
        if self._worker is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH_MAXIMUM], self._waiting[BATCH_MAXIMUM:]
            await self._settle(batch)

    async def _settle(self, batch: "list[tuple[Application, asyncio.Future[Outcome]]]") -> None:
        """Give everybody in the batch an answer; one that the database refuses does not spoil the others'."""
        try:
            outcomes = await self._admit([application for application, _ in batch])
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, DATABASE_AWAY):
                for single in batch:
                    await self._settle([single])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)

    async def _admit(self, applications: Sequence[Application]) -> list[Outcome]:
        now = self._clock.now()
        async with self._database.transaction() as connection:
            batch = await _Batch.open(connection, applications, now)
            outcomes = [batch.decide(application) for application in applications]
            await batch.save(connection)
        return outcomes


class _Batch:
    """The locked state of all accounts of a batch, and what is to be written at its end."""

    def __init__(
        self,
        now: datetime,
        locked: dict[str, plans.LockedUsage],
        available: dict[str, int],
        records: dict[tuple[str, str], idempotency.Record],
        budgeted: dict[tuple[str, date], budgets.Budget],
    ) -> None:
        self._now = now
        self._locked = locked
        self._usages = {account_id: row.usage for account_id, row in locked.items()}
        self._available = available
        self._records = records
        self._budgets = budgeted
        self._reserved: Counter[tuple[str, date]] = Counter()  # by family and month
        self._accepted: list[Generation] = []
        self._new_records: list[idempotency.Record] = []

    @classmethod
    async def open(cls, connection: Connection, applications: Sequence[Application], now: datetime) -> "_Batch":
        account_ids = sorted({item.generation.account_id for item in applications})
        locked = await plans.lock_usage(connection, account_ids)
        budgeted = await _read_budgets(connection, applications, locked)
        balances = await ledger.lock_balances(connection, account_ids)
        keys = [(item.generation.account_id, item.idempotency_key) for item in applications if item.idempotency_key]
        records = await idempotency.find_records(connection, keys, now - KEPT_FOR)
        available = {name: balance.available for name, balance in balances.items()}
        return cls(now, locked, available, records, budgeted)

    def decide(self, application: Application) -> Outcome:
        """Replay, refuse or accept one submission; a refusal leaves no trace."""
        generation = application.generation
        locked = self._locked[generation.account_id]
        if application.idempotency_key is not None:
            record = self._records.get((generation.account_id, application.idempotency_key))
            if record is not None:
                return self._replay(application, record, locked)
        try:
            return self._accept(application, locked)
        except DoitongError as refusal:
            return refusal

    def _replay(self, application: Application, record: idempotency.Record, locked: plans.LockedUsage) -> Outcome:
        if record.fingerprint != application.fingerprint:
            return DoitongError("IDEMPOTENCY_KEY_REUSED")
        now_second = int(self._now.timestamp())
        window = shift(self._usages[record.account_id].window, now_second)
        rate = rate_state(window, locked.plan.generations_per_minute, now_second)
        return Submission(restore(application.generation, record), True, rate)

    def _accept(self, application: Application, locked: plans.LockedUsage) -> Submission:
        generation = application.generation
        account_id = generation.account_id
        admission = admit(self._usages[account_id], locked.plan, self._now, locked.clock_virtual_time)
        if self._available[account_id] < generation.credit_cost:
            raise CreditsInsufficient(generation.credit_cost, self._available[account_id])
        self._reserve_budget(generation)
        self._usages[account_id] = admission.usage
        self._available[account_id] -= generation.credit_cost
        position = None if admission.got_slot else admission.usage.backlog
        accepted = replace(generation, holds_slot=admission.got_slot, queue_position=position)
        self._accepted.append(accepted)
        if application.idempotency_key is not None:
            record = _record(accepted, application.idempotency_key, application.fingerprint)
            self._records[account_id, record.key] = record
            self._new_records.append(record)
        return Submission(accepted, False, admission.rate)

    def _reserve_budget(self, generation: Generation) -> None:
        """Raises BudgetReached."""
        month = month_of(generation.created_at)
        budget = self._budgets.get((generation.key_prefix or "", month))
        if budget is None:
            return
        spent = budget.spent + self._reserved[budget.family, month]
        if spent + generation.credit_cost > budget.budget:
            raise BudgetReached(budget.budget, spent, generation.credit_cost, next_month(generation.created_at))
        self._reserved[budget.family, month] += generation.credit_cost

    async def save(self, connection: Connection) -> None:
        if not self._accepted:
            return
        generations = self._accepted
        account_ids = {generation.account_id for generation in generations}
        await store.insert(connection, generations)
        await plans.save_usages(connection, [self._usages[account_id] for account_id in sorted(account_ids)])
        for (family, month), credits in sorted(self._reserved.items()):
            await budgets.reserve(connection, family, month, credits)
        await ledger.place_holds(
            connection, [HoldOrder(g.id, g.account_id, g.credit_cost) for g in generations], self._now
        )
        await idempotency.save_records(connection, self._new_records)
        for lane, entrypoint in LANE_ENTRYPOINTS.items():
            ready = [g.id for g in generations if g.holds_slot and g.lane is lane]
            await queue.enqueue(connection, entrypoint, ready)


async def _read_budgets(
    connection: Connection,
    applications: Sequence[Application],
    locked: Mapping[str, plans.LockedUsage],
) -> dict[tuple[str, date], budgets.Budget]:
    """The budgets of the keys that ask, once their accounts' counters are locked; without one nothing is asked.

    They are counted in the month in which a generation was made; at the end of one, a batch may hold two.
    """
    asking: dict[date, set[str]] = {}
    for item in applications:
        generation = item.generation
        if generation.key_prefix and generation.key_prefix in locked[generation.account_id].budgeted_keys:
            asking.setdefault(month_of(generation.created_at), set()).add(generation.key_prefix)
    return {
        (prefix, month): budget
        for month, prefixes in asking.items()
        for prefix, budget in (await budgets.find_budgets(connection, prefixes, month)).items()
    }


LANE_ENTRYPOINTS = {Lane.RENDER: queue.RENDER, Lane.SUBMIT: queue.SUBMIT}


def _record(generation: Generation, key: str, fingerprint: bytes) -> idempotency.Record:
    answer: dict[str, Any] = {
        "parameters": dict(generation.parameters),
        "creditCost": generation.credit_cost,
        "engine": generation.engine,
        "queuePosition": generation.queue_position,
    }
    return idempotency.Record(generation.account_id, key, fingerprint, generation.id, answer, generation.created_at)


def restore(same_request: Generation, record: idempotency.Record) -> Generation:
    """The generation as it was accepted, from an equal request and the stored answer."""
    answer = record.answer
    return replace(
        same_request,
        id=record.generation_id,
        parameters=answer["parameters"],
        credit_cost=answer["creditCost"],
        engine=answer["engine"],
        queue_position=answer["queuePosition"],
        created_at=record.created_at,
    )


def new_generation(generation_id: str, account_id: str, now: datetime, terms: dict[str, Any]) -> Generation:
    """A generation that nobody has admitted yet; `terms` are the remaining columns."""
    return Generation(
        id=generation_id,
        account_id=account_id,
        status=Status.PROCESSING,
        stage=Stage.QUEUED,
        progress=0.0,
        holds_slot=False,
        engine_task_id=None,
        attempt=0,
        fence=0,
        metadata={},
        error_code=None,
        created_at=now,
        started_at=None,
        completed_at=None,
        deadline_at=now + WAITING_MAXIMUM,
        **terms,
    )
