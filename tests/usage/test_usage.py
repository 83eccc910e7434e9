"""Usage is counted in the transaction of the one end: whatever ended, however at once, the days agree with the rows."""

import asyncio
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from doitong.audit.model import COMMAND
from doitong.core.errors import InvalidParameter
from doitong.generations.settlement import Outcome
from doitong.usage.model import Group
from doitong.usage.service import UsageService

COUNTED = """
SELECT account_id, day, service, quality, key_prefix, engine, completed, failed, canceled, credits, seconds
FROM usage_day ORDER BY 1, 2, 3, 4, 5, 6
"""
RECOUNTED = """
SELECT account_id, (completed_at AT TIME ZONE 'UTC')::date AS day, service, parameters ->> 'quality' AS quality,
    coalesce(key_prefix, 'dashboard') AS key_prefix, engine,
    count(*) FILTER (WHERE status = 'completed')::int AS completed,
    count(*) FILTER (WHERE status = 'failed')::int AS failed,
    count(*) FILTER (WHERE status = 'canceled')::int AS canceled, sum(credit_cost)::bigint AS credits,
    coalesce(sum((parameters ->> 'duration')::bigint) FILTER (WHERE status = 'completed'), 0)::bigint AS seconds
FROM generation WHERE status <> 'processing' GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
"""


async def rows(app: Any, query: str) -> list[dict[str, Any]]:
    async with app.database.reading() as connection:
        return [dict(row) for row in await connection.fetch(query)]


async def verify(app: Any) -> list[dict[str, Any]]:
    counted = await rows(app, COUNTED)
    assert counted == await rows(app, RECOUNTED)
    return counted


async def test_concurrent_ends_are_counted_once_each(app: Any, customer: Any, worker: Any) -> None:
    owner = await customer(job_slots=100)
    made = [(await owner.submit(duration=5 + n % 3)).generation.id for n in range(24)]
    await asyncio.gather(*(app.generations.cancel(owner.caller, item) for item in made[:12]), worker.settle())
    counted = await verify(app)
    assert sum(row["canceled"] for row in counted) == 12
    assert sum(row["completed"] for row in counted) == 12
    assert sum(row["credits"] for row in counted) > 0
    assert {row["key_prefix"] for row in counted} == {owner.caller.key_prefix}


async def test_the_day_is_that_of_the_end_in_utc(app: Any, customer: Any, clock: Any) -> None:
    owner = await customer()
    made = (await owner.submit()).generation
    clock.advance(timedelta(hours=13))  # from noon to one o'clock of the day after
    await app.generations.cancel(owner.caller, made.id)
    assert [row["day"] for row in await verify(app)] == [date(2026, 1, 16)]


async def test_what_an_operator_settles_is_counted(app: Any, customer: Any) -> None:
    owner = await customer()
    made = (await owner.submit()).generation
    async with app.database.transaction() as connection:
        await connection.execute("UPDATE generation SET stage = 'unknown', started_at = now() WHERE id = $1", made.id)
        await connection.execute("UPDATE account_usage SET ready = 0")
    assert await rows(app, COUNTED) == []
    await app.settlement.settle(made.id, Outcome.CHARGE, None, COMMAND)
    [row] = await verify(app)
    assert (row["failed"], row["credits"], row["seconds"]) == (1, 100, 0)


async def test_what_ended_before_there_was_usage_is_counted_by_the_migration(
    app: Any, customer: Any, worker: Any
) -> None:
    owner = await customer()
    for _ in range(3):
        await owner.submit()
    await worker.settle()
    before = await verify(app)
    text = (Path(__file__).parents[2] / "src/doitong/db/migrations/0004_dashboard.sql").read_text()
    [backfill] = re.findall(r"INSERT INTO usage_day .+?;", text, re.DOTALL)
    async with app.database.transaction() as connection:
        await connection.execute("DELETE FROM usage_day")
        await connection.execute(backfill)
    assert await verify(app) == before


@pytest.mark.parametrize(
    ("group", "values"),
    [
        (Group.NONE, [""]),
        (Group.SERVICE, ["runway"]),
        (Group.QUALITY, ["high", "standard"]),
        (Group.ENGINE, ["scripted"]),
    ],
)
async def test_days_are_grouped(app: Any, customer: Any, group: Group, values: list[str]) -> None:
    owner = await customer()
    for quality in ("standard", "high"):
        made = (await owner.submit(quality=quality)).generation
        await app.generations.cancel(owner.caller, made.id)
    today = app.clock.now().date()
    found = await UsageService(app.database).by_day(owner.caller.account_id, today, today, group)
    assert [item.value for item in found] == values
    assert sum(item.canceled for item in found) == 2


async def test_a_span_has_a_bound_and_a_direction(app: Any) -> None:
    usage = UsageService(app.database)
    for since, until in ((date(2026, 1, 2), date(2026, 1, 1)), (date(2024, 1, 1), date(2026, 1, 1))):
        with pytest.raises(InvalidParameter):
            await usage.by_day("a", since, until)
