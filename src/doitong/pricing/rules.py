"""Pure decisions about prices: which may be set, and which hold."""

from collections.abc import Iterable, Mapping

from doitong.catalogue.model import Quality
from doitong.catalogue.services import PRICES, Price
from doitong.core.errors import InvalidParameter, text_length, whole_number
from doitong.pricing.model import PriceChange

CREDITS_MAX = 1_000_000
REASON_MAX = 200


def new_price(quality: Quality, base_credits: int, credits_per_second: int) -> Price:
    """A price for the catalogue's shortest film. Raises InvalidParameter: no film is free."""
    if not 1 <= base_credits <= CREDITS_MAX:
        raise InvalidParameter("base_credits", whole_number(1, CREDITS_MAX))
    if not 0 <= credits_per_second <= CREDITS_MAX:
        raise InvalidParameter("credits_per_second", whole_number(0, CREDITS_MAX))
    return Price(base_credits, PRICES[quality].base_seconds, credits_per_second)


def check_reason(reason: str) -> None:
    """Raises InvalidParameter."""
    if not 1 <= len(reason.strip()) <= REASON_MAX:
        raise InvalidParameter("reason", text_length(1, REASON_MAX))


def prices_of(latest: Iterable[PriceChange]) -> Mapping[Quality, Price]:
    """The price of every quality: the one that was set last, else the catalogue's."""
    return dict(PRICES) | {change.quality: change.price for change in latest}
