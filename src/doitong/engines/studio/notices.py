"""What Studio says beside a film, in English and Slovenian: a code that never changes, its values, and the text.

A film's report keeps both, the texts in the language of its prompt; `translate` writes them anew in the reader's.
Standard library only, for whoever shows a stored report does not need the engine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from doitong.core.errors import Text

_LANGUAGES = frozenset({"en", "sl"})


@dataclass(frozen=True, slots=True)
class Notice:
    """One remark: a code of `TEXTS` and the values of its text, as JSON values."""

    code: str
    values: Mapping[str, Any]

    def text(self, language: str) -> str:
        """The remark as a sentence; words for places and the like are in the same language."""
        values = {name: _said(name, value, language) for name, value in self.values.items()}
        return TEXTS[self.code].fill(language, values)


def notice(code: str, **values: Any) -> Notice:
    """A remark of `TEXTS`."""
    assert code in TEXTS
    return Notice(code, values)


def language_of(report: Mapping[str, Any]) -> str:
    """The language that a film's prompt is mostly written in; English when nothing tells."""
    languages: list[str] = report.get("languages") or ["en"]
    return languages[0]


def add_notices(report: dict[str, Any], notices: Iterable[Notice]) -> None:
    """Add remarks to a report, in its own language: texts to `warnings`, codes and values to `warningCodes`."""
    language = language_of(report)
    for item in notices:
        report.setdefault("warnings", []).append(item.text(language))
        report.setdefault("warningCodes", []).append({"code": item.code, "values": dict(item.values)})


