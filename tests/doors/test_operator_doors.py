"""Guarantee: an operator makes accounts, plans, keys and credits through the API; nobody else does."""

from datetime import timedelta
from typing import Any

import pytest

from doitong.core.clock import SteppedClock
from doitong.generations import lifecycle, store
from doitong.generations.model import Status
from doitong.generations.rules import Ending
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
        ("POST", "/v1/accounts/{own}/disable", None),
        ("POST", "/v1/accounts/{own}/enable", None),
        ("POST", "/v1/accounts/{own}/adjustments", {"amount": 1, "reason": "x"}),
        ("POST", "/v1/accounts/{own}/refunds", {"generationId": "x", "reason": "x"}),
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


async def another(house: House) -> tuple[str, dict[str, str]]:
    """Another account, which has 1,000 credits, and its key."""
    account = await house.application.accounts.create("Other", "free")
    key = await house.application.keys.create(account.id, "other")
    return account.id, {"X-API-Key": key.secret}


async def charged(house: House, own: dict[str, str], credits: int = 100) -> str:
    """A generation that failed and was charged for."""
    made = await post(house, "/v1/text_to_video", {"service": "runway", "prompt": "A lake"}, own)
    generation_id = str(made.json()["data"]["generatevideo"]["id"])
    async with house.application.database.transaction() as connection:
        generation = await store.lock(connection, generation_id)
        assert generation is not None
        ending = Ending(Status.FAILED, credits, "SUBMISSION_LOST")
        await lifecycle.finish(connection, generation, ending, house.application.clock.now(), "")
    return generation_id


async def test_an_account_that_is_switched_off_is_refused_until_it_is_on_again(
    house: House, operator: dict[str, str], clock: SteppedClock
) -> None:
    account_id, own = await another(house)
    off = await post(house, f"/v1/accounts/{account_id}/disable", None, operator)
    assert off.json()["data"]["account"]["disabledAt"], off.text
    clock.advance(timedelta(seconds=1))
    assert (await house.client.get("/v1/credits", headers=own)).status_code == 401
    query = "mutation($id: ID!) { enableAccount(accountId: $id) { id disabledAt } }"
    body = {"query": query, "variables": {"id": account_id}}
    on = (await post(house, "/graphql", body, operator)).json()["data"]["enableAccount"]
    assert on == {"id": account_id, "disabledAt": None}
    clock.advance(timedelta(seconds=1))
    assert (await house.client.get("/v1/credits", headers=own)).status_code == 200


async def test_a_balance_is_corrected_either_way_and_never_below_nothing(
    house: House, operator: dict[str, str]
) -> None:
    account_id, own = await another(house)
    path = f"/v1/accounts/{account_id}/adjustments"
    up = await post(house, path, {"amount": 50, "reason": "sorry"}, operator)
    assert up.json()["data"]["credits"] == {"available": 1050, "held": 0}
    query = "mutation($id: ID!, $i: AdjustmentInput!) { adjustCredits(accountId: $id, input: $i) { available } }"
    body = {"query": query, "variables": {"id": account_id, "i": {"amount": -1000, "reason": "granted twice"}}}
    assert (await post(house, "/graphql", body, operator)).json()["data"]["adjustCredits"] == {"available": 50}
    statement = (await house.client.get("/v1/statement", headers=own)).json()["data"]["statement"]
    assert [(line["kind"], line["amount"], line["reason"]) for line in statement[:2]] == [
        ("adjustment", -1000, "granted twice"),
        ("adjustment", 50, "sorry"),
    ]
    refused = await post(house, path, {"amount": -51, "reason": "more"}, operator)
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (402, "INSUFFICIENT_CREDITS")
    assert (await house.application.ledger.balance(account_id)).available == 50
    assert await house.application.ledger.verify() == []


async def test_a_charge_is_given_back_once(house: House, operator: dict[str, str]) -> None:
    account_id, own = await another(house)
    generation_id = await charged(house, own)
    path, wanted = f"/v1/accounts/{account_id}/refunds", {"generationId": generation_id, "reason": "it was black"}
    part = await post(house, path, wanted | {"credits": 40}, operator)
    assert part.json()["data"]["credits"] == {"available": 940, "held": 0}
    over = await post(house, path, wanted | {"credits": 61}, operator)
    assert (over.status_code, over.json()["errors"][0]["extensions"]["code"]) == (409, "CONFLICT")
    query = "mutation($id: ID!, $i: RefundInput!) { refundCredits(accountId: $id, input: $i) { available held } }"
    body = {"query": query, "variables": {"id": account_id, "i": wanted}}
    rest = (await post(house, "/graphql", body, operator)).json()["data"]["refundCredits"]
    assert rest == {"available": 1000, "held": 0}
    assert (await post(house, path, wanted, operator)).status_code == 409
    assert await house.application.ledger.verify() == []


