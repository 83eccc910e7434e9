"""The SQL of generations at engines elsewhere: polling, pools, what was sent, what was bought, what is unknown."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from doitong.db.pool import Connection
from doitong.generations.model import Generation, Lane
from doitong.generations.store import RETURNING, SELECT, to_generation

POOLS_LOCK = 0x706F6F6C73  # "pools"; so that what is counted is still true at the claim

# Polling ---------------------------------------------------------------------------------------------------


async def claim_due(connection: Connection, now: datetime, lease: timedelta, limit: int) -> list[Generation]:
    """Take up to `limit` tasks whose time to ask has come; they come due again when the lease ends."""
    rows = await connection.fetch(
        f"""
        UPDATE generation g SET due_at = $2 WHERE id = ANY (ARRAY  -- evaluated once: IN may be planned otherwise
            (SELECT id FROM generation WHERE stage = 'rendering' AND lane = 'submit' AND due_at <= $1
             ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED))
        {RETURNING}
        """,  # noqa: S608
        now,
        now + lease,
        limit,
    )
    return [to_generation(row) for row in rows]


async def next_due(connection: Connection) -> datetime | None:
    """When the next task is to be asked for."""
    moment: datetime | None = await connection.fetchval(
        "SELECT min(due_at) FROM generation WHERE stage = 'rendering' AND lane = 'submit'"
    )
    return moment


async def lock_in_order(connection: Connection, ids: Sequence[str]) -> None:
    """Lock these rows by id, so that two pollers that write of the same ones cannot wait for each other in a ring."""
    await connection.execute("SELECT FROM generation WHERE id = ANY ($1) ORDER BY id FOR UPDATE", list(ids))


class Rearmed(NamedTuple):
    """A task that still runs: when to look again, and its new deadline where it has not begun to render."""

    id: str
    fence: int
    progress: float
    due_at: datetime
    deadline_at: datetime | None


async def rearm(connection: Connection, watched: Sequence[Rearmed]) -> None:
    """Write what was seen of tasks that still run, in one statement."""
    if not watched:
        return
    await connection.execute(
        """
        UPDATE generation g SET progress = greatest(g.progress, w.progress), due_at = w.due_at,
            deadline_at = coalesce(w.deadline_at, g.deadline_at)
        FROM unnest($1::text[], $2::bigint[], $3::real[], $4::timestamptz[], $5::timestamptz[])
            AS w (id, fence, progress, due_at, deadline_at)
        WHERE g.id = w.id AND g.fence = w.fence AND g.status = 'processing' AND g.stage = 'rendering'
        """,
        [item[0] for item in watched],
        [item[1] for item in watched],
        [item[2] for item in watched],
        [item[3] for item in watched],
        [item[4] for item in watched],
    )


async def set_storing(connection: Connection, watched: Sequence[tuple[str, int]]) -> list[str]:
    """Tasks (id, fence) that succeeded upstream: their films are to be fetched. Returns those that moved."""
    rows = await connection.fetch(
        """
        UPDATE generation g SET stage = 'storing', progress = greatest(g.progress, 0.97), due_at = NULL,
            lease_until = NULL
        FROM unnest($1::text[], $2::bigint[]) AS w (id, fence)
        WHERE g.id = w.id AND g.fence = w.fence AND g.status = 'processing' AND g.stage = 'rendering'
        RETURNING g.id
        """,
        [item[0] for item in watched],
        [item[1] for item in watched],
    )
    return [row["id"] for row in rows]


# Pools -----------------------------------------------------------------------------------------------------


async def count_in_pools(connection: Connection, pools: Sequence[str]) -> dict[str, int]:
    """How many generations of these pools are at their engine, or on their way; true until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", POOLS_LOCK)
    rows = await connection.fetch(
        """
        SELECT pool, count(*) AS n FROM generation
        WHERE pool IS NOT NULL AND pool = ANY ($1) AND status = 'processing' AND stage IN ('submitting', 'rendering')
        GROUP BY pool
        """,
        list(pools),
    )
    return {row["pool"]: row["n"] for row in rows}


async def ready_in_pools(connection: Connection, pools: Sequence[str], limit: int) -> list[str]:
    """Generations that may be waiting for a place in one of these pools."""
    rows = await connection.fetch(
        """
        SELECT id FROM generation WHERE lane = 'submit' AND status = 'processing' AND holds_slot
            AND stage = 'queued' AND pool = ANY ($1) LIMIT $2
        """,
        list(pools),
        limit,
    )
    return [row["id"] for row in rows]


# Submissions -----------------------------------------------------------------------------------------------


async def set_sent(
    connection: Connection, generation_id: str, fence: int, now: datetime, step: str | None = None
) -> bool:
    """Before the call that may buy: without this mark, nothing was sent; False when the fence has moved on.

    `step` is the finished task that the call goes on from.
    """
    result = await connection.execute(
        """
        UPDATE generation SET stage = 'submitting', sent_at = $3, engine_task_id = coalesce($4, engine_task_id)
        WHERE id = $1 AND fence = $2 AND status = 'processing' AND lease_until IS NOT NULL
        """,
        generation_id,
        fence,
        now,
        step,
    )
    return result == "UPDATE 1"


