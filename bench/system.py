"""The system under measurement: embedded PostgreSQL, one API process, one worker, each a real process."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from doitong.app import Application
from doitong.core.settings import Settings
from doitong.db.embedded import EmbeddedPostgres
from doitong.db.migrate import migrate

READY_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class System:
    """A running system with one customer."""

    folder: Path
    dsn: str
    port: int
    account_id: str = ""
    api_key: str = ""
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)  # of this measurement alone

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": self.dsn,
            "DOITONG_DATA_DIR": str(self.folder),
            "DOITONG_PORT": str(self.port),
            "DOITONG_SERVICE_ENGINES": "runway=scripted",
            "DOITONG_EGRESS_ALLOW": "127.0.0.0/8",
            **self.settings,
        }

    def start(self, name: str, *arguments: str) -> None:
        log = (self.folder / f"{name}.log").open("wb")
        command = [sys.executable, *arguments]
        self.processes[name] = subprocess.Popen(command, env=self.environment(), stdout=log, stderr=log)

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        process.wait(15)

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of each process of ours; of PostgreSQL the sum of what each backend has to itself."""
        found = {name: psutil.Process(process.pid).memory_info().rss / 1e6 for name, process in self.processes.items()}
        postgres = [item for item in psutil.process_iter(["name"]) if "postgres" in (item.info["name"] or "")]
        mine = [item for item in postgres if str(self.folder) in " ".join(_ancestry(item))]
        found["postgres"] = sum(_unique_mb(item) for item in mine)
        return found

    def wait_until_answers(self, path: str, port: int) -> None:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2):
                    return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.02)
        raise TimeoutError(f"port {port} does not answer")

    def load(self, head: str, body: str, concurrency: int, seconds: float, port: int | None = None) -> dict[str, Any]:
        """Run the load generator in a process of its own."""
        order = {
            "port": port or self.port,
            "head": head,
            "body": body,
            "concurrency": concurrency,
            "seconds": seconds,
        }
        done = subprocess.run(
            [sys.executable, "-m", "bench.load"], input=json.dumps(order).encode(), capture_output=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode()[-2000:])
        result: dict[str, Any] = json.loads(done.stdout)
        return result


def _ancestry(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline() + [part for parent in process.parents() for part in parent.cmdline()]
    except psutil.Error:
        return []


def _unique_mb(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().uss) / 1e6
    except psutil.Error:
        return 0.0


async def _customer(system: System) -> None:
    settings = Settings(database_url=system.dsn, data_dir=system.folder, port=system.port)
    app = await Application.open(settings)
    try:
        account = await app.accounts.create("bench", "enterprise", limits={"job_slots": 10_000_000})
        await app.ledger.grant(account.id, 10**12, reason="bench")
        system.account_id = account.id
        system.api_key = (await app.keys.create(account.id, "bench")).secret
    finally:
        await app.close()


@contextmanager
def running_system() -> Iterator[System]:
    """A fresh system with its API started; stopped and deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="doitong-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = EmbeddedPostgres(folder)
        system = System(folder, postgres.start(), free_port())
        try:
            asyncio.run(migrate(system.dsn))
            asyncio.run(_customer(system))
            system.start("api", "-m", "doitong", "serve")
            system.wait_until_answers("/readyz", system.port)
            yield system
        finally:
            for process in list(system.processes):
                system.stop(process)
            postgres.stop()
