"""The embedded database: what was committed is there after anything, and what cannot start says why."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from doitong.db.embedded import SOCKET_PATH_BYTES_MAXIMUM, EmbeddedPostgres, StartProblem, running_dsn


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the tests that start and stop: they leave it stopped."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def embedded(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(data_dir)
    yield server
    server.stop()


async def write(dsn: str, text: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (text text)")
    await connection.execute("INSERT INTO kept VALUES ($1)", text)
    await connection.close()


async def read(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("SELECT text FROM kept")
    await connection.close()
    return [row["text"] for row in rows]


async def test_data_survives_stop_and_start(embedded: EmbeddedPostgres) -> None:
    await write(embedded.start(), "first")
    process = psutil.Process(embedded.process_id)
    embedded.stop()
    assert not process.is_running()
    assert "first" in await read(embedded.start())


async def test_commits_survive_kill_of_the_server(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    await write(embedded.start(), "killed")
    family = psutil.Process(embedded.process_id)
    for process in [family, *family.children(recursive=True)]:
        process.kill()
    family.wait(10)
    assert (data_dir / "postgres" / "postmaster.pid").exists()  # stale
    assert not embedded.is_running()
    assert running_dsn(data_dir) is None
    embedded.stop()
    assert "killed" in await read(embedded.start())


async def test_settings_are_durable_and_there_is_no_tcp(embedded: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(embedded.start())
    for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert await connection.fetchval(f"SHOW {name}") == "on"
    assert await connection.fetchval("SHOW listen_addresses") == ""
    await connection.close()
    assert not [item for item in psutil.Process(embedded.process_id).net_connections("inet")]


def test_second_start_on_a_folder_in_use_names_the_holder(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    embedded.start()
    with pytest.raises(StartProblem, match=f"process {os.getpid()}"):
        EmbeddedPostgres(data_dir).start()


HOLDER = """
import sys, time
from pathlib import Path
from doitong.db.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.process_id, flush=True)
sys.stdin.read()
"""


def start_holder(data_dir: Path, *command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*command, sys.executable, "-c", HOLDER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_server_ends_with_a_killed_supervisor_and_starts_anew(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    holder = start_holder(data_dir)
    assert holder.stdout is not None
    server = psutil.Process(int(holder.stdout.readline()))
    holder.kill()
    holder.communicate()
    if sys.platform == "linux":
        server.wait(10)
    embedded.start()
    assert embedded.is_running()


async def test_a_server_left_behind_is_replaced_and_its_data_kept(embedded: EmbeddedPostgres, data_dir: Path) -> None:
    await write(embedded.start(), "left behind")
    left_behind = psutil.Process(embedded.process_id)
    assert embedded._lock is not None
    embedded._lock.close()  # what the kernel does when the supervisor is gone
    heir = EmbeddedPostgres(data_dir)
    assert "left behind" in await read(heir.start())
    assert not left_behind.is_running()
    assert heir.process_id != left_behind.pid
    heir.stop()


async def test_the_same_supervisor_starts_a_dead_server_again(embedded: EmbeddedPostgres) -> None:
    await write(embedded.start(), "again")
    psutil.Process(embedded.process_id).kill()
    assert "again" in await read(embedded.start())


async def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    deep = tmp_path / "/".join(["a-rather-long-name-of-a-folder"] * 5) / "with, comma & čšž"
    assert len(os.fsencode(deep)) > SOCKET_PATH_BYTES_MAXIMUM
    server = EmbeddedPostgres(deep)
    try:
        await write(server.start(), "deep")
        assert await read(running_dsn(deep) or "") == ["deep"]
    finally:
        server.stop()


def test_no_short_place_for_the_socket_says_what_to_do(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from doitong.db import embedded

    monkeypatch.setattr(embedded, "SOCKET_PATH_BYTES_MAXIMUM", 10)
    with pytest.raises(StartProblem, match=r"too long for a socket.*TMPDIR"):
        EmbeddedPostgres(data_dir).start()


def test_a_file_in_place_of_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StartProblem, match=r"cannot be written to.*--data-dir"):
        EmbeddedPostgres(tmp_path / "data").start()


READ_ONLY = 'mount --bind -o ro "$0" "$0" && exec "$@"'


def test_a_read_only_data_folder(tmp_path: Path) -> None:
    """A real read-only mount, since permission bits do not bind root; it is gone with its namespace."""
    command = ["unshare", "-rm" if os.geteuid() else "-m", "sh", "-c", READ_ONLY, str(tmp_path)]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lends no mount namespace")
    script = "import sys, pathlib as p, doitong.db.embedded as e; e.EmbeddedPostgres(p.Path(sys.argv[1])).start()"
    result = subprocess.run(
        [*command, sys.executable, "-c", script, str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert result.returncode != 0
    assert "cannot be written to: Read-only file system" in result.stderr
    assert "--data-dir" in result.stderr


def test_something_else_in_the_database_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "diary.txt").write_text("mine")
    with pytest.raises(StartProblem, match="not a database"):
        EmbeddedPostgres(tmp_path).start()
    assert (tmp_path / "postgres" / "diary.txt").read_text() == "mine"


def test_a_database_of_another_version_says_so(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(StartProblem, match=r"PostgreSQL 16; this is 18.*pg_dump"):
        EmbeddedPostgres(tmp_path).start()


def test_a_killed_first_start_leaves_nothing_half_made(tmp_path: Path) -> None:
    holder = start_holder(tmp_path)
    while not list(tmp_path.glob("postgres.new-*/base")) and holder.poll() is None:
        os.sched_yield()
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    server = EmbeddedPostgres(tmp_path)
    try:
        assert server.start() == running_dsn(tmp_path)
        server.stop()
        psutil.wait_procs(_those_that_name(tmp_path), timeout=20)  # the killed start's initdb ends by itself
        assert server.start() == running_dsn(tmp_path)
        assert not list(tmp_path.glob("postgres.new-*"))
    finally:
        server.stop()


def _those_that_name(folder: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in part for part in process.info["cmdline"] or ())
    ]


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="needs root")
async def test_root_under_a_private_folder_opens_nothing(tmp_path: Path) -> None:
    """A checkout under /root: the server is not root, reaches its data, and no folder's mode is changed."""
    private = tmp_path / "root-only"
    private.mkdir(mode=0o700)
    server = EmbeddedPostgres(private / "data")
    try:
        await write(server.start(), "private")
        assert psutil.Process(server.process_id).uids().effective != 0
        assert private.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="needs root")
def test_an_ordinary_user_can_start_it(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o001 == 0:
            folder.chmod(folder.stat().st_mode | 0o001)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    holder = start_holder(home / "data", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    assert holder.stdout is not None
    server = psutil.Process(int(holder.stdout.readline()))
    assert server.uids().effective == 65534
    holder.kill()
    holder.communicate()
    server.wait(10)


@pytest.fixture(autouse=True)
def nothing_left(data_dir: Path) -> Iterator[None]:
    """Every test here leaves no server of its own."""
    yield
    assert running_dsn(data_dir) is None
