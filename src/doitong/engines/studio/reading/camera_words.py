"""From the camera words of a text to segments of moves: which at once, which after one another, how far, how long."""

from dataclasses import dataclass

from doitong.catalogue.model import Easing
from doitong.engines.studio.camera import ORDINARY_DEGREES, family
from doitong.engines.studio.reading import moves
from doitong.engines.studio.reading.text import HARD_MARKS, Mention, Reading
from doitong.engines.studio.scene import CameraStep

MOST_SEGMENTS = 8
_ORDINARY = 0.5
_LEAST, _MOST = 0.1, 1000.0  # numbers beyond are no camera's
_CONJUNCTIONS = frozenset({"and", "in", "ter", "while", "medtem", "then", "nato", "potem"})

Segments = tuple[tuple[CameraStep, ...], ...]


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a move is made, as the words beside its verb say."""

    pace: float = 1.0
    easing: Easing = Easing.IN_OUT
    degrees: float | None = None
    ratio: float | None = None
    seconds: float | None = None


def segments_of(reading: Reading) -> Segments:
    """The camera's way that a text describes; empty when it says nothing of it."""
    verbs = reading.of("verb")
    breaks = [mention.place for mention in reading.of("then")]
    breaks += [place for place, token in enumerate(reading.tokens) if token in ("→", "->")]
    segments: list[list[CameraStep]] = [[]]
    held: CameraStep | None = None
    for number, verb in enumerate(verbs):
        begin = verbs[number - 1].end if number else 0
        end = verbs[number + 1].place if number + 1 < len(verbs) else len(reading.tokens)
        step = _step(verb, _manner(reading, verb, begin, end))
        if step.move == "handheld":
            held = step
            continue
        if segments[-1] and any(begin <= place < verb.place for place in breaks):
            segments.append([])
        _put(segments, step)
    if held is not None:
        segments = [[*part, held] for part in segments]
    return tuple(tuple(part) for part in segments if part)[:MOST_SEGMENTS]


def _put(segments: list[list[CameraStep]], step: CameraStep) -> None:
    """Add a move to the last segment; one that undoes a move there comes after it."""
    part = segments[-1]
    said = {earlier.move for earlier in part}
    if moves.OPPOSITES.get(step.move) in said:
        segments.append([step])
    elif step.move == "static":
        if not part:
            part.append(step)
    elif step.move not in said:
        part[:] = [*(earlier for earlier in part if earlier.move != "static"), step]


def _step(verb: Mention, manner: _Manner) -> CameraStep:
    is_turn, is_zoom = family(verb.move) in ORDINARY_DEGREES, family(verb.move) == "zoom"
    return CameraStep(
        verb.move,
        round(min(1.0, _ORDINARY * manner.pace * verb.value.strength), 3),
        degrees=manner.degrees if is_turn else None,
        ratio=manner.ratio if is_zoom else None,
        seconds=manner.seconds,
        easing=manner.easing,
    )


def _manner(reading: Reading, verb: Mention, begin: int, end: int) -> _Manner:
    """What stands beside a verb: before it in its own clause, and after it up to the next verb's clause."""
    tokens = reading.tokens
    begin = _clause_begin(tokens, begin, verb.place)
    stop = end
    if end < len(tokens):  # what stands in the next verb's clause is the next verb's
        stop = _clause_begin(tokens, verb.end, end)
    stop = next((at for at in range(verb.end, stop) if tokens[at] in HARD_MARKS), stop)
    clause_end = next((at for at in range(verb.end, stop) if tokens[at] == "," or tokens[at] in _CONJUNCTIONS), stop)
    pace, easing = 1.0, Easing.IN_OUT
    for mention in reading.of("pace", "easing"):
        if mention.field == "pace" and begin <= mention.place < clause_end:
            pace = mention.value
        elif mention.field == "easing" and begin <= mention.place < stop:
            easing = mention.value
    numbers = _numbers(tokens, begin, stop)
    return _Manner(pace, easing, numbers.get("degrees"), numbers.get("ratio"), numbers.get("seconds"))


def _clause_begin(tokens: list[str], begin: int, place: int) -> int:
    """Where the clause that holds `place` begins, not before `begin`."""
    for at in range(place - 1, begin - 1, -1):
        if tokens[at] in HARD_MARKS or tokens[at] in (",", ":") or tokens[at] in _CONJUNCTIONS:
            return at
    return begin


def _numbers(tokens: list[str], begin: int, end: int) -> dict[str, float]:
    """Numbers with a unit, by what they measure."""
    told: dict[str, float] = {}
    for at in range(begin, end):
        if tokens[at] in moves.TIMES_WORDS:
            told.setdefault("ratio", moves.TIMES_WORDS[tokens[at]])
        value = _number(tokens[at])
        unit = moves.UNITS.get(tokens[at + 1]) if at + 1 < len(tokens) else None
        if value is not None and _LEAST <= value <= _MOST and unit is not None:
            told.setdefault(unit, value)
    return told


def _number(token: str) -> float | None:
    if token[0].isdecimal():
        return float(token.replace(",", "."))
    return moves.NUMBER_WORDS.get(token)
