"""Guarantee: no page of the dashboard asks the database more than eight things, however much there is to show."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from doitong.app import Application
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.sections import ROUTES
from doitong.generations.model import RawRequest
from tests.dashboard.conftest import SignedInHouse

STATEMENTS_MAXIMUM = 8
DRIVERS_OWN = ("typeinfo_tree", "current_setting('jit')")  # asked once a connection, for the types of columns
# pages that wait for news ask again each time, and a file is written as it is read
NOT_A_PAGE = ("/state", "/events", ".zip", ".csv", "/callback", "/sign-in/oidc", "/export")


def pages() -> list[Route]:
    return [route for route in ROUTES if route.method == "GET" and not route.path.endswith(NOT_A_PAGE)]


@contextmanager
def counted(application: Application) -> Iterator[list[str]]:
    """The statements that the application sends while this is open."""
    database, sent = application.database, []
    pool = database.pool
    database.pool = _ListenedPool(pool, lambda record: sent.append(record.query))  # type: ignore[assignment]
    try:
        yield sent
    finally:
        database.pool = pool


class _ListenedPool:
    """A pool whose connections are listened to while they are out."""

    def __init__(self, pool: Any, log: Callable[[Any], None]) -> None:
        self._pool, self._log = pool, log

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        async with self._pool.acquire() as connection:
            connection.add_query_logger(self._log)
            try:
                yield connection
            finally:
                connection.remove_query_logger(self._log)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


async def make_things(house: SignedInHouse) -> dict[str, str]:
    """One of everything that a page is about, by the first part of its path."""
    application, caller = house.application, house.signed_in.caller
    values = {"service": ("service", "runway"), "prompt": ("prompt", "A lake")}
    made = [(await application.generations.submit(caller, RawRequest(values), None)).generation.id for _ in range(3)]
    endpoint = await application.webhooks.create_endpoint(house.account_id, "http://93.184.216.34/hook")
    delivery = await application.webhooks.send_test(house.account_id, endpoint.id)
    key = await application.keys.create(house.account_id, "one")
    return {
        "gallery": made[0],
        "generations": made[0],
        "webhooks/deliveries": delivery.id,
        "webhooks/endpoints": endpoint.id,
        "keys": key.key.id,
        "operator/accounts": house.account_id,
        "operator/deliveries": delivery.id,
    }


@pytest.mark.parametrize("route", pages(), ids=lambda route: route.path)
async def test_a_page_asks_the_database_at_most_eight_things(operator_house: SignedInHouse, route: Route) -> None:
    things = await make_things(operator_house)
    place = route.path.strip("/").partition("/{")[0]
    path = route.path.replace("{id}", things.get(place, "none")).replace("{token}", "none")
    client = operator_house.client if route.access is not Access.OPEN else operator_house.stranger
    await client.get(f"/dashboard{path}")  # the driver looks types up once a connection
    with counted(operator_house.application) as sent:
        answer = await client.get(f"/dashboard{path}")
    assert answer.status_code in (200, 303, 404, 410), answer.text[:500]
    if "{id}" in route.path and place in things:
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
    ours = [query for query in sent if not any(word in query for word in DRIVERS_OWN)]
    assert len(ours) <= STATEMENTS_MAXIMUM, "\n".join(ours)
