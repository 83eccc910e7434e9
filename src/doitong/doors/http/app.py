"""The web application: every door at its address, behind the edge."""

import asyncio
import contextlib
import functools
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
import uvloop

from doitong.app import Application
from doitong.core.settings import Settings
from doitong.db.pool import DATABASE_ERRORS
from doitong.doors.cdn import roots
from doitong.doors.cdn.door import OutputsDoor
from doitong.doors.dashboard import door as dashboard
from doitong.doors.graphql.context import open_context
from doitong.doors.graphql.handler import GraphQLHandler
from doitong.doors.graphql.schema import make_schema, make_sdl
from doitong.doors.http.answers import require_get, send_answer, to_json
from doitong.doors.http.asgi import App, Receive, Scope, Send
from doitong.doors.http.assets import Assets
from doitong.doors.http.edge import Edge, Lifespan
from doitong.doors.http.routes import Routes
from doitong.doors.http.server import make_server
from doitong.doors.ops.door import OpsDoor
from doitong.doors.pages import site as pages
from doitong.doors.pages.site import Site
from doitong.doors.rest.door import RestDoor
from doitong.doors.rest.openapi import make_document

LAST_USED_SECONDS = 5.0
_log = structlog.get_logger("doitong.http")


def build_app(application: Application, *, lifespan: Lifespan | None = None) -> Edge:
    """Every door as one ASGI application. `application` stays the caller's, unless `lifespan` closes it."""
    settings = application.settings
    schema, rest, ops = make_schema(), RestDoor(application), OpsDoor(application)
    openapi = functools.cache(functools.partial(make_document, settings.effective_public_url))
    assets = _assets()
    site = Site(
        public_url=settings.effective_public_url,
        cdn_base_url=settings.effective_cdn_base_url,
        openapi=openapi,
        sdl=make_sdl(),
        assets=assets,
    )
    dashboard_door = dashboard.DashboardDoor(application, assets)
    graphql = GraphQLHandler(
        schema._schema,
        open_context=functools.partial(open_context, application),
        explorer=site.explorer,
    )
    routes = Routes(
        {
            "/graphql": ("graphql", graphql),
            "/graphql/schema.graphql": ("pages", _sdl()),
            "/openapi.json": ("pages", _openapi(openapi)),
            "/": ("pages", site.landing),
            "/docs": ("pages", site.docs),
            "/errors": ("pages", site.errors),
            "/dashboard": ("dashboard", dashboard_door),
            "/healthz": ("ops", ops.health),
            "/readyz": ("ops", ops.readiness),
            "/metrics": ("ops", ops.metrics),
            roots.PATH: ("cdn", roots.RootsDoor(application.provenance)),
        },
        {
            "/v1/": ("rest", rest),
            "/outputs/": ("cdn", OutputsDoor(application.storage)),
            "/errors/": ("pages", site.errors),
            "/static/": ("pages", assets),
            "/dashboard/": ("dashboard", dashboard_door),
        },
    )
    observe = application.metrics.record_request
    return Edge(routes, observe=observe, lifespan=lifespan or functools.partial(keep_keys, application))


@functools.cache
def _assets() -> Assets:
    return Assets((pages.STATIC, dashboard.STATIC))


def _sdl() -> App:
    body = (make_sdl() + "\n").encode()
    return _document(lambda: body, "text/plain; charset=utf-8")


def _openapi(openapi: Callable[[], dict[str, Any]]) -> App:
    return _document(lambda: to_json(openapi()), "application/json; charset=utf-8")


def _document(make: Callable[[], bytes], content_type: str) -> App:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        require_get(scope)
        await send_answer(send, 200, make(), content_type, {"Cache-Control": "no-cache"})

    return answer


@asynccontextmanager
async def keep_keys(application: Application) -> AsyncIterator[None]:
    """While the server runs: write every few seconds when keys were used, also at the end; renew what signs films."""
    task = asyncio.create_task(_flush_keys(application), name="last used keys")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        with contextlib.suppress(*DATABASE_ERRORS):
            await application.keys.flush_last_used()


async def _flush_keys(application: Application) -> None:
    while True:
        await asyncio.sleep(LAST_USED_SECONDS)
        try:
            await application.keys.flush_last_used()
            await application.provenance.keep()
        except DATABASE_ERRORS as error:
            _log.warning("keys' last use not written", error=type(error).__name__)


def run(settings: Settings) -> None:
    """Open the application, serve it, close it."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings))


async def _run(settings: Settings) -> None:
    application = await Application.open(settings)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        # closed here and not after serve(): uvicorn raises the signal that stopped it before it returns
        async with keep_keys(application):
            gc.collect()
            gc.freeze()  # what start-up built is not looked through again: measured, it takes two thirds off p99
            yield
        await application.close()

    app = build_app(application, lifespan=lifespan)
    await make_server(app, host=settings.host, port=settings.port).serve()
