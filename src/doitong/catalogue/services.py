"""What can be asked for and what it costs, as data: validation, forms, quotes and docs all read these tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from doitong.catalogue.model import (
    FRAMES,
    FRAMES_PER_SECOND,
    AspectRatio,
    CameraMove,
    Kind,
    MotionIntensity,
    Quality,
    Version,
)

PROMPT_MAX_CHARACTERS = 1000
SEED_MAXIMUM = 4294967295
MOVES_MAXIMUM = 8
BRUSHES_MAXIMUM = 8
TURN_DEGREES_MAXIMUM = 360
MOVE_SECONDS_MINIMUM, MOVE_SECONDS_MAXIMUM = 0.1, 10


@dataclass(frozen=True, slots=True)
class Service:
    """What a customer asks for. `engines` are tried in order."""

    id: str
    name: str
    kinds: tuple[Kind, ...]
    engines: tuple[str, ...]
    duration_seconds_minimum: int = 5
    duration_seconds_maximum: int = 10
    duration_seconds_default: int = 5
    versions: tuple[Version, ...] = tuple(Version)
    qualities: tuple[Quality, ...] = tuple(Quality)
    aspect_ratios: tuple[AspectRatio, ...] = tuple(AspectRatio)


SERVICES: Mapping[str, Service] = {
    service.id: service
    for service in (
        Service("runway", "Runway Creative Suite", (Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO), ("studio",)),
        Service("runway-i2v", "Runway Image Animation", (Kind.IMAGE_TO_VIDEO,), ("studio",)),
    )
}


@dataclass(frozen=True, slots=True)
class Price:
    """Credits of the shortest film, and of each second beyond it."""

    base_credits: int
    base_seconds: int
    credits_per_second: int

    def credits(self, duration_seconds: int) -> int:
        return self.base_credits + self.credits_per_second * (duration_seconds - self.base_seconds)


# what holds until an operator sets another (doitong.pricing)
PRICES: Mapping[Quality, Price] = {
    Quality.STANDARD: Price(base_credits=100, base_seconds=5, credits_per_second=20),
    Quality.HIGH: Price(base_credits=300, base_seconds=5, credits_per_second=40),
}


def first_service_for(kind: Kind) -> Service:
    """The service taken when a request names none."""
    return next(service for service in SERVICES.values() if kind in service.kinds)


def describe(service: Service, prices: Mapping[Quality, Price]) -> dict[str, Any]:
    """The published catalogue entry of a service at these prices, as JSON values."""
    return {
        "id": service.id,
        "name": service.name,
        "type": "VIDEO",
        "kinds": [kind.value for kind in service.kinds],
        "engines": list(service.engines),
        "versions": [version.value for version in service.versions],
        "qualities": [quality.value for quality in service.qualities],
        "aspectRatios": [ratio.value for ratio in service.aspect_ratios],
        "duration": {
            "minimum": service.duration_seconds_minimum,
            "maximum": service.duration_seconds_maximum,
            "default": service.duration_seconds_default,
        },
        "prompt": {
            "maximumCharacters": PROMPT_MAX_CHARACTERS,
            "required": Kind.TEXT_TO_VIDEO in service.kinds,
        },
        "seed": {"minimum": 0, "maximum": SEED_MAXIMUM},
        "motionIntensities": [intensity.value for intensity in MotionIntensity],
        "cameraMoves": [move.value for move in CameraMove],
        "framesPerSecond": FRAMES_PER_SECOND,
        "frames": [
            {
                "quality": quality.value,
                "aspectRatio": ratio.value,
                "width": frame.width,
                "height": frame.height,
            }
            for (quality, ratio), frame in FRAMES.items()
        ],
        "prices": [
            {
                "quality": quality.value,
                "baseCredits": price.base_credits,
                "baseSeconds": price.base_seconds,
                "creditsPerSecond": price.credits_per_second,
            }
            for quality, price in prices.items()
        ],
    }
