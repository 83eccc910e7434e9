"""The words of the ledger: kinds of transfers, states of holds, balances, and what a verification finds.

A ledger account is a name: `available:<account id>` and `held:<account id>` belong to a customer, `issued` is
where credits come from and `revenue` where they end. A transfer moves one amount between two of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ISSUED = "issued"
REVENUE = "revenue"


def available_of(account_id: str) -> str:
    """The ledger account of credits that an account may spend."""
    return f"available:{account_id}"


def held_of(account_id: str) -> str:
    """The ledger account of credits that open holds reserve."""
    return f"held:{account_id}"


class TransferKind(StrEnum):
    """Why credits moved, and from where to where."""

    GRANT = "grant"  # issued → available
    HOLD = "hold"  # available → held
    CAPTURE = "capture"  # held → revenue
    RELEASE = "release"  # held → available
    EXPIRE = "expire"  # held → available, because nobody resolved the hold in time
    REFUND = "refund"  # revenue → available
    ADJUSTMENT = "adjustment"  # issued ↔ available, by an operator with a reason


class HoldState(StrEnum):
    """A hold is open, then resolved exactly once."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Balance:
    """Credits of an account: what may be spent, and what open holds reserve."""

    available: int
    held: int

    @property
    def posted(self) -> int:
        """What the account owns, held or not."""
        return self.available + self.held


@dataclass(frozen=True, slots=True)
class HoldOrder:
    """Reserve `amount` credits of an account for a generation."""

    generation_id: str
    account_id: str
    amount: int


@dataclass(frozen=True, slots=True)
class Resolution:
    """End a generation's hold: charge `capture` credits and give the rest back."""

    generation_id: str
    capture: int
    outcome: HoldState


@dataclass(frozen=True, slots=True)
class Hold:
    """What a generation reserves or has been charged; `refunded` ≤ `captured` ≤ `amount`."""

    generation_id: str
    account_id: str
    amount: int
    captured: int
    refunded: int
    state: HoldState


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One transfer as the customer sees it.

    `amount` is the change of the available credits; for a capture, which takes what was held before, it is
    the change of the held ones.
    """

    id: int
    kind: TransferKind
    amount: int
    available_after: int
    held_after: int
    created_at: datetime
    generation_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Lines, newest first; `next_after` is the cursor of the page that follows, None at the end."""

    lines: Sequence[StatementLine]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the ledger disagrees with itself: which check, about what, and both values."""

    check: str
    subject: str
    expected: str
    found: str
