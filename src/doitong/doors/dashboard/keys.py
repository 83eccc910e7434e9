"""The page of API keys: make, name, budget, rotate, revoke. A new key is in one answer, and nowhere else."""

from datetime import timedelta
from typing import Any

from starlette.responses import Response

from doitong.core.clock import to_iso
from doitong.core.errors import DoitongError
from doitong.doors.dashboard.form import Form
from doitong.doors.dashboard.route import Route
from doitong.doors.dashboard.visit import Visit
from doitong.doors.http.values import Values
from doitong.keys.model import CUSTOMER_SCOPES, ApiKey, Scope
from doitong.keys.rules import next_month
from doitong.words.catalogue import N_

SCOPES = (
    (Scope.GENERATIONS_WRITE, N_("Make and cancel films")),
    (Scope.GENERATIONS_READ, N_("See films")),
    (Scope.ACCOUNT_READ, N_("See the account, credits and limits")),
    (Scope.KEYS_WRITE, N_("Make and revoke keys")),
    (Scope.WEBHOOKS_WRITE, N_("Set up webhooks and alerts")),
)
EXPIRIES = (("", N_("Never")), ("30", N_("In 30 days")), ("90", N_("In 90 days")), ("365", N_("In a year")))
OVERLAPS = (
    ("0", N_("At once")),
    ("3600", N_("In an hour")),
    ("86400", N_("In 24 hours")),
    ("604800", N_("In 7 days")),
)


async def show_keys(visit: Visit) -> Response:
    return await _list(visit)


async def _list(visit: Visit, status: int = 200, **values: Any) -> Response:
    visit.caller.require(Scope.ACCOUNT_READ)
    query = visit.query()
    page = await visit.application.keys.list(visit.account_id, first=query.first(), after=query.after())
    now = visit.application.clock.now()
    return visit.page(
        "keys.html",
        status,
        rows=[_row(visit, key) for key in page.keys],
        next_after=page.next_after,
        is_first=query.after() is None,
        resets_at=next_month(now),
        **_choices(visit),
        **values,
    )


def _choices(visit: Visit) -> dict[str, Any]:
    say = visit.words.say
    may = visit.caller.scopes
    return {
        "may_write": Scope.KEYS_WRITE.value in may,
        "scopes": [(scope.value, say(text)) for scope, text in SCOPES if scope.value in may & CUSTOMER_SCOPES],
        "expiries": [(value, say(text)) for value, text in EXPIRIES],
        "overlaps": [(value, say(text)) for value, text in OVERLAPS],
    }


def _row(visit: Visit, key: ApiKey) -> dict[str, Any]:
    now = visit.application.clock.now()
    if key.revoked_at:
        state, label = "revoked", visit.words.say("revoked")
    elif not key.is_active(now):
        state, label = "expired", visit.words.say("expired")
    else:
        state, label = "active", visit.words.say("active")
    return {"key": key, "state": state, "label": label, "scopes": sorted(key.scopes)}


async def create_key(visit: Visit) -> Response:
    form = await visit.form()
    try:
        made = await visit.operations.create_key(_new_key(visit, form))
    except DoitongError as error:
        return await _list(visit, error.status, problem=error, form=form, ticked=form.all("scopes"))
    return _shown_once(visit, made)


def _new_key(visit: Visit, form: Form) -> Values:
    """What the form says, as the API takes it. Raises InvalidParameter."""
    days = form.whole("expires", 1, 3660)
    expires_at = to_iso(visit.application.clock.now() + timedelta(days=days)) if days else None
    return Values(
        {
            "name": form.get("name").strip() or None,
            "scopes": form.all("scopes"),
            "expiresAt": expires_at,
            "monthlyBudget": form.get("monthlyBudget").strip() or None,
        }
    )


def _shown_once(visit: Visit, made: dict[str, Any]) -> Response:
    settings = visit.application.settings
    return visit.page(
        "key_made.html",
        made=made["key"],
        secret=made["secret"],
        address=settings.effective_public_url,
        may_generate=Scope.GENERATIONS_WRITE.value in made["key"]["scopes"],
    )


async def show_key(visit: Visit) -> Response:
    return await _one(visit)


async def _one(visit: Visit, status: int = 200, **values: Any) -> Response:
    visit.caller.require(Scope.ACCOUNT_READ)
    key = await visit.application.keys.get(visit.account_id, visit.id())
    resets_at = next_month(visit.application.clock.now())
    return visit.page("key.html", status, row=_row(visit, key), resets_at=resets_at, **_choices(visit), **values)


async def update_key(visit: Visit) -> Response:
    form = await visit.form()
    change = {"name": form.get("name").strip(), "monthlyBudget": form.get("monthlyBudget").strip() or None}
    try:
        await visit.operations.update_key(visit.id(), Values(change))
    except DoitongError as error:
        if error.status == 404:
            raise
        return await _one(visit, error.status, problem=error, form=form)
    return visit.go("/keys", "saved")


async def rotate_key(visit: Visit) -> Response:
    form = await visit.form()
    try:
        made = await visit.operations.rotate_key(visit.id(), Values({"overlapSeconds": form.get("overlap") or "0"}))
    except DoitongError as error:
        if error.status == 404:
            raise
        return await _one(visit, error.status, problem=error)
    return _shown_once(visit, made)


async def revoke_key(visit: Visit) -> Response:
    await visit.operations.revoke_key(visit.id())
    return visit.go("/keys", "key_revoked")


ROUTES = (
    Route("GET", "/keys", show_keys),
    Route("POST", "/keys", create_key),
    Route("GET", "/keys/{id}", show_key),
    Route("POST", "/keys/{id}", update_key),
    Route("POST", "/keys/{id}/rotate", rotate_key),
    Route("POST", "/keys/{id}/revoke", revoke_key),
)
