"""What a film shows, as frozen data: the words between interpretation and rendering."""

from dataclasses import dataclass
from enum import StrEnum


class SceneKind(StrEnum):
    LAKE = "mountain lake"
    MOUNTAINS = "mountains"
    SEA = "sea"
    HILLS = "hills"
    DUNES = "dunes"


class TimeOfDay(StrEnum):
    DAWN = "dawn"
    MORNING = "morning"
    NOON = "noon"
    GOLDEN_HOUR = "golden hour"
    SUNSET = "sunset"
    DUSK = "dusk"
    NIGHT = "night"


class Season(StrEnum):
    SPRING = "spring"
    SUMMER = "summer"
    AUTUMN = "autumn"
    WINTER = "winter"


@dataclass(frozen=True, slots=True)
class CameraStep:
    """One move of the camera; `strength` 0–1, 0.5 is an ordinary move."""

    move: str
    strength: float = 0.5


@dataclass(frozen=True, slots=True)
class Scene:
    """A film to render. `segments`: one after another, each with the moves made at once.

    `cloudiness`, `haze` and `snow` 0–1; `wind` 1.0 is a light breeze; `motion` scales the camera's way.
    """

    kind: SceneKind
    time: TimeOfDay
    season: Season = Season.SUMMER
    cloudiness: float = 0.42
    haze: float = 0.3
    snow: float = 0.25
    wind: float = 1.0
    trees: bool = True
    sun_disc: bool = True
    segments: tuple[tuple[CameraStep, ...], ...] = ()
    motion: float = 1.0
    seed: int = 0
