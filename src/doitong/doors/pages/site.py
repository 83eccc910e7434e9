"""The public pages: landing, API reference, error pages and the GraphQL explorer, in English and Slovenian.

Rendered on the server, with our own style sheet and small ES modules. The content policy allows nothing
inline and nothing from elsewhere, except films and posters from the CDN's address.
"""

import hashlib
import mimetypes
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from doitong.core.errors import REGISTRY, DoitongError, NotFound
from doitong.doors.http.answers import require_get, send_answer
from doitong.doors.http.asgi import Receive, Scope, Send, call_of
from doitong.doors.http.negotiation import LANGUAGES, language_of
from doitong.doors.pages.reference import operations_of
from doitong.doors.pages.samples import CURL, EXPLORER_QUERY, EXPLORER_VARIABLES

_HERE = Path(__file__).parent
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
    ) -> None:
        self._public_url = public_url
        self._openapi, self._sdl = openapi, sdl
        self._assets = {path.name: path.read_bytes() for path in (_HERE / "static").iterdir() if path.is_file()}
        self._policy = content_policy(cdn_base_url)
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["code"] = mark_code
        self._templates.globals["asset"] = self._asset_address

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

    async def static(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/static/NAME`: from memory, cached for good since the address carries the content's digest."""
        require_get(scope)
        name = scope["path"].removeprefix("/static/")
        body = self._assets.get(name)
        if body is None:
            raise NotFound
        media = mimetypes.guess_type(name)[0] or "application/octet-stream"
        charset = "; charset=utf-8" if media.startswith("text/") else ""
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        await send_answer(send, 200, body, media + charset, headers)

    def _asset_address(self, name: str) -> str:
        return f"/static/{name}?v={hashlib.sha256(self._assets[name]).hexdigest()[:12]}"

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


def content_policy(cdn_base_url: str) -> str:
    """A strict policy: our own files only, plus films and posters from the CDN."""
    parts = urlsplit(cdn_base_url)
    cdn = f"{parts.scheme}://{parts.netloc}"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; "
        f"img-src 'self' data: {cdn}; media-src 'self' {cdn}; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def mark_code(text: str) -> Markup:
    """Escaped text in which `backticks` are code."""
    pieces = str(escape(text)).split("`")
    marked = (f"<code>{piece}</code>" if index % 2 else piece for index, piece in enumerate(pieces))
    return Markup("".join(marked))  # noqa: S704 - every piece was escaped above
