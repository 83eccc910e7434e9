"""What an account is: the tenant that owns keys, credits and generations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

LANGUAGES = ("en", "sl")


@dataclass(frozen=True, slots=True)
class Account:
    """A tenant. `limits` are overrides of its plan's, empty for most."""

    id: str
    name: str
    plan: str
    email: str | None
    language: str
    limits: Mapping[str, Any]
    created_at: datetime
    disabled_at: datetime | None = None

    @property
    def is_disabled(self) -> bool:
        return self.disabled_at is not None


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Accounts, newest first; `next_after` is the cursor of the page that follows, None at the end."""

    accounts: Sequence[Account]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class SigningSecrets:
    """What webhooks of an account are signed with; never in a log, so never in a repr.

    `previous` is still to be signed with until `previous_until`.
    """

    current: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)
    previous_until: datetime | None = None

    def active(self, now: datetime) -> tuple[str, ...]:
        """The secrets to sign with now, newest first."""
        if self.previous is None or self.previous_until is None or now >= self.previous_until:
            return (self.current,)
        return (self.current, self.previous)
