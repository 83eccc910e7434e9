"""Guarantee: workers killed at any moment, against a Runway with faults: nothing lost, nothing bought twice, and every
submission whose answer was lost is listed.

The stand-in counts what was bought. Every prompt is its generation's own, so a prompt that was created twice was bought
twice, unless its first task failed at Runway and the policy says that it is tried once more.
"""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from doitong.app import Application
from doitong.core.settings import Settings
from doitong.generations.model import RawRequest
from doitong.standins.runway import LocalStandin, Options
from doitong.standins.runway.script import parse_rates

from .conftest import KEY

LEASE_SECONDS, SWEEP_SECONDS = 4.0, 0.5
SETTLED_WITHIN_SECONDS = 300.0  # each film is stored with its previews; half a minute on an idle machine
FAULTS = (
    "dropafteraccept=0.02,dropbeforeaccept=0.02,nojson=0.01,http:503=0.02,poll:503=0.05,poll:drop=0.02,"
    "fail:INTERNAL=0.03,output:503=0.05,output:cut=0.03,expire:1=0.05"
)


class Workers:
    """The workers under fire, each forked anew when it is killed."""

    def __init__(self, zygote: asyncio.subprocess.Process) -> None:
        self._zygote = zygote
        self.processes: list[int] = []

    async def start(self) -> int:
        assert self._zygote.stdin
        assert self._zygote.stdout
        self._zygote.stdin.write(b"worker\n")
        await self._zygote.stdin.drain()
        return int(await self._zygote.stdout.readline())

    async def kill(self, place: int) -> None:
        os.kill(self.processes[place], signal.SIGKILL)
        self.processes[place] = await self.start()


@pytest.mark.parametrize(
    ("generations", "kills", "hurry"),
    [pytest.param(40, 15, 20, id="short"), pytest.param(500, 300, 1, id="full", marks=pytest.mark.slow)],
)
async def test_kills_lose_nothing_buy_nothing_twice_and_unknown_ones_are_listed(
    dsn: str, tmp_path: Path, generations: int, kills: int, hurry: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("DOITONG_CHAOS_SEED", "1"))
    options = Options(
        keys=(KEY,), tier="unlimited", credits=10_000_000, speed=20.0, faults=parse_rates(FAULTS), seed=seed
    )
    async with LocalStandin(options) as standin:
        environment = {
            "DATABASE_URL": dsn,
            "DOITONG_DATA_DIR": str(tmp_path),
            "DOITONG_SECRET_KEY": "chaos-secret-chaos-secret",
            "DOITONG_PROVENANCE": "off",
            "DOITONG_LEASE_SECONDS": str(LEASE_SECONDS),
            "DOITONG_SWEEP_SECONDS": str(SWEEP_SECONDS),
            "DOITONG_RUNWAY_POLL_SECONDS": "0.5",
            "RUNWAYML_API_SECRET": KEY,
            "RUNWAYML_BASE_URL": standin.url,
        }
        app = await Application.open(_settings(environment))
        with (tmp_path / "workers.log").open("wb") as log:
            zygote = await asyncio.create_subprocess_exec(
                sys.executable,
                str(Path(__file__).with_name("zygote.py")),
                str(hurry),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=os.environ | environment,
            )
        try:
            workers = Workers(zygote)
            workers.processes = [await workers.start() for _ in range(2)]
            accepted = await _under_fire(app, workers, random.Random(seed), generations, kills)
            await _wait_until_settled(dsn)
            found = await _check(app, standin, accepted)
        finally:
            zygote.kill()
            await zygote.wait()
            await app.close()
    with capsys.disabled():
        print(f"\n  {kills} kills over {generations} generations: 0 lost, 0 bought twice; {found}")


def _settings(environment: dict[str, str]) -> Settings:
    names = {name.removeprefix("DOITONG_").lower(): value for name, value in environment.items()}
    return Settings.model_validate(names)


async def _under_fire(
    app: Application, workers: Workers, randomness: random.Random, generations: int, kills: int
) -> dict[str, str]:
    """Submit while killing; returns the prompt of each accepted generation."""
    account = await app.accounts.create("chaos", "enterprise")
    await app.ledger.grant(account.id, 10_000_000, reason="chaos")
    caller = await app.keys.authenticate((await app.keys.create(account.id, "chaos")).secret)
    accepted: dict[str, str] = {}
    pause = kills * 0.35 / generations

    async def customer() -> None:
        for number in range(generations):
            prompt = f"pier {number}"
            ratio = "1:1" if number % 5 == 0 else "16:9"
            values: dict[str, Any] = {"prompt": prompt, "aspectRatio": ratio}
            raw = RawRequest({name: (name, value) for name, value in values.items()})
            submission = await app.generations.submit(caller, raw, None)
            accepted[submission.generation.id] = prompt
            await asyncio.sleep(randomness.uniform(0, 2 * pause))

    async def assassin() -> None:
        for _ in range(kills):
            await asyncio.sleep(randomness.uniform(0.05, 0.65))
            await workers.kill(randomness.randrange(len(workers.processes)))

    await asyncio.gather(customer(), assassin())
    return accepted


async def _wait_until_settled(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    query = "SELECT count(*) FROM generation WHERE status = 'processing' AND stage <> 'unknown'"
    try:
        async with asyncio.timeout(SETTLED_WITHIN_SECONDS):
            while await connection.fetchval(query):
                await asyncio.sleep(0.5)
    except TimeoutError:
        rows = await connection.fetch(
            "SELECT id, stage, attempt, engine_task_id, lease_until, due_at FROM generation"
            " WHERE status = 'processing' AND stage <> 'unknown' LIMIT 5"
        )
        raise AssertionError([dict(row) for row in rows]) from None
    finally:
        await connection.close()


async def _check(app: Application, standin: LocalStandin, accepted: dict[str, str]) -> str:
    async with app.database.reading() as connection:
        rows = {row["id"]: row for row in await connection.fetch("SELECT * FROM generation")}
    assert set(rows) == set(accepted), "a generation was lost, or made twice"
    tasks: dict[str, list[dict[str, Any]]] = {}
    for task in standin.state()["tasks"]:
        tasks.setdefault(task["prompt"], []).append(task)
    for generation_id, prompt in accepted.items():
        row = rows[generation_id]
        bought = Counter(task["path"] for task in tasks.get(prompt, []))
        failed = Counter(task["path"] for task in tasks.get(prompt, []) if task["status"] == "FAILED")
        assert all(bought[path] <= 1 + failed[path] for path in bought), (dict(row), tasks[prompt])
        if row["status"] == "completed":
            assert bought["text_to_video"] + bought["image_to_video"] >= 1
    listed = {item.id for item in (await app.settlement.list_page(1000, None)).items}
    assert listed == {generation_id for generation_id, row in rows.items() if row["stage"] == "unknown"}
    ends = Counter(row["status"] if row["stage"] != "unknown" else "unknown" for row in rows.values())
    holds = {row["id"]: row["credit_cost"] for row in rows.values() if row["stage"] == "unknown"}
    balance = await app.ledger.balance(next(iter(rows.values()))["account_id"])
    assert balance.held == sum(holds.values())
    assert await app.ledger.verify() == []
    with_tasks = sum(bool(tasks.get(accepted[generation_id])) for generation_id in listed)
    return f"{dict(ends)}, all {len(listed)} unknown ones listed ({with_tasks} of them bought)"
