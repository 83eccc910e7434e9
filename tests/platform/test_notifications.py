"""Nobody who waits for a change waits in vain: not across a lost connection, nor when too slow to keep up."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from doitong.db.notifications import BACKLOG_MAXIMUM, EVERYTHING, Notifications, notify

Link = asyncpg.Connection
CHANNEL = "generation"


@pytest.fixture
async def notifications(dsn: str) -> AsyncIterator[Notifications]:
    listener = Notifications(dsn)
    await listener.start()
    yield listener
    await listener.close()


@pytest.fixture
async def sender(dsn: str) -> AsyncIterator[Link]:
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


async def listened(notifications: Notifications) -> None:
    """The channel is listened to, and the wake-up of that is over."""
    await notifications.wait_for(CHANNEL, "nobody", 10)
    await notifications.listening(CHANNEL)


async def test_a_waiter_is_woken_by_its_own_payload_only(notifications: Notifications, sender: Link) -> None:
    await listened(notifications)
    with notifications.expect(CHANNEL, "one") as one, notifications.expect(CHANNEL, "two") as two:
        await notify(sender, CHANNEL, "one")
        assert await one.within(10)
        assert not await two.within(0)


async def test_what_is_rolled_back_is_not_told(notifications: Notifications, sender: Link) -> None:
    await listened(notifications)
    with notifications.subscribe(CHANNEL) as subscription:
        transaction = sender.transaction()
        await transaction.start()
        await notify(sender, CHANNEL, "never")
        await transaction.rollback()
        await notify(sender, CHANNEL, "after")
        assert await anext(subscription) == "after"


async def test_a_killed_connection_wakes_everybody_and_listens_again(
    notifications: Notifications, sender: Link
) -> None:
    await listened(notifications)
    with notifications.subscribe(CHANNEL) as subscription, notifications.expect(CHANNEL, "x") as arrival:
        killed = await sender.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'doitong notifications' AND datname = current_database()"
        )
        assert killed == 1
        assert await arrival.within(10)  # the message may have been lost meanwhile, so it is woken
        assert await anext(subscription) == EVERYTHING
        await notify(sender, CHANNEL, "again")
        assert await anext(subscription) == "again"


async def test_a_change_between_registering_and_listening_is_not_missed(dsn: str, sender: Link) -> None:
    listener = Notifications(dsn)
    with listener.expect(CHANNEL, "early") as arrival:
        await notify(sender, CHANNEL, "early")  # nobody listens yet
        await listener.start()
        assert await arrival.within(10)
    await listener.close()


async def test_a_slow_subscriber_keeps_bounded_memory_and_is_told(notifications: Notifications, sender: Link) -> None:
    await listened(notifications)
    with notifications.subscribe(CHANNEL) as slow, notifications.expect(CHANNEL, "last") as last:
        await sender.execute(
            "SELECT pg_notify($1, n::text) FROM generate_series(1, $2::int) n", CHANNEL, BACKLOG_MAXIMUM + 1
        )
        await notify(sender, CHANNEL, "last")
        assert await last.within(10)
        assert await anext(slow) == EVERYTHING
        await notify(sender, CHANNEL, "fresh")
        assert await anext(slow) == "fresh"


async def test_closing_ends_a_reader_that_waits(notifications: Notifications) -> None:
    subscription = notifications.subscribe("other")
    reader = asyncio.create_task(_read_all(subscription))
    await notifications.listening("other")
    await notifications.close()
    assert set(await reader) <= {EVERYTHING}


async def _read_all(subscription: AsyncIterator[str]) -> list[str]:
    return [payload async for payload in subscription]
