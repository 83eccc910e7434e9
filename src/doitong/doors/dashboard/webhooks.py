"""Webhooks: an account's endpoints, the secret that signs, and the log of deliveries with every try."""

from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.responses import Response

from doitong.core.errors import DoitongError
from doitong.doors.dashboard import webhook_words
from doitong.doors.dashboard.form import Form
from doitong.doors.dashboard.route import ROOT, Route
from doitong.doors.dashboard.visit import Visit
from doitong.doors.http.values import Values
from doitong.keys.model import Scope
from doitong.webhooks.model import ENDED_EVENTS, DeliveryDetail, DeliveryFilter, DeliveryState, Endpoint
from doitong.webhooks.rules import MAX_ENDPOINTS

ROWS = 30
FILTERS = ("state", "endpoint", "generation")


def may_change(visit: Visit) -> bool:
    return Scope.WEBHOOKS_WRITE in visit.caller.scopes


# endpoints


async def show_webhooks(visit: Visit) -> Response:
    return await _webhooks_page(visit)


async def _webhooks_page(visit: Visit, status: int = 200, **values: Any) -> Response:
    visit.caller.require(Scope.ACCOUNT_READ)
    webhooks = visit.application.webhooks
    endpoints = await webhooks.list_endpoints(visit.account_id)
    latest = await webhooks.list_deliveries(visit.account_id, limit=5)
    return visit.page(
        "webhooks.html",
        status,
        endpoints=endpoints,
        latest=latest.items,
        labels=webhook_words,
        may_change=may_change(visit),
        maximum=MAX_ENDPOINTS,
        **({"chosen": [event.value for event in ENDED_EVENTS]} | values),
    )


