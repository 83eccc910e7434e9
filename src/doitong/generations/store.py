"""The only SQL of generations. Lock order: generation row, then counters, then balances."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from doitong.catalogue.model import Kind
from doitong.core.ids import AFTER_EVERY_ID
from doitong.db.pool import Connection, Row
from doitong.generations.model import Generation, GenerationFilter, Lane, Search, Stage, Status

COLUMNS = (
    "id, account_id, kind, service, prompt, parameters, webhook_url, credit_cost, status, stage, progress, holds_slot,"
    " lane, engine, engine_task_id, attempt, fence, metadata, error_code, created_at, started_at, completed_at,"
    " deadline_at, key_prefix, pool, sent_at, deleted_at"
)
SELECT = f"SELECT {COLUMNS} FROM generation"  # noqa: S608  (a constant list of columns)
RETURNING = "RETURNING " + ", ".join(f"g.{name.strip()}" for name in COLUMNS.split(","))


def to_generation(row: Row) -> Generation:
    values = dict(row)
    values["kind"] = Kind(values["kind"])
    values["status"] = Status(values["status"])
    values["stage"] = Stage(values["stage"])
    values["lane"] = Lane(values["lane"])
    return Generation(**values)


# Submission ------------------------------------------------------------------------------------------------


async def insert(connection: Connection, generations: Iterable[Generation]) -> None:
    """Store new generations."""
    await connection.executemany(
        """
        INSERT INTO generation (id, account_id, key_prefix, kind, service, prompt, parameters, webhook_url,
            credit_cost, status, stage, holds_slot, lane, engine, created_at, deadline_at, pool)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'processing', 'queued', $10, $11, $12, $13, $14, $15)
        """,
        [
            (
                g.id,
                g.account_id,
                g.key_prefix,
                g.kind.value,
                g.service,
                g.prompt,
                g.parameters,
                g.webhook_url,
                g.credit_cost,
                g.holds_slot,
                g.lane.value,
                g.engine,
                g.created_at,
                g.deadline_at,
                g.pool,
            )
            for g in generations
        ],
    )


# Reading ---------------------------------------------------------------------------------------------------


async def find_many(connection: Connection, generation_ids: Sequence[str]) -> dict[str, Generation]:
    rows = await connection.fetch(f"{SELECT} WHERE id = ANY($1)", generation_ids)
    return {row["id"]: to_generation(row) for row in rows}


async def list_page(
    connection: Connection, account_id: str, first: int, after: str | None, wanted: GenerationFilter
) -> list[Generation]:
    """At most `first` generations of the account before the id `after`, newest first."""
    rows = await connection.fetch(
        f"""
        {SELECT} WHERE account_id = $1 AND id < $2 AND deleted_at IS NULL
            AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR service = $4)
            AND ($5::text IS NULL OR kind = $5)
            AND ($6::timestamptz IS NULL OR created_at > $6) AND ($7::timestamptz IS NULL OR created_at < $7)
        ORDER BY id DESC LIMIT $8
        """,
        account_id,
        after or AFTER_EVERY_ID,
        wanted.status.value if wanted.status else None,
        wanted.service,
        wanted.kind.value if wanted.kind else None,
        wanted.created_after,
        wanted.created_before,
        first,
    )
    return [to_generation(row) for row in rows]


async def nth_before(connection: Connection, account_id: str, before: str, count: int) -> str | None:
    """The id that ends `count` generations of the account before an id, newest first; None when there are fewer."""
    found: str | None = await connection.fetchval(
        "SELECT id FROM generation WHERE account_id = $1 AND id < $2 ORDER BY id DESC OFFSET $3 LIMIT 1",
        account_id,
        before,
        count - 1,
    )
    return found


async def search(
    connection: Connection, account_id: str, wanted: Search, first: int, before: str, floor: str
) -> list[Generation]:
    """At most `first` generations of the account with ids from `floor` up to `before` that fit, newest first."""
    rows = await connection.fetch(
        f"""
        {SELECT} WHERE account_id = $1 AND id < $2 AND id >= $3 AND deleted_at IS NULL
            AND ($4::text IS NULL OR status = $4) AND ($5::text IS NULL OR kind = $5)
            AND ($6::text IS NULL OR service = $6)
            AND ($7::text IS NULL OR parameters ->> 'version' = $7)
            AND ($8::text IS NULL OR parameters ->> 'quality' = $8)
            AND ($9::text IS NULL OR position(lower($9) IN lower(prompt)) > 0)
        ORDER BY id DESC LIMIT $10
        """,
        account_id,
        before,
        floor,
        wanted.status and wanted.status.value,
        wanted.kind and wanted.kind.value,
        wanted.service,
        wanted.version and wanted.version.value,
        wanted.quality and wanted.quality.value,
        wanted.text,
        first,
    )
    return [to_generation(row) for row in rows]


POSITION_COUNTED = 1000


async def queue_places(connection: Connection, generations: Sequence[Generation]) -> dict[str, int]:
    """For queued generations: how many go before each: of its account until it has a slot, of all who have one then.

    Counted up to `POSITION_COUNTED`; one statement however many are asked for.
    """
    if not generations:
        return {}
    rows = await connection.fetch(
        """
        SELECT q.id, CASE WHEN q.holds_slot THEN
                (SELECT count(*) FROM (SELECT 1 FROM generation o WHERE o.status = 'processing' AND o.holds_slot
                    AND o.stage = 'queued' AND o.lane = q.lane AND o.id < q.id LIMIT $4) ahead)
            ELSE (SELECT count(*) FROM (SELECT 1 FROM generation o WHERE o.account_id = q.account_id
                    AND o.status = 'processing' AND NOT o.holds_slot AND o.id < q.id LIMIT $4) ahead) END AS ahead
        FROM unnest($1::text[], $2::text[], $3::boolean[]) AS q0 (id, account_id, holds_slot)
        JOIN generation q ON q.id = q0.id
        """,
        [g.id for g in generations],
        [g.account_id for g in generations],
        [g.holds_slot for g in generations],
        POSITION_COUNTED,
    )
    return {row["id"]: row["ahead"] for row in rows}


async def recent_render_seconds(connection: Connection, lane: Lane) -> float | None:
    """Mean seconds from start to end of the last completed films, for the expected start."""
    seconds: float | None = await connection.fetchval(
        """
        SELECT avg(extract(epoch FROM completed_at - started_at))::float8 FROM
            (SELECT completed_at, started_at FROM generation
             WHERE status = 'completed' AND lane = $1 ORDER BY id DESC LIMIT 20) recent
        """,
        lane.value,
    )
    return seconds


async def count_by_stage(connection: Connection) -> dict[str, int]:
    """Open generations by stage; a stage in which there are none is there with 0."""
    rows = await connection.fetch(
        "SELECT stage, count(*) AS n FROM generation WHERE status = 'processing' GROUP BY stage"
    )
    found = {row["stage"]: row["n"] for row in rows}
    return {stage.value: found.get(stage.value, 0) for stage in Stage if stage is not Stage.ENDED}


# The life of a generation: every write is fenced ------------------------------------------------------------

VIRTUAL_TIME_UNIT = 1_000_000_000  # is divided by a weight, which may be as large as a limit


async def claim_next(
    connection: Connection,
    lane: Lane,
    now: datetime,
    lease: timedelta,
    time_limit: timedelta,
    weights: Mapping[str, int],
    full_pools: Sequence[str] = (),
) -> Generation | None:
    """Claim the ready generation whose account is furthest behind in virtual time, or None; none of a full pool.

    Its first start sets the deadline, `time_limit` from now: waiting in the queue is not counted.
    Start-time fair queueing: a start moves its account's virtual time on by 1/weight, and the virtual clock to
    where the account stood. Within an account the oldest goes first. The claim is the recorded intent to submit.
    """
    row = await connection.fetchrow(
        f"""
        WITH picked AS (
            SELECT g.id, g.account_id FROM
                (SELECT account_id FROM account_usage WHERE ready > 0 ORDER BY virtual_time LIMIT 1000) u
            CROSS JOIN LATERAL
                (SELECT id, account_id FROM generation
                 WHERE account_id = u.account_id AND lane = $1 AND status = 'processing' AND holds_slot
                     AND stage = 'queued' AND (due_at IS NULL OR due_at <= $2)
                     AND (pool IS NULL OR pool <> ALL ($7::text[]))
                 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) g
            LIMIT 1
        ), started AS (
            UPDATE account_usage u
            SET ready = u.ready - 1,
                virtual_time = u.virtual_time + {VIRTUAL_TIME_UNIT} / coalesce((a.limits ->> 'weight')::int, w.weight)
            FROM picked, account a, unnest($4::text[], $5::int[]) AS w (plan, weight)
            WHERE u.account_id = picked.account_id AND a.id = u.account_id AND w.plan = a.plan
            RETURNING u.virtual_time - {VIRTUAL_TIME_UNIT} / coalesce((a.limits ->> 'weight')::int, w.weight) AS tag
        )
        UPDATE generation g
        SET stage = 'submitting', fence = g.fence + 1, attempt = g.attempt + 1, lease_until = $3, due_at = NULL,
            started_at = coalesce(g.started_at, $2), engine_task_id = NULL, sent_at = NULL,
            deadline_at = CASE WHEN g.started_at IS NULL THEN $2 + $6::interval ELSE g.deadline_at END
        FROM picked
        WHERE g.id = picked.id AND
            setval('virtual_clock', greatest((SELECT last_value FROM virtual_clock), (SELECT tag FROM started))) >= 0
        {RETURNING}
        """,  # noqa: S608  (constants)
        lane.value,
        now,
        now + lease,
        list(weights),
        list(weights.values()),
        time_limit,
        list(full_pools),
    )
    return to_generation(row) if row else None


async def claim_for_storing(
    connection: Connection, generation_id: str, now: datetime, lease: timedelta
) -> Generation | None:
    """Claim a finished task's film for fetching; None when somebody holds it or it has ended."""
    row = await connection.fetchrow(
        f"""
        UPDATE generation g SET fence = fence + 1, lease_until = $2
        WHERE id = $1 AND status = 'processing' AND stage = 'storing' AND (lease_until IS NULL OR lease_until < $3)
        {RETURNING}
        """,  # noqa: S608
        generation_id,
        now + lease,
        now,
    )
    return to_generation(row) if row else None


