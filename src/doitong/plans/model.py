"""The plans and the limits they set."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Plan:
    """Limits of one account. `generations_per_day` None is unlimited; `weight` is its share of the engines."""

    name: str
    generations_per_minute: int
    job_slots: int
    generations_per_day: int | None
    reads_per_minute: int
    backlog: int
    weight: int
    signup_credits: int = 0


PLANS: Mapping[str, Plan] = {
    plan.name: plan
    for plan in (
        Plan("free", 10, 1, 100, reads_per_minute=600, backlog=100, weight=1, signup_credits=1000),
        Plan("starter", 30, 3, 1_000, reads_per_minute=1_800, backlog=1_000, weight=2),
        Plan("pro", 60, 10, 10_000, reads_per_minute=6_000, backlog=10_000, weight=4),
        Plan("enterprise", 100_000, 1_000, None, reads_per_minute=10_000_000, backlog=1_000_000, weight=8),
    )
}

OVERRIDABLE = (
    "generations_per_minute",
    "job_slots",
    "generations_per_day",
    "reads_per_minute",
    "backlog",
    "weight",
)


def plan_of(name: str, overrides: Mapping[str, Any]) -> Plan:
    """The plan of an account, with what is set for this account alone."""
    return replace(PLANS[name], **{key: overrides[key] for key in OVERRIDABLE if key in overrides})


@dataclass(frozen=True, slots=True)
class Window:
    """Admissions by second: `counts[i]` in second `end_second - i`."""

    end_second: int = 0
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """The counters of one account, as its locked row holds them."""

    account_id: str
    window: Window
    day: date
    day_count: int
    slots_used: int
    ready: int
    backlog: int
    virtual_time: int


@dataclass(frozen=True, slots=True)
class RateState:
    """What the `X-RateLimit-*` headers say. `reset_at` is in Unix seconds; `retry_after_seconds` only on a 429."""

    limit: int
    remaining: int
    reset_at: int
    retry_after_seconds: int | None = None
