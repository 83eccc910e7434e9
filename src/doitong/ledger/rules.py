"""Pure decisions about credits: which amounts, resolutions, refunds and cursors are valid."""

from collections.abc import Sequence

from doitong.core.errors import (
    CreditsInsufficient,
    DoitongError,
    InvalidParameter,
    rule,
    text_length,
    whole_number,
)
from doitong.ledger.model import Balance, Hold, HoldOrder, HoldState, Resolution

AMOUNT_MAX = 1_000_000_000_000
BATCH_MAX = 64
PAGE_MAX = 100
REASON_MAX = 500
CURSOR_MAX = 2**63 - 1

CURSOR_RULE = rule("must be a cursor of a page before", "mora biti kazalec prejšnje strani")
SIGNED_RULE = rule(
    "must be a whole number other than 0, at most {maximum} either way",
    "mora biti od 0 različno celo število, v obe smeri največ {maximum}",
    maximum=AMOUNT_MAX,
)

USED_OTHERWISE = rule(
    "this form was already sent with other values; open it anew",
    "ta obrazec je bil že poslan z drugimi vrednostmi; odprite ga znova",
)


def check_amount(amount: int) -> None:
    """Credits that a grant or a refund moves. Raises InvalidParameter."""
    if not 1 <= amount <= AMOUNT_MAX:
        raise InvalidParameter("amount", whole_number(1, AMOUNT_MAX))


def check_adjustment(amount: int, reason: str) -> None:
    """A correction has a direction and a reason. Raises InvalidParameter."""
    if amount == 0 or abs(amount) > AMOUNT_MAX:
        raise InvalidParameter("amount", SIGNED_RULE)
    if not 1 <= len(reason.strip()) <= REASON_MAX:
        raise InvalidParameter("reason", text_length(1, REASON_MAX))


def check_covered(balance: Balance, required: int) -> None:
    """Raises CreditsInsufficient when less than `required` credits are available."""
    if balance.available < required:
        raise CreditsInsufficient(required, balance.available)


def refund_amount(hold: Hold, amount: int | None) -> int:
    """How much of a capture to give back: `amount`, or all that is left. Raises CONFLICT."""
    left = hold.captured - hold.refunded
    wanted = left if amount is None else amount
    if left == 0:
        raise DoitongError("CONFLICT", reason="nothing is left to refund")
    check_amount(wanted)
    if wanted > left:
        raise DoitongError("CONFLICT", reason=f"only {left} credits are left to refund")
    return wanted


def check_orders(orders: Sequence[HoldOrder]) -> None:
    """A caller's mistake, not a customer's: raises ValueError."""
    if not 1 <= len(orders) <= BATCH_MAX:
        raise ValueError(f"a batch has 1 to {BATCH_MAX} orders, not {len(orders)}")
    if any(not 1 <= order.amount <= AMOUNT_MAX for order in orders):
        raise ValueError("a hold reserves at least one credit")


def check_resolutions(resolutions: Sequence[Resolution]) -> None:
    """A caller's mistake, not a customer's: raises ValueError.

    A capture charges something, a release and an expiry nothing, and a batch names a hold once.
    """
    if not 1 <= len(resolutions) <= BATCH_MAX:
        raise ValueError(f"a batch has 1 to {BATCH_MAX} resolutions, not {len(resolutions)}")
    if len({resolution.generation_id for resolution in resolutions}) != len(resolutions):
        raise ValueError("a batch names each hold once")
    for resolution in resolutions:
        if resolution.outcome is HoldState.OPEN:
            raise ValueError("a hold is not resolved by leaving it open")
        if (resolution.outcome is HoldState.CAPTURED) != (resolution.capture > 0) or resolution.capture < 0:
            raise ValueError(f"{resolution.outcome} does not go with a capture of {resolution.capture}")


def check_page(first: int) -> None:
    """Raises InvalidParameter when a page is too large or too small."""
    if not 1 <= first <= PAGE_MAX:
        raise InvalidParameter("first", whole_number(1, PAGE_MAX))


def parse_cursor(after: str | None) -> int:
    """The transfer id below which a page starts. Raises InvalidParameter."""
    if after is None:
        return CURSOR_MAX
    if not (after.isascii() and after.isdigit() and len(after) <= 19) or int(after) > CURSOR_MAX:
        raise InvalidParameter("after", CURSOR_RULE)
    return int(after)
