"""The operator's account at Runway as it was seen last: balance, limits, and what is wrong.

One question serves everybody for a while; what create calls are told in between counts too.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from doitong.core.clock import Clock
from doitong.engines.port import PoolState, Problem, Standing
from doitong.engines.runway.client import KeyRefused, RunwayAway, RunwayClient
from doitong.engines.runway.table import STILL_MODEL, pool_of

ASKED_AGAIN_AFTER = timedelta(seconds=25)
TOLD_FOR = timedelta(seconds=60)
CHEAPEST_CREDITS = 25  # five seconds of the cheapest film
MODELS = ("gen4.5", "gen4_turbo", STILL_MODEL)
NOT_ASKED = Standing(detail="not asked yet")


class Account:
    """What is known of the account. `known` never asks."""

    def __init__(self, client: RunwayClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._seen = NOT_ASKED
        self._asked_at: datetime | None = None
        self._told: dict[tuple[Problem, str], tuple[datetime, str]] = {}
        self._asking = asyncio.Lock()

    async def standing(self) -> Standing:
        """As seen at most `ASKED_AGAIN_AFTER` ago; while somebody asks, others get what was seen before."""
        if self._asking.locked() and self._asked_at is not None:
            return self.known
        async with self._asking:
            now = self._clock.now()
            if self._asked_at is None or now - self._asked_at >= ASKED_AGAIN_AFTER:
                self._seen = await self._ask()
                self._asked_at = now
        return self.known

    @property
    def known(self) -> Standing:
        """What was seen last, with what create calls were told since."""
        now, seen = self._clock.now(), self._seen
        for (problem, pool), (until, detail) in list(self._told.items()):
            if now >= until:
                del self._told[problem, pool]
                continue
            if problem is Problem.DAILY_CAP:
                state = seen.pools.get(pool, PoolState(None, None))
                seen = replace(seen, pools={**seen.pools, pool: replace(state, left_today=0)})
            if seen.problem is None:
                seen = replace(seen, problem=problem, detail=detail)
        return seen

    def note(self, problem: Problem | None, pool: str, detail: str) -> None:
        """What a create call was told."""
        if problem is not None:
            self._told[problem, pool] = (self._clock.now() + TOLD_FOR, detail)

    async def _ask(self) -> Standing:
        try:
            return read_organization(await self._client.organization())
        except KeyRefused as error:
            return Standing(Problem.KEY_REFUSED, str(error))
        except RunwayAway as error:
            return Standing(Problem.UNREACHABLE, str(error), pools=self._seen.pools)


def read_organization(body: Mapping[str, Any]) -> Standing:
    """The answer of `GET /v1/organization`; what is missing in it is no limit."""
    limits = _object(_object(body, "tier"), "models")
    usage = _object(_object(body, "usage"), "models")
    pools = {
        pool_of(model): _pool(_object(limits, model), _object(usage, model)) for model in MODELS if model in limits
    }
    credits = _whole(body.get("creditBalance"))
    if credits is not None and credits < CHEAPEST_CREDITS:
        return Standing(Problem.OUT_OF_CREDITS, f"{credits} credits are left", credits, pools)
    capped = sorted(name for name, state in pools.items() if state.left_today == 0)
    if capped:
        return Standing(Problem.DAILY_CAP, f"no generation is left today: {', '.join(capped)}", credits, pools)
    return Standing(credits=credits, pools=pools)


def _pool(limits: Mapping[str, Any], usage: Mapping[str, Any]) -> PoolState:
    made, daily = _whole(usage.get("dailyGenerations")) or 0, _whole(limits.get("maxDailyGenerations"))
    left = None if daily is None else max(0, daily - made)
    return PoolState(_whole(limits.get("maxConcurrentGenerations")), left, made)


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
