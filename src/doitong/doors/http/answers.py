"""Answers that every door gives alike: JSON bodies, the documented error body, and an error's headers."""

from collections.abc import Mapping
from typing import Any

import orjson

from doitong.core.errors import DoitongError
from doitong.doors.http.asgi import RawHeaders, Scope, Send
from doitong.plans.model import RateState
from doitong.plans.rules import RateLimited

JSON = "application/json; charset=utf-8"


def to_json(value: Any) -> bytes:
    return orjson.dumps(value)


def headers_of(error: DoitongError) -> dict[str, str]:
    """The HTTP headers that belong to an error beside its body."""
    headers: dict[str, str] = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="doitong"'
    if error.status in (429, 503):
        headers["Retry-After"] = str(error.details.get("retryAfter", 5))
    if error.code == "METHOD_NOT_ALLOWED":
        allow = error.details.get("allow", ())
        headers["Allow"] = allow if isinstance(allow, str) else ", ".join(allow)
    if isinstance(error, RateLimited):
        headers |= rate_headers(error.rate)
    return headers


def rate_headers(rate: RateState) -> dict[str, str]:
    """`X-RateLimit-*`; the reset is a Unix time in seconds."""
    return {
        "X-RateLimit-Limit": str(rate.limit),
        "X-RateLimit-Remaining": str(rate.remaining),
        "X-RateLimit-Reset": str(rate.reset_at),
    }


def internal_error(request_id: str) -> DoitongError:
    """What a customer learns of a failure of ours: nothing but where to find it in the log."""
    return DoitongError("INTERNAL_ERROR", requestId=request_id)


def raw_headers(headers: Mapping[str, str]) -> RawHeaders:
    return [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]


async def send_answer(
    send: Send,
    status: int,
    body: bytes,
    content_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Write one whole answer."""
    raw = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    if headers:
        raw += [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def send_error(send: Send, error: DoitongError, language: str, content_type: str = JSON) -> None:
    """Write an error in the documented body, with its status and headers."""
    headers = {"Cache-Control": "no-store", **headers_of(error)}
    await send_answer(send, error.status, to_json(error.to_body(language)), content_type, headers)


def require_get(scope: Scope) -> None:
    """Raises METHOD_NOT_ALLOWED for anything but GET and HEAD."""
    if scope["method"] not in ("GET", "HEAD"):
        raise DoitongError("METHOD_NOT_ALLOWED", allow="GET, HEAD")
