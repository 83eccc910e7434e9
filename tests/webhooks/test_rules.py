"""Guarantee: the retry schedule, its jitter and Retry-After, and what every answer means."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doitong.core.errors import InvalidParameter
from doitong.webhooks import rules
from doitong.webhooks.model import DeliveryFailure, DeliveryState, EventType
from doitong.webhooks.rules import Answer, Outcome

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
SCHEDULE_SECONDS = [5, 300, 1800, 7200, 18000, 36000, 36000]

DELIVERED = Outcome(DeliveryState.DELIVERED)
GONE = Outcome(DeliveryState.FAILED, failure=DeliveryFailure.GONE)
EXHAUSTED = Outcome(DeliveryState.FAILED, failure=DeliveryFailure.EXHAUSTED)


def again(seconds: float) -> Outcome:
    return Outcome(DeliveryState.PENDING, delay=timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("status", "retry_after", "attempt", "expected"),
    [
        (200, None, 1, DELIVERED),
        (201, None, 1, DELIVERED),
        (204, None, 8, DELIVERED),
        (299, None, 1, DELIVERED),
        (199, None, 1, again(5)),
        (300, None, 1, again(5)),
        (301, None, 1, again(5)),
        (302, None, 2, again(300)),
        (307, None, 8, EXHAUSTED),
        (400, None, 1, again(5)),
        (401, None, 3, again(1800)),
        (404, None, 4, again(7200)),
        (410, None, 1, GONE),
        (410, "10", 8, GONE),
        (429, None, 5, again(18000)),
        (500, None, 6, again(36000)),
        (503, None, 7, again(36000)),
        (503, None, 8, EXHAUSTED),
        (None, None, 1, again(5)),
        (None, None, 8, EXHAUSTED),
        (503, "1", 1, again(5)),
        (503, "7", 1, again(7)),
        (503, "3600", 1, again(10)),
        (429, "400", 2, again(400)),
        (429, "99999999999999999999", 2, again(600)),
        (503, "Thu, 15 Jan 2026 12:06:40 GMT", 2, again(400)),
        (503, "Thu, 15 Jan 2026 11:00:00 GMT", 2, again(300)),
        (503, "soon", 2, again(300)),
        (503, "-5", 2, again(300)),
        (503, "", 2, again(300)),
        (503, "Thu, 99 Jan 2026 12:06:40 GMT", 2, again(300)),
        (503, "Thu, 15 Jan 99999999999999 12:06:40 GMT", 2, again(300)),
        (503, "Thu, 15 Jan 2026 99999999999999999999:06:40 GMT", 2, again(300)),
    ],
)
def test_every_answer_has_its_meaning(
    status: int | None, retry_after: str | None, attempt: int, expected: Outcome
) -> None:
    assert rules.judge_answer(Answer(status, retry_after), attempt, 0.5, NOW) == expected


def test_schedule_is_the_published_one() -> None:
    assert [rules.retry_delay(number, 0.5).total_seconds() for number in range(1, 8)] == SCHEDULE_SECONDS
    assert rules.MAX_ATTEMPTS == 8
    assert timedelta(seconds=15) == rules.SEND_DEADLINE


@given(st.integers(1, 7), st.floats(0, 1, exclude_max=True), st.one_of(st.none(), st.integers(0, 10**9)))
def test_pause_stays_in_bounds(attempt: int, random_unit: float, wish: int | None) -> None:
    """±20 % without a wish; with one, never under d and never over 2d."""
    scheduled = SCHEDULE_SECONDS[attempt - 1]
    asked = None if wish is None else timedelta(seconds=wish)
    pause = rules.retry_delay(attempt, random_unit, asked).total_seconds()
    if wish is None:
        assert 0.8 * scheduled <= pause <= 1.2 * scheduled
    else:
        assert scheduled <= pause <= 2 * scheduled


@pytest.mark.parametrize(
    ("outcome", "failing_days", "expected"),
    [
        (EXHAUSTED, 5, True),
        (EXHAUSTED, 4.99, False),
        (EXHAUSTED, None, False),
        (again(5), 30, False),
        (DELIVERED, 30, False),
    ],
)
def test_endpoint_is_disabled_after_five_days_of_only_failures(
    outcome: Outcome, failing_days: float | None, expected: bool
) -> None:
    since = None if failing_days is None else NOW - timedelta(days=failing_days)
    assert rules.is_to_be_disabled(outcome, since, NOW) is expected


@pytest.mark.parametrize("names", [[], None, "generation.completed", ["generation.started"], [1], [[]]])
def test_unknown_events_are_refused(names: object) -> None:
    with pytest.raises(InvalidParameter) as caught:
        rules.check_events(names)
    assert caught.value.details["parameter"] == "events"


def test_events_are_kept_once_each() -> None:
    named = ["generation.failed", "generation.completed", "generation.failed"]
    assert rules.check_events(named) == (EventType.GENERATION_COMPLETED, EventType.GENERATION_FAILED)
