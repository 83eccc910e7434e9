"""`python -m bench.runway`: many generations in flight at a stand-in of Runway, one worker, everything else real.

Nearly all tasks render for an hour, so that they stay in flight; some end while the worker watches all of them, and of
those it is measured how long after their end at the upstream the customer's webhook arrives, and where the time went:
the moments are the stand-in's, the database's, and the worker's own line about each film.
"""

import argparse
import asyncio
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from bench.system import System, free_port
from doitong.app import Application
from doitong.core.settings import Settings
from doitong.db.embedded import EmbeddedPostgres
from doitong.db.migrate import migrate
from doitong.generations.model import RawRequest
from doitong.standins.runway import StandinProcess

KEY = "key_bench"
IN_FLIGHT, ENDING, POLL_SECONDS = 10_000, 200, 20.0
PACE_SECONDS = 1.5  # between ends: each film is fetched, probed and gets its previews, on the same two cores
RENDER_SECONDS = 30.0
SUBMITTERS = 64
WARM_UPS = 8  # so that what is loaded and grows once is there before memory is looked at


@dataclass
class Hooks:
    """A webhook receiver: when each generation's end arrived."""

    arrived: dict[str, float] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                self.arrived[json.loads(await reader.readexactly(length))["id"]] = time.time()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@dataclass(frozen=True)
class Given:
    in_flight: int
    ending: int
    poll_seconds: float
    pace_seconds: float


class Field:
    """One measurement's application, its customer and the worker's process."""

    def __init__(self, app: Application, system: System, standin: StandinProcess, given: Given) -> None:
        self.app, self.system, self.standin, self.given = app, system, standin, given
        self.worker = psutil.Process(system.processes["worker"].pid)

    async def open_account(self) -> None:
        account = await self.app.accounts.create("bench", "enterprise", limits={"job_slots": 10_000_000})
        await self.app.ledger.grant(account.id, 10**12, reason="bench")
        self.caller = await self.app.keys.authenticate((await self.app.keys.create(account.id, "bench")).secret)

    async def submit(self, prompt: str, hook: str | None = None) -> str:
        values = {"prompt": prompt, "duration": 5} | ({"webhookUrl": hook} if hook else {})
        raw = RawRequest({name: (name, value) for name, value in values.items()})
        return (await self.app.generations.submit(self.caller, raw, None)).generation.id

    async def in_flight(self) -> int:
        async with self.app.database.reading() as connection:
            count: int = await connection.fetchval("SELECT count(*) FROM generation WHERE stage = 'rendering'")
        return count

    def memory_mb(self) -> float:
        return self.worker.memory_info().rss / 1e6

    def cpu_seconds(self) -> float:
        times = self.worker.cpu_times()
        return times.user + times.system

    async def parts(self, moments: dict[str, tuple[float, float]]) -> dict[str, list[float]]:
        """Where the time between the end and the telling went, for each of these generations, in seconds."""
        async with self.app.database.reading() as connection:
            rows = await connection.fetch(
                """
                SELECT g.id, extract(epoch FROM g.completed_at)::float8 AS completed_at,
                    (SELECT extract(epoch FROM max(t.ended_at))::float8 FROM engine_task t
                     WHERE t.generation_id = g.id) AS seen_at
                FROM generation g WHERE g.id = ANY ($1) AND g.status = 'completed'
                """,
                list(moments),
            )
        kept = {}
        for line in (self.system.folder / "worker.log").read_text().splitlines():
            if '"film_kept"' in line:
                said = json.loads(line)
                kept[said["generation_id"]] = {name: value / 1000 for name, value in said["ms"].items()}
        parts: dict[str, list[float]] = {}
        for row in rows:
            ended_at, told_at = moments[row["id"]]
            seen_at, completed_at, steps = row["seen_at"], row["completed_at"], dict(kept[row["id"]])
            commit = steps.pop("commit")
            found = {"ended → seen": seen_at - ended_at, "seen → taken": completed_at - seen_at - sum(steps.values())}
            found |= steps | {"commit": commit, "committed → told": told_at - completed_at}
            for name, value in found.items():
                parts.setdefault(name, []).append(value)
        return parts

    async def fill(self) -> float:
        """Bring everything into flight; seconds that it took."""
        started, left = time.monotonic(), list(range(self.given.in_flight))

        async def submitter() -> None:
            while left:
                await self.submit(f"pier {left.pop()} #slow:3600")

        await asyncio.gather(*(submitter() for _ in range(SUBMITTERS)))
        while await self.in_flight() < self.given.in_flight:
            await asyncio.sleep(1)
        return time.monotonic() - started


