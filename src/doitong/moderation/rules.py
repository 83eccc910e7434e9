"""A list of words as a screen for prompts. Pure."""

import re
import unicodedata
from collections.abc import Iterable

PHRASE_CHARACTERS_MAXIMUM = 200
PHRASES_MAXIMUM = 100_000


def read_phrases(text: str) -> tuple[str, ...]:
    """One phrase a line; empty lines and those that begin with `#` say nothing. Raises ValueError."""
    lines = (line.strip() for line in text.splitlines())
    phrases = tuple(fold(line) for line in lines if line and not line.startswith("#"))
    if len(phrases) > PHRASES_MAXIMUM or any(len(phrase) > PHRASE_CHARACTERS_MAXIMUM for phrase in phrases):
        raise ValueError(f"a word list has at most {PHRASES_MAXIMUM} phrases of {PHRASE_CHARACTERS_MAXIMUM} characters")
    return phrases


def fold(text: str) -> str:
    """Text as it is compared: compatibility forms, case and marks on letters do not count, spaces are single."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in decomposed if not unicodedata.combining(letter)).split())


def to_pattern(phrases: Iterable[str]) -> re.Pattern[str] | None:
    """Finds any of the phrases as whole words; `*` at the end of a phrase stands for any ending."""
    parts = [
        re.escape(phrase.removesuffix("*")) + (r"\w*" if phrase.endswith("*") else "")
        for phrase in sorted(phrases, key=len, reverse=True)
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)") if parts else None