async def create_endpoint(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await visit.operations.create_endpoint(_terms(form))
    except DoitongError as error:
        return await _webhooks_page(visit, error.status, problem=error, form=form, chosen=form.all("events"))
    return visit.go("/webhooks", "endpoint_created")


def _terms(form: Form) -> Values:
    """A form's endpoint as the API reads it; an empty description is one."""
    given: dict[str, Any] = {"events": form.all("events"), "description": form.get("description").strip()}
    if url := form.get("url").strip():
        given["url"] = url
    return Values(given)


async def show_endpoint(visit: Visit) -> Response:
    visit.caller.require(Scope.ACCOUNT_READ)
    endpoint = await visit.application.webhooks.get_endpoint(visit.account_id, visit.id())
    return await _endpoint_page(visit, endpoint)


async def _endpoint_page(visit: Visit, endpoint: Endpoint, status: int = 200, **values: Any) -> Response:
    wanted = DeliveryFilter(endpoint_id=endpoint.id)
    latest = await visit.application.webhooks.list_deliveries(visit.account_id, wanted, limit=10)
    return visit.page(
        "webhook_endpoint.html",
        status,
        endpoint=endpoint,
        latest=latest.items,
        labels=webhook_words,
        may_change=may_change(visit),
        **({"chosen": [event.value for event in endpoint.events]} | values),
    )


async def update_endpoint(visit: Visit) -> Response:
    form, endpoint_id = await visit.form(), visit.id()
    try:
        await visit.operations.update_endpoint(endpoint_id, _terms(form))
    except DoitongError as error:
        if error.status == 404:
            raise
        endpoint = await visit.application.webhooks.get_endpoint(visit.account_id, endpoint_id)
        return await _endpoint_page(visit, endpoint, error.status, problem=error, form=form, chosen=form.all("events"))
    return visit.go(f"/webhooks/endpoints/{endpoint_id}", "saved")


async def enable_endpoint(visit: Visit) -> Response:
    await visit.operations.update_endpoint(visit.id(), Values({"isEnabled": True}))
    return visit.go(f"/webhooks/endpoints/{visit.id()}", "endpoint_enabled")


async def disable_endpoint(visit: Visit) -> Response:
    await visit.operations.update_endpoint(visit.id(), Values({"isEnabled": False}))
    return visit.go(f"/webhooks/endpoints/{visit.id()}", "endpoint_disabled")


async def delete_endpoint(visit: Visit) -> Response:
    await visit.operations.delete_endpoint(visit.id())
    return visit.go("/webhooks", "endpoint_deleted")


async def send_test(visit: Visit) -> Response:
    """Sends the example; its delivery's page shows how it fares."""
    delivery = await visit.operations.send_test_event(visit.id())
    return visit.go(f"/webhooks/deliveries/{delivery['id']}", "test_sent")


# the secret


async def show_signing(visit: Visit) -> Response:
    """The secret stands in the page only when it was asked for."""
    visit.caller.require(Scope.ACCOUNT_READ)
    is_shown = may_change(visit) and visit.query().text("show", 10) == "secret"
    secrets = await visit.application.accounts.signing_secrets(visit.account_id)
    is_overlapping = len(secrets.active(visit.application.clock.now())) > 1
    return visit.page(
        "webhook_signing.html",
        secret=secrets.current if is_shown else None,
        previous=secrets.previous if is_shown and is_overlapping else None,
        previous_until=secrets.previous_until if is_overlapping else None,
        may_change=may_change(visit),
        samples=webhook_words,
    )


async def rotate_secret(visit: Visit) -> Response:
    await visit.operations.rotate_signing_secret()
    return visit.go("/webhooks/signing?show=secret", "secret_rotated")


# deliveries


async def list_deliveries(visit: Visit) -> Response:
    return await _deliveries_page(visit)


async def _deliveries_page(visit: Visit, status: int = 200, **values: Any) -> Response:
    visit.caller.require(Scope.ACCOUNT_READ)
    query, webhooks = visit.query(), visit.application.webhooks
    wanted = DeliveryFilter(
        generation_id=query.text("generation", 64),
        endpoint_id=query.text("endpoint", 64),
        state=query.choice("state", DeliveryState),
    )
    page = await webhooks.list_deliveries(visit.account_id, wanted, query.after(), ROWS)
    chosen = {name: query.text(name, 64) or "" for name in FILTERS}
    return visit.page(
        "deliveries.html",
        status,
        deliveries=page.items,
        next_href=older(f"{ROOT}/webhooks/deliveries", chosen, page.next_cursor),
        chosen=chosen,
        endpoints=await webhooks.list_endpoints(visit.account_id),
        labels=webhook_words,
        may_change=may_change(visit),
        **values,
    )


def older(path: str, chosen: dict[str, str], cursor: str | None) -> str | None:
    """The address of the page after this one, with the same filters."""
    if cursor is None:
        return None
    return f"{path}?{urlencode({name: value for name, value in chosen.items() if value} | {'after': cursor})}"


async def show_delivery(visit: Visit) -> Response:
    visit.caller.require(Scope.ACCOUNT_READ)
    detail = await visit.application.webhooks.get_delivery(visit.account_id, visit.id())
    return visit.page(
        "delivery.html",
        detail=detail,
        delivery=detail.delivery,
        body=pretty(detail),
        labels=webhook_words,
        may_change=may_change(visit),
    )


def pretty(detail: DeliveryDetail) -> str:
    """The body to be read; what is sent has no spaces."""
    try:
        return orjson.dumps(orjson.loads(detail.body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return detail.body


async def resend_delivery(visit: Visit) -> Response:
    delivery = await visit.operations.resend_delivery(visit.id())
    return visit.go(f"/webhooks/deliveries/{delivery['id']}", "resent")


async def resend_range(visit: Visit) -> Response:
    """Failed ones of whole days (UTC), the last one included; at most 500 at a time."""
    form = await visit.form()
    try:
        since, until = _day(form, "since", time.min), _day(form, "until", time.max)
        found = await visit.operations.resend_failed(Values({"since": since, "until": until}))
    except DoitongError as error:
        return await _deliveries_page(visit, error.status, problem=error, form=form)
    notice = "resent_some" if found["hasMore"] else "resent_range" if found["count"] else "resent_none"
    return visit.go("/webhooks/deliveries", notice)


def _day(form: Form, name: str, end: time) -> str:
    """A day of a form, from its beginning or to its end."""
    return datetime.combine(form.required_moment(name).date(), end, UTC).isoformat()


ROUTES = (
    Route("GET", "/webhooks", show_webhooks),
    Route("POST", "/webhooks", create_endpoint),
    Route("GET", "/webhooks/endpoints/{id}", show_endpoint),
    Route("POST", "/webhooks/endpoints/{id}", update_endpoint),
    Route("POST", "/webhooks/endpoints/{id}/enable", enable_endpoint),
    Route("POST", "/webhooks/endpoints/{id}/disable", disable_endpoint),
    Route("POST", "/webhooks/endpoints/{id}/delete", delete_endpoint),
    Route("POST", "/webhooks/endpoints/{id}/test", send_test),
    Route("GET", "/webhooks/signing", show_signing),
    Route("POST", "/webhooks/signing/rotate", rotate_secret),
    Route("GET", "/webhooks/deliveries", list_deliveries),
    Route("POST", "/webhooks/deliveries/resend", resend_range),
    Route("GET", "/webhooks/deliveries/{id}", show_delivery),
    Route("POST", "/webhooks/deliveries/{id}/resend", resend_delivery),
)
