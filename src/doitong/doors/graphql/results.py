"""From an execution result to an HTTP status and a body. Exceptions other than ours never show their text."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from graphql import ExecutionResult, GraphQLError

from doitong.core.errors import DoitongError
from doitong.doors.http.answers import headers_of, internal_error
from doitong.doors.http.asgi import Call

GRAPHQL_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"
_log = structlog.get_logger("doitong.graphql")


def request_error(errors: Sequence[GraphQLError | DoitongError], media: str, call: Call) -> tuple[int, Any]:
    """Status and body of a request that was well formed but could not be executed (no `data` entry)."""
    shown = [_show_request_error(error, call.language) for error in errors]
    return (400 if media == GRAPHQL_JSON else 200), {"errors": shown}


def _show_request_error(error: GraphQLError | DoitongError, language: str) -> dict[str, Any]:
    if isinstance(error, DoitongError):
        return {"message": error.message(language), "extensions": error.extensions()}
    public = DoitongError("GRAPHQL_INVALID", reason=error.message)
    shown: dict[str, Any] = {"message": public.message(language), "extensions": public.extensions()}
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    return shown


def is_request_error(result: ExecutionResult) -> bool:
    """Whether execution never began: variables that could not be coerced have no path."""
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())


def present(result: ExecutionResult, call: Call) -> tuple[int, dict[str, Any]]:
    """Status and body of an execution; adds the headers that belong to its errors to the answer."""
    if not result.errors:
        return 200, {"data": result.data}
    causes = [cause_of(error, call) for error in result.errors]
    shown = [_show_field_error(error, cause, call) for error, cause in zip(result.errors, causes, strict=True)]
    status = _status(result.data, causes)
    for cause in causes:
        for name, value in headers_of(cause).items():
            if cause.status == status:
                call.answer_headers.setdefault(name, value)
    return status, {"errors": shown, "data": result.data}


def cause_of(error: GraphQLError, call: Call) -> DoitongError:
    """Our own error behind a field error; anything else is logged and becomes INTERNAL_ERROR."""
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, DoitongError):
        return cause
    if isinstance(cause, GraphQLError):
        return DoitongError("GRAPHQL_INVALID", reason=cause.message)
    _log.error("resolver failed", path=error.path, request_id=call.request_id, exc_info=cause)
    return internal_error(call.request_id)


def _show_field_error(error: GraphQLError, cause: DoitongError, call: Call) -> dict[str, Any]:
    shown: dict[str, Any] = {"message": cause.message(call.language), "extensions": cause.extensions()}
    if error.path is not None:
        shown["path"] = error.path
    return shown


def _status(data: Mapping[str, Any] | None, causes: Sequence[DoitongError]) -> int:
    """The documented status when nothing succeeded for one reason; 200 when anything did."""
    has_succeeded = data is not None and any(value is not None for value in data.values())
    statuses = {cause.status for cause in causes}
    return statuses.pop() if not has_succeeded and len(statuses) == 1 else 200
