"""Pure decisions of a generation's life: what a request costs, what is chosen for it, what an attempt's end means."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, assert_never

from doitong.catalogue.model import FRAMES, FRAMES_PER_SECOND, AspectRatio, Quality
from doitong.catalogue.services import Price
from doitong.engines.port import EngineFailure
from doitong.generations.model import Generation, GenerationRequest, Stage, Status

RETRY_DELAYS = (timedelta(seconds=2), timedelta(seconds=15))
QUOTE_LIFETIME = timedelta(minutes=15)


def price_credits(request: GenerationRequest, prices: Mapping[Quality, Price]) -> int:
    """What the generation will cost: the hold, and at most the charge."""
    return prices[request.quality].credits(request.duration_seconds)


def nearest_aspect_ratio(width: int, height: int) -> AspectRatio:
    """The offered ratio nearest to a picture's, by the logarithm of the ratio (a symmetric measure)."""

    def distance(ratio: AspectRatio) -> float:
        across, down = (int(part) for part in ratio.value.split(":"))
        wanted, given = across / down, width / height
        return max(wanted / given, given / wanted)

    return min(AspectRatio, key=distance)


def choose_parameters(request: GenerationRequest, seed: int) -> dict[str, Any]:
    """The terms with everything chosen, as stored in the generation's row."""
    assert request.aspect_ratio is not None
    frame = FRAMES[request.quality, request.aspect_ratio]
    chosen = replace(request, seed=request.seed if request.seed is not None else seed).to_terms()
    del chosen["prompt"], chosen["kind"], chosen["service"], chosen["webhookUrl"]
    return chosen | {"width": frame.width, "height": frame.height, "fps": FRAMES_PER_SECOND}


class Verdict(StrEnum):
    """What follows from an attempt that failed."""

    RETRY = "retry"
    RELEASE = "release"
    CHARGE = "charge"


def judge_failure(failure: EngineFailure, attempt: int) -> Verdict:
    """Another attempt for a transient failure while attempts are left; else the engine's word on the charge."""
    if failure.is_transient and not failure.is_charged and attempt <= failure.retries:
        return Verdict.RETRY
    return Verdict.CHARGE if failure.is_charged else Verdict.RELEASE


def retry_delay(failure: EngineFailure, attempt: int) -> timedelta:
    """Pause before the attempt after number `attempt` (1, 2, …), which failed so."""
    return failure.pause or RETRY_DELAYS[min(attempt, len(RETRY_DELAYS)) - 1]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a generation ends: its public status, what is charged, and what is written of it."""

    status: Status
    charge_credits: int
    error_code: str | None = None
    metadata: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        match self.status:
            case Status.COMPLETED:
                assert self.error_code is None
            case Status.FAILED:
                assert self.error_code is not None
            case Status.CANCELED:
                assert self.charge_credits == 0
            case Status.PROCESSING:
                raise AssertionError("processing is not an end")
            case _:
                assert_never(self.status)


def was_ready(generation: Generation) -> bool:
    """Whether it counted as ready: has a slot and waits for a worker."""
    return generation.holds_slot and generation.stage is Stage.QUEUED
