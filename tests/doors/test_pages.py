"""Guarantee: pages come from our own files under a strict policy, in both languages, and every code has one."""

import re
from html.parser import HTMLParser

import httpx
import pytest

from doitong.core.errors import REGISTRY
from doitong.doors.rest.table import ROUTES
from tests.doors.house import House

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGES = ["/", "/docs", "/errors", "/errors/INSUFFICIENT_CREDITS", "/graphql"]
VOID = {"meta", "link", "img", "input", "br"}


class Checked(HTMLParser):
    """What a page loads, and whether its elements close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script" and "src" not in given:
            self.inline.append("script")
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        source = given.get("src") or (given.get("href") if tag == "link" else None)
        if source:
            self.loaded.append(source)
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def check(client: httpx.AsyncClient, path: str) -> Checked:
    answer = await client.get(path, headers=BROWSER)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Checked()
    page.feed(answer.text)
    assert page.open == []
    return page


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_loads_only_our_own_files_and_nothing_inline(house: House, path: str) -> None:
    page = await check(house.client, path)
    assert page.inline == []
    assert page.loaded
    for source in page.loaded:
        assert source.startswith("/static/")
        assert (await house.client.get(source)).status_code == 200
    policy = (await house.client.get(path, headers=BROWSER)).headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", PAGES)
async def test_links_lead_somewhere(house: House, path: str) -> None:
    for link in (await check(house.client, path)).links:
        if link.startswith("/"):
            # the dashboard leads to its entrance
            answer = await house.client.get(link, headers=BROWSER, follow_redirects=True)
            assert answer.status_code == 200, link


async def test_both_languages_by_header_and_by_address(house: House) -> None:
    slovenian = await house.client.get("/", headers=BROWSER | {"Accept-Language": "sl-SI,sl;q=0.9"})
    assert '<html lang="sl">' in slovenian.text
    assert "Ena zahteva" in slovenian.text
    english = await house.client.get("/?lang=en", headers=BROWSER | {"Accept-Language": "sl"})
    assert "One request" in english.text
    assert english.headers["content-language"] == "en"


async def test_every_code_has_a_page_and_no_other(house: House) -> None:
    index = (await house.client.get("/errors")).text
    for code, spec in REGISTRY.items():
        page = await house.client.get(f"/errors/{code}?lang=sl")
        assert page.status_code == 200
        assert f"HTTP {spec.status}" in page.text
        assert f"/errors/{code}?" in index
    assert (await house.client.get("/errors/NO_SUCH_CODE")).status_code == 404


async def test_the_reference_shows_every_route_and_the_schema(house: House) -> None:
    text = (await house.client.get("/docs?lang=sl")).text
    for route in ROUTES:
        assert f"<code>{route.path}</code>" in text
        assert route.summary.sl in text
    assert "type Mutation {" in text


async def test_graphql_serves_the_explorer_to_browsers_only(house: House) -> None:
    page = (await house.client.get("/graphql", headers=BROWSER)).text
    assert "mutation Generate($input: GenerateInput!)" in page
    query = await house.client.get("/graphql", params={"query": "{ __typename }"}, headers=BROWSER)
    assert query.json() == {"data": {"__typename": "Query"}}
    assert (await house.client.get("/graphql", headers={"Accept": "*/*"})).status_code == 400


async def test_the_schema_as_text_is_the_schema_that_runs(house: House) -> None:
    sdl = (await house.client.get("/graphql/schema.graphql")).text
    answer = await house.graphql("{ __schema { mutationType { fields { name } } } }")
    for field in answer["data"]["__schema"]["mutationType"]["fields"]:
        assert re.search(rf"^  {field['name']}[(:]", sdl, re.MULTILINE)


@pytest.mark.parametrize("path", ["/static/", "/static/../site.py", "/static/%2e%2e/site.py", "/static/none.css"])
async def test_only_known_files_are_served(house: House, path: str) -> None:
    assert (await house.client.get(path)).status_code == 404


async def test_health_readiness_and_metrics(house: House) -> None:
    assert (await house.client.get("/healthz")).json() == {"status": "ok"}
    ready = await house.client.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]) == (200, {"database": "ok", "schema": "ok"})
    metrics = (await house.client.get("/metrics")).text
    assert 'doitong_http_requests_total{door="ops",status="200"}' in metrics
    head = await house.client.head("/healthz")
    assert (head.status_code, head.content) == (200, b"")
    assert (await house.client.post("/healthz")).status_code == 405


async def test_readiness_fails_when_the_database_is_gone(house: House) -> None:
    await house.application.database.pool.close()
    answer = await house.client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "unreachable")
    assert (await house.client.get("/healthz")).status_code == 200