async def claim_expired(
    connection: Connection, generation_id: str, now: datetime, lease: timedelta
) -> Generation | None:
    """Take over a generation whose worker fell silent; None when somebody else did, or it spoke again."""
    row = await connection.fetchrow(
        f"""
        UPDATE generation g SET fence = fence + 1, lease_until = $2
        WHERE id = $1 AND status = 'processing' AND lease_until < $3 {RETURNING}
        """,  # noqa: S608
        generation_id,
        now + lease,
        now,
    )
    return to_generation(row) if row else None


async def lock(connection: Connection, generation_id: str) -> Generation | None:
    row = await connection.fetchrow(f"{SELECT} WHERE id = $1 FOR UPDATE", generation_id)
    return to_generation(row) if row else None


async def renew_lease(
    connection: Connection, generation_id: str, fence: int, until: datetime, stage: Stage, progress: float
) -> bool:
    """Heartbeat with progress; False when the fence has moved on, or the lease was given up or has ended.

    A lease that its own attempt gave up (the task is now polled) is not taken up again by a late heartbeat. In the
    submit lane stages are records of what may have been bought: a heartbeat does not move them.
    """
    result = await connection.execute(
        """
        UPDATE generation SET lease_until = $3, stage = CASE WHEN lane = 'submit' THEN stage ELSE $4 END, progress = $5
        WHERE id = $1 AND fence = $2 AND status = 'processing' AND lease_until IS NOT NULL
        """,
        generation_id,
        fence,
        until,
        stage.value,
        progress,
    )
    return result == "UPDATE 1"


