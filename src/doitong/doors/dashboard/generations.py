"""The gallery: every film of the account, each with a page of its own, and what can be done with it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from doitong.catalogue.model import Kind, Quality, Version
from doitong.catalogue.services import SERVICES
from doitong.core.errors import NotFound
from doitong.core.ids import is_id
from doitong.doors.dashboard import film_words
from doitong.doors.dashboard.route import ROOT, Route
from doitong.doors.dashboard.samples import make_samples
from doitong.doors.dashboard.studio import terms_of
from doitong.doors.dashboard.studio_data import live_words
from doitong.doors.dashboard.visit import Visit
from doitong.doors.http.values import Values
from doitong.generations.model import Generation, Search, Status
from doitong.generations.presentation import present
from doitong.keys.model import Scope
from doitong.ledger.model import Hold
from doitong.provenance.model import Claim
from doitong.provenance.rules import source_type

TILES = 24
TILES_WATCHED = 24
WAIT_SECONDS_MAXIMUM = 30
LOOK_SECONDS = 1
_FILTERS = ("q", "status", "kind", "service", "version", "quality", "since", "until")


def wanted_of(query: Values) -> Search:
    """The filters of an address. Raises InvalidParameter."""
    until = query.moment("until")
    return Search(
        text=query.text("q", 200),
        status=query.choice("status", Status),
        kind=query.choice("kind", Kind),
        service=query.text("service", 64),
        version=query.choice("version", Version),
        quality=query.choice("quality", Quality),
        since=query.moment("since"),
        until=until + timedelta(days=1) if until is not None and until < _LAST else until,
    )


_LAST = datetime.fromisoformat("9000-01-01T00:00:00+00:00")


async def show_gallery(visit: Visit) -> Response:
    query = visit.query()
    page = Values({"first": TILES, "after": query.after()})
    found = await visit.operations.search(wanted_of(query), page)
    shown = {name: visit.request.query_params.get(name, "") for name in _FILTERS}
    given = {name: value for name, value in shown.items() if value.strip()}
    cursor = found["pageInfo"]["endCursor"]
    return visit.page(
        "gallery.html",
        films=found["generations"],
        searched_to=found["searchedTo"],
        next_href=f"{ROOT}/gallery?{urlencode(given | {'after': cursor})}" if cursor else None,
        shown=shown,
        is_filtered=bool(given),
        choices=_choices(visit),
        labels=film_words,
        may_write=_may_write(visit),
    )


def _choices(visit: Visit) -> dict[str, list[tuple[str, str]]]:
    """What each filter offers: the value in the address, and its word."""
    words = visit.words
    return {
        "status": list(film_words.said(film_words.STATUSES, words).items()),
        "kind": list(film_words.said(film_words.KINDS, words).items()),
        "quality": list(film_words.said(film_words.QUALITIES, words).items()),
        "version": [(version.value, version.value) for version in Version],
        "service": [(service.id, service.name) for service in SERVICES.values()],
    }


async def show_tiles(visit: Visit) -> Response:
    """The tiles of these generations as they are now; those that are gone are left out."""
    ids = [item for item in visit.request.query_params.get("ids", "").split(",") if is_id(item)][:TILES_WATCHED]

    async def find(generation_id: str) -> dict[str, Any] | None:
        try:
            return await visit.operations.generation(generation_id)
        except NotFound:
            return None

    found = await asyncio.gather(*(find(item) for item in ids))
    return visit.page("_tiles.html", films=[film for film in found if film], labels=film_words)


async def show_generation(visit: Visit) -> Response:
    return visit.page("generation.html", **await _details(visit, visit.id()))


async def show_result(visit: Visit) -> Response:
    """The film with what can be done, as a piece that the studio puts in its own place."""
    return visit.page("_result_piece.html", **await _film(visit, await _find(visit)))


async def _find(visit: Visit) -> Generation:
    return await visit.application.generations.get(visit.caller, visit.id())


async def _film(visit: Visit, generation: Generation) -> dict[str, Any]:
    settings = visit.application.settings
    film = present(generation, settings.effective_cdn_base_url, visit.language)
    share = await visit.application.sharing.find(visit.caller, generation.id)
    return {
        "film": film,
        "share_url": share_address(visit, share.token) if share else None,
        "understood": film_words.read_interpretation(generation.metadata.get("interpretation"), visit.words),
        "labels": film_words,
        "may_write": _may_write(visit),
        "terms": terms_of(generation),
    }


async def _details(visit: Visit, generation_id: str) -> dict[str, Any]:
    generation = await visit.application.generations.get(visit.caller, generation_id)
    hold = await visit.application.ledger.hold(generation_id)
    deliveries = await visit.operations.deliveries(Values({"first": 50}), Values({"generation": generation_id}))
    terms = terms_of(generation)
    return await _film(visit, generation) | {
        "generation": generation,
        "terms": terms,
        "moments": timeline(generation),
        "lines": lines_of(hold, generation) if hold else [],
        "deliveries": deliveries["deliveries"],
        "samples": make_samples(terms, visit.application.settings.effective_public_url),
        "source_type": source_type(_claim(generation)).rpartition("/")[2],
        "texts": live_words(visit.words),
    }


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of a generation's life; `seconds` is how long it took from the step before."""

    name: str
    at: datetime
    seconds: float | None = None


