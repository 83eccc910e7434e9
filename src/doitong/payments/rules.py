"""Pure decisions about payments: what is for sale, whether a checkout pays a payment, how an amount is written."""

import re
from decimal import Decimal, InvalidOperation

from doitong.payments.model import Checkout, Pack, Payment

PACKS_MAX = 6
CREDITS_MAX = 1_000_000_000
AMOUNT_MINOR_MAX = 99_999_999  # the most that Stripe takes at once
# Stripe's currencies without a smaller unit
WHOLE_CURRENCIES = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf")
)
_PACK = re.compile(r"\s*(\d{1,10})\s*=\s*(\d{1,8}(?:\.\d{1,2})?)\s*")


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
    return f"{major(amount_minor, currency)} {currency.upper()}"


def pays(payment: Payment, checkout: Checkout) -> bool:
    """Whether this checkout is paid and is the payment's, to the cent."""
    return (
        checkout.is_paid
        and checkout.reference == payment.id
        and payment.checkout_id in {None, checkout.id}
        and checkout.amount_minor == payment.amount_minor
        and (checkout.currency or "").lower() == payment.currency
    )
