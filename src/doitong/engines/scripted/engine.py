"""The scripted engine: a polled upstream whose tasks live in their ids.

A task's id carries its start and its script, so every process that holds the id sees the same task, however
many workers have died in between. Each accepted task is also written to a journal file, so that a test can
count what was bought.
"""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import orjson

from doitong.catalogue.model import Quality, Version
from doitong.core.clock import Clock
from doitong.engines.port import (
    EngineFailure,
    EngineHealth,
    EngineRefused,
    EngineRequest,
    Film,
    Standing,
    SubmissionUnknown,
    TaskState,
    TaskStatus,
)
from doitong.engines.scripted.film import write_test_film
from doitong.engines.scripted.script import parse_script
from doitong.media.model import Previews

POLL_SECONDS = 0.1


class ScriptedEngine:
    """See `script.py` for what a prompt can ask for."""

    name = "scripted"
    runs_here = False
    poll_seconds = POLL_SECONDS

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._films: dict[tuple[int, int, int, int], asyncio.Future[Path]] = {}

    async def prepare(self, request: EngineRequest) -> EngineRequest:
        return request

    async def submit(self, request: EngineRequest) -> str:
        script = parse_script(request.prompt)
        if "refuse" in script.words:
            raise EngineRefused(EngineFailure("ENGINE_UNAVAILABLE", "scripted refusal"))
        if await self.recover_known(request) is None:
            await asyncio.to_thread(self._remember, request, self._new_task_id(request))
        if request.attempt == 1 and script.words & {"lost-answer", "lost-forever"}:
            raise SubmissionUnknown("scripted: the answer is lost")
        task_id = await self.recover_known(request)
        assert task_id is not None
        return task_id

    async def recover(self, request: EngineRequest) -> str | None:
        if "lost-forever" in parse_script(request.prompt).words:
            raise SubmissionUnknown("scripted: the engine cannot tell")
        return await self.recover_known(request)

    async def recover_known(self, request: EngineRequest) -> str | None:
        """The task of this very attempt, if it was accepted."""
        path = self._task_path(request)
        try:
            return await asyncio.to_thread(path.read_text)
        except FileNotFoundError:
            return None

    async def watch(self, task_id: str) -> TaskStatus:
        task = _decode(task_id)
        if task is None:
            return TaskStatus(TaskState.LOST)
        script = parse_script(task["prompt"])
        elapsed = self._clock.now().timestamp() - task["started"]
        if elapsed < script.delay_seconds:
            return TaskStatus(TaskState.RENDERING, elapsed / script.delay_seconds)
        return _end_of(script.words, script.transient_attempts, task["attempt"])

    async def fetch(self, task_id: str, destination: Path) -> Film:
        task = _decode(task_id)
        assert task is not None
        width, height = task["width"], task["height"]
        if "wrong-size" in parse_script(task["prompt"]).words:
            width, height = height // 2 * 2, width // 4 * 2
        film = await self._film(width, height, task["duration"], task["fps"])
        previews = Previews.beside(destination)
        for made, wanted in zip((film, *Previews.beside(film)), (destination, *previews), strict=True):
            await asyncio.to_thread(shutil.copyfile, made, wanted)
        return Film(destination, self.model_name(Version.GEN_4, Quality.STANDARD), previews=previews)

    def has_next(self, task_id: str) -> bool:
        return False

    async def can_advance(self, request: EngineRequest, task_id: str) -> bool:
        return False

    async def advance(self, request: EngineRequest, task_id: str) -> str:
        raise NotImplementedError("every task here is the last one")

    async def collect(self, request: EngineRequest, task_id: str, destination: Path) -> Film:
        return await self.fetch(task_id, destination)

    async def standing(self) -> Standing:
        return Standing()

    async def cancel(self, task_id: str) -> bool:
        return True

    async def health(self) -> EngineHealth:
        return EngineHealth(True)

    def model_name(self, version: Version, quality: Quality) -> str:
        return "scripted-test-card"

    async def close(self) -> None:
        return None

    def bought(self) -> list[str]:
        """Every task that was accepted, as `generation-attempt`, in no order."""
        return [path.name for path in (self._folder / "tasks").glob("*")]

    def _task_path(self, request: EngineRequest) -> Path:
        return self._folder / "tasks" / f"{request.generation_id}-{request.attempt}"

    def _remember(self, request: EngineRequest, task_id: str) -> None:
        path = self._task_path(request)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}")
        aside.write_text(task_id)
        aside.rename(path)

    def _new_task_id(self, request: EngineRequest) -> str:
        return orjson.dumps(
            {
                "prompt": " ".join(word for word in request.prompt.split() if word.startswith("#"))[:100],
                "attempt": request.attempt,
                "started": self._clock.now().timestamp(),
                "width": request.width,
                "height": request.height,
                "duration": request.duration_seconds,
                "fps": request.frames_per_second,
            }
        ).decode()

    async def _film(self, width: int, height: int, seconds: int, frames_per_second: int) -> Path:
        """One file for each size and length, made once in this process."""
        key = (width, height, seconds, frames_per_second)
        if key not in self._films:
            path = self._folder / "films" / ("-".join(map(str, key)) + ".mp4")
            self._films[key] = asyncio.ensure_future(asyncio.to_thread(write_test_film, path, *key))
        return await asyncio.shield(self._films[key])


def _decode(task_id: str) -> dict[str, Any] | None:
    try:
        task = orjson.loads(task_id)
    except orjson.JSONDecodeError:
        return None
    return task if isinstance(task, dict) else None


def _end_of(words: frozenset[str], transient_attempts: int, attempt: int) -> TaskStatus:
    if "lost-task" in words and attempt == 1:
        return TaskStatus(TaskState.LOST)
    if attempt <= transient_attempts:
        return TaskStatus(TaskState.FAILED, 1, EngineFailure("ENGINE_FAILED", "scripted", is_transient=True))
    if "moderated" in words:
        return TaskStatus(TaskState.FAILED, 1, EngineFailure("CONTENT_POLICY", "scripted", is_charged=True))
    if "fail" in words:
        return TaskStatus(TaskState.FAILED, 1, EngineFailure("ENGINE_FAILED", "scripted"))
    return TaskStatus(TaskState.SUCCEEDED, 1)
