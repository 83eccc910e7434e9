"""The words of webhooks: event, endpoint, delivery and delivery attempt.

An event is a fact with the exact body that is sent. A delivery is one event on its way to one URL: a
subscribed endpoint's, or the one-off `webhookUrl` of a request (then `endpoint_id` is None). A delivery
attempt is one HTTP try.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventType(StrEnum):
    """What an endpoint may subscribe to; progress is not emitted yet."""

    GENERATION_COMPLETED = "generation.completed"
    GENERATION_FAILED = "generation.failed"
    GENERATION_CANCELED = "generation.canceled"
    GENERATION_PROGRESS = "generation.progress"
    CREDITS_LOW = "credits.low"
    ENDPOINT_DISABLED = "endpoint.disabled"  # told to the endpoints that are left


ENDED_EVENTS = (EventType.GENERATION_COMPLETED, EventType.GENERATION_FAILED, EventType.GENERATION_CANCELED)


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryFailure(StrEnum):
    """Why a delivery ended as failed."""

    EXHAUSTED = "exhausted"  # every try of the schedule failed
    GONE = "gone"  # the receiver answered 410
    ENDPOINT_DISABLED = "endpoint_disabled"  # switched off or deleted while the delivery waited


class DisabledReason(StrEnum):
    """Why an endpoint receives nothing."""

    BY_CUSTOMER = "by_customer"
    GONE = "gone"  # it answered 410
    FAILING = "failing"  # nothing but failures for days
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Event:
    """A fact. `id` is the `webhook-id` of every delivery of it; `body` is the text sent, to the byte."""

    id: str
    account_id: str
    type: EventType
    generation_id: str | None
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A subscriber's URL. `failing_since` is the first failure after the last success."""

    id: str
    account_id: str
    url: str
    description: str
    events: tuple[EventType, ...]
    created_at: datetime
    disabled_at: datetime | None = None
    disabled_reason: DisabledReason | None = None
    failing_since: datetime | None = None

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """What to change of an endpoint; None leaves a field as it is."""

    url: str | None = None
    description: str | None = None
    events: tuple[EventType, ...] | None = None
    is_enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Event × URL. `due_at` is when the next try is due, while pending."""

    id: str
    account_id: str
    event_id: str
    event_type: EventType
    generation_id: str | None
    endpoint_id: str | None
    url: str
    state: DeliveryState
    attempts: int
    due_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    failure: DeliveryFailure | None


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One HTTP try. `status` is None when no answer came; `response` is the answer's first 2 KB as text."""

    number: int
    started_at: datetime
    duration_ms: int
    status: int | None
    error: str | None
    response: str | None


@dataclass(frozen=True, slots=True)
class DeliveryDetail:
    """A delivery with what was sent and every try, oldest first."""

    delivery: Delivery
    body: str
    attempts: tuple[DeliveryAttempt, ...]


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries to list; None does not narrow."""

    generation_id: str | None = None
    endpoint_id: str | None = None
    state: DeliveryState | None = None


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Newest first. `next_cursor` is the `after` of the next page, None on the last one."""

    items: tuple[Delivery, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ResentRange:
    """How many failed deliveries were sent again, and whether the range holds more: call again."""

    count: int
    has_more: bool
