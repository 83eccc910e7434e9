"""The words of the stand-in: how it is set up, what a task is and how it will end, what was uploaded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from doitong.standins.runway.script import Fault, RandomFault

Json = dict[str, Any]
DAY_SECONDS = 86_400.0
CONFORMANCE_KEY = "My API Key"
CONFORMANCE_TASK = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"


class Kind(StrEnum):
    """What a model makes; tiers limit each kind on its own."""

    VIDEO = "video"
    IMAGE = "image"


class Status(StrEnum):
    THROTTLED = "THROTTLED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_over(self) -> bool:
        return self in (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one model: tasks at once, and creates in any 24 hours; None for no limit."""

    at_once: int | None
    daily: int | None


@dataclass(frozen=True, slots=True)
class Tier:
    """Limits by kind, and credits that may be bought in a month."""

    kinds: Mapping[Kind, Limits]
    monthly_credits: int


@dataclass(frozen=True, slots=True)
class Options:
    """How a stand-in is set up. What the real service's sources leave open is a setting here."""

    keys: tuple[str, ...] = ("key_standin",)
    credits: int = 100_000
    tier: str = "1"
    at_once: int | None = None  # instead of the tier's limit
    daily: int | None = None  # instead of the tier's limit
    speed: float = 1.0  # tasks run this many times faster
    faults: tuple[RandomFault, ...] = ()
    seed: int = 0
    url_seconds: float = DAY_SECONDS  # an output's address is good for this long
    public_url: str = ""  # begins the addresses that are given out; the request's own host when empty
    fetches: bool = False  # looks at https pictures as Runway does: HEAD, GET, type, size, shape
    allows_http: bool = False  # http addresses and bare IPs may stand where https is asked for
    refuses_unknown_keys: bool = True
    keeps_moderated: Literal["all", "input", "none"] = "input"  # which moderated tasks are not refunded
    needs_on_behalf_of: bool = False
    is_conformance: bool = False  # for the official SDK's own suite


@dataclass(frozen=True, slots=True)
class Picture:
    """A still of this size, in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Film:
    """A film of this size in pixels and this many frames, at 24 a second."""

    width: int
    height: int
    frames: int


Output = Picture | Film


@dataclass(frozen=True, slots=True)
class Fate:
    """How a task will end, decided when it is created. Seconds count from the moment it got its slot."""

    status: Status
    pending_seconds: float
    seconds: float
    cost: int
    failure_code: str | None = None


@dataclass(slots=True)
class Task:
    """One bought generation. What it looks like now follows from these facts and the time."""

    id: str
    created_at: float  # seconds since the epoch, as all times here
    path: str
    model: str
    prompt: str
    request: Json
    output: Output
    estimate: float
    charged: int
    fate: Fate
    eligible_at: float
    faults: tuple[Fault, ...] = ()
    started_at: float | None = None
    deleted_at: float | None = None
    refunded: int = 0
    reads: int = 0
    urls_dead_at_birth: int = 0

    @property
    def ends_at(self) -> float | None:
        return None if self.started_at is None else self.started_at + self.fate.seconds


@dataclass(slots=True)
class Upload:
    """A place for a file, and what was put there: its type, its size in pixels and bytes, its length."""

    key: str
    policy: str
    filename: str
    expires_at: float
    asset: "Asset | None" = None


@dataclass(frozen=True, slots=True)
class Asset:
    """What is known of a picture or film that a request points to; `seconds` is None for a picture."""

    media_type: str
    width: int
    height: int
    bytes: int = 0
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the stand-in, whole."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    now: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: status, headers, and a body or as much of it as a fault leaves."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None  # announced instead of the body's own
    is_cut: bool = False  # the connection is dropped after the body
    delay_seconds: float = 0.0  # of real time, before the first byte


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A task as it is seen at a moment."""

    status: Status
    progress: float = field(default=0.0)


class Refused(Exception):
    """The request ends here with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Dropped(Exception):
    """The connection is closed without an answer."""
