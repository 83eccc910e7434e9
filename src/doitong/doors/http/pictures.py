"""The body of an upload: the picture itself, or one file of a multipart form. Bounded in bytes while it arrives."""

import asyncio
from collections.abc import AsyncGenerator

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from doitong.core.errors import REQUIRED, DoitongError, InvalidParameter
from doitong.doors.http.asgi import Call, Receive
from doitong.doors.http.body import BODY_TIMEOUT_SECONDS, ClientGone, malformed, read_body
from doitong.doors.http.negotiation import parse_media_type
from doitong.media.picture import MAXIMUM_BYTES

FORM_BYTES_MAXIMUM = MAXIMUM_BYTES + 64 * 1024  # room for the form's own lines
FORM_FIELDS_MAXIMUM = 10
_EXPECTED = "image/jpeg, image/png, image/webp, application/octet-stream or multipart/form-data"


async def read_picture(call: Call, receive: Receive) -> tuple[str, bytes]:
    """The name of the parameter and the picture's bytes; what they are is decided by the bytes alone."""
    media = parse_media_type(call.header("content-type") or "")
    if media.name == "multipart/form-data":
        return await _read_form(call, receive)
    if media.name != "application/octet-stream" and not media.name.startswith("image/"):
        raise DoitongError("UNSUPPORTED_MEDIA_TYPE", expected=_EXPECTED)
    return "body", await read_body(call, receive, MAXIMUM_BYTES)


async def _read_form(call: Call, receive: Receive) -> tuple[str, bytes]:
    declared = call.header("content-length") or ""
    if declared.isascii() and declared.isdigit() and int(declared) > FORM_BYTES_MAXIMUM:
        raise DoitongError("PAYLOAD_TOO_LARGE", maximum=MAXIMUM_BYTES)
    parser = MultiPartParser(
        Headers(call.headers),
        _bounded(receive),
        max_files=1,
        max_fields=FORM_FIELDS_MAXIMUM,
    )
    try:
        async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
            form = await parser.parse()
    except (MultiPartException, KeyError):
        raise malformed("the multipart form cannot be read") from None
    except TimeoutError:
        raise malformed("the body did not arrive in time") from None
    try:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                return name if name.isprintable() else "file", await value.read()
        raise InvalidParameter("file", REQUIRED)
    finally:
        await form.close()


async def _bounded(receive: Receive) -> AsyncGenerator[bytes, None]:
    received = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece: bytes = message.get("body", b"")
        received += len(piece)
        if received > FORM_BYTES_MAXIMUM:
            raise DoitongError("PAYLOAD_TOO_LARGE", maximum=MAXIMUM_BYTES)
        yield piece
        if not message.get("more_body", False):
            return
