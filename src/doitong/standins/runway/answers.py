"""The envelopes of the real service, to the letter where the letter is known, and its response headers."""

import base64
import hashlib
from typing import Any

import orjson

from doitong.standins.runway.model import Answer, Json

DOCS_URL = "https://docs.dev.runwayml.com/api"
JSON_TYPE, HTML_TYPE = "application/json; charset=utf-8", "text/html; charset=utf-8"
NO_KEY = "No API key was provided. Provide one in the Authorization header as a Bearer token."
WRONG_KEY = "The API key that was provided is not valid."
VALIDATION = "Validation of body failed"
NO_TASK = "Could not find Task"
DAILY_LIMIT = "Your daily task limit has been reached."
NO_CREDITS = "You do not have enough credits to run this task."
GATEWAY_TITLES = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


def json_answer(value: Any, status: int = 200) -> Answer:
    """JSON as Express sends it, with its weak entity tag."""
    body = orjson.dumps(value)
    digest = base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()[:27]
    return Answer(status, body, JSON_TYPE, (("etag", f'W/"{len(body):x}-{digest}"'),))


def error(status: int, text: str, issues: list[Json] | None = None, *, has_docs: bool = True) -> Answer:
    """The error envelope."""
    body: Json = {"error": text}
    if issues is not None:
        body["issues"] = issues
    if has_docs:
        body["docUrl"] = DOCS_URL
    return json_answer(body, status)


def invalid(*issues: Json) -> Answer:
    return error(400, VALIDATION, list(issues))


def no_credits() -> Answer:
    return error(400, NO_CREDITS)


def daily_limit() -> Answer:
    return error(429, DAILY_LIMIT)


def no_task() -> Answer:
    return error(404, NO_TASK, has_docs=False)


def html(status: int, title: str) -> Answer:
    """What stands in front of the service says, instead of the service."""
    page = f"<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>"
    return Answer(status, page.encode(), HTML_TYPE)


def xml_error(status: int, code: str, message: str) -> Answer:
    """As the storage behind the uploads answers."""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(status, text.encode(), "application/xml")


def refusal(status: int, model: str = "") -> Answer:
    """The answer that a fault of this status gives."""
    if status in GATEWAY_TITLES:
        return html(status, GATEWAY_TITLES[status])
    own = {
        400: invalid(),
        401: error(401, WRONG_KEY),
        403: error(403, f"Model variant {model} is not available"),
        404: no_task(),
        429: daily_limit(),
    }
    return own.get(status) or error(status, f"Request failed with status {status}")


def delayed(answer: Answer, seconds: float) -> Answer:
    """The same, so much later."""
    return Answer(answer.status, answer.body, answer.content_type, answer.headers, delay_seconds=seconds)
