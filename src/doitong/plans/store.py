"""The counters of accounts. A use case that changes one locks it first; rows are locked in id order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from doitong.db.pool import Connection, Row
from doitong.plans.model import Plan, Usage, Window, plan_of


@dataclass(frozen=True, slots=True)
class LockedUsage:
    """A locked row of counters, the limits of the account today, and the virtual time of the last start."""

    usage: Usage
    plan: Plan
    clock_virtual_time: int
    budgeted_keys: frozenset[str] = frozenset()  # prefixes of the account's keys that have a budget


async def lock_usage(connection: Connection, account_ids: Sequence[str]) -> dict[str, LockedUsage]:
    """Lock the counters of these accounts, in id order."""
    rows = await connection.fetch(
        """
        SELECT u.*, a.plan, a.limits,
               (SELECT last_value FROM virtual_clock) AS clock_virtual_time
        FROM account_usage u JOIN account a ON a.id = u.account_id
        WHERE u.account_id = ANY($1) ORDER BY u.account_id FOR UPDATE OF u
        """,
        sorted(set(account_ids)),
    )
    return {row["account_id"]: _locked(row) for row in rows}


async def read_usage(connection: Connection, account_id: str) -> Usage:
    row = await connection.fetchrow("SELECT * FROM account_usage WHERE account_id = $1", account_id)
    assert row is not None
    return _usage(row)


async def set_budgeted_keys(connection: Connection, account_id: str, prefixes: Sequence[str]) -> None:
    """Note which keys have a budget, in a row of counters that this transaction has locked."""
    await connection.execute(
        "UPDATE account_usage SET budgeted_keys = $2 WHERE account_id = $1", account_id, list(prefixes)
    )


async def save_usages(connection: Connection, usages: Sequence[Usage]) -> None:
    """Write back counters that this transaction has locked."""
    await connection.executemany(
        """
        UPDATE account_usage SET window_end_second = $2, window_counts = $3, day = $4, day_count = $5,
               slots_used = $6, ready = $7, backlog = $8, virtual_time = $9
        WHERE account_id = $1
        """,
        [
            (
                usage.account_id,
                usage.window.end_second,
                list(usage.window.counts),
                usage.day,
                usage.day_count,
                usage.slots_used,
                usage.ready,
                usage.backlog,
                usage.virtual_time,
            )
            for usage in usages
        ],
    )


def _usage(row: Row) -> Usage:
    return Usage(
        account_id=row["account_id"],
        window=Window(row["window_end_second"], tuple(row["window_counts"])),
        day=row["day"],
        day_count=row["day_count"],
        slots_used=row["slots_used"],
        ready=row["ready"],
        backlog=row["backlog"],
        virtual_time=row["virtual_time"],
    )


def _locked(row: Row) -> LockedUsage:
    limits: dict[str, Any] = row["limits"]
    return LockedUsage(
        _usage(row), plan_of(row["plan"], limits), row["clock_virtual_time"], frozenset(row["budgeted_keys"])
    )
