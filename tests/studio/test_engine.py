"""The guarantee: tasks end in one known state, quickly, and leave nothing behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from doitong.catalogue.model import Quality, Version
from doitong.engines.port import Engine, EngineRefused, EngineRequest, TaskState, TaskStatus
from doitong.engines.studio.drawing import MOST_DRAWERS
from doitong.engines.studio.engine import StudioEngine, child_environment
from doitong.engines.studio.wire import Order, read_order, write_order
from tests.studio.films import decode, small_request

LONG = {"duration_seconds": 10, "width": 640, "height": 360}
QUICK = "abstract flowing ribbons"  # built in a moment, where nothing is looked at


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[StudioEngine]:
    studio = StudioEngine(tmp_path / "work", max_parallel=1)
    yield studio
    await studio.close()
    left = list((tmp_path / "work").iterdir()) if (tmp_path / "work").exists() else []
    assert left == []


async def until(engine: StudioEngine, task_id: str, *states: TaskState) -> TaskStatus:
    async with asyncio.timeout(40):
        while (status := await engine.watch(task_id)).state not in states:
            await engine.wait(task_id, 5)
    return status


async def test_film_from_submit_to_fetch(engine: StudioEngine, tmp_path: Path) -> None:
    port: Engine = engine
    task_id = await port.submit(small_request())
    status = await until(engine, task_id, TaskState.SUCCEEDED, TaskState.FAILED)
    assert (status.state, status.progress, status.failure) == (TaskState.SUCCEEDED, 1.0, None)
    film = await engine.fetch(task_id, tmp_path / "film.mp4")
    assert film.model == engine.model_name(Version.GEN_2, Quality.STANDARD) == "studio-gen-2"
    assert film.metadata["interpretation"]["scene"] == "mountain lake"
    assert film.metadata["engineVersion"]
    assert len(decode(film.path)) == 24
    assert film.previews is not None
    names = ["film.jpg", "film.webp", "film.preview.mp4"]
    assert [(path.name, path.stat().st_size > 0) for path in film.previews] == [(name, True) for name in names]
    assert list((tmp_path / "work").iterdir()) == []
    assert (await engine.fetch(task_id, tmp_path / "film.mp4")).path == tmp_path / "film.mp4"  # safe to call again


async def test_wait_tells_of_progress(engine: StudioEngine) -> None:
    task_id = await engine.submit(small_request(**LONG))
    await until(engine, task_id, TaskState.RENDERING)
    seen = [(await engine.wait(task_id, 10)).progress for _ in range(4)]
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]
    started = time.monotonic()
    assert (await engine.wait(task_id, 0.05)).state is TaskState.RENDERING
    assert time.monotonic() - started < 2


async def test_cancel_is_quick_and_frees_the_slot(engine: StudioEngine, tmp_path: Path) -> None:
    first = await engine.submit(small_request(**LONG))
    second = await engine.submit(small_request(QUICK))
    await until(engine, first, TaskState.RENDERING)
    assert (await engine.watch(second)).state is TaskState.WAITING
    async with asyncio.timeout(40):
        while (await engine.wait(first, 5)).progress == 0:  # until it is in its work
            pass
    started = time.monotonic()
    assert await engine.cancel(first)
    assert time.monotonic() - started < 1
    assert (await engine.watch(first)).state is TaskState.CANCELED
    assert await engine.cancel(first)
    status = await until(engine, second, TaskState.SUCCEEDED, TaskState.FAILED)
    assert status.state is TaskState.SUCCEEDED
    await engine.cancel(second)


async def test_cancel_of_a_waiting_film(engine: StudioEngine) -> None:
    first, second = await engine.submit(small_request(**LONG)), await engine.submit(small_request(**LONG))
    await until(engine, first, TaskState.RENDERING)
    assert await engine.cancel(second)
    assert (await engine.watch(second)).state is TaskState.CANCELED


async def test_killed_child_is_a_transient_failure(engine: StudioEngine) -> None:
    task_id = await engine.submit(small_request(**LONG))
    await until(engine, task_id, TaskState.RENDERING)
    process = engine._tasks[task_id].process
    assert process is not None
    process.send_signal(signal.SIGKILL)
    status = await until(engine, task_id, TaskState.FAILED, TaskState.SUCCEEDED)
    assert status.failure is not None
    assert (status.failure.code, status.failure.is_transient) == ("ENGINE_FAILED", True)
    assert "-9" in status.failure.detail


async def drawing(engine: StudioEngine, task_id: str) -> list[int]:
    """The child of a film that is being drawn, and the processes that draw for it."""
    async with asyncio.timeout(40):
        while (await engine.wait(task_id, 5)).progress == 0:
            pass
    process = engine._tasks[task_id].process
    assert process is not None
    return [process.pid, *(drawer.pid for drawer in psutil.Process(process.pid).children())]


@pytest.mark.skipif(sys.platform != "linux", reason="threads draw elsewhere")
async def test_a_drawing_process_that_is_killed_is_a_transient_failure(engine: StudioEngine) -> None:
    task_id = await engine.submit(small_request(**LONG))
    child, first, *others = await drawing(engine, task_id)
    assert len(others) == min(os.cpu_count() or 1, MOST_DRAWERS) - 1
    os.kill(first, signal.SIGKILL)
    status = await until(engine, task_id, TaskState.FAILED, TaskState.SUCCEEDED)
    assert status.failure is not None
    assert (status.failure.code, status.failure.is_transient) == ("ENGINE_FAILED", True)
    assert "BrokenProcessPool" in status.failure.detail
    assert not any(is_alive(pid) for pid in (child, first, *others))


@pytest.mark.parametrize("means", [signal.SIGTERM, signal.SIGKILL])
async def test_drawing_processes_end_with_their_child(engine: StudioEngine, means: signal.Signals) -> None:
    task_id = await engine.submit(small_request(**LONG))
    processes = await drawing(engine, task_id)
    os.kill(processes[0], means)
    await until(engine, task_id, TaskState.FAILED, TaskState.SUCCEEDED)
    async with asyncio.timeout(1):
        while any(is_alive(pid) for pid in processes):
            await asyncio.sleep(0.02)
    if means is signal.SIGTERM:  # not even as zombies, which nobody else may reap
        assert not any(map(psutil.pid_exists, processes))


@pytest.mark.parametrize("suffix", [".mp4", ".jpg", ".webp", ".preview.mp4"])
async def test_full_disk_is_a_transient_failure(suffix: str, tmp_path: Path) -> None:
    """Whichever file meets it, none is left."""
    studio = StudioEngine(tmp_path / "work", max_parallel=1)
    task_id = await studio.submit(small_request(QUICK))
    os.symlink("/dev/full", tmp_path / "work" / f".{task_id}{suffix}.part")
    status = await until(studio, task_id, TaskState.FAILED, TaskState.SUCCEEDED)
    await studio.close()
    assert status.failure is not None
    assert (status.failure.code, status.failure.is_transient) == ("ENGINE_FAILED", True)
    assert "ENOSPC" in status.failure.detail
    assert list((tmp_path / "work").iterdir()) == []


async def test_a_film_that_nobody_fetched_is_removed_with_its_previews(engine: StudioEngine, tmp_path: Path) -> None:
    task_id = await engine.submit(small_request(QUICK))
    await until(engine, task_id, TaskState.SUCCEEDED)
    assert len(list((tmp_path / "work").iterdir())) == 4
    await engine.cancel(task_id)
    assert list((tmp_path / "work").iterdir()) == []


async def test_bad_order_is_a_lasting_failure(engine: StudioEngine) -> None:
    task_id = await engine.submit(small_request(QUICK, width=321))
    status = await until(engine, task_id, TaskState.FAILED, TaskState.SUCCEEDED)
    assert status.failure is not None
    assert not status.failure.is_transient


async def test_unknown_task_is_lost(engine: StudioEngine, tmp_path: Path) -> None:
    assert (await engine.watch("nobody")).state is TaskState.LOST
    assert (await engine.wait("nobody", 5)).state is TaskState.LOST
    assert await engine.cancel("nobody")
    with pytest.raises(FileNotFoundError):
        await engine.fetch("nobody", tmp_path / "film.mp4")


async def test_close_ends_children_and_refuses_more(tmp_path: Path) -> None:
    studio = StudioEngine(tmp_path / "work", max_parallel=2)
    task_id = await studio.submit(small_request(**LONG))
    await until(studio, task_id, TaskState.RENDERING)
    process = studio._tasks[task_id].process
    assert process is not None
    assert (await studio.health()).is_healthy
    await studio.close()
    assert process.returncode is not None
    assert not (await studio.health()).is_healthy
    with pytest.raises(EngineRefused):
        await studio.submit(small_request())
    assert list((tmp_path / "work").iterdir()) == []


def start_child(request: EngineRequest, out: Path, through: list[str] | None = None) -> subprocess.Popen[bytes]:
    command = [*(through or []), sys.executable, "-m", "doitong.engines.studio.child"]
    environment = {**os.environ, "PYTHONPATH": "src"}
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert child.stdin is not None
    child.stdin.write(write_order(Order(request, out, 1)))
    child.stdin.flush()
    return child


def test_child_tells_progress_at_least_twice_a_second(tmp_path: Path) -> None:
    child = start_child(small_request(width=640, height=360, version=Version.GEN_3), tmp_path / "film.mp4")
    assert child.stdout is not None
    times, messages = [], []
    for line in child.stdout:
        times.append(time.monotonic())
        messages.append(json.loads(line))
    assert child.wait(5) == 0
    assert child.stdin is not None
    child.stdin.close()
    child.stdout.close()
    assert "done" in messages[-1]
    assert len(messages) > 3
    assert all("progress" in message for message in messages[:-1])
    assert max(after - before for before, after in pairwise(times)) < 0.9  # 0.4 s and a loaded machine


def test_child_leaves_on_sigterm_without_a_trace(tmp_path: Path) -> None:
    child = start_child(small_request(**LONG), tmp_path / "film.mp4")
    assert child.stdout is not None
    while json.loads(child.stdout.readline())["progress"] == 0:
        pass
    started = time.monotonic()
    child.terminate()
    child.wait(5)
    assert time.monotonic() - started < 1
    assert child.stdin is not None
    child.stdin.close()
    child.stdout.close()
    assert list(tmp_path.iterdir()) == []


def test_child_dies_with_its_parent(tmp_path: Path) -> None:
    code = (
        "import subprocess,sys,os;"
        "c=subprocess.Popen([sys.executable,'-m','doitong.engines.studio.child'],stdin=0,stdout=subprocess.PIPE);"
        "c.stdout.readline();print(c.pid,flush=True);os.kill(os.getpid(),9)"
    )
    environment = {**os.environ, "PYTHONPATH": "src"}
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    parent.stdin.write(write_order(Order(small_request(**LONG), tmp_path / "film.mp4", 1)))
    parent.stdin.flush()
    child = int(parent.stdout.readline())
    parent.wait(5)
    deadline = time.monotonic() + 3
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(child)
    parent.stdin.close()
    parent.stdout.close()


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_order_survives_the_wire(tmp_path: Path) -> None:
    order = Order(small_request(move="pan_left", image_path=tmp_path / "a.png"), tmp_path / "film.mp4", 2)
    assert read_order(write_order(order)) == order


def test_a_child_compiles_nothing_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in child_environment()
