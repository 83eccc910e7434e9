"""What Studio says about its reading of a request: what it understood, what it chose, and what it left out."""

from dataclasses import dataclass
from typing import Any

from doitong.catalogue.model import Easing
from doitong.engines.port import EngineRequest
from doitong.engines.studio.camera import degrees_given, family, ratio_given
from doitong.engines.studio.notices import Notice, add_notices, notice
from doitong.engines.studio.reading import moves
from doitong.engines.studio.reading.choosing import Choice, Subject
from doitong.engines.studio.reading.places import is_shown
from doitong.engines.studio.reading.text import Mention, Reading
from doitong.engines.studio.scene import CameraStep, Scene, TimeOfDay

_UNDERSTOOD_NOT = frozenset({"undrawn", "pace", "then", "first", "easing"})
_UNSURE = 0.4
_LEFT_OUT_OF_SUBJECT = 0.3


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that the report is made of."""

    request: EngineRequest
    scene: Scene
    reading: Reading
    choice: Choice
    camera_from: str
    subject: Subject | None
    unknown_flags: list[str]


def report_of(account: Account) -> dict[str, Any]:
    """The report, as JSON values."""
    scene, reading, is_picture = account.scene, account.reading, account.request.image_path is not None
    undrawn = [] if is_picture else [mention.text for mention in reading.of("undrawn")]
    ignored = [reading.tokens[place] for place in reading.ignored] + undrawn + account.unknown_flags
    report: dict[str, Any] = {
        "scene": "picture" if is_picture else str(scene.kind),
        "confidence": 1.0 if is_picture else _confidence(account),
        "timeOfDay": str(scene.time),
        "season": str(scene.season),
        "weather": {
            name: round(getattr(scene, name), 2)
            for name in ("cloudiness", "haze", "wind", "rain", "snowfall", "lightning", "snow", "aurora")
        },
        "style": str(scene.style),
        "mood": str(scene.mood),
        "life": sorted(str(item) for item in scene.life),
        "features": sorted(str(item) for item in scene.features),
        "colours": _unique([str(mention.value) for mention in reading.of("colour")]),
        "speed": scene.time_scale,
        "loop": scene.is_loop,
        "languages": [str(language) for language in reading.languages],
        "understood": _unique([_phrase(reading, mention) for mention in _understood(reading)]),
        "excluded": _unique([mention.text for mention in reading.forbidden]),
        "ignored": _unique(ignored),
        "camera": [[_step(step, scene.motion) for step in part] for part in scene.segments],
        "cameraFrom": account.camera_from,
        "sound": _sound(account),
        "warnings": [],
        "warningCodes": [],
    }
    add_notices(report, _notices(account))
    if is_picture:
        for name in ("timeOfDay", "season", "weather", "life", "features", "colours", "mood"):
            del report[name]
    return report


def _sound(account: Account) -> str:
    """The place that is heard: of a picture only one that its prompt names, else a quiet room."""
    if not account.request.has_audio:
        return "none"
    is_known = account.request.image_path is None or account.choice.is_named
    return str(account.scene.kind) if is_known else "room"


def _confidence(account: Account) -> float:
    lost = _LEFT_OUT_OF_SUBJECT if account.subject is not None else 0.0
    return round(max(0.05, account.choice.confidence - lost), 2)


def _understood(reading: Reading) -> list[Mention]:
    return [mention for mention in reading.found if mention.field not in _UNDERSTOOD_NOT]


def _phrase(reading: Reading, mention: Mention) -> str:
    """A word as it stands in the text; a camera verb with its direction."""
    if mention.field != "verb":
        return mention.text
    words = moves.DIRECTIONS[mention.word.language]
    for end in range(mention.end, min(mention.end + 3, len(reading.tokens))):
        word = reading.tokens[end]
        if words.get(word, "") in mention.value.ways:
            return " ".join(reading.tokens[mention.place : end + 1])
        if word not in moves.BETWEEN:
            break
    return mention.text


def _step(step: CameraStep, motion: float) -> dict[str, Any]:
    told: dict[str, Any] = {"move": step.move, "strength": step.strength}
    if step.degrees is not None:
        told["degrees"] = degrees_given(step, motion)
    if step.ratio is not None:
        told["ratio"] = ratio_given(step, motion)
    if step.seconds is not None:
        told["seconds"] = step.seconds
    if step.easing is not Easing.IN_OUT:
        told["easing"] = step.easing.value
    return told


def _notices(account: Account) -> list[Notice]:
    scene, reading, request = account.scene, account.reading, account.request
    notices = []
    if request.image_path is None:
        notices += _subject_notices(account)
        times = _unique([str(mention.value) for mention in reading.of("time") if not _is_loose_time(mention)])
        if len(times) > 1:
            notices.append(notice("ONE_TIME_OF_DAY", time=str(scene.time), times=times[1:]))
        if request.motion is not None and request.motion.brushes:
            notices.append(notice("BRUSHES_NEED_PICTURE"))
    notices += _camera_notices(scene)
    if account.unknown_flags:
        notices.append(notice("UNKNOWN_FLAGS", words=account.unknown_flags))
    return notices


def _is_loose_time(mention: Mention) -> bool:
    """Words that go with more than one time of day."""
    return mention.text in _LOOSE_TIMES or mention.value is TimeOfDay.GOLDEN_HOUR


_LOOSE_TIMES = frozenset({"moon", "stars", "starry", "sunny", "sunlit", "luna", "zvezde", "full moon"})


def _subject_notices(account: Account) -> list[Notice]:
    reading, place, subject = account.reading, str(account.scene.kind), account.subject
    notices = []
    if subject is not None:
        code = "SUBJECT_UNDRAWN" if subject.is_known else "SUBJECT_UNKNOWN"
        code += "" if account.choice.is_named else "_NO_PLACE"
        notices.append(notice(code, subject=subject.text, place=place))
    elif not account.choice.is_named and account.choice.confidence < _UNSURE:
        notices.append(notice("PLACE_MISSING", place=place))
    named = "" if subject is None else subject.text
    unseen = _unique(
        [mention.text for mention in reading.of("life", "feature") if not is_shown(mention.value, account.scene.kind)]
    )
    if unseen:
        notices.append(notice("NOT_SHOWN_THERE", place=place, words=unseen))
    left_out = _unique([mention.text for mention in reading.of("undrawn") if mention.text != named])
    if left_out:
        notices.append(notice("LEFT_OUT", words=left_out))
    return notices


def _camera_notices(scene: Scene) -> list[Notice]:
    notices = []
    for step in (step for part in scene.segments for step in part):
        move = family(step.move).replace("_", " ")
        given, ratio = degrees_given(step, scene.motion), ratio_given(step, scene.motion)
        if step.degrees is not None and given is not None and given < step.degrees:
            notices.append(notice("TURN_LIMITED", move=move, given=float(given), asked=float(step.degrees)))
        if step.ratio is not None and ratio is not None and ratio < step.ratio:
            notices.append(notice("ZOOM_LIMITED", given=float(ratio), asked=float(step.ratio)))
    told = sum(max((step.seconds or 0.0 for step in part), default=0.0) for part in scene.segments)
    if told > scene.seconds:
        notices.append(notice("MOVES_FITTED", asked=float(told), given=scene.seconds))
    return notices


def _unique(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))
