"""Identifiers: sortable by time of birth, and too random to guess.

A file's public address holds nothing but a generation's id, so the 80 random bits are what keeps it private.
The layout is that of a ULID (48 bits of milliseconds, 80 random bits, Crockford's base 32), in lower case.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_LENGTH = 26
AFTER_EVERY_ID = "z" * (ID_LENGTH + 1)  # the cursor of a first page, newest first

RandomBits = Callable[[int], int]


def new_id(now: datetime, random_bits: RandomBits = secrets.randbits) -> str:
    """A new identifier of 26 characters; ids made in a later millisecond sort after earlier ones."""
    return _spell((int(now.timestamp() * 1000) << 80) | random_bits(80))


def lowest_id(moment: datetime) -> str:
    """What sorts before every id that is made in this millisecond or later, and after every earlier one."""
    return _spell(max(0, int(moment.timestamp() * 1000)) << 80)


def born_at(object_id: str) -> datetime:
    """The millisecond in which an id was made."""
    number = 0
    for character in object_id:
        number = number << 5 | _ALPHABET.index(character)
    return datetime.fromtimestamp((number >> 80) / 1000, UTC)


def _spell(number: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def is_id(text: str) -> bool:
    """Whether `text` has the shape of an identifier of ours."""
    return len(text) == ID_LENGTH and all(character in _ALPHABET for character in text)
