"""The only SQL of prices. A change is a row of its own and stays: the newest of a quality holds."""

from datetime import datetime

from doitong.catalogue.model import Quality
from doitong.catalogue.services import PRICES, Price
from doitong.db.pool import Connection, Row
from doitong.pricing.model import PriceChange

_COLUMNS = "quality, base_credits, credits_per_second, reason, created_at"


async def read_latest(connection: Connection) -> list[PriceChange]:
    """The newest change of each quality that has one."""
    rows = await connection.fetch(
        f"SELECT DISTINCT ON (quality) {_COLUMNS} FROM price ORDER BY quality, id DESC"  # noqa: S608 - a constant
    )
    return [_change(row) for row in rows]


async def list_changes(connection: Connection, first: int) -> list[PriceChange]:
    """Newest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM price ORDER BY id DESC LIMIT $1",  # noqa: S608 - a constant
        first,
    )
    return [_change(row) for row in rows]


async def insert(connection: Connection, quality: Quality, price: Price, reason: str, now: datetime) -> None:
    await connection.execute(
        "INSERT INTO price (quality, base_credits, credits_per_second, reason, created_at) VALUES ($1, $2, $3, $4, $5)",
        quality.value,
        price.base_credits,
        price.credits_per_second,
        reason,
        now,
    )


def _change(row: Row) -> PriceChange:
    quality = Quality(row["quality"])
    price = Price(row["base_credits"], PRICES[quality].base_seconds, row["credits_per_second"])
    return PriceChange(quality, price, row["reason"], row["created_at"])
