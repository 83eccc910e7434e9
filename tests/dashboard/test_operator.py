"""Guarantee: the operator's pages are there for the operator alone; what customers write stays text on them."""

import re
from datetime import timedelta

import pytest

from doitong.core.clock import SteppedClock
from doitong.doors.dashboard.operator import ROUTES
from doitong.doors.dashboard.route import Access, Route
from doitong.generations.model import RawRequest
from tests.dashboard.conftest import SignedInHouse

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
SURE = {"confirmed": "yes", "once": "0" * 26}
OPERATORS = [route for route in ROUTES if route.access is Access.OPERATOR]


def hidden_fields(page: str) -> dict[str, str]:
    """What the question's button sends."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


@pytest.mark.parametrize("route", OPERATORS, ids=lambda route: f"{route.method} {route.path}")
async def test_for_everybody_else_it_is_no_page(signed_in: SignedInHouse, route: Route) -> None:
    method, path = route.method, route.path.replace("{id}", signed_in.account_id)
    form = {"confirmed": "yes", "credits": "5", "reason": "x"}
    unknown = await signed_in.client.request(method, "/dashboard/no-such-page", data=form)
    refused = await signed_in.client.request(method, f"/dashboard{path}", data=form)
    assert refused.status_code == unknown.status_code == 404
    assert refused.content == unknown.content
    assert (await signed_in.application.ledger.balance(signed_in.account_id)).available == 1000


async def test_names_of_customers_stay_text(operator_house: SignedInHouse) -> None:
    application = operator_house.application
    account = await application.accounts.create(EVIL, "free")
    await application.keys.create(account.id, EVIL[:100])
    await application.ledger.grant(account.id, 5, reason=EVIL)
    values = {"service": ("service", "runway"), "prompt": ("prompt", EVIL)}
    await application.generations.submit(operator_house.signed_in.caller, RawRequest(values), None)
    own, other = operator_house.account_id, account.id
    accounts = ("/accounts", f"/accounts/{own}", f"/accounts/{other}")
    paths = ("", *accounts, "/audit", "/unknown", "/deliveries", "/payments")
    for path in paths:
        page = await operator_house.client.get(f"/dashboard/operator{path}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
    page = await operator_house.client.get(f"/dashboard/operator/accounts/{other}")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


@pytest.mark.parametrize(
    ("text", "is_found"), [("bled", True), ("BLED", True), ("info@studio", True), ("100%", False), ("_", False)]
)
async def test_accounts_are_found_by_name_and_address(operator_house: SignedInHouse, text: str, is_found: bool) -> None:
    account = await operator_house.application.accounts.create("Studio Bled", "pro", email="info@studio-bled.si")
    page = await operator_house.client.get("/dashboard/operator/accounts", params={"q": text})
    assert (account.id in page.text) is is_found
    assert operator_house.account_id not in page.text


async def test_an_account_is_found_by_a_members_address(operator_house: SignedInHouse) -> None:
    await operator_house.application.accounts.create("Other", "free")
    email = operator_house.signed_in.member.email
    page = await operator_house.client.get("/dashboard/operator/accounts", params={"q": email.upper()})
    assert operator_house.account_id in page.text


async def test_a_grant_is_shown_before_it_is_made(operator_house: SignedInHouse) -> None:
    path = f"/dashboard/operator/accounts/{operator_house.account_id}/grant"
    form = {"credits": "250", "reason": "thanks for waiting"}
    asked = await operator_house.client.post(path, data=form)
    assert asked.status_code == 200
    assert "1,000 → 1,250" in asked.text
    assert (await operator_house.application.ledger.balance(operator_house.account_id)).available == 1000
    done = await operator_house.client.post(path, data=hidden_fields(asked.text))
    assert done.status_code == 303
    lines = (await operator_house.application.ledger.statement(operator_house.account_id)).lines
    assert (lines[0].amount, lines[0].reason) == (250, "thanks for waiting")


@pytest.mark.parametrize(
    ("action", "form", "shown"),
    [
        ("grant", {"credits": "5"}, "reason"),
        ("grant", {"reason": "x"}, "credits"),
        ("grant", {"credits": "-5", "reason": "x"}, "credits"),
        ("adjust", {"amount": "-5"}, "reason"),
        ("adjust", {"amount": "five", "reason": "x"}, "amount"),
        ("adjust", {"amount": "0", "reason": "x"}, "amount"),
        ("refund", {"generation": "x", "confirmed": "yes"}, "reason"),
        ("plan", {"plan": "gold"}, "plan"),
        ("plan", {"plan": "pro", "limits.job_slots": "0"}, "limits.job_slots"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(
    operator_house: SignedInHouse, action: str, form: dict[str, str], shown: str
) -> None:
    path = f"/dashboard/operator/accounts/{operator_house.account_id}/{action}"
    answer = await operator_house.client.post(path, data=form)
    assert answer.status_code == 400
    assert f'id="e-{shown}"' in answer.text or (shown == "plan" and 'class="wrong"' in answer.text)
    assert (await operator_house.application.ledger.balance(operator_house.account_id)).available == 1000


async def test_more_than_there_is_cannot_be_taken(operator_house: SignedInHouse) -> None:
    path = f"/dashboard/operator/accounts/{operator_house.account_id}/adjust"
    answer = await operator_house.client.post(path, data={"amount": "-5000", "reason": "x"} | SURE)
    assert answer.status_code == 402
    assert 'role="alert"' in answer.text


async def test_a_refund_is_of_this_account(operator_house: SignedInHouse) -> None:
    other = (await operator_house.application.accounts.create("Other", "free")).id
    values = {"service": ("service", "runway"), "prompt": ("prompt", "A lake")}
    caller = operator_house.signed_in.caller
    made = (await operator_house.application.generations.submit(caller, RawRequest(values), None)).generation.id
    form = {"generation": made, "reason": "x"} | SURE
    answer = await operator_house.client.post(f"/dashboard/operator/accounts/{other}/refund", data=form)
    assert answer.status_code == 404


async def test_limits_of_an_account_can_be_set_and_taken_back(operator_house: SignedInHouse) -> None:
    path = f"/dashboard/operator/accounts/{operator_house.account_id}/plan"
    form = {"plan": "pro", "limits.job_slots": "20", "limits.generations_per_day": "unlimited", "confirmed": "yes"}
    assert (await operator_house.client.post(path, data=form)).status_code == 303
    accounts = operator_house.application.accounts
    account = await accounts.get(operator_house.account_id)
    assert (account.plan, account.limits) == ("pro", {"job_slots": 20, "generations_per_day": None})
    page = await operator_house.client.get(f"/dashboard/operator/accounts/{operator_house.account_id}")
    assert 'value="unlimited"' in page.text
    await operator_house.client.post(path, data={"plan": "free", "confirmed": "yes"})
    account = await accounts.get(operator_house.account_id)
    assert (account.plan, account.limits) == ("free", {})


async def test_the_overview_tells_of_workers_that_are_gone(operator_house: SignedInHouse, clock: SteppedClock) -> None:
    gone = "No worker is alive"
    assert gone in (await operator_house.client.get("/dashboard/operator")).text
    await operator_house.application.oversight.note_alive()
    assert gone not in (await operator_house.client.get("/dashboard/operator")).text
    clock.advance(timedelta(minutes=2))
    assert gone in (await operator_house.client.get("/dashboard/operator")).text


async def test_the_log_as_a_file_starts_no_formula(operator_house: SignedInHouse) -> None:
    await operator_house.application.accounts.create("Other", "free")
    async with operator_house.application.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO audit (id, actor_kind, actor_name, action, created_at) VALUES"
            " ('z', 'member', '=cmd|calc', 'key.create', now())"
        )
    answer = await operator_house.client.get("/dashboard/operator/audit.csv?action=key")
    assert answer.headers["content-type"].startswith("text/csv")
    assert ",'=cmd|calc," in answer.text
    assert "account.create" not in answer.text


async def test_an_owner_reads_the_own_log_only(signed_in: SignedInHouse) -> None:
    other = await signed_in.application.accounts.create("Somebody else", "free")
    for path in ("/dashboard/audit", "/dashboard/audit.csv", f"/dashboard/audit?account={other.id}"):
        page = await signed_in.client.get(path)
        assert page.status_code == 200
        assert "account.create" in page.text
        assert other.id not in page.text.replace(f"account={other.id}", "")
