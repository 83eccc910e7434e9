"""Guarantee: what is asked often costs no more when much is stored.

The pool plans a statement once a connection (docs/decisions/0014). So these tests look at the plans that the
application's own connections have prepared, after a whole life of a generation and a sweep.
"""

from datetime import timedelta
from typing import Any

import asyncpg

from doitong.core.ids import AFTER_EVERY_ID
from doitong.generations.model import GenerationFilter

GROWS_WITH_USE = ("generation", "idempotency", "hold", "ledger_transfer", "ledger_entry", "event")
NEEDED = (  # beginnings of statements that must be among those looked at
    "SELECT u.*, a.plan",
    "SELECT account_id, available, held FROM ledger_balance",
    "SELECT i.* FROM unnest",
    "WITH orders AS",
    "WITH given AS",
    "WITH picked AS",
    "UPDATE generation g SET due_at",
    "SELECT transfer.id",
)


async def test_no_statement_of_a_life_scans_what_grows(
    app: Any, customer: Any, worker: Any, workshop: Any, clock: Any
) -> None:
    await _fill(app)
    one = await customer()
    await _live(app, one, worker, workshop, clock)
    plans = await _prepared_plans(app)
    for beginning in NEEDED:
        assert any(statement.startswith(beginning) for statement in plans), beginning
    for statement, plan in plans.items():
        for table in GROWS_WITH_USE:
            assert f"Seq Scan on {table} " not in plan, f"{statement}\n{plan}"


async def test_a_deep_page_reads_only_itself(app: Any, customer: Any) -> None:
    await _fill(app)
    one = await customer()
    await app.generations.list_page(one.caller, 20, None, GenerationFilter())
    page = next(plan for statement, plan in (await _prepared_plans(app)).items() if "ORDER BY id DESC" in statement)
    condition = next(line for line in page.splitlines() if "Index Cond" in line)
    assert "id < $2" in condition, "a deep page would read all that comes before it"


async def _live(app: Any, one: Any, worker: Any, workshop: Any, clock: Any) -> None:
    ids = [(await one.submit(prompt, key)).generation.id for prompt, key in (("a lake", "k"), ("#fail", None))]
    for generation_id in ids:
        await one.get(generation_id)
    await worker.settle()
    clock.advance(timedelta(minutes=1))
    await workshop.sweeper.sweep()
    await app.generations.list_page(one.caller, 20, None, GenerationFilter())
    await app.ledger.statement(one.caller.account_id)


async def _prepared_plans(app: Any) -> dict[str, str]:
    """Statement → its generic plan, of everything that the pool's connections have prepared."""
    pool: asyncpg.Pool[asyncpg.Record] = app.database.pool
    connections = [await pool.acquire() for _ in range(pool.get_size())]
    prepared = [
        row
        for connection in connections
        for row in await connection.fetch("SELECT statement, parameter_types::text[] FROM pg_prepared_statements")
    ]
    for connection in connections:
        await pool.release(connection)
    plans: dict[str, str] = {}
    # on a connection of its own: a pool's connection forgets older statements when it prepares these explanations
    explaining = await asyncpg.connect(
        app.database.dsn, server_settings={"plan_cache_mode": "force_generic_plan"}, statement_cache_size=0
    )
    for statement, types in {row["statement"]: row["parameter_types"] for row in prepared}.items():
        await explaining.execute(f"PREPARE looked_at{_in_brackets(types)} AS {statement}")
        nothing = _in_brackets(["NULL"] * len(types))
        lines = await explaining.fetch(f"EXPLAIN (COSTS OFF) EXECUTE looked_at{nothing}")
        await explaining.execute("DEALLOCATE looked_at")
        plans[" ".join(statement.split())] = "\n".join(line[0] for line in lines) + " "
    await explaining.close()
    return plans


def _in_brackets(words: list[str]) -> str:
    return f"({', '.join(words)})" if words else ""


async def _fill(app: Any) -> None:
    async with app.database.transaction() as connection:
        await connection.execute(
            """
            INSERT INTO account (id, name, plan, signing_secret, created_at) VALUES ('a', 'a', 'pro', 'x', now());
            INSERT INTO generation (id, account_id, kind, service, prompt, parameters, credit_cost, status, stage,
                lane, engine, created_at, deadline_at)
            SELECT lpad(n::text, 26, '0'), 'a', 'text_to_video', 'runway', '', '{}', 100, 'completed', 'ended',
                'submit', 'scripted', now(), now() FROM generate_series(1, 20000) n;
            INSERT INTO idempotency (account_id, key, fingerprint, generation_id, answer, created_at)
            SELECT 'a', id, '', id, '{}', now() FROM generation;
            INSERT INTO hold (generation_id, account_id, amount, captured, state, created_at)
            SELECT id, 'a', 100, 100, 'captured', now() FROM generation;
            INSERT INTO ledger_transfer (account_id, kind, amount, generation_id, available_after, held_after,
                created_at)
            SELECT 'a', 'hold', 100, id, 0, 0, now() FROM generation;
            INSERT INTO ledger_entry SELECT id, 'available:a', -100 FROM ledger_transfer;
            INSERT INTO ledger_entry SELECT id, 'held:a', 100 FROM ledger_transfer;
            INSERT INTO event (id, account_id, type, generation_id, body, created_at)
            SELECT id, 'a', 'generation.completed', id, '{}', now() FROM generation;
            ANALYZE generation, idempotency, hold, ledger_transfer, ledger_entry, event;
            """
        )


def test_the_first_pages_cursor_stands_after_every_id() -> None:
    assert max("7" + "z" * 25, AFTER_EVERY_ID) == AFTER_EVERY_ID
