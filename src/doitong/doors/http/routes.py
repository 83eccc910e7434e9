"""A small table of exact paths and prefixes in front of the doors, so that a hot path costs one look-up."""

from collections.abc import Mapping

from doitong.core.errors import NotFound
from doitong.doors.http.asgi import App, Receive, Scope, Send, call_of


class Routes:
    """Exact paths first, then the longest matching prefix; 404 when there is none. Values are (door, app)."""

    def __init__(
        self, exact: Mapping[str, tuple[str, App]], prefixes: Mapping[str, tuple[str, App]] | None = None
    ) -> None:
        self._exact = dict(exact)
        self._prefixes = sorted((prefixes or {}).items(), key=lambda item: -len(item[0]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._find(scope["path"])
        if found is None:
            raise NotFound
        call_of(scope).door, app = found
        await app(scope, receive, send)

    def _find(self, path: str) -> tuple[str, App] | None:
        found = self._exact.get(path)
        if found is not None:
            return found
        return next((door for prefix, door in self._prefixes if path.startswith(prefix)), None)
