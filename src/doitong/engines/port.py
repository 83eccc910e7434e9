"""The port between a generation and whatever renders it.

One port fits a renderer in the worker's own child processes (`runs_here`) and a task at an upstream that is
polled. The caller records its intent before `submit`, stores the returned task id, and from then on only
asks `watch`; every method may be called again after a crash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from doitong.catalogue.model import AspectRatio, Easing, Kind, MotionIntensity, Quality, Version
from doitong.media.model import Previews


@dataclass(frozen=True, slots=True)
class Move:
    """One camera move; `strength` 0–1. `degrees`: how far a turn goes instead; `seconds`: how long the move takes."""

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
    customer: str = ""  # tells an upstream one customer from another, and nothing else of them
    picture_uri: str | None = None  # what `prepare` made of the picture for the upstream


class TaskState(StrEnum):
    WAITING = "waiting"
    RENDERING = "rendering"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    LOST = "lost"  # the engine does not know the task any more


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """What `watch` saw. `progress` is 0–1; `failure` says why a task ended without a film.

    `cost_credits` is what the upstream charged the operator, once the task has ended.
    """

    state: TaskState
    progress: float = 0.0
    failure: "EngineFailure | None" = None
    cost_credits: float | None = None


@dataclass(frozen=True, slots=True)
class EngineFailure:
    """Why an attempt ended without a film, and what that means for the customer.

    `code` is a code of the error registry; `detail` is for the log only and is never shown.
    `is_transient`: another attempt may succeed, at most `retries` times, the first after `pause` if one is given.
    `is_charged`: the upstream charged, so the hold is captured.
    The others only of a task that was proven not to be accepted: `may_go_elsewhere` lets the service's next engine
    have it; `wait` keeps it in our queue for so long, and the attempt does not count.
    """

    code: str
    detail: str = ""
    is_transient: bool = False
    is_charged: bool = False
    retries: int = 2
    pause: timedelta | None = None
    may_go_elsewhere: bool = False
    wait: timedelta | None = None


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


class Problem(StrEnum):
    """What keeps an upstream from taking tasks; each is an operator's alarm."""

    KEY_REFUSED = "key_refused"
    MODEL_REFUSED = "model_refused"
    OUT_OF_CREDITS = "out_of_credits"
    DAILY_CAP = "daily_cap"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class PoolState:
    """Limits of one pool of an upstream (a model of its account); None is no limit. `made_today` counts 24 hours."""

    at_once: int | None
    left_today: int | None
    made_today: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How an upstream stands with the operator now."""

    problem: Problem | None = None
    detail: str = ""
    credits: int | None = None
    pools: Mapping[str, PoolState] = field(default_factory=dict)


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


class Upstream(Engine, Protocol):
    """An engine elsewhere. A generation may take several tasks there, one after the other."""

    async def prepare(self, request: EngineRequest) -> EngineRequest:
        """Everything before a submission that buys nothing: the request with the picture where the upstream has it.

        Raises `EngineRefused`, or OSError for a try that may be repeated.
        """
        ...

    def has_next(self, task_id: str) -> bool:
        """Whether a task that succeeded is only a step, to be followed by `advance` instead of `collect`."""
        ...

    async def can_advance(self, request: EngineRequest, task_id: str) -> bool:
        """Whether a step that succeeded in an earlier attempt can be gone on from: its output can be had still.

        Buys nothing. Raises `EngineRefused` with a `wait` when the upstream cannot be asked.
        """
        ...

    async def advance(self, request: EngineRequest, task_id: str) -> str:
        """Start the step after a task that succeeded and return the new task's id. Raises as `submit` does."""
        ...

    async def collect(self, request: EngineRequest, task_id: str, destination: Path) -> Film:
        """`fetch` for those that need the request again, to fit the film to it.

        Raises `EngineRefused` for a film that is no good and will be none, OSError for a try that may be repeated.
        """
        ...

    async def standing(self) -> Standing:
        """How the operator's account stands there; never raises. Asks at most once in half a minute."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What an engine's table is asked by."""

    kind: Kind
    version: Version
    quality: Quality
    aspect_ratio: AspectRatio


class Offer(Protocol):
    """What an engine makes of a request, as data; for those who have no engine at hand."""

    @property
    def pools(self) -> frozenset[str]:
        """Every pool that a generation may count against."""
        ...

    def pool(self, wish: Wish) -> str | None:
        """The pool whose limits the generation counts against."""
        ...

    def missing(self, wish: Wish) -> str | None:
        """The parameter whose value this engine does not offer, or None."""
        ...

    def found_task(self, wish: Wish, last_step: str | None, task_id: str) -> str:
        """The id to watch for a task that an operator found at the upstream, after the step that is known."""
        ...

    def describe(self) -> list[dict[str, Any]]:
        """The whole table, as published in the catalogue."""
        ...
