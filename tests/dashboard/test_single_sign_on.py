"""Guarantee: an issuer's word counts when it is proven, and for nobody else than it names.

The issuer is a real small one on a loopback socket, which signs tokens with RS256 as big ones do.
"""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from doitong.core.clock import SteppedClock
from doitong.doors.http.edge import Edge
from tests.dashboard.test_entrance import EMAIL, PASSWORD, Browser, browsing, code_of, count, other
from tests.doors.conftest import serving

CLIENT = "doitong"


@dataclass
class Issuer:
    """Gives one code a visit, once; `claims` and the rest change what its tokens say."""

    clock: SteppedClock
    address: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signing_key: Any = None
    given: dict[str, dict[str, str]] = field(default_factory=dict)
    verifiers: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discover),
                Route("/keys", self.keys),
                Route("/token", self.token, methods=["POST"]),
            ]
        )

    async def discover(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
            }
        )

    async def keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    def agree(self, asked: dict[str, str]) -> str:
        """What somebody does at the issuer's own page: the code that they are sent back with."""
        code = f"code{len(self.given)}"
        self.given[code] = asked
        return code

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        expected = "Basic " + base64.b64encode(f"{CLIENT}:hush".encode()).decode()
        asked = self.given.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        is_right = asked is not None and asked["code_challenge"] == challenge
        if not is_right or request.headers["authorization"] != expected:
            return JSONResponse({"error": "invalid_grant"}, 400)
        assert asked is not None
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": self.sign(asked["nonce"])})

    def sign(self, nonce: str) -> str:
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": self.address,
            "sub": "subject-1",
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": nonce,
            "email": EMAIL,
            "email_verified": True,
            "name": "Maja",
        } | self.claims
        header = {"alg": "RS256", "kid": "one"} | self.header
        if header["alg"] == "none":
            parts = (json.dumps(part).encode() for part in (header, claims))
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        return jwt.encode(header, claims, self.signing_key or self.key, algorithms=["RS256", "HS256"])


@pytest_asyncio.fixture
async def issuer(clock: SteppedClock) -> AsyncIterator[Issuer]:
    made = Issuer(clock)
    async with serving(Edge(made.app())) as client:
        made.address = str(client.base_url).rstrip("/")
        yield made


def settings(issuer: Issuer, **more: str) -> dict[str, str]:
    named = {"oidc_issuer": issuer.address, "oidc_client_id": CLIENT, "oidc_client_secret": "hush", "oidc_name": "Org"}
    return named | more


@pytest_asyncio.fixture
async def browser(dsn: str, tmp_path: Path, clock: SteppedClock, issuer: Issuer) -> AsyncIterator[Browser]:
    async with browsing(dsn, tmp_path, clock, **settings(issuer)) as opened:
        yield opened


async def go_there(browser: Browser, target: str = "") -> dict[str, str]:
    """What the browser asks the issuer for."""
    answer = await browser.get(f"/sign-in/oidc?next={target}")
    assert answer.status_code == 303
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/dashboard/sign-in/oidc/callback"
    return asked


async def come_back(browser: Browser, code: str, state: str) -> httpx.Response:
    return await browser.get(f"/sign-in/oidc/callback?code={code}&state={state}")


async def sign_in(browser: Browser, issuer: Issuer, target: str = "") -> httpx.Response:
    asked = await go_there(browser, target)
    return await come_back(browser, issuer.agree(asked), asked["state"])


async def test_somebody_new_comes_in_and_is_known_the_next_time(browser: Browser, issuer: Issuer) -> None:
    answer = await sign_in(browser, issuer, "/dashboard/profile")
    assert answer.headers["location"] == "/dashboard/profile"
    page = (await browser.get("/profile")).text
    assert EMAIL in page
    assert "no password here" in page
    again = other(browser)
    issuer.claims = {"email": "moved@example.si", "email_verified": False}  # the subject is who it is
    assert (await sign_in(again, issuer)).status_code == 303
    assert EMAIL in (await again.get("/profile")).text
    assert await count(browser, "SELECT count(*) FROM member") == 1
    assert (await other(browser).post("/sign-in", email=EMAIL, password="")).status_code == 401


async def test_a_member_is_linked_by_a_verified_address_only(browser: Browser, issuer: Issuer) -> None:
    await browser.come_in()
    for claims in ({"email_verified": False}, {"email_verified": "true"}, {"email_verified": None}):
        issuer.claims = claims
        refused = await sign_in(other(browser), issuer)
        assert (refused.status_code, "SIGN_IN_ELSEWHERE_FAILED" in refused.text) == (400, True)
    assert await count(browser, "SELECT count(*) FROM member_identity") == 0
    issuer.claims = {"email": EMAIL.upper()}
    linked = other(browser)
    assert (await sign_in(linked, issuer)).status_code == 303
    assert await count(browser, "SELECT count(*) FROM member") == 1
    assert (await linked.post("/sign-in", email=EMAIL, password=PASSWORD)).status_code == 303


