"""Validation of JSON bodies that speaks as the real service does: issue objects of Zod 4.

A check takes a value and its path and returns issues, none when the value is fine. A value that is not there is
`MISSING`. Objects report their fields in the schema's order, unknown keys last.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from doitong.standins.runway.model import Json

Path = tuple[str | int, ...]
Check = Callable[[Any, Path], list[Json]]


class _Missing:
    """The value of a key that is not there."""


MISSING: Final = _Missing()


_TYPE_NAMES: Final = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}


def type_name(value: Any) -> str:
    """As JavaScript's validators name a JSON value's type."""
    if value is MISSING:
        return "undefined"
    return "null" if value is None else _TYPE_NAMES[type(value)]


def wrong_type(expected: str, value: Any, path: Path) -> Json:
    message = f"Invalid input: expected {expected}, received {type_name(value)}"
    return {"expected": expected, "code": "invalid_type", "path": list(path), "message": message}


def custom(message: str, *path: str | int) -> Json:
    return {"code": "custom", "message": message, "path": list(path)}


def no_discriminator(name: str) -> Json:
    """No variant of a union has this value in its telling field."""
    return {
        "code": "invalid_union",
        "errors": [],
        "note": "No matching discriminator",
        "discriminator": name,
        "path": [name],
        "message": "Invalid input",
    }


def _bound(origin: str, is_low: bool, bound: int, path: Path) -> Json:
    what = {"string": "string to have {}{} characters", "array": "array to have {}{} items"}.get(
        origin, "number to be {}{}"
    )
    code, side, sign, word = ("too_small", "minimum", ">=", "small") if is_low else ("too_big", "maximum", "<=", "big")
    message = f"Too {word}: expected {what.format(sign, bound)}"
    return {"origin": origin, "code": code, side: bound, "inclusive": True, "path": list(path), "message": message}


def _within(origin: str, size: float, low: int, high: int, path: Path) -> list[Json]:
    if size < low:
        return [_bound(origin, True, low, path)]
    return [_bound(origin, False, high, path)] if size > high else []


def text(low: int, high: int) -> Check:
    """A string of `low` to `high` UTF-16 code units."""

    def check(value: Any, path: Path) -> list[Json]:
        if not isinstance(value, str):
            return [wrong_type("string", value, path)]
        units = len(value) if value.isascii() else len(value.encode("utf-16-le", "surrogatepass")) // 2
        return _within("string", units, low, high, path)

    return check


def matching(low: int, high: int, *patterns: str) -> Check:
    """A string of `low` to `high` code units that begins as one of the patterns says; the first one is shown."""
    compiled = [re.compile(pattern) for pattern in patterns]

    def check(value: Any, path: Path) -> list[Json]:
        issues = text(low, high)(value, path)
        if issues or any(pattern.match(value) for pattern in compiled):
            return issues
        return [
            {
                "origin": "string",
                "code": "invalid_format",
                "format": "regex",
                "pattern": f"/{patterns[0]}/",
                "path": list(path),
                "message": f"Invalid string: must match pattern /{patterns[0]}/",
            }
        ]

    return check


def whole(low: int, high: int) -> Check:
    """An integer; JSON's `5.0` is one too, as in JavaScript."""

    def check(value: Any, path: Path) -> list[Json]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return [wrong_type("number", value, path)]
        if value != int(value):
            return [{**wrong_type("int", value, path), "format": "safeint"}]
        return _within("number", value, low, high, path)

    return check


def option(*values: str | int) -> Check:
    """One of these values."""

    def check(value: Any, path: Path) -> list[Json]:
        if not isinstance(value, bool | list | dict) and value in values:
            return []
        shown = "|".join(f'"{item}"' if isinstance(item, str) else str(item) for item in values)
        message = f"Invalid option: expected one of {shown}" if len(values) > 1 else f"Invalid input: expected {shown}"
        return [{"code": "invalid_value", "values": list(values), "path": list(path), "message": message}]

    return check


def flag() -> Check:
    def check(value: Any, path: Path) -> list[Json]:
        return [] if isinstance(value, bool) else [wrong_type("boolean", value, path)]

    return check


def items(check_item: Check, low: int, high: int) -> Check:
    """An array of `low` to `high` items."""

    def check(value: Any, path: Path) -> list[Json]:
        if not isinstance(value, list):
            return [wrong_type("array", value, path)]
        issues = _within("array", len(value), low, high, path)
        return issues + [issue for number, item in enumerate(value) for issue in check_item(item, (*path, number))]

    return check


def either(*checks: Check) -> Check:
    """Fine when one of the checks is; else a union's issue with what each said."""

    def check(value: Any, path: Path) -> list[Json]:
        said = [one(value, ()) for one in checks]
        if not all(said):
            return []
        return [{"code": "invalid_union", "errors": said, "path": list(path), "message": "Invalid input"}]

    return check


@dataclass(frozen=True, slots=True)
class Field:
    check: Check
    is_required: bool = True


def optional(check: Check) -> Field:
    return Field(check, is_required=False)


def record(fields: Mapping[str, Field], *, is_strict: bool = True) -> Check:
    """An object with these fields, and no others when it is strict."""

    def check(value: Any, path: Path) -> list[Json]:
        if not isinstance(value, dict):
            return [wrong_type("object", value, path)]
        issues: list[Json] = []
        for name, field in fields.items():
            given = value.get(name, MISSING)
            if given is not MISSING or field.is_required:
                issues += field.check(given, (*path, name))
        unknown = [name for name in value if name not in fields]
        return issues + ([_unknown_keys(unknown, path)] if unknown and is_strict else [])

    return check


def _unknown_keys(names: list[str], path: Path) -> Json:
    shown = ", ".join(f'"{name}"' for name in names)
    message = f"Unrecognized key{'s' if len(names) > 1 else ''}: {shown}"
    return {"code": "unrecognized_keys", "keys": names, "path": list(path), "message": message}
