"""What refusals say: sentences in English and Slovenian, what is allowed for a parameter, a row of the registry."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """A public sentence in both languages; `{name}` is filled from the error's details."""

    en: str
    sl: str

    def fill(self, language: str, details: Mapping[str, Any]) -> str:
        template = self.sl if language == "sl" else self.en
        return template.format_map(_Details(details, language))


class _Details(dict[str, Any]):
    """Details as they read in a sentence: lists with commas, nested texts in the same language."""

    def __init__(self, details: Mapping[str, Any], language: str) -> None:
        super().__init__(details)
        self._language = language

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if isinstance(value, Rule):
            return value.sentence(self._language)
        if isinstance(value, list | tuple):
            return ", ".join(str(item) for item in value)
        return value

    def __missing__(self, key: str) -> str:
        return "…"


@dataclass(frozen=True, slots=True)
class ErrorSpec:
    """One row of the registry. `advice` is what the reference page tells a developer to do."""

    code: str
    status: int
    message: Text
    advice: Text


@dataclass(frozen=True, slots=True)
class Rule:
    """What is allowed for a parameter, as a sentence in both languages and as data for programs."""

    text: Text
    values: Mapping[str, Any]

    def sentence(self, language: str) -> str:
        return self.text.fill(language, self.values)


def one_of(values: list[str]) -> Rule:
    return Rule(Text("must be one of: {values}", "mora biti ena od vrednosti: {values}"), {"values": values})


def whole_number(minimum: int, maximum: int) -> Rule:
    return Rule(
        Text(
            "must be a whole number from {minimum} to {maximum}",
            "mora biti celo število od {minimum} do {maximum}",
        ),
        {"minimum": minimum, "maximum": maximum},
    )


def number(minimum: float, maximum: float) -> Rule:
    return Rule(
        Text("must be a number from {minimum} to {maximum}", "mora biti število od {minimum} do {maximum}"),
        {"minimum": minimum, "maximum": maximum},
    )


def text_length(minimum: int, maximum: int) -> Rule:
    return Rule(
        Text(
            "must be text of {minimum} to {maximum} characters",
            "mora biti besedilo z {minimum} do {maximum} znaki",
        ),
        {"minimum": minimum, "maximum": maximum},
    )


REQUIRED = Rule(Text("is required", "je obvezen"), {})
NOT_KNOWN = Rule(Text("is not a parameter of this request", "ni parameter te zahteve"), {})
NO_CONTROL_CHARACTERS = Rule(Text("must not contain control characters", "ne sme vsebovati krmilnih znakov"), {})
MUST_BE_TEXT = Rule(Text("must be a string", "mora biti niz"), {})
MUST_BE_OBJECT = Rule(Text("must be an object", "mora biti objekt"), {})
MUST_BE_BOOLEAN = Rule(Text("must be true or false", "mora biti true ali false"), {})
MUST_BE_HTTP_URL = Rule(
    Text(
        "must be an http:// or https:// URL of at most 2048 characters, without a user name or password",
        "mora biti naslov URL http:// ali https:// z največ 2048 znaki, brez uporabniškega imena ali gesla",
    ),
    {"maximum": 2048},
)


def rule(en: str, sl: str, **values: Any) -> Rule:
    """A rule that only one parameter has."""
    return Rule(Text(en, sl), values)