def translate(report: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The report with its sentences in another language; warnings from before there were codes stay as they are."""
    if language not in _LANGUAGES:
        return dict(report)
    told = dict(report)
    codes = report.get("warningCodes")
    if codes and all(item["code"] in TEXTS for item in codes):
        told["warnings"] = [Notice(item["code"], item["values"]).text(language) for item in codes]
    if "picture" in report:
        told["picture"] = picture_in(report["picture"], language)
    return told


def picture_in(picture: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What is said of a picture's depth, with its note in a language."""
    return {**picture, "note": SMOOTH_DEPTH.fill(language, {})} if "note" in picture else dict(picture)


SMOOTH_DEPTH = Text(
    "smooth depth and small moves, which cannot tear",
    "gladka globina in majhni gibi, ki slike ne morejo raztrgati",
)


TEXTS: Mapping[str, Text] = {
    "SUBJECT_UNDRAWN": Text(
        "Studio cannot draw the main subject, “{subject}”; the film shows its setting, {place}, without it.",
        "Studio ne zna narisati glavnega motiva, »{subject}«; film kaže njegovo okolje, {place}, brez njega.",
    ),
    "SUBJECT_UNDRAWN_NO_PLACE": Text(
        "Studio cannot draw the main subject, “{subject}”; the film shows {place} instead.",
        "Studio ne zna narisati glavnega motiva, »{subject}«; film namesto njega kaže {place}.",
    ),
    "SUBJECT_UNKNOWN": Text(
        "“{subject}” was not recognised; the film shows {place} without it.",
        "Studio ne pozna besede »{subject}«; film kaže {place} brez tega.",
    ),
    "SUBJECT_UNKNOWN_NO_PLACE": Text(
        "The main subject, “{subject}”, was not recognised; the film shows {place} instead.",
        "Studio ne prepozna glavnega motiva, »{subject}«; film namesto njega kaže {place}.",
    ),
    "PLACE_MISSING": Text(
        "The prompt names no place that Studio knows; the film shows {place}.",
        "Poziv ne omenja kraja, ki bi ga Studio poznal; film kaže {place}.",
    ),
    "NOT_SHOWN_THERE": Text(
        "These do not show in {place} and were left out: {words}.",
        "Tega v filmu, ki kaže {place}, ni: {words}.",
    ),
    "LEFT_OUT": Text(
        "Studio cannot draw this and left it out: {words}.",
        "Studio tega ne zna narisati in je izpustil: {words}.",
    ),
    "ONE_TIME_OF_DAY": Text(
        "The film keeps one time of day, {time}; left out: {times}.",
        "Film ohrani en del dneva ({time}); izpuščeno: {times}.",
    ),
    "BRUSHES_NEED_PICTURE": Text(
        "Motion brushes move parts of a picture; this film is made from text, so they were left out.",
        "Čopiči gibanja premikajo dele slike; ta film je narejen iz besedila, zato so izpuščeni.",
    ),
    "UNKNOWN_FLAGS": Text(
        "Unknown flags were ignored: {words}.",
        "Neznane zastavice so prezrte: {words}.",
    ),
    "TURN_LIMITED": Text(
        "The camera's {move} turns {given} degrees, the most Studio gives ({asked} asked).",
        "Kamera ({move}) se obrne za {given} stopinj, kar je pri Studiu največ (želenih {asked}).",
    ),
    "ZOOM_LIMITED": Text(
        "The camera zooms {given} times, the most Studio gives; {asked} were asked.",
        "Kamera poveča {given}-krat, kar je pri Studiu največ; želeno je bilo {asked}-krat.",
    ),
    "MOVES_FITTED": Text(
        "The camera moves were to take {asked} seconds; they were fitted into {given}.",
        "Gibi kamere naj bi trajali {asked} s; stisnjeni so v {given} s.",
    ),
    "PICTURE_ENLARGED": Text(
        "The picture is small ({columns}×{rows}) for a film of {width}×{height} and was enlarged.",
        "Slika je majhna ({columns}×{rows}) za film {width}×{height} in je bila povečana.",
    ),
    "NOT_IN_PICTURE": Text(
        "The prompt names {thing}, but none was found in the picture, so nothing of it moves.",
        "Poziv omenja {thing}, a tega na sliki ni bilo mogoče najti, zato se tam nič ne premika.",
    ),
}

# what the values of some names are called; Slovenian places and things are in the accusative
_PLACES: Mapping[str, Text] = {
    "mountain lake": Text("a mountain lake", "gorsko jezero"),
    "mountains": Text("mountains", "gore"),
    "sea": Text("the sea", "morje"),
    "beach": Text("a beach", "plažo"),
    "islands": Text("islands", "otoke"),
    "hills": Text("hills", "griče"),
    "open field": Text("an open field", "polje"),
    "country road": Text("a country road", "podeželsko cesto"),
    "dunes": Text("dunes", "sipine"),
    "canyon": Text("a canyon", "kanjon"),
    "snowfield": Text("a snowfield", "snežno planjavo"),
    "forest": Text("a forest", "gozd"),
    "city": Text("a city", "mesto"),
    "space": Text("space", "vesolje"),
    "underwater": Text("the world under water", "svet pod vodo"),
    "abstract": Text("abstract shapes", "abstraktne oblike"),
}
_TIMES: Mapping[str, Text] = {
    "dawn": Text("dawn", "zora"),
    "morning": Text("morning", "jutro"),
    "noon": Text("noon", "poldne"),
    "golden hour": Text("golden hour", "zlata ura"),
    "sunset": Text("sunset", "sončni zahod"),
    "dusk": Text("dusk", "mrak"),
    "night": Text("night", "noč"),
}
_MOVES: Mapping[str, Text] = {
    "pan": Text("pan", "zasuk"),
    "tilt": Text("tilt", "nagib"),
    "roll": Text("roll", "poševni kader"),
    "orbit": Text("orbit", "kroženje"),
    "whip pan": Text("whip pan", "bliskovit zasuk"),
}
_THINGS: Mapping[str, Text] = {
    "waterfall": Text("waterfall", "slap"),
    "river": Text("river", "reko"),
    "water": Text("water", "vodo"),
    "clouds": Text("clouds", "oblake"),
    "smoke": Text("smoke", "dim"),
    "foliage": Text("foliage", "listje"),
}
_WORDS = {"place": _PLACES, "time": _TIMES, "times": _TIMES, "move": _MOVES, "thing": _THINGS}


def _said(name: str, value: Any, language: str) -> Any:
    words = _WORDS.get(name, {})
    if isinstance(value, list | tuple):
        return [_said(name, item, language) for item in value]
    if isinstance(value, float):
        plain = f"{value:g}"
        return plain.replace(".", ",") if language == "sl" else plain
    return words[value].fill(language, {}) if value in words else value
