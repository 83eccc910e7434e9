"""Whole running systems: `doitong up` as a stranger starts it, looked at only from outside.

One system serves the scripted engine, so that a generation ends in a moment; a second one, made only for the
tests that ask for it, renders with Studio. Both are shared by the whole run, so a test makes its own account.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from doitong.app import Application
from doitong.core.settings import Settings

T = TypeVar("T")
START_SECONDS = 90  # the machine may be busy with other tests
STOP_SECONDS = 30
END_SECONDS = 60
COMMAND = [sys.executable, "-m", "doitong.doors.cli.main"]
SCRIPTED = {"DOITONG_SERVICE_ENGINES": "runway=scripted;runway-i2v=scripted"}


class Operator:
    """The system's own services, for what no customer can do: make accounts, count rows."""

    def __init__(self, data_dir: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="operator")
        self._thread.start()
        self._app = self._run(Application.open(Settings(data_dir=data_dir, database_connections=2)))

    def use(self, use_case: Callable[[Application], Awaitable[T]]) -> T:
        return self._run(use_case(self._app))

    def fetch(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        async def fetch(app: Application) -> list[dict[str, Any]]:
            async with app.database.reading() as connection:
                return [dict(row) for row in await connection.fetch(query, *arguments)]

        return self.use(fetch)

    def close(self) -> None:
        self._run(self._app.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)


@dataclass
class Customer:
    """An account with a key, speaking to one API process over real sockets."""

    account_id: str
    key: str
    url: str
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(
            base_url=self.url, headers={"X-API-Key": self.key}, trust_env=False, timeout=END_SECONDS + 10, verify=False
        )

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.client.post(path, json={} if body is None else body, headers=headers)

    def graphql(self, query: str, variables: Any = None, **headers: str) -> httpx.Response:
        return self.client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)

    def submit(self, prompt: str = "A serene landscape with mountains and a lake", **parameters: Any) -> dict[str, Any]:
        """An accepted text-to-video request, as REST answers it."""
        answer = self.post("/v1/text_to_video", {"service": "runway", "prompt": prompt, **parameters})
        assert answer.status_code == 200, answer.text
        return video_of(answer)

    def wait(self, generation_id: str) -> dict[str, Any]:
        """The generation once it has ended."""
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            found = video_of(self.get(f"/v1/generations/{generation_id}?wait=20"))
            if found["status"] != "processing":
                return found
        raise AssertionError(f"{generation_id} has not ended")

    def credits(self) -> dict[str, int]:
        return dict(self.get("/v1/credits").json()["data"]["credits"])


def video_of(answer: httpx.Response) -> dict[str, Any]:
    return dict(answer.json()["data"]["generatevideo"])


