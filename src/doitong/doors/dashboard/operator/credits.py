"""Money that an operator moves: grants, adjustments and refunds, each with a reason and shown before it happens.

What was confirmed goes to the ledger as it was shown: whether it still fits is decided there, so that a second press of
the same button is answered as the first one was.
"""

from collections.abc import Mapping

from starlette.responses import Response

from doitong.core.errors import REQUIRED, DoitongError, InvalidParameter, NotFound
from doitong.doors.dashboard.form import Form
from doitong.doors.dashboard.operator.accounts import account_page
from doitong.doors.dashboard.operator.confirmation import ask, confirmed_once
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.ledger import rules
from doitong.oversight.model import AccountRow

REASON_CHARACTERS = 200
GRANT_MAXIMUM = 1_000_000_000


def _signed(form: Form, name: str) -> int:
    """A whole number that may be below zero. Raises InvalidParameter."""
    text = form.get(name).strip().replace("−", "-")
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise InvalidParameter(name, rules.SIGNED_RULE if text else REQUIRED)
    return -int(digits) if text.startswith("-") else int(digits)


async def grant(visit: Visit) -> Response:
    form, account_id = await visit.form(), visit.id()
    row = await visit.application.oversight.account(account_id)
    try:
        credits = form.required_whole("credits", 1, GRANT_MAXIMUM)
        reason = form.required_text("reason", REASON_CHARACTERS)
        once = confirmed_once(form)
        if once is None:
            title = visit.words.say("Grant these credits?")
            return _ask(visit, form, title, row, credits, reason)
        await visit.application.ledger.grant(account_id, credits, reason=reason, actor=visit.caller.actor, once=once)
    except DoitongError as error:
        return await account_page(visit, error.status, problem=error, form=form, at="grant")
    return visit.go(f"/operator/accounts/{account_id}", "credits_granted")


async def adjust(visit: Visit) -> Response:
    form, account_id = await visit.form(), visit.id()
    row = await visit.application.oversight.account(account_id)
    try:
        amount = _signed(form, "amount")
        reason = form.required_text("reason", REASON_CHARACTERS)
        rules.check_adjustment(amount, reason)
        once = confirmed_once(form)
        if once is None:
            rules.check_covered(row.balance, -amount)
            return _ask(visit, form, visit.words.say("Correct the balance?"), row, amount, reason)
        await visit.application.ledger.adjust(account_id, amount, reason=reason, actor=visit.caller.actor, once=once)
    except DoitongError as error:
        return await account_page(visit, error.status, problem=error, form=form, at="adjust")
    return visit.go(f"/operator/accounts/{account_id}", "credits_adjusted")


async def refund(visit: Visit) -> Response:
    """Of a generation of this account: what was captured and not given back yet, or a part of it."""
    form, account_id, ledger = await visit.form(), visit.id(), visit.application.ledger
    row = await visit.application.oversight.account(account_id)
    try:
        generation_id = form.required_text("generation", 64)
        amount = form.whole("credits", 1, GRANT_MAXIMUM)
        reason = form.required_text("reason", REASON_CHARACTERS)
        hold = await ledger.hold(generation_id)
        if hold is None or hold.account_id != account_id:
            raise NotFound
        once = confirmed_once(form)
        if once is None:
            given = rules.refund_amount(hold, amount)
            title = visit.words.say("Give these credits back?")
            return _ask(visit, form, title, row, given, reason, {"credits": str(given)})
        await ledger.refund(generation_id, amount, reason=reason, actor=visit.caller.actor, once=once)
    except DoitongError as error:
        return await account_page(visit, error.status, problem=error, form=form, at="refund")
    return visit.go(f"/operator/accounts/{account_id}", "credits_refunded")


def _ask(
    visit: Visit,
    form: Form,
    title: str,
    row: AccountRow,
    change: int,
    reason: str,
    settled: Mapping[str, str] | None = None,
) -> Response:
    words, balance = visit.words, row.balance
    sign = "+" if change > 0 else "−"
    after = f"{words.number(balance.available)} → {words.number(balance.available + change)}"
    facts = [
        (words.say("Account"), row.account.name),
        (words.say("By how much"), sign + words.number(abs(change))),
        (words.say("Available credits"), after),
        (words.say("Reason"), reason),
    ]
    return ask(
        visit,
        form,
        title,
        facts,
        warning=words.say("The reason stands in the customer's statement. What is in the ledger stays there."),
        button=words.say("Do it"),
        back=f"/operator/accounts/{visit.id()}",
        settled=settled,
    )


ROUTES = (
    Route("POST", "/operator/accounts/{id}/grant", grant, Access.OPERATOR),
    Route("POST", "/operator/accounts/{id}/adjust", adjust, Access.OPERATOR),
    Route("POST", "/operator/accounts/{id}/refund", refund, Access.OPERATOR),
)
