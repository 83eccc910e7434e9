"""The generation: what was asked, where it stands, how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from doitong.catalogue.model import AspectRatio, Kind, MotionIntensity, Quality, Version


class Status(StrEnum):
    """The public status. Everything before the end is `processing`: documented clients poll for that word."""

    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


class Stage(StrEnum):
    """The finer truth behind `processing`."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    RENDERING = "rendering"
    STORING = "storing"
    UNKNOWN = "unknown"  # the answer to a submission was lost; an operator or a reconciler settles it
    ENDED = "ended"


class Lane(StrEnum):
    """Who does the waiting: a worker's own renderer, or an upstream that is polled."""

    RENDER = "render"
    SUBMIT = "submit"


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A valid request. `aspect_ratio` and `seed` are None until they are chosen."""

    kind: Kind
    service: str
    prompt: str
    duration_seconds: int
    version: Version
    quality: Quality
    motion_intensity: MotionIntensity
    aspect_ratio: AspectRatio | None = None
    image: str | None = None
    motion: Mapping[str, Any] | None = None
    seed: int | None = None
    negative_prompt: str | None = None
    webhook_url: str | None = None
    quote_id: str | None = None
    has_audio: bool = True

    def to_terms(self) -> dict[str, Any]:
        """The request as JSON values: what is fingerprinted, quoted and stored.

        `audio` stands among them only when it is false: a request without the word means what it always meant.
        """
        terms: dict[str, Any] = {
            "kind": self.kind.value,
            "service": self.service,
            "prompt": self.prompt,
            "image": self.image,
            "duration": self.duration_seconds,
            "aspectRatio": self.aspect_ratio.value if self.aspect_ratio else None,
            "version": self.version.value,
            "quality": self.quality.value,
            "motionIntensity": self.motion_intensity.value,
            "motion": self.motion,
            "seed": self.seed,
            "negativePrompt": self.negative_prompt,
            "webhookUrl": self.webhook_url,
        }
        return terms if self.has_audio else terms | {"audio": False}


@dataclass(frozen=True, slots=True)
class Generation:
    """One row. `parameters` are the chosen terms (see `GenerationRequest.to_terms`) plus width, height, seed."""

    id: str
    account_id: str
    kind: Kind
    service: str
    prompt: str
    parameters: Mapping[str, Any]
    webhook_url: str | None
    credit_cost: int
    status: Status
    stage: Stage
    progress: float
    holds_slot: bool
    lane: Lane
    engine: str
    engine_task_id: str | None
    attempt: int
    fence: int
    metadata: Mapping[str, Any]
    error_code: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    deadline_at: datetime
    key_prefix: str | None = None  # of the key that asked for it, or `dashboard`; shown to nobody outside
    pool: str | None = None  # the engine's limits that it counts against
    sent_at: datetime | None = None  # the submission of this attempt was on its way from here on
    deleted_at: datetime | None = None  # from here on nobody outside is shown it
    queue_position: int | None = None
    expected_start_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GenerationFilter:
    """Which generations a list shows; None is any."""

    status: Status | None = None
    service: str | None = None
    kind: Kind | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What a gallery looks for; None is any. `text` is found in prompts, whatever its case."""

    text: str | None = None
    status: Status | None = None
    kind: Kind | None = None
    service: str | None = None
    version: Version | None = None
    quality: Quality | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether rows may have to be passed over to find one that fits."""
        return any((self.text, self.status, self.kind, self.service, self.version, self.quality))


@dataclass(frozen=True, slots=True)
class Found:
    """What one search saw, newest first; `searched_to` is how far it looked where it may go on from `cursor`."""

    items: list[Generation]
    cursor: str | None
    searched_to: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first; `end_cursor` is given back as `after` for the next."""

    items: list[Generation]
    end_cursor: str | None
    has_next_page: bool


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as a door received it: canonical parameter → (the name the caller used, the value).

    Canonical names: service prompt image duration aspectRatio version quality motionIntensity motion seed
    negativePrompt webhookUrl quoteId audio. Any other name is refused as unknown. A value of None counts as absent.
    """

    values: Mapping[str, tuple[str, Any]] = field(default_factory=dict)
    requires_service: bool = False
    kind: Kind | None = None  # None: decided by whether an image is given


@dataclass(frozen=True, slots=True)
class Quote:
    """A binding price, until `expires_at`."""

    id: str
    credits: int
    terms: Mapping[str, Any]
    created_at: datetime
    expires_at: datetime
