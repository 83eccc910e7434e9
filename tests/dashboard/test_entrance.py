"""Guarantee: who comes in is who they say; nobody learns from our answers who is known here."""

import asyncio
import re
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from doitong.app import Application
from doitong.core.clock import SteppedClock
from doitong.core.settings import Settings
from doitong.doors.http.app import build_app
from doitong.members.passwords import MEMORY_KIB, STAND_IN, needs_rehash
from tests.dashboard.conftest import SignedInHouse
from tests.doors.conftest import serving

EMAIL, PASSWORD = "maja@example.si", "four words are enough"


class Browser:
    """One browser: keeps cookies, sends Origin."""

    def __init__(self, application: Application, client: httpx.AsyncClient) -> None:
        self.application, self.client = application, client
        self.others: list[httpx.AsyncClient] = []

    async def post(self, path: str, **fields: str) -> httpx.Response:
        assert isinstance(self.application.clock, SteppedClock)
        self.application.clock.advance(timedelta(milliseconds=1))  # so that mails and log lines have an order
        return await self.client.post(f"/dashboard{path}", data=fields)

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(f"/dashboard{path}")

    async def latest_link(self, recipient: str = EMAIL) -> str:
        """The link of the latest mail to an address, below the dashboard."""
        for mail in await self.application.mailbox.latest():
            if mail.recipient == recipient:
                found = re.search(r"https?://[^/\s]+/dashboard(/\S+)", mail.body_text)
                assert found
                return found[1]
        raise AssertionError(f"no mail to {recipient}")

    async def kinds(self) -> list[tuple[str, str]]:
        return [(mail.kind.value, mail.recipient) for mail in await self.application.mailbox.latest()][::-1]

    async def sign_up(self, email: str = EMAIL, password: str = PASSWORD, **more: str) -> httpx.Response:
        return await self.post("/sign-up", email=email, password=password, **more)

    async def come_in(self, email: str = EMAIL, password: str = PASSWORD, **more: str) -> httpx.Response:
        """Sign up and confirm."""
        assert (await self.sign_up(email, password, **more)).status_code == 303
        code = (await self.latest_link(email)).partition("code=")[2]
        return await self.post("/verify", code=code)


def code_of(link: str) -> str:
    return link.partition("code=")[2]


@asynccontextmanager
async def browsing(dsn: str, data_dir: Path, clock: SteppedClock, **settings: Any) -> AsyncIterator[Browser]:
    chosen = {"public_url": "http://127.0.0.1:8000"} | settings
    application = await Application.open(Settings(DATABASE_URL=dsn, data_dir=data_dir, **chosen), clock)
    try:
        async with serving(build_app(application)) as client:
            client.headers["Origin"] = str(client.base_url).rstrip("/")
            browser = Browser(application, client)
            yield browser
            for opened in browser.others:
                await opened.aclose()
    finally:
        await application.close()


def other(browser: Browser) -> Browser:
    """Another browser on the same server."""
    client = httpx.AsyncClient(base_url=browser.client.base_url, trust_env=False, timeout=30)
    client.headers["Origin"] = browser.client.headers["Origin"]
    browser.others.append(client)
    return Browser(browser.application, client)


