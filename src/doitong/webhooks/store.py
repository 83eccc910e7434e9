"""The SQL of events, endpoints and what customers read of deliveries; that of sending is `delivery_store`."""

from collections.abc import Sequence
from datetime import datetime

from doitong.core.ids import AFTER_EVERY_ID, is_id
from doitong.db.pool import Connection, Row
from doitong.webhooks.model import (
    Delivery,
    DeliveryAttempt,
    DeliveryFailure,
    DeliveryFilter,
    DeliveryState,
    DisabledReason,
    Endpoint,
    Event,
    EventType,
)

_DELIVERY_COLUMNS = """
    d.id, d.account_id, d.event_id, e.type, e.generation_id, d.endpoint_id, d.url, d.state, d.attempts,
    d.due_at, d.created_at, d.ended_at, d.failure
"""

# The delivery ids are drawn beforehand, one for each endpoint that there can be and one for the one-off URL.
_INSERT_EVENT = """
WITH new_event AS (
    INSERT INTO event (id, account_id, type, generation_id, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)
), target AS (
    SELECT NULL::text AS endpoint_id, $7::text AS url WHERE $7::text IS NOT NULL
    UNION ALL
    SELECT id, url FROM endpoint WHERE account_id = $2 AND disabled_at IS NULL AND $3 = ANY (events)
), numbered AS (
    SELECT endpoint_id, url, row_number() OVER () AS number FROM target
)
INSERT INTO delivery (id, account_id, event_id, endpoint_id, url, state, due_at, created_at)
SELECT ($8::text[])[number], $2, $1, endpoint_id, url, 'pending', $6, $6 FROM numbered
RETURNING id
"""


async def insert_event(
    connection: Connection, event: Event, webhook_url: str | None, delivery_ids: Sequence[str]
) -> list[str]:
    """Write the event and a delivery for each listener, in one round trip; give the deliveries' ids."""
    rows = await connection.fetch(
        _INSERT_EVENT,
        event.id,
        event.account_id,
        event.type,
        event.generation_id,
        event.body,
        event.created_at,
        webhook_url,
        delivery_ids,
    )
    return [row["id"] for row in rows]


async def insert_bare_event(connection: Connection, event: Event) -> None:
    """Write an event that no subscription is asked about: a test."""
    await connection.execute(
        "INSERT INTO event (id, account_id, type, generation_id, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        event.id,
        event.account_id,
        event.type,
        event.generation_id,
        event.body,
        event.created_at,
    )


# endpoints


async def lock_account(connection: Connection, account_id: str) -> None:
    """Make creations of endpoints of one account wait for each other, so that their number stays bounded."""
    await connection.execute("SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE", account_id)


async def count_endpoints(connection: Connection, account_id: str) -> int:
    count: int = await connection.fetchval(
        "SELECT count(*) FROM endpoint WHERE account_id = $1 AND deleted_at IS NULL", account_id
    )
    return count


async def insert_endpoint(connection: Connection, endpoint: Endpoint) -> None:
    await connection.execute(
        "INSERT INTO endpoint (id, account_id, url, description, events, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        endpoint.id,
        endpoint.account_id,
        endpoint.url,
        endpoint.description,
        list(endpoint.events),
        endpoint.created_at,
    )


_FIND_ENDPOINT = "SELECT * FROM endpoint WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL"
_LOCK_ENDPOINT = _FIND_ENDPOINT + " FOR NO KEY UPDATE"  # a new delivery need not wait for it


async def find_endpoint(
    connection: Connection, account_id: str, endpoint_id: str, *, for_update: bool = False
) -> Endpoint | None:
    if not is_id(endpoint_id):
        return None
    row = await connection.fetchrow(
        _LOCK_ENDPOINT if for_update else _FIND_ENDPOINT,
        endpoint_id,
        account_id,
    )
    return _to_endpoint(row) if row else None


async def list_endpoints(connection: Connection, account_id: str) -> list[Endpoint]:
    rows = await connection.fetch(
        "SELECT * FROM endpoint WHERE account_id = $1 AND deleted_at IS NULL ORDER BY id", account_id
    )
    return [_to_endpoint(row) for row in rows]


async def update_endpoint(connection: Connection, endpoint: Endpoint) -> None:
    """Write every changeable column of a row that the caller has locked."""
    await connection.execute(
        "UPDATE endpoint SET url = $2, description = $3, events = $4, disabled_at = $5, disabled_reason = $6,"
        " failing_since = $7 WHERE id = $1",
        endpoint.id,
        endpoint.url,
        endpoint.description,
        list(endpoint.events),
        endpoint.disabled_at,
        endpoint.disabled_reason,
        endpoint.failing_since,
    )


async def delete_endpoint(connection: Connection, account_id: str, endpoint_id: str, now: datetime) -> bool:
    """Hide and disable; the row stays because deliveries name it. False when there is none."""
    if not is_id(endpoint_id):
        return False
    status = await connection.execute(
        "UPDATE endpoint SET deleted_at = $3, disabled_at = coalesce(disabled_at, $3), disabled_reason = $4"
        " WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL",
        endpoint_id,
        account_id,
        now,
        DisabledReason.DELETED,
    )
    return bool(status == "UPDATE 1")


# deliveries


