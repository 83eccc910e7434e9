"""The words of pricing."""

from dataclasses import dataclass
from datetime import datetime

from doitong.catalogue.model import Quality
from doitong.catalogue.services import Price


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A price that an operator set. It holds until the next one of its quality."""

    quality: Quality
    price: Price
    reason: str
    created_at: datetime
