"""How a known word is written down, and how it is found again among the words of a text.

A table is a list of lines `says(field, value, en="…", sl="…")`; the phrases stand between commas. In a phrase `lake`
is that word alone, `lake+` the word with the ordinary endings of its language (plural; in Slovenian the cases), and
`lake*` whatever begins so. To teach Studio a word, add it to a line.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any


class Language(StrEnum):
    ENGLISH = "en"
    SLOVENIAN = "sl"


@dataclass(frozen=True, slots=True)
class Word:
    """One known phrase: what it sets (`field`) and to what."""

    phrase: str
    field: str
    value: Any
    language: Language

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.phrase.split())


ENDINGS = {
    Language.ENGLISH: frozenset({"", "s", "es"}),
    Language.SLOVENIAN: frozenset(
        {"", "a", "e", "i", "o", "u", "em", "om", "ev", "ov", "ih", "im", "ah", "am", "ami", "imi", "ama", "ema",
         "ega", "emu", "ima", "mi", "ma", "jo", "ju", "je", "ja"}
    ),
}  # fmt: skip


def says(field: str, value: Any, *, en: str = "", sl: str = "") -> list[Word]:
    """The words for one value, in both languages."""
    phrases = [(phrase, Language.ENGLISH) for phrase in en.split(",")]
    phrases += [(phrase, Language.SLOVENIAN) for phrase in sl.split(",")]
    return [
        Word(" ".join(re.sub(r"(?<=\d)(?=[a-z])", " ", phrase).split()), field, value, language)
        for phrase, language in phrases
        if phrase.strip()
    ]


def word_set(text: str) -> frozenset[str]:
    """The words of a text that is only a list of words."""
    return frozenset(text.split())


@lru_cache(maxsize=65536)
def fits(part: str, token: str, language: Language) -> bool:
    """Whether a word of a text is what one word of a phrase says."""
    if part.endswith("*"):
        return token.startswith(part[:-1])
    if part.endswith("+"):
        if language is Language.SLOVENIAN and part.endswith("n+") and token == f"{part[:-2]}en":
            return True  # "temačn+" is also "temačen"
        return token.startswith(part[:-1]) and token[len(part) - 1 :] in ENDINGS[language]
    return token == part


class Lexicon:
    """Known words, found by the longest and most exact phrase that fits."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._by_start: dict[tuple[Language, str], list[Word]] = defaultdict(list)
        for word in sorted(words, key=_exactness, reverse=True):
            self._by_start[word.language, word.parts[0].rstrip("*+")[:2]].append(word)

    def find(self, tokens: Sequence[str], place: int, language: Language, but_not: str = "") -> tuple[Word, int] | None:
        """The word of `language` that begins at `place`, and how many tokens it takes; none of the field `but_not`."""
        for word in self._by_start.get((language, tokens[place][:2]), ()):
            if word.field == but_not:
                continue
            parts = word.parts
            here = tokens[place : place + len(parts)]
            if len(here) == len(parts) and all(fits(p, t, language) for p, t in zip(parts, here, strict=True)):
                return word, len(parts)
        return None


def _exactness(word: Word) -> tuple[int, int, int]:
    """Longer phrases first; whole words before endings, endings before stems; long stems before short ones."""
    loose = sum(2 if part.endswith("*") else part.endswith("+") for part in word.parts)
    return len(word.parts), -loose, len(word.phrase)
