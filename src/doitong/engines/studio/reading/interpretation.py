"""From a request to a scene, and an honest account of what was understood.

Structured fields win over words: `motion` over camera words, `negative_prompt` over everything it forbids; `--camera`,
`--neg` and `--style` in the prompt win over its sentences. Words that Studio does not know are listed, and a subject
that it cannot draw is named in a warning.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any

from doitong.catalogue.model import Easing, MotionIntensity
from doitong.engines.port import EngineRequest
from doitong.engines.studio.reading.camera_words import MOST_SEGMENTS, Segments, segments_of
from doitong.engines.studio.reading.choosing import Choice, choose_kind, subject_left_out, usual_time
from doitong.engines.studio.reading.conditions import Weather, colour_of
from doitong.engines.studio.reading.moves import AMOUNTS
from doitong.engines.studio.reading.places import is_shown
from doitong.engines.studio.reading.report import Account, report_of
from doitong.engines.studio.reading.text import Reading, read_words, take_flags
from doitong.engines.studio.scene import CameraStep, Feature, Life, Mood, Scene, SceneKind, Season, Style, TimeOfDay

_MOTION = {MotionIntensity.LOW: 0.55, MotionIntensity.MEDIUM: 1.0, MotionIntensity.HIGH: 1.6}
_DEFAULT_CAMERA: Segments = ((CameraStep("dolly_in", 0.4),),)
_HYPERLAPSE_CAMERA: Segments = ((CameraStep("dolly_in", 0.9, easing=Easing.LINEAR),),)
_NO_CAMERA: Segments = ((CameraStep("static"),),)
_TREELESS = frozenset({SceneKind.DUNES, SceneKind.SPACE, SceneKind.UNDERWATER, SceneKind.ABSTRACT})
# parts of words for boats that say how they are driven
_RIGS = {"sail": Feature.SAILS, "jadr": Feature.SAILS, "yacht": Feature.SAILS, "jaht": Feature.SAILS,
         "row": Feature.OARS, "canoe": Feature.OARS, "kanu": Feature.OARS, "čolnič": Feature.OARS}  # fmt: skip
_TROPICAL = frozenset({SceneKind.BEACH, SceneKind.ISLANDS})  # where "tropical" alone brings palms
# words of a flow that say what flows
_FLOWS = {
    "silk": Feature.SILK, "svil": Feature.SILK, "ink": Feature.INK, "črnil": Feature.INK,
    "liquid": Feature.LIQUID, "fluid": Feature.LIQUID, "paint": Feature.LIQUID, "tekoč": Feature.LIQUID,
}  # fmt: skip
# colours that a thing has anyway: "blue sky" asks for no palette
_OWN_COLOURS = {
    "blue": ("kind", "scenery", "time", "weather", "feature"), "teal": ("kind", "scenery", "feature"),
    "green": ("kind", "place", "trees"), "white": ("weather", "kind", "scenery"),
    "grey": ("weather", "kind", "scenery"), "gold": ("kind", "place"), "black": ("style", "scenery"),
    "brown": ("kind",),
}  # fmt: skip


@dataclass(slots=True)
class _Flags:
    camera: str = ""
    negative: list[str] = field(default_factory=list)
    style: str = ""
    unknown: list[str] = field(default_factory=list)


def interpret(request: EngineRequest) -> tuple[Scene, dict[str, Any]]:
    """The scene to draw and a report that can be written as JSON."""
    prompt, flags = _flags(request.prompt)
    reading = read_words(prompt)
    for text in (*flags.negative, request.negative_prompt or ""):
        denied = read_words(text)
        reading.forbidden += [*denied.found, *denied.forbidden]
    _drop_forbidden(reading)
    choice = choose_kind(reading)
    segments, source = _camera(request, reading, flags)
    scene = _forbid(_scene(request, reading, choice, segments, flags), reading)
    account = Account(
        request, scene, reading, choice, source,
        subject=None if request.image_path is not None else subject_left_out(reading), unknown_flags=flags.unknown,
    )  # fmt: skip
    return scene, report_of(account)


def _flags(text: str) -> tuple[str, _Flags]:
    rest, given = take_flags(text)
    flags = _Flags()
    for name, value in given:
        match name:
            case "camera":
                flags.camera = value
            case "neg" | "negative" | "no":
                flags.negative.append(value)
            case "style":
                flags.style = value
            case _:
                flags.unknown.append(f"--{name}")
    return rest, flags


def _drop_forbidden(reading: Reading) -> None:
    """What is forbidden anywhere is not wanted, whatever word says it."""
    denied = {(mention.field, mention.move or mention.value) for mention in reading.forbidden}
    said = {mention.text for mention in reading.forbidden}
    reading.found = [
        mention
        for mention in reading.found
        if (mention.field, mention.move or mention.value) not in denied
        and not (mention.text in said and mention.field != "verb")
    ]


def _camera(request: EngineRequest, reading: Reading, flags: _Flags) -> tuple[Segments, str]:
    """Segments of camera moves, and where they come from."""
    if request.motion is not None and request.motion.camera:
        steps = tuple(
            (CameraStep(move.move, move.strength, move.degrees, None, move.seconds, move.easing),)
            for move in request.motion.camera
        )
        return steps[:MOST_SEGMENTS], "motion"
    if flags.camera:
        said = segments_of(read_words(f"camera: {flags.camera.replace('-', ' ')}"))
        if said:
            return said, "flag"
    said = segments_of(reading)
    if said:
        return said, "words"
    is_hyperlapse = any(mention.text.startswith(("hyper", "hiper")) for mention in reading.of("speed"))
    return (_HYPERLAPSE_CAMERA if is_hyperlapse else _DEFAULT_CAMERA), "default"


def _scene(request: EngineRequest, reading: Reading, choice: Choice, segments: Segments, flags: _Flags) -> Scene:
    weather = _weather(reading)
    time = reading.first("time") or usual_time(reading, choice.kind, weather.cloudiness or 0.0, weather.haze or 0.0)
    motion = _MOTION[request.motion_intensity]
    usual_clouds = 0.22 if time is TimeOfDay.NIGHT else 0.42
    has_snow = (weather.snow or 0.0) > 0.6
    life = _life(reading, choice.kind)
    season = reading.first("season") or _usual_season(life, has_snow=weather.snow is not None)
    is_winter = season is Season.WINTER and reading.first("season") is not None
    style = read_words(flags.style.replace("-", " ")).first("style") or reading.first("style") or Style.NATURAL
    return Scene(
        kind=choice.kind,
        time=time,
        season=season,
        cloudiness=usual_clouds if weather.cloudiness is None else weather.cloudiness,
        haze=0.3 if weather.haze is None else weather.haze,
        snow=0.9 if has_snow or is_winter else weather.snow if weather.snow is not None else 0.25,
        wind=(0.85 if weather.wind is None else weather.wind) * (0.7 + 0.3 * motion),
        rain=weather.rain or 0.0,
        snowfall=weather.snowfall or 0.0,
        lightning=weather.lightning or 0.0,
        aurora=weather.aurora or 0.0,
        trees=_has_trees(reading, choice.kind),
        style=style,
        mood=reading.first("mood") or Mood.NEUTRAL,
        palette=tuple(colour_of(name) for name in colours_said(reading)),
        life=life,
        features=_features(reading, choice.kind),
        time_scale=reading.first("speed") or 1.0,
        is_loop=bool(reading.first("loop")),
        segments=segments,
        motion=motion,
        seconds=float(request.duration_seconds),
        seed=request.seed,
    )


def _weather(reading: Reading) -> Weather:
    """All that is said of the weather, put together: the most of each, but a clear sky when it is named first."""
    said = [mention.value.scaled(_amount(reading, mention.place)) for mention in reading.of("weather")]
    together: dict[str, float] = {}
    for item in fields(Weather):
        values = [value for value in (getattr(one, item.name) for one in said) if value is not None]
        if not values:
            continue
        is_stronger = item.name not in ("cloudiness", "wind") or max(values) > 0.8
        together[item.name] = max(values) if is_stronger else values[0]
    return Weather(**together)


def _amount(reading: Reading, place: int) -> float:
    return AMOUNTS.get(reading.tokens[place - 1], 1.0) if place > 0 else 1.0


def _usual_season(life: frozenset[Life], *, has_snow: bool) -> Season:
    if Life.LEAVES in life:
        return Season.AUTUMN
    if Life.PETALS in life:
        return Season.SPRING
    return Season.WINTER if has_snow else Season.SUMMER


def _life(reading: Reading, kind: SceneKind) -> frozenset[Life]:
    """What is said to live there and shows there; under water there are fish unless they are denied."""
    said = frozenset(life for life in map(Life, (m.value for m in reading.of("life"))) if is_shown(life, kind))
    has_fish = kind is SceneKind.UNDERWATER and all(mention.value != Life.FISH for mention in reading.forbidden)
    return said | {Life.FISH} if has_fish else said


def _features(reading: Reading, kind: SceneKind) -> frozenset[Feature]:
    said = frozenset(Feature(mention.value) for mention in reading.of("feature"))
    if Feature.RINGS in said:
        said |= {Feature.PLANET}
    are_palms_denied = any(mention.value == Feature.PALMS for mention in reading.forbidden)
    if reading.of("climate") and kind in _TROPICAL and not are_palms_denied:
        said |= {Feature.PALMS}
    boats = [mention.text for mention in reading.of("life") if mention.value == Life.BOATS]
    said |= {rig for text in boats for stem, rig in _RIGS.items() if stem in text}
    flows = (mention.text for mention in reading.of("place") if mention.value is SceneKind.ABSTRACT)
    return said | {look for text in flows for stem, look in _FLOWS.items() if text.startswith(stem)}


def _has_trees(reading: Reading, kind: SceneKind) -> bool:
    if reading.of("trees") or any(mention.value is SceneKind.FOREST for mention in reading.of("kind", "place")):
        return True
    is_desert = any(mention.value is SceneKind.DUNES for mention in reading.of("kind", "place"))
    return kind not in _TREELESS and not is_desert


def colours_said(reading: Reading) -> list[str]:
    """The colours that the text asks for, in order, without those that a thing has anyway."""
    names = []
    for number, mention in enumerate(reading.found):
        if mention.field != "colour":
            continue
        after = reading.found[number + 1] if number + 1 < len(reading.found) else None
        is_own = after is not None and after.place == mention.end and after.field in _OWN_COLOURS.get(mention.value, ())
        if not is_own and mention.value not in names:
            names.append(mention.value)
    return names


def _forbid(scene: Scene, reading: Reading) -> Scene:
    """The scene without what is forbidden."""
    for mention in reading.forbidden:
        match mention.field:
            case "weather":
                scene = _without_weather(scene, mention.value)
            case "trees":
                scene = replace(scene, trees=False, features=scene.features - {Feature.PALMS})
            case "kind" if mention.value is SceneKind.FOREST:
                scene = replace(scene, trees=False)
            case "scenery" if mention.text in ("sun", "sonce", "sonca"):
                scene = replace(scene, sun_disc=False)
            case "season" if mention.value is Season.WINTER:
                scene = replace(scene, snow=0.0, snowfall=0.0)
            case "verb":
                scene = _without_move(scene, mention.move)
    return scene


def _without_weather(scene: Scene, denied: Weather) -> Scene:
    if denied.cloudiness is not None and not any((denied.rain, denied.snowfall, denied.lightning, denied.aurora)):
        scene = replace(scene, cloudiness=0.0 if denied.cloudiness > 0.1 else 0.5)
    if denied.haze is not None:
        scene = replace(scene, haze=0.05)
    if denied.wind is not None:
        scene = replace(scene, wind=0.4 if denied.wind > 1 else 1.2)
    return replace(
        scene,
        rain=0.0 if denied.rain else scene.rain,
        snowfall=0.0 if denied.snowfall or denied.snow else scene.snowfall,
        lightning=0.0 if denied.lightning else scene.lightning,
        snow=0.0 if denied.snow else scene.snow,
        aurora=0.0 if denied.aurora else scene.aurora,
    )


def _without_move(scene: Scene, move: str) -> Scene:
    """A forbidden move is not made; nor is any other when the text only says what it does not want."""
    if move == "static":
        return scene
    kept = tuple(
        part
        for part in (tuple(step for step in part if step.move != move) for part in scene.segments)
        if part and part not in _DEFAULT_CAMERA
    )
    return replace(scene, segments=kept or _NO_CAMERA)