async def set_lease(connection: Connection, generation_id: str, fence: int, until: datetime | None) -> None:
    """Give a claim back without moving the generation: to the sweep (a moment), or to a job (None)."""
    await connection.execute(
        """
        UPDATE generation SET lease_until = $3
        WHERE id = $1 AND fence = $2 AND status = 'processing' AND lease_until IS NOT NULL
        """,
        generation_id,
        fence,
        until,
    )


async def set_rendering(connection: Connection, generation_id: str, fence: int, task_id: str, due_at: datetime) -> bool:
    """The upstream accepted the task: from now on it is polled."""
    result = await connection.execute(
        """
        UPDATE generation SET stage = 'rendering', engine_task_id = $3, due_at = $4, lease_until = NULL
        WHERE id = $1 AND fence = $2 AND status = 'processing'
        """,
        generation_id,
        fence,
        task_id,
        due_at,
    )
    return result == "UPDATE 1"


async def set_unknown(connection: Connection, generation_id: str, fence: int) -> bool:
    """The answer to the submission was lost: nothing is sent again by itself, the hold stays."""
    result = await connection.execute(
        """
        UPDATE generation SET stage = 'unknown', lease_until = NULL, due_at = NULL
        WHERE id = $1 AND fence = $2 AND status = 'processing'
        """,
        generation_id,
        fence,
    )
    return result == "UPDATE 1"


async def set_queued_again(
    connection: Connection,
    generation_id: str,
    due_at: datetime | None,
    *,
    counts_attempt: bool,
    waits_until: datetime | None = None,
) -> None:
    """Back to the queue, of a row that this transaction has locked.

    With `waits_until` as if it had never started: until then it may wait in the queue.
    """
    await connection.execute(
        """
        UPDATE generation SET stage = 'queued', due_at = $2, lease_until = NULL, engine_task_id = NULL, sent_at = NULL,
            progress = 0, fence = fence + 1, attempt = attempt - $3,
            started_at = CASE WHEN $4::timestamptz IS NULL THEN started_at END,
            deadline_at = coalesce($4, deadline_at)
        WHERE id = $1
        """,
        generation_id,
        due_at,
        0 if counts_attempt else 1,
        waits_until,
    )


