"""A short memory of credentials, so that authenticating needs no query on the hot path.

Promise: what it returns was read from the database less than `TTL` before it was asked for.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from doitong.core.clock import Clock
from doitong.keys.model import Credential

TTL = timedelta(milliseconds=900)
ENTRIES_MAX = 10_000

Load = Callable[[str], Awaitable[Credential | None]]


class Recall:
    """Credentials by prefix, each at most `TTL` old; many requests for one prefix share one query.

    Unknown prefixes are not remembered: they are free to invent, and would push out real ones.
    """

    def __init__(self, load: Load, clock: Clock) -> None:
        self._load = load
        self._clock = clock
        self._known: OrderedDict[str, tuple[datetime, Credential]] = OrderedDict()
        self._loading: dict[str, tuple[datetime, asyncio.Future[Credential | None]]] = {}

    async def find(self, prefix: str) -> Credential | None:
        now = self._clock.now()
        known = self._known.get(prefix)
        if known is not None and _is_fresh(known[0], now):
            return known[1]
        loading = self._loading.get(prefix)
        if loading is None or not _is_fresh(loading[0], now):
            loading = (now, asyncio.ensure_future(self._fetch(prefix, now)))
            self._loading[prefix] = loading
        return await asyncio.shield(loading[1])  # a client that goes away does not end the others' query

    def forget(self, prefix: str) -> None:
        """Ask the database the next time, also where a query is under way."""
        self._known.pop(prefix, None)
        self._loading.pop(prefix, None)

    async def _fetch(self, prefix: str, started_at: datetime) -> Credential | None:
        """The age of what is remembered counts from before the query."""
        this = asyncio.current_task()
        try:
            credential = await self._load(prefix)
            if credential is not None and self._is_current(prefix, this):
                self._remember(prefix, started_at, credential)
            return credential
        finally:
            if self._is_current(prefix, this):
                del self._loading[prefix]

    def _is_current(self, prefix: str, task: object) -> bool:
        loading = self._loading.get(prefix)
        return loading is not None and loading[1] is task

    def _remember(self, prefix: str, moment: datetime, credential: Credential) -> None:
        self._known[prefix] = (moment, credential)
        self._known.move_to_end(prefix)
        while len(self._known) > ENTRIES_MAX:
            self._known.popitem(last=False)


def _is_fresh(moment: datetime, now: datetime) -> bool:
    """A clock that was set back makes everything stale, never fresh for longer."""
    return timedelta(0) <= now - moment < TTL
