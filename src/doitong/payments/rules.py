"""Pure decisions about payments: what is for sale, what a checkout pays, what is taken back, how money is written."""

import re
from decimal import Decimal, InvalidOperation

from doitong.core.errors import DoitongError, rule
from doitong.payments.model import Checkout, Dispute, Pack, Payment, PaymentState, Reckoning, Word

PACKS_MAX = 6
CREDITS_MAX = 1_000_000_000
AMOUNT_MINOR_MAX = 99_999_999  # the most that Stripe takes at once
# Stripe's currencies without a smaller unit
WHOLE_CURRENCIES = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf")
)
_PACK = re.compile(r"\s*(\d{1,10})\s*=\s*(\d{1,8}(?:\.\d{1,2})?)\s*")

NOTHING_TO_DECIDE = rule("this payment does not wait for a word", "to plačilo ne čaka na odločitev")
NOTHING_THERE = rule("no credits are available to take", "ni razpoložljivih kreditov, ki bi jih vzeli")


def parse_packs(text: str) -> tuple[Pack, ...]:
    """`1000=10.00,5000=45.00 EUR`. Raises ValueError that says what is wrong."""
    prices, _, currency = text.strip().rpartition(" ")
    if not re.fullmatch(r"[A-Za-z]{3}", currency):
        raise ValueError(f"DOITONG_CREDIT_PACKS ends with a currency such as EUR, not {text!r}")
    packs = tuple(_pack(part, currency.lower()) for part in prices.split(","))
    if not 1 <= len(packs) <= PACKS_MAX:
        raise ValueError(f"DOITONG_CREDIT_PACKS has 1 to {PACKS_MAX} packs")
    if len({pack.credits for pack in packs}) != len(packs):
        raise ValueError("DOITONG_CREDIT_PACKS names a number of credits once")
    return packs


def _pack(part: str, currency: str) -> Pack:
    found = _PACK.fullmatch(part)
    if not found:
        raise ValueError(f"DOITONG_CREDIT_PACKS has parts such as 1000=10.00, not {part.strip()!r}")
    credits, amount = int(found[1]), minor(found[2], currency)
    if not 1 <= credits <= CREDITS_MAX or not 1 <= amount <= AMOUNT_MINOR_MAX:
        raise ValueError(f"DOITONG_CREDIT_PACKS: {part.strip()!r} is out of range")
    return Pack(credits, amount, currency)


def minor(price: str, currency: str) -> int:
    """A price in the currency's smallest unit. Raises ValueError for a fraction of it."""
    try:
        amount = Decimal(price) * (1 if currency in WHOLE_CURRENCIES else 100)
    except InvalidOperation:
        raise ValueError(f"{price!r} is no price") from None
    if amount != amount.to_integral_value():
        raise ValueError(f"{price} is no whole number of the smallest unit of {currency.upper()}")
    return int(amount)


def major(amount_minor: int, currency: str) -> Decimal:
    """The amount as people write it."""
    return Decimal(amount_minor) if currency in WHOLE_CURRENCIES else Decimal(amount_minor).scaleb(-2)


def amount_text(amount_minor: int, currency: str) -> str:
    """The amount for the audit log, in no language."""
    return f"{major(amount_minor, currency)} {currency.upper()}"


def price(sold: Payment | Pack) -> tuple[Decimal, str]:
    """What is asked for, and its currency."""
    return major(sold.amount_minor, sold.currency), sold.currency


def came(payment: Payment) -> tuple[Decimal, str]:
    """What came of a payment, and its currency."""
    if payment.paid_minor is None:
        return price(payment)
    currency = payment.paid_currency or payment.currency
    return major(payment.paid_minor, currency), currency


def is_of(payment: Payment, checkout: Checkout) -> bool:
    """Whether this is the payment's checkout; another one that names it is not."""
    return checkout.reference == payment.id and payment.checkout_id in {None, checkout.id}


def pays(payment: Payment, checkout: Checkout) -> bool:
    """Whether the payment's checkout is paid, to the cent."""
    return (
        checkout.is_paid
        and checkout.amount_minor == payment.amount_minor
        and (checkout.currency or "").lower() == payment.currency
    )


def disputed_minor(payment: Payment, dispute: Dispute) -> tuple[int, int]:
    """What a dispute withdrew and returned, as parts of what was paid; in another currency it is about all of it."""
    paid = payment.paid_minor or payment.amount_minor
    if dispute.currency == (payment.paid_currency or payment.currency) or dispute.withdrawn_minor <= 0:
        return dispute.withdrawn_minor, dispute.reinstated_minor
    return paid, paid * dispute.reinstated_minor // dispute.withdrawn_minor


def reckon(payment: Payment, disputed: int, available: int) -> Reckoning:
    """What was taken, is owed and was let go once `disputed` (smallest unit) and the refunds are gone.

    Credits go back in proportion to the money; a part of a credit stays. Never more is taken than is `available`.
    """
    paid = payment.paid_minor or payment.amount_minor
    due = payment.credits * min(paid, payment.refunded_minor + disputed) // paid
    waived = min(payment.waived, due)
    taken = min(due - waived, payment.taken + available)
    return Reckoning(taken, due - waived - taken, waived)


def words_for(payment: Payment) -> tuple[Word, ...]:
    """What the operator may say about a payment; nothing where it does not wait for a word."""
    if payment.state is PaymentState.MISMATCHED:
        return (Word.GRANT, Word.LEAVE)
    return (Word.TAKE, Word.LEAVE) if payment.owed else ()


def check_word(payment: Payment, word: Word) -> None:
    """Raises CONFLICT."""
    if word not in words_for(payment):
        raise DoitongError("CONFLICT", reason=NOTHING_TO_DECIDE)
