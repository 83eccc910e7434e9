"""Guarantee: an operator makes accounts, plans, keys and credits through the API; nobody else does."""

from typing import Any

import pytest

from doitong.keys.model import ALL_SCOPES
from tests.doors.house import House


@pytest.fixture
async def operator(house: House) -> dict[str, str]:
    caller = await house.application.keys.authenticate(house.key)
    new = await house.application.keys.create(caller.account_id, "operator", scopes=ALL_SCOPES)
    return {"Authorization": f"Bearer {new.secret}"}


async def post(house: House, path: str, body: Any, headers: dict[str, str], method: str = "POST") -> Any:
    return await house.client.request(method, path, json=body, headers=headers)


async def test_a_new_account_can_work_at_once(house: House, operator: dict[str, str]) -> None:
    made = await post(house, "/v1/accounts", {"name": "Acme", "limits": {"jobSlots": 2}}, operator)
    assert made.status_code == 200, made.text
    account, secret = made.json()["data"]["account"], made.json()["data"]["secret"]
    assert account["plan"] == "free"
    own = {"X-API-Key": secret}
    limits = (await house.client.get("/v1/account", headers=own)).json()["data"]["limits"]
    assert (limits["plan"], limits["jobSlots"]) == ("free", 2)
    granted = await post(house, f"/v1/accounts/{account['id']}/grants", {"credits": 500, "reason": "welcome"}, operator)
    assert granted.json()["data"]["credits"] == {"available": 1500, "held": 0}
    statement = (await house.client.get("/v1/statement", headers=own)).json()["data"]["statement"]
    assert (statement[0]["kind"], statement[0]["amount"], statement[0]["reason"]) == ("grant", 500, "welcome")
    changed = await post(house, f"/v1/accounts/{account['id']}", {"plan": "pro"}, operator, "PATCH")
    assert changed.json()["data"]["account"]["plan"] == "pro"


async def test_the_same_through_graphql(house: House, operator: dict[str, str]) -> None:
    query = """mutation Make($input: CreateAccountInput!) { createAccount(input: $input) {
        account { id plan } key { scopes } secret } }"""
    body = {"query": query, "variables": {"input": {"name": "Acme", "plan": "starter"}}}
    made = (await post(house, "/graphql", body, operator)).json()["data"]["createAccount"]
    assert made["account"]["plan"] == "starter"
    assert "accounts:write" not in made["key"]["scopes"]
    body = {"query": "{ accounts(first: 100) { nodes { id } pageInfo { hasNextPage } } }"}
    page = (await post(house, "/graphql", body, operator)).json()["data"]["accounts"]
    assert made["account"]["id"] in [node["id"] for node in page["nodes"]]
    assert page["pageInfo"] == {"hasNextPage": False}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/accounts", None),
        ("POST", "/v1/accounts", {"name": "x"}),
        ("PATCH", "/v1/accounts/{own}", {"plan": "enterprise"}),
        ("POST", "/v1/accounts/{own}/keys", {"name": "x"}),
        ("POST", "/v1/accounts/{own}/grants", {"credits": 1, "reason": "x"}),
    ],
)
async def test_a_customer_may_not(house: House, method: str, path: str, body: Any) -> None:
    caller = await house.application.keys.authenticate(house.key)
    refused = await post(house, path.format(own=caller.account_id), body, house.bearer, method)
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN", "scope": "accounts:write"}


async def test_a_customers_key_cannot_make_an_operators(house: House, operator: dict[str, str]) -> None:
    wanted = {"name": "x", "scopes": ["accounts:write"]}
    for headers, path in [(house.bearer, "/v1/keys"), (operator, "/v1/accounts/{own}/keys")]:
        caller = await house.application.keys.authenticate(house.key)
        refused = await post(house, path.format(own=caller.account_id), wanted, headers)
        assert refused.status_code == 403


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "plan": "gold"}, "plan"),
        ({"name": "x", "limits": {"colour": 1}}, "limits"),
        ({"name": "x", "limits": {"jobSlots": 0}}, "limits.job_slots"),
        ({"name": "x", "limits": {"jobSlots": "2"}}, "limits.jobSlots"),
        ({"name": "x", "limits": 5}, "limits"),
        ({"name": "x", "credits": 5}, "credits"),
        ({"name": "x", "email": "nobody"}, "email"),
    ],
)
async def test_what_an_account_cannot_be_is_named(
    house: House, operator: dict[str, str], body: Any, parameter: str
) -> None:
    refused = await post(house, "/v1/accounts", body, operator)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["extensions"]["parameter"] == parameter
