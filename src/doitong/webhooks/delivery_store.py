"""The SQL of sending: claim under a lease and fence, settle under that fence, sweep what was lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doitong.accounts.model import SigningSecrets
from doitong.db.pool import Connection, Row
from doitong.webhooks.model import DeliveryAttempt, DisabledReason, EventType
from doitong.webhooks.rules import Outcome


@dataclass(frozen=True, slots=True)
class Claim:
    """An exclusive right to send, until the lease ends or a later fence is given out."""

    delivery_id: str
    account_id: str
    fence: int
    attempts: int
    url: str
    endpoint_id: str | None
    endpoint_disabled_at: datetime | None
    event_id: str
    event_type: EventType
    body: str
    secrets: SigningSecrets


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a pending delivery could not be claimed: it is due later, or somebody else's lease runs."""

    due_at: datetime
    lease_until: datetime | None


# An endpoint's URL may have been corrected since the event: tries go to the present one, and the row says so.
_CLAIM = """
WITH claimed AS (
    UPDATE delivery SET fence = fence + 1, lease_until = $3,
        url = coalesce((SELECT p.url FROM endpoint p WHERE p.id = delivery.endpoint_id), url)
    WHERE id = $1 AND state = 'pending' AND due_at <= $2 AND (lease_until IS NULL OR lease_until <= $2)
    RETURNING id, account_id, event_id, endpoint_id, fence, attempts, url
)
SELECT c.id AS delivery_id, c.account_id, c.fence, c.attempts, c.url, c.endpoint_id,
    p.disabled_at AS endpoint_disabled_at, c.event_id, e.type AS event_type, e.body,
    a.signing_secret, a.previous_signing_secret, a.previous_secret_until
FROM claimed c JOIN event e ON e.id = c.event_id JOIN account a ON a.id = c.account_id
LEFT JOIN endpoint p ON p.id = c.endpoint_id
"""

_SETTLE = """
WITH settled AS (
    UPDATE delivery SET attempts = attempts + 1, state = $3, due_at = $4, ended_at = $5, failure = $6,
        lease_until = NULL
    WHERE id = $1 AND fence = $2 AND state = 'pending'
    RETURNING id, attempts
)
INSERT INTO delivery_attempt (delivery_id, number, started_at, duration_ms, status, error, response)
SELECT id, attempts, $7, $8, $9, $10, $11 FROM settled RETURNING number
"""


async def claim(connection: Connection, delivery_id: str, now: datetime, lease_until: datetime) -> Claim | None:
    """Take the delivery if it is pending, due and free; everything that sending needs, in one round trip."""
    row = await connection.fetchrow(_CLAIM, delivery_id, now, lease_until)
    if row is None:
        return None
    return _to_claim(row)


async def find_waiting(connection: Connection, delivery_id: str) -> Waiting | None:
    """When a delivery that is still pending can be claimed."""
    row = await connection.fetchrow(
        "SELECT due_at, lease_until FROM delivery WHERE id = $1 AND state = 'pending'", delivery_id
    )
    return Waiting(**row) if row else None


async def release(connection: Connection, claimed: Claim, due_at: datetime) -> None:
    """Give a claim back unused; no try is counted."""
    await connection.execute(
        "UPDATE delivery SET lease_until = NULL, due_at = $3 WHERE id = $1 AND fence = $2 AND state = 'pending'",
        claimed.delivery_id,
        claimed.fence,
        due_at,
    )


async def end_unsent(connection: Connection, claimed: Claim, outcome: Outcome, now: datetime) -> None:
    """End a claimed delivery without a try."""
    await connection.execute(
        "UPDATE delivery SET state = $3, failure = $4, ended_at = $5, due_at = NULL, lease_until = NULL"
        " WHERE id = $1 AND fence = $2 AND state = 'pending'",
        claimed.delivery_id,
        claimed.fence,
        outcome.state,
        outcome.failure,
        now,
    )


async def settle(
    connection: Connection, claimed: Claim, outcome: Outcome, attempt: DeliveryAttempt, now: datetime
) -> bool:
    """Log the try and move the delivery on; False, with nothing written, when the fence has moved."""
    number = await connection.fetchval(
        _SETTLE,
        claimed.delivery_id,
        claimed.fence,
        outcome.state,
        now + outcome.delay if outcome.delay is not None else None,
        now if outcome.delay is None else None,
        outcome.failure,
        attempt.started_at,
        attempt.duration_ms,
        attempt.status,
        attempt.error,
        attempt.response,
    )
    return number is not None


async def note_success(connection: Connection, endpoint_id: str) -> None:
    await connection.execute(
        "UPDATE endpoint SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL", endpoint_id
    )


async def note_failure(connection: Connection, endpoint_id: str, started_at: datetime) -> datetime | None:
    """Remember since when the endpoint fails, and give that moment; written once in a run of failures."""
    since: datetime | None = await connection.fetchval("SELECT failing_since FROM endpoint WHERE id = $1", endpoint_id)
    if since is not None:
        return since
    await connection.execute(
        "UPDATE endpoint SET failing_since = $2 WHERE id = $1 AND failing_since IS NULL",
        endpoint_id,
        started_at,
    )
    return started_at


async def disable_endpoint(connection: Connection, endpoint_id: str, reason: DisabledReason, now: datetime) -> bool:
    """False when it is disabled already."""
    result = await connection.execute(
        "UPDATE endpoint SET disabled_at = $2, disabled_reason = $3 WHERE id = $1 AND disabled_at IS NULL",
        endpoint_id,
        now,
        reason,
    )
    return bool(result == "UPDATE 1")


async def rearm_lost(connection: Connection, now: datetime, overdue_before: datetime, limit: int) -> Sequence[str]:
    """Pending deliveries that nobody looks at: the lease ran out, or they are long due. Marked as due now."""
    rows = await connection.fetch(
        "UPDATE delivery SET lease_until = NULL, due_at = $1 WHERE id = ANY (ARRAY("  # evaluated once, unlike IN
        "   SELECT id FROM delivery WHERE state = 'pending' AND due_at <= $1"
        "   AND (lease_until <= $1 OR (lease_until IS NULL AND due_at <= $2))"
        "   ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED))"
        " RETURNING id",
        now,
        overdue_before,
        limit,
    )
    return [row["id"] for row in rows]


def _to_claim(row: Row) -> Claim:
    return Claim(
        delivery_id=row["delivery_id"],
        account_id=row["account_id"],
        fence=row["fence"],
        attempts=row["attempts"],
        url=row["url"],
        endpoint_id=row["endpoint_id"],
        endpoint_disabled_at=row["endpoint_disabled_at"],
        event_id=row["event_id"],
        event_type=EventType(row["event_type"]),
        body=row["body"],
        secrets=SigningSecrets(row["signing_secret"], row["previous_signing_secret"], row["previous_secret_until"]),
    )
