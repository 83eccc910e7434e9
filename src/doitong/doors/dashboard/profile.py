"""Profile and security: name, language, address, password, sessions; and the accounts of a member."""

from starlette.responses import Response

from doitong.core.errors import DoitongError
from doitong.doors.dashboard.agents import describe_agent
from doitong.doors.dashboard.entrance import browser_of
from doitong.doors.dashboard.form import Form
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.session_cookie import LANGUAGE, LANGUAGE_SECONDS
from doitong.doors.dashboard.visit import Visit

TEXT_MAX = 300
PARTS = ("profile", "email", "password")  # forms of one page


async def show_profile(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, error: DoitongError | None = None, form: Form | None = None, part: str = "") -> Response:
    """`part` is the form that `error` is about: its fields keep what was typed."""
    sessions = await visit.application.members.list_sessions(visit.signed_in.member.id)
    page = visit.page(
        "profile.html",
        error.status if error else 200,
        sessions=[(item, describe_agent(item.agent)) for item in sessions],
        problems=dict.fromkeys(PARTS) | ({part: visit.problem(error)} if error else {}),
        forms=dict.fromkeys(PARTS) | ({part: form} if form else {}),
    )
    return visit.with_headers_of(page, error) if error else page


async def save_profile(visit: Visit) -> Response:
    form = await visit.form()
    language = form.get("language") or visit.signed_in.member.language
    try:
        name = form.text("name", TEXT_MAX) or ""
        await visit.application.members.set_profile(visit.signed_in, name, language)
    except DoitongError as error:
        return await _page(visit, error, form, "profile")
    response = visit.go("/profile", "saved")
    visit.door.cookies.write(response, LANGUAGE, language, LANGUAGE_SECONDS)
    return response


async def change_email(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await visit.application.registration.change_email(
            visit.signed_in, form.required_text("email", TEXT_MAX), form.get("password"), browser_of(visit)
        )
    except DoitongError as error:
        return await _page(visit, error, form, "email")
    return visit.go("/profile", "email_asked")


async def change_password(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await visit.application.members.change_password(
            visit.signed_in, form.get("current_password"), form.get("new_password")
        )
    except DoitongError as error:
        return await _page(visit, error, form, "password")
    return visit.go("/profile", "password_changed")


async def end_session(visit: Visit) -> Response:
    await visit.application.members.end_session(visit.signed_in, visit.id())
    return visit.go("/profile", "session_ended")


async def end_other_sessions(visit: Visit) -> Response:
    await visit.application.members.end_other_sessions(visit.signed_in)
    return visit.go("/profile", "sessions_ended")


# accounts


async def show_accounts(visit: Visit) -> Response:
    return await _accounts_page(visit)


async def _accounts_page(visit: Visit, status: int = 200, **values: object) -> Response:
    belongings = await visit.application.members.list_belongings(visit.signed_in.member.id)
    return visit.page("accounts.html", status, belongings=belongings, **values)


async def create_account(visit: Visit) -> Response:
    form = await visit.form()
    try:
        name = form.required_text("name", TEXT_MAX)
        await visit.application.members.create_account(visit.signed_in, name)
    except DoitongError as error:
        return await _accounts_page(visit, error.status, problem=error, form=form)
    return visit.go("/studio", "own_account_created")


async def switch_account(visit: Visit) -> Response:
    await visit.application.members.switch_account(visit.signed_in, visit.id())
    return visit.go("/studio", "account_switched")


ROUTES = (
    Route("GET", "/profile", show_profile),
    Route("POST", "/profile", save_profile),
    Route("POST", "/profile/email", change_email),
    Route("POST", "/profile/password", change_password),
    Route("POST", "/profile/sessions/{id}/end", end_session),
    Route("POST", "/profile/sessions/end-others", end_other_sessions),
    Route("GET", "/accounts", show_accounts, Access.PERSON),
    Route("POST", "/accounts", create_account),
    Route("POST", "/accounts/{id}/switch", switch_account, Access.PERSON),
)
