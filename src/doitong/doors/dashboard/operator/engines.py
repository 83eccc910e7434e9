"""Engines as they serve here: who serves what in which order, how upstreams stand, what they cost and make of it."""

from collections import defaultdict

from starlette.responses import Response

from doitong.app import ENGINE_LANES
from doitong.doors.dashboard.operator.overview import LANES
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.engines.port import TaskState
from doitong.words.catalogue import N_

OUTCOMES = {
    "": N_("running"),
    TaskState.SUCCEEDED.value: N_("succeeded"),
    TaskState.FAILED.value: N_("failed"),
    TaskState.CANCELED.value: N_("canceled"),
    TaskState.LOST.value: N_("lost"),
}


async def show_engines(visit: Visit) -> Response:
    application = visit.application
    routing = application.routing
    states = await application.engine_states()
    costs = defaultdict(list)
    for use in await application.oversight.costs():
        costs[use.engine].append(use)
    names = sorted(routing.engines() | set(costs), key=lambda name: (name not in routing.engines(), name))
    return visit.page(
        "operator_engines.html",
        routes=routing.routes,
        engines=names,
        lanes=LANES,
        lane_of=ENGINE_LANES,
        serving=routing.engines(),
        states=states,
        costs=costs,
        outcomes=OUTCOMES,
        tables={name: offer.describe() for name, offer in routing.offers.items()},
    )


ROUTES = (Route("GET", "/operator/engines", show_engines, Access.OPERATOR),)
