"""Where Stripe's webhooks arrive: from another site by design, proven by their signature."""

from starlette.responses import JSONResponse, Response

from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.doors.http.body import read_body

BODY_BYTES_MAXIMUM = 256 * 1024


async def hear_stripe(visit: Visit) -> Response:
    """200 for what is done, or is nothing to us; 400 for what Stripe did not sign; Stripe repeats the rest."""
    body = await read_body(visit.call, visit.request.receive, BODY_BYTES_MAXIMUM)
    await visit.application.payments.hear(body, visit.call.header("stripe-signature"))
    return JSONResponse({"received": True})


ROUTES = (Route("POST", "/stripe", hear_stripe, Access.OPEN, is_foreign=True),)
