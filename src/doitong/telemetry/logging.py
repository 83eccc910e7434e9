"""Structured logs that never hold a secret.

One line an event, JSON or text, with the request's and the generation's id where there is one. What looks
like a credential of ours, or stands where one stands, is replaced before anything is written, wherever it hides:
in the message, in a field, in a nested value, in an exception's text.
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TextIO

import orjson
import structlog

REDACTED = "[redacted]"
NESTING_MAXIMUM = 8

_SECRETS = re.compile(
    r"""
    (?P<key> dk_[0-9A-Za-z]+_(?:[0-9a-z]{8}_)?)(?![0-9a-z]{8}(?![0-9A-Za-z_]))[0-9A-Za-z_]+  # our keys
  | (?P<signing> whsec_)[0-9A-Za-z+/=_-]+               # webhook signing secrets
  | (?P<scheme> \b(?:bearer|basic)\s+)[^\s'",;]+        # what follows in an Authorization header
  | (?P<url> \b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s@]+(?=@)     # a password in an address
  | (?P<named> \b(?:password|passwd|pwd|pgpassword|secret|api[_-]?key|x-api-key|authorization|token)
        ["']?\s*[=:]\s*["']?)(?!\[redacted\])(?!bearer\s|basic\s)[^\s"',;&}]+
  | (?P<share> /dashboard/s/)[0-9A-Za-z_-]+             # a film's link: whoever has it sees the film
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SECRET_NAMES = re.compile(
    r"(^|[_-])(password|passwd|secret|secret[_-]?key|api[_-]?key|authorization|cookie|set-cookie|dsn"
    r"|database_url|token|signature|runwayml_api_secret)$",
    re.IGNORECASE,
)


def redact_text(text: str) -> str:
    """`text` with every credential in it replaced; what stays says which kind it was."""
    if not ("_" in text or " " in text or ":" in text or "=" in text or "/s/" in text):
        return text  # every pattern has one of these: most ids, methods and names are done here
    return _SECRETS.sub(lambda match: (match[match.lastgroup] if match.lastgroup else "") + REDACTED, text)


@lru_cache(1024)
def _names_secret(name: str) -> bool:
    return _SECRET_NAMES.search(name) is not None


@lru_cache(1024)
def _clean_name(name: str) -> str:
    return redact_text(name)


def redact(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 (one answer a case)
    """Any value as it may be logged: strings cleaned, nested containers too, anything else by its text."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return redact_text(value)
        case bytes() | bytearray() | memoryview():
            return redact_text(bytes(value).decode("utf-8", "replace"))
        case _ if depth >= NESTING_MAXIMUM:
            return "…"
        case Mapping():
            return {
                _clean_name(str(name)): REDACTED if _names_secret(str(name)) else redact(item, depth + 1)
                for name, item in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [redact(item, depth + 1) for item in value]
        case _:
            return redact_text(str(value))


def redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The processor after which no secret is left; what later ones add is ours."""
    record, from_structlog = event.pop("_record", None), event.pop("_from_structlog", None)
    clean: dict[str, Any] = redact(event)
    if record is not None:
        clean |= {"_record": record, "_from_structlog": from_structlog}
    return clean


class _Lines:
    """Where structlog's events end: a line each on `stream`, the one that was configured last.

    They do not go through the standard library's loggers, which take longer over a line than all that is said in it.
    """

    stream: TextIO = sys.stderr

    def __init__(self, name: str = "") -> None:
        self.name = name

    def info(self, line: str) -> None:
        try:
            self.stream.write(line + "\n")
            self.stream.flush()
        except (OSError, ValueError):  # a full disk or a reader that has gone fails no request
            pass

    debug = warning = error = critical = info


def configure_logging(
    level: str = "info", style: str = "auto", *, process: str = "", stream: TextIO | None = None
) -> None:
    """Send structlog's and the standard library's events through one redacted line format.

    `style` is `json`, `text`, or `auto` (text on a terminal); `process` names who speaks, such as `api`.
    """
    target = _Lines.stream = stream or sys.stderr
    is_text = style == "text" or (style == "auto" and target.isatty())
    lowest = logging.getLevelNamesMapping()[level.upper()]
    said: list[Any] = [structlog.contextvars.merge_contextvars, structlog.processors.format_exc_info]
    ours: list[Any] = [
        redact_event,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_process(process),
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=target.isatty())
        if is_text
        else structlog.processors.JSONRenderer(serializer=_to_json)
    )
    structlog.configure(
        processors=[*said, *ours, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=_Lines,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=said,
            processors=[*ours, structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(lowest)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.root.level))


def _to_json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode("utf-8", "replace")


def _add_process(process: str) -> Any:
    def add(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if process:
            event["process"] = process
        return event

    return add


@contextmanager
def log_context(*, request_id: str | None = None, generation_id: str | None = None) -> Iterator[None]:
    """Every event inside the block, in this task, carries these ids."""
    named = {"request_id": request_id, "generation_id": generation_id}
    with structlog.contextvars.bound_contextvars(**{name: item for name, item in named.items() if item}):
        yield
