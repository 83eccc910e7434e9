"""Guarantee: no page of the dashboard asks the database more than eight things, however much there is to show."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import asyncpg
import pytest

from doitong.app import Application
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.sections import ROUTES
from doitong.generations.model import RawRequest
from tests.dashboard.conftest import SignedInHouse

STATEMENTS_MAXIMUM = 8
# pages that wait for news ask again each time, and a file is written as it is read
NOT_A_PAGE = ("/state", "/events", ".zip", ".csv", "/callback", "/sign-in/oidc", "/export")


def pages() -> list[Route]:
    return [route for route in ROUTES if route.method == "GET" and not route.path.endswith(NOT_A_PAGE)]


@contextmanager
def counted(application: Application) -> Iterator[list[str]]:
    """The statements that the application sends while this is open."""
    sent: list[str] = []
    pool = application.database.pool
    application.database.pool = _ListeningPool(pool, lambda record: sent.append(record.query))  # type: ignore[assignment]
    try:
        yield sent
    finally:
        application.database.pool = pool


class _ListeningPool:
    """The pool, its connections listened to while they are out."""

    def __init__(self, pool: object, log: Callable[..., None]) -> None:
        self._pool, self._log = pool, log

    def acquire(self) -> object:
        return _Listening(self._pool.acquire(), self._log)  # type: ignore[attr-defined]


class _Listening:
    """An acquired connection, listened to while it is out."""

    def __init__(self, context: object, log: Callable[..., None]) -> None:
        self._context, self._log = context, log

    async def __aenter__(self) -> object:
        self._connection = await self._context.__aenter__()  # type: ignore[attr-defined]
        self._connection.add_query_logger(self._log)
        return self._connection

    async def __aexit__(self, *failure: object) -> None:
        self._connection.remove_query_logger(self._log)
        await self._context.__aexit__(*failure)  # type: ignore[attr-defined]


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
    with counted(operator_house.application) as sent:
        answer = await client.get(f"/dashboard{path}")
    assert answer.status_code in (200, 303, 404), answer.text[:500]
    if "{id}" in route.path and place in things:
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
    assert len(sent) <= STATEMENTS_MAXIMUM, "\n".join(sent)
