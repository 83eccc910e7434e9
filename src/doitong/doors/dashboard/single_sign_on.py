"""Signing in elsewhere: to the issuer and back.

Both are GET: a form could not lead to another site under our policy, and the issuer sends people back by a link. What
comes back counts only together with the cookie that the way there left, once.
"""

import base64
import binascii
import hmac

from starlette.responses import RedirectResponse, Response

from doitong.core.errors import DoitongError, NotFound, rule
from doitong.doors.dashboard.entrance import browser_of, enter
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.session_cookie import SIGN_IN_ELSEWHERE, SIGN_IN_ELSEWHERE_SECONDS
from doitong.doors.dashboard.visit import Visit
from doitong.members.flow import Flow
from doitong.members.single_sign_on import SingleSignOn

NEXT_MAX = 100
CODE_MAX = 4000
STATE_WRONG = rule("the sign-in was begun in another browser, or long ago", "prijava se je začela drugje ali davno")
REFUSED = rule("it was refused there", "tam je bila zavrnjena")


def _service(visit: Visit) -> SingleSignOn:
    found = visit.application.single_sign_on
    if found is None:
        raise NotFound
    return found


async def leave(visit: Visit) -> Response:
    """To the issuer."""
    service = _service(visit)
    flow = service.new_flow()
    response = RedirectResponse(await service.issuer.authorization_url(flow), 303)
    target = visit.request.query_params.get("next", "")
    kept = base64.urlsafe_b64encode(target.encode()).rstrip(b"=").decode() if len(target) <= NEXT_MAX else ""
    visit.door.cookies.write(response, SIGN_IN_ELSEWHERE, f"{flow.secret}.{kept}", SIGN_IN_ELSEWHERE_SECONDS)
    return response


async def come_back(visit: Visit) -> Response:
    """From the issuer, with a code or a refusal."""
    try:
        response = await _come_back(visit)
    except DoitongError as error:
        response = visit.refusal(error)
    visit.door.cookies.clear(response, SIGN_IN_ELSEWHERE)
    return response


async def _come_back(visit: Visit) -> Response:
    service, asked = _service(visit), visit.request.query_params
    secret, _, kept = (visit.door.cookies.read(visit.call, SIGN_IN_ELSEWHERE) or "").partition(".")
    flow = Flow(secret)
    if not secret or not hmac.compare_digest(flow.state.encode(), asked.get("state", "").encode()):
        raise service.issuer.failed(STATE_WRONG)
    code = asked.get("code", "")
    if not 1 <= len(code) <= CODE_MAX:
        raise service.issuer.failed(REFUSED)
    new = await service.sign_in(code, flow, browser_of(visit), visit.language)
    return await enter(visit, new, visit.safe_next(_target(kept)))


def _target(kept: str) -> str:
    try:
        return base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


ROUTES = (
    Route("GET", "/sign-in/oidc", leave, Access.OPEN),
    Route("GET", "/sign-in/oidc/callback", come_back, Access.OPEN),
)
