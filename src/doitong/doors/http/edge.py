"""The outermost layer: request ids, language, safety headers, the last word on errors, and the access log.

Pure ASGI. Whatever a door lets escape becomes the documented error body here, and its text stays in the log.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

import structlog

from doitong.core.errors import DoitongError
from doitong.doors.http.answers import internal_error, raw_headers, send_error
from doitong.doors.http.asgi import CALL, App, Call, Message, Receive, Scope, Send, header_map
from doitong.doors.http.body import ClientGone
from doitong.doors.http.negotiation import choose_language

_log = structlog.get_logger("doitong.http")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# (door, status, seconds)
Observer = Callable[[str, int, float], None]
# what lives from the server's start to its end
Lifespan = Callable[[], AbstractAsyncContextManager[None]]


def request_id_for(offered: str | None) -> str:
    """The caller's id when it is safe to print, else a new one."""
    if offered is not None and _REQUEST_ID.fullmatch(offered):
        return offered
    return secrets.token_hex(12)


class Edge:
    """Wraps the whole application; one object per process."""

    def __init__(self, app: App, *, observe: Observer | None = None, lifespan: Lifespan | None = None) -> None:
        self._app = app
        self._observe = observe
        self._lifespan = lifespan
        self._draining = asyncio.Event()

    def drain(self) -> None:
        """The server is to end: whoever waits for news answers now with what is known."""
        self._draining.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(self._lifespan, receive, send)
            return
        headers = header_map(scope["headers"])
        call = Call(
            request_id=request_id_for(headers.get("x-request-id")),
            headers=headers,
            language=choose_language(headers.get("accept-language")),
            draining=self._draining,
        )
        scope[CALL] = call
        await _Exchange(scope, call, send, self._observe).run(self._app, receive)


async def _live(lifespan: Lifespan | None, receive: Receive, send: Send) -> None:
    """The lifespan protocol of ASGI: a start that fails stops the server."""
    await receive()
    async with lifespan() if lifespan is not None else nullcontext():
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, call: Call, send: Send, observe: Observer | None) -> None:
        self._scope, self._call, self._send, self._observe = scope, call, send, observe
        self._status = 0
        self._started_at = time.perf_counter()

    async def run(self, app: App, receive: Receive) -> None:
        try:
            await app(self._scope, receive, self.send)
        except ClientGone:
            self._status = self._status or 499
        except DoitongError as error:
            await self._answer_error(error)
        except Exception:
            _log.exception("request failed", request_id=self._call.request_id)
            await self._answer_error(internal_error(self._call.request_id))
        finally:
            self._record()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            raw = message["headers"] = list(message.get("headers", ()))
            raw.append((b"x-request-id", self._call.request_id.encode()))
            raw.append((b"x-content-type-options", b"nosniff"))
            raw += raw_headers(self._call.answer_headers)
        await self._send(message)

    async def _answer_error(self, error: DoitongError) -> None:
        if self._status:  # the answer has begun: cutting it off is all that is left
            raise error
        await send_error(self.send, error, self._call.language)

    def _record(self) -> None:
        seconds = time.perf_counter() - self._started_at
        if self._observe is not None:
            self._observe(self._call.door, self._status, seconds)
        _log.info(
            "request",
            method=self._scope["method"],
            path=self._scope["path"][:200],
            route=self._call.route,
            status=self._status,
            duration_ms=round(seconds * 1000, 2),
            request_id=self._call.request_id,
            key_prefix=self._call.key_prefix,
        )
