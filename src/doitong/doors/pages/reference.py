"""From an OpenAPI document to what the reference page shows. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter or property; `place` is path, query, header or body."""

    name: str
    place: str
    type: str
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    anchor: str
    method: str
    path: str
    summary: str
    description: str
    fields: list[Field]
    example: str | None
    statuses: list[tuple[str, str]]


def operations_of(openapi: Mapping[str, Any], language: str) -> dict[str, list[Operation]]:
    """Operations by their first tag, in the document's order."""
    groups: dict[str, list[Operation]] = {}
    for path, item in openapi.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                group = (operation.get("tags") or ["API"])[0]
                groups.setdefault(group, []).append(_operation(openapi, path, method, operation, language))
    return groups


def _operation(
    openapi: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any], language: str
) -> Operation:
    fields = [_parameter(parameter) for parameter in operation.get("parameters", ())]
    content = operation.get("requestBody", {}).get("content", {})
    for media in content.values():
        fields += _properties(_resolve(openapi, media.get("schema", {})))
        break
    summary = operation.get("summary", "")
    return Operation(
        anchor=operation.get("operationId", f"{method}{path}"),
        method=method.upper(),
        path=path,
        summary=operation.get("x-summary-sl", summary) if language == "sl" else summary,
        description=operation.get("description", ""),
        fields=fields,
        example=_example(operation),
        statuses=[(code, answer.get("description", "")) for code, answer in operation["responses"].items()],
    )


def _resolve(openapi: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Any = openapi
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found  # type: ignore[no-any-return]  # a JSON document


def _parameter(parameter: Mapping[str, Any]) -> Field:
    return Field(
        name=parameter["name"],
        place=parameter["in"],
        type=_type(parameter.get("schema", {})),
        is_required=parameter.get("required", False),
        description=parameter.get("description", ""),
    )


def _properties(schema: Mapping[str, Any]) -> list[Field]:
    required = schema.get("required", ())
    return [
        Field(name, "body", _type(shape), name in required, shape.get("description", ""))
        for name, shape in schema.get("properties", {}).items()
    ]


def _type(schema: Mapping[str, Any]) -> str:
    """A short word for a schema: its values when they are few, else its type and bounds."""
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    kind = schema.get("type", "any")
    name = " | ".join(part for part in kind if part != "null") if isinstance(kind, list) else str(kind)
    if "minimum" in schema and "maximum" in schema:
        return f"{name} {schema['minimum']}–{schema['maximum']}"
    if "maxLength" in schema:
        return f"{name} {schema.get('minLength', 0)}–{schema['maxLength']}"
    return name


def _example(operation: Mapping[str, Any]) -> str | None:
    """The example of the body, as it would be sent."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        if "example" in media:
            return json.dumps(media["example"], indent=2, ensure_ascii=False)
    return None
