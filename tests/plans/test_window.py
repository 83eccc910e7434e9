"""Guarantee: limits are exact, and no window edge lets more through."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from doitong.plans.model import PLANS, Usage, Window
from doitong.plans.rules import RateLimited, admit, rate_state, shift

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
FREE = PLANS["free"]


def _fresh() -> Usage:
    return Usage("account", Window(), START.date(), 0, 0, 0, 0, 0)


def _settled(usage: Usage) -> Usage:
    """The same account with nothing running, so that only the rate limits bind."""
    return replace(usage, slots_used=0, ready=0, backlog=0)


@pytest.mark.parametrize("seed", range(20))
def test_no_sixty_seconds_hold_more_than_the_limit(seed: int) -> None:
    randomness = random.Random(seed)
    usage, now, admitted = _fresh(), START, []
    for _ in range(400):
        now += timedelta(seconds=randomness.choice([0, 0, 0.01, 0.4, 1, 3, 29.9, 60]))
        try:
            usage = _settled(admit(usage, FREE, now, 0).usage)
        except RateLimited as refusal:
            if refusal.code == "DAILY_LIMIT_REACHED":
                break
            assert sum(moment > now - timedelta(seconds=61.1) for moment in admitted) >= 10
        else:
            admitted.append(now)
    for moment in admitted:
        within = [other for other in admitted if moment <= other < moment + timedelta(seconds=60)]
        assert len(within) <= FREE.generations_per_minute


def test_sleeping_retry_after_then_one_call_succeeds() -> None:
    usage, now = _fresh(), START
    for _ in range(10):
        usage = _settled(admit(usage, FREE, now, 0).usage)
    with pytest.raises(RateLimited) as refused:
        admit(usage, FREE, now, 0)
    wait = refused.value.rate.retry_after_seconds
    assert wait is not None
    assert refused.value.details["limit"] == 10
    with pytest.raises(RateLimited):
        admit(usage, FREE, now + timedelta(seconds=wait - 1), 0)
    assert admit(usage, FREE, now + timedelta(seconds=wait), 0).rate.remaining == 9


def test_the_day_is_a_utc_day_and_its_refusal_says_when_it_ends() -> None:
    usage = replace(_fresh(), day_count=100)
    with pytest.raises(RateLimited) as refused:
        admit(usage, FREE, START, 0)
    assert refused.value.code == "DAILY_LIMIT_REACHED"
    assert refused.value.rate.retry_after_seconds == 12 * 3600
    assert admit(usage, FREE, START + timedelta(hours=12), 0).usage.day_count == 1


def test_over_the_slots_waits_and_over_the_backlog_is_refused() -> None:
    first = admit(_fresh(), FREE, START, 0)
    assert first.got_slot
    second = admit(first.usage, FREE, START, 0)
    assert not second.got_slot
    assert second.usage.backlog == 1
    with pytest.raises(RateLimited) as refused:
        admit(replace(second.usage, backlog=FREE.backlog), FREE, START, 0)
    assert refused.value.code == "BACKLOG_FULL"


def test_who_waits_is_not_overtaken_by_a_later_submission_of_the_same_account() -> None:
    usage = replace(_fresh(), slots_used=0, backlog=3)
    assert not admit(usage, FREE, START, 0).got_slot


def test_a_clock_behind_another_machines_does_not_lose_admissions() -> None:
    window = Window(1000, (5, 3))
    assert shift(window, 990) == window
    assert rate_state(window, 10, 990).remaining == 2


def test_an_idle_account_brings_no_saved_time_into_the_race() -> None:
    admission = admit(_fresh(), FREE, START, clock_virtual_time=77)
    assert admission.usage.virtual_time == 77
    busy = replace(_fresh(), slots_used=0, ready=0, virtual_time=100)
    assert admit(busy, FREE, START, clock_virtual_time=77).usage.virtual_time == 100


def test_a_machine_whose_clock_is_ahead_gives_nobody_a_second_day() -> None:
    """Two API processes around midnight: they count into one day, whichever of them is asked."""
    late = datetime(2026, 1, 1, 23, 59, 59, tzinfo=UTC)
    ahead = late + timedelta(seconds=2)
    plan = replace(FREE, generations_per_minute=1000)
    usage = replace(_fresh(), day=late.date(), day_count=99)
    for now in (ahead, late, ahead, late):
        usage = _settled(admit(usage, plan, now, 0).usage)
    assert (usage.day, usage.day_count) == (ahead.date(), 4)


def test_a_clock_that_was_wrong_does_not_block_an_account_until_its_time_has_come() -> None:
    usage = _fresh()
    for _ in range(10):
        usage = _settled(admit(usage, FREE, START + timedelta(days=365), 0).usage)
    after = admit(usage, FREE, START, 0).usage
    assert (sum(after.window.counts), after.window.end_second) == (1, int(START.timestamp()))
    assert (after.day, after.day_count) == (START.date(), 1)
    with pytest.raises(RateLimited):  # a little ahead is another machine, and counts
        admit(usage, FREE, START + timedelta(days=365, seconds=-30), 0)
