"""`doitong up`: ready with one command, alone on its folder and port, and gone without a trace."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from doitong.db.embedded import EmbeddedPostgres

Up = subprocess.Popen[str]
STOP_SECONDS = 10
READY = "Doitong is ready"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up")


@pytest.fixture
def start(data_dir: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start_one(*arguments: str, port: int = 0) -> Up:
        command = [sys.executable, "-m", "doitong.doors.cli.main", "up", "--port", str(port)]
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        process = subprocess.Popen(
            [*command, "--data-dir", str(data_dir), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        started.append(process)
        return process

    yield start_one
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)


def text_until_ready(process: Up) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "doitong generate" in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def family_of(process: Up) -> list[psutil.Process]:
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def test_the_printed_curl_works_a_killed_api_comes_back_and_ctrl_c_leaves_nothing(
    start: Callable[..., Up], data_dir: Path
) -> None:
    up = start()
    text = text_until_ready(up)
    print(text.splitlines()[0])
    command = text[text.index("curl") :].split("\n\n")[0]
    answer = subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True)
    assert '"processing"' in answer.stdout
    api = next(item for item in psutil.Process(up.pid).children() if "serve" in item.cmdline())
    api.kill()
    api.wait(10)
    url = next(line.split()[-1] for line in text.splitlines() if "GraphQL" in line)
    transport = httpx.HTTPTransport(retries=8)  # with growing pauses, until it listens again
    with httpx.Client(transport=transport, trust_env=False) as client:
        assert client.get(url.replace("/graphql", "/readyz"), timeout=10).status_code == 200
    family = family_of(up)
    up.send_signal(signal.SIGINT)
    assert up.wait(STOP_SECONDS) == 0
    assert not [process for process in family if process.is_running()]
    assert (data_dir / "demo.env").stat().st_mode & 0o777 == 0o600


def test_the_demo_key_is_kept_and_a_killed_supervisor_takes_everything_with_it(
    start: Callable[..., Up], data_dir: Path
) -> None:
    """On the folder of a system that was stopped before."""
    if not (data_dir / "demo.env").exists():  # this test alone: the one before it has not run
        first = start()
        text_until_ready(first)
        first.terminate()
        assert first.wait(STOP_SECONDS) == 0
    kept = (data_dir / "demo.env").read_text().splitlines()[1]
    up = start()
    assert kept.removeprefix("DOITONG_API_KEY=") in text_until_ready(up)
    family = family_of(up)
    up.kill()
    gone, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    assert len(gone) >= 4


def test_a_taken_port_says_which_and_what_to_do(start: Callable[..., Up]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        up = start(port=port)
        output, _ = up.communicate(timeout=30)
    assert up.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in output
    assert str(os.getpid()) in output
    assert "--port" in output
    assert "Traceback" not in output


def test_a_folder_in_use_says_by_whom(start: Callable[..., Up], data_dir: Path) -> None:
    holder = EmbeddedPostgres(data_dir)
    holder.claim()
    try:
        up = start()
        output, _ = up.communicate(timeout=30)
    finally:
        holder.stop()
    assert up.returncode == 1
    assert f"in use by another Doitong (process {os.getpid()})" in output
    assert "Traceback" not in output
