"""A shared film, for whoever has its link: no session, and nothing of the account but the film and its prompt."""

from starlette.responses import Response

from doitong.doors.dashboard import film_words
from doitong.doors.dashboard.generations import share_address
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.generations.presentation import present


async def show_shared(visit: Visit) -> Response:
    token = str(visit.request.path_params["token"])
    generation = await visit.application.sharing.open(token)
    film = present(generation, visit.application.settings.effective_cdn_base_url, visit.language)
    response = visit.page("shared.html", film=film, labels=film_words, address=share_address(visit, token))
    response.headers["X-Robots-Tag"] = "noindex"
    return response


ROUTES = (Route("GET", "/s/{token}", show_shared, Access.OPEN),)
