"""The floor: a bare GraphQL mutation and a bare JSON route on the server and the handler that the API uses."""

import sys
from typing import Any

import strawberry

from doitong.doors.graphql.handler import GraphQLHandler
from doitong.doors.http.asgi import Receive, Scope, Send
from doitong.doors.http.edge import Edge
from doitong.doors.http.routes import Routes
from doitong.doors.http.server import make_server
from doitong.telemetry.logging import configure_logging


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "hello"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def hello(self, name: str) -> str:
        return f"hello {name}"


async def _no_context(*_: Any) -> None:
    return None


async def _json(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"17")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"hello":"world"}'})


def make_app() -> Edge:
    """`/graphql` and `/json` behind the edge that every door has."""
    schema = strawberry.Schema(Query, Mutation)
    graphql = GraphQLHandler(schema._schema, open_context=_no_context)
    return Edge(Routes({"/graphql": ("graphql", graphql), "/json": ("json", _json)}))


if __name__ == "__main__":
    configure_logging("info", "json", process="hello")
    make_server(make_app(), host="127.0.0.1", port=int(sys.argv[1])).run()
