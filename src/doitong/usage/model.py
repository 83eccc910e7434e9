"""What usage is: ended generations counted by the day of their end (UTC), and the ways to group them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Outcome(StrEnum):
    """How a generation ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


class Group(StrEnum):
    """What a chart tells apart."""

    NONE = "none"
    SERVICE = "service"
    QUALITY = "quality"
    KEY = "key"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class End:
    """One end, to be counted. `credits` is what was charged, `seconds` the length of the film there is."""

    account_id: str
    day: date
    service: str
    quality: str
    key_prefix: str
    engine: str
    outcome: Outcome
    credits: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Used:
    """What a day and one value of the group came to; `value` is empty where nothing is grouped."""

    day: date
    value: str
    completed: int
    failed: int
    canceled: int
    credits: int
    seconds: int
