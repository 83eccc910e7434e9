"""The REST door: a table of routes behind FastAPI, which finds the route and writes the OpenAPI document.

Bodies are read and checked by us, so that every refusal is a documented error that names the parameter, and
answers are written straight from what the services give.
"""

from typing import TYPE_CHECKING, Any

import structlog
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from doitong.core.errors import REGISTRY, DoitongError
from doitong.doors.http.access import count_read, identify
from doitong.doors.http.answers import JSON, headers_of, internal_error, to_json
from doitong.doors.http.asgi import Call, call_of
from doitong.doors.http.body import ClientGone
from doitong.doors.rest.calls import RestCall
from doitong.doors.rest.shapes import COMPONENTS, ref
from doitong.doors.rest.table import PICTURES, ROUTES, Access, Route

if TYPE_CHECKING:
    from doitong.app import Application

VERSION = "1"
CLIENT_GONE = 499
_log = structlog.get_logger("doitong.rest")


def make_rest_door(application: "Application") -> FastAPI:
    """The door as an ASGI application; `.openapi()` is the document."""
    door = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for route in ROUTES:
        door.add_api_route(
            route.path,
            _endpoint(application, route),
            methods=[route.method],
            operation_id=route.handler.__name__,
            name=route.handler.__name__,
            tags=[route.group],
            summary=route.summary.en,
            description=route.description or None,
            response_class=Response,
            response_model=None,
            openapi_extra=_describe(route),
        )
    door.add_exception_handler(HTTPException, _answer_router)
    public_url = application.settings.effective_public_url
    door.openapi = lambda: _document(door, public_url)  # type: ignore[method-assign]
    return door


def _endpoint(application: "Application", route: Route) -> Any:
    async def endpoint(request: Request) -> Response:
        call = call_of(request.scope)
        call.route = route.path
        try:
            return _answer(await _run(application, route, request, call))
        except DoitongError as error:
            return _error(error, call)
        except ClientGone:
            return Response(status_code=CLIENT_GONE)
        except Exception:
            _log.exception("request failed", route=route.path, request_id=call.request_id)
            return _error(internal_error(call.request_id), call)

    return endpoint


async def _run(application: "Application", route: Route, request: Request, call: Call) -> dict[str, Any]:
    caller = None
    if route.access is not Access.OPEN:
        caller = await identify(application, call)
        if route.access is Access.READ:
            count_read(application, caller, call)
    return await route.handler(RestCall(application, request, call, caller))


def _answer(data: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language"}
    return Response(to_json({"data": data}), headers=headers, media_type=JSON)


def _error(error: DoitongError, call: Call) -> Response:
    # the state of a limit that refused replaces the one that was counted before
    own = headers_of(error)
    for name in own:
        call.answer_headers.pop(name, None)
    headers = {"Cache-Control": "no-store", **own}
    return Response(to_json(error.to_body(call.language)), error.status, headers, JSON)


async def _answer_router(request: Request, error: Exception) -> Response:
    """What the router itself refuses: an unknown path, or a method that a path does not have."""
    assert isinstance(error, HTTPException)
    call = call_of(request.scope)
    if error.status_code == 405:
        path = request.scope["path"]
        allow = (error.headers or {}).get("Allow", "")
        return _error(DoitongError("METHOD_NOT_ALLOWED", allow=_methods_of(path) or allow), call)
    return _error(DoitongError("NOT_FOUND"), call)


def _methods_of(path: str) -> str:
    """Every method of a path, where the router names only those of the first route that fits."""
    parts = path.split("/")
    fitting = (route for route in ROUTES if _fits(route.path.split("/"), parts))
    return ", ".join(sorted({route.method for route in fitting}))


def _fits(pattern: list[str], parts: list[str]) -> bool:
    pairs = zip(pattern, parts, strict=False)
    return len(pattern) == len(parts) and all(own in (part, "{id}") for own, part in pairs)


def _describe(route: Route) -> dict[str, Any]:
    """The route's part of the OpenAPI document."""
    described: dict[str, Any] = {"x-summary-sl": route.summary.sl, "responses": _responses(route)}
    parameters = list(route.parameters)
    if "{id}" in route.path:
        parameters.insert(0, {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}})
    if parameters:
        described["parameters"] = parameters
    if route.body is not None:
        example = {"example": route.example} if route.example else {}
        content: dict[str, Any] = {"application/json": {"schema": ref(route.body)} | example}
        described["requestBody"] = {"required": route.is_body_required, "content": content}
    if route.takes_picture:
        binary = {media: {"schema": {"type": "string", "format": "binary"}} for media in PICTURES}
        form = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
        content = binary | {"multipart/form-data": {"schema": form | {"required": ["file"]}}}
        described["requestBody"] = {"required": True, "content": content}
    if route.access is Access.OPEN:
        described["security"] = []
    return described


def _responses(route: Route) -> dict[str, Any]:
    guarded = () if route.access is Access.OPEN else (401, 403, 429)
    statuses = sorted({*route.statuses, *guarded, 500})
    errors = {
        str(status): {
            "description": ", ".join(code for code, spec in REGISTRY.items() if spec.status == status),
            "content": {"application/json": {"schema": ref("Error")}},
        }
        for status in statuses
    }
    done = {"description": "Done.", "content": {"application/json": {"schema": route.answer}}}
    return {"200": done} | errors


def _document(door: FastAPI, public_url: str) -> dict[str, Any]:
    """OpenAPI 3.1, made once."""
    if door.openapi_schema is None:
        document = get_openapi(
            title="Doitong",
            version=VERSION,
            openapi_version="3.1.0",
            description="Generative video: text to video, image animation and motion control.",
            routes=door.routes,
            servers=[{"url": public_url}],
        )
        schemes = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        }
        document["components"] = {"schemas": COMPONENTS, "securitySchemes": schemes}
        document["security"] = [{"bearer": []}, {"apiKey": []}]
        door.openapi_schema = document
    return door.openapi_schema