@pytest_asyncio.fixture
async def browser(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[Browser]:
    async with browsing(dsn, tmp_path, clock) as opened:
        yield opened


async def count(browser: Browser, query: str) -> int:
    async with browser.application.database.reading() as connection:
        found: int = await connection.fetchval(query)
    return found


async def test_a_stranger_signs_up_confirms_and_is_in(browser: Browser) -> None:
    answer = await browser.sign_up(name="Maja", account_name="Studio Bled")
    assert answer.headers["location"] == "/dashboard/sign-up/sent"
    assert await count(browser, "SELECT count(*) FROM account") == 0
    link = await browser.latest_link()
    page = await browser.get(link)
    assert page.status_code == 200
    assert 'type="password"' not in page.text  # the browser that signed up is proof enough
    assert await count(browser, "SELECT count(*) FROM member") == 0  # looking at the link does nothing
    assert (await browser.post("/verify", code=code_of(link))).headers["location"] == "/dashboard/studio"
    profile = await browser.get("/profile")
    assert profile.status_code == 200
    assert EMAIL in profile.text
    assert "Studio Bled" in profile.text
    [account] = (await browser.application.accounts.list()).accounts
    assert (await browser.application.ledger.balance(account.id)).available == 1000
    assert (await browser.post("/verify", code=code_of(link))).status_code == 410


async def test_a_link_in_another_browser_asks_for_its_own_password(browser: Browser) -> None:
    await browser.sign_up(password="of whoever was first")
    first = code_of(await browser.latest_link())
    await browser.sign_up()
    second = code_of(await browser.latest_link())
    stranger = other(browser)
    assert 'type="password"' in (await stranger.get(f"/verify?code={first}")).text
    assert (await stranger.post("/verify", code=first, password=PASSWORD)).status_code == 400
    assert (await stranger.post("/verify", code=second, password=PASSWORD)).status_code == 303
    assert (await stranger.post("/verify", code=first, password="of whoever was first")).status_code == 410


async def test_links_are_good_for_their_time_only(browser: Browser, clock: SteppedClock) -> None:
    await browser.sign_up()
    link = await browser.latest_link()
    clock.advance(timedelta(days=3) - timedelta(seconds=1))
    assert (await browser.get(link)).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert (await browser.get(link)).status_code == 410
    assert (await browser.post("/verify", code=code_of(link))).status_code == 410


async def test_sign_up_answers_the_same_for_an_address_that_is_known(browser: Browser) -> None:
    await browser.come_in()
    known, new = other(browser), other(browser)
    answers = [await known.sign_up(), await new.sign_up(email="new@example.si")]
    assert len({(item.status_code, item.headers["location"], item.text) for item in answers}) == 1
    kinds = [kind for kind, _ in await browser.kinds()]
    assert kinds == ["verify", "sign_up_known", "verify"]


async def test_a_forgotten_password_answers_the_same_for_who_is_unknown(browser: Browser) -> None:
    await browser.come_in()
    stranger = other(browser)
    answers = [await stranger.post("/forgot", email=email) for email in (EMAIL, "nobody@example.si")]
    assert len({(item.status_code, item.headers["location"], item.text) for item in answers}) == 1
    assert [kind for kind, to in await browser.kinds() if to == "nobody@example.si"] == []


async def test_unknown_user_and_wrong_password_read_and_time_the_same(browser: Browser, clock: SteppedClock) -> None:
    await browser.come_in()
    stranger = other(browser)
    seconds: dict[str, list[float]] = {EMAIL: [], "nobody@example.si": []}
    pages: dict[str, str] = {}
    for _ in range(9):
        for email, taken in seconds.items():
            started = time.perf_counter()
            answer = await stranger.post("/sign-in", email=email, password="not the right words")
            taken.append(time.perf_counter() - started)
            assert answer.status_code == 401
            pages[email] = answer.text.replace(email, "")
        clock.advance(timedelta(minutes=16))
    assert len(set(pages.values())) == 1
    known, unknown = (statistics.median(taken) for taken in seconds.values())
    print(f"wrong password {known * 1000:.1f} ms, unknown user {unknown * 1000:.1f} ms")
    assert 0.6 < known / unknown < 1.6


def test_the_stand_in_is_hashed_as_passwords_are() -> None:
    assert not needs_rehash(STAND_IN)
    assert f"m={MEMORY_KIB},t=2,p=1" in STAND_IN
    assert needs_rehash("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaA")


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("fourteen chars", "at least 15"),
        ("č" * 5 + "žabe" * 2000, "4096"),
        ("abcabcabcabcabcabc", "repeated"),
        ("Maja@Example.si", "your address"),
    ],
)
async def test_passwords_that_are_none_are_refused(browser: Browser, password: str, says: str) -> None:
    answer = await browser.sign_up(password=password)
    assert answer.status_code == 400
    assert says in answer.text
    assert EMAIL in answer.text  # what was typed stays
    assert password not in answer.text  # but for the password
    assert await browser.kinds() == []


async def test_only_an_argon2id_digest_is_kept(browser: Browser) -> None:
    await browser.come_in()
    async with browser.application.database.reading() as connection:
        stored = await connection.fetchval("SELECT password FROM member")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_old_parameters_are_renewed_at_sign_in(browser: Browser) -> None:
    import argon2

    await browser.come_in()
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    async with browser.application.database.transaction() as connection:
        await connection.execute("UPDATE member SET password = $1", old)
    assert (await other(browser).post("/sign-in", email=EMAIL, password=PASSWORD)).status_code == 303
    async with browser.application.database.reading() as connection:
        assert not needs_rehash(await connection.fetchval("SELECT password FROM member"))