@pytest.mark.parametrize(
    "theirs", ["strau\N{LATIN SMALL LETTER SHARP S}@example.de", "stra\N{LATIN SMALL LETTER LONG S}s@example.de"]
)
async def test_an_address_that_unicode_folds_to_a_members_is_not_theirs(
    browser: Browser, issuer: Issuer, theirs: str
) -> None:
    ours = theirs.casefold()
    await browser.come_in(ours)
    issuer.claims = {"email": theirs}
    stranger = other(browser)
    assert (await sign_in(stranger, issuer)).status_code == 303
    page = (await stranger.get("/profile")).text
    assert theirs in page
    assert ours not in page
    assert await count(browser, "SELECT count(*) FROM member") == 2


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"nonce": "another"}, {}),
        ({"nonce": None}, {}),
        ({"aud": "somebody-else"}, {}),
        ({"aud": [CLIENT, "somebody-else"]}, {}),
        ({"azp": "somebody-else"}, {}),
        ({"iss": "https://evil.example"}, {}),
        ({"exp": 1_000_000_000}, {}),
        ({"sub": ""}, {}),
        ({}, {"alg": "none"}),
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_this_sign_in_is_refused(
    browser: Browser, issuer: Issuer, claims: dict[str, Any], header: dict[str, Any]
) -> None:
    issuer.claims, issuer.header = claims, header
    answer = await sign_in(browser, issuer)
    assert (answer.status_code, "SIGN_IN_ELSEWHERE_FAILED" in answer.text) == (400, True)
    assert await count(browser, "SELECT count(*) FROM session") == 0


async def test_a_token_by_another_key_is_refused(browser: Browser, issuer: Issuer) -> None:
    issuer.signing_key = RSAKey.generate_key(2048, {"kid": "one"})
    assert (await sign_in(browser, issuer)).status_code == 400
    issuer.signing_key, issuer.header = OctKey.import_key("hush" * 8), {"alg": "HS256"}
    assert (await sign_in(browser, issuer)).status_code == 400
    assert await count(browser, "SELECT count(*) FROM session") == 0


async def test_a_key_that_the_issuer_changed_is_found(browser: Browser, issuer: Issuer, clock: SteppedClock) -> None:
    assert (await sign_in(browser, issuer)).status_code == 303
    issuer.key = RSAKey.generate_key(2048, {"kid": "two"})
    issuer.header = {"kid": "two"}
    clock.advance(timedelta(minutes=1))
    assert (await sign_in(other(browser), issuer)).status_code == 303


async def test_a_way_back_counts_once_and_in_its_own_browser_only(browser: Browser, issuer: Issuer) -> None:
    asked = await go_there(browser)
    code = issuer.agree(asked)
    victim = other(browser)
    await go_there(victim)
    assert (await come_back(victim, code, asked["state"])).status_code == 400  # another's sign-in, pushed on a victim
    assert (await come_back(other(browser), code, asked["state"])).status_code == 400  # no cookie at all
    assert (await come_back(browser, code, "x" * 43)).status_code == 400
    asked = await go_there(browser)
    code = issuer.agree(asked)
    cookie = browser.client.cookies["doitong_sign_in"]
    assert (await come_back(browser, code, asked["state"])).status_code == 303
    assert (await come_back(browser, code, asked["state"])).status_code == 400  # replayed
    kept = other(browser)
    kept.client.cookies.set("doitong_sign_in", cookie)
    assert (await come_back(kept, code, asked["state"])).status_code == 400  # with the cookie: the code is used


async def test_where_sign_up_is_closed_only_members_and_invited_ones_come_in(
    dsn: str, tmp_path: Path, clock: SteppedClock, issuer: Issuer
) -> None:
    async with browsing(dsn, tmp_path, clock) as before:
        await before.come_in("owner@example.si", account_name="Studio Bled")
    async with browsing(dsn, tmp_path, clock, **settings(issuer, sign_up="closed")) as browser:
        refused = await sign_in(browser, issuer)
        assert (refused.status_code, "SIGN_UP_CLOSED" in refused.text) == (403, True)
        owner = other(browser)
        await owner.post("/sign-in", email="owner@example.si", password=PASSWORD)
        await owner.post("/team/invitations", email=EMAIL, role="viewer")
        assert (await sign_in(browser, issuer)).status_code == 303
        assert "Studio Bled" in (await browser.get("/team")).text
        link = code_of(await browser.latest_link())
        assert (await other(browser).get(f"/invitation?code={link}")).status_code == 410


async def test_the_cookie_of_the_way_is_short_and_closed(browser: Browser, issuer: Issuer) -> None:
    answer = await browser.get("/sign-in/oidc")
    [cookie] = [item for item in answer.headers.get_list("set-cookie") if item.startswith("doitong_sign_in=")]
    assert {"HttpOnly", "SameSite=lax", "Max-Age=600"} <= {part.strip() for part in cookie.split(";")}


async def test_without_an_issuer_the_way_is_not_there(dsn: str, tmp_path: Path, clock: SteppedClock) -> None:
    async with browsing(dsn, tmp_path, clock) as browser:
        assert (await browser.get("/sign-in/oidc")).status_code == 404
        assert (await browser.get("/sign-in/oidc/callback?code=a&state=b")).status_code == 404
        assert "/sign-in/oidc" not in (await browser.get("/sign-in")).text