async def _run(field: Field) -> dict[str, Any]:
    given, hooks = field.given, Hooks()
    server = await asyncio.start_server(hooks.serve, "127.0.0.1", 0)
    hook = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    await field.open_account()
    for number in range(WARM_UPS):
        await field.submit(f"warm up {number} #slow:1", hook)
    while len(hooks.arrived) < WARM_UPS:
        await asyncio.sleep(0.1)
    memory, fill_seconds = [field.memory_mb()], await field.fill()
    await asyncio.sleep(given.poll_seconds)
    memory.append(field.memory_mb())
    cpu, reads, started = field.cpu_seconds(), _reads(field), time.monotonic()
    ids = {}
    for number in range(given.ending):
        prompt = f"ending {number} #slow:{RENDER_SECONDS + number * 0.01:.2f}"
        ids[await field.submit(prompt, hook)] = prompt
        await asyncio.sleep(given.pace_seconds)
    seconds, cpu = time.monotonic() - started, field.cpu_seconds() - cpu
    reads = _reads(field) - reads
    memory.append(field.memory_mb())
    until = time.monotonic() + RENDER_SECONDS + 10 * given.poll_seconds
    while len(hooks.arrived) < given.ending + WARM_UPS and time.monotonic() < until:
        await asyncio.sleep(0.2)
    server.close()
    tasks = {task["prompt"]: task for task in field.standin.state()["tasks"]}
    told = {item: hooks.arrived[item] for item in ids if item in hooks.arrived}
    assert told, "nobody was told of an end"
    whole = [moment - tasks[ids[item]]["endsAt"] for item, moment in told.items()]
    parts = await field.parts({item: (tasks[ids[item]]["endsAt"], moment) for item, moment in told.items()})
    calls = [tasks[prompt]["reads"] for prompt in ids.values()]
    return {
        "in flight": await field.in_flight(),
        "told / ended": f"{len(told)} / {given.ending}",
        "poll interval, s": given.poll_seconds,
        "end → customer told, p50 / p99 / longest, s": _spread(whole),
        "the aim for p99: 2 × poll interval, s": 2 * given.poll_seconds,
        **{f"  of it {name}": _spread(values) for name, values in parts.items()},
        "looks a second": round(reads / seconds, 1),
        "looks at a task that rendered 30 s, mean": round(sum(calls) / len(calls), 1),
        "worker, share of one core": round(cpu / seconds, 2),
        "worker memory before, filled, after the ends, MB": " / ".join(f"{value:.0f}" for value in memory),
        "worker memory for each in flight, KB": round((memory[1] - memory[0]) * 1000 / given.in_flight, 2),
        "submissions to Runway a second while filling": round(given.in_flight / fill_seconds, 1),
    }


def _spread(values: list[float]) -> str:
    ordered = sorted(values)
    p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99))
    return f"{p50:.2f} / {p99:.2f} / {ordered[-1]:.2f}"


def _reads(field: Field) -> int:
    calls = field.standin.state()["calls"]
    return sum(count for name, count in calls.items() if name.startswith("GET tasks"))


async def _measure_on(system: System, standin: StandinProcess, given: Given) -> dict[str, Any]:
    settings = Settings(
        database_url=system.dsn,
        data_dir=system.folder,
        runwayml_api_secret=KEY,
        runwayml_base_url=standin.url,
        egress_allow=["127.0.0.0/8"],
    )
    app = await Application.open(settings)
    try:
        return await _run(Field(app, system, standin, given))
    finally:
        await app.close()


def measure(given: Given) -> dict[str, Any]:
    """Figures by their names."""
    with (
        TemporaryDirectory(prefix="doitong-bench-") as name,
        StandinProcess("--key", KEY, "--tier", "unlimited", "--credits", "1000000000") as standin,
    ):
        folder = Path(name)
        folder.chmod(0o755)
        postgres = EmbeddedPostgres(folder)
        system = System(folder, postgres.start(), free_port())
        os.environ |= {
            "RUNWAYML_API_SECRET": KEY,
            "RUNWAYML_BASE_URL": standin.url,
            "DOITONG_RUNWAY_POLL_SECONDS": str(given.poll_seconds),
            "DOITONG_GENERATION_TIMEOUT_SECONDS": "7200",
        }
        system.settings = {"DOITONG_SERVICE_ENGINES": ""}
        try:
            asyncio.run(migrate(system.dsn))
            system.start("worker", "-m", "doitong", "work")
            return asyncio.run(_measure_on(system, standin, given))
        finally:
            for process in list(system.processes):
                system.stop(process)
            postgres.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.runway", description=__doc__)
    parser.add_argument("--in-flight", type=int, default=IN_FLIGHT)
    parser.add_argument("--ending", type=int, default=ENDING)
    parser.add_argument("--poll-seconds", type=float, default=POLL_SECONDS)
    parser.add_argument("--pace-seconds", type=float, default=PACE_SECONDS, help="between two ends")
    given = parser.parse_args()
    figures = measure(Given(given.in_flight, given.ending, given.poll_seconds, given.pace_seconds))
    for name, value in figures.items():
        print(f"{name:55} {value}")


if __name__ == "__main__":
    main()
