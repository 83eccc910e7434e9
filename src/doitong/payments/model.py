"""The words of payments: a pack is what is for sale, a payment is one checkout of one pack."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PaymentState(StrEnum):
    OPEN = "open"
    PAID = "paid"  # its credits were granted
    EXPIRED = "expired"  # nothing was paid
    MISMATCHED = "mismatched"  # money came that is not this payment's: it waits for the operator's word
    LEFT = "left"  # the same, and the operator granted nothing for it


class Word(StrEnum):
    """What the operator says about a payment that waits for it."""

    GRANT = "grant"  # what was mismatched is paid after all
    TAKE = "take"  # take what is owed from what is available by now
    LEAVE = "leave"  # grant nothing; what is owed is let go


@dataclass(frozen=True, slots=True)
class Pack:
    """Credits and their price, in the currency's smallest unit."""

    credits: int
    amount_minor: int
    currency: str  # ISO 4217, in lower case as Stripe writes it


@dataclass(frozen=True, slots=True)
class Payment:
    """A row. `checkout_id` is Stripe's, None until its answer; amounts are in the currency's smallest unit."""

    id: str
    checkout_id: str | None
    account_id: str
    member_id: str | None
    credits: int
    amount_minor: int
    currency: str
    state: PaymentState
    created_at: datetime
    ended_at: datetime | None = None
    payment_intent: str | None = None  # Stripe's, by which refunds and disputes name it
    paid_minor: int | None = None  # what came
    paid_currency: str | None = None
    refunded_minor: int = 0  # of it, what Stripe sent back
    taken: int = 0  # credits that were taken back for refunds and disputes
    owed: int = 0  # credits to take back that were spent already
    waived: int = 0  # credits to take back that the operator let go


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What is to stand in a payment after money went back."""

    taken: int
    owed: int
    waived: int


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment as the operator sees it."""

    payment: Payment
    account_name: str


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """Newest first; `next_before` is the cursor of the page that follows, None at the end."""

    rows: Sequence[PaymentRow]
    next_before: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many payments wait for the operator's word, and why."""

    mismatched: int
    owed: int


@dataclass(frozen=True, slots=True)
class Checkout:
    """What Stripe says of a checkout session."""

    id: str
    reference: str | None  # our payment's id
    is_paid: bool
    is_expired: bool
    amount_minor: int | None
    currency: str | None
    url: str | None = None
    payment_intent: str | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """What Stripe sent back of a charge, all of it so far."""

    payment_intent: str
    reference: str | None  # our payment's id
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class Dispute:
    """What a customer's bank took back, and of it what it returned."""

    id: str
    payment_intent: str
    currency: str
    withdrawn_minor: int
    reinstated_minor: int
