"""The dashboard's door: finds the row of a visit, knows the visitor, refuses other sites' requests, answers in HTML.

Every section brings a table of routes; a test walks all of them. What a page may load is our own (strict policy).
"""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match
from starlette.routing import Route as PathPattern

from doitong.core.errors import DoitongError, NotFound
from doitong.doors.dashboard.form import Problem
from doitong.doors.dashboard.mailbox import FORWARDED, OLD_HTTP, is_mailbox_here
from doitong.doors.dashboard.navigation import NOTICES, navigation
from doitong.doors.dashboard.origin import is_same_origin
from doitong.doors.dashboard.route import ROOT, Access, Route
from doitong.doors.dashboard.sections import ROUTES
from doitong.doors.dashboard.session_cookie import (
    LANGUAGE,
    LANGUAGE_SECONDS,
    NOTICE,
    SESSION,
    SESSION_SECONDS,
    Cookies,
)
from doitong.doors.dashboard.visit import Visit
from doitong.doors.http.answers import headers_of, internal_error
from doitong.doors.http.asgi import Message, Receive, Scope, Send, call_of
from doitong.doors.http.assets import Assets
from doitong.doors.http.body import ClientGone
from doitong.doors.http.content_policy import content_policy
from doitong.doors.http.negotiation import choose_language
from doitong.members.model import Role, SignedIn
from doitong.members.rules import SEEN_PAUSE
from doitong.words.catalogue import LANGUAGES, NAMES, words

if TYPE_CHECKING:
    from doitong.app import Application

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
_PATTERNS = [(PathPattern(route.path, route.handler, methods=[route.method]), route) for route in ROUTES]
_log = structlog.get_logger("doitong.dashboard")


