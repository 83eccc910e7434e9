"""Guarantee: an event, its deliveries and their jobs are committed with what they tell of, or not at all."""

import pytest
from asyncpg.connection import LoggedQuery

from doitong.db.pool import Database
from doitong.webhooks.model import EndpointChange, EventType
from doitong.webhooks.service import Webhooks, publish

from .conftest import BODY, World

URL = "http://127.0.0.1:8999/hook"
COUNTS = "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM delivery), (SELECT count(*) FROM pgqueuer)"


async def counts(database: Database) -> tuple[int, int, int]:
    async with database.reading() as connection:
        return tuple(await connection.fetchrow(COUNTS))


async def publish_and_fail(world: World) -> None:
    async with world.database.transaction() as connection:
        completed, now = EventType.GENERATION_COMPLETED, world.clock.now()
        await publish(connection, completed, world.account_id, "g1", BODY, URL, now)
        raise ZeroDivisionError


async def test_rollback_leaves_nothing(world: World, database: Database) -> None:
    await world.webhooks.create_endpoint(world.account_id, URL)
    with pytest.raises(ZeroDivisionError):
        await publish_and_fail(world)
    assert await counts(database) == (0, 0, 0)


async def test_event_is_kept_when_nobody_listens(world: World, database: Database) -> None:
    assert await world.publish() == []
    assert await counts(database) == (1, 0, 0)


async def test_each_listener_has_a_delivery_and_a_job(world: World, database: Database) -> None:
    """The one-off URL and each enabled endpoint that subscribed; nobody else's, none disabled or deleted."""
    account, failed = world.account_id, EventType.GENERATION_FAILED
    first = await world.webhooks.create_endpoint(account, URL)
    second = await world.webhooks.create_endpoint(account, URL, [failed, "credits.low"])
    await world.webhooks.create_endpoint(account, URL, ["generation.completed"])
    off = await world.webhooks.create_endpoint(account, URL)
    await world.webhooks.update_endpoint(account, off.id, EndpointChange(is_enabled=False))
    gone = await world.webhooks.create_endpoint(account, URL)
    await world.webhooks.delete_endpoint(account, gone.id)
    jobs = await world.publish("http://127.0.0.1:8999/once", failed)
    found = (await world.webhooks.list_deliveries(account)).items
    assert {(d.endpoint_id, d.url) for d in found} == {
        (None, "http://127.0.0.1:8999/once"),
        (first.id, URL),
        (second.id, URL),
    }
    assert sorted(jobs) == sorted(d.id for d in found)
    assert len({d.event_id for d in found}) == 1
    assert [delay for _, delay in await world.jobs()] == [0, 0, 0]


async def test_another_accounts_endpoint_hears_nothing(world: World, webhooks: Webhooks, other_account_id: str) -> None:
    await webhooks.create_endpoint(other_account_id, URL)
    assert await world.publish() == []


@pytest.mark.parametrize(("endpoints", "expected"), [(0, 1), (3, 2), (20, 2)])
async def test_round_trips(world: World, database: Database, endpoints: int, expected: int) -> None:
    """On the path of every completion: one statement when nobody listens, two otherwise."""
    for _ in range(endpoints):
        await world.webhooks.create_endpoint(world.account_id, URL)
    queries: list[str] = []

    def note(query: LoggedQuery) -> None:
        queries.append(query.query)

    fact = (EventType.GENERATION_COMPLETED, world.account_id, "g1", BODY, None, world.clock.now())
    async with database.transaction() as connection:
        await publish(connection, *fact)  # the first time, the driver asks for types
        with connection.query_logger(note):
            await publish(connection, *fact)
    assert len(queries) == expected
    assert (await counts(database))[:2] == (2, 2 * endpoints)
