"""A text as words: which language it is in, which known words it holds, which it denies, and which are left over."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from doitong.engines.studio.reading import conditions, moves, places, quiet
from doitong.engines.studio.reading.lexicon import Language, Lexicon, Word, word_set

LONGEST_TEXT = 4000
_TOKEN = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)?|->|[,.;:!?…\n°×→]")
_FLAG = re.compile(r"(?:^|\s)--([a-z][a-z-]*)(?:[ =]+((?:(?!\s--).)*))?", re.IGNORECASE | re.DOTALL)
HARD_MARKS = frozenset(".;!?…\n")
MARKS = HARD_MARKS | {",", ":", "→", "->", "°", "×"}
_CARONS = frozenset("čšžćđ")
_DENIAL_REACH = 5
_CAMERA_WORDS = word_set(
    """
    camera camera's shot view drone lens kamera kamere kamero kamer kameri posnetek kader dron
    """
)
_AUXILIARIES = word_set(
    """
    se je so is are was that ki then and in nato potem ter
    """
)
_CAMERA_FIELDS = frozenset({"verb", "pace", "easing", "then", "first"})

TABLES: list[Word] = [
    *moves.VERBS, *moves.MANNER, *places.KINDS, *places.CONTENTS, *places.OTHER_SENSES, *places.UNDRAWN,
    *conditions.TIMES, *conditions.SEASONS, *conditions.WEATHER, *conditions.MOODS, *conditions.STYLES,
    *conditions.SPEEDS,
    *conditions.COLOURS,
]  # fmt: skip
LEXICON = Lexicon(TABLES)
_DIRECTION_WORDS = frozenset(word for words in moves.DIRECTIONS.values() for word in words)


@dataclass(frozen=True, slots=True)
class Mention:
    """A known word in a text: what it says, where, and for a camera verb the move that it makes."""

    text: str
    word: Word
    place: int
    length: int
    move: str = ""

    @property
    def field(self) -> str:
        return self.word.field

    @property
    def value(self) -> Any:
        return self.word.value

    @property
    def end(self) -> int:
        return self.place + self.length


@dataclass(slots=True)
class Reading:
    """The words of a text: known ones in order, denied ones, and the places of those that were not understood.

    `languages`: what it is read in, the stronger first; `is_told` when its words tell which.
    """

    tokens: list[str]
    languages: tuple[Language, ...]
    is_told: bool = True
    found: list[Mention] = field(default_factory=list)
    forbidden: list[Mention] = field(default_factory=list)
    ignored: list[int] = field(default_factory=list)

    def of(self, *names: str) -> list[Mention]:
        """The mentions of some fields, in order."""
        return [mention for mention in self.found if mention.field in names]

    def first(self, name: str) -> Any:
        """The first value said for a field, or None."""
        return next((mention.value for mention in self.found if mention.field == name), None)

    def is_background(self, mention: Mention) -> bool:
        """Whether it is said to be behind or far away."""
        before = self.tokens[max(0, mention.place - 4) : mention.place]
        after = self.tokens[mention.end : mention.end + 3]
        return bool({"behind", "distant", "za"} & set(before)) or bool(
            {"distance", "background", "ozadju", "daljavi"} & set(after)
        )


def tokens_of(text: str) -> list[str]:
    """The words, numbers and marks of a text in small letters."""
    plain = unicodedata.normalize("NFC", text[:LONGEST_TEXT]).casefold().replace("’", "'").replace("_", " ")
    return [token.removesuffix("'s") for token in _TOKEN.findall(plain)]


def take_flags(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The text without its `--name value` flags, and the flags."""
    flags = [(match[1].casefold(), (match[2] or "").strip().strip("\"'")) for match in _FLAG.finditer(text)]
    return _FLAG.sub(" ", text), flags


def languages_of(tokens: list[str]) -> tuple[Language, ...]:
    """The languages a text is written in, the stronger first; none when nothing tells."""
    score = dict.fromkeys(Language, 0)
    for place, said in enumerate(tokens):
        if said in MARKS or said[0].isdecimal() or (said == "s" and place and tokens[place - 1][0].isdecimal()):
            continue
        is_function = {language: said in quiet.FUNCTION_WORDS[language] for language in Language}
        is_known = {language: LEXICON.find(tokens, place, language) is not None for language in Language}
        for language, other in ((Language.ENGLISH, Language.SLOVENIAN), (Language.SLOVENIAN, Language.ENGLISH)):
            if is_function[language] and not is_function[other]:
                score[language] += 2
            elif is_known[language] and not is_known[other] and said not in quiet.ENGLISH_LOOKALIKES:
                score[language] += 1
        if _CARONS & set(said):
            score[Language.SLOVENIAN] += 2
    told = sorted((language for language in Language if score[language]), key=lambda language: -score[language])
    return tuple(told)


def read_words(text: str, languages: tuple[Language, ...] | None = None) -> Reading:
    """Find what is known in a text; longer phrases first, each word used once."""
    tokens = tokens_of(text)
    told = languages or languages_of(tokens)
    reading = Reading(tokens, told or tuple(Language), is_told=bool(told))
    place, denied_until, is_camera = 0, -1, False
    while place < len(tokens):
        token = tokens[place]
        if token in HARD_MARKS:
            is_camera = False
        mention = _mention_at(reading, place, is_camera)
        if mention is None:
            if token in quiet.NEGATIONS and not _is_article_no(tokens, place):
                denied_until = _denied_until(reading, place)
            elif _is_unknown(token):
                reading.ignored.append(place)
            is_camera = is_camera or token in _CAMERA_WORDS
            place += 1
            continue
        if place < denied_until and mention.field in _CAMERA_FIELDS - {"verb"}:
            denied_until = -1
        if mention.field == "quiet":
            pass
        elif place < denied_until:
            reading.forbidden.append(mention)
        else:
            reading.found.append(mention)
        is_camera = is_camera or mention.field == "verb"
        place += mention.length
    return reading


