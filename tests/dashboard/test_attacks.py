"""Guarantee: what an attacker tries first ends nowhere: stale rights, old links, many tries and mails at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from doitong.core.clock import SteppedClock
from doitong.core.errors import DoitongError, InvalidParameter
from doitong.members.model import Browser as Place
from doitong.members.model import Role
from doitong.members.passwords import Passwords
from doitong.members.rules import check_email
from doitong.telemetry.logging import redact_text
from tests.dashboard.conftest import SignedInHouse, add_member
from tests.dashboard.test_entrance import EMAIL, PASSWORD, Browser, browsing, code_of, count, other
from tests.dashboard.test_queries import counted

pytestmark = pytest.mark.usefixtures("quick_passwords")

ANA = "ana@example.si"
NEW_PASSWORD = "five other words are it"


@pytest_asyncio.fixture
async def browser(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[Browser]:
    """An owner, signed up and in."""
    async with browsing(dsn, tmp_path, clock) as opened:
        await opened.come_in(account_name="Studio Bled")
        yield opened


SOMEWHERE, ELSEWHERE = Place("192.0.2.1"), Place("198.51.100.1")


# links left behind


@pytest.mark.parametrize("way", ["reset", "change", "command"])
async def test_a_new_password_voids_every_link_that_was_asked_for_before(browser: Browser, way: str) -> None:
    """Who had the old password for a minute must not keep the account by a change of address that still waits."""
    await browser.post("/profile/email", email="thief@example.si", password=PASSWORD)
    theirs = code_of(await browser.latest_link("thief@example.si"))
    await browser.post("/forgot", email=EMAIL)
    reset = code_of(await browser.latest_link())
    match way:
        case "reset":
            await browser.post("/reset", code=reset, password=NEW_PASSWORD)
        case "change":
            await browser.post("/profile/password", current_password=PASSWORD, new_password=NEW_PASSWORD)
        case _:
            await browser.application.members.set_password(EMAIL, NEW_PASSWORD)
    assert (await other(browser).post("/confirm-email", code=theirs)).status_code == 410
    assert (await other(browser).post("/reset", code=reset, password="words of the thief")).status_code == 410
    assert (await other(browser).post("/sign-in", email=EMAIL, password=NEW_PASSWORD)).status_code == 303


# stale rights


async def test_rights_count_when_a_request_has_arrived_not_when_it_began(
    dsn: str, signed_in: SignedInHouse, clock: SteppedClock
) -> None:
    """A body that is held back does not carry a removed member's rights over the removal."""
    database = signed_in.application.database
    await add_member(signed_in.application, signed_in.account_id, "z" * 43)
    clock.advance(timedelta(minutes=2))  # so that the visit is noted
    before = signed_in.signed_in.session.last_seen_at

    async def body() -> AsyncIterator[bytes]:
        yield b"name=kept&"
        async with database.reading() as connection:
            while before == await connection.fetchval(
                "SELECT last_seen_at FROM session WHERE id = $1", signed_in.signed_in.session.id
            ):
                await asyncio.sleep(0)
            await connection.execute("DELETE FROM membership WHERE member_id = $1", signed_in.signed_in.member.id)
        yield b"scopes=account%3Aread"

    answer = await signed_in.client.post(
        "/dashboard/keys", content=body(), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 401
    async with database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM api_key WHERE name = 'kept'") == 0


async def test_a_role_that_was_lost_changes_no_team(signed_in: SignedInHouse) -> None:
    application, stale = signed_in.application, signed_in.signed_in
    second = await add_member(application, signed_in.account_id, "z" * 43)
    await application.team.change_role(second, stale.member.id, Role.VIEWER)
    async with application.database.transaction() as connection:  # who signs in elsewhere confirms by being fresh
        await connection.execute("UPDATE member SET password = NULL")
    for attempt in (
        lambda: application.team.invite(stale, "friend@example.si", Role.OWNER),
        lambda: application.team.change_role(stale, stale.member.id, Role.OWNER),
        lambda: application.team.remove(stale, second.member.id),
        lambda: application.closing.delete(stale, "", stale.account.name),
    ):
        with pytest.raises(DoitongError) as refused:
            await attempt()
        assert refused.value.code == "ROLE_REQUIRED"
    async with application.database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM member_token") == 0


# tries and mails


async def test_many_tries_at_once_are_no_more_than_one_after_another(browser: Browser) -> None:
    stranger = other(browser)
    answers = await asyncio.gather(
        *(stranger.post("/sign-in", email=EMAIL, password=f"guess number {number}") for number in range(30))
    )
    assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 20


async def test_nobody_is_locked_out_from_elsewhere(browser: Browser) -> None:
    members = browser.application.members
    for code in ["SIGN_IN_FAILED"] * 10 + ["TOO_MANY_TRIES"] * 2:
        with pytest.raises(DoitongError) as refused:
            await members.sign_in(EMAIL, "a guess of somebody", ELSEWHERE)
        assert refused.value.code == code
    assert (await members.sign_in(EMAIL, PASSWORD, SOMEWHERE)).session


async def test_many_networks_together_are_bounded_too(browser: Browser) -> None:
    members = browser.application.members
    codes = []
    for number in range(60):
        with pytest.raises(DoitongError) as refused:
            await members.sign_in(EMAIL, "a guess of somebody", Place(f"198.51.100.{number}"))
        codes.append(refused.value.code)
    assert codes == ["SIGN_IN_FAILED"] * 50 + ["TOO_MANY_TRIES"] * 10


async def test_a_right_password_leaves_no_try_behind(browser: Browser) -> None:
    for _ in range(3):
        assert (await other(browser).post("/sign-in", email=EMAIL, password=PASSWORD)).status_code == 303
        await browser.post("/profile/email", email="x@example.si", password=PASSWORD)
    left = "SELECT count(*) FROM sign_in_failure WHERE subject !~ '^mail'"
    assert await count(browser, left) == 0


async def test_who_makes_others_sign_up_mails_keeps_nobody_from_a_new_password(browser: Browser) -> None:
    for _ in range(6):
        await other(browser).post("/sign-up", email=EMAIL, password=PASSWORD)
    await other(browser).post("/forgot", email=EMAIL)
    assert (await browser.kinds())[-1] == ("reset", EMAIL)


async def test_an_owner_floods_nobody_with_invitations(browser: Browser, clock: SteppedClock) -> None:
    answers = [(await browser.post("/team/invitations", email=ANA, role="viewer")).status_code for _ in range(6)]
    assert answers == [303] * 4 + [429] * 2
    assert (await browser.kinds()).count(("invite", ANA)) == 4
    clock.advance(timedelta(hours=1, seconds=1))
    assert (await browser.post("/team/invitations", email=ANA, role="viewer")).status_code == 303


class CountedPasswords(Passwords):
    """The real ones, counted."""

    hashed = 0

    async def hash(self, password: str) -> str:
        self.hashed += 1
        return await super().hash(password)


async def test_a_sign_up_that_is_refused_costs_no_hash(browser: Browser) -> None:
    counted = browser.application.members.passwords = CountedPasswords()
    for number in range(29):
        assert await browser.application.registration.sign_up(f"a{number}@example.si", PASSWORD, SOMEWHERE)
    assert counted.hashed == 29
    answers = []
    for number in range(4):
        try:
            await browser.application.registration.sign_up(f"b{number}@example.si", PASSWORD, SOMEWHERE)
        except DoitongError as error:
            answers.append(error.code)
    assert answers == ["TOO_MANY_TRIES"] * 3
    assert counted.hashed == 30


# words that are no words


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/sign-in", {"Origin": "http://["}, 403),
        ("/sign-in", {"Host": "127.0.0.1:x]["}, 403),
    ],
)
async def test_malformed_addresses_are_refused_not_stumbled_over(
    browser: Browser, path: str, headers: dict[str, str], status: int
) -> None:
    answer = await browser.client.post(
        f"/dashboard{path}",
        content=urlencode({"email": EMAIL, "password": PASSWORD}),
        headers={"Content-Type": "application/x-www-form-urlencoded"} | headers,
    )
    assert answer.status_code in (status, 400)


