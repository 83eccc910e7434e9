"""The form of an API key, and pure decisions about keys.

    dk_live_<8 characters of 0-9a-z>_<43 of base 62: 256 random bits><6 of base 62: CRC-32 of all before>

`dk_live_` and the eight characters are the key's prefix: public, unique, shown in lists and logs. CRC-32
(ISO 3309, as zlib computes it) finds every error confined to 32 consecutive bits, so every single wrong
character and every swap of neighbours in what it covers; a change in the checksum itself changes the number
that it stands for. Which key is right is decided by an HMAC, never by the checksum.
"""

import hmac
import re
import zlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from doitong.core.errors import (
    NO_CONTROL_CHARACTERS,
    DoitongError,
    InvalidParameter,
    one_of,
    rule,
    text_length,
    whole_number,
)
from doitong.core.ids import RandomBits
from doitong.keys.model import ALL_SCOPES, CUSTOMER_SCOPES, ApiKey

LIVE = "dk_live_"
PREFIX_CHARACTERS = 8
SECRET_CHARACTERS = 43
CHECKSUM_CHARACTERS = 6
KEY_LENGTH = len(LIVE) + PREFIX_CHARACTERS + 1 + SECRET_CHARACTERS + CHECKSUM_CHARACTERS
PREFIX_LENGTH = len(LIVE) + PREFIX_CHARACTERS

NAME_MAX = 100
PAGE_MAX = 100
OVERLAP_MAX = timedelta(days=30)
BUDGET_MAX = 1_000_000_000

FUTURE = rule("must be in the future", "mora biti v prihodnosti")
OVERLAP_RULE = rule(
    "must be from 0 to {maximum} seconds",
    "mora biti od 0 do {maximum} sekund",
    maximum=int(OVERLAP_MAX.total_seconds()),
)

_BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(f"{LIVE}[0-9a-z]{{{PREFIX_CHARACTERS}}}_[0-9A-Za-z]{{{SECRET_CHARACTERS + CHECKSUM_CHARACTERS}}}")


def make_secret(random_bits: RandomBits) -> str:
    """A new key in full, of 256 random bits and a random prefix."""
    prefix = _write(random_bits(64), _BASE_36, PREFIX_CHARACTERS)
    body = f"{LIVE}{prefix}_{_write(random_bits(256), _BASE_62, SECRET_CHARACTERS)}"
    return body + checksum(body)


def checksum(body: str) -> str:
    """The last six characters of a key whose other characters are `body`."""
    return _write(zlib.crc32(body.encode()), _BASE_62, CHECKSUM_CHARACTERS)


def parse_prefix(presented: str) -> str | None:
    """The public prefix of a well-formed key; None for anything else, a mistyped key included."""
    if len(presented) != KEY_LENGTH or not _FORM.fullmatch(presented):
        return None
    body, end = presented[:-CHECKSUM_CHARACTERS], presented[-CHECKSUM_CHARACTERS:]
    return presented[:PREFIX_LENGTH] if checksum(body) == end else None


def digest(secret_key: bytes, presented: str) -> bytes:
    """What is stored of a key: HMAC-SHA256 under the installation's secret."""
    return hmac.new(secret_key, presented.encode(), sha256).digest()


def check_name(name: str) -> None:
    """Raises InvalidParameter."""
    if not 1 <= len(name.strip()) <= NAME_MAX or len(name) > NAME_MAX:
        raise InvalidParameter("name", text_length(1, NAME_MAX))
    if not name.isprintable():
        raise InvalidParameter("name", NO_CONTROL_CHARACTERS)


def choose_scopes(wanted: Iterable[str] | None, granter: frozenset[str] | None) -> frozenset[str]:
    """The scopes of a new key: those wanted, or a customer's that the one who makes it has.

    The operator's scope is never given unless it is named.
    `granter` are the scopes of the key that makes this one, None for an operator. Nobody gives what they do
    not have: raises FORBIDDEN. Raises InvalidParameter for an unknown scope or none at all.
    """
    usual = CUSTOMER_SCOPES if granter is None else CUSTOMER_SCOPES & granter
    chosen = usual if wanted is None else frozenset(wanted)
    if not chosen or not chosen <= ALL_SCOPES:
        raise InvalidParameter("scopes", one_of(sorted(ALL_SCOPES)))
    check_grantable(chosen, granter)
    return chosen


def check_grantable(scopes: frozenset[str], granter: frozenset[str] | None) -> None:
    """Raises FORBIDDEN when `scopes` hold more than `granter`."""
    if granter is not None and (missing := scopes - granter):
        raise DoitongError("FORBIDDEN", scope=min(missing))


def check_expiry(expires_at: datetime | None, now: datetime) -> None:
    """Raises InvalidParameter for an expiry that has passed."""
    if expires_at is not None and expires_at <= now:
        raise InvalidParameter("expiresAt", FUTURE)


def check_page(first: int) -> None:
    """Raises InvalidParameter when a page is too large or too small."""
    if not 1 <= first <= PAGE_MAX:
        raise InvalidParameter("first", whole_number(1, PAGE_MAX))


def check_overlap(overlap: timedelta) -> None:
    """Raises InvalidParameter."""
    if not timedelta(0) <= overlap <= OVERLAP_MAX:
        raise InvalidParameter("overlap", OVERLAP_RULE)


def check_budget(budget: int | None) -> None:
    """Raises InvalidParameter for a monthly budget that is none; None is without one."""
    if budget is not None and not 1 <= budget <= BUDGET_MAX:
        raise InvalidParameter("monthlyBudget", whole_number(1, BUDGET_MAX))


def month_of(moment: datetime) -> date:
    """The first day of a moment's month (UTC): what a budget is counted by."""
    return moment.astimezone(UTC).date().replace(day=1)


def next_month(moment: datetime) -> datetime:
    """When the month of a moment ends, and budgets begin anew."""
    first = month_of(moment)
    year, month = (first.year + 1, 1) if first.month == 12 else (first.year, first.month + 1)
    return datetime(year, month, 1, tzinfo=UTC)


def successor_expiry(key: ApiKey, now: datetime) -> datetime | None:
    """When a key that replaces `key` expires: it lives as long as `key` was meant to. Raises CONFLICT."""
    if not key.is_active(now):
        raise DoitongError("CONFLICT", reason="the key is revoked or expired")
    return None if key.expires_at is None else now + (key.expires_at - key.created_at)


def overlap_end(key: ApiKey, now: datetime, overlap: timedelta) -> datetime:
    """When a key that was replaced stops working: after the overlap, or earlier where it would anyway."""
    end = now + overlap
    return end if key.expires_at is None else min(end, key.expires_at)


def _write(number: int, alphabet: str, length: int) -> str:
    """The lowest `length` digits of a number in an alphabet's base."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        digits.append(alphabet[digit])
    return "".join(reversed(digits))