async def test_a_charge_is_given_back_to_the_account_that_paid_it_only(house: House, operator: dict[str, str]) -> None:
    account_id, own = await another(house)
    generation_id = await charged(house, own)
    body = {"generationId": generation_id, "reason": "x"}
    assert (await post(house, f"/v1/accounts/{house.account_id}/refunds", body, operator)).status_code == 404
    assert (await house.application.ledger.balance(account_id)).available == 900


@pytest.mark.parametrize("verb", ["disable", "enable", "adjustments", "refunds"])
@pytest.mark.parametrize("account_id", ["01aaaaaaaaaaaaaaaaaaaaaaaa", "short", "%00"])
async def test_an_unknown_account_is_a_404(house: House, operator: dict[str, str], verb: str, account_id: str) -> None:
    bodies = {
        "adjustments": {"amount": 5, "reason": "x"},
        "refunds": {"generationId": "01aaaaaaaaaaaaaaaaaaaaaaaa", "reason": "x"},
    }
    answer = await post(house, f"/v1/accounts/{account_id}/{verb}", bodies.get(verb), operator)
    assert answer.status_code == 404, answer.text


@pytest.mark.parametrize(
    ("verb", "body", "parameter"),
    [
        ("adjustments", {}, "amount"),
        ("adjustments", {"amount": 0, "reason": "x"}, "amount"),
        ("adjustments", {"amount": 1.5, "reason": "x"}, "amount"),
        ("adjustments", {"amount": "many", "reason": "x"}, "amount"),
        ("adjustments", {"amount": True, "reason": "x"}, "amount"),
        ("adjustments", {"amount": -1_000_000_001, "reason": "x"}, "amount"),
        ("adjustments", {"amount": 5}, "reason"),
        ("adjustments", {"amount": 5, "reason": " "}, "reason"),
        ("adjustments", {"amount": 5, "reason": "x" * 201}, "reason"),
        ("adjustments", {"amount": 5, "reason": "x", "credits": 5}, "credits"),
        ("refunds", {"reason": "x"}, "generationId"),
        ("refunds", {"generationId": 5, "reason": "x"}, "generationId"),
        ("refunds", {"generationId": "01aaaaaaaaaaaaaaaaaaaaaaaa"}, "reason"),
        ("refunds", {"generationId": "01aaaaaaaaaaaaaaaaaaaaaaaa", "reason": "x", "credits": 0}, "credits"),
        ("refunds", {"generationId": "01aaaaaaaaaaaaaaaaaaaaaaaa", "reason": "x", "all": True}, "all"),
        ("grants", {"credits": 5, "reason": "  "}, "reason"),
    ],
)
async def test_what_credits_cannot_be_moved_by_is_named(
    house: House, operator: dict[str, str], verb: str, body: Any, parameter: str
) -> None:
    account_id, _ = await another(house)
    refused = await post(house, f"/v1/accounts/{account_id}/{verb}", body, operator)
    assert refused.status_code == 400, refused.text
    assert refused.json()["errors"][0]["extensions"]["parameter"] == parameter
    assert (await house.application.ledger.balance(account_id)).available == 1000


async def test_each_move_is_in_the_audit_log_with_the_operators_key(house: House, operator: dict[str, str]) -> None:
    account_id, own = await another(house)
    wanted = {"generationId": await charged(house, own), "reason": "it was black"}
    await post(house, f"/v1/accounts/{account_id}/adjustments", {"amount": -5, "reason": "twice"}, operator)
    await post(house, f"/v1/accounts/{account_id}/refunds", wanted, operator)
    await post(house, f"/v1/accounts/{account_id}/disable", None, operator)
    entries = (await house.application.audit.list(account_id, first=20)).entries
    found = {entry.action: entry for entry in entries if entry.actor.kind.value == "key"}
    assert set(found) == {"credits.adjust", "credits.refund", "account.disable"}
    assert found["credits.adjust"].details == {"credits": -5, "reason": "twice"}
    assert found["credits.refund"].details == {"credits": 100, "reason": "it was black"}
