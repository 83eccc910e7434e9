"""The pages of credits: balance, statement, usage, alerts, and buying."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response, StreamingResponse

from doitong.alerts.rules import THRESHOLD_MAX
from doitong.core.clock import to_iso
from doitong.core.errors import DoitongError, InvalidParameter, NotFound, one_of, whole_number
from doitong.core.ids import is_id
from doitong.doors.dashboard import charts
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.keys.model import Scope
from doitong.ledger.model import StatementLine, TransferKind
from doitong.members.model import DASHBOARD
from doitong.payments.model import PaymentState
from doitong.payments.rules import came, price
from doitong.usage.model import Group, Used
from doitong.words.catalogue import N_, Words

KINDS = {
    TransferKind.GRANT: N_("Granted"),
    TransferKind.HOLD: N_("Reserved"),
    TransferKind.CAPTURE: N_("Charged"),
    TransferKind.RELEASE: N_("Given back"),
    TransferKind.EXPIRE: N_("Expired"),
    TransferKind.REFUND: N_("Refunded"),
    TransferKind.ADJUSTMENT: N_("Corrected"),
}
PAYMENT_STATES = {
    PaymentState.OPEN: N_("open"),
    PaymentState.PAID: N_("paid"),
    PaymentState.EXPIRED: N_("expired"),
    PaymentState.MISMATCHED: N_("we look at it"),
    PaymentState.LEFT: N_("looked at"),
}
RANGES = (("7", N_("7 days")), ("30", N_("30 days")), ("90", N_("90 days")), ("month", N_("This month")))
QUALITIES = {"standard": N_("Standard"), "high": N_("Pro")}
PAGE_DAYS = 30
_CSV_COLUMNS = ("id", "createdAt", "kind", "amount", "availableAfter", "heldAfter", "generationId", "reason")


async def show_credits(visit: Visit) -> Response:
    return await _credits(visit)


async def _credits(visit: Visit, status: int = 200, **values: Any) -> Response:
    """Six statements with the visitor's own: balance, days, a page of the statement, alerts, payments."""
    visit.caller.require(Scope.ACCOUNT_READ)
    query, app, say = visit.query(), visit.application, visit.words.say
    kind = query.choice("kind", TransferKind)
    statement = await app.ledger.statement(visit.account_id, first=query.first(), after=query.after(), kind=kind)
    today = app.clock.now().date()
    days = charts.span(today - timedelta(days=PAGE_DAYS - 1), today)
    used = await app.usage.by_day(visit.account_id, days[0], today)
    chart = _chart(days, used, {"": say("Credits charged")}, visit.words)
    return visit.page(
        "credits.html",
        status,
        balance=await app.ledger.balance(visit.account_id),
        chart=chart,
        drawing=charts.draw(chart, visit.words, "day", say("Credits by day"), say("credits")),
        lines=[{"line": line, "label": say(KINDS[line.kind])} for line in statement.lines],
        next_after=statement.next_after,
        is_first=query.after() is None,
        kind=kind.value if kind else "",
        kinds=[("", say("Everything")), *((item.value, say(text)) for item, text in KINDS.items())],
        alerts=await app.alerts.list(visit.account_id),
        may_set_alerts=Scope.WEBHOOKS_WRITE.value in visit.caller.scopes,
        packs=[(pack.credits, visit.words.amount(*price(pack))) for pack in app.payments.packs],
        payments=await _payments(visit),
        **values,
    )


async def _payments(visit: Visit) -> list[dict[str, Any]]:
    return [
        {
            "payment": payment,
            "amount": visit.words.amount(*price(payment)),
            "label": visit.words.say(PAYMENT_STATES[payment.state]),
        }
        for payment in await visit.application.payments.recent(visit.account_id)
    ]


def _chart(days: list[date], used: list[Used], labels: dict[str, str], words: Words) -> charts.Chart:
    found = {(item.day, item.value): item.credits for item in used}
    return charts.make_chart(days, found, labels, words.say("Others"))


# usage


async def show_usage(visit: Visit) -> Response:
    """Six statements with the visitor's own: three groups of counted days, and the names of keys."""
    visit.caller.require(Scope.ACCOUNT_READ)
    chosen = visit.query().text("range", 8) or "30"
    if chosen not in dict(RANGES):
        raise InvalidParameter("range", one_of([name for name, _ in RANGES]))
    app, say = visit.application, visit.words.say
    today = app.clock.now().date()
    since = today.replace(day=1) if chosen == "month" else today - timedelta(days=int(chosen) - 1)
    days = charts.span(since, today)
    groups = {
        "service": (Group.SERVICE, say("By service"), {"runway": "runway", "runway-i2v": "runway-i2v"}),
        "key": (Group.KEY, say("By key"), await _key_names(visit)),
        "quality": (Group.QUALITY, say("By quality"), {name: say(text) for name, text in QUALITIES.items()}),
    }
    found = {
        name: await app.usage.by_day(visit.account_id, since, today, group) for name, (group, _, _) in groups.items()
    }
    whole = charts.make_chart(days, _by_day(found["service"]), {"": say("Credits charged")}, say("Others"))
    cards = [("day", say("By day"), whole)]
    cards += [
        (name, title, _chart(days, found[name], labels, visit.words)) for name, (_, title, labels) in groups.items()
    ]
    return visit.page(
        "usage.html",
        chosen=chosen,
        ranges=[(value, say(text)) for value, text in RANGES],
        cards=[
            (name, title, charts.draw(chart, visit.words, name, title, say("credits")), chart)
            for name, title, chart in cards
        ],
        totals={
            name: sum(getattr(item, name) for item in found["service"])
            for name in ("credits", "completed", "failed", "canceled", "seconds")
        },
    )


