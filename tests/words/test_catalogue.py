"""Guarantee: everything that people read has a Slovenian form, in one catalogue, with every value and plural in it."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract  # noqa: F401 - what the method "jinja2" of extract needs

from doitong.words.catalogue import files, slovenian_plural, words

SOURCE = Path(__file__).parents[2] / "src" / "doitong"
KEYWORDS = {"_": None, "N_": None, "say": None, "say_many": (1, 2), "ngettext": (1, 2)}
PLACES = re.compile(r"{(\w+)}")
MessageId = str | tuple[str, ...]


@cache
def messages() -> dict[MessageId, str]:
    """Every message that code or a template shows, with one place where it stands."""
    found: dict[MessageId, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        if "doitong.words" not in path.read_text() and "dashboard" not in path.parts:
            continue
        found |= {message: str(path.relative_to(SOURCE)) for message in _extracted("python", path)}
    for folder in ("doors/dashboard/templates", "mail/templates"):
        for path in sorted((SOURCE / folder).rglob("*.*")):
            found |= {message: str(path.relative_to(SOURCE)) for message in _extracted("jinja2", path)}
    return found


def _extracted(method: str, path: Path) -> Iterator[MessageId]:
    options = {"trimmed": "true", "silent": "false", "encoding": "utf-8"} if method == "jinja2" else {}
    with path.open("rb") as file:
        for _, message, _, _ in extract(method, file, KEYWORDS, options=options):
            yield tuple(message) if isinstance(message, list | tuple) else message


@cache
def translations() -> dict[MessageId, tuple[MessageId, str]]:
    """Every translation, with the file that it stands in; none stands in two."""
    found: dict[MessageId, tuple[MessageId, str]] = {}
    for path in files("sl"):
        with path.open("rb") as file:
            for message in read_po(file, locale="sl"):
                if not message.id:
                    continue
                key = tuple(message.id) if isinstance(message.id, list | tuple) else message.id
                assert key not in found, f"{key!r} stands in {path.name} and in {found[key][1]}"
                text = tuple(message.string) if isinstance(message.string, list | tuple) else message.string
                found[key] = (text, path.name)
    return found


def test_every_message_is_translated() -> None:
    known = translations()
    missing = {message: place for message, place in messages().items() if message not in known}
    assert missing == {}
    assert [key for key, (text, _) in known.items() if not text or not all(text)] == []


def test_no_translation_is_of_a_message_that_is_gone() -> None:
    assert [(key, name) for key, (_, name) in translations().items() if key not in messages()] == []


def test_a_translation_has_the_places_of_its_message() -> None:
    for key, (text, name) in translations().items():
        wanted = set(PLACES.findall("".join(key)))
        for form in (text,) if isinstance(text, str) else text:
            places = set(PLACES.findall(form))
            # one and two things may be said in words
            assert places == wanted or places == wanted - {"count"}, f"{name}: {form!r} for {key!r}"


@pytest.mark.parametrize(("count", "form"), [(1, 0), (101, 0), (2, 1), (3, 2), (4, 2), (0, 3), (5, 3), (11, 3)])
def test_slovenian_counts_as_slovenian_does(count: int, form: int) -> None:
    assert slovenian_plural(count) == form


def test_numbers_and_an_unknown_language() -> None:
    assert words("sl").number(1234567) == "1.234.567"
    assert words("en").number(1234567) == "1,234,567"
    assert words("de").language == "en"


@pytest.mark.parametrize(
    ("amount", "currency", "english", "slovenian"),
    [
        ("1234.50", "eur", "1,234.50 EUR", "1.234,50 EUR"),
        ("10.00", "usd", "10.00 USD", "10,00 USD"),
        ("500", "jpy", "500 JPY", "500 JPY"),
    ],
)
def test_money_is_written_as_each_language_does(amount: str, currency: str, english: str, slovenian: str) -> None:
    assert words("en").amount(Decimal(amount), currency) == english
    assert words("sl").amount(Decimal(amount), currency) == slovenian
