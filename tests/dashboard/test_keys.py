"""The page of keys: a new key is in one answer and nowhere else; who may not, cannot; another's reads as unknown."""

import re
from pathlib import Path
from typing import Any

import pytest

from doitong.core.clock import SteppedClock
from doitong.keys.model import CUSTOMER_SCOPES
from doitong.members.model import Role
from tests.dashboard.conftest import SignedInHouse, signed_in_house

SECRET = re.compile(r"dk_live_[0-9a-z]{8}_[0-9A-Za-z]{49}")


async def make(house: SignedInHouse, **more: Any) -> Any:
    return await house.client.post("/dashboard/keys", data={"name": "ci", "scopes": ["generations:read"]} | more)


async def test_a_new_key_is_shown_once_and_works(signed_in: SignedInHouse) -> None:
    answer = await make(signed_in, scopes=["generations:write", "account:read"], monthlyBudget="500", expires="30")
    [secret] = set(SECRET.findall(answer.text))
    assert answer.status_code == 200
    assert "curl -X POST" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert secret not in str(answer.headers)
    listed = await signed_in.client.get("/dashboard/keys")
    assert secret[16:] not in listed.text
    assert secret[:16] in listed.text
    credits = await signed_in.stranger.get("/v1/credits", headers={"X-API-Key": secret})
    assert credits.status_code == 200
    [key] = [item for item in (await signed_in.application.keys.list(signed_in.account_id)).keys if item.name == "ci"]
    assert key.monthly_budget == 500
    assert key.expires_at is not None
    assert key.scopes == {"generations:write", "account:read"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scopes": []}, "scopes"),
        ({"monthlyBudget": "-5"}, "monthlyBudget"),
        ({"monthlyBudget": "lots"}, "monthlyBudget"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(signed_in: SignedInHouse, given: Any, field: str) -> None:
    answer = await make(signed_in, **given)
    assert answer.status_code == 400
    assert 'class="wrong"' in answer.text
    assert not SECRET.search(answer.text)
    if given.get("name") != "":
        assert f'value="{given.get("name", "ci")}"' in answer.text  # what was typed is kept
    assert len((await signed_in.application.keys.list(signed_in.account_id)).keys) == 1


async def test_edit_rotate_and_revoke(signed_in: SignedInHouse) -> None:
    app = signed_in.application
    await make(signed_in)
    [key] = [item for item in (await app.keys.list(signed_in.account_id)).keys if item.name == "ci"]
    address = f"/dashboard/keys/{key.id}"
    changed = await signed_in.client.post(address, data={"name": "<b>x</b>", "monthlyBudget": "900"})
    assert changed.status_code == 303
    found = await app.keys.get(key.account_id, key.id)
    assert (found.name, found.monthly_budget, found.spent_this_month) == ("<b>x</b>", 900, 0)
    assert "<b>x</b>" not in (await signed_in.client.get(address)).text
    rotated = await signed_in.client.post(f"{address}/rotate", data={"overlap": "3600"})
    assert SECRET.search(rotated.text)
    assert (await app.keys.get(key.account_id, key.id)).expires_at is not None
    assert (await signed_in.client.post(f"{address}/revoke")).headers["location"] == "/dashboard/keys"
    assert (await app.keys.get(key.account_id, key.id)).revoked_at is not None


async def test_every_change_writes_one_audit_row_that_names_the_member(signed_in: SignedInHouse) -> None:
    await make(signed_in)
    async with signed_in.application.database.reading() as connection:
        rows = await connection.fetch("SELECT action, details FROM audit WHERE actor_kind = 'member'")
    assert [row["action"] for row in rows] == ["key.create"]
    assert "_" not in rows[0]["details"]["prefix"][8:]


async def test_another_accounts_key_reads_as_unknown(signed_in: SignedInHouse) -> None:
    other = await signed_in.application.accounts.create("other", "free")
    key = (await signed_in.application.keys.create(other.id, "theirs")).key
    assert (await signed_in.client.get(f"/dashboard/keys/{key.id}")).status_code == 404
    for verb in ("", "/rotate", "/revoke"):
        answer = await signed_in.client.post(f"/dashboard/keys/{key.id}{verb}", data={"name": "mine", "overlap": "0"})
        assert answer.status_code == 404
    assert (await signed_in.application.keys.get(other.id, key.id)).name == "theirs"


async def test_a_viewer_looks_and_changes_nothing(dsn: str, tmp_path: Path, clock: SteppedClock) -> None:
    async with signed_in_house(dsn, tmp_path, clock, Role.VIEWER) as house:
        page = await house.client.get("/dashboard/keys")
        assert page.status_code == 200
        assert '<form method="post" action="/dashboard/keys"' not in page.text
        assert (await make(house)).status_code == 403
        [key] = (await house.application.keys.list(house.account_id)).keys
        assert (await house.client.post(f"/dashboard/keys/{key.id}/revoke")).status_code == 403
        assert len((await house.application.keys.list(house.account_id)).keys) == 1


@pytest.mark.parametrize("language", ["en", "sl"])
async def test_pages_speak_both_languages(signed_in: SignedInHouse, language: str) -> None:
    page = await signed_in.client.get(f"/dashboard/keys?lang={language}")
    assert ("Ključi API" if language == "sl" else "API keys") in page.text


async def test_budgets_at_both_doors(signed_in: SignedInHouse) -> None:
    """REST and GraphQL make, change and take away the same budget."""
    key = {"X-API-Key": signed_in.key}
    made = await signed_in.stranger.post("/v1/keys", json={"name": "a", "monthlyBudget": 700}, headers=key)
    body = made.json()["data"]["key"]
    assert (body["monthlyBudget"], body["spentThisMonth"]) == (700, 0)
    changed = await signed_in.stranger.patch(f"/v1/keys/{body['id']}", json={"name": "b"}, headers=key)
    assert (changed.json()["data"]["key"]["name"], changed.json()["data"]["key"]["monthlyBudget"]) == ("b", 700)
    query = "mutation($id: ID!, $b: Int) { updateKey(id: $id, input: {monthlyBudget: $b}) { name monthlyBudget } }"
    for budget in (900, None):
        found = await signed_in.graphql(query, {"id": body["id"], "b": budget})
        assert found["data"]["updateKey"] == {"name": "b", "monthlyBudget": budget}
    taken = await signed_in.stranger.patch(f"/v1/keys/{body['id']}", json={"monthlyBudget": None}, headers=key)
    assert taken.json()["data"]["key"]["monthlyBudget"] is None
    assert set(body["scopes"]) == CUSTOMER_SCOPES
