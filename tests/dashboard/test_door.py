"""Guarantee: every page of the dashboard is for those it is for, from our own pages only, under a strict policy."""

import httpx
import pytest

from doitong.doors.dashboard.door import safe_next
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.sections import ROUTES
from tests.dashboard.conftest import SignedInHouse

ID = "0" * 26
CHANGES = [route for route in ROUTES if route.method != "GET" and not route.is_foreign]
CLOSED = [route for route in ROUTES if route.access is not Access.OPEN]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def address(route: Route) -> str:
    return "/dashboard" + route.path.replace("{id}", ID).replace("{token}", "x" * 22)


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


async def send(client: httpx.AsyncClient, route: Route, **headers: str) -> httpx.Response:
    return await client.request(route.method, address(route), headers=FORM | headers, content=b"")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": ""},
    ],
    ids=lambda headers: " ".join(headers.values()) or "nothing",
)
async def test_no_other_site_changes_anything(signed_in: SignedInHouse, headers: dict[str, str]) -> None:
    assert CHANGES
    for route in CHANGES:
        answer = await send(signed_in.client, route, **headers)
        assert (answer.status_code, "CROSS_SITE" in answer.text) == (403, True), name(route)


async def test_a_request_that_says_nothing_of_its_origin_changes_nothing(signed_in: SignedInHouse) -> None:
    cookie = signed_in.client.headers["cookie"]
    for route in CHANGES:
        answer = await send(signed_in.stranger, route, Cookie=cookie)
        assert answer.status_code == 403, name(route)


async def test_a_stranger_is_sent_to_sign_in_and_back(signed_in: SignedInHouse) -> None:
    origin = {"Origin": str(signed_in.stranger.base_url).rstrip("/")}
    for route in CLOSED:
        answer = await send(signed_in.stranger, route, **origin)
        if route.method == "GET":
            assert answer.status_code == 303, name(route)
            assert answer.headers["location"].startswith("/dashboard/sign-in?next=%2Fdashboard"), name(route)
        else:
            assert (answer.status_code, "SIGN_IN_REQUIRED" in answer.text) == (401, True), name(route)


async def test_what_is_the_operators_is_not_there_for_others(signed_in: SignedInHouse) -> None:
    unknown = await signed_in.client.get("/dashboard/operator/no-such-page")
    for route in ROUTES:
        if route.access is Access.OPERATOR:
            answer = await send(signed_in.client, route)
            assert answer.status_code == unknown.status_code == 404, name(route)
            if route.method == "GET":
                assert answer.text == unknown.text.replace("/dashboard/operator/no-such-page", address(route))


async def test_every_answer_has_the_policy_and_is_kept_by_nobody(signed_in: SignedInHouse) -> None:
    for path in ("/dashboard/sign-in", "/dashboard/studio", "/dashboard/no-such-page"):
        answer = await signed_in.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"


async def test_the_language_that_was_asked_for_stays(signed_in: SignedInHouse) -> None:
    asked = await signed_in.client.get("/dashboard/no-such-page?lang=sl")
    assert '<html lang="sl">' in asked.text
    kept = asked.headers["set-cookie"].partition(";")[0]
    again = await signed_in.stranger.get("/dashboard/no-such-page", headers={"Cookie": kept})
    assert '<html lang="sl">' in again.text


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/dashboard/keys?x=1", "/keys?x=1"),
        ("/dashboard", "/"),
        ("//evil.example/dashboard/", "/"),
        ("https://evil.example/dashboard/", "/"),
        ("/dashboardevil", "/"),
        ("/\\evil.example", "/"),
        ("/dashboard/\\evil", "/"),
        ("javascript:alert(1)", "/"),
        ("/dashboard/a\nb", "/"),
        (None, "/"),
    ],
)
def test_signing_in_leads_to_our_own_pages_only(target: str | None, path: str) -> None:
    assert safe_next(target) == path
