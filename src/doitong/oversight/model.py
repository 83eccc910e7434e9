"""What the operator sees of all accounts together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from doitong.accounts.model import Account
from doitong.ledger.model import Balance


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account with what it has."""

    account: Account
    balance: Balance


@dataclass(frozen=True, slots=True)
class AccountRowPage:
    """Newest first; `next_before` is the cursor of the page that follows, None at the end."""

    rows: Sequence[AccountRow]
    next_before: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """A member of an account, as the operator sees them."""

    email: str
    name: str
    role: str
    is_operator: bool


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process, as it was seen last."""

    id: str
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """What ended on one day (UTC), in all accounts."""

    day: date
    completed: int
    failed: int
    canceled: int
    credits: int


@dataclass(frozen=True, slots=True)
class EngineUse:
    """What an engine was used for in a span: tasks bought there by outcome, and what they cost the operator."""

    engine: str
    outcome: str  # empty while it runs
    tasks: int
    cost_credits: float


@dataclass(frozen=True, slots=True)
class EngineCondition:
    """How an engine elsewhere stands, as a worker saw it last; `problem` is None while nothing is wrong."""

    engine: str
    problem: str | None
    detail: str
    credits: int | None


@dataclass(frozen=True, slots=True)
class Overview:
    """How the installation stands. `depths` counts open generations by (lane, stage); `hours` the requests of each of
    the last 24 hours, the oldest first; `deliveries` those of the last 24 hours by state."""

    depths: Mapping[tuple[str, str], int]
    hours: Sequence[tuple[datetime, int]]
    days: Sequence[Day]
    deliveries: Mapping[str, int]
    workers: Sequence[Worker]
    engines: Sequence[EngineCondition]

    @property
    def open(self) -> int:
        return sum(self.depths.values())

    def in_stage(self, *stages: str) -> int:
        return sum(count for (_, stage), count in self.depths.items() if stage in stages)
