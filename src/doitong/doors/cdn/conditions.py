"""Which answer a request for a file gets: conditions and ranges of RFC 9110, sections 13 and 14. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_RANGE = re.compile(r"([0-9]*)-([0-9]*)")
_TOO_MANY_DIGITS = 19  # no file is that large


@dataclass(frozen=True, slots=True)
class Validators:
    """What a condition is held against. `etag` is strong and quoted; `modified_at` is a whole second."""

    etag: str
    modified_at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Part:
    """The status, and the bytes from `start` up to but not including `end` (200 and 206 only)."""

    status: int
    start: int = 0
    end: int = 0


def choose_answer(method: str, headers: Mapping[str, str], file: Validators) -> Part:
    """The answer for GET or HEAD in the order of RFC 9110, section 13.2.2; header names in lower case."""
    if not _may_proceed(headers, file):
        return Part(412)
    if _is_unchanged(headers, file):
        return Part(304)
    whole = Part(200, 0, file.size)
    if method != "GET" or "range" not in headers or not _is_range_current(headers, file):
        return whole  # a range has a meaning for GET only
    return _choose_range(headers["range"], file.size) or whole


def http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def _may_proceed(headers: Mapping[str, str], file: Validators) -> bool:
    if "if-match" in headers:
        return _names(headers["if-match"], file.etag, is_weak_enough=False)
    since = _moment(headers.get("if-unmodified-since"))
    return since is None or file.modified_at <= since


def _is_unchanged(headers: Mapping[str, str], file: Validators) -> bool:
    if "if-none-match" in headers:
        return _names(headers["if-none-match"], file.etag, is_weak_enough=True)
    since = _moment(headers.get("if-modified-since"))
    return since is not None and file.modified_at <= since


def _is_range_current(headers: Mapping[str, str], file: Validators) -> bool:
    """If-Range: the range counts only for the very file the client has part of."""
    condition = headers.get("if-range")
    if condition is None:
        return True
    if '"' in condition:
        return condition.strip() == file.etag
    return _moment(condition) == file.modified_at


def _names(field: str, etag: str, *, is_weak_enough: bool) -> bool:
    """Whether a list of entity tags, or `*`, holds ours; a weak tag counts only in a weak comparison."""
    if field.strip() == "*":
        return True
    return any(tag == etag and (is_weak_enough or not weak) for weak, tag in _TAG.findall(field))


def _moment(text: str | None) -> datetime | None:
    """An HTTP date; one that cannot be read makes its header as if absent."""
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _choose_range(field: str, size: int) -> Part | None:
    """206 or 416 for one byte range; None for what is ignored: another unit, several ranges, wrong syntax."""
    unit, equals, text = field.partition("=")
    ranges = [item.strip(" \t") for item in text.split(",") if item.strip(" \t")]
    if unit.strip().lower() != "bytes" or not equals or len(ranges) != 1:
        return None
    match = _RANGE.fullmatch(ranges[0])
    if match is None or (not match[1] and not match[2]):
        return None
    if not match[1]:
        start, end = size - min(_number(match[2]), size), size
    else:
        start, last = _number(match[1]), _number(match[2] or str(size - 1))
        if match[2] and last < start:
            return None
        end = min(last + 1, size)
    return Part(206, start, end) if start < end else Part(416)


def _number(digits: str) -> int:
    return int(digits) if len(digits) < _TOO_MANY_DIGITS else 10**_TOO_MANY_DIGITS
