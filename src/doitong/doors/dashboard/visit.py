"""One visit of the dashboard: who comes, in which language, what was sent, and how it is answered."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from doitong.core.errors import DoitongError, NotFound
from doitong.core.ids import is_id
from doitong.doors.dashboard.form import Form, Problem, read_form
from doitong.doors.dashboard.route import ROOT
from doitong.doors.dashboard.session_cookie import NOTICE, NOTICE_SECONDS
from doitong.doors.http.answers import headers_of
from doitong.doors.http.asgi import Call, Receive, call_of
from doitong.doors.http.operations import Operations
from doitong.doors.http.values import Values
from doitong.keys.model import Caller
from doitong.members.model import Role, SignedIn
from doitong.words.catalogue import Words

if TYPE_CHECKING:
    from doitong.app import Application
    from doitong.doors.dashboard.door import DashboardDoor


class Visit:
    """What a handler works with."""

    def __init__(
        self, door: "DashboardDoor", request: Request, signed_in: SignedIn | None, words: Words, notice: str | None
    ) -> None:
        self.door, self.request, self.words, self.notice = door, request, words, notice
        self.call: Call = call_of(request.scope)
        self.receive: Receive = request.receive  # where a handler reads the body
        self._signed_in = signed_in

    @property
    def application(self) -> "Application":
        return self.door.application

    @property
    def language(self) -> str:
        return self.words.language

    @property
    def is_signed_in(self) -> bool:
        return self._signed_in is not None

    @property
    def signed_in(self) -> SignedIn:
        assert self._signed_in is not None, "nobody is signed in on an open page"
        return self._signed_in

    def renew(self, signed_in: SignedIn | None) -> None:
        """The same visitor as they are now. Raises SIGN_IN_REQUIRED for one who has gone, or looks elsewhere now."""
        if signed_in is None or signed_in.account.id != self.account_id:
            raise DoitongError("SIGN_IN_REQUIRED")
        self._signed_in = signed_in

    @property
    def caller(self) -> Caller:
        return self.signed_in.caller

    @property
    def account_id(self) -> str:
        return self.signed_in.account.id

    @property
    def is_owner(self) -> bool:
        return self._signed_in is not None and self._signed_in.role is Role.OWNER

    @property
    def operations(self) -> Operations:
        """The use cases of this member, the same that GraphQL and REST have."""
        return Operations(self.application, self.caller, self.call)

    def id(self, name: str = "id") -> str:
        """An id in the path. Raises NotFound for what cannot be one."""
        found = str(self.request.path_params[name])
        if not is_id(found):
            raise NotFound
        return found

    def query(self) -> Values:
        """The query string, blanks left out; of a repeated name the last counts."""
        return Values({name: value for name, value in self.request.query_params.items() if value.strip()})

    def safe_next(self, target: str | None) -> str:
        """Where to go after signing in, below the dashboard."""
        return self.door.safe_next(target)

    def language_link(self, language: str) -> str:
        """This page in another language, with everything else that was asked for."""
        kept = [(name, value) for name, value in self.request.query_params.multi_items() if name != "lang"]
        return "?" + urlencode([*kept, ("lang", language)])

    @property
    def has_mailbox(self) -> bool:
        """Whether mails are shown to this visitor: on one's own machine without a mail server."""
        return self.door.has_mailbox(self)

    async def form(self) -> Form:
        return await read_form(self.call, self.receive)

    # answers

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A whole page, or with a name such as `_rows.html` a piece of one."""
        return HTMLResponse(self.door.render(self, template, values), status)

    def go(self, path: str, notice: str | None = None) -> Response:
        """To another page of the dashboard (303); `notice` is a message of NOTICES, shown there once."""
        response = RedirectResponse(ROOT + path, 303)
        if notice is not None:
            self.door.cookies.write(response, NOTICE, notice, NOTICE_SECONDS)
        return response

    def problem(self, error: DoitongError) -> Problem:
        """An error as one form of a page shows it."""
        return Problem(error, self.language)

    def with_headers_of(self, response: Response, error: DoitongError) -> Response:
        """A page about an error, with the headers that belong to it (`Retry-After`)."""
        response.headers.update(headers_of(error))
        return response

    def json(self, value: Any, status: int = 200) -> Response:
        """For a page's own script."""
        return JSONResponse(value, status)

    def refusal(self, error: DoitongError) -> Response:
        """An error as what asked for it reads it: a page, or the documented body for a script."""
        if "application/json" in (self.call.header("accept") or ""):
            return JSONResponse(error.to_body(self.language), error.status)
        template = "account_disabled.html" if error.code == "ACCOUNT_DISABLED" else "error.html"
        return self.page(template, error.status, error=error, message=error.message(self.language))
