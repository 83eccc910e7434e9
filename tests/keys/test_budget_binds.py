"""Guarantee: a key cannot lift its own budget, at either door; members can, and its successor keeps it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from doitong.core.clock import SteppedClock
from doitong.keys.model import NewKey
from tests.dashboard.conftest import SignedInHouse, signed_in_house


@pytest_asyncio.fixture
async def house(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[SignedInHouse]:
    async with signed_in_house(dsn, tmp_path, clock) as opened:
        yield opened


async def bound(house: SignedInHouse) -> NewKey:
    """A key that may make keys, and has a budget."""
    return await house.application.keys.create(house.account_id, "bound", monthly_budget=500)


async def free(house: SignedInHouse) -> str:
    """The id of the account's key without a budget."""
    keys = (await house.application.keys.list(house.account_id)).keys
    return next(key.id for key in keys if key.monthly_budget is None)


async def by_rest(house: SignedInHouse, key: NewKey, method: str, path: str, body: Any = None) -> Any:
    answer = await house.stranger.request(method, path, json=body, headers={"X-API-Key": key.secret})
    return answer.status_code, answer.json()


async def by_graphql(house: SignedInHouse, key: NewKey, mutation: str) -> Any:
    body = {"query": f"mutation {{ {mutation} }}"}
    return (await house.stranger.post("/graphql", json=body, headers={"X-API-Key": key.secret})).json()


def refuses(answer: Any) -> bool:
    [error] = answer["errors"]
    return error["extensions"]["code"] == "FORBIDDEN" and "monthly budget" in error["message"]


async def known(house: SignedInHouse) -> list[tuple[str, int | None]]:
    return [(key.name, key.monthly_budget) for key in (await house.application.keys.list(house.account_id)).keys]


async def test_rest_refuses_what_would_lift_it(house: SignedInHouse) -> None:
    key = await bound(house)
    before = await known(house)
    for method, path, body in (
        ("POST", "/v1/keys", {"name": "more"}),
        ("POST", "/v1/keys", {"name": "more", "monthlyBudget": 1}),
        ("PATCH", f"/v1/keys/{key.key.id}", {"monthlyBudget": 1_000_000}),
        ("PATCH", f"/v1/keys/{key.key.id}", {"monthlyBudget": None}),
        ("PATCH", f"/v1/keys/{await free(house)}", {"monthlyBudget": 7}),
        ("POST", f"/v1/keys/{await free(house)}/rotate", {}),
    ):
        status, answer = await by_rest(house, key, method, path, body)
        assert status == 403, (path, body)
        assert refuses(answer)
    assert await known(house) == before


async def test_graphql_refuses_the_same(house: SignedInHouse) -> None:
    key = await bound(house)
    before = await known(house)
    for mutation in (
        'createKey(input: {name: "more"}) { secret }',
        f'updateKey(id: "{key.key.id}", input: {{monthlyBudget: 1000000}}) {{ id }}',
        f'updateKey(id: "{key.key.id}", input: {{monthlyBudget: null}}) {{ id }}',
        f'rotateKey(id: "{await free(house)}") {{ secret }}',
    ):
        assert refuses(await by_graphql(house, key, mutation)), mutation
    assert await known(house) == before


async def test_it_says_why_in_slovenian_too(house: SignedInHouse) -> None:
    headers = {"X-API-Key": (await bound(house)).secret, "Accept-Language": "sl"}
    answer = await house.stranger.post("/v1/keys", json={"name": "more"}, headers=headers)
    assert "mesečnim proračunom" in answer.json()["errors"][0]["message"]


async def test_it_may_replace_itself_and_be_called_otherwise(house: SignedInHouse) -> None:
    key = await bound(house)
    status, _ = await by_rest(house, key, "PATCH", f"/v1/keys/{key.key.id}", {"name": "called otherwise"})
    assert status == 200
    status, answer = await by_rest(house, key, "POST", f"/v1/keys/{key.key.id}/rotate", {"overlapSeconds": 60})
    made = answer["data"]["key"]
    assert (status, made["monthlyBudget"]) == (200, 500)
    successor = NewKey(key.key, answer["data"]["secret"])
    assert (await by_rest(house, successor, "POST", "/v1/keys", {"name": "more"}))[0] == 403


async def test_a_budget_binds_as_soon_as_it_is_set(house: SignedInHouse) -> None:
    """It is read where keys are made, not remembered from when the key was recognised."""
    key = await house.application.keys.create(house.account_id, "soon bound")
    assert (await by_rest(house, key, "POST", "/v1/keys", {"name": "first"}))[0] == 200
    await house.client.post(f"/dashboard/keys/{key.key.id}", data={"name": "bound", "monthlyBudget": "5"})
    assert (await by_rest(house, key, "POST", "/v1/keys", {"name": "second"}))[0] == 403


@pytest.mark.parametrize("path", ["/v1/keys", "/dashboard/keys"])
async def test_who_has_no_budget_makes_keys_and_sets_budgets(house: SignedInHouse, path: str) -> None:
    bound_id = (await bound(house)).key.id
    if path.startswith("/v1"):
        made = await house.stranger.post(path, json={"name": "more"}, headers=house.api_key)
        changed = await house.stranger.patch(f"{path}/{bound_id}", json={"monthlyBudget": 7}, headers=house.api_key)
        assert (made.status_code, changed.status_code) == (200, 200)
    else:
        made = await house.client.post(path, data={"name": "more", "scopes": "account:read"})
        changed = await house.client.post(f"{path}/{bound_id}", data={"name": "bound", "monthlyBudget": "7"})
        assert (made.status_code, changed.status_code) == (200, 303)
    assert ("bound", 7) in await known(house)