def _mention_at(reading: Reading, place: int, is_camera: bool) -> Mention | None:
    tokens = reading.tokens
    if tokens[place] in MARKS:
        return None
    best: tuple[Word, int] | None = None
    for number, language in enumerate(reading.languages):
        if number and reading.is_told and _is_foreign(tokens[place], language):
            continue
        match = LEXICON.find(tokens, place, language)
        if match is not None and match[0].field == "verb":
            move = _move_of(reading, place, match[1], match[0], is_camera)
            if move:
                return Mention(" ".join(tokens[place : place + match[1]]), match[0], place, match[1], move)
            match = LEXICON.find(tokens, place, language, but_not="verb")
        if match is not None and (best is None or match[1] > best[1]):
            best = match
    if best is None:
        return None
    return Mention(" ".join(tokens[place : place + best[1]]), best[0], place, best[1])


def _is_foreign(token: str, language: Language) -> bool:
    """Whether a word that the text's first language does not know must not be read in its second."""
    if language is Language.SLOVENIAN:
        return token in quiet.ENGLISH_LOOKALIKES or token in quiet.FUNCTION_WORDS[Language.ENGLISH]
    return token in quiet.FUNCTION_WORDS[Language.SLOVENIAN]


def _is_unknown(token: str) -> bool:
    return not (
        token in quiet.QUIET
        or token in MARKS
        or token[0].isdecimal()
        or token in moves.UNITS
        or token in moves.NUMBER_WORDS
        or token in moves.TIMES_WORDS
        or token in moves.AMOUNTS
        or token in _DIRECTION_WORDS
        or token in moves.BETWEEN
        or token in quiet.NEGATIONS
    )


def _move_of(reading: Reading, place: int, length: int, word: Word, is_camera: bool) -> str:
    """The camera move that a verb makes here; empty when it is no camera's."""
    verb: moves.Verb = word.value
    has_subject = _is_done_by_another(reading, place)
    is_action = verb.needs_camera or verb.alone is None or reading.tokens[place] in quiet.VERBS
    if is_action and has_subject:
        return ""
    if verb.needs_camera and not is_camera:
        return ""
    way = way_beside(reading.tokens, place, place + length, word.language, verb)
    return verb.ways[way] if way is not None else verb.alone or ""


def _is_done_by_another(reading: Reading, place: int) -> bool:
    """Whether the words before make something else move: "birds fly", "ladja se premika"."""
    at = place - 1
    while at >= 0 and (reading.tokens[at] in _AUXILIARIES or reading.tokens[at] in moves.BETWEEN - _CAMERA_WORDS):
        at -= 1
    if at < 0 or reading.tokens[at] in MARKS or reading.tokens[at] in _CAMERA_WORDS:
        return False
    if reading.ignored and reading.ignored[-1] == at:
        return True
    last = reading.found[-1] if reading.found else None
    nouns = {"kind", "place", "life", "feature", "trees", "weather", "scenery", "undrawn", "time"}
    return last is not None and last.end == at + 1 and last.field in nouns


def way_beside(tokens: list[str], begin: int, end: int, language: Language, verb: moves.Verb) -> str | None:
    """The direction said just after a verb, or just before it."""
    directions = moves.DIRECTIONS[language]
    for at in range(end, min(len(tokens), end + 7)):
        token = tokens[at]
        for phrase, way in moves.ACROSS[language].items():
            if tokens[at : at + len(phrase.split())] == phrase.split() and way in verb.ways:
                return way
        way = directions.get(token, "")
        if way in verb.ways:
            return way
        if not (token in moves.BETWEEN or token[0].isdecimal() or token in moves.UNITS or token in ("by", "for", "za")):
            break
    for at in range(begin - 1, max(-1, begin - 3), -1):
        way = directions.get(tokens[at], "")
        if way in verb.ways and tokens[at] not in ("in", "into", "toward", "towards", "proti", "out"):
            return way
        if tokens[at] not in moves.BETWEEN:
            break
    return None


def _is_article_no(tokens: list[str], place: int) -> bool:
    """ "not only" denies nothing."""
    return tokens[place + 1 : place + 2] in (["only"], ["just"], ["samo"], ["le"])


def _denied_until(reading: Reading, place: int) -> int:
    """The place after the last word that a negation covers: a noun with its adjectives, and a list of such."""
    tokens, listing = reading.tokens, quiet.LISTING - ({"in"} if reading.languages[0] is Language.ENGLISH else {"and"})
    at, left = place + 1, _DENIAL_REACH
    while at < len(tokens) and left > 0:
        said = tokens[at]
        if said in HARD_MARKS or said in ("but", "ampak", "temveč", "just"):
            break
        if said == ",":
            if not _list_goes_on(tokens, at, listing):
                break
            left = _DENIAL_REACH
        elif said in listing:
            if tokens[at + 1 : at + 2] and tokens[at + 1] in quiet.ARTICLES | quiet.PREPOSITIONS:
                break
            left = _DENIAL_REACH
        elif said in quiet.PREPOSITIONS and at > place + 1:
            break
        left -= 1
        at += 1
    return at


def _list_goes_on(tokens: list[str], at: int, listing: frozenset[str]) -> bool:
    """Whether a comma is one of "people, cars or buildings": short parts, and an "or" before the last."""
    part = 0
    for said in tokens[at + 1 : at + 14]:
        if said in HARD_MARKS or part > 2:
            return False
        if said in listing and said not in ("and",):
            return part > 0
        part = 0 if said == "," else part + 1
    return False