async def test_a_session_given_before_is_not_the_one_after(browser: Browser) -> None:
    """Fixation: whatever cookie a browser brings, signing in makes a new secret and ends the old."""
    await browser.come_in()
    planted = browser.client.cookies["doitong_session"]
    victim = other(browser)
    victim.client.cookies.set("doitong_session", planted)
    assert (await victim.post("/sign-in", email=EMAIL, password=PASSWORD)).status_code == 303
    fresh = victim.client.cookies.get("doitong_session", domain="127.0.0.1")
    assert fresh
    assert fresh != planted
    assert (await browser.get("/profile")).status_code == 303
    async with browser.application.database.reading() as connection:
        kept = [bytes(row["digest"]) for row in await connection.fetch("SELECT digest FROM session")]
    assert fresh.encode() not in kept  # digests only
    assert all(len(item) == 32 for item in kept)


@pytest.mark.parametrize(
    ("public_url", "name", "is_secure"),
    [("http://127.0.0.1:8000", "doitong_session", False), ("https://films.example", "__Host-doitong_session", True)],
)
async def test_the_cookie_is_as_safe_as_the_address_allows(
    dsn: str, tmp_path: Path, clock: SteppedClock, public_url: str, name: str, is_secure: bool
) -> None:
    async with browsing(dsn, tmp_path, clock, public_url=public_url) as browser:
        await browser.sign_up()
        answer = await browser.post("/verify", code=code_of(await browser.latest_link()), password=PASSWORD)
        [cookie] = [item for item in answer.headers.get_list("set-cookie") if item.startswith(f"{name}=")]
        assert len(cookie.partition(";")[0].removeprefix(f"{name}=")) == 43
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=lax", "path=/", f"max-age={14 * 24 * 3600}"} <= parts
        assert ("secure" in parts) is is_secure
        assert not any(part.startswith("domain") for part in parts)


@pytest.mark.usefixtures("quick_passwords")
async def test_tries_are_bounded_and_time_gives_them_back(browser: Browser, clock: SteppedClock) -> None:
    await browser.come_in()
    stranger = other(browser)
    for _ in range(10):
        assert (await stranger.post("/sign-in", email=EMAIL, password="wrong")).status_code == 401
    stopped = await stranger.post("/sign-in", email=EMAIL.upper(), password=PASSWORD)
    assert stopped.status_code == 429
    wait = int(stopped.headers["retry-after"])
    assert 0 < wait <= 15 * 60 + 1
    clock.advance(timedelta(seconds=wait))
    assert (await stranger.post("/sign-in", email=EMAIL, password=PASSWORD)).status_code == 303


@pytest.mark.usefixtures("quick_passwords")
async def test_one_network_cannot_try_many_addresses(browser: Browser) -> None:
    for number in range(50):
        assert (await browser.post("/sign-in", email=f"x{number}@example.si", password="w")).status_code == 401
    assert (await browser.post("/sign-in", email="another@example.si", password="w")).status_code == 429


async def test_nobody_is_flooded_with_mail(browser: Browser) -> None:
    for _ in range(8):
        assert (await browser.sign_up()).status_code == 303
    assert len(await browser.kinds()) == 4


async def test_a_reset_sets_the_password_once_and_ends_every_session(browser: Browser, clock: SteppedClock) -> None:
    await browser.come_in()
    stranger = other(browser)
    await stranger.post("/forgot", email=EMAIL)
    link = await browser.latest_link()
    assert (await stranger.get(link)).status_code == 200
    done = await stranger.post("/reset", code=code_of(link), password="five other words are it")
    assert done.headers["location"] == "/dashboard/studio"
    assert (await browser.get("/profile")).status_code == 303  # the session before is gone
    assert (await stranger.get("/profile")).status_code == 200
    assert (await stranger.post("/reset", code=code_of(link), password="six more words that do")).status_code == 410
    assert (await browser.post("/sign-in", email=EMAIL, password=PASSWORD)).status_code == 401
    await stranger.post("/forgot", email=EMAIL)
    late = await browser.latest_link()
    clock.advance(timedelta(hours=1))
    assert (await stranger.get(late)).status_code == 410
    assert (await browser.kinds())[-2:] == [("password_changed", EMAIL), ("reset", EMAIL)]
    assert await count(browser, "SELECT count(*) FROM audit WHERE action = 'member.reset_password'") == 1


