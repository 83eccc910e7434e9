"""Payments of all accounts, and the operator's word on those that wait for one."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from doitong.core.errors import DoitongError, InvalidParameter, one_of
from doitong.doors.dashboard.operator.confirmation import ask, confirmed_once
from doitong.doors.dashboard.operator.credits import REASON_CHARACTERS
from doitong.doors.dashboard.route import ROOT, Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.payments.model import Payment, PaymentRow, PaymentState, Word
from doitong.payments.rules import came, check_word, major, price, words_for
from doitong.words.catalogue import N_

ROWS = 30
OWED = "owed"  # what is asked for beside the states
STATES = {
    PaymentState.OPEN: N_("open"),
    PaymentState.PAID: N_("paid"),
    PaymentState.EXPIRED: N_("expired"),
    PaymentState.MISMATCHED: N_("does not fit"),
    PaymentState.LEFT: N_("left as it is"),
}
WORDS = {
    Word.GRANT: N_("Grant the pack's credits after all"),
    Word.TAKE: N_("Take what is owed from what is available now"),
    Word.LEAVE: N_("Leave it as it is"),
}


async def list_payments(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, status: int = 200, **values: Any) -> Response:
    query, say = visit.query(), visit.words.say
    chosen = query.text("state", 20) or ""
    known = [state.value for state in PaymentState]
    if chosen not in {"", OWED, *known}:
        raise InvalidParameter("state", one_of([*known, OWED]))
    state = PaymentState(chosen) if chosen in known else None
    page = await visit.application.payments.list_page(ROWS, query.after(), state, owes=chosen == OWED)
    older = {"state": chosen} if chosen else {}
    return visit.page(
        "operator_payments.html",
        status,
        rows=[_row(visit, row) for row in page.rows],
        chosen=chosen,
        filters=[("", say("All")), *((item.value, say(text)) for item, text in STATES.items()), (OWED, say("owed"))],
        next_href=f"{ROOT}/operator/payments?{urlencode(older | {'after': page.next_before})}"
        if page.next_before
        else None,
        **({"at": None} | values),
    )


def _row(visit: Visit, row: PaymentRow) -> dict[str, Any]:
    payment, shown = row.payment, visit.words.amount
    currency = payment.paid_currency or payment.currency
    return {
        "payment": payment,
        "account": row.account_name,
        "amount": shown(*price(payment)),
        "came": shown(*came(payment)) if payment.state in {PaymentState.MISMATCHED, PaymentState.LEFT} else "",
        "refunded": shown(major(payment.refunded_minor, currency), currency),
        "tone": "failed" if payment.state is PaymentState.MISMATCHED else payment.state.value,
        "label": visit.words.say(STATES[payment.state]),
        "words": [(word.value, visit.words.say(WORDS[word])) for word in words_for(payment)],
    }


async def decide(visit: Visit) -> Response:
    form, payment_id, payments = await visit.form(), visit.id(), visit.application.payments
    payment = await payments.get(payment_id)
    try:
        word = form.choice("word", Word)
        if word is None:
            raise InvalidParameter("word", one_of([item.value for item in Word]))
        reason = form.required_text("reason", REASON_CHARACTERS)
        once = confirmed_once(form)
        if once is None:
            facts = await _facts(visit, payment, word, reason)
            return ask(
                visit,
                form,
                visit.words.say("Decide about this payment?"),
                facts,
                warning=visit.words.say("This counts once and cannot be taken back."),
                button=visit.words.say("Do it"),
                back="/operator/payments",
            )
        await payments.decide(payment_id, word, reason, once=once, actor=visit.caller.actor)
    except DoitongError as error:
        return await _page(visit, error.status, problem=error, form=form, at=payment_id)
    return visit.go("/operator/payments", "settled")


async def _facts(visit: Visit, payment: Payment, word: Word, reason: str) -> list[tuple[str, str]]:
    """What will happen. Raises CONFLICT where there is nothing to decide."""
    words, application = visit.words, visit.application
    check_word(payment, word)
    row = await application.oversight.account(payment.account_id)
    available = row.balance.available
    change = 0
    if word is Word.GRANT:
        change = payment.credits
    elif word is Word.TAKE:
        change = -min(payment.owed, available)
    facts = [
        (words.say("Account"), row.account.name),
        (words.say("Price"), words.amount(*price(payment))),
        (words.say("What came"), words.amount(*came(payment))),
        (words.say("Your word"), words.say(WORDS[word])),
        (words.say("Available credits"), f"{words.number(available)} → {words.number(available + change)}"),
        (words.say("Reason"), reason),
    ]
    if payment.owed:
        facts.insert(3, (words.say("Owed credits"), words.number(payment.owed)))
    return facts


ROUTES = (
    Route("GET", "/operator/payments", list_payments, Access.OPERATOR),
    Route("POST", "/operator/payments/{id}", decide, Access.OPERATOR),
)
