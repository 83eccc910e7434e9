"""From a request to a scene, and an honest account of what was understood.

Structured fields win over words: `motion` over camera words, `negative_prompt` over everything it forbids. Words that
Studio does not know are listed, and a subject that it cannot draw is named in a warning.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from doitong.catalogue.model import MotionIntensity
from doitong.engines.port import EngineRequest
from doitong.engines.studio.reading import words
from doitong.engines.studio.reading.words import Word
from doitong.engines.studio.scene import CameraStep, Scene, SceneKind, Season, TimeOfDay

_MOTION = {MotionIntensity.LOW: 0.55, MotionIntensity.MEDIUM: 1.0, MotionIntensity.HIGH: 1.6}
_LONGEST_TEXT = 4000
_MOST_SEGMENTS = 6
_NEGATION_REACH = 3
_TABLE = sorted(
    [*words.KINDS, *words.TIMES, *words.WEATHER, *words.CAMERA, *words.PACE, *words.SEQUENCE, *words.UNDRAWN],
    key=lambda word: -len(word.phrase.split()),
)
_DRAWN_FIELDS = {"kind", "time", "cloudiness", "haze", "wind", "snow", "season", "trees", "sun", "scenery",
                 "camera", "pace", "then"}  # fmt: skip


@dataclass(slots=True)
class _Reading:
    """Words found in a text, in order, and those that were not understood."""

    found: list[tuple[str, Word]] = field(default_factory=list)
    forbidden: list[tuple[str, Word]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def last(self, name: str) -> Any:
        """The first value found for a field, or None."""
        return next((word.value for _, word in self.found if word.field == name), None)


def interpret(request: EngineRequest) -> tuple[Scene, dict[str, Any]]:
    """The scene to draw and a report that can be written as JSON."""
    reading = read_words(request.prompt)
    for text, word in read_words(request.negative_prompt or "").found:
        reading.forbidden.append((text, word))
    for said in reading.forbidden:
        reading.found = [(text, word) for text, word in reading.found if word.field == "camera" or text != said[0]]
    segments, source = _camera(request, reading)
    scene = _forbid(_scene(request, reading, segments), reading)
    return scene, _report(request, scene, reading, source)


def read_words(text: str) -> _Reading:
    """Match the tables against a text; longer phrases first, each word used once."""
    tokens = re.findall(r"[^\W_]+", text[:_LONGEST_TEXT].casefold())
    reading, place = _Reading(), 0
    denied_until = -1
    while place < len(tokens):
        match = _match_at(tokens, place)
        if match is not None:
            word, length = match
            said = " ".join(tokens[place : place + length])
            (reading.forbidden if place <= denied_until else reading.found).append((said, word))
            place += length
            continue
        if tokens[place] in words.NEGATIONS:
            denied_until = place + _NEGATION_REACH
        elif tokens[place] not in words.QUIET and not tokens[place].isdigit():
            reading.ignored.append(tokens[place])
        place += 1
    return reading


def _match_at(tokens: list[str], place: int) -> tuple[Word, int] | None:
    for word in _TABLE:
        parts = word.phrase.split()
        here = tokens[place : place + len(parts)]
        if len(here) == len(parts) and all(_fits(part, token) for part, token in zip(parts, here, strict=True)):
            return word, len(parts)
    return None


def _fits(part: str, token: str) -> bool:
    return token.startswith(part[:-1]) if part.endswith("*") else token == part


def _camera(request: EngineRequest, reading: _Reading) -> tuple[tuple[tuple[CameraStep, ...], ...], str]:
    """Segments of camera moves, and where they come from."""
    if request.motion is not None and request.motion.camera:
        steps = tuple((CameraStep(move.move, move.strength),) for move in request.motion.camera)
        return steps[:_MOST_SEGMENTS], "motion"
    segments: list[list[CameraStep]] = [[]]
    pace = 1.0
    for _, word in reading.found:
        match word.field:
            case "then" if segments[-1]:
                segments.append([])
            case "pace":
                pace = float(word.value)
            case "camera":
                if word.value not in {step.move for step in segments[-1]}:
                    segments[-1].append(CameraStep(word.value, min(1.0, 0.5 * pace)))
                pace = 1.0
    said = tuple(tuple(part) for part in segments if part)[:_MOST_SEGMENTS]
    if said:
        return said, "words"
    return ((CameraStep("dolly_in", 0.4),),), "default"


def _kind(reading: _Reading) -> SceneKind:
    """The first kind named, but water beside mountains makes a lake, and open sea stays sea."""
    kinds = [word.value for _, word in reading.found if word.field == "kind"]
    for strongest in (SceneKind.LAKE, SceneKind.SEA, SceneKind.DUNES):
        if strongest in kinds:
            return strongest
    if kinds:
        return SceneKind(kinds[0])
    has_snow = reading.last("snow") is not None
    return SceneKind.MOUNTAINS if has_snow else SceneKind.LAKE


def _scene(request: EngineRequest, reading: _Reading, segments: tuple[tuple[CameraStep, ...], ...]) -> Scene:
    kind, snow = _kind(reading), reading.last("snow")
    time = reading.last("time")
    if time is None:
        time = TimeOfDay.NOON if reading.last("sun") else TimeOfDay.GOLDEN_HOUR
    season = reading.last("season") or (Season.WINTER if snow else Season.SUMMER)
    cloudiness, haze, wind = reading.last("cloudiness"), reading.last("haze"), reading.last("wind")
    motion = _MOTION[request.motion_intensity]
    usual_clouds = 0.22 if time is TimeOfDay.NIGHT else 0.42
    return Scene(
        kind=kind,
        time=time,
        season=season,
        cloudiness=usual_clouds if cloudiness is None else cloudiness,
        haze=0.3 if haze is None else haze,
        snow=(0.9 if _is_winter(reading) else 0.5) if snow else 0.25,
        wind=(0.85 if wind is None else wind) * (0.7 + 0.3 * motion),
        segments=segments,
        motion=motion,
        seed=request.seed,
    )


def _is_winter(reading: _Reading) -> bool:
    """Snow-capped peaks are not a snowed-in land."""
    return not any(said.startswith(("snowcapped", "snowy peak")) for said, _ in reading.found)


def _forbid(scene: Scene, reading: _Reading) -> Scene:
    for _, word in reading.forbidden:
        match word.field:
            case "cloudiness":
                scene = replace(scene, cloudiness=0.0 if word.value > 0.1 else 0.5)
            case "haze":
                scene = replace(scene, haze=0.05)
            case "snow":
                scene = replace(scene, snow=0.0)
            case "trees":
                scene = replace(scene, trees=False)
            case "sun":
                scene = replace(scene, sun_disc=False)
            case "wind":
                scene = replace(scene, wind=0.4)
            case "camera" if word.value != "static":
                scene = replace(scene, segments=((CameraStep("static"),),))
    return scene


def _report(request: EngineRequest, scene: Scene, reading: _Reading, source: str) -> dict[str, Any]:
    undrawn = [(text, word.field) for text, word in reading.found if word.field not in _DRAWN_FIELDS]
    has_subject = any(word.field in {"kind", "scenery", "snow", "trees"} for _, word in reading.found)
    warnings = []
    if undrawn:
        named = ", ".join(dict.fromkeys(text for text, _ in undrawn))
        warnings.append(f"Studio cannot draw this and left it out: {named}.")
    if request.image_path is None and not has_subject:
        fallback = f"a landscape ({scene.kind}) is shown instead"
        warnings.append(f"The main subject of the prompt was not recognised; {fallback}.")
    if request.motion is not None and request.motion.brushes:
        warnings.append("Motion brushes are not supported yet and were left out.")
    if request.image_path is not None:
        warnings.append("The picture is animated with a camera move only.")
    report: dict[str, Any] = {
        "scene": "picture" if request.image_path is not None else str(scene.kind),
        "timeOfDay": str(scene.time),
        "season": str(scene.season),
        "understood": list(dict.fromkeys(text for text, word in reading.found if word.field in _DRAWN_FIELDS)),
        "excluded": list(dict.fromkeys(text for text, _ in reading.forbidden)),
        "ignored": list(dict.fromkeys([*reading.ignored, *(text for text, _ in undrawn)])),
        "camera": [[{"move": step.move, "strength": step.strength} for step in part] for part in scene.segments],
        "cameraFrom": source,
        "warnings": warnings,
    }
    if request.image_path is not None:
        report["note"] = "picture animated with a camera move only"
        for name in ("timeOfDay", "season"):
            del report[name]
    return report
