"""Coming in and going out: sign in and out, sign up and its proof, a forgotten password, an invitation.

What comes by a link in a mail is shown by GET and done by POST: programs that scan mail follow links. Answers are the
same for addresses that are known and that are not.
"""

from starlette.responses import Response

from doitong.core.errors import DoitongError
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.session_cookie import SESSION, SESSION_SECONDS, SIGN_UP, SIGN_UP_SECONDS
from doitong.doors.dashboard.visit import Visit
from doitong.members.model import Browser, NewSession, PendingSignUp
from doitong.members.rules import email_key

TEXT_MAX = 300
SECRET_MAX = 100


def browser_of(visit: Visit) -> Browser:
    client = visit.request.client
    return Browser(client.host if client else "", visit.call.header("user-agent") or "")


async def enter(visit: Visit, new: NewSession, path: str, notice: str | None = None) -> Response:
    """Into the dashboard with a new session; one that the browser had before is ended."""
    old = visit.door.cookies.read(visit.call, SESSION)
    if old is not None:
        await visit.application.members.end_secret(old)
    response = visit.go(path, notice)
    visit.door.cookies.write(response, SESSION, new.secret, SESSION_SECONDS)
    return response


# sign in and out


async def show_sign_in(visit: Visit) -> Response:
    if visit.is_signed_in:
        return visit.go(visit.safe_next(visit.query().text("next", 2000)))
    return _sign_in_page(visit)


def _sign_in_page(visit: Visit, status: int = 200, **values: object) -> Response:
    target = str(values.pop("next", None) or visit.request.query_params.get("next", ""))[:2000]
    return visit.page("sign_in.html", status, next=target, **values)


async def sign_in(visit: Visit) -> Response:
    form = await visit.form()
    try:
        new = await visit.application.members.sign_in(
            form.required_text("email", TEXT_MAX), form.get("password"), browser_of(visit)
        )
    except DoitongError as error:
        response = _sign_in_page(visit, error.status, next=form.get("next"), problem=error, form=form)
        return visit.with_headers_of(response, error)
    return await enter(visit, new, visit.safe_next(form.get("next")))


async def sign_out(visit: Visit) -> Response:
    await visit.application.members.sign_out(visit.signed_in)
    return leave(visit, "signed_out")


def leave(visit: Visit, notice: str) -> Response:
    """Out of the dashboard. The browser forgets what pages kept, the studio's key too: by this header over https, and
    by the script of the sign-in page everywhere. The chosen language and the notice are cookies, which stay."""
    response = visit.go("/sign-in", notice)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    visit.door.cookies.clear(response, SESSION)
    return response


# sign up


async def show_sign_up(visit: Visit) -> Response:
    return visit.go("/") if visit.is_signed_in else visit.page("sign_up.html")


async def sign_up(visit: Visit) -> Response:
    form = await visit.form()
    try:
        own = await visit.application.registration.sign_up(
            form.required_text("email", TEXT_MAX),
            form.get("password"),
            browser_of(visit),
            name=form.text("name", TEXT_MAX) or "",
            language=visit.language,
            account_name=form.text("account_name", TEXT_MAX) or "",
        )
    except DoitongError as error:
        return visit.with_headers_of(visit.page("sign_up.html", error.status, problem=error, form=form), error)
    response = visit.go("/sign-up/sent")
    visit.door.cookies.write(response, SIGN_UP, own, SIGN_UP_SECONDS)
    return response


async def show_sent(visit: Visit) -> Response:
    return visit.page("sent.html", what="sign_up", has_mailbox=visit.has_mailbox)


async def show_verify(visit: Visit) -> Response:
    code = _code(visit)
    pending = await visit.application.registration.find_sign_up(code)
    return _verify_page(visit, code, pending.email, _is_own(visit, pending))


def _is_own(visit: Visit, pending: PendingSignUp) -> bool:
    own = visit.door.cookies.read(visit.call, SIGN_UP)
    return visit.application.registration.is_same_browser(pending, own)


def _verify_page(visit: Visit, code: str, email: str, is_own: bool, status: int = 200, **values: object) -> Response:
    return visit.page("verify.html", status, code=code, email=email, is_own=is_own, **values)


