"""The catalogues: English is what stands in code and templates, `sl/*.po` is its Slovenian.

One file a section, all read together at the first use; no compiled files, no build step. A message that has no
translation is shown in English, and `tests/words/test_catalogue.py` finds it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

LANGUAGES = ("en", "sl")
NAMES = {"en": "English", "sl": "Slovenščina"}
_HERE = Path(__file__).parent
_LOCALES = {"en": "en_GB", "sl": "sl_SI"}
_GROUP_SIGNS = {"en": ",", "sl": "."}


def N_(message: str) -> str:
    """Marks a message that stands in a table and is translated where it is shown."""
    return message


class Words:
    """One language. `say` translates; `say_many` chooses among the language's plurals (Slovenian has four)."""

    def __init__(self, language: str, messages: Mapping[str, str | tuple[str, ...]]) -> None:
        self.language = language
        self._messages = messages

    def say(self, message: str, /, **values: Any) -> str:
        """The message in this language, `{name}` filled in."""
        found = self._messages.get(message)
        text = found if isinstance(found, str) and found else message
        return text.format(**values) if values else text

    def say_many(self, one: str, many: str, count: int, /, **values: Any) -> str:
        """The message for `count` things; `{count}` is filled in as this language writes numbers."""
        found = self._messages.get(one)
        if isinstance(found, tuple) and all(found):
            text = found[slovenian_plural(count)]
        else:
            text = one if count == 1 else many
        return text.format(count=self.number(count), **values)

    def number(self, value: float) -> str:
        if isinstance(value, int):  # a page of charts holds hundreds of them
            return f"{value:,}".replace(",", _GROUP_SIGNS[self.language]).replace("-", "−")
        return str(format_decimal(value, locale=_LOCALES[self.language]))

    def percent(self, value: float) -> str:
        return str(format_percent(value, locale=_LOCALES[self.language]))

    def amount(self, amount: Decimal, currency: str) -> str:
        """Money with its ISO 4217 code."""
        digits = -int(amount.as_tuple().exponent)
        pattern = "#,##0" + ("." + digits * "0" if digits > 0 else "")
        return f"{format_decimal(amount, pattern, locale=_LOCALES[self.language])} {currency.upper()}"

    def day(self, day: date) -> str:
        return _day(day, self.language)

    def moment(self, moment: datetime) -> str:
        """In UTC, to the minute; a page's script writes it again in the reader's own zone."""
        return str(format_datetime(moment.astimezone(UTC), format="d. MMM y, HH:mm", locale=_LOCALES[self.language]))

    def ago(self, moment: datetime, now: datetime) -> str:
        return str(format_timedelta(moment - now, add_direction=True, locale=_LOCALES[self.language]))


@lru_cache(maxsize=2048)
def _day(day: date, language: str) -> str:
    return str(format_date(day, format="medium", locale=_LOCALES[language]))


def files(language: str) -> list[Path]:
    """The catalogues of a language, by name."""
    return sorted((_HERE / language).glob("*.po"))


@cache
def words(language: str) -> Words:
    """The words of a language; English for one that we do not speak."""
    messages: dict[str, str | tuple[str, ...]] = {}
    if language == "sl":
        for path in files(language):
            with path.open("rb") as file:
                messages |= {_key(message.id): _text(message.string) for message in read_po(file, locale=language)}
    return Words(language if language in LANGUAGES else "en", messages)


def _key(message_id: str | Sequence[str]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def _text(translation: str | Sequence[str] | None) -> str | tuple[str, ...]:
    return translation if isinstance(translation, str) else tuple(translation or ())


def slovenian_plural(count: int) -> int:
    """gettext's order for Slovenian: 1, 2, 3 and 4, the rest, each of the last two digits."""
    return {1: 0, 2: 1, 3: 2, 4: 2}.get(abs(count) % 100, 3)
