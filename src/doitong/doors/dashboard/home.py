"""The dashboard's own address: leads to the studio."""

from starlette.responses import Response

from doitong.doors.dashboard.route import Route
from doitong.doors.dashboard.visit import Visit


async def home(visit: Visit) -> Response:
    return visit.go("/studio", visit.notice)


ROUTES = (Route("GET", "/", home),)
