"""What a GraphQL document may cost, decided on its syntax tree before anything is validated or resolved.

Fragments are counted as often as they are spread, so a small document cannot unfold into a large one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from doitong.core.errors import DoitongError


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one document; `introspection_depth` holds below `__schema` and `__type`."""

    document_bytes: int = 64 * 1024
    tokens: int = 4000
    comments: int = 500
    depth: int = 12
    introspection_depth: int = 20
    aliases: int = 30
    directives: int = 30
    root_fields: int = 20
    fields: int = 1000


@dataclass(slots=True)
class _Cost:
    """What a selection set unfolds to. `root` counts the fields at its own level."""

    depth: int = 0
    introspection_depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    root: int = 0


class _Counter:
    """Adds up selection sets; each fragment once, remembered."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, _Cost] = {}

    def of(self, selections: SelectionSetNode | None) -> _Cost:
        total = _Cost()
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                cost = self._of_field(selection)
            elif isinstance(selection, FragmentSpreadNode):
                cost = self._of_fragment(selection.name.value)
            elif isinstance(selection, InlineFragmentNode):
                cost = self.of(selection.selection_set)
            else:
                continue
            _add(total, cost)
            total.directives += len(selection.directives or ())
        return total

    def _of_field(self, field: FieldNode) -> _Cost:
        below = self.of(field.selection_set)
        below.fields += 1
        below.root = 1
        below.aliases += field.alias is not None
        below.introspection_depth += 1
        if field.name.value in ("__schema", "__type"):
            below.depth = 1
        else:
            below.depth += 1
        return below

    def _of_fragment(self, name: str) -> _Cost:
        if name not in self._known:
            self._known[name] = _Cost()  # a cycle counts once here; validation refuses it
            fragment = self._fragments.get(name)
            self._known[name] = self.of(fragment.selection_set) if fragment else _Cost()
        return self._known[name]


def _add(total: _Cost, cost: _Cost) -> None:
    total.depth = max(total.depth, cost.depth)
    total.introspection_depth = max(total.introspection_depth, cost.introspection_depth)
    total.aliases += cost.aliases
    total.directives += cost.directives
    total.fields += cost.fields
    total.root += cost.root


def check_limits(document: DocumentNode, limits: Limits) -> None:
    """Raise GRAPHQL_TOO_COMPLEX when any operation of the document is over a limit."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    counter = _Counter(fragments)
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            cost = counter.of(node.selection_set)
            cost.directives += len(node.directives or ())
            for name, found, maximum in _compare(cost, limits):
                if found > maximum:
                    raise too_complex(name, maximum)


def _compare(cost: _Cost, limits: Limits) -> Iterator[tuple[str, int, int]]:
    yield "root fields", cost.root, limits.root_fields
    yield "aliases", cost.aliases, limits.aliases
    yield "directives", cost.directives, limits.directives
    yield "fields", cost.fields, limits.fields
    yield "depth", cost.depth, limits.depth
    yield "introspection depth", cost.introspection_depth, limits.introspection_depth


def too_complex(limit: str, maximum: int) -> DoitongError:
    return DoitongError("GRAPHQL_TOO_COMPLEX", limit=limit, maximum=maximum)


def root_field_names(document: DocumentNode, selections: SelectionSetNode) -> Iterator[str]:
    """The fields that a valid operation selects at its root, through its fragments."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            yield selection.name.value
        elif isinstance(selection, FragmentSpreadNode):
            yield from root_field_names(document, fragments[selection.name.value].selection_set)
        elif isinstance(selection, InlineFragmentNode):
            yield from root_field_names(document, selection.selection_set)
