"""What the studio page is made of beside the catalogue: prompts to begin with, ways of the camera, and the words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from doitong.catalogue.model import TURNING_MOVES
from doitong.catalogue.services import (
    BRUSHES_MAXIMUM,
    MOVE_SECONDS_MAXIMUM,
    MOVE_SECONDS_MINIMUM,
    MOVES_MAXIMUM,
    TURN_DEGREES_MAXIMUM,
)
from doitong.doors.dashboard import film_words
from doitong.generations.parsing import BRUSH_MODES
from doitong.words.catalogue import N_, Words


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt that Studio draws well, and the picture of what comes of it."""

    picture: str
    label: str
    prompt: str


EXAMPLES = (
    Example("lake", N_("Lake"), N_("A mountain lake at sunset, a sailing boat on still water, slow dolly in")),
    Example("forest", N_("Forest"), N_("An autumn forest in the morning, sun rays, falling leaves, slow truck right")),
    Example("city", N_("City"), N_("A city skyline at dusk, reflected in the bay, lights coming on")),
    Example("sea", N_("Sea"), N_("A stormy sea with high waves and lightning, film noir")),
    Example("underwater", N_("Reef"), N_("A coral reef with fish and bubbles, shafts of light, slowly forward")),
    Example("space", N_("Space"), N_("A ringed planet before a purple nebula, slow orbit left")),
    Example("dunes", N_("Dunes"), N_("Desert dunes at golden hour, drone flyover, wind over the sand")),
    Example("mountains", N_("Mountains"), N_("Snow-capped peaks at dawn, mist in the valley, the camera rises")),
    Example("canyon", N_("Canyon"), N_("A canyon with a river at golden hour, the camera rises, then orbits left")),
    Example("abstract", N_("Silk"), N_("Abstract flowing silk in blue and gold, dreamy, seamless loop")),
)

# ways of the camera by name: moves as `motion.camera` has them
PRESETS: tuple[tuple[str, list[dict[str, Any]]], ...] = (
    (N_("Push in"), [{"move": "dolly_in", "strength": 0.5}]),
    (
        N_("Rise and reveal"),
        [{"move": "pedestal_up", "strength": 0.6}, {"move": "tilt_down", "strength": 0.4}],
    ),
    (N_("Orbit"), [{"move": "orbit_left", "strength": 0.8}]),
    (N_("Sweep"), [{"move": "pan_right", "strength": 0.6, "easing": "linear"}]),
    (N_("Side track"), [{"move": "tracking_right", "strength": 0.6}]),
    (N_("Vertigo"), [{"move": "dolly_zoom_in", "strength": 0.7}]),
    (N_("Drone"), [{"move": "flyover", "strength": 0.6}]),
    (N_("Stand still"), [{"move": "static", "strength": 0.5}]),
)

_WORDS = {
    "start": N_("Generate"),
    "starting": N_("Starting …"),
    "price": N_("{credits} credits"),
    "left": N_("{credits} credits will be left"),
    "missing": N_("{credits} credits are missing"),
    "priceChanged": N_("The price is {credits} credits now. Press again to agree."),
    "promptNeeded": N_("Write what the film shows, or add a picture."),
    "pictureWrong": N_("This is not a JPEG, PNG or WebP picture."),
    "pictureLarge": N_("This picture is larger than 20 MB."),
    "uploading": N_("Uploading …"),
    "offline": N_("No connection. Trying again …"),
    "lost": N_("The answer did not arrive. Press again: it will not be bought twice."),
    "queuePlace": N_("Place {place} in the queue"),
    "startsAbout": N_("starts at about {time}"),
    "elapsed": N_("{time} so far"),
    "percent": N_("{percent} %"),
    "move": N_("Move {number}"),
    "strength": N_("Strength"),
    "seconds": N_("Seconds"),
    "auto": N_("even share"),
    "easing": N_("Start and stop"),
    "earlier": N_("Earlier"),
    "later": N_("Later"),
    "remove": N_("Remove"),
    "noMoves": N_("No moves: the prompt's own camera words count, or a slow push in."),
    "brush": N_("Brush {number}"),
    "direction": N_("Direction"),
    "speed": N_("Speed"),
    "mode": N_("Way of moving"),
    "right": N_("right"),
    "up": N_("up"),
    "down": N_("down"),
    "toLeft": N_("left"),
    "noBrushes": N_("No areas: what the prompt names moves, such as water, clouds or smoke."),
    "preview": N_("Preview of the camera's way"),
    "play": N_("Play"),
    "pause": N_("Pause"),
    "seedRandom": N_("random"),
    "done": N_("The film is done."),
    "ended": N_("The generation has ended."),
}


def page_data(terms: Mapping[str, Any], services: list[dict[str, Any]], available: int, words: Words) -> dict[str, Any]:
    """All that the page's script knows, as JSON values: the catalogue, the limits, the words, what is filled in."""
    return {
        "services": services,
        "terms": dict(terms),
        "available": available,
        "camera": {
            "maximum": MOVES_MAXIMUM,
            "secondsMinimum": MOVE_SECONDS_MINIMUM,
            "secondsMaximum": MOVE_SECONDS_MAXIMUM,
            "degreesMaximum": TURN_DEGREES_MAXIMUM,
            "turning": sorted(move.value for move in TURNING_MOVES),
            "easings": film_words.said(film_words.EASINGS, words),
            "moves": film_words.said(film_words.MOVES, words),
            "presets": [{"name": words.say(name), "camera": camera} for name, camera in PRESETS],
        },
        "brushes": {
            "maximum": BRUSHES_MAXIMUM,
            "modes": {mode: words.say(film_words.MODES[mode]) for mode in BRUSH_MODES},
        },
        **live_words(words),
    }


def live_words(words: Words) -> dict[str, Any]:
    """What a page says while a film is made."""
    return {
        "stages": film_words.said(film_words.STAGES, words),
        "statuses": film_words.said(film_words.STATUSES, words),
        "words": {name: words.say(text) for name, text in _WORDS.items()},
    }
