"""What a film shows, as frozen data: the words between interpretation and rendering."""

from dataclasses import dataclass
from enum import StrEnum

from doitong.catalogue.model import Easing
from doitong.engines.studio.arrays import Colour


class SceneKind(StrEnum):
    LAKE = "mountain lake"
    MOUNTAINS = "mountains"
    SEA = "sea"
    BEACH = "beach"
    ISLANDS = "islands"
    HILLS = "hills"
    FIELD = "open field"
    ROAD = "country road"
    DUNES = "dunes"
    CANYON = "canyon"
    SNOWFIELD = "snowfield"
    FOREST = "forest"
    CITY = "city"
    SPACE = "space"
    UNDERWATER = "underwater"
    ABSTRACT = "abstract"


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


class Style(StrEnum):
    NATURAL = "natural"
    CINEMATIC = "cinematic"
    ANIME = "anime"
    WATERCOLOUR = "watercolour"
    NOIR = "noir"
    VINTAGE = "vintage film"
    PIXEL_ART = "pixel art"
    PENCIL = "pencil"
    CYANOTYPE = "cyanotype"


class Mood(StrEnum):
    NEUTRAL = "neutral"
    WARM = "warm"
    COLD = "cold"
    DARK = "dark"
    DREAMY = "dreamy"
    VIVID = "vivid"
    MUTED = "muted"
    MYSTERIOUS = "mysterious"


class Life(StrEnum):
    """What lives or drifts in front of the scene."""

    BIRDS = "birds"
    BOATS = "boats"
    REEDS = "reeds"
    LEAVES = "falling leaves"
    PETALS = "petals"
    FIREFLIES = "fireflies"
    DUST = "drifting dust"
    FISH = "fish"
    BUBBLES = "bubbles"


class Feature(StrEnum):
    """A part that some kinds of scene can show and others leave out."""

    PLANET = "planet"
    RINGS = "rings"
    NEBULA = "nebula"
    GALAXY = "galaxy"
    RIVER = "river"
    RAINBOW = "rainbow"
    PALMS = "palms"
    SAILS = "sails"
    OARS = "oars"
    SILK = "silk"
    INK = "ink"
    LIQUID = "liquid"


@dataclass(frozen=True, slots=True)
class CameraStep:
    """One move of the camera; `strength` 0–1, 0.5 is an ordinary move.

    `degrees` (of a turn) and `ratio` (of a zoom) say how far instead, whatever the strength and the scene's motion;
    `seconds` how long the move takes, its part of the film when None.
    """

    move: str
    strength: float = 0.5
    degrees: float | None = None
    ratio: float | None = None
    seconds: float | None = None
    easing: Easing = Easing.IN_OUT


@dataclass(frozen=True, slots=True)
class Scene:
    """A film to render. `segments`: one after another, each with the moves made at once; `seconds`: the film's length.

    `cloudiness`, `haze`, `snow` (on the ground), `rain`, `snowfall`, `lightning` and `aurora` 0–1; `wind` 1.0 is a
    light breeze; `motion` scales the camera's way; `time_scale` is scene seconds in a second of film, `is_loop` a film
    whose end meets its beginning. `palette`: colours that the prompt names, in its order; `features` and `life` what
    it asks for beside the place.
    """

    kind: SceneKind
    time: TimeOfDay
    season: Season = Season.SUMMER
    cloudiness: float = 0.42
    haze: float = 0.3
    snow: float = 0.25
    wind: float = 1.0
    rain: float = 0.0
    snowfall: float = 0.0
    lightning: float = 0.0
    aurora: float = 0.0
    trees: bool = True
    sun_disc: bool = True
    style: Style = Style.NATURAL
    mood: Mood = Mood.NEUTRAL
    palette: tuple[Colour, ...] = ()
    life: frozenset[Life] = frozenset()
    features: frozenset[Feature] = frozenset()
    time_scale: float = 1.0
    is_loop: bool = False
    segments: tuple[tuple[CameraStep, ...], ...] = ()
    motion: float = 1.0
    seconds: float = 5.0
    seed: int = 0
