"""The schema comes up once, whoever starts first, and costs nothing when it is there."""

import asyncio
import time

import asyncpg

from doitong.db.migrate import check, migrate


async def test_fresh_database_is_current_and_queue_is_durable(dsn: str) -> None:
    assert await check(dsn)
    connection = await asyncpg.connect(dsn)
    tables = await connection.fetch(
        "SELECT relname::text AS name, relpersistence = 'p' AS durable FROM pg_class"
        " WHERE relname LIKE 'pgqueuer%' AND relkind = 'r'"
    )
    await connection.close()
    assert {row["name"] for row in tables} >= {"pgqueuer", "pgqueuer_log"}
    assert all(row["durable"] for row in tables)


async def test_migrating_again_changes_nothing_and_is_fast(dsn: str) -> None:
    started = time.perf_counter()
    changed = await migrate(dsn)
    elapsed_ms = (time.perf_counter() - started) * 1000
    print(f"migrate with nothing to do: {elapsed_ms:.1f} ms")
    assert not changed
    assert elapsed_ms < 500  # 50 ms on an idle machine; this bound only catches a full pass


async def test_eight_concurrent_starts_migrate_once(
    server: str, administrator: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await administrator.execute("CREATE DATABASE concurrent_start")
    empty = server.replace("@/postgres?", "@/concurrent_start?")
    assert not await check(empty)
    changed = await asyncio.gather(*(migrate(empty) for _ in range(8)))
    assert sorted(changed) == [False] * 7 + [True]
    assert await check(empty)
    await administrator.execute("DROP DATABASE concurrent_start WITH (FORCE)")
