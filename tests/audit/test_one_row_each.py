"""Guarantee: every operation that changes something writes exactly one audit row, in its own transaction.

The tables of the doors are walked: a route is called here, or stands among the exceptions with its reason.
"""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from doitong.audit import store
from doitong.audit.model import SYSTEM, Actor, ActorKind, EntryFilter
from doitong.core.clock import SteppedClock
from doitong.core.ids import new_id
from doitong.db.pool import Database
from doitong.doors.rest.table import ROUTES as REST_ROUTES
from doitong.keys.model import ALL_SCOPES
from tests.audit.world import FLAT, URL, World, picture

# what writes no row of its own, or two, and why
EXCEPTIONS = {
    "/v1/text_to_video": (0, "the generation's own row says who, what and when: no statement more on the hot path"),
    "/v1/image_to_video": (0, "as text_to_video"),
    "/v1/quotes": (0, "a quote holds nothing and expires"),
    "/v1/uploads": (0, "the upload's own row; nothing else changes by it"),
    "/v1/accounts": (2, "an account and its first key: two use cases, a row each"),
}


async def _rest_call(world: World, method: str, path: str) -> tuple[str, dict[str, Any] | None]:
    """The address and body of one REST route."""
    span = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}
    bodies: dict[str, tuple[Any, dict[str, Any] | None]] = {
        "POST /v1/text_to_video": (None, FLAT),
        "POST /v1/quotes": (None, FLAT),
        "POST /v1/generations/{id}/cancel": (world.generation, None),
        "DELETE /v1/generations/{id}": (world.captured, None),
        "POST /v1/keys": (None, {"name": "ci"}),
        "DELETE /v1/keys/{id}": (world.key, None),
        "PATCH /v1/keys/{id}": (world.key, {"monthlyBudget": 5000}),
        "POST /v1/keys/{id}/rotate": (world.key, {}),
        "POST /v1/webhook_endpoints": (None, {"url": URL}),
        "PATCH /v1/webhook_endpoints/{id}": (world.endpoint, {"description": "other"}),
        "DELETE /v1/webhook_endpoints/{id}": (world.endpoint, None),
        "POST /v1/webhook_endpoints/{id}/test": (world.endpoint, None),
        "POST /v1/webhook_secret/rotate": (None, None),
        "POST /v1/deliveries/resend": (None, span),
        "POST /v1/deliveries/{id}/resend": (world.delivery, None),
        "POST /v1/accounts": (None, {"name": "Acme"}),
        "PATCH /v1/accounts/{id}": (world.other_account, {"plan": "pro"}),
        "POST /v1/accounts/{id}/keys": (world.other_account, {"name": "x"}),
        "POST /v1/accounts/{id}/grants": (world.other_account, {"credits": 5, "reason": "welcome"}),
        "POST /v1/accounts/{id}/disable": (world.other_account, None),
        "POST /v1/accounts/{id}/enable": (world.other_account, None),
        "POST /v1/accounts/{id}/adjustments": (world.other_account, {"amount": -5, "reason": "twice"}),
        "POST /v1/unknown_submissions/{id}/settle": (
            lambda: world.generation(stage="unknown"),
            {"outcome": "not_bought"},
        ),
        "PUT /v1/credits/alerts": (None, {"thresholds": [100]}),
    }
    if path == "/v1/accounts/{id}/refunds":
        body = {"generationId": await world.captured(), "reason": "it was black"}
        return path.replace("{id}", world.house.account_id), body
    make, body = bodies[f"{method} {path}"]
    return path.replace("{id}", await make()) if make else path, body


def rest_routes() -> list[tuple[str, str]]:
    found = [(route.method, route.path) for route in REST_ROUTES if route.method != "GET"]
    needs_picture = ("/v1/uploads", "/v1/image_to_video")  # exceptions
    return [(method, path) for method, path in found if path not in needs_picture]


@pytest.mark.parametrize(("method", "path"), rest_routes(), ids=lambda value: value)
async def test_a_rest_operation_writes_one_row(world: World, method: str, path: str) -> None:
    secret = (await world.app.keys.create(world.house.account_id, "all", scopes=ALL_SCOPES)).secret
    address, body = await _rest_call(world, method, path)
    before = await world.count()
    answer = await world.house.stranger.request(method, address, json=body, headers={"X-API-Key": secret})
    assert answer.status_code == 200, answer.text
    wanted = EXCEPTIONS.get(path, (1, ""))[0]
    assert await world.count() - before == wanted


async def test_uploads_write_none(world: World) -> None:
    before = await world.count()
    headers = {"X-API-Key": world.house.key, "Content-Type": "image/png"}
    answer = await world.house.stranger.post("/v1/uploads", content=picture(), headers=headers)
    assert answer.status_code == 200, answer.text
    assert await world.count() == before


async def test_a_change_that_fails_leaves_no_row(world: World) -> None:
    before = await world.count()
    answer = await world.house.client.post("/dashboard/webhooks", data={"url": URL, "events": "nonsense"})
    assert answer.status_code == 400
    assert await world.count() == before


async def test_rows_never_hold_a_secret(world: World) -> None:
    key = await world.app.keys.create(world.house.account_id, "all", scopes=ALL_SCOPES)
    await world.app.webhooks.create_endpoint(world.house.account_id, f"{URL}?token=swordfish")
    await world.app.accounts.rotate_signing_secret(world.house.account_id)
    secret = (await world.app.accounts.signing_secrets(world.house.account_id)).current
    async with world.app.database.reading() as connection:
        text = str(await connection.fetchval("SELECT string_agg(audit::text, ' ') FROM audit"))
    assert key.key.prefix in text
    assert not any(word in text for word in (key.secret, secret, "swordfish"))


async def test_the_log_cannot_be_changed(database: Database, clock: SteppedClock) -> None:
    async with database.transaction() as connection:
        await store.record(connection, None, SYSTEM, "thing.made", None, {"n": 1}, clock.now())
    for statement in ("UPDATE audit SET action = 'x.y'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(asyncpg.PostgresError):
            async with database.transaction() as connection:
                await connection.execute(statement)


async def test_filters_narrow_and_pages_go_on(database: Database, clock: SteppedClock) -> None:
    ana = Actor(ActorKind.MEMBER, new_id(clock.now()), "Ana@example.si")
    async with database.transaction() as connection:
        for number in range(6):
            clock.advance(timedelta(hours=1))
            actor, action = (ana, "key.create") if number % 2 else (SYSTEM, "key.revoke")
            await store.record(connection, None, actor, action, f"s{number}", {"n": number}, clock.now())

        async def found(wanted: EntryFilter, first: int = 10, before: str | None = None) -> list[Any]:
            return [entry.details["n"] for entry in await store.list_entries(connection, None, wanted, first, before)]

        assert await found(EntryFilter()) == [5, 4, 3, 2, 1, 0]
        assert await found(EntryFilter(actor="ana@")) == [5, 3, 1] == await found(EntryFilter(actor=ana.id))
        assert await found(EntryFilter(actor="system")) == [4, 2, 0]
        assert await found(EntryFilter(action="key")) == [5, 4, 3, 2, 1, 0]
        assert await found(EntryFilter(action="key.revoke")) == [4, 2, 0]
        assert await found(EntryFilter(subject="s3")) == [3]
        assert await found(EntryFilter(since=clock.now() - timedelta(hours=1))) == [5, 4]
        assert await found(EntryFilter(until=clock.now() - timedelta(hours=1))) == [3, 2, 1, 0]
        page = await store.list_entries(connection, None, EntryFilter(), 2, None)
        assert await found(EntryFilter(), 2, page[-1].id) == [3, 2]
