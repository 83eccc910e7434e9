"""The certificates that an installation's films can be traced to, for whoever wants to check one. No key needed."""

from doitong.core.errors import NotFound
from doitong.doors.http.answers import require_get, send_answer
from doitong.doors.http.asgi import Receive, Scope, Send
from doitong.provenance.service import Provenance

PATH = "/provenance/root.pem"
_KEPT = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}


class RootsDoor:
    """`/provenance/root.pem`: the root certificates, newest first; NOT_FOUND where films are not signed."""

    def __init__(self, provenance: Provenance) -> None:
        self._provenance = provenance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        require_get(scope)
        if not self._provenance.is_on:
            raise NotFound
        roots = await self._provenance.roots()
        await send_answer(send, 200, roots.encode(), "application/x-pem-file", _KEPT)
