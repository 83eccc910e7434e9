"""What the audit log says: who did what to which thing, and when. It never holds a secret."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ActorKind(StrEnum):
    """In which way somebody acted."""

    MEMBER = "member"  # a person in the dashboard
    KEY = "key"  # a program with an API key
    COMMAND = "command"  # whoever has a shell where the service runs
    SYSTEM = "system"  # the service itself


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `id` is a member's id or a key's prefix; `name` is what people call it: an address, a key's name."""

    kind: ActorKind
    id: str | None = None
    name: str = ""

    @property
    def word(self) -> str:
        """Who, in one word: what a transfer of credits notes."""
        return self.id or self.name or self.kind.value


SYSTEM = Actor(ActorKind.SYSTEM)
COMMAND = Actor(ActorKind.COMMAND, None, "operator")


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `action` is noun.verb; `account_id` is None for what concerns the whole installation."""

    id: str
    account_id: str | None
    actor: Actor
    action: str
    subject: str | None
    created_at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries to list; None does not narrow."""

    actor: str | None = None  # an id, a key's prefix, or the beginning of a name
    action: str | None = None  # one action as `key.create`, or a noun as `key` for all of its verbs
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries, newest first; `next_before` is the cursor of the page that follows, None at the end."""

    entries: Sequence[Entry]
    next_before: str | None
