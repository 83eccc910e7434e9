"""Running the stand-in: in the foreground, inside a test's own event loop, or as a process of its own."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from itertools import count
from types import TracebackType
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from doitong.core.clock import Clock
from doitong.standins.runway.app import TRANSPORT, Standin
from doitong.standins.runway.model import Options

BACKLOG = 2048
TICK_SECONDS = 0.1
START_SECONDS, STOP_SECONDS = 60, 10
ANNOUNCEMENT = "Runway stand-in on "


class StandinProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it; the application gets the connection itself, so that it can drop it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]


class _Server(uvicorn.Server):
    """A server that tells when it listens, and leaves signals to whom they belong."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()
        self.stops = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()

    async def main_loop(self) -> None:
        """uvicorn's own, but for that it ends at once when it is told to."""
        ticks = count()
        while not self.stops.is_set():
            await self.on_tick(next(ticks))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stops.wait(), TICK_SECONDS)


def _config(standin: Standin) -> uvicorn.Config:
    return uvicorn.Config(
        standin,
        http=StandinProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=1,
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on, though nobody answers yet; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named: only then asyncio sets NODELAY
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    return listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(options: Options, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM. Blocks."""
    uvicorn.Server(_config(Standin(options))).run(sockets=[listener])


class LocalStandin:
    """A stand-in on a free loopback port in the running event loop: `async with LocalStandin(...) as standin`."""

    def __init__(self, options: Options | None = None, *, clock: Clock | None = None) -> None:
        self.standin = Standin(options, clock=clock)
        self.url = ""

    async def __aenter__(self) -> Self:
        listener = listen("127.0.0.1", 0)
        self.url = url_of(listener)
        self._server = _Server(_config(self.standin))
        self._serving = asyncio.ensure_future(self._server.serve(sockets=[listener]))
        await asyncio.wait_for(self._server.listens.wait(), START_SECONDS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stops.set()
        await self._serving

    def state(self) -> dict[str, Any]:
        """See `Standin.state`."""
        return self.standin.state()

    def advance(self, seconds: float) -> None:
        """Put its clock forward."""
        self.standin.clock.advance(seconds)


class StandinProcess:
    """`doitong runway-stand-in` as a child process: `with StandinProcess("--speed", "50") as standin`."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self.url = ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "doitong", "runway-stand-in", "--port", "0", *self._arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  (our own command)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(ANNOUNCEMENT):
                self.url = line.removeprefix(ANNOUNCEMENT).strip()
                return self
        raise RuntimeError(f"the stand-in ended with {self.process.wait()}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait(STOP_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def state(self) -> dict[str, Any]:
        """See `Standin.state`. Blocks."""
        return self._call("state")

    def advance(self, seconds: float) -> None:
        """Put its clock forward. Blocks."""
        self._call("advance", {"seconds": seconds})

    def grant(self, credits: int) -> None:
        """Buy credits, or with a negative number lose them. Blocks."""
        self._call("credits", {"credits": credits})

    def _call(self, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.url}/_standin/{name}", data, timeout=START_SECONDS) as answer:
            found: dict[str, Any] = json.load(answer)
        return found
