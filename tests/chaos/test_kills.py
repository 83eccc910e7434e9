"""Guarantee: accepted means kept. kill -9 of the server and of workers at any moment: nothing lost, nothing doubled."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from doitong.app import Application
from doitong.core.settings import Settings

LEASE_SECONDS = 2.0
SWEEP_SECONDS = 0.5
SETTLED_WITHIN_SECONDS = 20.0  # lease + sweep, many times over
DELIVERED_WITHIN_SECONDS = 60.0  # a delivery cut in the middle is tried again after its own lease of 30 s
PROMPTS = [
    ("#delay=0.1", "completed", 1),
    ("#delay=0.6", "completed", 1),
    ("#delay=0.1 #transient=1", "completed", 2),
    ("#delay=0.1 #fail", "failed", 1),
    ("#delay=0.1 #moderated", "failed", 1),
    ("#delay=0.1 #lost-answer", "completed", 1),
]


@dataclass
class Crew:
    """The processes under fire, and who restarts them."""

    zygote: asyncio.subprocess.Process
    processes: dict[str, int] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)

    async def start(self, name: str) -> None:
        assert self.zygote.stdin
        assert self.zygote.stdout
        self.zygote.stdin.write(f"{name.split('-', maxsplit=1)[0]}\n".encode())
        await self.zygote.stdin.drain()
        self.processes[name] = int(await self.zygote.stdout.readline())

    async def kill(self, name: str) -> None:
        os.kill(self.processes[name], signal.SIGKILL)
        self.kills[name] += 1
        await self.start(name)

    async def stop(self) -> None:
        self.zygote.kill()
        await self.zygote.wait()


@dataclass
class Hooks:
    """A webhook receiver: event ids by generation."""

    events: dict[str, set[str]] = field(default_factory=dict)
    calls: int = 0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head.decode().split("\r\n")[1:] if line)
                }
                body = json.loads(await reader.readexactly(int(headers["content-length"])))
                self.calls += 1
                self.events.setdefault(body["id"], set()).add(headers["webhook-id"])
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _submit(client: httpx.AsyncClient, prompt: str, hook: str) -> str:
    """As a careful client: one key outside the retry loop, and retry until there is an answer."""
    key = str(uuid.uuid4())
    body = {"service": "runway", "prompt": prompt, "webhookUrl": hook}
    for _ in range(400):
        try:
            answer = await client.post("/v1/text_to_video", json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            await asyncio.sleep(0.1)
            continue
        if answer.status_code < 500:
            assert answer.status_code == 200, answer.text
            return str(answer.json()["data"]["generatevideo"]["id"])
        await asyncio.sleep(0.1)
    raise AssertionError("no answer in 400 tries")


async def _customer(settings: Settings) -> tuple[str, str]:
    app = await Application.open(settings)
    try:
        account = await app.accounts.create("chaos", "enterprise")
        await app.ledger.grant(account.id, 1_000_000, reason="chaos")
        return account.id, (await app.keys.create(account.id, "chaos")).secret
    finally:
        await app.close()


async def _wait_until_none(dsn: str, what: str, seconds: float) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(seconds):
            while left := await connection.fetchval(f"SELECT count(*) FROM {what}"):
                await asyncio.sleep(0.2)
    except TimeoutError:
        rows = await connection.fetch(f"SELECT * FROM {what} LIMIT 3")
        raise AssertionError(f"{left} left after {seconds} s: {[dict(row) for row in rows]}") from None
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("generations", "kills", "is_full"),
    [pytest.param(40, 15, False, id="short"), pytest.param(200, 100, True, id="full", marks=pytest.mark.slow)],
)
async def test_kill_9_loses_and_doubles_nothing(
    dsn: str, tmp_path: Path, generations: int, kills: int, is_full: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    randomness = random.Random(int(os.environ.get("DOITONG_CHAOS_SEED", "1")))
    port = _free_port()
    settings = Settings(
        database_url=dsn,
        data_dir=tmp_path,
        port=port,
        service_engines="runway=scripted",
        egress_allow=["127.0.0.0/8"],
        secret_key="chaos-secret-chaos-secret",
        lease_seconds=LEASE_SECONDS,
        sweep_seconds=SWEEP_SECONDS,
    )
    account_id, api_key = await _customer(settings)
    hooks = Hooks()
    receiver = await asyncio.start_server(hooks.serve, "127.0.0.1", 0)
    hooks.port = receiver.sockets[0].getsockname()[1]
    environment = {
        **os.environ,
        "DATABASE_URL": dsn,
        "DOITONG_DATA_DIR": str(tmp_path),
        "DOITONG_PORT": str(port),
        "DOITONG_SERVICE_ENGINES": settings.service_engines,
        "DOITONG_EGRESS_ALLOW": "127.0.0.0/8",
        "DOITONG_SECRET_KEY": settings.secret_key,
        "DOITONG_LEASE_SECONDS": str(LEASE_SECONDS),
        "DOITONG_SWEEP_SECONDS": str(SWEEP_SECONDS),
    }
    with (tmp_path / "processes.log").open("wb") as log:
        crew = Crew(
            await asyncio.create_subprocess_exec(
                sys.executable,
                str(Path(__file__).with_name("zygote.py")),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=environment,
            )
        )
    try:
        names = ["api", "worker-1", "worker-2"]
        for name in names:
            await crew.start(name)
        accepted = await _under_fire(crew, randomness, port, api_key, hooks, generations, kills)
        await _wait_until_none(dsn, "generation WHERE status = 'processing'", SETTLED_WITHIN_SECONDS)
        if is_full:
            await _wait_until_none(dsn, "delivery WHERE state = 'pending'", DELIVERED_WITHIN_SECONDS)
        await _check(settings, account_id, accepted, hooks, tmp_path, is_full)
    finally:
        await crew.stop()
        receiver.close()
    with capsys.disabled():
        print(
            f"\n  {sum(crew.kills.values())} kills ({dict(crew.kills)}) over {generations} generations:"
            f" 0 lost, 0 doubled, ledger agrees; {hooks.calls} webhook calls for {len(hooks.events)} events"
        )


async def _under_fire(
    crew: Crew, randomness: random.Random, port: int, api_key: str, hooks: Hooks, generations: int, kills: int
) -> dict[str, tuple[str, int]]:
    """Submit while killing; returns what was accepted, with the expected end and number of tasks."""
    accepted: dict[str, tuple[str, int]] = {}
    left = list(range(generations))
    firing = asyncio.Event()

    async def customer(client: httpx.AsyncClient) -> None:
        while left:
            number = left.pop()
            prompt, status, tasks = PROMPTS[number % len(PROMPTS)]
            generation_id = await _submit(client, prompt, f"http://127.0.0.1:{hooks.port}/{number}")
            assert generation_id not in accepted
            accepted[generation_id] = (status, tasks)
            await asyncio.sleep(randomness.uniform(0, 8 * kills * 0.35 / generations))

    async def assassin() -> None:
        for _ in range(kills):
            await asyncio.sleep(randomness.uniform(0.05, 0.65))
            await crew.kill(randomness.choice(list(crew.processes)))
        firing.set()

    headers = {"Authorization": f"Bearer {api_key}"}
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=10) as client,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(assassin())
        for _ in range(8):
            group.create_task(customer(client))
    assert firing.is_set()
    return accepted


async def _check(
    settings: Settings, account_id: str, accepted: dict[str, tuple[str, int]], hooks: Hooks, folder: Path, is_full: bool
) -> None:
    app = await Application.open(settings)
    try:
        async with app.database.reading() as connection:
            rows = await connection.fetch("SELECT * FROM generation")
            holds = await connection.fetch("SELECT * FROM hold")
            usage = await connection.fetchrow("SELECT * FROM account_usage WHERE account_id = $1", account_id)
        ended = {row["id"]: row for row in rows}
        assert set(ended) == set(accepted), "a generation was lost, or made twice"
        assert len(holds) == len(accepted)
        bought: Counter[str] = Counter(
            path.name.rsplit("-", 1)[0] for path in (folder / "scripted" / "tasks").iterdir() if path.name[0] != "."
        )
        for generation_id, (status, tasks) in accepted.items():
            row: Any = ended[generation_id]
            assert row["status"] == status, (dict(row), status)
            assert bought[generation_id] == tasks, f"{generation_id} was bought {bought[generation_id]} times"
            events = hooks.events.get(generation_id, set())
            assert len(events) == 1 or (not events and not is_full), f"{len(events)} events of one end"
        spent = sum(row["credit_cost"] for row in rows)
        balance = await app.ledger.balance(account_id)
        assert (balance.available, balance.held) == (1_000_000 - spent, 0)
        assert (usage["slots_used"], usage["ready"], usage["backlog"]) == (0, 0, 0)
        assert await app.ledger.verify() == []
    finally:
        await app.close()
