"""Files that pages load: style sheets, modules and pictures of ours, from memory, cached for good.

An asset's address carries its content's digest, so a browser keeps it until the content changes. A module that
imports a neighbour does so by that address too, so that a page never runs two of one or an old one.
"""

import hashlib
import mimetypes
import re
from collections.abc import Iterable
from pathlib import Path

from doitong.core.errors import NotFound
from doitong.doors.http.answers import require_get, send_answer
from doitong.doors.http.asgi import Receive, Scope, Send

PREFIX = "/static/"
_IMPORT = re.compile(rb'\b(from|import) "\./([\w.-]+)"')


class Assets:
    """The files of some folders, by name; two files of one name are a mistake."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._bodies: dict[str, bytes] = {}
        for path in (path for folder in folders for path in sorted(folder.iterdir()) if path.is_file()):
            assert path.name not in self._bodies, f"two assets are called {path.name}"
            self._bodies[path.name] = path.read_bytes()
        self._addresses: dict[str, str] = {}
        for name in self._bodies:
            self._settle(name)

    def _settle(self, name: str) -> str:
        """Give a file its address, after those that it imports. Modules must not import each other in a circle."""
        if name not in self._addresses:
            if name.endswith(".js"):
                self._bodies[name] = _IMPORT.sub(self._import, self._bodies[name])
            digest = hashlib.sha256(self._bodies[name]).hexdigest()[:12]
            self._addresses[name] = f"{PREFIX}{name}?v={digest}"
        return self._addresses[name]

    def _import(self, found: re.Match[bytes]) -> bytes:
        return found[1] + b' "' + self._settle(found[2].decode()).encode() + b'"'

    def address(self, name: str) -> str:
        """Where a page finds this file. Raises KeyError for one that is not there."""
        return self._addresses[name]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        require_get(scope)
        name = scope["path"].removeprefix(PREFIX)
        body = self._bodies.get(name)
        if body is None:
            raise NotFound
        media = mimetypes.guess_type(name)[0] or "application/octet-stream"
        charset = "; charset=utf-8" if media.startswith("text/") else ""
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        await send_answer(send, 200, body, media + charset, headers)