def _by_day(used: list[Used]) -> dict[tuple[date, str], int]:
    sums: dict[tuple[date, str], int] = {}
    for item in used:
        sums[item.day, ""] = sums.get((item.day, ""), 0) + item.credits
    return sums


async def _key_names(visit: Visit) -> dict[str, str]:
    """What the account's latest keys are called; two of one name are told apart by their prefixes."""
    keys = (await visit.application.keys.list(visit.account_id, first=100)).keys
    names = [key.name for key in keys]
    called = {key.prefix: key.name if names.count(key.name) == 1 else f"{key.name} ({key.prefix})" for key in keys}
    return called | {DASHBOARD: visit.words.say("Dashboard")}


# the statement as a file


async def export_statement(visit: Visit) -> Response:
    """The whole statement as CSV, written while it is read."""
    visit.caller.require(Scope.ACCOUNT_READ)
    name = f"doitong-statement-{visit.application.clock.now():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(_csv(visit), media_type="text/csv; charset=utf-8", headers=headers)


async def _csv(visit: Visit) -> AsyncIterator[str]:
    yield _csv_rows([_CSV_COLUMNS])
    async for lines in visit.application.ledger.export(visit.account_id):
        yield _csv_rows([_csv_row(line) for line in lines])


def _csv_rows(rows: list[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _csv_row(line: StatementLine) -> tuple[Any, ...]:
    return (
        line.id,
        to_iso(line.created_at),
        line.kind.value,
        line.amount,
        line.available_after,
        line.held_after,
        line.generation_id or "",
        harmless(line.reason or ""),
    )


def harmless(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


# alerts


async def add_alert(visit: Visit) -> Response:
    form = await visit.form()
    try:
        threshold = form.required_whole("threshold", 1, THRESHOLD_MAX)
        visit.caller.require(Scope.WEBHOOKS_WRITE)
        await visit.application.alerts.add(visit.account_id, threshold, actor=visit.caller.actor)
    except DoitongError as error:
        return await _credits(visit, error.status, problem=error, form=form)
    return visit.go("/credits", "saved")


async def remove_alert(visit: Visit) -> Response:
    form = await visit.form()
    threshold = form.required_whole("threshold", 1, THRESHOLD_MAX)
    visit.caller.require(Scope.WEBHOOKS_WRITE)
    await visit.application.alerts.remove(visit.account_id, threshold, actor=visit.caller.actor)
    return visit.go("/credits", "saved")


# buying


async def buy(visit: Visit) -> Response:
    """To Stripe by a script or a link: a form's own redirect to another site is refused by our content policy."""
    form = await visit.form()
    credits = form.whole("credits", 1, 1_000_000_000)
    if credits is None:
        raise InvalidParameter("credits", whole_number(1, 1_000_000_000))
    words, signed_in = visit.words, visit.signed_in
    payment, url = await visit.application.payments.start(
        visit.account_id,
        signed_in.member.id,
        credits,
        title=words.say_many("{count} Doitong credit", "{count} Doitong credits", credits),
        language=visit.language,
        actor=signed_in.actor,
    )
    if "application/json" in (visit.call.header("accept") or ""):
        return visit.json({"url": url})
    return visit.page("pay.html", url=url, credits=payment.credits, amount=words.amount(*price(payment)))


async def thanks(visit: Visit) -> Response:
    """Where Stripe sends who has paid; asks Stripe, so that a lost webhook costs nobody anything."""
    visit.caller.require(Scope.ACCOUNT_READ)
    payment_id = visit.query().text("payment", 64) or ""
    if not is_id(payment_id):
        raise NotFound
    payment = await visit.application.payments.check(visit.account_id, payment_id)
    balance = await visit.application.ledger.balance(visit.account_id)
    return visit.page("thanks.html", payment=payment, balance=balance, amount=visit.words.amount(*came(payment)))


ROUTES = (
    Route("GET", "/credits", show_credits),
    Route("GET", "/credits/usage", show_usage),
    Route("GET", "/credits/statement.csv", export_statement),
    Route("POST", "/credits/alerts", add_alert),
    Route("POST", "/credits/alerts/remove", remove_alert),
    Route("POST", "/credits/buy", buy, Access.OWNER),
    Route("GET", "/credits/thanks", thanks),
)
