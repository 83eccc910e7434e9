"""`doitong up`: the supervisor. Database, API and worker start side by side and stop in order, database last."""

import asyncio
import contextlib
import http.client
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType

import click

from doitong.core.settings import Settings
from doitong.db.embedded import EmbeddedPostgres, FolderInUse, StartProblem
from doitong.doors.cli._child import Child

READY_TIMEOUT_SECONDS = 60.0
READY_POLL_SECONDS = 0.02
WATCH_SECONDS = 0.25
STOP_CHILDREN_SECONDS = 8.5  # the API gives open answers 8; with the database all within 10 s
PORT_PATIENCE_SECONDS = 2.0  # the API of a supervisor that was just killed is on its way out
PYTHON_MINIMUM = (3, 11)


@click.command()
@click.option("--host", help="Address to listen on (DOITONG_HOST, 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (DOITONG_PORT, 8000).")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Folder of database, files and secrets (DOITONG_DATA_DIR, ./data).",
)
@click.option("--demo", is_flag=True, help="When ready, make the documentation's first video and save it here.")
@click.option("--exit", "exits", is_flag=True, help="With --demo: stop everything when the video is saved.")
def up(host: str | None, port: int | None, data_dir: Path | None, *, demo: bool, exits: bool) -> None:
    """Start everything: database, API and worker.

    The first start makes the data folder, a demo account with 1,000,000 credits and its key, and prints a
    request that works as it stands. Ctrl-C stops everything; the data stays.
    """
    chosen = {"host": host, "port": port, "data_dir": data_dir}
    settings = Settings().model_copy(update={name: item for name, item in chosen.items() if item is not None})
    supervisor = Supervisor(settings)
    try:
        supervisor.start()
        code = supervisor.run_demo() if demo else 0
        if demo and exits:
            sys.exit(code)
        supervisor.watch()
    except FolderInUse:
        if not demo:
            raise
        sys.exit(_demo_on_the_running_one(settings))  # which stays as it is
    except StopRequested:
        click.echo("\nStopping …", err=True)
    finally:
        supervisor.stop()


def _demo_on_the_running_one(settings: Settings) -> int:
    from doitong.doors.cli._credentials import read_credentials
    from doitong.doors.cli.submit import run_demo

    return run_demo(*read_credentials({}, settings.data_dir))


