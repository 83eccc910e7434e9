"""The port between a generation and whatever renders it.

One port fits a renderer in the worker's own child processes (`runs_here`) and a task at an upstream that is
polled. The caller records its intent before `submit`, stores the returned task id, and from then on only
asks `watch`; every method may be called again after a crash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from doitong.catalogue.model import AspectRatio, Easing, Kind, MotionIntensity, Quality, Version
from doitong.media.model import Previews


@dataclass(frozen=True, slots=True)
class Move:
    """One camera move; `strength` 0–1. `degrees` says how far a turn goes instead, `seconds` how long the move takes."""

    move: str
    strength: float = 0.5
    degrees: float | None = None
    seconds: float | None = None
    easing: Easing = Easing.IN_OUT


@dataclass(frozen=True, slots=True)
class Motion:
    """Structured motion control: camera moves in the order of the timeline, motion brushes, and a picture's depth.

    A brush has `mode`, `direction` (degrees, 0 to the right, 90 up), `speed` (0–1) and either `polygon` (corners as
    shares of the picture) or `mask` (path of a picture, white moves). A depth map is white where it is near.
    """

    camera: Sequence[Move] = ()
    brushes: Sequence[Mapping[str, Any]] = ()
    depth_path: Path | None = None
    is_depth_inverted: bool = False


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """All that an engine is told. `seed` is always set; sizes are the file's pixels."""

    generation_id: str
    attempt: int
    service: str
    kind: Kind
    prompt: str
    duration_seconds: int
    aspect_ratio: AspectRatio
    version: Version
    quality: Quality
    width: int
    height: int
    frames_per_second: int
    seed: int
    motion_intensity: MotionIntensity = MotionIntensity.MEDIUM
    motion: Motion | None = None
    negative_prompt: str | None = None
    image_path: Path | None = None
    has_audio: bool = True  # a wish: an engine that cannot make sound leaves it out, one that must takes it out


class TaskState(StrEnum):
    WAITING = "waiting"
    RENDERING = "rendering"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    LOST = "lost"  # the engine does not know the task any more


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """What `watch` saw. `progress` is 0–1; `failure` is set only in FAILED."""

    state: TaskState
    progress: float = 0.0
    failure: "EngineFailure | None" = None


@dataclass(frozen=True, slots=True)
class EngineFailure:
    """Why an attempt ended without a film, and what that means for the customer.

    `code` is a code of the error registry; `detail` is for the log only and is never shown.
    `is_transient`: another attempt may succeed. `is_charged`: the upstream charged, so the hold is captured.
    """

    code: str
    detail: str = ""
    is_transient: bool = False
    is_charged: bool = False


@dataclass(frozen=True, slots=True)
class Film:
    """A finished film on local disk, with what the engine wants said of it in `metadata`.

    `previews` are set when the engine has made them already, and stand beside the film.
    """

    path: Path
    model: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    previews: Previews | None = None


class EngineRefused(Exception):
    """The engine proved that it did not accept the task; `failure` says why and whether to try again."""

    def __init__(self, failure: EngineFailure) -> None:
        super().__init__(f"{failure.code}: {failure.detail}")
        self.failure = failure


class SubmissionUnknown(Exception):
    """The answer to a submission was lost after it was sent: the task may exist and may be charged."""


@dataclass(frozen=True, slots=True)
class EngineHealth:
    is_healthy: bool
    detail: str = ""


class Engine(Protocol):
    """A renderer. Every method is safe to call again; none raises for an unknown task id."""

    @property
    def name(self) -> str:
        """The engine's name in the catalogue and in `metadata.engine`."""
        ...

    @property
    def runs_here(self) -> bool:
        """True: the task lives in child processes of this worker and dies with it."""
        ...

    @property
    def poll_seconds(self) -> float:
        """Pause between two looks at a task; for an upstream no shorter than it asks for."""
        ...

    async def submit(self, request: EngineRequest) -> str:
        """Start a task and return its id (≤ 200 characters).

        Raises `EngineRefused` when nothing was started, `SubmissionUnknown` when that is not known.
        """
        ...

    async def recover(self, request: EngineRequest) -> str | None:
        """After a crash between `submit` and its answer: the id of the task that was started, or None.

        None is a proof that nothing was accepted, so that submitting again buys nothing twice.
        Raises `SubmissionUnknown` when the engine cannot tell.
        """
        ...

    async def watch(self, task_id: str) -> TaskStatus:
        """The task's state now, without waiting. Raises OSError when the engine cannot be asked."""
        ...

    async def fetch(self, task_id: str, destination: Path) -> Film:
        """Write the finished film of a SUCCEEDED task to `destination` (an MP4) and describe it."""
        ...

    async def cancel(self, task_id: str) -> bool:
        """Stop the task; True when it is known to be stopped (or was never running)."""
        ...

    async def health(self) -> EngineHealth:
        """Whether the engine could take a task now."""
        ...

    def model_name(self, version: Version, quality: Quality) -> str:
        """What `metadata.model` says for this version: the truth, also where the engine stands in."""
        ...

    async def close(self) -> None:
        """Stop child processes and connections; called once, at shutdown."""
        ...
