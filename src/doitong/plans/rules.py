"""Admission by minute, by day and by backlog, as pure decisions on an account's counters.

The minute is a sliding window of one-second buckets. Any 60 seconds, wherever they begin, hold no more than
the limit: the buckets of 61 seconds are counted, so that one that is only partly inside still counts whole.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from doitong.core.errors import DoitongError
from doitong.plans.model import Plan, RateState, Usage, Window

WINDOW_SECONDS = 61
SKEW_SECONDS_MAXIMUM = 300  # what was written further ahead came from a clock that was wrong


def shift(window: Window, now_second: int) -> Window:
    """The same admissions seen from `now_second`; what has left the window is dropped."""
    step = now_second - window.end_second
    if step < -SKEW_SECONDS_MAXIMUM:  # kept, it would refuse everything until that clock's time has come
        return Window(now_second, (0,))
    if step <= 0:  # the clock stands, or another machine's clock is ahead
        return window
    kept = window.counts[: max(0, WINDOW_SECONDS - step)]
    return Window(now_second, (0,) * min(step, WINDOW_SECONDS) + kept)


def rate_state(window: Window, limit: int, now_second: int) -> RateState:
    """What is left of `limit`, and when the oldest admission leaves the window."""
    used = sum(window.counts)
    oldest = max((index for index, count in enumerate(window.counts) if count), default=None)
    reset_at = now_second if oldest is None else window.end_second - oldest + WINDOW_SECONDS
    return RateState(limit, max(0, limit - used), max(reset_at, now_second))


@dataclass(frozen=True, slots=True)
class Admission:
    """The counters after an admission, and whether the generation got a job slot at once."""

    usage: Usage
    rate: RateState
    got_slot: bool


class RateLimited(DoitongError):
    """Over a limit; carries the state for the headers."""

    def __init__(self, code: str, rate: RateState, **details: object) -> None:
        super().__init__(code, **details)
        self.rate = rate


def admit(usage: Usage, plan: Plan, now: datetime, clock_virtual_time: int) -> Admission:
    """Count one generation in, or raise `RateLimited`; nothing changes on refusal."""
    now_second = int(now.timestamp())
    window = shift(usage.window, now_second)
    rate = rate_state(window, plan.generations_per_minute, now_second)
    if rate.remaining == 0:
        raise _refusal("RATE_LIMITED", rate, rate.reset_at - now_second, plan, plan.generations_per_minute)
    today = now.astimezone(UTC).date()
    if (now + timedelta(seconds=SKEW_SECONDS_MAXIMUM)).astimezone(UTC).date() == usage.day:
        today = usage.day  # on a machine whose clock is ahead the day has begun already
    day_count = usage.day_count if usage.day == today else 0
    if plan.generations_per_day is not None and day_count >= plan.generations_per_day:
        midnight = datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=1)
        wait_seconds = int(midnight.timestamp()) - now_second
        raise _refusal("DAILY_LIMIT_REACHED", rate, wait_seconds, plan, plan.generations_per_day)
    got_slot = usage.slots_used < plan.job_slots and usage.backlog == 0
    if not got_slot and usage.backlog >= plan.backlog:
        raise _refusal("BACKLOG_FULL", rate, 10, plan, plan.backlog)
    counted = Window(window.end_second, (window.counts[0] + 1, *window.counts[1:]))
    after = replace(usage, window=counted, day=today, day_count=day_count + 1)
    after = _take_slot(after, clock_virtual_time) if got_slot else replace(after, backlog=after.backlog + 1)
    return Admission(after, rate_state(counted, plan.generations_per_minute, now_second), got_slot)


def _take_slot(usage: Usage, clock_virtual_time: int) -> Usage:
    """A slot is taken; an account that was idle does not bring saved-up time into the race."""
    virtual_time = max(usage.virtual_time, clock_virtual_time) if usage.ready == 0 else usage.virtual_time
    return replace(usage, slots_used=usage.slots_used + 1, ready=usage.ready + 1, virtual_time=virtual_time)


def _refusal(code: str, rate: RateState, wait_seconds: int, plan: Plan, limit: int) -> RateLimited:
    wait = max(1, wait_seconds)
    return RateLimited(
        code,
        replace(rate, retry_after_seconds=wait),
        limit=limit,
        plan=plan.name,
        retryAfter=wait,
        **({"name": "generations"} if code == "RATE_LIMITED" else {}),
    )