async def list_deliveries(
    connection: Connection, account_id: str, wanted: DeliveryFilter, after: str | None, limit: int
) -> list[Delivery]:
    """Newest first, older than the delivery `after`."""
    conditions, values = ["d.account_id = $1"], [account_id]
    narrowing = (
        ("d.id < ", after),
        ("e.generation_id = ", wanted.generation_id),
        ("d.endpoint_id = ", wanted.endpoint_id),
        ("d.state = ", wanted.state),
    )
    ids = (after, wanted.generation_id, wanted.endpoint_id)
    if not all(value is None or is_id(value) for value in ids):
        return []  # nothing has such an id
    for condition, value in narrowing:
        if value is not None:
            values.append(value)
            conditions.append(f"{condition}${len(values)}")
    rows = await connection.fetch(
        f"SELECT {_DELIVERY_COLUMNS} FROM delivery d JOIN event e ON e.id = d.event_id"  # noqa: S608  constants only
        f" WHERE {' AND '.join(conditions)} ORDER BY d.id DESC LIMIT {int(limit)}",
        *values,
    )
    return [_to_delivery(row) for row in rows]


async def list_failed(connection: Connection, after: str | None, limit: int) -> list[Delivery]:
    """Deliveries of all accounts that failed, newest first, older than `after`."""
    rows = await connection.fetch(
        f"SELECT {_DELIVERY_COLUMNS} FROM delivery d JOIN event e ON e.id = d.event_id"  # noqa: S608  constants only
        " WHERE d.state = 'failed' AND d.id < $1 ORDER BY d.id DESC LIMIT $2",
        after or AFTER_EVERY_ID,
        limit,
    )
    return [_to_delivery(row) for row in rows]


async def find_delivery(
    connection: Connection, account_id: str, delivery_id: str, *, for_update: bool = False
) -> Delivery | None:
    if not is_id(delivery_id):
        return None
    row = await connection.fetchrow(
        f"SELECT {_DELIVERY_COLUMNS} FROM delivery d JOIN event e ON e.id = d.event_id"  # noqa: S608  constants only
        " WHERE d.id = $1 AND d.account_id = $2" + (" FOR NO KEY UPDATE OF d" if for_update else ""),
        delivery_id,
        account_id,
    )
    return _to_delivery(row) if row else None


async def find_body(connection: Connection, event_id: str) -> str:
    body: str = await connection.fetchval("SELECT body FROM event WHERE id = $1", event_id)
    return body


async def list_attempts(connection: Connection, delivery_id: str) -> list[DeliveryAttempt]:
    rows = await connection.fetch(
        "SELECT number, started_at, duration_ms, status, error, response FROM delivery_attempt"
        " WHERE delivery_id = $1 ORDER BY number",
        delivery_id,
    )
    return [DeliveryAttempt(**row) for row in rows]


async def insert_delivery(
    connection: Connection,
    delivery_id: str,
    account_id: str,
    event_id: str,
    endpoint_id: str | None,
    url: str,
    now: datetime,
) -> None:
    await connection.execute(
        "INSERT INTO delivery (id, account_id, event_id, endpoint_id, url, state, due_at, created_at)"
        " VALUES ($1, $2, $3, $4, $5, 'pending', $6, $6)",
        delivery_id,
        account_id,
        event_id,
        endpoint_id,
        url,
        now,
    )


async def bring_forward(connection: Connection, delivery_id: str, now: datetime) -> None:
    """Make a pending delivery due now."""
    await connection.execute(
        "UPDATE delivery SET due_at = least(due_at, $2) WHERE id = $1 AND state = 'pending'", delivery_id, now
    )


async def list_failed_to_resend(
    connection: Connection, account_id: str, since: datetime, until: datetime, limit: int
) -> list[str]:
    """Failed deliveries created in [since, until), not sent again since, whose endpoint is enabled."""
    rows = await connection.fetch(
        "SELECT d.id FROM delivery d LEFT JOIN endpoint p ON p.id = d.endpoint_id"
        " WHERE d.account_id = $1 AND d.state = 'failed' AND d.created_at >= $2 AND d.created_at < $3"
        " AND p.disabled_at IS NULL AND NOT EXISTS ("
        "   SELECT 1 FROM delivery l WHERE l.event_id = d.event_id AND l.id > d.id"
        "   AND l.endpoint_id IS NOT DISTINCT FROM d.endpoint_id)"
        " ORDER BY d.id LIMIT $4",
        account_id,
        since,
        until,
        limit,
    )
    return [row["id"] for row in rows]


async def copy_deliveries(
    connection: Connection, old_ids: Sequence[str], new_ids: Sequence[str], now: datetime
) -> None:
    """A new pending delivery of the same event to the same destination for each of `old_ids`."""
    await connection.execute(
        "INSERT INTO delivery (id, account_id, event_id, endpoint_id, url, state, due_at, created_at)"
        " SELECT pair.new_id, d.account_id, d.event_id, d.endpoint_id, d.url, 'pending', $3, $3"
        " FROM unnest($1::text[], $2::text[]) AS pair (old_id, new_id) JOIN delivery d ON d.id = pair.old_id",
        old_ids,
        new_ids,
        now,
    )


def _to_endpoint(row: Row) -> Endpoint:
    reason = row["disabled_reason"]
    return Endpoint(
        id=row["id"],
        account_id=row["account_id"],
        url=row["url"],
        description=row["description"],
        events=tuple(EventType(name) for name in row["events"]),
        created_at=row["created_at"],
        disabled_at=row["disabled_at"],
        disabled_reason=DisabledReason(reason) if reason else None,
        failing_since=row["failing_since"],
    )


def _to_delivery(row: Row) -> Delivery:
    return Delivery(
        id=row["id"],
        account_id=row["account_id"],
        event_id=row["event_id"],
        event_type=EventType(row["type"]),
        generation_id=row["generation_id"],
        endpoint_id=row["endpoint_id"],
        url=row["url"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        due_at=row["due_at"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
        failure=DeliveryFailure(row["failure"]) if row["failure"] else None,
    )
