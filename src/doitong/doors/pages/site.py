"""The public pages: landing, API reference, error pages and the GraphQL explorer, in English and Slovenian.

Rendered on the server, with our own style sheet and small ES modules. The content policy allows nothing
inline and nothing from elsewhere, except films and posters from the CDN's address.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from doitong.core.errors import REGISTRY, DoitongError, NotFound
from doitong.doors.http.answers import require_get, send_answer
from doitong.doors.http.asgi import Receive, Scope, Send, call_of
from doitong.doors.http.assets import Assets
from doitong.doors.http.content_policy import content_policy
from doitong.doors.http.negotiation import LANGUAGES, language_of
from doitong.doors.pages.reference import operations_of
from doitong.doors.pages.samples import CURL, EXPLORER_QUERY, EXPLORER_VARIABLES

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
HTML = "text/html; charset=utf-8"
STATUS_TITLES = {400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden"} | {
    404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 409: "Conflict"
} | {413: "Content Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Content"} | {
    429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"
}  # fmt: skip


class Site:
    """The pages as ASGI applications; `openapi` and `sdl` are asked for when a page shows them."""

    def __init__(
        self,
        *,
        public_url: str,
        cdn_base_url: str,
        openapi: Callable[[], Mapping[str, Any]],
        sdl: str,
        assets: Assets,
    ) -> None:
        self._public_url = public_url
        self._openapi, self._sdl = openapi, sdl
        self._policy = content_policy(cdn_base_url)
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["code"] = mark_code
        self._templates.globals["asset"] = assets.address

    async def landing(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._page(scope, send, "landing.html", curl=CURL.replace("{url}", self._public_url))

    async def docs(self, scope: Scope, receive: Receive, send: Send) -> None:
        groups = operations_of(self._openapi(), self._language(scope))
        await self._page(scope, send, "docs.html", groups=groups, sdl=self._sdl, registry=REGISTRY)

    async def errors(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/errors`, and a page for each code below it."""
        code = scope["path"].removeprefix("/errors").strip("/")
        if not code:
            await self._page(scope, send, "errors.html", registry=REGISTRY, titles=STATUS_TITLES)
        elif code in REGISTRY:
            example = DoitongError(code).to_body(self._language(scope))
            spec = REGISTRY[code]
            await self._page(scope, send, "error.html", spec=spec, titles=STATUS_TITLES, example=example)
        else:
            raise NotFound

    async def explorer(self, scope: Scope, receive: Receive, send: Send) -> None:
        samples = {"query": EXPLORER_QUERY, "variables": EXPLORER_VARIABLES, "sdl": self._sdl}
        await self._page(scope, send, "explorer.html", **samples)

    def _language(self, scope: Scope) -> str:
        return language_of(scope["query_string"], call_of(scope).header("accept-language"))

    async def _page(self, scope: Scope, send: Send, template: str, **values: Any) -> None:
        require_get(scope)
        language = self._language(scope)
        html = self._templates.get_template(template).render(
            language=language,
            languages=LANGUAGES,
            path=scope["path"],
            public_url=self._public_url,
            t=lambda en, sl: mark_code(sl if language == "sl" else en),
            **values,
        )
        await send_answer(send, 200, html.encode(), HTML, self._headers(language))

    def _headers(self, language: str) -> dict[str, str]:
        return {
            "Content-Security-Policy": self._policy,
            "Content-Language": language,
            "Referrer-Policy": "same-origin",
            "Vary": "Accept, Accept-Language",
            "Cache-Control": "no-cache",
        }


def mark_code(text: str) -> Markup:
    """Escaped text in which `backticks` are code."""
    pieces = str(escape(text)).split("`")
    marked = (f"<code>{piece}</code>" if index % 2 else piece for index, piece in enumerate(pieces))
    return Markup("".join(marked))  # noqa: S704 - every piece was escaped above
