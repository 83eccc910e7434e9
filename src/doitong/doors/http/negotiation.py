"""What the caller accepts: media types (RFC 9110 §12.5.1) and languages (§12.5.4). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs

MAX_HEADER_CHARACTERS = 1000
MAX_RANGES = 30
LANGUAGES = ("en", "sl")


@dataclass(frozen=True, slots=True)
class MediaType:
    """`type/subtype` in lower case, with its parameters."""

    name: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str | None:
        return next((value for key, value in self.parameters if key == name), None)


def parse_media_type(text: str) -> MediaType:
    """Read a Content-Type or one range of an Accept header; never raises."""
    name, *rest = text.split(";")
    parameters = []
    for part in rest:
        key, _, value = part.partition("=")
        parameters.append((key.strip().lower(), value.strip().strip('"').lower()))
    return MediaType(name.strip().lower(), tuple(parameters))


def _quality(text: str | None) -> float:
    if text is None:
        return 1.0
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0


@lru_cache(maxsize=256)
def choose_media_type(accept: str | None, offers: tuple[str, ...]) -> str | None:
    """The best offer for an Accept header, or None when it admits none.

    The most specific range decides an offer's quality; among equals the one listed first by name wins, then
    the order of `offers`. A missing or empty header admits everything.
    """
    if accept is None or not accept.strip():
        return offers[0]
    ranges = [parse_media_type(part) for part in accept[:MAX_HEADER_CHARACTERS].split(",")[:MAX_RANGES]]
    best: tuple[float, int, int] | None = None
    for place, offer in enumerate(offers):
        quality, position = _offer_quality(offer, ranges)
        rank = (quality, -position, -place)
        if quality > 0 and (best is None or rank > best):
            best = rank
    return None if best is None else offers[-best[2]]


def _offer_quality(offer: str, ranges: Sequence[MediaType]) -> tuple[float, int]:
    """Quality of an offer, and where it was named (past the end when only a wildcard admits it)."""
    patterns = ("*/*", offer.split("/", maxsplit=1)[0] + "/*", offer)
    found = (-1, 0.0, len(ranges))
    for position, candidate in enumerate(ranges):
        if candidate.name not in patterns or candidate.parameter("charset") not in (None, "utf-8", "utf8"):
            continue
        specificity = patterns.index(candidate.name)
        if specificity > found[0]:
            named_at = position if specificity == 2 else len(ranges)
            found = (specificity, _quality(candidate.parameter("q")), named_at)
    return found[1], found[2]


@lru_cache(maxsize=256)
def choose_language(accept_language: str | None) -> str:
    """`en` or `sl` for an Accept-Language header; English when neither is wanted more."""
    if not accept_language:
        return "en"
    best, chosen = 0.0, "en"
    for part in accept_language[:MAX_HEADER_CHARACTERS].split(",")[:MAX_RANGES]:
        tag = parse_media_type(part)
        primary = tag.name.split("-")[0]
        quality = _quality(tag.parameter("q"))
        if primary in LANGUAGES and quality > best:
            best, chosen = quality, primary
    return chosen


def is_json(content_type: str | None) -> bool:
    """Whether a body is `application/json` in UTF-8."""
    if content_type is None:
        return False
    media = parse_media_type(content_type)
    return media.name == "application/json" and media.parameter("charset") in (None, "utf-8", "utf8")


def language_of(query_string: bytes, accept_language: str | None) -> str:
    """The language of a page: `?lang=` first, then the header."""
    asked = parse_qs(query_string.decode("latin-1")).get("lang", [""])[0]
    return asked if asked in LANGUAGES else choose_language(accept_language)
