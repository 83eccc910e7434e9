"""Errors that a customer can see: each has a code of the registry.

Every such failure is a `DoitongError` with a code of `REGISTRY`. Doors map it once; the reference page of each code is
made from the same rows.
"""

from typing import Any

from doitong.core.registry import REGISTRY
from doitong.core.texts import (
    MUST_BE_BOOLEAN,
    MUST_BE_HTTP_URL,
    MUST_BE_OBJECT,
    MUST_BE_TEXT,
    NO_CONTROL_CHARACTERS,
    NOT_KNOWN,
    REQUIRED,
    ErrorSpec,
    Rule,
    Text,
    number,
    one_of,
    rule,
    text_length,
    whole_number,
)

__all__ = [
    "MUST_BE_BOOLEAN",
    "MUST_BE_HTTP_URL",
    "MUST_BE_OBJECT",
    "MUST_BE_TEXT",
    "NOT_KNOWN",
    "NO_CONTROL_CHARACTERS",
    "REGISTRY",
    "REQUIRED",
    "CreditsInsufficient",
    "DoitongError",
    "ErrorSpec",
    "InvalidParameter",
    "NotFound",
    "Rule",
    "Text",
    "number",
    "one_of",
    "rule",
    "text_length",
    "whole_number",
]


class DoitongError(Exception):
    """A failure with a public code. `details` become the answer's `extensions` beside `code`."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.spec = REGISTRY[code]
        self.details = details

    @property
    def code(self) -> str:
        return self.spec.code

    @property
    def status(self) -> int:
        return self.spec.status

    def message(self, language: str = "en") -> str:
        """The public sentence in `en` or `sl`; never holds internals."""
        return self.spec.message.fill(language, self.details)

    def extensions(self) -> dict[str, Any]:
        """`code` and the details, as JSON values."""
        shown: dict[str, Any] = {"code": self.code}
        for name, value in self.details.items():
            if isinstance(value, Rule):
                shown[name] = dict(value.values) | {"rule": value.sentence("en")}
            else:
                shown[name] = value
        return shown

    def to_body(self, language: str = "en") -> dict[str, Any]:
        """The documented error body."""
        return {"errors": [{"message": self.message(language), "extensions": self.extensions()}]}


class InvalidParameter(DoitongError):
    """A value outside what is allowed: names the parameter and the rule."""

    def __init__(self, parameter: str, allowed: Rule) -> None:
        super().__init__("INVALID_PARAMETER", parameter=parameter, allowed=allowed)


class CreditsInsufficient(DoitongError):
    def __init__(self, required: int, available: int) -> None:
        super().__init__("INSUFFICIENT_CREDITS", creditsRequired=required, creditsAvailable=available)


class NotFound(DoitongError):
    """Unknown, or another account's: the answer is the same to the byte."""

    def __init__(self) -> None:
        super().__init__("NOT_FOUND")
