"""Prices as use cases: what holds now, and setting another.

Every process remembers the prices for less than a second, so that a submission needs no query for them. What is held
is the price of the moment of submission; a quote keeps its own until it expires.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from doitong.audit import store as audit
from doitong.audit.model import Actor
from doitong.catalogue.model import Quality
from doitong.catalogue.services import Price
from doitong.core.clock import Clock
from doitong.db.pool import Database
from doitong.pricing import rules, store
from doitong.pricing.model import PriceChange

REMEMBERED = timedelta(milliseconds=900)


class Pricing:
    """What films cost in this installation."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._asking: asyncio.Future[Mapping[Quality, Price]] | None = None
        self._known: tuple[datetime, Mapping[Quality, Price]] | None = None

    async def current(self) -> Mapping[Quality, Price]:
        """The price of every quality, less than a second old; of many who ask at once, one asks the database."""
        if self._known is not None and timedelta(0) <= self._clock.now() - self._known[0] < REMEMBERED:
            return self._known[1]
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._ask())
        return await asyncio.shield(self._asking)  # a client that goes away does not end the others' query

    async def _ask(self) -> Mapping[Quality, Price]:
        now = self._clock.now()  # before the query: what is remembered is no older than it says
        async with self._database.reading() as connection:
            prices = rules.prices_of(await store.read_latest(connection))
        self._known = (now, prices)
        return prices

    async def change(self, quality: Quality, price: Price, *, reason: str, actor: Actor) -> None:
        """Set a price (`rules.new_price`) for all generations from now on. Raises InvalidParameter."""
        rules.check_reason(reason)
        now = self._clock.now()
        details = {
            "baseCredits": price.base_credits,
            "creditsPerSecond": price.credits_per_second,
            "reason": reason,
        }
        async with self._database.transaction() as connection:
            await store.insert(connection, quality, price, reason, now)
            await audit.record(connection, None, actor, "price.set", quality.value, details, now)
        self._known = None

    async def changes(self, first: int = 10) -> Sequence[PriceChange]:
        """What was set, newest first."""
        async with self._database.reading() as connection:
            return await store.list_changes(connection, first)
