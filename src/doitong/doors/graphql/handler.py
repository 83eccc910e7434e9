"""GraphQL over HTTP, as its specification says, over the executable schema of graphql-core.

POST with a JSON body, GET for queries. Answers are `application/graphql-response+json` or `application/json`,
as the caller prefers; only the first tells a refused document by its status. One thing is ours: a request
whose only outcome is a business error has that error's HTTP status in both media types, since that is what
the product documents.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any
from urllib.parse import parse_qsl

import orjson
from graphql import ExecutionResult, GraphQLSchema, OperationType, execute

from doitong.core.errors import MUST_BE_OBJECT, MUST_BE_TEXT, REQUIRED, DoitongError, InvalidParameter
from doitong.doors.graphql.documents import Documents, Prepared, RequestRefused
from doitong.doors.graphql.limits import Limits
from doitong.doors.graphql.results import GRAPHQL_JSON, PLAIN_JSON, is_request_error, present, request_error
from doitong.doors.http.answers import send_answer, send_error, to_json
from doitong.doors.http.asgi import App, Call, Receive, Scope, Send, call_of
from doitong.doors.http.body import malformed, read_json_object
from doitong.doors.http.negotiation import choose_media_type

HTML = "text/html"
_OFFERS = (GRAPHQL_JSON, PLAIN_JSON)
_OFFERS_WITH_PAGE = (*_OFFERS, HTML)
MAX_QUERY_STRING_BYTES = 64 * 1024
_ANSWER_HEADERS = {"Vary": "Accept, Accept-Language", "Cache-Control": "no-store"}
_CONTENT_TYPES = {media: f"{media}; charset=utf-8" for media in _OFFERS}

ContextFactory = Callable[[Call, Prepared], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A well-formed GraphQL-over-HTTP request."""

    query: str
    operation_name: str | None
    variables: dict[str, Any] | None


class GraphQLHandler:
    """The GraphQL endpoint as an ASGI application.

    `open_context` builds what resolvers find in `info.context`; `explorer` answers a browser's GET.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        open_context: ContextFactory,
        limits: Limits | None = None,
        explorer: App | None = None,
    ) -> None:
        self.schema = schema
        self.documents = Documents(schema, limits or Limits())
        self._open_context = open_context
        self._explorer = explorer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = call_of(scope)
        if self._explorer is not None and _wants_page(scope, call):
            await self._explorer(scope, receive, send)
            return
        media = self._negotiate(call)
        try:
            await self._answer(await _read_request(scope, receive), media, scope, send)
        except DoitongError as error:  # not a well-formed request, or one that is never executed
            await send_error(send, error, call.language, _CONTENT_TYPES[media])

    def _negotiate(self, call: Call) -> str:
        media = choose_media_type(call.header("accept"), _OFFERS)
        if media is None:
            raise DoitongError("NOT_ACCEPTABLE", offers=list(_OFFERS))
        return media

    async def _answer(self, request: GraphQLRequest, media: str, scope: Scope, send: Send) -> None:
        call = call_of(scope)
        try:
            prepared = self.documents.prepare(request.query, request.operation_name)
        except RequestRefused as refused:
            await _send(send, media, *request_error(refused.errors, media, call))
            return
        if scope["method"] == "GET" and prepared.operation is OperationType.MUTATION:
            raise DoitongError("METHOD_NOT_ALLOWED", allow="POST")
        result = await self.execute(request, prepared, call)
        if is_request_error(result):
            await _send(send, media, *request_error(result.errors or [], media, call))
        else:
            await _send(send, media, *present(result, call))

    async def execute(self, request: GraphQLRequest, prepared: Prepared, call: Call) -> ExecutionResult:
        """Run a query or a mutation; resolver exceptions are in the result, never raised."""
        context = await self._open_context(call, prepared)
        result = execute(
            self.schema,
            prepared.document,
            context_value=context,
            variable_values=request.variables,
            operation_name=request.operation_name,
            max_coercion_errors=5,
        )
        return await result if isawaitable(result) else result


async def _send(send: Send, media: str, status: int, body: Any) -> None:
    await send_answer(send, status, to_json(body), _CONTENT_TYPES[media], _ANSWER_HEADERS)


async def _read_request(scope: Scope, receive: Receive) -> GraphQLRequest:
    match scope["method"]:
        case "POST":
            return parse_parameters(await read_json_object(call_of(scope), receive))
        case "GET":
            return parse_parameters(_query_parameters(scope["query_string"]))
        case _:
            raise DoitongError("METHOD_NOT_ALLOWED", allow="GET, POST")


def _wants_page(scope: Scope, call: Call) -> bool:
    """Whether a GET comes from a browser's address bar: it prefers HTML and carries no query."""
    if scope["method"] not in ("GET", "HEAD"):
        return False
    if choose_media_type(call.header("accept"), _OFFERS_WITH_PAGE) != HTML:
        return False
    return not any(name == "query" for name, _ in parse_qsl(scope["query_string"].decode("latin-1")))


def _query_parameters(query_string: bytes) -> dict[str, Any]:
    """The parameters of a GET; `variables` and `extensions` are JSON inside it."""
    if len(query_string) > MAX_QUERY_STRING_BYTES:
        raise malformed("the query string is too long; use POST")
    parameters: dict[str, Any] = dict(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))
    for name in ("variables", "extensions"):
        text = parameters.get(name)
        if text:
            try:
                parameters[name] = orjson.loads(text)
            except orjson.JSONDecodeError:
                raise malformed(f"{name} is not valid JSON") from None
        else:
            parameters.pop(name, None)
    if not parameters.get("operationName"):
        parameters.pop("operationName", None)
    return parameters


def parse_parameters(parameters: dict[str, Any]) -> GraphQLRequest:
    """Check the shape of a request; other property names are ignored, as the specification reserves them."""
    query = parameters.get("query")
    if query is None:
        raise InvalidParameter("query", REQUIRED)
    if not isinstance(query, str):
        raise InvalidParameter("query", MUST_BE_TEXT)
    operation_name = parameters.get("operationName")
    if not isinstance(operation_name, str | None):
        raise InvalidParameter("operationName", MUST_BE_TEXT)
    variables = parameters.get("variables")
    if not isinstance(variables, dict | None):
        raise InvalidParameter("variables", MUST_BE_OBJECT)
    if not isinstance(parameters.get("extensions"), dict | None):
        raise InvalidParameter("extensions", MUST_BE_OBJECT)
    return GraphQLRequest(query, operation_name or None, variables)