async def verify(visit: Visit) -> Response:
    form = await visit.form()
    code, registration = form.get("code")[:SECRET_MAX], visit.application.registration
    own = visit.door.cookies.read(visit.call, SIGN_UP)
    pending = await registration.find_sign_up(code)
    try:
        new = await registration.verify(code, own, form.get("password"), browser_of(visit))
    except DoitongError as error:
        is_own = _is_own(visit, pending)
        page = _verify_page(visit, code, pending.email, is_own, error.status, problem=error, form=form)
        return visit.with_headers_of(page, error)
    response = await enter(visit, new, "/studio", "welcome")
    visit.door.cookies.clear(response, SIGN_UP)
    return response


# a forgotten password


async def show_forgot(visit: Visit) -> Response:
    return visit.page("forgot.html")


async def forgot(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await visit.application.registration.forgot(form.required_text("email", TEXT_MAX), browser_of(visit))
    except DoitongError as error:
        return visit.with_headers_of(visit.page("forgot.html", error.status, problem=error, form=form), error)
    return visit.go("/forgot/sent")


async def show_forgot_sent(visit: Visit) -> Response:
    return visit.page("sent.html", what="reset", has_mailbox=visit.has_mailbox)


async def show_reset(visit: Visit) -> Response:
    code = _code(visit)
    token = await visit.application.registration.find_reset(code)
    return visit.page("reset.html", code=code, email=token.email)


async def reset(visit: Visit) -> Response:
    form = await visit.form()
    code, registration = form.get("code")[:SECRET_MAX], visit.application.registration
    token = await registration.find_reset(code)
    try:
        new = await registration.reset(code, form.get("password"), browser_of(visit))
    except DoitongError as error:
        return visit.page("reset.html", error.status, code=code, email=token.email, problem=error, form=form)
    return await enter(visit, new, "/studio", "password_changed")


# a new address, an invitation


async def show_confirm_email(visit: Visit) -> Response:
    code = _code(visit)
    token = await visit.application.registration.find_change(code)
    return visit.page("confirm_email.html", code=code, email=token.email)


async def confirm_email(visit: Visit) -> Response:
    form = await visit.form()
    await visit.application.registration.confirm_email(form.get("code")[:SECRET_MAX])
    return visit.go("/profile" if visit.is_signed_in else "/sign-in", "email_changed")


async def show_invitation(visit: Visit) -> Response:
    return await _invitation_page(visit, _code(visit))


async def _invitation_page(visit: Visit, code: str, status: int = 200, **values: object) -> Response:
    invitation = await visit.application.team.find_invitation(code)
    is_theirs = visit.is_signed_in and email_key(visit.signed_in.member.email) == email_key(invitation.email)
    here = f"/dashboard/invitation?code={code}"
    return visit.page(
        "invitation.html", status, code=code, invitation=invitation, is_theirs=is_theirs, here_again=here, **values
    )


async def accept_invitation(visit: Visit) -> Response:
    form = await visit.form()
    code, team = form.get("code")[:SECRET_MAX], visit.application.team
    try:
        if visit.is_signed_in:
            await team.accept(visit.signed_in, code)
            return visit.go("/studio", "joined")
        new = await team.accept_as_new(
            code,
            form.get("password"),
            browser_of(visit),
            name=form.text("name", TEXT_MAX) or "",
            language=visit.language,
        )
    except DoitongError as error:
        return await _invitation_page(visit, code, error.status, problem=error, form=form)
    return await enter(visit, new, "/studio", "joined")


def _code(visit: Visit) -> str:
    return visit.request.query_params.get("code", "")[:SECRET_MAX]


ROUTES = (
    Route("GET", "/sign-in", show_sign_in, Access.OPEN),
    Route("POST", "/sign-in", sign_in, Access.OPEN),
    Route("POST", "/sign-out", sign_out, Access.PERSON),
    Route("GET", "/sign-up", show_sign_up, Access.OPEN),
    Route("POST", "/sign-up", sign_up, Access.OPEN),
    Route("GET", "/sign-up/sent", show_sent, Access.OPEN),
    Route("GET", "/verify", show_verify, Access.OPEN),
    Route("POST", "/verify", verify, Access.OPEN),
    Route("GET", "/forgot", show_forgot, Access.OPEN),
    Route("POST", "/forgot", forgot, Access.OPEN),
    Route("GET", "/forgot/sent", show_forgot_sent, Access.OPEN),
    Route("GET", "/reset", show_reset, Access.OPEN),
    Route("POST", "/reset", reset, Access.OPEN),
    Route("GET", "/confirm-email", show_confirm_email, Access.OPEN),
    Route("POST", "/confirm-email", confirm_email, Access.OPEN),
    Route("GET", "/invitation", show_invitation, Access.OPEN),
    Route("POST", "/invitation", accept_invitation, Access.OPEN),
)