async def test_an_address_changes_when_the_new_one_says_so(browser: Browser) -> None:
    await browser.come_in()
    wrong = await browser.post("/profile/email", email="new@example.si", password="not this one here")
    assert wrong.status_code == 400
    await browser.post("/profile/email", email="new@example.si", password=PASSWORD)
    assert EMAIL in (await browser.get("/profile")).text
    assert ("change_email_notice", EMAIL) in await browser.kinds()
    link = await browser.latest_link("new@example.si")
    assert (await browser.get(link)).status_code == 200
    assert (await browser.post("/confirm-email", code=code_of(link))).status_code == 303
    assert (await other(browser).post("/sign-in", email="NEW@example.si", password=PASSWORD)).status_code == 303
    assert (await other(browser).post("/sign-in", email=EMAIL, password=PASSWORD)).status_code == 401
    assert (await browser.post("/confirm-email", code=code_of(link))).status_code == 410


async def test_a_new_password_ends_the_other_sessions(browser: Browser) -> None:
    await browser.come_in()
    second = other(browser)
    await second.post("/sign-in", email=EMAIL, password=PASSWORD)
    done = await second.post("/profile/password", current_password=PASSWORD, new_password="a wholly other pass")
    assert done.status_code == 303
    assert (await second.get("/profile")).status_code == 200
    assert (await browser.get("/profile")).status_code == 303


async def test_sessions_are_listed_slide_and_end(browser: Browser, clock: SteppedClock) -> None:
    await browser.come_in()
    second = other(browser)
    second.client.headers["User-Agent"] = "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko Firefox/130.0"
    await second.post("/sign-in", email=EMAIL, password=PASSWORD)
    page = (await browser.get("/profile")).text
    assert "Firefox, Windows" in page
    assert "127.0.0.1" in page
    clock.advance(timedelta(days=13))
    moved = await browser.get("/profile")
    assert any(item.startswith("doitong_session=") for item in moved.headers.get_list("set-cookie"))
    clock.advance(timedelta(days=13))
    assert (await browser.get("/profile")).status_code == 200  # it was moved on
    assert (await second.get("/profile")).status_code == 303  # it was not
    await second.post("/sign-in", email=EMAIL, password=PASSWORD)
    [ending] = set(re.findall(r"/profile/sessions/([0-9a-z]{26})/end", (await browser.get("/profile")).text))
    assert (await browser.post(f"/profile/sessions/{ending}/end")).status_code == 303
    assert (await second.get("/profile")).status_code == 303
    assert (await browser.post("/sign-out")).headers["location"] == "/dashboard/sign-in"
    assert (await browser.get("/profile")).status_code == 303


async def test_a_session_ends_thirty_days_after_the_sign_in_whatever_is_visited(
    browser: Browser, clock: SteppedClock
) -> None:
    await browser.come_in()
    for _ in range(5):
        clock.advance(timedelta(days=5))
        assert (await browser.get("/profile")).status_code == 200
    clock.advance(timedelta(days=5) - timedelta(seconds=1))
    assert (await browser.get("/profile")).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert (await browser.get("/profile")).status_code == 303


async def test_signing_out_has_the_browser_forget_what_pages_kept(browser: Browser) -> None:
    await browser.come_in()
    answer = await browser.post("/sign-out")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert "data-forgets" in (await browser.get("/sign-in")).text  # for the script, which does it without https too


async def test_a_visit_is_written_once_a_minute_at_most(browser: Browser, clock: SteppedClock) -> None:
    await browser.come_in()
    before = clock.now()
    clock.advance(timedelta(seconds=59))
    await browser.get("/profile")
    async with browser.application.database.reading() as connection:
        assert await connection.fetchval("SELECT last_seen_at FROM session") == before
    clock.advance(timedelta(seconds=1))
    await browser.get("/profile")
    async with browser.application.database.reading() as connection:
        assert await connection.fetchval("SELECT last_seen_at FROM session") == clock.now()


