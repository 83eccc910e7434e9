"""Alerts as use cases: an account sets thresholds, the worker's sweep tells when the balance falls below one.

Told exactly once: the mark, the event and the mails are one transaction, and of many workers one sets the mark.
"""

from collections.abc import Sequence

import structlog

from doitong.alerts import rules, store
from doitong.alerts.model import Alert
from doitong.audit import store as audit
from doitong.audit.model import SYSTEM, Actor
from doitong.core.clock import Clock
from doitong.db.pool import Connection, Database
from doitong.mail import service as mail
from doitong.mail.model import Kind
from doitong.webhooks.model import EventType
from doitong.webhooks.service import publish

BATCH_MAXIMUM = 200
_log = structlog.get_logger(__name__)


class AlertService:
    """Alerts of all accounts; `credits_url` is the page that a mail leads to."""

    def __init__(self, database: Database, clock: Clock, credits_url: str) -> None:
        self._database = database
        self._clock = clock
        self._credits_url = credits_url

    async def list(self, account_id: str) -> Sequence[Alert]:
        """The highest threshold first."""
        async with self._database.reading() as connection:
            return await store.list_alerts(connection, account_id)

    async def set(self, account_id: str, thresholds: Sequence[int], *, actor: Actor = SYSTEM) -> Sequence[Alert]:
        """Have these thresholds and no others. Raises InvalidParameter."""
        chosen = rules.check_thresholds(thresholds)
        async with self._database.transaction() as connection:
            await store.lock_thresholds(connection, account_id)
            return await self._write(connection, account_id, chosen, actor)

    async def add(self, account_id: str, threshold: int, *, actor: Actor = SYSTEM) -> Sequence[Alert]:
        """One more, beside those that are there. Raises InvalidParameter, also for one too many."""
        async with self._database.transaction() as connection:
            there = await store.lock_thresholds(connection, account_id)
            return await self._write(connection, account_id, rules.check_thresholds([*there, threshold]), actor)

    async def remove(self, account_id: str, threshold: int, *, actor: Actor = SYSTEM) -> Sequence[Alert]:
        """One less; one that is not there is no error."""
        async with self._database.transaction() as connection:
            there = await store.lock_thresholds(connection, account_id)
            return await self._write(connection, account_id, [item for item in there if item != threshold], actor)

    async def _write(
        self, connection: Connection, account_id: str, chosen: Sequence[int], actor: Actor
    ) -> Sequence[Alert]:
        now = self._clock.now()
        await store.replace_alerts(connection, account_id, chosen, now)
        details = {"thresholds": list(chosen)}
        await audit.record(connection, account_id, actor, "alert.set", account_id, details, now)
        return await store.list_alerts(connection, account_id)

    async def sweep(self) -> None:
        """Tell what is due, and arm again what has recovered; harmless to run in every worker at once."""
        async with self._database.transaction() as connection:
            await store.rearm(connection)
            due = await store.list_due(connection, BATCH_MAXIMUM)
        for account_id, threshold in due:
            try:
                await self._tell(account_id, threshold)
            except Exception:  # one account that cannot be told hides no other
                _log.exception("alert_failed", account_id=account_id)

    async def _tell(self, account_id: str, threshold: int) -> None:
        now = self._clock.now()
        async with self._database.transaction() as connection:
            fired = await store.fire(connection, account_id, threshold, now)
            if fired is None:
                return
            body = rules.low_credits_body(fired, now)
            await publish(connection, EventType.CREDITS_LOW, account_id, None, body, None, now)
            values = {
                "account": fired.account_name,
                "available": fired.available,
                "threshold": fired.threshold,
                "link": self._credits_url,
            }
            for owner in await store.list_owners(connection, account_id):
                await mail.write(connection, Kind.CREDITS_LOW, owner.email, owner.language, values, now)
        _log.info("alert_told", account_id=account_id, threshold=threshold)
