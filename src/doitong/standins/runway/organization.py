"""The organization behind the keys: its tasks, slots, daily counters, credits and uploads, all in memory.

No timer runs: a slot is the moment from which it is free, and every question first settles what time has brought
about since the last one. So a task's start and end are exact whenever somebody looks, and ten thousand tasks cost
nothing while nobody does.
"""

import heapq
import math
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from doitong.standins.runway import answers
from doitong.standins.runway.catalogue import TIERS, Offer
from doitong.standins.runway.model import DAY_SECONDS, Json, Kind, Limits, Options, Output, Refused, Task, Upload
from doitong.standins.runway.rules import dead_urls, decide_fate, refund_on_delete, throttled_seconds
from doitong.standins.runway.script import Fault

UPLOAD_SECONDS = DAY_SECONDS
REMEMBERED_CHARACTERS = 1000


@dataclass(slots=True)
class Lane:
    """The tasks of one model: who waits, when each slot is free, and what was made in the last 24 hours."""

    limits: Limits
    waiting: list[tuple[float, int, Task]] = field(default_factory=list)
    slots: list[float] = field(default_factory=list)
    made: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.slots = [0.0] * (self.limits.at_once or 0)

    def start(self, now: float) -> Iterator[Task]:
        """Start, in order, every task whose turn has come by `now`, at the moment when it came."""
        while self.waiting:
            eligible_at, _, task = self.waiting[0]
            if task.deleted_at is not None:
                heapq.heappop(self.waiting)
                continue
            starts_at = max(eligible_at, self.slots[0]) if self.slots else eligible_at
            if starts_at > now:
                return
            heapq.heappop(self.waiting)
            task.started_at = starts_at
            if self.slots:
                heapq.heapreplace(self.slots, starts_at + task.fate.seconds)
            yield task

    def free(self, task: Task, now: float) -> None:
        """Give the slot of a task that is deleted while it holds one to the next."""
        if self.slots and task.ends_at is not None and task.ends_at > now:
            self.slots[self.slots.index(task.ends_at)] = now
            heapq.heapify(self.slots)

    def made_today(self, now: float) -> int:
        while self.made and self.made[0] <= now - DAY_SECONDS:
            self.made.popleft()
        return len(self.made)


