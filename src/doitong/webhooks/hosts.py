"""How many sends go to one host at once, so that a slow receiver cannot fill the worker.

A caller beyond the bound waits a moment when the host is quick, and is turned away at once when its sends
have been hanging: then the delivery is queued again and the worker's place is free for healthy receivers.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

MAX_SENDS_A_HOST = 8
MAX_WAIT_SECONDS = 0.5
MIN_RETURN_SECONDS = 1.0
MAX_RETURN_SECONDS = 15.0


class HostBusy(Exception):
    """The host has its share of sends in flight; look again after `delay`."""

    def __init__(self, delay: timedelta) -> None:
        super().__init__("the host has its share of sends in flight")
        self.delay = delay


@dataclass(slots=True)
class _Lane:
    places: asyncio.Semaphore
    users: int = 0
    started: dict[int, float] = field(default_factory=dict)

    def oldest_age(self, now: float) -> float:
        return now - min(self.started.values(), default=now)


class HostLanes:
    """Counts of one process; `monotonic_seconds` measures how long sends hang, `random_unit` gives [0, 1)."""

    def __init__(
        self,
        random_unit: Callable[[], float],
        monotonic_seconds: Callable[[], float] = time.monotonic,
        max_sends: int = MAX_SENDS_A_HOST,
    ) -> None:
        self._random_unit = random_unit
        self._seconds = monotonic_seconds
        self._max_sends = max_sends
        self._lanes: dict[str, _Lane] = {}
        self._tickets = itertools.count()

    @asynccontextmanager
    async def enter(self, host: str) -> AsyncIterator[None]:
        """Hold one of the host's places. Raises HostBusy when none is free soon."""
        lane = self._lanes.setdefault(host, _Lane(asyncio.Semaphore(self._max_sends)))
        lane.users += 1
        try:
            await self._take_place(lane)
            ticket = next(self._tickets)
            lane.started[ticket] = self._seconds()
            try:
                yield
            finally:
                del lane.started[ticket]
                lane.places.release()
        finally:
            lane.users -= 1
            if lane.users == 0:
                del self._lanes[host]

    async def _take_place(self, lane: _Lane) -> None:
        if lane.places.locked():
            waiting = lane.users - len(lane.started) - 1
            rounds = waiting // self._max_sends + 1
            if lane.oldest_age(self._seconds()) * rounds > MAX_WAIT_SECONDS:
                raise self._busy(lane)
        try:
            async with asyncio.timeout(MAX_WAIT_SECONDS):
                await lane.places.acquire()
        except TimeoutError:
            raise self._busy(lane) from None

    def _busy(self, lane: _Lane) -> HostBusy:
        age = min(max(lane.oldest_age(self._seconds()), MIN_RETURN_SECONDS), MAX_RETURN_SECONDS)
        return HostBusy(timedelta(seconds=age * (0.5 + self._random_unit())))