async def test_a_malformed_next_leads_home(browser: Browser) -> None:
    assert (await browser.get("/sign-in?next=//[")).headers["location"] == "/dashboard/"


@pytest.mark.parametrize("email", ["=?utf-8?q?a=40b.si=2C?=@example.si", "a@=?utf-8?q?b?=.si"])
def test_an_address_that_a_header_would_decode_is_none(email: str) -> None:
    with pytest.raises(InvalidParameter):
        check_email(email)


async def test_a_proxy_of_the_old_kind_opens_no_mailbox(browser: Browser) -> None:
    """nginx as it comes asks with HTTP/1.0 and its own name for us, and says nothing of who asked it."""
    port = browser.client.base_url.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /dashboard/mailbox HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    await writer.drain()
    status = await reader.readline()
    writer.close()
    assert status.split()[1] == b"404"


async def test_a_forgotten_password_does_the_same_for_who_is_unknown(browser: Browser) -> None:
    """Statements, which take the time, are the same ones, and nothing is left of those for nobody."""
    done: list[list[str]] = []
    for email in (EMAIL, EMAIL, "nobody@example.si"):  # the first time, a connection learns its types
        with counted(browser.application) as sent:
            await browser.application.registration.forgot(email, SOMEWHERE)
        done.append([statement for statement in sent if statement.startswith(("INSERT", "DELETE", "SELECT", "\n"))])
    assert len(done[1]) > 6
    assert done[1] == done[2]
    assert (await browser.kinds()).count(("reset", EMAIL)) == 2
    assert await count(browser, "SELECT count(*) FROM mail WHERE recipient = 'nobody@example.si'") == 0
    assert await count(browser, "SELECT count(*) FROM member_token WHERE purpose = 'reset'") == 1


def test_a_films_link_is_not_logged() -> None:
    assert redact_text("/dashboard/s/AbCdEfGhIjKlMnOpQrStU1") == "/dashboard/s/[redacted]"