def timeline(generation: Generation) -> list[Moment]:
    """When it was asked for, begun and ended."""
    steps = [Moment("created", generation.created_at)]
    if generation.started_at is not None:
        steps.append(Moment("started", generation.started_at, _seconds(generation.created_at, generation.started_at)))
    if generation.completed_at is not None:
        steps.append(
            Moment(generation.status.value, generation.completed_at, _seconds(steps[-1].at, generation.completed_at))
        )
    return steps


def _seconds(start: datetime, end: datetime) -> float:
    return round(max(0.0, (end - start).total_seconds()), 1)


@dataclass(frozen=True, slots=True)
class Line:
    """What moved for one generation: how the available credits changed."""

    kind: str
    change: int
    at: datetime | None


def lines_of(hold: Hold, generation: Generation) -> list[Line]:
    """Its lines of the ledger. A hold says them all; it was placed and resolved with the row's own moments."""
    lines = [Line("hold", -hold.amount, generation.created_at)]
    if generation.status is Status.PROCESSING:
        return lines
    if hold.captured:
        lines.append(Line("capture", 0, generation.completed_at))
    if hold.captured < hold.amount:
        lines.append(Line("release", hold.amount - hold.captured, generation.completed_at))
    if hold.refunded:
        lines.append(Line("refund", hold.refunded, None))
    return lines


def _claim(generation: Generation) -> Claim:
    """What the film's manifest says of its making."""
    return Claim(
        generation_id=generation.id,
        engine=generation.engine,
        model=str(generation.metadata.get("model") or generation.engine),
        engine_version=None,
        version=generation.parameters["version"],
        seed=generation.parameters["seed"],
        picture=Path("picture") if generation.parameters["image"] else None,
    )


async def show_state(visit: Visit) -> Response:
    """The state once it differs from what the page has seen, or has ended, or `wait` is over, or the server ends."""
    query = visit.query()
    wait, seen = query.whole("wait", 0, WAIT_SECONDS_MAXIMUM) or 0, query.text("seen", 100)
    until = asyncio.get_running_loop().time() + wait
    found = await visit.operations.generation(visit.id())
    while (
        found["status"] == Status.PROCESSING.value
        and state_word(found) == seen
        and asyncio.get_running_loop().time() < until
        and not visit.call.draining.is_set()
    ):
        found = await visit.operations.generation(visit.id(), LOOK_SECONDS)
    return visit.json({"generation": found, "seen": state_word(found)})


def state_word(found: dict[str, Any]) -> str:
    """All of a state that a page shows, as one word to compare by."""
    return f"{found['status']}.{found['stage']}.{round(found['progress'] * 100)}.{found['queuePosition'] or 0}"


async def cancel(visit: Visit) -> Response:
    canceled = await visit.operations.cancel(visit.id())
    if _is_script(visit):
        return visit.json({"generation": canceled})
    return visit.go(f"/gallery/{visit.id()}", "generation_canceled")


async def delete(visit: Visit) -> Response:
    await visit.operations.delete(visit.id())
    return visit.go("/gallery", "generation_deleted")


async def share(visit: Visit) -> Response:
    made = await visit.application.sharing.share(visit.caller, visit.id())
    if _is_script(visit):
        return visit.json({"url": share_address(visit, made.token)})
    return visit.go(f"/gallery/{visit.id()}", "generation_shared")


async def unshare(visit: Visit) -> Response:
    await visit.application.sharing.unshare(visit.caller, visit.id())
    return visit.go(f"/gallery/{visit.id()}", "generation_unshared")


def share_address(visit: Visit, token: str) -> str:
    return f"{visit.application.settings.effective_public_url}{ROOT}/s/{token}"


def _is_script(visit: Visit) -> bool:
    return "application/json" in (visit.call.header("accept") or "")


def _may_write(visit: Visit) -> bool:
    return Scope.GENERATIONS_WRITE in visit.caller.scopes


ROUTES = (
    Route("GET", "/gallery", show_gallery),
    Route("GET", "/gallery/tiles", show_tiles),
    Route("GET", "/gallery/{id}", show_generation),
    Route("GET", "/generations/{id}/state", show_state),
    Route("GET", "/generations/{id}/result", show_result),
    Route("POST", "/generations/{id}/cancel", cancel),
    Route("POST", "/generations/{id}/delete", delete),
    Route("POST", "/generations/{id}/share", share),
    Route("POST", "/generations/{id}/unshare", unshare),
)
