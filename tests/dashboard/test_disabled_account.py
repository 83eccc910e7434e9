"""Guarantee: a member of an account that the operator switched off is told so, gets no other one by signing in, and can
still go: out, to another account of theirs, and an operator to their own pages.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from doitong.core.clock import SteppedClock
from doitong.members.model import Role
from tests.dashboard.conftest import SignedInHouse, add_member
from tests.dashboard.test_entrance import EMAIL, PASSWORD, Browser, browsing, code_of, count, other

JSON = {"Accept": "application/json"}


@pytest_asyncio.fixture
async def browser(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[Browser]:
    """An owner whose only account is switched off while they are in it."""
    async with browsing(dsn, tmp_path, clock) as opened:
        await opened.come_in(account_name="Studio Bled")
        [account] = (await opened.application.accounts.list()).accounts
        await opened.application.accounts.disable(account.id)
        yield opened


async def test_who_is_in_and_who_signs_in_are_told(browser: Browser) -> None:
    again = other(browser)
    assert (await again.post("/sign-in", email=EMAIL, password=PASSWORD)).status_code == 303
    for one in (browser, again):
        for path in ("/studio", "/credits", "/team", "/profile"):
            page = await one.get(path)
            assert page.status_code == 403
            assert "switched off" in page.text
            assert "Studio Bled" in page.text
            assert 'action="/dashboard/sign-out"' in page.text
    assert await count(browser, "SELECT count(*) FROM account") == 1
    page = await browser.client.get("/dashboard/studio?lang=sl")
    assert "Ta račun je izklopljen" in page.text
    assert (await again.post("/sign-out")).headers["location"] == "/dashboard/sign-in"
    assert (await again.get("/studio")).status_code == 303


async def test_a_script_is_told_in_the_same_words(browser: Browser) -> None:
    answer = await browser.client.post("/dashboard/quotes", json={}, headers=JSON)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "ACCOUNT_DISABLED")


async def test_a_new_password_and_a_new_account_lead_nowhere_else(browser: Browser) -> None:
    stranger = other(browser)
    await stranger.post("/forgot", email=EMAIL)
    code = code_of(await browser.latest_link())
    assert (await stranger.post("/reset", code=code, password="five other words are it")).status_code == 303
    assert (await stranger.get("/studio")).status_code == 403
    assert (await stranger.post("/accounts", name="Another")).status_code == 403
    assert await count(browser, "SELECT count(*) FROM account") == 1


async def test_once_it_is_on_again_everything_is_as_before(browser: Browser) -> None:
    [account] = (await browser.application.accounts.list()).accounts
    await browser.application.accounts.enable(account.id)
    assert (await browser.get("/studio")).status_code == 200


async def test_another_account_is_where_one_signs_in_and_can_go(browser: Browser, clock: SteppedClock) -> None:
    await browser.application.accounts.create("Other", "free")
    second = await browser.application.accounts.find_by_name("Other")
    assert second is not None
    async with browser.application.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO membership (account_id, member_id, role, created_at) SELECT $1, id, 'viewer', $2 FROM member",
            *(second.id, clock.now()),
        )
    again = other(browser)
    await again.post("/sign-in", email=EMAIL, password=PASSWORD)
    assert (await again.get("/studio")).status_code == 200
    assert "Other" in (await browser.get("/accounts")).text
    assert (await browser.post(f"/accounts/{second.id}/switch")).status_code == 303
    assert (await browser.get("/studio")).status_code == 200


async def test_an_operator_keeps_the_operators_pages(operator_house: SignedInHouse) -> None:
    accounts = operator_house.application.accounts
    await accounts.disable(operator_house.account_id)
    assert (await operator_house.client.get("/dashboard/studio")).status_code == 403
    assert (await operator_house.client.get("/dashboard/operator")).status_code == 200
    path = f"/dashboard/operator/accounts/{operator_house.account_id}/enable"
    assert (await operator_house.client.post(path)).status_code == 303
    assert (await operator_house.client.get("/dashboard/studio")).status_code == 200


async def test_who_has_no_account_left_gets_an_empty_one(browser: Browser) -> None:
    """Left, or deleted by its owner: there is nothing to be told."""
    [account] = (await browser.application.accounts.list()).accounts
    await add_member(browser.application, account.id, "o" * 43, Role.OWNER)
    async with browser.application.database.transaction() as connection:
        await connection.execute(
            "DELETE FROM membership WHERE member_id = (SELECT id FROM member WHERE email = $1)", EMAIL
        )
    again = other(browser)
    assert (await again.post("/sign-in", email=EMAIL, password=PASSWORD)).status_code == 303
    assert (await again.get("/studio")).status_code == 200
    assert await count(browser, "SELECT count(*) FROM account") == 2
