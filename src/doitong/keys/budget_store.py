"""The only SQL of budgets: what families of API keys have reserved or spent in a month (UTC).

A month's row is written by who has locked its account's counters (`plans.store.lock_usage`), so sums are exact and
rows need no lock of their own. A generation counts in the month in which it was made.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from doitong.core.ids import lowest_id
from doitong.db.pool import Connection
from doitong.keys.rules import month_of


@dataclass(frozen=True, slots=True)
class Budget:
    """What a key's family may spend in a month, and what it has reserved or spent in it."""

    family: str
    budget: int
    spent: int


async def find_budgets(connection: Connection, prefixes: Iterable[str], month: date) -> dict[str, Budget]:
    """The budgets of these keys, by prefix; one without a budget is left out."""
    rows = await connection.fetch(
        """
        SELECT key.prefix, key.family, key.monthly_budget AS budget, coalesce(month.credits, 0) AS spent
        FROM api_key AS key LEFT JOIN key_month AS month ON month.family = key.family AND month.month = $2
        WHERE key.prefix = ANY ($1::text[]) AND key.monthly_budget IS NOT NULL
        """,
        sorted(set(prefixes)),
        month,
    )
    return {row["prefix"]: Budget(row["family"], row["budget"], row["spent"]) for row in rows}


async def reserve(connection: Connection, family: str, month: date, credits: int) -> None:
    """Count what a family has just reserved."""
    await connection.execute(
        """
        INSERT INTO key_month AS m (family, month, credits) VALUES ($1, $2, $3)
        ON CONFLICT (family, month) DO UPDATE SET credits = m.credits + excluded.credits
        """,
        family,
        month,
        credits,
    )


async def give_back(connection: Connection, prefix: str, created_at: datetime, credits: int) -> None:
    """Take back what a generation had reserved and was not charged; nothing where its key has no budget.

    Never below zero: whatever a budget's sum says, a generation must be able to end.
    """
    await connection.execute(
        """
        UPDATE key_month SET credits = greatest(credits - $3, 0)
        WHERE month = $2 AND family = (SELECT family FROM api_key WHERE prefix = $1)
        """,
        prefix,
        month_of(created_at),
        credits,
    )


async def list_family(connection: Connection, family: str) -> list[str]:
    """The prefixes of a family, the first key's first."""
    rows = await connection.fetch("SELECT prefix FROM api_key WHERE family = $1 ORDER BY id", family)
    return [row["prefix"] for row in rows]


async def set_budget(connection: Connection, family: str, budget: int | None) -> None:
    await connection.execute("UPDATE api_key SET monthly_budget = $2 WHERE family = $1", family, budget)


async def start_month(
    connection: Connection, account_id: str, family: str, prefixes: Sequence[str], month: date
) -> None:
    """Count anew what a family has reserved and spent in a month; for the moment in which it gets a budget.

    A generation's price is what it holds while it is open, and what was charged once it has ended.
    """
    start = datetime(month.year, month.month, month.day, tzinfo=UTC)
    await connection.execute(
        """
        INSERT INTO key_month (family, month, credits)
        SELECT $2, $4, coalesce(sum(credit_cost), 0) FROM generation
        WHERE account_id = $1 AND id >= $5 AND created_at >= $6 AND key_prefix = ANY ($3::text[])
        ON CONFLICT (family, month) DO UPDATE SET credits = excluded.credits
        """,
        account_id,
        family,
        list(prefixes),
        month,
        lowest_id(start),
        start,
    )


async def forget_months(connection: Connection, family: str) -> None:
    """A family without a budget is not counted."""
    await connection.execute("DELETE FROM key_month WHERE family = $1", family)


async def read_budgeted(connection: Connection, account_id: str) -> list[str]:
    """The prefixes of an account's keys that have a budget."""
    rows = await connection.fetch(
        "SELECT prefix FROM api_key WHERE account_id = $1 AND monthly_budget IS NOT NULL ORDER BY prefix", account_id
    )
    return [row["prefix"] for row in rows]
