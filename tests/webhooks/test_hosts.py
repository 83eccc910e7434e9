"""Guarantee: one dead endpoint does not delay healthy ones."""

import asyncio
import time
from datetime import timedelta

import pytest

from doitong.core.clock import SystemClock
from doitong.db.pool import Database
from doitong.egress.client import EgressClient
from doitong.egress.model import EgressPolicy
from doitong.webhooks.deliver import Deliverer
from doitong.webhooks.hosts import HostBusy, HostLanes

from .conftest import Receiver, World, open_receiver


class Seconds:
    """A monotonic clock that moves when told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def hold(lanes: HostLanes, host: str, release: asyncio.Event) -> None:
    async with lanes.enter(host):
        await release.wait()


async def fill(lanes: HostLanes, host: str, release: asyncio.Event, count: int) -> list["asyncio.Task[None]"]:
    tasks = [asyncio.create_task(hold(lanes, host, release)) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_hanging_host_turns_away_at_once() -> None:
    seconds, release = Seconds(), asyncio.Event()
    lanes = HostLanes(lambda: 0.5, seconds)
    tasks = await fill(lanes, "slow", release, 8)
    seconds.now = 4.0
    with pytest.raises(HostBusy) as caught:
        async with asyncio.timeout(0.1), lanes.enter("slow"):
            pass
    assert caught.value.delay == timedelta(seconds=4)
    async with asyncio.timeout(0.1), lanes.enter("other"):
        pass
    release.set()
    await asyncio.gather(*tasks)
    assert lanes._lanes == {}  # nothing is kept of hosts that are not in use


async def test_quick_host_is_waited_for() -> None:
    """The ninth enters when a place is free, without going back to the queue."""
    release = asyncio.Event()
    lanes = HostLanes(lambda: 0.5, Seconds())
    tasks = await fill(lanes, "quick", release, 100)
    release.set()
    await asyncio.gather(*tasks)


async def test_never_more_than_the_bound_at_once() -> None:
    lanes, active, most = HostLanes(lambda: 0.5, Seconds()), 0, 0

    async def send() -> None:
        nonlocal active, most
        async with lanes.enter("host"):
            active += 1
            most = max(most, active)
            await asyncio.sleep(0)
            active -= 1

    await asyncio.gather(*(send() for _ in range(200)))
    assert most == 8


async def test_dead_endpoint_does_not_delay_healthy_ones(world: World, database: Database) -> None:
    """100 deliveries to a receiver that never answers stand first in the queue; 99 others are behind them."""
    egress = EgressClient(EgressPolicy.from_ranges([], is_loopback_allowed=True))
    deliverer = Deliverer(database, egress, SystemClock(), lambda: 0.5)
    async with open_receiver() as dead, open_receiver() as healthy:
        dead.script = [None]
        queue: asyncio.Queue[str] = asyncio.Queue()
        for url, count in ((dead.url, 100), (healthy.url, 99)):
            for _ in range(count):
                queue.put_nowait((await world.publish(url))[0])
        started = time.monotonic()
        await work_until_received(deliverer, queue, healthy, 99)
        waited = sorted(request.arrived_seconds - started for request in healthy.requests)
    await egress.close()
    print(f"healthy deliveries: p50 {waited[49]:.3f} s, p99 {waited[98]:.3f} s")
    assert waited[98] <= 2.0


async def work_until_received(
    deliverer: Deliverer, queue: "asyncio.Queue[str]", receiver: Receiver, count: int
) -> None:
    """A worker of 64 places."""

    async def place() -> None:
        while True:
            await deliverer.deliver(await queue.get())

    places = [asyncio.create_task(place()) for _ in range(64)]
    try:
        async with asyncio.timeout(20):
            while len(receiver.requests) < count:
                receiver.arrived.clear()
                await receiver.arrived.wait()
    finally:
        for task in places:
            task.cancel()
        await asyncio.gather(*places, return_exceptions=True)