class Organization:
    """Everything that the keys of one stand-in own."""

    def __init__(self, options: Options, offers: dict[str, dict[str, Offer]], new_uuid: Callable[[], UUID]) -> None:
        self.options = options
        self.tier = TIERS[options.tier]
        self.tasks: dict[str, Task] = {}
        self.uploads: dict[str, Upload] = {}
        self.granted = options.credits
        self._new_uuid = new_uuid
        self._order = count()  # parts what falls on one moment
        self._usage: Counter[tuple[date, str]] = Counter()
        self._charged = 0
        self._refunds: list[tuple[float, int, Task]] = []
        kinds = {offer.model: offer.kind for models in offers.values() for offer in models.values()}
        self._lanes = {model: Lane(self._limits(kind)) for model, kind in kinds.items()}

    def _limits(self, kind: Kind) -> Limits:
        own, tier = self.options, self.tier.kinds[kind]
        at_once = tier.at_once if own.at_once is None else own.at_once
        return Limits(at_once, tier.daily if own.daily is None else own.daily)

    def settle(self, now: float) -> None:
        """Bring about everything that has happened by `now`: starts, ends, refunds of failures."""
        for lane in self._lanes.values():
            for task in lane.start(now):
                if task.charged > task.fate.cost:
                    assert task.ends_at is not None
                    heapq.heappush(self._refunds, (task.ends_at, next(self._order), task))
        while self._refunds and self._refunds[0][0] <= now:
            ends_at, _, task = heapq.heappop(self._refunds)
            if task.deleted_at is None or task.deleted_at >= ends_at:
                self._refund(task, task.charged - task.fate.cost, ends_at)

    def create(
        self, offer: Offer, request: Json, output: Output, script: tuple[Fault, ...], strikes: list[Fault], now: float
    ) -> Task:
        """Buy a task: `strikes` decide how it ends, `script` is kept for what comes later.

        Raises `Refused` at the daily cap and without credits.
        """
        self.settle(now)
        lane = self._lanes.setdefault(offer.model, Lane(self._limits(offer.kind)))
        if lane.limits.daily is not None and lane.made_today(now) >= lane.limits.daily:
            raise Refused(answers.daily_limit())
        price = offer.price(request, output)
        charged = math.ceil(price)
        if charged > self.balance:
            raise Refused(answers.no_credits())
        task = Task(
            id=str(self._new_uuid()),
            created_at=now,
            path=offer.path,
            model=offer.model,
            prompt=request.get("promptText", ""),
            request=_shortened(request),
            output=output,
            estimate=price,
            charged=charged,
            fate=decide_fate(offer, charged, strikes, self.options),
            eligible_at=now + throttled_seconds(strikes),
            faults=script,
            urls_dead_at_birth=dead_urls(strikes),
        )
        self._charge(task, now)
        self.tasks[task.id] = task
        lane.made.append(now)
        heapq.heappush(lane.waiting, (task.eligible_at, next(self._order), task))
        self.settle(now)
        return task

    def find(self, task_id: str, now: float) -> Task | None:
        """A task that is not deleted, settled to `now`."""
        self.settle(now)
        task = self.tasks.get(task_id)
        return None if task is None or task.deleted_at is not None else task

    def delete(self, task: Task, now: float) -> None:
        """Cancel or delete a task; what had not begun to run is given back."""
        self._refund(task, refund_on_delete(task, now), now)
        task.deleted_at = now
        self._lanes[task.model].free(task, now)
        self.settle(now)

    @property
    def balance(self) -> int:
        return self.granted - self._charged

    def grant(self, credits: int) -> None:
        """Buy credits; a negative number takes them away."""
        self.granted += credits

    def limits_body(self, now: float) -> Json:
        """As `GET organization` answers."""
        self.settle(now)
        models = {
            model: {"maxConcurrentGenerations": lane.limits.at_once, "maxDailyGenerations": lane.limits.daily}
            for model, lane in self._lanes.items()
        }
        made = {model: {"dailyGenerations": lane.made_today(now)} for model, lane in self._lanes.items()}
        return {
            "creditBalance": self.balance,
            "tier": {"maxMonthlyCreditSpend": self.tier.monthly_credits, "models": models},
            "usage": {"models": made},
        }

    def usage_body(self, start: date, before: date, now: float) -> Json:
        """As `POST organization/usage` answers: net credits by UTC day and model; days without any are left out."""
        self.settle(now)
        days: dict[date, list[Json]] = {}
        for (day, model), amount in sorted(self._usage.items()):
            if start <= day < before:
                days.setdefault(day, []).append({"model": model, "amount": amount})
        models = sorted({line["model"] for lines in days.values() for line in lines})
        results = [{"date": day.isoformat(), "usedCredits": lines} for day, lines in days.items()]
        return {"models": models, "results": results}

    def open_upload(self, filename: str, now: float) -> tuple[str, Upload]:
        """A new place for a file, and the `runway://` address that it will have."""
        uri = f"runway://{self._new_uuid()}"
        upload = Upload(f"ephemeral/{self._new_uuid()}", self._new_uuid().hex, filename, now + UPLOAD_SECONDS)
        self.uploads[uri] = upload
        return uri, upload

    def _charge(self, task: Task, now: float) -> None:
        self._charged += task.charged
        self._usage[_day(now), task.model] += task.charged

    def _refund(self, task: Task, credits: int, when: float) -> None:
        task.refunded += credits
        self._charged -= credits
        self._usage[_day(when), task.model] -= credits


def _day(moment: float) -> date:
    return datetime.fromtimestamp(moment, UTC).date()


def _shortened(request: Json) -> Json:
    """The request as it is remembered: prompts whole, of a picture of megabytes its beginning."""
    return {name: _shortened_value(value) for name, value in request.items()}


def _shortened_value(value: Any) -> Any:
    match value:
        case str():
            return value[:REMEMBERED_CHARACTERS]
        case dict():
            return _shortened(value)
        case list():
            return [_shortened_value(item) for item in value]
    return value
