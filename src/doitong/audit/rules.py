"""Pure decisions about the audit log: what an action is called, and how long a page is."""

import re

from doitong.core.errors import InvalidParameter, whole_number

PAGE_MAX = 100
EXPORT_MAX = 10_000  # rows of one CSV file
_ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def check_action(action: str) -> None:
    """A caller's mistake, not a customer's: raises ValueError for what is no noun.verb."""
    if not _ACTION.fullmatch(action):
        raise ValueError(f"an action is called noun.verb, not {action!r}")


def check_page(first: int, maximum: int = PAGE_MAX) -> None:
    """Raises InvalidParameter when a page is too large or too small."""
    if not 1 <= first <= maximum:
        raise InvalidParameter("first", whole_number(1, maximum))
