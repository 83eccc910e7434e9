"""Accounts of the installation: find, make, look into, set the plan and its exceptions, switch off and on."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from doitong.accounts.rules import LIMIT_MAX
from doitong.core.errors import DoitongError, InvalidParameter, whole_number
from doitong.doors.dashboard.credits import KINDS
from doitong.doors.dashboard.form import Form
from doitong.doors.dashboard.operator.confirmation import ask, is_confirmed
from doitong.doors.dashboard.route import ROOT, Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.plans.model import OVERRIDABLE, PLANS, plan_of
from doitong.words.catalogue import N_

ROWS, LATEST = 30, 8
LIMITS = {
    "generations_per_minute": N_("Generations a minute"),
    "job_slots": N_("Jobs at once"),
    "generations_per_day": N_("Generations a day"),
    "reads_per_minute": N_("Reads a minute"),
    "backlog": N_("Waiting at most"),
    "weight": N_("Weight among accounts"),
}
UNLIMITED = "unlimited"


async def list_accounts(visit: Visit) -> Response:
    return await _list_page(visit)


async def _list_page(visit: Visit, status: int = 200, **values: Any) -> Response:
    query = visit.query()
    text = query.text("q", 254) or ""
    page = await visit.application.oversight.accounts(text, ROWS, query.after())
    older = urlencode({"q": text, "after": page.next_before}) if page.next_before else None
    return visit.page(
        "operator_accounts.html",
        status,
        rows=page.rows,
        q=text,
        plans=list(PLANS),
        next_href=f"{ROOT}/operator/accounts?{older}" if older else None,
        **values,
    )


async def create_account(visit: Visit) -> Response:
    form = await visit.form()
    try:
        account = await visit.application.accounts.create(
            form.required_text("name", 200),
            form.text("plan", 40) or "free",
            email=form.text("email", 254),
            language=form.text("language", 8) or "en",
            actor=visit.caller.actor,
        )
    except DoitongError as error:
        return await _list_page(visit, error.status, problem=error, form=form)
    return visit.go(f"/operator/accounts/{account.id}", "account_made")


async def show_account(visit: Visit) -> Response:
    return await account_page(visit)


async def account_page(visit: Visit, status: int = 200, **values: Any) -> Response:
    """One account: what it has, may do, did, and what can be done about it."""
    application, account_id = visit.application, visit.id()
    row = await application.oversight.account(account_id)
    account = row.account
    latest = await application.oversight.latest(account_id, LATEST)
    return visit.page(
        "operator_account.html",
        status,
        account=account,
        balance=row.balance,
        people=await application.oversight.people(account_id),
        keys=(await application.keys.list(account_id, first=20)).keys,
        statement=(await application.ledger.statement(account_id, first=LATEST)).lines,
        generations=latest,
        log=(await application.audit.list(account_id, first=LATEST)).entries,
        plan=plan_of(account.plan, account.limits),
        plans=list(PLANS),
        table=PLANS,
        kinds=KINDS,
        limits=LIMITS,
        unlimited=UNLIMITED,
        **values,
    )


def read_limits(form: Form) -> dict[str, int | None]:
    """The exceptions of a form: a blank field is the plan's own. Raises InvalidParameter by the field's name."""
    found: dict[str, int | None] = {}
    for name in OVERRIDABLE:
        text = form.get(f"limits.{name}").strip()
        if not text:
            continue
        if name == "generations_per_day" and text.lower() == UNLIMITED:
            found[name] = None
            continue
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= LIMIT_MAX):
            raise InvalidParameter(f"limits.{name}", whole_number(1, LIMIT_MAX))
        found[name] = int(text)
    return found


async def set_plan(visit: Visit) -> Response:
    form, account_id, words = await visit.form(), visit.id(), visit.words
    row = await visit.application.oversight.account(account_id)
    try:
        plan, limits = form.required_text("plan", 40), read_limits(form)
        if plan not in PLANS or not is_confirmed(form):
            after = plan_of(plan, limits) if plan in PLANS else None
            before = plan_of(row.account.plan, row.account.limits)
            if after is not None:
                changed = [
                    (
                        words.say(label),
                        f"{_shown(visit, getattr(before, name))} → {_shown(visit, getattr(after, name))}",
                    )
                    for name, label in LIMITS.items()
                    if getattr(before, name) != getattr(after, name)
                ]
                facts = [(words.say("Account"), row.account.name), (words.say("Plan"), f"{row.account.plan} → {plan}")]
                return ask(
                    visit,
                    form,
                    words.say("Change the plan?"),
                    facts + changed,
                    button=words.say("Change it"),
                    back=f"/operator/accounts/{account_id}",
                )
        await visit.application.accounts.set_plan(account_id, plan, limits, actor=visit.caller.actor)
    except DoitongError as error:
        return await account_page(visit, error.status, problem=error, form=form)
    return visit.go(f"/operator/accounts/{account_id}", "saved")


def _shown(visit: Visit, value: int | None) -> str:
    return visit.words.say("no limit") if value is None else visit.words.number(value)


async def disable_account(visit: Visit) -> Response:
    form, account_id, words = await visit.form(), visit.id(), visit.words
    row = await visit.application.oversight.account(account_id)
    if not is_confirmed(form):
        return ask(
            visit,
            form,
            words.say("Switch this account off?"),
            [(words.say("Account"), row.account.name), (words.say("Credits"), words.number(row.balance.available))],
            warning=words.say("Its keys are refused within a second and its members cannot sign in. What runs ends."),
            button=words.say("Switch off"),
            back=f"/operator/accounts/{account_id}",
            is_danger=True,
        )
    await visit.application.accounts.disable(account_id, actor=visit.caller.actor)
    return visit.go(f"/operator/accounts/{account_id}", "account_disabled")


async def enable_account(visit: Visit) -> Response:
    await visit.application.accounts.enable(visit.id(), actor=visit.caller.actor)
    return visit.go(f"/operator/accounts/{visit.id()}", "account_enabled")


ROUTES = (
    Route("GET", "/operator/accounts", list_accounts, Access.OPERATOR),
    Route("POST", "/operator/accounts", create_account, Access.OPERATOR),
    Route("GET", "/operator/accounts/{id}", show_account, Access.OPERATOR),
    Route("POST", "/operator/accounts/{id}/plan", set_plan, Access.OPERATOR),
    Route("POST", "/operator/accounts/{id}/disable", disable_account, Access.OPERATOR),
    Route("POST", "/operator/accounts/{id}/enable", enable_account, Access.OPERATOR),
)
