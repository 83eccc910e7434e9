"""Reading what a caller sent beside a generation's parameters: query strings, JSON bodies, GraphQL arguments.

Every refusal names the parameter and what is allowed. A value of None counts as absent.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from doitong.core.errors import (
    MUST_BE_BOOLEAN,
    MUST_BE_OBJECT,
    MUST_BE_TEXT,
    NO_CONTROL_CHARACTERS,
    NOT_KNOWN,
    REQUIRED,
    InvalidParameter,
    Rule,
    one_of,
    rule,
    text_length,
    whole_number,
)

MUST_BE_MOMENT = rule(
    "must be a moment such as 2024-01-01T00:00:00Z", "mora biti trenutek, kot je 2024-01-01T00:00:00Z"
)
MUST_BE_TEXTS = rule("must be a list of strings", "mora biti seznam nizov")
MUST_BE_NUMBERS = rule("must be a list of whole numbers", "mora biti seznam celih števil")
MUST_BE_CURSOR = rule("must be a cursor of a page before", "mora biti kazalec prejšnje strani")
PAGE_DEFAULT = 20
PAGE_MAXIMUM = 100
LIST_MAXIMUM = 50

Choice = TypeVar("Choice", bound=StrEnum)


class Values:
    """Named values of one request; `shown` is put before a name in errors (`filter.`)."""

    def __init__(self, given: Mapping[str, Any], shown: str = "") -> None:
        self._given = given
        self._shown = shown

    def refuse_unknown(self, *known: str) -> None:
        for name in self._given:
            if name not in known:
                printable = "".join(letter if letter.isprintable() else "?" for letter in str(name)[:80])
                raise self.invalid(printable or "?", NOT_KNOWN)

    def has(self, name: str) -> bool:
        """Whether it was named, also as null."""
        return name in self._given

    def invalid(self, name: str, allowed: Rule) -> InvalidParameter:
        return InvalidParameter(self._shown + name, allowed)

    def text(self, name: str, maximum: int) -> str | None:
        value = self._given.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.invalid(name, MUST_BE_TEXT)
        if len(value) > maximum:
            raise self.invalid(name, text_length(0, maximum))
        if not value.isprintable():
            raise self.invalid(name, NO_CONTROL_CHARACTERS)
        return value

    def required_text(self, name: str, maximum: int) -> str:
        value = self.text(name, maximum)
        if value is None:
            raise self.invalid(name, REQUIRED)
        return value

    def texts(self, name: str) -> list[str] | None:
        value = self._given.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) > LIST_MAXIMUM:
            raise self.invalid(name, MUST_BE_TEXTS)
        if not all(isinstance(item, str) and item.isprintable() for item in value):
            raise self.invalid(name, MUST_BE_TEXTS)
        return value

    def boolean(self, name: str) -> bool | None:
        value = self._given.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.invalid(name, MUST_BE_BOOLEAN)
        return value

    def whole(self, name: str, minimum: int, maximum: int) -> int | None:
        """A whole number; a query string's digits count."""
        value = self._given.get(name)
        if value is None:
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
            value = int(value)
        if type(value) is not int or not minimum <= value <= maximum:
            raise self.invalid(name, whole_number(minimum, maximum))
        return value

    def required_whole(self, name: str, minimum: int, maximum: int) -> int:
        value = self.whole(name, minimum, maximum)
        if value is None:
            raise self.invalid(name, REQUIRED)
        return value

    def wholes(self, name: str, minimum: int, maximum: int) -> list[int]:
        """A list of whole numbers; it has to be there, and may be empty."""
        value = self._given.get(name)
        if not isinstance(value, list) or len(value) > LIST_MAXIMUM:
            raise self.invalid(name, MUST_BE_NUMBERS)
        if not all(type(item) is int and minimum <= item <= maximum for item in value):
            raise self.invalid(name, whole_number(minimum, maximum))
        return value

    def mapping(self, name: str) -> Mapping[str, Any]:
        """An object; empty when it is absent."""
        value = self._given.get(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or len(value) > LIST_MAXIMUM:
            raise self.invalid(name, MUST_BE_OBJECT)
        return value

    def choice(self, name: str, kind: type[Choice]) -> Choice | None:
        value = self._given.get(name)
        if value is None:
            return None
        for option in kind:
            if isinstance(value, str) and value == option.value:
                return option
        raise self.invalid(name, one_of([option.value for option in kind]))

    def moment(self, name: str) -> datetime | None:
        """An RFC 3339 moment; one without an offset is in UTC."""
        value = self._given.get(name)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(value) if isinstance(value, str) and len(value) <= 40 else None
            return found.astimezone(UTC) if found and found.tzinfo else found and found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            raise self.invalid(name, MUST_BE_MOMENT) from None

    def required_moment(self, name: str) -> datetime:
        value = self.moment(name)
        if value is None:
            raise self.invalid(name, REQUIRED if self._given.get(name) is None else MUST_BE_MOMENT)
        return value

    def first(self) -> int:
        """The size of a page."""
        found = self.whole("first", 1, PAGE_MAXIMUM)
        return PAGE_DEFAULT if found is None else found

    def after(self) -> str | None:
        """The cursor of the page before; an opaque word of ours."""
        value = self._given.get("after")
        if value is None:
            return None
        if not isinstance(value, str) or not value.isascii() or not value.isalnum() or len(value) > 64:
            raise self.invalid("after", MUST_BE_CURSOR)
        return value
