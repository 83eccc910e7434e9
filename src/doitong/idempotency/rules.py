"""What a key may be, and when two requests are the same.

Stripe's semantics and the IETF draft `Idempotency-Key`: the key is the client's, the fingerprint is of what
was asked (not of how the JSON was spelled), an answer is kept for 24 hours.
"""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from doitong.core.errors import InvalidParameter, rule

KEY_MAX_CHARACTERS = 255
KEPT_FOR = timedelta(hours=24)
_ALLOWED = rule(
    "must be 1 to {maximum} printable ASCII characters",
    "mora imeti od 1 do {maximum} natisljivih znakov ASCII",
    maximum=KEY_MAX_CHARACTERS,
)


def parse_key(header: str | None) -> str | None:
    """The key of an `Idempotency-Key` header; bare `abc` and the structured string `"abc"` are one key."""
    if header is None:
        return None
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if not 1 <= len(key) <= KEY_MAX_CHARACTERS or not all(" " <= character <= "~" for character in key):
        raise InvalidParameter("Idempotency-Key", _ALLOWED)
    return key


def fingerprint(request: Mapping[str, Any]) -> bytes:
    """SHA-256 of the canonical form of what was asked."""
    return hashlib.sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).digest()
