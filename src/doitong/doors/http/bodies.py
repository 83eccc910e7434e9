"""What the outside sees of keys, endpoints, deliveries, balances and accounts: JSON values for all doors."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from doitong.accounts.model import Account, SigningSecrets
from doitong.alerts.model import Alert
from doitong.core.clock import to_iso
from doitong.generations.model import Generation, Quote
from doitong.keys.model import ApiKey, NewKey
from doitong.ledger.model import Balance, StatementLine
from doitong.uploads.model import Upload
from doitong.webhooks.model import Delivery, DeliveryAttempt, DeliveryDetail, Endpoint


def iso(moment: datetime | None) -> str | None:
    return None if moment is None else to_iso(moment)


def page_info(end_cursor: str | None, has_next_page: bool) -> dict[str, Any]:
    return {"endCursor": end_cursor, "hasNextPage": has_next_page}


def page(name: str, items: Sequence[Any], next_cursor: str | None) -> dict[str, Any]:
    """A list of ours whose cursor is there only when more follows."""
    return {name: list(items), "pageInfo": page_info(next_cursor, next_cursor is not None)}


def account_body(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "email": account.email,
        "plan": account.plan,
        "language": account.language,
        "createdAt": to_iso(account.created_at),
        "disabledAt": iso(account.disabled_at),
    }


def credits_body(balance: Balance) -> dict[str, Any]:
    return {"available": balance.available, "held": balance.held}


def alert_body(alert: Alert) -> dict[str, Any]:
    return {"threshold": alert.threshold, "firedAt": iso(alert.fired_at), "createdAt": to_iso(alert.created_at)}


def statement_line_body(line: StatementLine) -> dict[str, Any]:
    return {
        "id": str(line.id),
        "kind": line.kind.value,
        "amount": line.amount,
        "availableAfter": line.available_after,
        "heldAfter": line.held_after,
        "generationId": line.generation_id,
        "reason": line.reason,
        "createdAt": to_iso(line.created_at),
    }


def quote_body(quote: Quote) -> dict[str, Any]:
    return {
        "id": quote.id,
        "creditCost": quote.credits,
        "terms": dict(quote.terms),
        "createdAt": to_iso(quote.created_at),
        "expiresAt": to_iso(quote.expires_at),
    }


def key_body(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "prefix": key.prefix,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "createdAt": to_iso(key.created_at),
        "expiresAt": iso(key.expires_at),
        "revokedAt": iso(key.revoked_at),
        "lastUsedAt": iso(key.last_used_at),
        "monthlyBudget": key.monthly_budget,
        "spentThisMonth": key.spent_this_month,
    }


def new_key_body(new: NewKey) -> dict[str, Any]:
    """The only answer that holds a whole key."""
    return {"key": key_body(new.key), "secret": new.secret}


def endpoint_body(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "description": endpoint.description,
        "events": [event.value for event in endpoint.events],
        "isEnabled": endpoint.is_enabled,
        "disabledReason": endpoint.disabled_reason.value if endpoint.disabled_reason else None,
        "failingSince": iso(endpoint.failing_since),
        "createdAt": to_iso(endpoint.created_at),
    }


def signing_secret_body(secrets: SigningSecrets, now: datetime) -> dict[str, Any]:
    active = secrets.active(now)
    return {
        "secret": active[0],
        "previousSecret": active[1] if len(active) > 1 else None,
        "previousValidUntil": iso(secrets.previous_until) if len(active) > 1 else None,
    }


def delivery_body(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "eventId": delivery.event_id,
        "event": delivery.event_type.value,
        "generationId": delivery.generation_id,
        "endpointId": delivery.endpoint_id,
        "url": delivery.url,
        "state": delivery.state.value,
        "failure": delivery.failure.value if delivery.failure else None,
        "attempts": delivery.attempts,
        "nextAttemptAt": iso(delivery.due_at),
        "createdAt": to_iso(delivery.created_at),
        "endedAt": iso(delivery.ended_at),
    }


def delivery_detail_body(detail: DeliveryDetail) -> dict[str, Any]:
    """A delivery with the body that is sent and each try."""
    return delivery_body(detail.delivery) | {
        "body": orjson.loads(detail.body),
        "log": [_attempt_body(attempt) for attempt in detail.attempts],
    }


def _attempt_body(attempt: DeliveryAttempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "startedAt": to_iso(attempt.started_at),
        "durationMs": attempt.duration_ms,
        "status": attempt.status,
        "error": attempt.error,
        "response": attempt.response,
    }


def unknown_body(generation: Generation) -> dict[str, Any]:
    """What an operator needs to find the task at the engine. `lastStep` is the task before, where there was one."""
    return {
        "id": generation.id,
        "accountId": generation.account_id,
        "engine": generation.engine,
        "kind": generation.kind.value,
        "prompt": generation.prompt,
        "parameters": {name: generation.parameters[name] for name in ("duration", "aspectRatio", "version", "quality")},
        "seed": generation.parameters["seed"],
        "attempt": generation.attempt,
        "lastStep": generation.engine_task_id,
        "creditCost": generation.credit_cost,
        "createdAt": to_iso(generation.created_at),
        "sentAt": iso(generation.sent_at),
    }


def upload_body(upload: Upload) -> dict[str, Any]:
    return {
        "id": upload.id,
        "mediaType": upload.media_type,
        "width": upload.width,
        "height": upload.height,
        "bytes": upload.bytes,
        "sha256": upload.sha256,
        "createdAt": to_iso(upload.created_at),
    }
