"""The REST door: finds a call's row in the table of routes, runs its handler, and writes the answer.

Bodies are read and checked by us, so that every refusal is a documented error that names the parameter. Routing
is a look-up of the path's shape: `docs/decisions/0013-rest-without-a-framework.md` says why.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog
from starlette.requests import Request

from doitong.core.errors import DoitongError, NotFound
from doitong.doors.http.access import count_read, identify
from doitong.doors.http.answers import headers_of, internal_error, send_answer, send_error, to_json
from doitong.doors.http.asgi import Call, Receive, Scope, Send, call_of
from doitong.doors.http.body import ClientGone
from doitong.doors.rest.calls import RestCall
from doitong.doors.rest.route import Access, Route
from doitong.doors.rest.table import ROUTES

if TYPE_CHECKING:
    from doitong.app import Application

ID_PLACE = 3  # of an id among the parts of a path: "", "v1", "generations", id
_ANSWER_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept-Language"}
_log = structlog.get_logger("doitong.rest")


def _by_shape() -> Mapping[str, Mapping[str, Route]]:
    """Routes by the path as the table writes it, then by method."""
    found: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        parts = route.path.split("/")
        assert "{id}" not in parts or parts.index("{id}") == ID_PLACE, route.path
        found.setdefault(route.path, {})[route.method] = route
    return found


class RestDoor:
    """Every `/v1/` address, as an ASGI application."""

    def __init__(self, application: "Application") -> None:
        self._application = application
        self._routes = _by_shape()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = call_of(scope)
        try:
            route = self._find(scope, call)
            data = await self._run(route, Request(scope, receive), call)
        except ClientGone:
            raise
        except DoitongError as error:
            await _refuse(send, error, call)
        except Exception:
            _log.exception("request failed", route=call.route, request_id=call.request_id)
            await _refuse(send, internal_error(call.request_id), call)
        else:
            await send_answer(send, 200, to_json({"data": data}), headers=_ANSWER_HEADERS)

    def _find(self, scope: Scope, call: Call) -> Route:
        """The row of this call; its id, if it has one, goes into the scope. Raises 404 and 405."""
        methods = self._routes.get(scope["path"])
        if methods is None:
            parts = scope["path"].split("/")
            if len(parts) <= ID_PLACE or not parts[ID_PLACE]:
                raise NotFound
            scope["path_params"] = {"id": parts[ID_PLACE]}
            parts[ID_PLACE] = "{id}"
            methods = self._routes.get("/".join(parts))
        if methods is None:
            raise NotFound
        route = methods.get("GET" if scope["method"] == "HEAD" else scope["method"])
        if route is None:
            raise DoitongError("METHOD_NOT_ALLOWED", allow=", ".join(sorted(methods)))
        call.route = route.path
        return route

    async def _run(self, route: Route, request: Request, call: Call) -> dict[str, Any]:
        caller = None
        if route.access is not Access.OPEN:
            caller = await identify(self._application, call)
            if route.access is Access.READ:
                count_read(self._application, caller, call)
        return await route.handler(RestCall(self._application, request, call, caller))


async def _refuse(send: Send, error: DoitongError, call: Call) -> None:
    """The documented error; the state of a limit that refused replaces the one that was counted before."""
    for name in headers_of(error):
        call.answer_headers.pop(name, None)
    await send_error(send, error, call.language)
