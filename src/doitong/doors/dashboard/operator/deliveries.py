"""Webhooks of all accounts that were not delivered, and sending them again."""

from starlette.responses import Response

from doitong.doors.dashboard import webhook_words
from doitong.doors.dashboard.route import ROOT, Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.doors.dashboard.webhooks import pretty

ROWS = 30


async def list_failed(visit: Visit) -> Response:
    page = await visit.application.webhooks.list_failed(visit.query().after(), ROWS)
    return visit.page(
        "operator_deliveries.html",
        deliveries=page.items,
        labels=webhook_words,
        next_href=f"{ROOT}/operator/deliveries?after={page.next_cursor}" if page.next_cursor else None,
    )


async def show_delivery(visit: Visit) -> Response:
    delivery_id = visit.id()
    account_id = await visit.application.oversight.account_of_delivery(delivery_id)
    detail = await visit.application.webhooks.get_delivery(account_id, delivery_id)
    return visit.page(
        "operator_delivery.html",
        detail=detail,
        delivery=detail.delivery,
        body=pretty(detail),
        labels=webhook_words,
        may_change=True,
    )


async def resend(visit: Visit) -> Response:
    delivery_id = visit.id()
    account_id = await visit.application.oversight.account_of_delivery(delivery_id)
    delivery = await visit.application.webhooks.resend(account_id, delivery_id, actor=visit.caller.actor)
    return visit.go(f"/operator/deliveries/{delivery.id}", "resent")


ROUTES = (
    Route("GET", "/operator/deliveries", list_failed, Access.OPERATOR),
    Route("GET", "/operator/deliveries/{id}", show_delivery, Access.OPERATOR),
    Route("POST", "/operator/deliveries/{id}/resend", resend, Access.OPERATOR),
)
