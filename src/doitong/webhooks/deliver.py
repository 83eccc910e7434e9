"""The step behind a DELIVER job: claim, send, settle.

At least once: a delivery whose 2xx was not recorded is sent again with the same event id. A worker that lost
its lease is turned away by the fence and writes nothing. No transaction is open while sending.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from doitong import __version__
from doitong.audit import store as audit
from doitong.audit.model import SYSTEM
from doitong.core.clock import Clock
from doitong.db.pool import Connection, Database
from doitong.db.queue import DELIVER, enqueue
from doitong.egress.model import EgressAnswer, EgressFailed, EgressFailure
from doitong.webhooks import delivery_store as store
from doitong.webhooks import rules
from doitong.webhooks.body import disabled_body
from doitong.webhooks.delivery_store import Claim
from doitong.webhooks.hosts import HostBusy, HostLanes
from doitong.webhooks.model import DeliveryAttempt, DeliveryFailure, DeliveryState, DisabledReason, EventType
from doitong.webhooks.rules import Answer, Outcome
from doitong.webhooks.service import publish
from doitong.webhooks.signing import sign

LEASE = rules.SEND_DEADLINE + timedelta(seconds=15)  # the rest is for a place and for the commit
CLOCK_SKEW = timedelta(seconds=60)  # how far the queue's clock may run ahead of ours
SWEEP_GRACE = timedelta(seconds=60)
SWEEP_LIMIT = 500

_USER_AGENT = f"Doitong-Webhooks/{__version__}"
_ERRORS: Mapping[EgressFailure, str] = {
    EgressFailure.ADDRESS_DENIED: "the URL points to an address that this service does not call",
    EgressFailure.CONNECT_FAILED: "the connection could not be made",
    EgressFailure.TLS_FAILED: "the TLS handshake failed; check the certificate",
    EgressFailure.TIMED_OUT: "no complete answer in time",
    EgressFailure.PROTOCOL_ERROR: "the answer is not valid HTTP",
    EgressFailure.TOO_LARGE: "the answer is too large",
}


# (the delivery's state after a try, seconds that the receiver took)
Observer = Callable[[str, float], None]


class OwnersTold(Protocol):
    """Tells an account's owners, in the caller's transaction, that an endpoint was switched off."""

    async def __call__(self, connection: Connection, account_id: str, url: str, now: datetime) -> None: ...


async def tell_nobody(connection: Connection, account_id: str, url: str, now: datetime) -> None:
    """Where no member can be."""


class Poster(Protocol):
    """What sending needs of `EgressClient`, whose own limits cut a try off after the deadline."""

    async def post(
        self, url: str, *, content: bytes, headers: Mapping[str, str], maximum_bytes: int
    ) -> EgressAnswer: ...


class Deliverer:
    """Sends deliveries; one for a worker process. `random_unit` gives [0, 1)."""

    def __init__(
        self,
        database: Database,
        egress: Poster,
        clock: Clock,
        random_unit: Callable[[], float],
        lanes: HostLanes | None = None,
        *,
        lease: timedelta = LEASE,
        observe: Observer = lambda outcome, seconds: None,
        tell_owners: OwnersTold = tell_nobody,
    ) -> None:
        self._database = database
        self._egress = egress
        self._clock = clock
        self._random_unit = random_unit
        self._lease = lease
        self._observe = observe
        self._tell_owners = tell_owners
        self._lanes = lanes or HostLanes(random_unit)

    async def deliver(self, delivery_id: str) -> timedelta | None:
        """Make the due try. A returned pause asks the worker to queue this job again; None: the job is done.

        The next try of the schedule is queued here, in the commit of the failed one.
        """
        now = self._clock.now()
        async with self._database.transaction() as connection:
            claimed = await store.claim(connection, delivery_id, now, now + self._lease)
            if claimed is None:
                return await self._look_again(connection, delivery_id, now)
            if claimed.endpoint_disabled_at is not None:
                outcome = Outcome(DeliveryState.FAILED, failure=DeliveryFailure.ENDPOINT_DISABLED)
                await store.end_unsent(connection, claimed, outcome, now)
                return None
        try:
            async with self._lanes.enter(_host(claimed.url)):
                answer, attempt = await self._try(claimed)
        except HostBusy as busy:
            async with self._database.transaction() as connection:
                await store.release(connection, claimed, self._clock.now() + busy.delay)
            return busy.delay
        await self._settle(claimed, answer, attempt)
        return None

    async def sweep(self, now: datetime, limit: int = SWEEP_LIMIT) -> int:
        """Queue again up to `limit` deliveries whose job was lost; call again while it answers `limit`."""
        async with self._database.transaction() as connection:
            ids = await store.rearm_lost(connection, now, now - SWEEP_GRACE, limit)
            await enqueue(connection, DELIVER, ids)
        return len(ids)

    async def _look_again(self, connection: Connection, delivery_id: str, now: datetime) -> timedelta | None:
        """A leased delivery is looked at when the lease ends; one due much later has a job of its own."""
        waiting = await store.find_waiting(connection, delivery_id)
        if waiting is None:
            return None
        if waiting.lease_until is not None and waiting.lease_until > now:
            return waiting.lease_until - now
        pause = max(waiting.due_at - now, timedelta(0))
        return pause if pause <= CLOCK_SKEW else None

    async def _try(self, claimed: Claim) -> tuple[Answer, DeliveryAttempt]:
        started_at, started = self._clock.now(), time.monotonic()
        answer = await self._send(claimed, started_at)
        attempt = DeliveryAttempt(
            number=claimed.attempts + 1,
            started_at=started_at,
            duration_ms=round((time.monotonic() - started) * 1000),  # the wall clock may jump
            status=answer.status,
            error=answer.error,
            response=answer.response,
        )
        return answer, attempt

    async def _send(self, claimed: Claim, started_at: datetime) -> Answer:
        body = claimed.body.encode()
        headers = _headers(claimed, body, started_at)
        try:
            answer = await self._egress.post(
                claimed.url, content=body, headers=headers, maximum_bytes=rules.MAX_RESPONSE_BYTES
            )
        except EgressFailed as failed:
            return Answer(status=None, error=_ERRORS[failed.failure])
        is_redirect = 300 <= answer.status < 400
        return Answer(
            status=answer.status,
            retry_after=answer.headers.get("retry-after"),
            error="redirects are not followed" if is_redirect else None,
            response=_readable(answer.body),
        )

    async def _settle(self, claimed: Claim, answer: Answer, attempt: DeliveryAttempt) -> None:
        now = self._clock.now()
        outcome = rules.judge_answer(answer, attempt.number, self._random_unit(), now)
        async with self._database.transaction() as connection:
            if not await store.settle(connection, claimed, outcome, attempt, now):
                return  # somebody else owns it by now
            self._observe(outcome.state.value, attempt.duration_ms / 1000)
            if claimed.endpoint_id is not None:
                reason = await _note(connection, claimed.endpoint_id, outcome, attempt.started_at, now)
                if reason is not None:
                    await self._tell(connection, claimed, claimed.endpoint_id, reason, now)
            if outcome.delay is not None:
                await enqueue(connection, DELIVER, [claimed.delivery_id], delay=outcome.delay)

    async def _tell(
        self, connection: Connection, claimed: Claim, endpoint_id: str, reason: DisabledReason, now: datetime
    ) -> None:
        """An endpoint was switched off: an audit row, an event for those that are left, a mail to the owners."""
        details = {"url": claimed.url.partition("?")[0], "reason": reason.value}
        await audit.record(connection, claimed.account_id, SYSTEM, "endpoint.disable", endpoint_id, details, now)
        body = disabled_body(claimed.account_id, endpoint_id, claimed.url, reason, now)
        await publish(connection, EventType.ENDPOINT_DISABLED, claimed.account_id, None, body, None, now)
        await self._tell_owners(connection, claimed.account_id, claimed.url, now)


async def _note(
    connection: Connection, endpoint_id: str, outcome: Outcome, started_at: datetime, now: datetime
) -> DisabledReason | None:
    """Keep the endpoint's record of failures, and disable it when it is gone or has failed for days: then, why."""
    if outcome.state is DeliveryState.DELIVERED:
        await store.note_success(connection, endpoint_id)
        return None
    failing_since = await store.note_failure(connection, endpoint_id, started_at)
    reason = None
    if outcome.failure is DeliveryFailure.GONE:
        reason = DisabledReason.GONE
    elif rules.is_to_be_disabled(outcome, failing_since, now):
        reason = DisabledReason.FAILING
    if reason is None or not await store.disable_endpoint(connection, endpoint_id, reason, now):
        return None
    return reason


def _headers(claimed: Claim, body: bytes, now: datetime) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _USER_AGENT,
        "X-Doitong-Event": claimed.event_type,
        "X-Doitong-Delivery": claimed.delivery_id,
    }
    return headers | sign(body, claimed.event_id, now, claimed.secrets.active(now))


def _readable(body: bytes) -> str:
    """The excerpt as text that the database takes."""
    return body.decode("utf-8", "replace").replace("\x00", "\ufffd")


def _host(url: str) -> str:
    """Host and port: receivers on other ports of one machine do not share places."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return url