async def set_ended(
    connection: Connection,
    generation_id: str,
    status: Status,
    charged_credits: int,
    metadata: Mapping[str, Any],
    error_code: str | None,
    now: datetime,
) -> Generation:
    """Write the end into a row that this transaction has locked; the fence moves on, so nobody else can."""
    row = await connection.fetchrow(
        f"""
        UPDATE generation g SET status = $2, stage = 'ended', credit_cost = $3, metadata = $4, error_code = $5,
            completed_at = $6, fence = fence + 1, lease_until = NULL, due_at = NULL, holds_slot = false,
            progress = CASE WHEN $2 = 'completed' THEN 1 ELSE progress END
        WHERE id = $1 {RETURNING}
        """,  # noqa: S608
        generation_id,
        status.value,
        charged_credits,
        dict(metadata),
        error_code,
        now,
    )
    assert row is not None
    return to_generation(row)


async def set_deleted(connection: Connection, generation_id: str, now: datetime) -> None:
    """Hide an ended generation, locked by this transaction, and end the link that shares it."""
    await connection.execute(
        """
        WITH unshared AS (DELETE FROM share WHERE generation_id = $1)
        UPDATE generation SET deleted_at = $2, fence = fence + 1 WHERE id = $1 AND status <> 'processing'
        """,
        generation_id,
        now,
    )


async def promote_oldest(connection: Connection, account_id: str, limit: int) -> list[tuple[str, Lane]]:
    """Give job slots to the account's oldest waiting generations; its counters are locked by the caller."""
    rows = await connection.fetch(
        """
        UPDATE generation SET holds_slot = true WHERE id = ANY (ARRAY  -- evaluated once: IN may be planned otherwise
            (SELECT id FROM generation WHERE account_id = $1 AND status = 'processing' AND NOT holds_slot
             ORDER BY account_id, id LIMIT $2 FOR UPDATE SKIP LOCKED))
        RETURNING id, lane
        """,
        account_id,
        limit,
    )
    return [(row["id"], Lane(row["lane"])) for row in rows]


# Sweeps ----------------------------------------------------------------------------------------------------


async def expired_leases(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Open generations whose worker has fallen silent."""
    rows = await connection.fetch(
        """
        SELECT id FROM generation WHERE status = 'processing' AND lease_until < $1 ORDER BY id LIMIT $2
        """,
        now,
        limit,
    )
    return [row["id"] for row in rows]


async def overdue(connection: Connection, now: datetime, limit: int) -> list[str]:
    """Open generations past their deadline; the unknown ones wait for an operator."""
    rows = await connection.fetch(
        """
        SELECT id FROM generation WHERE status = 'processing' AND stage <> 'unknown' AND deadline_at < $1
        ORDER BY id LIMIT $2
        """,
        now,
        limit,
    )
    return [row["id"] for row in rows]


async def ready_without_look(connection: Connection, now: datetime, limit: int) -> list[tuple[str, Lane]]:
    """Ready generations whose job may have been lost; looking once more does no harm."""
    rows = await connection.fetch(
        """
        SELECT id, lane FROM generation WHERE status = 'processing' AND holds_slot AND stage = 'queued'
            AND (due_at IS NULL OR due_at <= $1) AND created_at < $1 - interval '5 seconds'
        ORDER BY id LIMIT $2
        """,
        now,
        limit,
    )
    return [(row["id"], Lane(row["lane"])) for row in rows]


async def storing_without_look(connection: Connection, limit: int) -> list[str]:
    """Finished tasks that nobody is fetching."""
    rows = await connection.fetch(
        "SELECT id FROM generation WHERE status = 'processing' AND stage = 'storing' AND lease_until IS NULL"
        " ORDER BY id LIMIT $1",
        limit,
    )
    return [row["id"] for row in rows]


async def accounts_with_free_slots(connection: Connection, slots: Mapping[str, int], limit: int) -> list[str]:
    """Accounts in which something waits although a slot is free; `slots` are those of the plans."""
    rows = await connection.fetch(
        """
        SELECT u.account_id FROM account_usage u JOIN account a ON a.id = u.account_id
        JOIN unnest($1::text[], $2::int[]) AS p (plan, slots) ON p.plan = a.plan
        WHERE u.backlog > 0 AND u.slots_used < coalesce((a.limits ->> 'job_slots')::int, p.slots) LIMIT $3
        """,
        list(slots),
        list(slots.values()),
        limit,
    )
    return [row["account_id"] for row in rows]
