"""Guarantee: every answer has a request id and safety headers; errors have one body."""

from typing import Any

import pytest

from doitong.core.errors import DoitongError
from doitong.doors.http.asgi import Call, Receive, Scope, Send
from doitong.doors.http.authentication import api_key_of
from doitong.doors.http.edge import Edge
from doitong.doors.http.negotiation import choose_language
from doitong.doors.http.routes import Routes


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise ValueError("inner text")


@pytest.mark.parametrize("offered", ["a" * 64, "0af7651916cd43dd-8448eb211c80319c", "A.b_c"])
async def test_a_safe_request_id_is_kept(serve: Any, offered: str) -> None:
    async with serve(Edge(Routes({}))) as client:
        answer = await client.get("/nowhere", headers={"X-Request-Id": offered})
    assert answer.headers["x-request-id"] == offered


@pytest.mark.parametrize("offered", ["a" * 65, "a b", "<script>", "", "é"])
async def test_an_unsafe_request_id_is_replaced(serve: Any, offered: str) -> None:
    async with serve(Edge(Routes({}))) as client:
        answer = await client.get("/nowhere", headers={"X-Request-Id": offered.encode()})
    assert len(answer.headers["x-request-id"]) == 24


async def test_unknown_path_and_crash_have_the_documented_body(serve: Any) -> None:
    async with serve(Edge(Routes({"/crash": ("test", failing)}))) as client:
        missing = await client.get("/nowhere", headers={"Accept-Language": "sl"})
        crashed = await client.get("/crash")
    assert missing.status_code == 404
    assert missing.json() == {"errors": [{"message": "Ni najdeno", "extensions": {"code": "NOT_FOUND"}}]}
    assert missing.headers["x-content-type-options"] == "nosniff"
    assert crashed.status_code == 500
    assert "inner text" not in crashed.text
    assert crashed.json()["errors"][0]["extensions"]["requestId"] == crashed.headers["x-request-id"]


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"authorization": "Bearer k1"}, "k1"),
        ({"authorization": "bearer  k1 "}, "k1"),
        ({"x-api-key": " k1 "}, "k1"),
        ({"authorization": "Bearer k1", "x-api-key": "k1"}, "k1"),
        ({"authorization": "Bearer k1", "x-api-key": "k2"}, None),
        ({"authorization": "Basic k1"}, None),
        ({"authorization": "Basic k1", "x-api-key": "k1"}, None),
        ({"authorization": "Bearer "}, None),
        ({"x-api-key": "k" * 513}, None),
        ({"x-api-key": ""}, None),
        ({}, None),
    ],
)
def test_where_the_key_is_read_from(headers: dict[str, str], key: str | None) -> None:
    call = Call("id", headers)
    if key is None:
        with pytest.raises(DoitongError, match="UNAUTHENTICATED"):
            api_key_of(call)
    else:
        assert api_key_of(call) == key


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("sl", "sl"),
        ("sl-SI,sl;q=0.9,en;q=0.8", "sl"),
        ("en-GB,sl;q=0.9", "en"),
        ("de,fr;q=0.9", "en"),
        ("en;q=0.3, SL;q=0.4", "sl"),
        ("sl;q=0", "en"),
        ("sl;q=x", "en"),
        ("*", "en"),
    ],
)
def test_the_language_of_messages(header: str | None, language: str) -> None:
    assert choose_language(header) == language
