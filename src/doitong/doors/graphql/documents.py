"""Parsed, bounded and validated documents, kept in a least-recently-used cache.

Parsing and validating cost six to fifteen times what executing a small operation costs. Only valid documents
are kept, keyed by their text and the operation's name, bounded in number and in size.
"""

from collections import OrderedDict
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)

from doitong.core.errors import DoitongError
from doitong.doors.graphql.limits import Limits, check_limits, root_field_names, too_complex

MAX_VALIDATION_ERRORS = 10


class RequestRefused(Exception):
    """The document or its variables are at fault: a request error in the specification's words."""

    def __init__(self, errors: list[GraphQLError | DoitongError]) -> None:
        super().__init__(str(errors[0]))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready to execute, and the type of the operation that was chosen."""

    document: DocumentNode
    operation: OperationType
    root_fields: tuple[str, ...]  # by their names in the schema, as often as they stand in the operation


class Documents:
    """The cache. `prepare` is all it does."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        *,
        max_kept: int = 512,
        max_kept_bytes: int = 16 * 1024,
    ) -> None:
        self._schema, self._limits = schema, limits
        self._max_kept, self._max_kept_bytes = max_kept, max_kept_bytes
        self._kept: OrderedDict[tuple[str, str | None], Prepared] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def prepare(self, text: str, operation_name: str | None) -> Prepared:
        """The document of `text`, or RequestRefused."""
        key = (text, operation_name)
        prepared = self._kept.get(key)
        if prepared is not None:
            self._kept.move_to_end(key)
            return prepared
        prepared = self._prepare(text, operation_name)
        if len(text) <= self._max_kept_bytes:
            self._kept[key] = prepared
            if len(self._kept) > self._max_kept:
                self._kept.popitem(last=False)
        return prepared

    def _prepare(self, text: str, operation_name: str | None) -> Prepared:
        if len(text.encode("utf-8", "surrogatepass")) > self._limits.document_bytes:
            raise RequestRefused([too_complex("document bytes", self._limits.document_bytes)])
        document = self._parse(text)
        try:
            check_limits(document, self._limits)
        except DoitongError as error:
            raise RequestRefused([error]) from None
        errors = validate(self._schema, document, max_errors=MAX_VALIDATION_ERRORS)
        if errors:
            raise RequestRefused(list(errors))
        operation = _choose_operation(document, operation_name)
        root_fields = tuple(root_field_names(document, operation.selection_set))
        return Prepared(document, operation.operation, root_fields)

    def _parse(self, text: str) -> DocumentNode:
        try:
            return parse(text, max_lexical_tokens=self._limits.tokens, max_comments=self._limits.comments)
        except GraphQLError as error:
            if "Parsing aborted" in error.message:
                raise RequestRefused([too_complex("tokens", self._limits.tokens)]) from None
            raise RequestRefused([error]) from None


def _choose_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """GetOperation() of the GraphQL specification."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is None:
        if len(operations) == 1:
            return operations[0]
        raise RequestRefused([GraphQLError("operationName must choose one of several operations.")])
    for operation in operations:
        if operation.name is not None and operation.name.value == name:
            return operation
    raise RequestRefused([GraphQLError(f"Unknown operation named '{name[:100]}'.")])
