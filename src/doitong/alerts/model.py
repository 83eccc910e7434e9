"""What an alert is: a threshold below which an account wants to be told."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """Told once when fewer than `threshold` credits are available; `fired_at` until there are as many again."""

    threshold: int
    created_at: datetime
    fired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert that this transaction fires, with what the account had."""

    account_id: str
    account_name: str
    threshold: int
    available: int
    held: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """An owner who is told by mail."""

    email: str
    language: str