async def test_credits_of_sign_up_come_once_an_address(browser: Browser) -> None:
    await browser.come_in()
    await browser.post("/accounts", name="A second one")
    accounts = (await browser.application.accounts.list()).accounts
    balances = [(await browser.application.ledger.balance(item.id)).posted for item in accounts]
    assert sorted(balances) == [0, 1000]


async def test_credits_of_sign_up_come_once_a_mailbox(browser: Browser) -> None:
    for email in ("maja+1@example.si", "Maja+2@example.si", EMAIL):
        await other(browser).come_in(email)
    accounts = (await browser.application.accounts.list()).accounts
    balances = [(await browser.application.ledger.balance(item.id)).posted for item in accounts]
    assert sorted(balances) == [0, 0, 1000]


async def test_two_confirmations_at_once_make_one_member(browser: Browser) -> None:
    await browser.sign_up()
    code = code_of(await browser.latest_link())
    answers = await asyncio.gather(*(browser.post("/verify", code=code) for _ in range(8)))
    assert sorted(item.status_code for item in answers) == [303, *[410] * 7]
    assert await count(browser, "SELECT count(*) FROM account") == 1


async def test_where_sign_up_is_closed_nobody_signs_up(dsn: str, tmp_path: Path, clock: SteppedClock) -> None:
    async with browsing(dsn, tmp_path, clock, sign_up="closed") as browser:
        assert (await browser.sign_up()).status_code == 403
        assert 'name="password"' not in (await browser.get("/sign-up")).text


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        ({}, {}, 200),
        ({"smtp_url": "smtp://127.0.0.1:1"}, {}, 404),
        ({"host": "0.0.0.0", "public_url": "http://127.0.0.1:8000"}, {}, 404),
        ({"public_url": "https://films.example"}, {}, 404),
        ({}, {"Host": "evil.example"}, 404),
        ({}, {"X-Forwarded-For": "203.0.113.9"}, 404),
        ({}, {"Forwarded": "for=203.0.113.9"}, 404),
    ],
)
async def test_the_mailbox_is_for_ones_own_machine_only(
    dsn: str, tmp_path: Path, clock: SteppedClock, settings: dict[str, str], headers: dict[str, str], status: int
) -> None:
    async with browsing(dsn, tmp_path, clock, **settings) as browser:
        assert (await browser.client.get("/dashboard/mailbox", headers=headers)).status_code == status


async def test_every_change_of_a_member_is_one_line_of_the_log(browser: Browser) -> None:
    await browser.come_in()
    for path, fields, action in (
        ("/profile", {"name": "Maja", "language": "sl"}, "member.update"),
        ("/profile/password", {"current_password": PASSWORD, "new_password": PASSWORD + "!"}, "member.change_password"),
        ("/profile/email", {"email": "new@example.si", "password": PASSWORD + "!"}, "member.ask_email"),
        ("/profile/sessions/end-others", {}, "member.end_other_sessions"),
        ("/accounts", {"name": "Another"}, "account.create"),
        ("/team/invitations", {"email": "ana@example.si", "role": "viewer"}, "team.invite"),
        ("/sign-out", {}, "member.sign_out"),
    ):
        before = await noted(browser)
        assert (await browser.post(path, **fields)).status_code == 303, path
        after = await noted(browser)
        assert [what for row, what in after.items() if row not in before] == [action]


async def noted(browser: Browser) -> dict[str, str]:
    """The actions in the audit log, by the row's id."""
    async with browser.application.database.reading() as connection:
        return dict(await connection.fetch("SELECT id, action FROM audit"))


@pytest.mark.parametrize("path", ["/profile", "/accounts", "/team"])
async def test_what_people_type_stays_text(signed_in: SignedInHouse, path: str) -> None:
    evil = "<script>alert(1)</script>"
    async with signed_in.application.database.transaction() as connection:
        await connection.execute("UPDATE member SET name = $1", evil)
        await connection.execute("UPDATE account SET name = $1", evil)
        await connection.execute("UPDATE session SET agent = $1", evil)
    page = (await signed_in.client.get(f"/dashboard{path}")).text
    assert evil not in page
    assert "&lt;script&gt;" in page
