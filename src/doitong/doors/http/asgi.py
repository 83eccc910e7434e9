"""The words of ASGI, and what one HTTP call knows about itself.

Every door is an ASGI application. `Call` is made once by the edge and travels in the scope; doors add answer
headers to it, and the edge writes them.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
RawHeaders = list[tuple[bytes, bytes]]

CALL = "doitong.call"


@dataclass(slots=True)
class Call:
    """One HTTP call: who may be told what, in which language, and the headers its answer gets."""

    request_id: str
    headers: dict[str, str]
    language: str = "en"
    draining: asyncio.Event = field(default_factory=asyncio.Event)  # set when the server is to end: stop waiting
    answer_headers: dict[str, str] = field(default_factory=dict)
    key_prefix: str | None = None  # set by the door that authenticated; shown in the access log
    door: str = "none"  # for metrics; a name of ours
    route: str | None = None  # the path's pattern, for the log

    @property
    def told_language(self) -> str | None:
        """The language that the caller or the account asks for; None when neither says anything but the default."""
        return self.language if self.language != "en" or self.header("accept-language") is not None else None

    def header(self, name: str) -> str | None:
        """The request header of this lower-case name; repeated headers are joined by commas."""
        return self.headers.get(name)


def call_of(scope: Scope) -> Call:
    """The call that the edge put into the scope."""
    call: Call = scope[CALL]
    return call


def header_map(raw: RawHeaders) -> dict[str, str]:
    """Request headers by lower-case name. HTTP joins repeated ones by a comma, cookies by a semicolon."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in headers:
            value = headers[name] + ("; " if name == "cookie" else ", ") + value
        headers[name] = value
    return headers
