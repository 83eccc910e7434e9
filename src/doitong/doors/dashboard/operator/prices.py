"""What films cost, which an operator sets here, and what credits cost and plans allow, which are settings and data."""

from typing import Any

from starlette.responses import Response

from doitong.catalogue.model import Quality
from doitong.catalogue.services import SERVICES, Price
from doitong.core.errors import REQUIRED, DoitongError, InvalidParameter
from doitong.doors.dashboard.operator.confirmation import ask, is_confirmed
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.payments.rules import parse_packs, price
from doitong.plans.model import PLANS
from doitong.pricing.rules import CREDITS_MAX, REASON_MAX, new_price

CHANGES = 10


async def show_prices(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, status: int = 200, **values: Any) -> Response:
    pricing = visit.application.pricing
    return visit.page(
        "operator_prices.html",
        status,
        seconds=list(_lengths()),
        prices=await pricing.current(),
        changes=await pricing.changes(CHANGES),
        services=list(SERVICES.values()),
        packs=[
            {"credits": pack.credits, "amount": visit.words.amount(*price(pack))}
            for pack in parse_packs(visit.application.settings.credit_packs)
        ],
        has_stripe=bool(visit.application.settings.stripe_secret_key),
        plans=list(PLANS.values()),
        **values,
    )


def _lengths() -> range:
    service = next(iter(SERVICES.values()))
    return range(service.duration_seconds_minimum, service.duration_seconds_maximum + 1)


async def set_price(visit: Visit) -> Response:
    form, words = await visit.form(), visit.words
    quality = None
    try:
        quality = form.choice("quality", Quality)
        if quality is None:
            raise InvalidParameter("quality", REQUIRED)
        base = form.required_whole("base_credits", 1, CREDITS_MAX)
        price = new_price(quality, base, form.required_whole("credits_per_second", 0, CREDITS_MAX))
        reason = form.required_text("reason", REASON_MAX)
        if not is_confirmed(form):
            before = (await visit.application.pricing.current())[quality]
            return ask(
                visit,
                form,
                words.say("Change the price?"),
                [(words.say("Quality"), quality.value), *_differences(visit, before, price)],
                warning=words.say(
                    "It holds for every generation from now on, within a second. Quotes keep the price they gave."
                ),
                button=words.say("Change it"),
                back="/operator/prices",
            )
        await visit.application.pricing.change(quality, price, reason=reason, actor=visit.caller.actor)
    except DoitongError as error:
        return await _page(visit, error.status, problem=error, form=form, at=quality)
    return visit.go("/operator/prices", "saved")


def _differences(visit: Visit, before: Price, after: Price) -> list[tuple[str, str]]:
    """What each length costs now and then."""
    number = visit.words.number
    return [
        (f"{seconds} s", f"{number(before.credits(seconds))} → {number(after.credits(seconds))}")
        for seconds in _lengths()
    ]


ROUTES = (
    Route("GET", "/operator/prices", show_prices, Access.OPERATOR),
    Route("POST", "/operator/prices", set_price, Access.OPERATOR),
)
