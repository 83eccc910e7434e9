"""Guarantee: what is asked often costs no more when much is stored: each look is an index's, in a generic plan too."""

import re
from typing import Any

import pytest

from doitong.core.ids import AFTER_EVERY_ID

STATUS = "SELECT * FROM generation WHERE id = ANY($1::text[])"
PAGE = """SELECT * FROM generation WHERE account_id = $1::text AND id < $2::text
    AND ($3::text IS NULL OR status = $3) ORDER BY id DESC LIMIT $4::int"""
DUE = "SELECT id FROM generation WHERE stage = 'rendering' AND lane = 'submit' AND due_at <= $1::timestamptz LIMIT 500"
KEY = "SELECT * FROM idempotency WHERE account_id = $1::text AND key = $2::text"


@pytest.mark.parametrize("query", [STATUS, PAGE, DUE, KEY])
async def test_a_frequent_look_scans_no_table(app: Any, query: str) -> None:
    async with app.database.transaction() as connection:
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await _fill(connection)
        await connection.execute(f"PREPARE look AS {query}")
        nothing = ", ".join(["NULL"] * len(set(re.findall(r"\$\d", query))))
        rows = await connection.fetch(f"EXPLAIN (COSTS OFF) EXECUTE look ({nothing})")
    plan = "\n".join(row[0] for row in rows)
    assert "Seq Scan" not in plan, plan
    assert "Index Cond" in plan, plan
    if query is PAGE:
        condition = next(line for line in plan.splitlines() if "Index Cond" in line)
        assert "id < $2" in condition, "a deep page would read all that comes before it"


async def _fill(connection: Any) -> None:
    await connection.execute(
        """
        INSERT INTO account (id, name, plan, signing_secret, created_at) VALUES ('a', 'a', 'pro', 'x', now());
        INSERT INTO generation (id, account_id, kind, service, prompt, parameters, credit_cost, status, stage, lane,
            engine, created_at, deadline_at)
        SELECT lpad(n::text, 26, '0'), 'a', 'text_to_video', 'runway', '', '{}', 100, 'completed', 'ended', 'submit',
            'scripted', now(), now() FROM generate_series(1, 20000) n;
        INSERT INTO idempotency (account_id, key, fingerprint, generation_id, answer, created_at)
        SELECT 'a', id, '', id, '{}', now() FROM generation;
        ANALYZE generation; ANALYZE idempotency;
        """
    )


def test_the_first_pages_cursor_stands_after_every_id() -> None:
    assert max("7" + "z" * 25, AFTER_EVERY_ID) == AFTER_EVERY_ID
