"""The OpenAPI 3.1 document of the REST door, written from the same table that routes the calls."""

from typing import Any

from doitong.core.errors import REGISTRY
from doitong.doors.rest.route import Access, Route
from doitong.doors.rest.shapes import COMPONENTS, ref
from doitong.doors.rest.table import ROUTES

VERSION = "1"
PICTURES = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")
_SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def make_document(public_url: str) -> dict[str, Any]:
    """The whole document, as JSON values."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _describe(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Doitong",
            "description": "Generative video: text to video, image animation and motion control.",
            "version": VERSION,
        },
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {"schemas": COMPONENTS, "securitySchemes": _SECURITY_SCHEMES},
        "security": [{"bearer": []}, {"apiKey": []}],
    }


def _describe(route: Route) -> dict[str, Any]:
    """The route's part of the OpenAPI document."""
    described: dict[str, Any] = {
        "tags": [route.group],
        "summary": route.summary.en,
        "operationId": route.handler.__name__,
        "responses": _responses(route),
        "x-summary-sl": route.summary.sl,
    }
    if route.description:
        described["description"] = route.description
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
