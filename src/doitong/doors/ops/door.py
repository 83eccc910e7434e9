"""What operators ask: is the process alive, may it be sent traffic, and what does it measure. No key needed."""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import structlog

from doitong.core.clock import to_iso
from doitong.db.migrate import is_current
from doitong.db.pool import DATABASE_ERRORS
from doitong.doors.http.answers import require_get, send_answer, to_json
from doitong.doors.http.asgi import Receive, Scope, Send
from doitong.telemetry.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from doitong.app import Application

CHECK_SECONDS = 2.0
_NOT_KEPT = {"Cache-Control": "no-store"}
_log = structlog.get_logger("doitong.ops")


class OpsDoor:
    """`/healthz`, `/readyz` and `/metrics`."""

    def __init__(self, application: "Application") -> None:
        self._application = application

    async def health(self, scope: Scope, receive: Receive, send: Send) -> None:
        """200 while the process answers at all."""
        require_get(scope)
        await send_answer(send, 200, to_json({"status": "ok"}), headers=_NOT_KEPT)

    async def readiness(self, scope: Scope, receive: Receive, send: Send) -> None:
        """200 when the database answers and has this version's schema, else 503 with what failed."""
        require_get(scope)
        checks = await self._check()
        is_ready = all(state == "ok" for state in checks.values())
        body: dict[str, Any] = {"status": "ready" if is_ready else "not ready", "checks": checks}
        if engines := await self._engines():
            body["engines"] = engines
        await send_answer(send, 200 if is_ready else 503, to_json(body), headers=_NOT_KEPT)

    async def metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Prometheus's text format; what waits is counted now, for all processes of the installation."""
        require_get(scope)
        with contextlib.suppress(*DATABASE_ERRORS):
            self._application.metrics.set_queue_depths(await self._application.generations.queue_depths())
            for name, state in (await self._application.engine_states()).items():
                self._application.metrics.set_engine(name, state.problem, state.credits)
        body = self._application.metrics.render()
        await send_answer(send, 200, body, CONTENT_TYPE, _NOT_KEPT)

    async def _engines(self) -> dict[str, dict[str, Any]]:
        """How upstreams stand. A problem there is told, but what comes here meanwhile is kept: send traffic."""
        states = await self._application.engine_states()
        return {
            name: {"problem": state.problem, "detail": state.detail, "checkedAt": to_iso(state.checked_at)}
            for name, state in states.items()
        }

    async def _check(self) -> dict[str, str]:
        try:
            async with asyncio.timeout(CHECK_SECONDS), self._application.database.reading() as connection:
                has_schema = await is_current(connection)  # type: ignore[arg-type]  # a proxy is one
        except DATABASE_ERRORS as error:
            _log.warning("database not reachable", error=type(error).__name__)
            return {"database": "unreachable", "schema": "unknown"}
        return {"database": "ok", "schema": "ok" if has_schema else "outdated"}
