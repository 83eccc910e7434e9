"""What an answer means, and when to try again: the retry schedule of webhooks, as pure decisions.

A delivery has eight tries. Any 2xx is success; everything else, redirects included, is a failure. 410 ends
the delivery and disables its endpoint. `Retry-After` may stretch a pause to twice its length, not shorten it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from doitong.core.errors import InvalidParameter, rule, text_length
from doitong.webhooks.model import DeliveryFailure, DeliveryState, EventType

SEND_DEADLINE = timedelta(seconds=15)
RETRY_DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
MAX_ATTEMPTS = len(RETRY_DELAYS) + 1
JITTER = 0.2
RETRY_AFTER_MAX_FACTOR = 2
DISABLE_AFTER = timedelta(days=5)

MAX_RESPONSE_BYTES = 2048
MAX_ENDPOINTS = 20
MAX_DESCRIPTION_CHARACTERS = 200

_GONE = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """What one try brought: a status, or None with the reason in `error`."""

    status: int | None
    retry_after: str | None = None
    error: str | None = None
    response: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of the delivery. `delay` is set only while pending, `failure` only when failed."""

    state: DeliveryState
    delay: timedelta | None = None
    failure: DeliveryFailure | None = None


def is_success(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def judge_answer(answer: Answer, attempt_number: int, random_unit: float, now: datetime) -> Outcome:
    """Decide what the answer to try `attempt_number` (from 1) means; `random_unit` is in [0, 1)."""
    assert attempt_number >= 1
    if is_success(answer.status):
        return Outcome(DeliveryState.DELIVERED)
    if answer.status == _GONE:
        return Outcome(DeliveryState.FAILED, failure=DeliveryFailure.GONE)
    if attempt_number >= MAX_ATTEMPTS:
        return Outcome(DeliveryState.FAILED, failure=DeliveryFailure.EXHAUSTED)
    wish = parse_retry_after(answer.retry_after, now)
    return Outcome(DeliveryState.PENDING, delay=retry_delay(attempt_number, random_unit, wish))


def retry_delay(attempt_number: int, random_unit: float, wish: timedelta | None = None) -> timedelta:
    """The pause after failed try `attempt_number`: the schedule's d ± 20 %, or the wish within [d, 2d]."""
    scheduled = RETRY_DELAYS[attempt_number - 1]
    jittered = scheduled * (1 + JITTER * (2 * random_unit - 1))
    if wish is None:
        return jittered
    return min(max(wish, scheduled, jittered), RETRY_AFTER_MAX_FACTOR * scheduled)


def parse_retry_after(text: str | None, now: datetime) -> timedelta | None:
    """`Retry-After` as seconds or an HTTP date (RFC 9110, 10.2.3); None when absent, past or unreadable."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 86400))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for a year beyond all bounds
        return None
    if moment.tzinfo is None or moment <= now:
        return None
    return moment - now


def is_to_be_disabled(outcome: Outcome, failing_since: datetime | None, now: datetime) -> bool:
    """Whether a failing endpoint is switched off: no success for five days, and a delivery ran out of tries.

    Waiting for a delivery to run out keeps an endpoint with few events from being switched off by one blip.
    """
    if outcome.failure is not DeliveryFailure.EXHAUSTED or failing_since is None:
        return False
    return now - failing_since >= DISABLE_AFTER


def check_events(names: object) -> tuple[EventType, ...]:
    """The subscribed types, each once, in the order of the enum. Raises InvalidParameter."""
    allowed = rule(
        "must list at least one of: {values}",
        "mora našteti vsaj eno od vrednosti: {values}",
        values=[event_type.value for event_type in EventType],
    )
    if not isinstance(names, list | tuple) or not names:
        raise InvalidParameter("events", allowed)
    known = {event_type.value for event_type in EventType}
    if not all(isinstance(name, str) and name in known for name in names):
        raise InvalidParameter("events", allowed)
    return tuple(event_type for event_type in EventType if event_type.value in names)


def check_description(text: str) -> str:
    if len(text) > MAX_DESCRIPTION_CHARACTERS or "\x00" in text:
        raise InvalidParameter("description", text_length(0, MAX_DESCRIPTION_CHARACTERS))
    return text