class DashboardDoor:
    """Every address below `/dashboard`, as an ASGI application."""

    def __init__(self, application: "Application", assets: Assets) -> None:
        settings = application.settings
        self.application = application
        self.cookies = Cookies(is_secure=settings.effective_public_url.startswith("https://"))
        self._templates = {language: _environment(language, assets) for language in LANGUAGES}
        self._headers = {
            "Content-Security-Policy": content_policy(settings.effective_cdn_base_url),
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
            "Vary": "Cookie, Accept-Language",
            "Cross-Origin-Opener-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._answer(request)
        response.headers.update(self._headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        visit = await self._visit(request)
        try:
            response = await self._run(visit)
        except ClientGone:
            raise
        except DoitongError as error:
            response = visit.refusal(error)
            response.headers.update(headers_of(error))
        except Exception:
            _log.exception("request failed", route=visit.call.route, request_id=visit.call.request_id)
            response = visit.refusal(internal_error(visit.call.request_id))
        response.headers["Content-Language"] = visit.language
        self._keep_language(request, response)
        if visit.notice is not None and response.status_code == 200:
            self.cookies.clear(response, NOTICE)
        self._renew(visit, response)
        return response

    def _renew(self, visit: Visit, response: Response) -> None:
        """The cookie's end moves on when the session's does."""
        if not visit.is_signed_in or self.cookies.is_set(response, SESSION):
            return
        secret = self.cookies.read(visit.call, SESSION)
        if secret and self.application.clock.now() - visit.signed_in.session.last_seen_at >= SEEN_PAUSE:
            self.cookies.write(response, SESSION, secret, SESSION_SECONDS)

    def safe_next(self, target: str | None) -> str:
        return safe_next(target)

    def has_mailbox(self, visit: Visit) -> bool:
        client, call = visit.request.client, visit.call
        return is_mailbox_here(
            self.application.settings,
            client.host if client else "",
            call.header("host") or "",
            is_forwarded=visit.request.scope.get("http_version") in OLD_HTTP
            or any(call.header(name) is not None for name in FORWARDED),
        )

    async def _visit(self, request: Request) -> Visit:
        call = call_of(request.scope)
        secret = self.cookies.read(call, SESSION)
        signed_in = await self.application.members.recognise(secret) if secret else None
        notice = self.cookies.read(call, NOTICE)
        call.language = self._language(request, signed_in)
        return Visit(self, request, signed_in, words(call.language), notice if notice in NOTICES else None)

    def _language(self, request: Request, signed_in: SignedIn | None) -> str:
        """Asked for just now, chosen before, the member's own, or what the browser says, in this order."""
        call = call_of(request.scope)
        asked = (request.query_params.get("lang"), self.cookies.read(call, LANGUAGE))
        for language in (*asked, signed_in.member.language if signed_in else None):
            if language in LANGUAGES:
                return str(language)
        return choose_language(call.header("accept-language"))

    def _keep_language(self, request: Request, response: Response) -> None:
        asked = request.query_params.get("lang")
        if asked in LANGUAGES:
            self.cookies.write(response, LANGUAGE, str(asked), LANGUAGE_SECONDS)

    async def _run(self, visit: Visit) -> Response:
        route = self._find(visit.request)
        visit.call.route = ROOT + route.path
        public_url = self.application.settings.effective_public_url
        if route.method != "GET" and not route.is_foreign and not is_same_origin(visit.call, public_url):
            raise DoitongError("CROSS_SITE")
        if route.access is not Access.OPEN:
            if not visit.is_signed_in:
                return self._to_sign_in(visit, route)
            _require(visit.signed_in, route.access)
            self._look_again_at_its_end(visit, route)
        return await route.handler(visit)

    def _look_again_at_its_end(self, visit: Visit, route: Route) -> None:
        """Once a body is whole, its sender is looked up anew: who holds one back keeps no right that ends meanwhile."""
        receive, secret = visit.request.receive, self.cookies.read(visit.call, SESSION) or ""

        async def receive_and_look() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                visit.renew(await self.application.members.recognise(secret))
                _require(visit.signed_in, route.access)
            return message

        if route.method != "GET":
            visit.receive = receive_and_look

    def _find(self, request: Request) -> Route:
        """The row of this visit. Raises 404 and 405."""
        scope = dict(request.scope) | {"path": request.scope["path"].removeprefix(ROOT) or "/", "root_path": ""}
        if scope["method"] == "HEAD":
            scope["method"] = "GET"
        allowed = []
        for pattern, route in _PATTERNS:
            match, found = pattern.matches(scope)
            if match is Match.FULL:
                request.scope["path_params"] = found["path_params"]
                return route
            if match is Match.PARTIAL:
                allowed.append(route.method)
        if allowed:
            raise DoitongError("METHOD_NOT_ALLOWED", allow=", ".join(sorted(allowed)))
        raise NotFound

    def _to_sign_in(self, visit: Visit, route: Route) -> Response:
        """A page sends the visitor to sign in and back; a script is told."""
        if route.method != "GET" or "application/json" in (visit.call.header("accept") or ""):
            raise DoitongError("SIGN_IN_REQUIRED")
        target = visit.request.scope["path"]
        query = visit.request.scope["query_string"].decode("latin-1")
        return RedirectResponse(f"{ROOT}/sign-in?next={quote(target + ('?' + query if query else ''), safe='')}", 303)

    def render(self, visit: Visit, template: str, values: dict[str, Any]) -> str:
        """A template in the visitor's language; every one has these beside its own values."""
        error = values.pop("problem", None)
        return (
            self._templates[visit.language]
            .get_template(template)
            .render(
                {
                    "visit": visit,
                    "words": visit.words,
                    "language": visit.language,
                    "languages": NAMES,
                    "here": visit.request.scope["path"],
                    "navigation": navigation(visit),
                    "notice": visit.words.say(NOTICES[visit.notice]) if visit.notice else None,
                    "now": self.application.clock.now(),
                    "settings": self.application.settings,
                    "problem": Problem(error, visit.language) if isinstance(error, DoitongError) else error,
                    "form": None,
                }
                | values
            )
        )


def _require(signed_in: SignedIn, access: Access) -> None:
    """Raises ACCOUNT_DISABLED, which keeps operators from none of their own pages; ROLE_REQUIRED for a role that is not
    enough. A page of the operator is not there for anybody else."""
    if access is Access.OPERATOR and not signed_in.member.is_operator:
        raise NotFound
    if access in (Access.MEMBER, Access.OWNER) and signed_in.account.is_disabled:
        raise DoitongError("ACCOUNT_DISABLED")
    if access is Access.OWNER and signed_in.role is not Role.OWNER:
        raise DoitongError("ROLE_REQUIRED", role=Role.OWNER.value)


def safe_next(target: str | None) -> str:
    """Where to go after signing in: a page of the dashboard, never another site (`//evil`, `/\\evil`)."""
    try:
        parts = urlsplit(target or "")
    except ValueError:
        return "/"
    is_ours = not parts.scheme and not parts.netloc and (parts.path == ROOT or parts.path.startswith(ROOT + "/"))
    is_plain = all(character.isprintable() and character != "\\" for character in target or "")
    return str(target).removeprefix(ROOT) or "/" if is_ours and is_plain else "/"


@functools.cache
def _environment(language: str, assets: Assets) -> Environment:
    """A process compiles its pages once."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    spoken = words(language)
    environment.globals |= {
        "_": spoken.say,
        "ngettext": spoken.say_many,
        "asset": assets.address,
        "root": ROOT,
    }
    environment.filters |= {"number": spoken.number, "moment": spoken.moment, "day": spoken.day}
    return environment