async def set_engine(connection: Connection, generation_id: str, engine: str, lane: Lane, pool: str | None) -> None:
    """Another engine is to have it, of a row that this transaction has locked."""
    await connection.execute(
        "UPDATE generation SET engine = $2, lane = $3, pool = $4 WHERE id = $1",
        generation_id,
        engine,
        lane.value,
        pool,
    )


async def add_task(connection: Connection, generation: Generation, task_id: str, now: datetime) -> bool:
    """Note a task that an upstream accepted; False when it is noted already."""
    result = await connection.execute(
        """
        INSERT INTO engine_task (engine, task_id, generation_id, attempt, accepted_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING
        """,
        generation.engine,
        task_id,
        generation.id,
        generation.attempt,
        now,
    )
    return result == "INSERT 0 1"


async def end_tasks(connection: Connection, ended: Sequence[tuple[str, str, str, float | None]], now: datetime) -> None:
    """Note (engine, task_id, outcome, cost) of tasks that have ended at their upstream."""
    if not ended:
        return
    await connection.execute(
        """
        UPDATE engine_task t SET outcome = w.outcome, cost_credits = w.cost, ended_at = coalesce(t.ended_at, $5)
        FROM unnest($1::text[], $2::text[], $3::text[], $4::float8[]) AS w (engine, task_id, outcome, cost)
        WHERE t.engine = w.engine AND t.task_id = w.task_id
        """,
        [item[0] for item in ended],
        [item[1] for item in ended],
        [item[2] for item in ended],
        [item[3] for item in ended],
        now,
    )


async def tasks_of(connection: Connection, generation_id: str) -> list[Mapping[str, Any]]:
    """What was bought for a generation, oldest first."""
    rows = await connection.fetch(
        "SELECT * FROM engine_task WHERE generation_id = $1 ORDER BY accepted_at, task_id", generation_id
    )
    return [dict(row) for row in rows]


async def succeeded_tasks(connection: Connection, generation: Generation) -> list[str]:
    """What a generation's engine has finished for it and is proven to have, newest first."""
    rows = await connection.fetch(
        """
        SELECT task_id FROM engine_task WHERE generation_id = $1 AND engine = $2 AND outcome = 'succeeded'
        ORDER BY accepted_at DESC, task_id DESC
        """,
        generation.id,
        generation.engine,
    )
    return [row["task_id"] for row in rows]


# Unknown ---------------------------------------------------------------------------------------------------


async def list_unknown(connection: Connection, first: int, after: str | None) -> list[Generation]:
    """Generations whose submission is unknown, oldest first."""
    rows = await connection.fetch(
        f"{SELECT} WHERE stage = 'unknown' AND id > $1 ORDER BY id LIMIT $2", after or "", first
    )
    return [to_generation(row) for row in rows]


async def set_found(
    connection: Connection, generation_id: str, task_id: str, now: datetime, deadline_at: datetime
) -> None:
    """A locked row whose submission was unknown: its task is this one, to be looked at now."""
    await connection.execute(
        """
        UPDATE generation SET stage = 'rendering', engine_task_id = $2, due_at = $3, deadline_at = $4,
            fence = fence + 1
        WHERE id = $1
        """,
        generation_id,
        task_id,
        now,
        deadline_at,
    )


async def set_answered(connection: Connection, generation: Generation, task_id: str, due_at: datetime) -> bool:
    """The answer to a submission that was given up as unknown: False when it is not, or not this submission."""
    result = await connection.execute(
        """
        UPDATE generation SET stage = 'rendering', engine_task_id = $4, due_at = $5, fence = fence + 1
        WHERE id = $1 AND attempt = $2 AND sent_at = $3 AND stage = 'unknown'
        """,
        generation.id,
        generation.attempt,
        generation.sent_at,
        task_id,
        due_at,
    )
    return result == "UPDATE 1"


# How engines stand -----------------------------------------------------------------------------------------


class EngineState(NamedTuple):
    """What an engine said of itself; `problem` is empty while nothing is wrong."""

    engine: str
    checked_at: datetime
    problem: str | None
    detail: str
    credits: int | None
    pools: Mapping[str, Any]


async def save_state(connection: Connection, state: EngineState) -> str | None:
    """Note how an engine stands; returns the problem that was noted before."""
    before: str | None = await connection.fetchval(
        "SELECT problem FROM engine_state WHERE engine = $1 FOR UPDATE", state.engine
    )
    await connection.execute(
        """
        INSERT INTO engine_state (engine, checked_at, problem, detail, credits, pools)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (engine) DO UPDATE SET checked_at = excluded.checked_at, problem = excluded.problem,
            detail = excluded.detail, credits = excluded.credits, pools = excluded.pools
        """,
        *state[:5],
        dict(state.pools),
    )
    return before


async def read_states(connection: Connection) -> list[EngineState]:
    rows = await connection.fetch("SELECT * FROM engine_state ORDER BY engine")
    return [EngineState(**dict(row)) for row in rows]
