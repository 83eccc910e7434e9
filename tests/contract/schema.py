"""The two descriptions that the server publishes, as tables for tests."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from tests.contract.requests import UNKNOWN_ID

REQUIRED_VALUES = {
    "UpdateEndpointInput": '{description: "taken"}',
    "SetPlanInput": '{plan: "enterprise"}',
    "CreateKeyInput": '{name: "taken"}',
    "UpdateKeyInput": '{name: "taken"}',
    "AdjustmentInput": '{amount: -1, reason: "taken"}',
    "RefundInput": f'{{generationId: "{UNKNOWN_ID}", reason: "taken"}}',
    "GrantInput": '{credits: 1, reason: "taken"}',
    "SettleSubmissionInput": '{outcome: "charge"}',
}


def read_sdl(url: str) -> GraphQLSchema:
    return build_schema(httpx.get(f"{url}/graphql/schema.graphql", trust_env=False).text)


def rest_routes_with_id(url: str) -> list[tuple[str, str]]:
    """(method, path) of everything that takes an id."""
    paths = httpx.get(f"{url}/openapi.json", trust_env=False).json()["paths"]
    methods = {"get", "post", "put", "patch", "delete"}
    return [(name.upper(), path) for path, item in paths.items() for name in item if "{id}" in path and name in methods]


def select_all(kind: GraphQLNamedType) -> str:
    """A selection of every field, as deep as it goes."""
    if is_leaf_type(kind):
        return ""
    assert isinstance(kind, GraphQLObjectType)
    fields = (f"{name} {select_all(get_named_type(field.type))}" for name, field in kind.fields.items())
    return "{ " + " ".join(fields) + " }"


@dataclass(frozen=True)
class GraphQLOperation:
    """A root field that takes an id, as a document with `$id`."""

    name: str
    document: str


def graphql_operations_with_id(schema: GraphQLSchema) -> Iterator[GraphQLOperation]:
    for keyword, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        assert root is not None
        for name, field in root.fields.items():
            ids = [argument for argument in field.args if _is_id(field, argument)]
            if ids:
                yield GraphQLOperation(name, _document(keyword, name, field, ids[0]))


def _is_id(field: GraphQLField, argument: str) -> bool:
    return get_named_type(field.args[argument].type).name == "ID"


def _document(keyword: str, name: str, field: GraphQLField, id_argument: str) -> str:
    given = [f"{id_argument}: $id"]
    for other, argument in field.args.items():
        if other != id_argument and is_required_argument(argument):
            given.append(f"{other}: {REQUIRED_VALUES[get_named_type(argument.type).name]}")
    return f"{keyword}($id: ID!) {{ {name}({', '.join(given)}) {{ __typename }} }}"
