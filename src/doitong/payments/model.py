"""The words of payments: a pack is what is for sale, a payment is one checkout of one pack."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PaymentState(StrEnum):
    OPEN = "open"
    PAID = "paid"  # its credits were granted
    EXPIRED = "expired"  # nothing was paid


@dataclass(frozen=True, slots=True)
class Pack:
    """Credits and their price, in the currency's smallest unit."""

    credits: int
    amount_minor: int
    currency: str  # ISO 4217, in lower case as Stripe writes it


@dataclass(frozen=True, slots=True)
class Payment:
    """A row. `checkout_id` is Stripe's, None until its answer."""

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
