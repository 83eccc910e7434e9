"""Which place a text is about, how sure that is, and whether its main subject can be drawn at all."""

from dataclasses import dataclass

from doitong.engines.studio.reading import quiet
from doitong.engines.studio.reading.lexicon import Language
from doitong.engines.studio.reading.places import PLACE_OF, Undrawn
from doitong.engines.studio.reading.text import HARD_MARKS, MARKS, Mention, Reading
from doitong.engines.studio.scene import SceneKind, TimeOfDay

# among places that are named outright the higher rank wins, then the one that is named first
_RANKS = {
    SceneKind.ABSTRACT: 12.0, SceneKind.UNDERWATER: 11.0, SceneKind.CITY: 8.0, SceneKind.CANYON: 7.5,
    SceneKind.LAKE: 7.0, SceneKind.BEACH: 6.5, SceneKind.ISLANDS: 6.2, SceneKind.SEA: 6.0,
    SceneKind.DUNES: 4.5, SceneKind.SNOWFIELD: 4.0,
    SceneKind.FIELD: 3.5, SceneKind.FOREST: 3.0, SceneKind.HILLS: 3.0, SceneKind.MOUNTAINS: 3.0, SceneKind.ROAD: 2.5,
    SceneKind.SPACE: 1.0,
}  # fmt: skip
_ROAD_FIRST = 7.2  # a road that is named first leads through whatever is named after it
_ROAD_THROUGH = 6.0  # and through everything but water when it is named later
_IN_SPACE = 13.0
_SURE, _MODIFIER, _WEAK, _CONTENT, _SETTING = 3.0, 2.5, 2.0, 1.5, 1.0
_SUBJECT_FIELDS = frozenset({"kind", "place", "life", "feature", "weather", "scenery", "trees", "time", "season"})
_WATER = frozenset({SceneKind.LAKE, SceneKind.SEA, SceneKind.BEACH, SceneKind.ISLANDS, SceneKind.CITY})


@dataclass(frozen=True, slots=True)
class Choice:
    """The place to show; `confidence` 0–1; `is_named` when the text names a place that can be drawn."""

    kind: SceneKind
    confidence: float
    is_named: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """A main subject that cannot be drawn; `is_known` when Studio knows the word and cannot draw it."""

    text: str
    is_known: bool


def choose_kind(reading: Reading) -> Choice:
    """The place that the words are about."""
    named = _candidates(reading)
    if not named:
        return _fallback(reading)
    weight, rank, _, kind = max(named)
    confidence = {_SURE: 0.95, _MODIFIER: 0.85, _WEAK: 0.8, _CONTENT: 0.55}.get(weight, 0.4)
    rivals = {other for strong, high, _, other in named if other is not kind and strong == weight and high == rank}
    return Choice(kind, confidence - (0.15 if rivals else 0.0), weight > _SETTING)


def _candidates(reading: Reading) -> list[tuple[float, float, int, SceneKind]]:
    """Weight, rank and (negative) place of every word that speaks for a place."""
    found = []
    mentions = reading.of("kind", "place", "life", "feature", "undrawn")
    for number, mention in enumerate(mentions):
        kind, weight = _place_of(mention)
        if kind is None:
            continue
        following = mentions[number + 1] if number + 1 < len(mentions) else None
        if weight == _SURE and following is not None and following.field == "kind" and following.place == mention.end:
            weight = _MODIFIER  # "desert canyon" is a canyon
        if weight >= _WEAK and reading.is_background(mention):
            weight -= 0.6
        found.append((weight, _rank(reading, mention, kind), -mention.place, kind))
    return found


def _place_of(mention: Mention) -> tuple[SceneKind | None, float]:
    match mention.field:
        case "kind":
            return mention.value, _SURE
        case "place":
            return mention.value, _WEAK
        case "undrawn":
            thing: Undrawn = mention.value
            return thing.setting, _SETTING
    kind = PLACE_OF.get(mention.value)
    return kind, _WEAK if kind is SceneKind.SPACE else _CONTENT


