"""What people call the words of a generation: its states, stages, moves, and what Studio says it understood."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from doitong.words.catalogue import N_, Words

STATUSES = {
    "processing": N_("In the making"),
    "completed": N_("Done"),
    "failed": N_("Failed"),
    "canceled": N_("Canceled"),
}
STAGES = {
    "queued": N_("Waiting in the queue"),
    "submitting": N_("Handing over to the engine"),
    "rendering": N_("Rendering"),
    "storing": N_("Signing and storing"),
    "unknown": N_("The engine's answer was lost; an operator is looking into it"),
    "ended": N_("Ended"),
}
KINDS = {"text_to_video": N_("From text"), "image_to_video": N_("From a picture")}
QUALITIES = {"standard": N_("Standard"), "high": N_("High (Pro)")}
INTENSITIES = {"low": N_("Calm"), "medium": N_("Natural"), "high": N_("Lively")}
RATIOS = {"16:9": N_("Wide"), "9:16": N_("Tall"), "1:1": N_("Square")}
ENGINES = {
    "studio": N_("Studio, the film engine of this installation"),
    "runway": N_("Runway, through its own API"),
    "openai-videos": N_("A model on the operator's own servers"),
    "diffusers": N_("A model on the operator's own machine"),
    "scripted": N_("A test engine"),
}
EASINGS = {
    "ease-in-out": N_("Soft start and stop"),
    "linear": N_("Constant speed"),
    "ease-in": N_("Soft start"),
    "ease-out": N_("Soft stop"),
}
MODES = {
    "flow": N_("Flow: rivers, clouds, smoke"),
    "sway": N_("Sway: trees, grass, hair"),
    "wave": N_("Wave: flags, water"),
    "rotate": N_("Rotate: wheels"),
    "ripple": N_("Ripple: a pond"),
}
MOVES = {
    "static": N_("Stand still"),
    "pan_left": N_("Pan left"),
    "pan_right": N_("Pan right"),
    "tilt_up": N_("Tilt up"),
    "tilt_down": N_("Tilt down"),
    "roll_left": N_("Roll left"),
    "roll_right": N_("Roll right"),
    "dolly_in": N_("Dolly in"),
    "dolly_out": N_("Dolly out"),
    "truck_left": N_("Truck left"),
    "truck_right": N_("Truck right"),
    "pedestal_up": N_("Rise"),
    "pedestal_down": N_("Sink"),
    "zoom_in": N_("Zoom in"),
    "zoom_out": N_("Zoom out"),
    "orbit_left": N_("Orbit left"),
    "orbit_right": N_("Orbit right"),
    "dolly_zoom_in": N_("Dolly zoom in (vertigo)"),
    "dolly_zoom_out": N_("Dolly zoom out"),
    "tracking_left": N_("Track left"),
    "tracking_right": N_("Track right"),
    "whip_pan_left": N_("Whip pan left"),
    "whip_pan_right": N_("Whip pan right"),
    "flyover": N_("Drone flyover"),
    "handheld": N_("Handheld"),
}
LEDGER = {
    "hold": N_("Reserved"),
    "capture": N_("Charged"),
    "release": N_("Given back"),
    "refund": N_("Refunded"),
}
# IPTC's digital source types, by the last part of their address
SOURCES = {
    "algorithmicMedia": N_("made by an algorithm"),
    "trainedAlgorithmicMedia": N_("made by a trained model"),
    "algorithmicallyEnhanced": N_("a picture, animated by an algorithm"),
    "compositeWithTrainedAlgorithmicMedia": N_("a picture, animated by a trained model"),
}
DELIVERY_STATES = {"pending": N_("On its way"), "delivered": N_("Delivered"), "failed": N_("Not delivered")}

# what Studio's report calls things
_ASPECTS = (
    ("scene", N_("Place")),
    ("timeOfDay", N_("Time of day")),
    ("season", N_("Season")),
    ("style", N_("Style")),
    ("mood", N_("Mood")),
    ("life", N_("Life")),
    ("features", N_("Features")),
    ("sound", N_("Sound")),
)
_VALUES = {
    "picture": N_("your picture"),
    "mountain lake": N_("mountain lake"),
    "mountains": N_("mountains"),
    "sea": N_("sea"),
    "beach": N_("beach"),
    "islands": N_("islands"),
    "hills": N_("hills"),
    "open field": N_("open field"),
    "country road": N_("country road"),
    "dunes": N_("dunes"),
    "canyon": N_("canyon"),
    "snowfield": N_("snowfield"),
    "forest": N_("forest"),
    "city": N_("city"),
    "space": N_("space"),
    "underwater": N_("underwater"),
    "abstract": N_("abstract"),
    "dawn": N_("dawn"),
    "morning": N_("morning"),
    "noon": N_("noon"),
    "golden hour": N_("golden hour"),
    "sunset": N_("sunset"),
    "dusk": N_("dusk"),
    "night": N_("night"),
    "spring": N_("spring"),
    "summer": N_("summer"),
    "autumn": N_("autumn"),
    "winter": N_("winter"),
    "natural": N_("natural"),
    "cinematic": N_("cinematic"),
    "anime": N_("anime"),
    "watercolour": N_("watercolour"),
    "noir": N_("noir"),
    "vintage film": N_("vintage film"),
    "pixel art": N_("pixel art"),
    "pencil": N_("pencil"),
    "cyanotype": N_("cyanotype"),
    "neutral": N_("neutral"),
    "warm": N_("warm"),
    "cold": N_("cold"),
    "dark": N_("dark"),
    "dreamy": N_("dreamy"),
    "vivid": N_("vivid"),
    "muted": N_("muted"),
    "mysterious": N_("mysterious"),
    "birds": N_("birds"),
    "boats": N_("boats"),
    "reeds": N_("reeds"),
    "falling leaves": N_("falling leaves"),
    "petals": N_("petals"),
    "fireflies": N_("fireflies"),
    "drifting dust": N_("drifting dust"),
    "fish": N_("fish"),
    "bubbles": N_("bubbles"),
    "planet": N_("planet"),
    "rings": N_("rings"),
    "nebula": N_("nebula"),
    "galaxy": N_("galaxy"),
    "river": N_("river"),
    "rainbow": N_("rainbow"),
    "silk": N_("silk"),
    "ink": N_("ink"),
    "liquid": N_("liquid"),
    "room": N_("a quiet room"),
    "none": N_("none"),
}


@dataclass(frozen=True, slots=True)
class Understood:
    """Studio's report on a prompt, as people read it; the engine's own sentences stay in its own words."""

    understood: list[str] = field(default_factory=list)
    chosen: list[tuple[str, str]] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    moves: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.understood, self.chosen, self.ignored, self.warnings))


def read_interpretation(report: Mapping[str, Any] | None, words: Words) -> Understood:
    """What `metadata.interpretation` says. An engine that reports nothing gives an empty one."""
    if not isinstance(report, Mapping):
        return Understood()
    chosen = []
    for name, label in _ASPECTS:
        value = report.get(name)
        values = value if isinstance(value, list) else [value]
        shown = ", ".join(words.say(_VALUES.get(str(item), str(item))) for item in values if item)
        if shown and shown != words.say("neutral"):
            chosen.append((words.say(label), shown))
    moves = [
        say_of(MOVES, str(step.get("move")), words)
        for part in report.get("camera") or []
        for step in part
        if isinstance(step, Mapping)
    ]
    return Understood(
        *(list(report.get("understood") or []), chosen),
        excluded=list(report.get("excluded") or []),
        ignored=list(report.get("ignored") or []),
        warnings=list(report.get("warnings") or []),
        moves=moves,
    )


def say_of(table: Mapping[str, str], name: str, words: Words) -> str:
    """The word of a table in this language; the name itself where the table has none."""
    return words.say(table[name]) if name in table else name


def said(table: Mapping[str, str], words: Words) -> dict[str, str]:
    """A whole table in one language, for a page's script."""
    return {name: words.say(text) for name, text in table.items()}