class System:
    """One `doitong up` on a fresh data folder and a free port."""

    def __init__(self, **environment: str) -> None:
        self.data_dir = Path(tempfile.mkdtemp(prefix="doitong-e2e-"))
        self.data_dir.chmod(0o755)  # as root, the database's own user walks through it
        own = {"DOITONG_DATA_DIR": str(self.data_dir), "DOITONG_LOG_FORMAT": "json"}
        self.environment = clean_environment() | own | environment
        self.output = self.data_dir / "up.log"
        with self.output.open("wb") as log:
            self._up = subprocess.Popen(
                [*COMMAND, "up", "--port", "0"], stdout=log, stderr=subprocess.STDOUT, env=self.environment
            )
        self._others: list[subprocess.Popen[bytes]] = []
        self._customers: list[Customer] = []
        try:
            self.url, self.demo_key = self._wait_until_ready()
            self.operator = Operator(self.data_dir)
        except BaseException:
            self._up.terminate()
            raise

    def _wait_until_ready(self) -> tuple[str, str]:
        deadline = time.monotonic() + START_SECONDS
        while "doitong generate" not in self.output.read_text():
            assert self._up.poll() is None and time.monotonic() < deadline, self.output.read_text()  # noqa: PT018
            time.sleep(0.05)
        env = dict(line.split("=", 1) for line in (self.data_dir / "demo.env").read_text().splitlines())
        return env["DOITONG_URL"], env["DOITONG_API_KEY"]

    def customer(self, plan: str = "enterprise", credits: int = 0, **limits: int) -> Customer:
        """A new account on `plan`, with `credits` beside what the plan gives."""

        async def make(app: Application) -> tuple[str, str]:
            account = await app.accounts.create("Test", plan, limits=limits)
            if credits:
                await app.ledger.grant(account.id, credits, reason="test")
            return account.id, (await app.keys.create(account.id, "test")).secret

        return self.known(*self.operator.use(make))

    def known(self, account_id: str, key: str, url: str | None = None) -> Customer:
        """A customer for a key that exists."""
        customer = Customer(account_id, key, url or self.url)
        self._customers.append(customer)
        return customer

    def cli(self, *arguments: str) -> str:
        """What a `doitong` command prints; it must succeed."""
        done = subprocess.run(
            [*COMMAND, *arguments], env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def serve_another(self) -> str:
        """A second API process on the same database; returns its address."""
        port = free_port()
        log = (self.data_dir / f"serve-{port}.log").open("wb")
        with log:
            process = subprocess.Popen(
                [*COMMAND, "serve", "--port", str(port)], stdout=log, stderr=log, env=self.environment
            )
        self._others.append(process)
        url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + START_SECONDS
        with httpx.Client(trust_env=False) as client:
            while True:
                try:
                    assert client.get(f"{url}/readyz").status_code == 200
                    return url
                except httpx.TransportError:
                    assert process.poll() is None and time.monotonic() < deadline  # noqa: PT018
                    time.sleep(0.05)

    def failures(self) -> list[str]:
        """The exceptions in the logs of API and worker: there are to be none, whatever was asked."""
        logs = [self.data_dir / "logs" / f"{name}.log" for name in ("api", "worker")]
        lines = [line for log in (*logs, *self.data_dir.glob("serve-*.log")) for line in log.read_text().splitlines()]
        return [json.loads(line)["exception"] for line in lines if line.startswith("{") and '"exception"' in line]

    def stop(self) -> None:
        failures = self.failures()
        try:
            self._stop()
        finally:
            assert not failures, "\n\n".join(failures[:3])

    def _stop(self) -> None:
        for customer in self._customers:
            customer.client.close()
        self.operator.close()
        for process in [*self._others, self._up]:
            process.terminate()
            process.wait(STOP_SECONDS)
        shutil.rmtree(self.data_dir, ignore_errors=True)


def clean_environment() -> dict[str, str]:
    """The environment without settings of ours or a proxy, so that every run starts alike."""
    dropped = ("DATABASE_URL", "CDN_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {name: value for name, value in kept.items() if not name.startswith("DOITONG_")}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class Arrival:
    """One request that a receiver got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """A stranger's web server on loopback: keeps what arrives, and serves `files` by path."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.files: dict[str, bytes] = {}
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                receiver._note(Arrival(self.command, self.path, dict(self.headers), body))
                found = receiver.files.get(self.path, b"ok" if self.command == "POST" else None)
                self.send_response(404 if found is None else 200)
                self.send_header("Content-Length", str(len(found or b"")))
                self.end_headers()
                self.wfile.write(found or b"")

            do_GET = do_POST = _answer

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _note(self, arrival: Arrival) -> None:
        with self._changed:
            self.arrivals.append(arrival)
            self._changed.notify_all()

    def wait_for(self, path: str) -> Arrival:
        """The first request to `path`."""

        def found() -> Arrival | None:
            return next((arrival for arrival in self.arrivals if arrival.path == path), None)

        with self._changed:
            assert self._changed.wait_for(found, END_SECONDS), f"nothing came to {path}"
            arrival = found()
        assert arrival is not None
        return arrival

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def running(**environment: str) -> Iterator[System]:
    system = System(**environment)
    try:
        yield system
    finally:
        system.stop()


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """A running system whose generations end in a moment."""
    with running(**SCRIPTED) as opened:
        yield opened


@pytest.fixture(scope="session")
def studio_system() -> Iterator[System]:
    """A running system as a newcomer has it."""
    with running() as opened:
        yield opened


@pytest.fixture(scope="session")
def second_api(system: System) -> str:
    """The address of a second API process on the system's database."""
    return system.serve_another()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()
