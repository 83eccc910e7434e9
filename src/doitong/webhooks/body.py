"""The documented flat JSON of an ended generation.

What is built here is stored as the event's body and sent as it stands; the signed bytes are these bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from doitong.core.clock import to_iso

_DOCUMENTED_METADATA = ("duration", "width", "height")


@dataclass(frozen=True, slots=True)
class EndedError:
    """Why a generation ended without a film: a code of the registry and its public sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class EndedGeneration:
    """What a webhook tells of a generation; `url` only when completed, `error` only when not."""

    id: str
    status: str
    url: str | None
    service: str
    created_at: datetime
    completed_at: datetime
    metadata: Mapping[str, Any]
    error: EndedError | None = None


def build_body(generation: EndedGeneration) -> str:
    """The body: the documented keys in the documented order, and `error` last when there is one."""
    is_completed = generation.status == "completed"
    assert is_completed == (generation.url is not None)
    assert not (is_completed and generation.error)
    body: dict[str, Any] = {
        "id": generation.id,
        "status": generation.status,
        "url": generation.url,
        "service": generation.service,
        "createdAt": to_iso(generation.created_at),
        "completedAt": to_iso(generation.completed_at),
        "metadata": _order_metadata(generation.metadata),
    }
    if generation.error:
        body["error"] = {"code": generation.error.code, "message": generation.error.message}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def disabled_body(account_id: str, endpoint_id: str, url: str, reason: str, now: datetime) -> str:
    """What is told of an endpoint that was switched off, to those that are left."""
    body = {
        "type": "endpoint.disabled",
        "accountId": account_id,
        "endpointId": endpoint_id,
        "url": url,
        "reason": reason,
        "createdAt": to_iso(now),
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _order_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The documented keys first, as the documentation prints them."""
    documented = {key: metadata[key] for key in _DOCUMENTED_METADATA if key in metadata}
    return documented | dict(metadata)
