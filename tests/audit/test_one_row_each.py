"""Guarantee: every operation that changes something writes exactly one audit row, in its own transaction.

The tables of the doors are walked: a route is called here, or stands among the exceptions with its reason.
"""

import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from PIL import Image

from doitong.audit import store
from doitong.audit.model import SYSTEM, Actor, ActorKind, EntryFilter
from doitong.core.clock import SteppedClock
from doitong.core.ids import new_id
from doitong.db.pool import Database
from doitong.doors.dashboard.operator import ROUTES as OPERATOR_ROUTES
from doitong.doors.dashboard.webhooks import ROUTES as WEBHOOK_ROUTES
from doitong.doors.rest.table import ROUTES as REST_ROUTES
from doitong.generations import lifecycle
from doitong.generations import store as generations
from doitong.generations.model import RawRequest, Status
from doitong.generations.rules import Ending
from doitong.keys.model import ALL_SCOPES
from tests.dashboard.conftest import SignedInHouse, signed_in_house

RAW = RawRequest({"service": ("service", "runway"), "prompt": ("prompt", "A lake")})
FLAT = {"service": "runway", "prompt": "A lake"}
URL = "http://93.184.216.34/hook"
REASON = {"reason": "a word with the customer", "confirmed": "yes"}

# what writes no row of its own, or two, and why
EXCEPTIONS = {
    "/v1/text_to_video": (0, "the generation's own row says who, what and when: no statement more on the hot path"),
    "/v1/image_to_video": (0, "as text_to_video"),
    "/v1/quotes": (0, "a quote holds nothing and expires"),
    "/v1/uploads": (0, "the upload's own row; nothing else changes by it"),
    "/v1/accounts": (2, "an account and its first key: two use cases, a row each"),
}


@pytest_asyncio.fixture
async def world(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator["World"]:
    async with signed_in_house(dsn, tmp_path, clock, is_operator=True) as house:
        yield World(house, clock)


class World:
    """An operator who is also an owner and has a key with every scope, and one of everything to change."""

    def __init__(self, house: SignedInHouse, clock: SteppedClock) -> None:
        self.house, self.app, self.clock = house, house.application, clock

    async def count(self) -> int:
        async with self.app.database.reading() as connection:
            return int(await connection.fetchval("SELECT count(*) FROM audit"))

    async def endpoint(self, *, is_enabled: bool = True) -> str:
        made = await self.app.webhooks.create_endpoint(self.house.account_id, URL)
        if not is_enabled:
            await self._run("UPDATE endpoint SET disabled_at = now(), disabled_reason = 'failing'")
        return made.id

    async def delivery(self) -> str:
        return (await self.app.webhooks.send_test(self.house.account_id, await self.endpoint())).id

    async def key(self) -> str:
        return (await self.app.keys.create(self.house.account_id, "one")).key.id

    async def generation(self, *, stage: str | None = None) -> str:
        made = (await self.app.generations.submit(self.house.signed_in.caller, RAW, None)).generation.id
        if stage == "unknown":
            await self._run("UPDATE generation SET stage = 'unknown', attempt = 1, sent_at = now()")
            await self._run("UPDATE account_usage SET ready = 0")
        return made

    async def captured(self) -> str:
        made = await self.generation()
        now = self.clock.now()
        async with self.app.database.transaction() as connection:
            generation = await generations.lock(connection, made)
            assert generation is not None
            await lifecycle.finish(connection, generation, Ending(Status.FAILED, 100, "SUBMISSION_LOST"), now, "")
        return made

    async def other_account(self) -> str:
        return (await self.app.accounts.create("Other", "free")).id

    async def _run(self, statement: str) -> None:
        async with self.app.database.transaction() as connection:
            await connection.execute(statement)


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (320, 320), "teal").save(file, "PNG")
    return file.getvalue()


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
        "POST /v1/unknown_submissions/{id}/settle": (
            lambda: world.generation(stage="unknown"),
            {"outcome": "not_bought"},
        ),
        "PUT /v1/credits/alerts": (None, {"thresholds": [100]}),
    }
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
    answer = await world.house.stranger.post("/v1/uploads", content=_picture(), headers=headers)
    assert answer.status_code == 200, answer.text
    assert await world.count() == before


async def _dashboard_call(world: World, path: str) -> tuple[str, dict[str, str]]:
    """The address and form of one route of the dashboard."""
    grant = REASON | {"credits": "50"}
    form = {"url": URL, "events": "generation.completed"}
    forms: dict[str, tuple[Any, dict[str, str]]] = {
        "/webhooks": (None, form),
        "/webhooks/endpoints/{id}": (world.endpoint, form),
        "/webhooks/endpoints/{id}/enable": (lambda: world.endpoint(is_enabled=False), {}),
        "/webhooks/endpoints/{id}/disable": (world.endpoint, {}),
        "/webhooks/endpoints/{id}/delete": (world.endpoint, {}),
        "/webhooks/endpoints/{id}/test": (world.endpoint, {}),
        "/webhooks/signing/rotate": (None, {}),
        "/webhooks/deliveries/resend": (None, {"since": "2026-01-01", "until": "2026-01-02"}),
        "/webhooks/deliveries/{id}/resend": (world.delivery, {}),
        "/operator/accounts": (None, {"name": "Acme", "plan": "free", "language": "sl"}),
        "/operator/accounts/{id}/plan": (world.other_account, {"plan": "pro", "confirmed": "yes"}),
        "/operator/accounts/{id}/disable": (world.other_account, {"confirmed": "yes"}),
        "/operator/accounts/{id}/enable": (world.other_account, {}),
        "/operator/accounts/{id}/grant": (world.other_account, grant),
        "/operator/accounts/{id}/adjust": (world.other_account, REASON | {"amount": "-5"}),
        "/operator/unknown/{id}": (
            lambda: world.generation(stage="unknown"),
            {"outcome": "not_bought", "confirmed": "yes"},
        ),
        "/operator/deliveries/{id}/resend": (world.delivery, {}),
    }
    if path == "/operator/accounts/{id}/refund":
        return path.replace("{id}", world.house.account_id), REASON | {"generation": await world.captured()}
    make, given = forms[path]
    return path.replace("{id}", await make()) if make else path, given


def posts() -> list[str]:
    return [route.path for route in (*WEBHOOK_ROUTES, *OPERATOR_ROUTES) if route.method == "POST"]


@pytest.mark.parametrize("path", posts())
async def test_a_form_writes_one_row_that_names_the_member(world: World, path: str) -> None:
    address, form = await _dashboard_call(world, path)
    before = await world.count()
    answer = await world.house.client.post(f"/dashboard{address}", data=form)
    assert answer.status_code == 303, answer.text[:2000]
    assert await world.count() - before == 1
    member = world.house.signed_in.member
    async with world.app.database.reading() as connection:
        row = await connection.fetchrow("SELECT * FROM audit ORDER BY id DESC LIMIT 1")
        rows = await connection.fetch("SELECT * FROM audit WHERE actor_id = $1", member.id)
    assert row is not None
    assert [(found["actor_kind"], found["actor_name"]) for found in rows] == [("member", member.email)]


@pytest.mark.parametrize("path", [path for path in posts() if path.startswith("/operator/accounts/{id}/")])
async def test_nothing_happens_before_the_question_is_answered(world: World, path: str) -> None:
    if path.endswith("/enable"):
        return  # nothing is lost by it
    address, form = await _dashboard_call(world, path)
    before = await world.count()
    answer = await world.house.client.post(f"/dashboard{address}", data=form | {"confirmed": ""})
    assert answer.status_code == 200
    assert 'name="confirmed"' in answer.text
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
