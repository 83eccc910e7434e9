"""Serving films and their previews. The random bits of an id are what keeps a file private; no key is asked for.

It promises: only names that are ids of ours reach storage, memory stays flat whatever a file's size, and a
reader that goes away stops the reading.
"""

import asyncio
from base64 import b64encode
from contextlib import aclosing
from urllib.parse import parse_qs

from doitong.core.errors import DoitongError, NotFound
from doitong.core.ids import ID_LENGTH
from doitong.doors.cdn.conditions import Part, Validators, choose_answer, http_date
from doitong.doors.http.answers import raw_headers
from doitong.doors.http.asgi import App, Receive, Scope, Send, call_of
from doitong.outputs.model import StoredFile
from doitong.outputs.storage import MEDIA_TYPES, FileMissing, OutputStorage, output_name

PREFIX = "/outputs/"
_METHODS = ("GET", "HEAD", "OPTIONS")
_EXPOSED = "Accept-Ranges, Content-Length, Content-Range, ETag, Last-Modified, Repr-Digest"
_PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": ", ".join(_METHODS),
    "Access-Control-Allow-Headers": "Range, If-Range, If-None-Match, If-Modified-Since",
    "Access-Control-Max-Age": "86400",
}


class OutputsDoor:
    """`/outputs/ID.mp4`, `.jpg`, `.webp` and `.preview.mp4`; raises NOT_FOUND for every other name."""

    def __init__(self, storage: OutputStorage) -> None:
        self._storage = storage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = call_of(scope)
        call.route = PREFIX + "{name}"
        call.answer_headers["Access-Control-Allow-Origin"] = "*"
        if scope["type"] != "http" or scope["method"] not in _METHODS:
            raise DoitongError("METHOD_NOT_ALLOWED", allow=_METHODS)
        if scope["method"] == "OPTIONS":
            call.answer_headers |= _PREFLIGHT
            await _send_head(send, 204, {})
            await send({"type": "http.response.body", "body": b""})
            return
        name, suffix = parse_name(scope["path"])
        try:
            file = await self._storage.stat(name)
        except FileMissing as error:
            raise NotFound from error
        part = choose_answer(scope["method"], call.headers, _validators(file))
        is_download = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("download") == ["1"]
        await _send_head(send, part.status, _headers(file, suffix, part, is_download=is_download))
        if scope["method"] == "HEAD" or part.status not in (200, 206):
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._send_bytes(name, part, receive, send)

    async def _send_bytes(self, name: str, part: Part, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_wait_until_gone(receive))
        try:
            async with aclosing(self._storage.read_range(name, part.start, part.end)) as pieces:
                async for piece in pieces:
                    if gone.done():
                        return
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()


def parse_name(path: str) -> tuple[str, str]:
    """The storage key and the suffix of a request's path. Raises NOT_FOUND."""
    name = path.removeprefix(PREFIX)
    try:
        return output_name(name[:ID_LENGTH], name[ID_LENGTH:]), name[ID_LENGTH:]
    except ValueError as error:
        raise NotFound from error


def routes(storage: OutputStorage) -> dict[str, tuple[str, App]]:
    """The prefixes of this door, each with the door's name, for the composition root."""
    return {PREFIX: ("cdn", OutputsDoor(storage))}


def _validators(file: StoredFile) -> Validators:
    return Validators(f'"{file.sha256}"', file.modified_at, file.bytes)


def _headers(file: StoredFile, suffix: str, part: Part, *, is_download: bool) -> dict[str, str]:
    """Headers of each status as RFC 9110 lists them: 304 carries no content fields, 416 only the size."""
    if part.status == 416:
        return {"Content-Range": f"bytes */{file.bytes}", "Content-Length": "0", "Accept-Ranges": "bytes"}
    if part.status == 412:
        return {"Content-Length": "0"}
    headers = {
        "ETag": f'"{file.sha256}"',
        "Last-Modified": http_date(file.modified_at),
        "Cache-Control": "public, max-age=31536000, immutable",
        "Access-Control-Expose-Headers": _EXPOSED,
    }
    if part.status == 304:
        return headers
    disposition = "attachment" if is_download else "inline"
    headers |= {
        "Content-Type": MEDIA_TYPES[suffix],
        "Content-Length": str(part.end - part.start),
        "Content-Disposition": f'{disposition}; filename="{file.name.rpartition("/")[2]}"',
        "Accept-Ranges": "bytes",
        "Repr-Digest": f"sha-256=:{b64encode(bytes.fromhex(file.sha256)).decode()}:",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if part.status == 206:
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{file.bytes}"
    return headers


async def _send_head(send: Send, status: int, headers: dict[str, str]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": raw_headers(headers)})


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
