"""Request bodies: read whole, up to a bound in bytes and in time."""

import asyncio
from typing import Any

import orjson

from doitong.core.errors import DoitongError
from doitong.doors.http.asgi import Call, Receive
from doitong.doors.http.negotiation import is_json

MAX_JSON_BYTES = 8 * 1024 * 1024  # a picture may come as a data: URI
BODY_TIMEOUT_SECONDS = 30


class ClientGone(Exception):
    """The caller hung up before the body was whole; nobody is left to answer."""


async def read_body(call: Call, receive: Receive, maximum: int) -> bytes:
    """The body, at most `maximum` bytes: refused by its declared length before a byte of it is read."""
    declared = call.header("content-length") or ""
    if declared.isascii() and declared.isdigit() and int(declared) > maximum:
        raise DoitongError("PAYLOAD_TOO_LARGE", maximum=maximum)
    try:
        async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
            return await _read_chunks(receive, maximum)
    except TimeoutError:
        raise malformed("the body did not arrive in time") from None


async def _read_chunks(receive: Receive, maximum: int) -> bytes:
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        _check_length(len(body), maximum)
        return body
    chunks = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunks += message.get("body", b"")
        _check_length(len(chunks), maximum)
        if not message.get("more_body", False):
            return bytes(chunks)
        message = await receive()


def _check_length(length: int, maximum: int) -> None:
    if length > maximum:
        raise DoitongError("PAYLOAD_TOO_LARGE", maximum=maximum)


def malformed(reason: str) -> DoitongError:
    return DoitongError("MALFORMED_REQUEST", reason=reason)


def parse_json_object(body: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8, or MALFORMED_REQUEST."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise malformed("the body is not valid JSON") from None
    if not isinstance(value, dict):
        raise malformed("the body must be one JSON object")
    return value


async def read_json_object(call: Call, receive: Receive, maximum: int = MAX_JSON_BYTES) -> dict[str, Any]:
    """The body of a JSON request: one object, declared as `application/json`."""
    if not is_json(call.header("content-type")):
        raise DoitongError("UNSUPPORTED_MEDIA_TYPE", expected="application/json")
    return parse_json_object(await read_body(call, receive, maximum))
