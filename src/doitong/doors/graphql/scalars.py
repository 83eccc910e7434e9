"""The schema's own scalars: any JSON value, and a seed, which is wider than GraphQL's Int."""

from typing import Any, NewType

import strawberry
from graphql import IntValueNode, StringValueNode, ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

JSON = NewType("JSON", object)
Seed = NewType("Seed", int)


def _parse_seed_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    """A literal as it stands; the service says what is allowed, in the documented words."""
    if isinstance(node, IntValueNode):
        return int(node.value) if len(node.value) <= 20 else node.value
    if isinstance(node, StringValueNode):
        return node.value
    return value_from_ast_untyped(node, variables)


SCALARS: dict[object, ScalarDefinition] = {
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
    Seed: strawberry.scalar(
        name="Seed",
        description="A whole number from 0 to 4294967295.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
        parse_literal=_parse_seed_literal,
    ),
}