class StopRequested(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal; not an Exception, so that nothing swallows it."""


class Supervisor:
    """The processes of one data folder."""

    def __init__(self, settings: Settings) -> None:
        self._started_at = time.monotonic()
        port = settings.port or _free_port(settings.host)
        self._settings = settings.model_copy(update={"port": port, "data_dir": settings.data_dir.absolute()})
        self._database = EmbeddedPostgres(self._settings.data_dir)
        self._children: list[Child] = []
        self._key = ""

    def start(self) -> None:
        """Bring everything up and return when the API answers ready. Raises StartProblem, StopRequested."""
        _check_python()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _request_stop)
        self._database.claim()
        _check_port(self._settings.host, self._settings.port)
        self._start_children()  # they import while the database starts
        dsn = self._start_database()
        for child in self._children:
            child.go()
        self._key = self._ensure_demo(dsn)
        self._wait_until_ready()
        self._greet()

    def watch(self) -> None:
        """Keep everything alive until a stop is requested."""
        while True:
            time.sleep(WATCH_SECONDS)
            if self._settings.is_embedded and not self._database.is_running():
                click.echo("The database ended; starting it again.", err=True)
                self._database.start()
            for child in self._children:
                for line in child.new_problems():
                    click.echo(line, err=True)
                if news := child.keep_alive(time.monotonic()):
                    click.echo(news, err=True)

    def run_demo(self) -> int:
        """The documentation's first request; 0 when its video was saved."""
        from doitong.doors.cli.submit import run_demo

        return run_demo(self._local_url, self._key)

    def _kill_children(self) -> None:
        for child in self._children:
            child.kill()

    def stop(self) -> None:
        """End all processes, the database last. A second Ctrl-C ends the patience, not the order."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGINT, lambda *_: self._kill_children())
        for child in self._children:
            child.terminate()
        deadline = time.monotonic() + STOP_CHILDREN_SECONDS
        for child in self._children:
            child.finish(deadline - time.monotonic())
        self._database.stop()

    def _start_database(self) -> str:
        from doitong.db.migrate import migrate

        dsn = self._database.start() if self._settings.is_embedded else self._settings.database_url
        try:
            asyncio.run(migrate(dsn))
        except OSError as problem:
            raise StartProblem(
                f"The database of DATABASE_URL does not answer: {problem}.",
                "Start it or correct DATABASE_URL; without DATABASE_URL an embedded one is used.",
            ) from problem
        return dsn

    def _start_children(self) -> None:
        settings, logs = self._settings, self._settings.data_dir / "logs"
        environment = {
            "DOITONG_HOST": settings.host,
            "DOITONG_PORT": str(settings.port),
            "DOITONG_DATA_DIR": str(settings.data_dir),
            "DOITONG_LOG_FORMAT": "json",
        }
        for name, command in (("api", "serve"), ("worker", "work")):
            child = Child(name, [command], environment, logs / f"{name}.log")
            child.start()
            self._children.append(child)

    def _ensure_demo(self, dsn: str) -> str:
        from doitong.doors.cli.demo import ensure_demo, opened_services

        async def ensure() -> str:
            async with opened_services(self._settings, dsn) as services:
                return await ensure_demo(services)

        return asyncio.run(ensure())

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        while not _is_ready(self._settings.host, self._settings.port):
            for child in self._children:
                if child.exit_code is not None:
                    raise StartProblem(
                        f"The {child.name} ended while starting:\n{child.last_lines()}\n",
                        f"Its log is {self._settings.data_dir / 'logs'}/{child.name}.log.",
                    )
            if time.monotonic() > deadline:
                raise StartProblem(
                    f"The API was not ready within {READY_TIMEOUT_SECONDS:.0f} s.",
                    f"Look into {self._settings.data_dir / 'logs'}.",
                )
            time.sleep(READY_POLL_SECONDS)

    @property
    def _local_url(self) -> str:
        return local_url(self._settings)

    def _greet(self) -> None:
        seconds = time.monotonic() - self._started_at
        url, key = self._settings.effective_public_url, self._key
        body = f'{{"service":"runway","prompt":"{FIRST_PROMPT}"}}'
        click.echo(
            f"Doitong is ready ({seconds:.1f} s). Ctrl-C stops it; the data stays in {self._settings.data_dir}.\n\n"
            f"  Start page  {url}/\n"
            f"  Dashboard   {url}/dashboard/   (demo@localhost; password in {self._settings.data_dir / 'demo.env'})\n"
            f"  GraphQL     {url}/graphql\n"
            f"  REST        {url}/docs\n"
            f"  Demo key    {key}   (also there)\n\n"
            "Make a video:\n\n"
            f"  curl -X POST {self._local_url}/v1/text_to_video \\\n"
            f"    -H 'Authorization: Bearer {key}' \\\n"
            f"    -H 'Content-Type: application/json' \\\n"
            f"    -d '{body}'\n\n"
            f"  doitong generate '{FIRST_PROMPT}'\n"
        )


FIRST_PROMPT = "A serene landscape with mountains and a lake at sunset"


def local_url(settings: Settings) -> str:
    """Where this machine reaches the API, also when it listens on every address."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host and '[' not in host else host}:{settings.port}"


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopRequested


def _check_python() -> None:
    if sys.version_info < PYTHON_MINIMUM:
        raise StartProblem(
            f"Doitong needs Python {'.'.join(map(str, PYTHON_MINIMUM))} or newer.",
            "Install it and run again.",
        )


def _check_port(host: str, port: int) -> None:
    deadline = time.monotonic() + PORT_PATIENCE_SECONDS
    while (problem := _bind_problem(host, port)) is not None:
        if time.monotonic() < deadline and problem.errno != socket.EAI_NONAME:
            time.sleep(READY_POLL_SECONDS)
            continue
        raise StartProblem(
            f"Cannot listen on {host}:{port}: {problem.strerror or problem}{_holder(port)}.",
            f"Stop what uses it, or choose another port: --port {port + 1}, or DOITONG_PORT.",
        ) from problem


def _bind_problem(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as problem:
        return problem
    return None


def _holder(port: int) -> str:
    """Who listens there, as far as we may see."""
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            is_listening = connection.status == psutil.CONN_LISTEN and getattr(connection.laddr, "port", 0) == port
            if is_listening and connection.pid is not None:
                return f" (by {psutil.Process(connection.pid).name()}, process {connection.pid})"
    return ""


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as probe:
        return int(probe.getsockname()[1])


def _is_ready(host: str, port: int) -> bool:
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    connection = http.client.HTTPConnection(reached, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
