"""Guarantee: an account's team is its owners' to change, and an owner stays. Its end is whole."""

import asyncio
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from doitong.app import Workshop
from doitong.core.clock import SteppedClock
from doitong.core.errors import DoitongError
from doitong.members.model import Role
from tests.dashboard.conftest import SignedInHouse, add_member
from tests.dashboard.test_entrance import EMAIL, PASSWORD, Browser, browsing, code_of, count, other

ANA = "ana@example.si"


@pytest_asyncio.fixture
async def browser(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[Browser]:
    """An owner, signed up and in."""
    async with browsing(dsn, tmp_path, clock) as opened:
        await opened.come_in(account_name="Studio Bled")
        yield opened


async def invite(browser: Browser, email: str = ANA, role: str = "developer") -> str:
    assert (await browser.post("/team/invitations", email=email, role=role)).status_code == 303
    return code_of(await browser.latest_link(email))


async def member_id(browser: Browser, email: str) -> str:
    async with browser.application.database.reading() as connection:
        found: str = await connection.fetchval("SELECT id FROM member WHERE email = $1", email)
    return found


async def test_somebody_new_joins_by_a_link_once(browser: Browser) -> None:
    code = await invite(browser)
    assert ANA in (await browser.get("/team")).text
    ana = other(browser)
    assert "Studio Bled" in (await ana.get(f"/invitation?code={code}")).text
    assert await count(browser, "SELECT count(*) FROM member") == 1
    joined = await ana.post("/invitation", code=code, password="words for ana to keep", name="Ana")
    assert joined.headers["location"] == "/dashboard/studio"
    assert "Studio Bled" in (await ana.get("/team")).text
    assert await count(browser, "SELECT count(*) FROM account") == 1
    assert (await other(browser).post("/invitation", code=code, password="words for eva to keep")).status_code == 410


async def test_a_member_joins_with_the_address_that_was_invited_only(browser: Browser) -> None:
    ana, eva = other(browser), other(browser)
    await ana.come_in(ANA)
    await eva.come_in("eva@example.si")
    code = await invite(browser, role="viewer")
    assert (await eva.post("/invitation", code=code)).status_code == 410
    page = await other(browser).get(f"/invitation?code={code}")
    assert "/dashboard/sign-in?next=" in page.text
    assert (await ana.post("/invitation", code=code)).status_code == 303
    assert "Studio Bled" in (await ana.get("/team")).text


async def test_a_withdrawn_invitation_is_void(browser: Browser) -> None:
    code = await invite(browser)
    [found] = re.findall(r"/team/invitations/([0-9a-z]{26})/revoke", (await browser.get("/team")).text)
    assert (await browser.post(f"/team/invitations/{found}/revoke")).status_code == 303
    assert (await browser.get(f"/invitation?code={code}")).status_code == 410


async def test_the_last_owner_stays(browser: Browser) -> None:
    own = await member_id(browser, EMAIL)
    for path, fields in ((f"/team/{own}/remove", {}), (f"/team/{own}/role", {"role": "viewer"})):
        answer = await browser.post(path, **fields)
        assert answer.status_code == 409
        assert "last one" in answer.text
    code = await invite(browser, role="owner")
    await other(browser).post("/invitation", code=code, password="words for ana to keep")
    assert (await browser.post(f"/team/{own}/remove")).headers["location"] == "/dashboard/sign-in"
    assert (await browser.get("/team")).status_code == 303


async def test_of_two_owners_who_leave_at_once_one_stays(browser: Browser) -> None:
    code = await invite(browser, role="owner")
    ana = other(browser)
    await ana.post("/invitation", code=code, password="words for ana to keep")
    own, hers = await member_id(browser, EMAIL), await member_id(browser, ANA)
    answers = await asyncio.gather(browser.post(f"/team/{own}/remove"), ana.post(f"/team/{hers}/remove"))
    assert sorted(item.status_code for item in answers) == [303, 409]
    assert await count(browser, "SELECT count(*) FROM membership WHERE role = 'owner'") == 1


async def test_who_is_removed_is_out_at_once(browser: Browser) -> None:
    code = await invite(browser)
    ana = other(browser)
    await ana.post("/invitation", code=code, password="words for ana to keep")
    assert (await ana.get("/team")).status_code == 200
    assert (await browser.post(f"/team/{await member_id(browser, ANA)}/remove")).status_code == 303
    assert (await ana.get("/team")).status_code == 303


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
async def test_who_is_no_owner_changes_no_team(signed_in: SignedInHouse, role: Role) -> None:
    await add_member(signed_in.application, signed_in.account_id, "t" * 43, role)
    mine = signed_in.signed_in.member.id
    cookie = {"Cookie": f"doitong_session={'t' * 43}"}
    for path, fields in (
        ("/team/invitations", {"email": ANA, "role": "owner"}),
        (f"/team/{mine}/role", {"role": "viewer"}),
        (f"/team/{mine}/remove", {}),
        ("/account/export", {}),
        ("/account/delete", {"name": "Test"}),
    ):
        answer = await signed_in.client.post(f"/dashboard{path}", data=fields, headers=cookie)
        assert answer.status_code == 403, path
    assert (await signed_in.client.get("/dashboard/account/delete", headers=cookie)).status_code == 403


async def test_another_accounts_member_reads_as_unknown(browser: Browser) -> None:
    eva = other(browser)
    await eva.come_in("eva@example.si")
    hers = await member_id(browser, "eva@example.si")
    for found in (hers, "0" * 26):
        assert (await browser.post(f"/team/{found}/remove")).status_code == 404
        assert (await browser.post(f"/accounts/{found}/switch")).status_code == 404


async def test_accounts_are_switched_among_ones_own(browser: Browser) -> None:
    await browser.post("/accounts", name="Drugi račun")
    page = (await browser.get("/accounts")).text
    [first] = re.findall(r"/accounts/([0-9a-z]{26})/switch", page)
    assert "Drugi račun" in (await browser.get("/team")).text
    await browser.post(f"/accounts/{first}/switch")
    assert "Studio Bled" in (await browser.get("/team")).text


# export and end


async def test_the_export_holds_everything_and_no_secret(browser: Browser) -> None:
    [account] = (await browser.application.accounts.list()).accounts
    key = await browser.application.keys.create(account.id, "=HYPERLINK()")
    answer = await browser.post("/account/export")
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    found = {name: archive.read(name) for name in archive.namelist()}
    parsed = {name: json.loads(data) for name, data in found.items() if name.endswith(".json")}
    assert parsed["account.json"][0]["name"] == "Studio Bled"
    assert parsed["members.json"][0]["email"] == EMAIL
    assert parsed["keys.json"][0]["prefix"] == key.key.prefix
    assert parsed["statement.json"][0]["amount"] == 1000
    assert parsed["generations.json"] == []
    everything = b"".join(found.values())
    for secret in (key.secret.encode(), b"argon2", b"whsec_"):
        assert secret not in everything


async def test_a_large_export_comes_in_pieces(browser: Browser) -> None:
    [account] = (await browser.application.accounts.list()).accounts
    async with browser.application.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO audit (id, account_id, actor_kind, action, created_at)"
            " SELECT lpad(n::text, 26, '0'), $1, 'system', 'key.create', now() FROM generate_series(1, 3000) n",
            account.id,
        )
    pieces = 0
    async with browser.client.stream("POST", "/dashboard/account/export") as answer:
        content = bytearray()
        async for piece in answer.aiter_raw():
            content += piece
            pieces += 1
    rows = json.loads(zipfile.ZipFile(io.BytesIO(content)).read("audit.json"))
    assert len({row["id"] for row in rows}) >= 3000
    assert pieces > 1


