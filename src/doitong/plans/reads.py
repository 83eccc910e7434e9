"""The allowance of reads: a sliding minute in this process's memory.

Reads cost nothing and write nothing, so their limit is per API process and needs no database.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Protocol

from doitong.core.clock import Clock
from doitong.plans.model import RateState, Window, plan_of
from doitong.plans.rules import RateLimited, rate_state, shift

ACCOUNTS_REMEMBERED = 10_000


class Reader(Protocol):
    """Who reads: an account with its plan."""

    @property
    def account_id(self) -> str: ...
    @property
    def plan(self) -> str: ...
    @property
    def limits(self) -> Mapping[str, Any]: ...


class ReadLimiter:
    """Counts the reads of each account."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: OrderedDict[str, Window] = OrderedDict()

    def peek(self, reader: Reader) -> RateState:
        """What is left in this process, without counting."""
        limit = plan_of(reader.plan, reader.limits).reads_per_minute
        now_second = int(self._clock.now().timestamp())
        return rate_state(shift(self._windows.get(reader.account_id, Window()), now_second), limit, now_second)

    def check(self, reader: Reader) -> RateState:
        """Count one read in; raises `RateLimited` over the allowance."""
        account_id, plan = reader.account_id, plan_of(reader.plan, reader.limits)
        now_second = int(self._clock.now().timestamp())
        window = shift(self._windows.get(account_id, Window()), now_second)
        state = rate_state(window, plan.reads_per_minute, now_second)
        if state.remaining == 0:
            wait = max(1, state.reset_at - now_second)
            refused = RateState(state.limit, 0, state.reset_at, wait)
            raise RateLimited("RATE_LIMITED", refused, limit=state.limit, plan=plan.name, name="reads", retryAfter=wait)
        self._windows[account_id] = Window(window.end_second, (window.counts[0] + 1, *window.counts[1:]))
        self._windows.move_to_end(account_id)
        if len(self._windows) > ACCOUNTS_REMEMBERED:
            self._windows.popitem(last=False)
        return RateState(state.limit, state.remaining - 1, state.reset_at)