def _rank(reading: Reading, mention: Mention, kind: SceneKind) -> float:
    kinds = [other for other in reading.of("kind") if other.value is not kind]
    if kind is SceneKind.ROAD:
        if all(other.place > mention.place or other.end == mention.place for other in kinds):
            return _ROAD_FIRST
        return _RANKS[kind] if any(other.value in _WATER for other in kinds) else _ROAD_THROUGH
    before = reading.tokens[max(0, mention.place - 2) : mention.place]
    if kind is SceneKind.SPACE and (mention.length > 1 or {"in", "from", "v", "iz", "outer", "deep"} & set(before)):
        return _IN_SPACE
    return _RANKS[kind]


def _fallback(reading: Reading) -> Choice:
    """A place for words that name none: what suits the weather and the light, else shapes."""
    weather = [mention.value for mention in reading.of("weather")]
    snow = max((item.snow or item.snowfall or 0.0 for item in weather), default=0.0)
    has_snow = snow > 0.6 or reading.first("season") == "winter"
    suits: list[tuple[object, SceneKind, float]] = [
        (has_snow, SceneKind.SNOWFIELD, 0.5),
        (snow, SceneKind.MOUNTAINS, 0.6),
        (reading.of("trees"), SceneKind.FOREST, 0.6),
        (any(item.lightning for item in weather), SceneKind.SEA, 0.4),
        (reading.of("scenery"), SceneKind.LAKE, 0.4),
        (reading.of("weather", "time", "season"), SceneKind.LAKE, 0.3),
        (reading.of("undrawn", "mood", "colour", "style") or reading.ignored, SceneKind.ABSTRACT, 0.2),
        (True, SceneKind.LAKE, 0.2),
    ]
    kind, confidence = next((kind, confidence) for fits, kind, confidence in suits if fits)
    return Choice(kind, confidence, is_named=False)


def subject_left_out(reading: Reading) -> Subject | None:
    """The main subject, when it cannot be drawn: the head of the first noun phrase that says something."""
    at_word = {place: mention for mention in reading.found for place in range(mention.place, mention.end)}
    forbidden = {place for mention in reading.forbidden for place in range(mention.place, mention.end)}
    content: list[Mention | int] = []
    for place, token in enumerate(reading.tokens):
        mention = at_word.get(place)
        ends = token in MARKS or (mention is None and (token in quiet.PREPOSITIONS or token in quiet.VERBS))
        if ends or (mention is not None and mention.field == "verb"):
            if content:
                return _judged(reading, content)
            if token in HARD_MARKS and place > 0:
                continue
        elif mention is not None and mention.field in _SUBJECT_FIELDS | {"undrawn"}:
            if not content or content[-1] is not mention:
                content.append(mention)
        elif place in reading.ignored and place not in forbidden:
            content.append(place)
    return _judged(reading, content) if content else None


def _judged(reading: Reading, content: list[Mention | int]) -> Subject | None:
    known = [item for item in content if isinstance(item, Mention)]
    if not known:
        words = [reading.tokens[place] for place in content if isinstance(place, int)]
        return Subject(" ".join(words[-3:]), is_known=False)
    head = known[0] if reading.languages[0] is Language.SLOVENIAN and known[0].field == "undrawn" else known[-1]
    return Subject(head.text, is_known=True) if head.field == "undrawn" else None


def usual_time(reading: Reading, kind: SceneKind, cloudiness: float, haze: float) -> TimeOfDay:
    """The light that suits a scene whose time is not told."""
    weather = [mention.value for mention in reading.of("weather")]
    said = {mention.text for mention in reading.found}
    if kind is SceneKind.SPACE:  # the hour is where the sun stands: a planet that is told of is to be seen
        is_planet = any(mention.value in ("planet", "rings") for mention in reading.of("feature"))
        return TimeOfDay.GOLDEN_HOUR if is_planet else TimeOfDay.NIGHT
    is_lit = "city lights" in said or any("neon" in text for text in said)
    if is_lit or any(item.aurora for item in weather) or any(item.value == "galaxy" for item in reading.of("feature")):
        return TimeOfDay.NIGHT
    if any(mention.value == "fireflies" for mention in reading.of("life")):
        return TimeOfDay.DUSK
    if kind is SceneKind.UNDERWATER or cloudiness >= 0.8 or said & {"sun", "sonce"}:
        return TimeOfDay.NOON
    if haze >= 0.5:
        return TimeOfDay.MORNING
    return TimeOfDay.GOLDEN_HOUR