async def test_the_end_asks_for_name_and_password(browser: Browser) -> None:
    for fields in ({"name": "Studio", "password": PASSWORD}, {"name": "Studio Bled", "password": "not this one"}):
        assert (await browser.post("/account/delete", **fields)).status_code == 400
    assert (await browser.get("/team")).status_code == 200


async def test_the_end_is_whole_and_the_ledger_stays(browser: Browser) -> None:
    application = browser.application
    [account] = (await application.accounts.list()).accounts
    key = await application.keys.create(account.id, "test")
    code = await invite(browser)
    ana = other(browser)
    await ana.post("/invitation", code=code, password="words for ana to keep")
    before = await count(browser, "SELECT count(*) FROM audit")
    done = await browser.post("/account/delete", name="Studio Bled", password=PASSWORD)
    assert done.headers["location"] == "/dashboard/sign-in"
    assert await count(browser, "SELECT count(*) FROM audit") == before + 1
    assert (await ana.get("/team")).status_code == 303
    with pytest.raises(DoitongError, match="UNAUTHENTICATED"):
        await application.keys.authenticate(key.secret)
    closed = await application.accounts.get(account.id)
    assert (closed.name, closed.email, closed.is_disabled) == ("deleted account", None, True)
    assert await count(browser, "SELECT count(*) FROM member") == 0
    assert await application.ledger.verify() == []
    assert (await application.ledger.balance(account.id)).posted == 1000
    assert ("account_deleted", EMAIL) in await browser.kinds()
    assert (await browser.post("/sign-in", email=EMAIL, password=PASSWORD)).status_code == 401
    await browser.come_in()
    newest = (await application.accounts.list()).accounts[0]
    assert (await application.ledger.balance(newest.id)).posted == 0  # sign-up credits come once an address


async def test_the_end_waits_for_films_and_removes_them(signed_in: SignedInHouse, clock: SteppedClock) -> None:
    application, caller = signed_in.application, signed_in.signed_in.caller
    answer = await signed_in.client.post(
        "/v1/text_to_video", json={"service": "runway", "prompt": "a lake"}, headers=signed_in.bearer
    )
    generation_id = next(iter(answer.json()["data"].values()))["id"]
    async with application.database.transaction() as connection:
        await connection.execute("UPDATE member SET password = NULL")  # signed in elsewhere, just now
    refused = await signed_in.client.post("/dashboard/account/delete", data={"name": "Test"})
    assert refused.status_code == 409
    assert "still running" in refused.text
    await application.generations.cancel(caller, generation_id)
    assert (await signed_in.client.post("/dashboard/account/delete", data={"name": "Test"})).status_code == 303
    workshop = Workshop.build(application)
    try:
        assert await workshop.closing.erase(signed_in.account_id) is None
    finally:
        for engine in workshop.engines.values():
            await engine.close()
    async with application.database.reading() as connection:
        row = await connection.fetchrow("SELECT prompt, deleted_at FROM generation")
        jobs = await connection.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'delete'")
    assert row is not None
    assert (row["prompt"], row["deleted_at"]) == ("", clock.now())
    assert jobs == 2
