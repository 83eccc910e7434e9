"""Studio, the engine that renders here: each film in a child process of its own, at most `max_parallel` at once.

Promises: a canceled film stops within a second and its slot is free; a child that dies is a transient failure;
no file stays in the work folder after `fetch` or `cancel`; closing ends every child.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import uuid
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import doitong
from doitong.catalogue.model import Quality, Version
from doitong.engines.port import EngineFailure, EngineHealth, EngineRefused, EngineRequest, Film, TaskState, TaskStatus
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.parts import remove_film
from doitong.engines.studio.wire import Order, write_order
from doitong.media.model import Previews

_KEPT_TASKS = 1000  # ended tasks that are remembered
_WAITING_TASKS = 1000
_TERM_SECONDS = 0.3
_STDERR_BYTES = 4000
_LINE_BYTES = 1 << 20
_ENDED = {TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELED}
# Frames are large arrays that come and go: glibc must keep their memory instead of handing it back each time, and in
# one place for all threads, so that one draws in what another has left.
_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(4 << 30),
           "MALLOC_TOP_PAD_": str(8 << 20), "MALLOC_ARENA_MAX": "1"}  # fmt: skip
_SMALLEST_FREE_BYTES = 64 << 20


@dataclass(slots=True)
class _Task:
    request: EngineRequest
    path: Path
    state: TaskState = TaskState.WAITING
    progress: float = 0.0
    failure: EngineFailure | None = None
    report: dict[str, Any] = field(default_factory=dict)
    process: Process | None = None
    runner: asyncio.Task[None] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def status(self) -> TaskStatus:
        return TaskStatus(self.state, self.progress, self.failure)

    def tell(self) -> None:
        """Wake those who wait; they hold the event that is replaced here."""
        self.changed.set()
        self.changed = asyncio.Event()


class StudioEngine:
    """The embedded film engine. `work_dir` holds films until they are fetched."""

    name = "studio"
    runs_here = True
    poll_seconds = 0.1

    def __init__(self, work_dir: Path, max_parallel: int | None = None) -> None:
        self._work_dir = work_dir
        self._cores = os.cpu_count() or 1
        self._slots = asyncio.Semaphore(max_parallel or self._cores)
        self._tasks: dict[str, _Task] = {}
        self._running = 0
        self._is_closed = False

    async def submit(self, request: EngineRequest) -> str:
        """Start a film, or let it wait for a slot."""
        if self._is_closed:
            raise EngineRefused(EngineFailure("ENGINE_FAILED", "the engine is closed", is_transient=True))
        waiting = sum(task.state is TaskState.WAITING for task in self._tasks.values())
        if waiting >= _WAITING_TASKS:
            raise EngineRefused(EngineFailure("ENGINE_FAILED", "too many films wait", is_transient=True))
        try:
            self._work_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EngineRefused(EngineFailure("ENGINE_FAILED", str(error), is_transient=True)) from error
        task_id = uuid.uuid4().hex
        task = _Task(request, self._work_dir / f"{task_id}.mp4")
        self._tasks[task_id] = task
        self._forget_oldest()
        task.runner = asyncio.create_task(self._run(task), name=f"studio {task_id}")
        return task_id

    async def recover(self, request: EngineRequest) -> str | None:
        """None: children die with their worker, so nothing of an earlier one is running."""
        return None

    async def watch(self, task_id: str) -> TaskStatus:
        """The film's state now."""
        task = self._tasks.get(task_id)
        return task.status() if task else TaskStatus(TaskState.LOST)

    async def wait(self, task_id: str, timeout_seconds: float) -> TaskStatus:
        """The state once it changed or progress moved by 1 %, or after `timeout_seconds`; ended ones at once."""
        task = self._tasks.get(task_id)
        if task is None:
            return TaskStatus(TaskState.LOST)
        before, progress = task.state, task.progress
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while task.state is before and task.state not in _ENDED and task.progress < progress + 0.01:
                    await task.changed.wait()
        return task.status()

    async def fetch(self, task_id: str, destination: Path) -> Film:
        """Move the finished film to `destination` and its previews beside it. Raises FileNotFoundError without
        one."""
        task = self._tasks.get(task_id)
        if task is None or task.state is not TaskState.SUCCEEDED:
            raise FileNotFoundError(f"no finished film for task {task_id}")
        previews = Previews.beside(destination)
        for made, wanted in zip(Previews.beside(task.path), previews, strict=True):
            await asyncio.to_thread(_move, made, wanted)
        await asyncio.to_thread(_move, task.path, destination)
        report = task.report
        metadata = {"interpretation": report["interpretation"], "engineVersion": report["engine_version"]}
        return Film(destination, str(report["model"]), metadata, previews)

    async def cancel(self, task_id: str) -> bool:
        """Stop the film and free its slot, within a second."""
        task = self._tasks.get(task_id)
        if task is None:
            return True
        if task.state in {TaskState.WAITING, TaskState.RENDERING}:
            task.state = TaskState.CANCELED
            if task.runner is not None:
                task.runner.cancel()
                await asyncio.gather(task.runner, return_exceptions=True)
            task.tell()
        self._remove_files(task)
        return True

    async def health(self) -> EngineHealth:
        """Healthy while it is open and its disk has room for a film."""
        if self._is_closed:
            return EngineHealth(False, "closed")
        place = next(p for p in (self._work_dir, *self._work_dir.parents) if p.exists())
        free = shutil.disk_usage(place).free
        is_roomy = free > _SMALLEST_FREE_BYTES
        return EngineHealth(is_roomy, f"{self._running} rendering" if is_roomy else f"{free} bytes left on disk")

    def model_name(self, version: Version, quality: Quality) -> str:
        """Studio's own name of the level that stands for this version."""
        return level_of(version, quality).name

    async def close(self) -> None:
        """End every child and remove what was not fetched."""
        self._is_closed = True
        await asyncio.gather(*(self.cancel(task_id) for task_id in list(self._tasks)))

    async def _run(self, task: _Task) -> None:
        try:
            async with self._slots:
                self._running += 1
                try:
                    await self._render(task)
                finally:
                    self._running -= 1
        except OSError as error:
            self._end(task, EngineFailure("ENGINE_FAILED", f"could not start: {error}", is_transient=True))

    async def _render(self, task: _Task) -> None:
        workers = max(1, self._cores // self._running)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "doitong.engines.studio.child",
            stdin=PIPE, stdout=PIPE, stderr=PIPE, env=child_environment(), limit=_LINE_BYTES,
        )  # fmt: skip
        task.process, task.state = process, TaskState.RENDERING
        task.tell()
        try:
            assert process.stdin is not None
            process.stdin.write(write_order(Order(task.request, task.path, workers)))
            failure, errors = await asyncio.gather(self._listen(task, process), _tail(process))
            code = await process.wait()
            if not task.report and failure is None:
                failure = EngineFailure("ENGINE_FAILED", f"the child ended with {code}: {errors}", is_transient=True)
            self._end(task, failure)
        finally:
            await _stop(process)

    async def _listen(self, task: _Task, process: Process) -> EngineFailure | None:
        assert process.stdout is not None
        async for line in process.stdout:
            message = json.loads(line)
            if "progress" in message:
                task.progress = max(task.progress, float(message["progress"]))
                task.tell()
            elif "done" in message:
                task.report = message["done"]
            elif "error" in message:
                error = message["error"]
                return EngineFailure(error["code"], error["detail"], is_transient=bool(error["isTransient"]))
        return None

    def _end(self, task: _Task, failure: EngineFailure | None) -> None:
        if task.state in _ENDED:
            return
        task.failure = failure
        task.state = TaskState.FAILED if failure else TaskState.SUCCEEDED
        if failure:
            self._remove_files(task)
        else:
            task.progress = 1.0
        task.tell()

    def _remove_files(self, task: _Task) -> None:
        remove_film(task.path)

    def _forget_oldest(self) -> None:
        ended = [key for key, task in self._tasks.items() if task.state in _ENDED and not task.path.exists()]
        for key in ended[: max(0, len(ended) - _KEPT_TASKS)]:
            del self._tasks[key]


def child_environment() -> dict[str, str]:
    """The environment of a child: this package to import, one OpenMP thread, and memory that is kept.

    Compiled modules are kept even where the parent keeps none: compiling Studio anew takes a third of a second a film.
    """
    source = str(Path(doitong.__file__).parents[1])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **_MEMORY, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}


def _move(source: Path, destination: Path) -> None:
    """Move a file; one that is there already was fetched before."""
    if source.exists() or not destination.exists():
        shutil.move(source, destination)


async def _tail(process: Process) -> str:
    """The end of what the child wrote to standard error."""
    assert process.stderr is not None
    kept = b""
    while block := await process.stderr.read(65536):
        kept = (kept + block)[-_STDERR_BYTES:]
    return kept.decode(errors="replace").strip()


async def _stop(process: Process) -> None:
    """Ask the child to leave, then make it."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _TERM_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.stdin is not None:
        process.stdin.close()
