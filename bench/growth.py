"""What a submission costs with 1,000 and with 1,000,000 stored generations."""

import asyncio
from typing import Any

import asyncpg

from bench.api import _generate
from bench.requests import head
from bench.system import System

CONCURRENCY = 16

FILL = """
WITH made AS (
    INSERT INTO generation (id, account_id, key_prefix, kind, service, prompt, parameters, webhook_url, credit_cost,
        status, stage, progress, lane, engine, attempt, fence, metadata, created_at, started_at, completed_at,
        deadline_at)
    SELECT '00' || lpad(n::text, 24, '0'), $1, 'bench', 'text_to_video', 'runway', 'A serene landscape ' || n,
        '{"duration": 5, "width": 1280, "height": 720, "fps": 24, "aspectRatio": "16:9", "version": "gen-4",
          "quality": "standard", "seed": 1, "motionIntensity": "medium", "image": null, "motion": null,
          "negativePrompt": null}'::jsonb,
        NULL, 100, 'completed', 'ended', 1, 'submit', 'scripted', 1, 2, '{"sha256": "0"}'::jsonb,
        now() - interval '1 day', now() - interval '1 day', now() - interval '1 day', now()
    FROM generate_series($2::bigint, $3::bigint) n RETURNING id
), records AS (
    INSERT INTO idempotency (account_id, key, fingerprint, generation_id, answer, created_at)
    SELECT $1, 'fill-' || id, '\\x00', id, '{}'::jsonb, now() FROM made
)
INSERT INTO hold (generation_id, account_id, amount, captured, state, created_at, resolved_at)
SELECT id, $1, 100, 100, 'captured', now(), now() FROM made
"""
CHUNK = 100_000


async def fill(dsn: str, account_id: str, first: int, last: int) -> None:
    """Store generations `first` to `last` with their holds and idempotency records."""
    connection = await asyncpg.connect(dsn)
    try:
        for start in range(first, last + 1, CHUNK):
            await connection.execute(FILL, account_id, start, min(last, start + CHUNK - 1), timeout=600)
        await connection.execute("ANALYZE", timeout=600)
        await connection.execute("CHECKPOINT", timeout=600)
    finally:
        await connection.close()


def measure(system: System, seconds: float) -> dict[int, dict[str, Any]]:
    """Submissions at concurrency 16 by number of stored generations."""
    rows = {}
    stored = 0
    for wanted in (1_000, 1_000_000):
        asyncio.run(fill(system.dsn, system.account_id, stored + 1, wanted))
        stored = wanted
        request_head = head("POST", "/graphql", system.api_key, idempotent=True)
        rows[wanted] = system.load(request_head, _generate(), CONCURRENCY, seconds)
    return rows
