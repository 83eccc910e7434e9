"""Guarantee: GraphQL follows GraphQL over HTTP; limits refuse before any resolver; no inner text leaks."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
import strawberry
from graphql import GraphQLInputObjectType, get_named_type
from strawberry.scalars import JSON
from structlog.testing import capture_logs

from doitong.core.errors import CreditsInsufficient, DoitongError
from doitong.doors.graphql import inputs
from doitong.doors.graphql.handler import GraphQLHandler
from doitong.doors.graphql.schema import make_schema
from doitong.doors.http.edge import Edge
from doitong.doors.http.routes import Routes

GRAPHQL_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"
runs: list[str] = []


@strawberry.type
class Nested:
    name: str = "n"

    @strawberry.field
    def inner(self) -> "Nested":
        return Nested()


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        runs.append("hello")
        return f"hello {name}"

    @strawberry.field
    def nested(self) -> Nested:
        runs.append("nested")
        return Nested()

    @strawberry.field
    async def broke(self) -> str | None:
        raise CreditsInsufficient(100, 50)

    @strawberry.field
    async def broke_too(self) -> str:
        raise CreditsInsufficient(100, 50)

    @strawberry.field
    async def locked(self) -> str | None:
        raise DoitongError("UNAUTHENTICATED")

    @strawberry.field
    def crash(self) -> str | None:
        raise RuntimeError("secret-detail")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self, value: JSON) -> JSON:
        runs.append("change")
        return value


schema = strawberry.Schema(Query, Mutation)


async def no_context(call: Any, prepared: Any) -> None:
    return None


@pytest_asyncio.fixture
async def client(serve: Any) -> AsyncIterator[httpx.AsyncClient]:
    handler = GraphQLHandler(schema._schema, open_context=no_context)
    runs.clear()
    async with serve(Edge(Routes({"/graphql": ("graphql", handler)}))) as opened:
        yield opened


async def post(client: httpx.AsyncClient, body: Any, accept: str = GRAPHQL_JSON, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post(
        "/graphql", content=content, headers={"Content-Type": PLAIN_JSON, "Accept": accept, **headers}
    )


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (PLAIN_JSON, PLAIN_JSON),
        ("*/*", GRAPHQL_JSON),
        ("application/*", GRAPHQL_JSON),
        ("application/json, text/plain, */*", PLAIN_JSON),
        (f"{GRAPHQL_JSON}, {PLAIN_JSON};q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.2, {PLAIN_JSON};q=0.9", PLAIN_JSON),
        (f"{PLAIN_JSON}; charset=utf-8, {GRAPHQL_JSON}; charset=utf-8", PLAIN_JSON),
        (f"{GRAPHQL_JSON};q=0, */*", PLAIN_JSON),
        ("APPLICATION/JSON", PLAIN_JSON),
        ("text/html", None),
        ("application/json;q=0", None),
        ("application/json; charset=utf-16", None),
    ],
)
async def test_the_answer_has_the_media_type_the_caller_prefers(
    client: httpx.AsyncClient, accept: str, chosen: str | None
) -> None:
    answer = await post(client, {"query": "{ hello }"}, accept)
    if chosen is None:
        assert answer.status_code == 406
        assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_ACCEPTABLE"
    else:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == f"{chosen}; charset=utf-8"
        assert answer.json() == {"data": {"hello": "hello world"}}


REQUEST_ERRORS = [
    {"query": "{"},
    {"query": ""},
    {"query": "{ nothing }"},
    {"query": "query ($n: String!) { hello(name: $n) }"},
    {"query": "query ($n: String!) { hello(name: $n) }", "variables": {"n": 7}},
    {"query": "query A { hello } query B { hello }"},
    {"query": "query A { hello } query B { hello }", "operationName": "C"},
]


@pytest.mark.parametrize("body", REQUEST_ERRORS, ids=str)
async def test_a_refused_document_is_400_in_the_graphql_type_and_200_in_json(
    client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    for accept, status in ((GRAPHQL_JSON, 400), (PLAIN_JSON, 200)):
        answer = await post(client, body, accept)
        assert answer.status_code == status
        assert "data" not in answer.json()
        assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_INVALID"
    assert runs == []


NOT_WELL_FORMED = [
    b"NONSENSE",
    b'{"query":',
    b"",
    b"\xff\xfe",
    b'"text"',
    b'[{"query": "{ hello }"}]',
    b'{"qeury": "{ hello }"}',
    b'{"query": 7}',
    b'{"query": "{ hello }", "variables": [7]}',
    b'{"query": "{ hello }", "variables": "{}"}',
    b'{"query": "{ hello }", "extensions": []}',
    b'{"query": "{ hello }", "operationName": 1}',
]


@pytest.mark.parametrize("body", NOT_WELL_FORMED)
@pytest.mark.parametrize("accept", [GRAPHQL_JSON, PLAIN_JSON])
async def test_what_is_not_a_request_is_400_in_both_types(client: httpx.AsyncClient, body: bytes, accept: str) -> None:
    answer = await post(client, body, accept)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith(accept)
    assert list(answer.json()) == ["errors"]
    assert runs == []


async def test_null_and_unknown_parameters_are_as_absent(client: httpx.AsyncClient) -> None:
    body = {"query": "{ hello }", "variables": None, "operationName": None, "extensions": None, "more": 1}
    assert (await post(client, body)).status_code == 200
    assert (await post(client, {"query": "{ hello }", "extensions": {"a": 1}})).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('Application/JSON ; charset="UTF-8"', 200),
        ("application/json; charset=iso-8859-1", 415),
        ("application/graphql", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        (None, 415),
    ],
)
async def test_only_json_in_utf8_is_a_body(client: httpx.AsyncClient, content_type: str | None, status: int) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = await client.post("/graphql", content=b'{"query": "{ hello }"}', headers=headers)
    assert answer.status_code == status


async def test_get_runs_queries_and_never_mutations(client: httpx.AsyncClient) -> None:
    query = {
        "query": "query Q($n: String!) { hello(name: $n) }",
        "variables": '{"n": "č"}',
        "operationName": "",
    }
    answer = await client.get("/graphql", params=query)
    assert answer.json() == {"data": {"hello": "hello č"}}
    refused = await client.get("/graphql", params={"query": "mutation { change(value: 1) }"})
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert "change" not in runs
    assert (await client.get("/graphql")).status_code == 400
    assert (await client.get("/graphql", params={"query": "{ hello }", "variables": "["})).status_code == 400


async def test_other_methods_are_405_and_say_what_is_allowed(client: httpx.AsyncClient) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = await client.request(method, "/graphql")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("accept", [GRAPHQL_JSON, PLAIN_JSON])
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("{ broke }", 402),
        ("{ brokeToo }", 402),
        ("{ locked }", 401),
        ("{ crash }", 500),
        ("{ a: broke b: broke }", 402),
        ("{ broke locked }", 200),
        ("{ broke hello }", 200),
    ],
)
async def test_a_business_error_alone_sets_the_http_status(
    client: httpx.AsyncClient, accept: str, query: str, status: int
) -> None:
    answer = await post(client, {"query": query}, accept)
    assert answer.status_code == status
    assert list(answer.json()) == ["errors", "data"]


async def test_the_documented_error_body(client: httpx.AsyncClient) -> None:
    answer = await post(client, {"query": "{ broke }"}, PLAIN_JSON, **{"Accept-Language": "de, sl;q=0.9, en;q=0.5"})
    assert answer.json()["errors"] == [
        {
            "message": "Premalo kreditov za to operacijo",
            "extensions": {"code": "INSUFFICIENT_CREDITS", "creditsRequired": 100, "creditsAvailable": 50},
            "path": ["broke"],
        }
    ]
    assert (await post(client, {"query": "{ locked }"})).headers["www-authenticate"].startswith("Bearer")


async def test_an_exception_never_shows_its_text(client: httpx.AsyncClient) -> None:
    with capture_logs() as logged:
        answer = await post(client, {"query": "{ crash hello }"}, **{"X-Request-Id": "abc-1"})
    assert "secret-detail" not in answer.text
    error = answer.json()["errors"][0]
    assert error["extensions"] == {"code": "INTERNAL_ERROR", "requestId": "abc-1"}
    assert answer.headers["x-request-id"] == "abc-1"
    failure = next(event for event in logged if event["event"] == "resolver failed")
    assert "secret-detail" in str(failure["exc_info"])
    assert failure["request_id"] == "abc-1"


def deep(levels: int) -> str:
    return "{ nested " + "{ inner " * levels + "{ name }" + " }" * levels + "}"


def fragments(levels: int) -> str:
    spread = "".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }} " for n in range(levels))
    return f"{{ ...f0 }} {spread} fragment f{levels} on Query {{ hello }}"


def introspection(levels: int) -> str:
    return "{ __schema { types { fields { type " + "{ ofType " * levels + "{ name }" + " }" * levels + "} } } }"


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("{ hello } #" + "x" * 70_000, "document bytes"),
        ("{" + " hello" * 5000 + "}", "tokens"),
        (deep(20), "depth"),
        ("{" + " ".join(f"a{n}: hello" for n in range(21)) + "}", "root fields"),
        ("{ nested {" + " ".join(f"a{n}: name" for n in range(31)) + "} }", "aliases"),
        ("{ hello" + " @include(if: true)" * 31 + "}", "directives"),
        (fragments(12), "root fields"),
        (introspection(25), "introspection depth"),
    ],
    ids=lambda value: value[:30],
)
async def test_a_document_over_a_limit_runs_no_resolver(client: httpx.AsyncClient, query: str, limit: str) -> None:
    answer = await post(client, {"query": query})
    assert answer.status_code == 400
    extensions = answer.json()["errors"][0]["extensions"]
    assert (extensions["code"], extensions["limit"]) == ("GRAPHQL_TOO_COMPLEX", limit)
    assert runs == []


async def test_documents_within_the_limits_run(client: httpx.AsyncClient) -> None:
    from graphql import get_introspection_query

    for query in (deep(8), fragments(3), get_introspection_query()):
        assert "errors" not in (await post(client, {"query": query})).json()


async def test_a_body_over_the_cap_is_413(client: httpx.AsyncClient) -> None:
    huge = b'{"query": "{ hello }", "variables": {"x": "' + b"x" * (8 * 1024 * 1024) + b'"}}'
    assert (await post(client, huge)).status_code == 413

    async def chunked() -> AsyncIterator[bytes]:
        yield huge[: len(huge) // 2]
        yield huge[len(huge) // 2 :]

    answer = await client.post("/graphql", content=chunked(), headers={"Content-Type": PLAIN_JSON})
    assert answer.status_code == 413


async def test_the_document_cache_is_bounded() -> None:
    handler = GraphQLHandler(schema._schema, open_context=no_context)
    handler.documents._max_kept = 10
    for number in range(50):
        handler.documents.prepare(f"{{ a{number}: hello }}", None)
    assert len(handler.documents) == 10
    handler.documents.prepare("{ hello } #" + "x" * 20_000, None)
    assert len(handler.documents) == 10
    again = handler.documents.prepare("{ a49: hello }", None)
    assert handler.documents.prepare("{ a49: hello }", None) is again


def test_input_objects_inside_input_objects_are_known() -> None:
    """What is null is left out of them; a value of type JSON stays as the caller wrote it."""
    types = make_schema()._schema.type_map.values()
    found = {
        name
        for outer in types
        if isinstance(outer, GraphQLInputObjectType)
        for name, field in outer.fields.items()
        if isinstance(get_named_type(field.type), GraphQLInputObjectType)
    }
    assert found == inputs.OBJECTS
    assert inputs.to_json({"options": {"motion": {"camera": [{"move": "pan", "degrees": None}], "brushes": None}}}) == {
        "options": {"motion": {"camera": [{"move": "pan"}]}}
    }
    assert inputs.to_json({"plan": "pro", "limits": {"generations_per_day": None}})["limits"] == {
        "generations_per_day": None
    }
