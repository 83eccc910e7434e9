"""Guarantees: what is remembered of a key was read less than a second before it is used; many requests share
one query; the memory has a bound."""

import asyncio
from datetime import timedelta

import pytest

from doitong.core.clock import SteppedClock
from doitong.keys import _recall
from doitong.keys._recall import TTL, Recall
from doitong.keys.model import ApiKey, Credential


class Source:
    """A database that answers when told to, and counts the questions."""

    def __init__(self, clock: SteppedClock) -> None:
        self.clock = clock
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self, prefix: str) -> Credential | None:
        self.asked.append(prefix)
        seen_at = self.clock.now()
        await self.gate.wait()
        if prefix.startswith("unknown"):
            return None
        key = ApiKey(prefix, "a", prefix, "", frozenset(), created_at=seen_at)
        return Credential(key, b"", "free", {}, "en", is_account_disabled=False)


@pytest.fixture
def source(clock: SteppedClock) -> Source:
    return Source(clock)


@pytest.fixture
def recall(source: Source, clock: SteppedClock) -> Recall:
    return Recall(source.load, clock)


async def start(coroutine) -> asyncio.Task:
    """A task that has run up to its first wait, and what that started too."""
    task = asyncio.create_task(coroutine)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


def test_the_memory_is_shorter_than_the_promise() -> None:
    assert timedelta(0) < TTL <= timedelta(seconds=1)


async def test_fifty_requests_share_one_query(recall: Recall, source: Source) -> None:
    source.gate.clear()
    tasks = [await start(recall.find("k")) for _ in range(50)]
    source.gate.set()
    assert len({id(found) for found in await asyncio.gather(*tasks)}) == 1
    assert source.asked == ["k"]


async def test_a_client_that_leaves_does_not_end_the_query_of_the_others(recall: Recall, source: Source) -> None:
    source.gate.clear()
    first, second = await start(recall.find("k")), await start(recall.find("k"))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    source.gate.set()
    assert await second is not None
    assert source.asked == ["k"]


async def test_age_counts_from_before_the_query(recall: Recall, source: Source, clock: SteppedClock) -> None:
    source.gate.clear()
    slow = await start(recall.find("k"))
    clock.advance(TTL)
    source.gate.set()
    await slow
    await recall.find("k")
    assert len(source.asked) == 2, "an answer that took a second is old when it comes"


async def test_nobody_joins_a_query_that_began_too_long_ago(
    recall: Recall, source: Source, clock: SteppedClock
) -> None:
    source.gate.clear()
    slow = await start(recall.find("k"))
    clock.advance(TTL)
    late = await start(recall.find("k"))
    source.gate.set()
    found = await late
    assert found is not None
    assert found.key.created_at == clock.now()
    await slow
    assert await recall.find("k") is found, "the older answer does not replace the newer"


async def test_what_was_forgotten_during_a_query_is_asked_again(recall: Recall, source: Source) -> None:
    source.gate.clear()
    slow = await start(recall.find("k"))
    recall.forget("k")
    source.gate.set()
    await slow
    await recall.find("k")
    assert len(source.asked) == 2


async def test_unknown_prefixes_take_no_room(recall: Recall, source: Source) -> None:
    for number in range(20):
        assert await recall.find(f"unknown{number}") is None
    await recall.find("unknown0")
    assert len(source.asked) == 21
    assert not recall._known
    assert not recall._loading


async def test_the_memory_has_a_bound(recall: Recall, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_recall, "ENTRIES_MAX", 10)
    for number in range(30):
        await recall.find(f"k{number}")
    assert len(recall._known) == 10
    await recall.find("k29")
    assert len(source.asked) == 30


async def test_a_clock_set_back_makes_nothing_last_longer(recall: Recall, source: Source, clock: SteppedClock) -> None:
    await recall.find("k")
    clock.advance(timedelta(hours=-1))
    await recall.find("k")
    assert len(source.asked) == 2


async def test_a_failed_query_is_not_remembered(clock: SteppedClock) -> None:
    answers = iter([OSError("database is away"), None])

    async def load(_: str) -> Credential | None:
        if (answer := next(answers)) is not None:
            raise answer
        return None

    recall = Recall(load, clock)
    with pytest.raises(OSError, match="away"):
        await recall.find("k")
    assert await recall.find("k") is None
