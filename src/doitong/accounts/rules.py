"""Pure decisions about accounts: valid names, plans, limits, languages, and the form of a signing secret."""

import base64
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from doitong.accounts.model import LANGUAGES
from doitong.core.errors import (
    NO_CONTROL_CHARACTERS,
    InvalidParameter,
    one_of,
    rule,
    text_length,
    whole_number,
)
from doitong.plans.model import OVERRIDABLE, PLANS

NAME_MAX = 200
EMAIL_MAX = 254
LIMIT_MAX = 10_000_000
PAGE_MAX = 100
SIGNING_SECRET_BYTES = 32
SECRET_OVERLAP = timedelta(hours=24)
UNLIMITED = ("generations_per_day",)

EMAIL_RULE = rule("must be an e-mail address", "mora biti e-poštni naslov")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def check_account(name: str, plan: str, email: str | None, language: str, limits: Mapping[str, Any]) -> None:
    """Raises InvalidParameter for the first value that an account cannot have."""
    if not 1 <= len(name.strip()) <= NAME_MAX or len(name) > NAME_MAX:
        raise InvalidParameter("name", text_length(1, NAME_MAX))
    if not name.isprintable():
        raise InvalidParameter("name", NO_CONTROL_CHARACTERS)
    if email is not None and (len(email) > EMAIL_MAX or not _EMAIL.fullmatch(email)):
        raise InvalidParameter("email", EMAIL_RULE)
    if language not in LANGUAGES:
        raise InvalidParameter("language", one_of(list(LANGUAGES)))
    check_plan(plan, limits)


def check_plan(plan: str, limits: Mapping[str, Any]) -> None:
    """Raises InvalidParameter for an unknown plan, an unknown limit or a limit that is no whole number."""
    if plan not in PLANS:
        raise InvalidParameter("plan", one_of(list(PLANS)))
    for name, value in limits.items():
        if name not in OVERRIDABLE:
            raise InvalidParameter("limits", one_of(list(OVERRIDABLE)))
        if value is None and name in UNLIMITED:
            continue
        if type(value) is not int or not 1 <= value <= LIMIT_MAX:
            raise InvalidParameter(f"limits.{name}", whole_number(1, LIMIT_MAX))


def check_page(first: int) -> None:
    """Raises InvalidParameter when a page is too large or too small."""
    if not 1 <= first <= PAGE_MAX:
        raise InvalidParameter("first", whole_number(1, PAGE_MAX))


def signing_secret(random: bytes) -> str:
    """A secret in the form of Standard Webhooks: `whsec_` and base64 of 32 random bytes."""
    if len(random) != SIGNING_SECRET_BYTES:
        raise ValueError(f"a signing secret is made of {SIGNING_SECRET_BYTES} bytes")
    return "whsec_" + base64.b64encode(random).decode()
