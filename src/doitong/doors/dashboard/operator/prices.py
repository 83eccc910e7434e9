"""What films cost and what credits cost: prices are data of the catalogue, so this page shows and changes nothing."""

from starlette.responses import Response

from doitong.catalogue.services import PRICES, SERVICES
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.payments.rules import parse_packs
from doitong.plans.model import PLANS


async def show_prices(visit: Visit) -> Response:
    service = next(iter(SERVICES.values()))
    seconds = range(service.duration_seconds_minimum, service.duration_seconds_maximum + 1)
    return visit.page(
        "operator_prices.html",
        seconds=list(seconds),
        prices=PRICES,
        services=list(SERVICES.values()),
        packs=parse_packs(visit.application.settings.credit_packs),
        has_stripe=bool(visit.application.settings.stripe_secret_key),
        plans=list(PLANS.values()),
    )


ROUTES = (Route("GET", "/operator/prices", show_prices, Access.OPERATOR),)
