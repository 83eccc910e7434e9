"""What the house knows of engines elsewhere: which there are, how they stand, and what fits into their limits now."""

from collections.abc import Mapping
from typing import cast

import structlog

from doitong.core.clock import Clock
from doitong.db.pool import Connection, Database
from doitong.engines.port import Engine, EngineRequest, Problem, Standing, Upstream
from doitong.generations import upstream_store as store
from doitong.generations.model import Generation
from doitong.generations.requests import to_wish
from doitong.generations.routing import Route, Routing
from doitong.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)


class Upstreams:
    """The upstreams of one worker."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        engines: Mapping[str, Engine],
        routing: Routing,
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._clock = clock
        self._engines = {name: cast(Upstream, engine) for name, engine in engines.items() if not engine.runs_here}
        self._routing = routing
        self._metrics = metrics

    def of(self, generation: Generation) -> Upstream:
        return self._engines[generation.engine]

    def route_after(self, generation: Generation) -> Route | None:
        """Who may have a generation that its engine was proven not to have accepted."""
        return self._routing.after(generation.service, generation.engine, to_wish(generation))

    def pool(self, route: Route, generation: Generation) -> str | None:
        return self._routing.pool(route.engine, to_wish(generation))

    def has_policy(self, engine: str) -> bool:
        """Whether an engine judges content, and its owner's account with it."""
        return engine in self._routing.offers

    async def finished_step(self, generation: Generation, request: EngineRequest) -> str | None:
        """The last step that an earlier attempt has finished and that can be gone on from, so that it is bought once.

        Raises `EngineRefused` with a wait when the upstream cannot be asked.
        """
        upstream = self.of(generation)
        async with self._database.reading() as connection:
            tasks = await store.succeeded_tasks(connection, generation)
        for task_id in tasks:
            if upstream.has_next(task_id) and await upstream.can_advance(request, task_id):
                _log.info("step_resumed", generation_id=generation.id, task_id=task_id)
                return task_id
        return None

    async def full_pools(self, connection: Connection, limits: Mapping[str, int]) -> list[str]:
        """Pools in which no place is free; what is counted stays true until the transaction ends."""
        if not limits:
            return []
        taken = await store.count_in_pools(connection, list(limits))
        return [pool for pool, limit in limits.items() if taken.get(pool, 0) >= limit]

    async def limits(self) -> dict[str, int]:
        """Places by pool, 0 for those that are closed; pools without a limit are left out. May ask an upstream."""
        limits: dict[str, int] = {}
        for name, offer in self._routing.offers.items():
            engine = self._engines.get(name)
            if engine is None:
                continue
            standing, waits = await engine.standing(), not self._routing.has_after(name)
            is_away = standing.problem is Problem.UNREACHABLE
            for pool in offer.pools:
                state = standing.pools.get(pool)
                if waits and (is_away or (state is not None and state.left_today == 0)):
                    limits[pool] = 0
                elif state is not None and state.at_once is not None:
                    limits[pool] = state.at_once
        return limits

    async def look(self) -> None:
        """Ask the upstreams that serve here how they stand, note it for all processes, and raise alarms."""
        for name in sorted(self._routing.engines() & set(self._routing.offers) & set(self._engines)):
            standing = await self._engines[name].standing()
            before = await self._note(name, standing)
            self._metrics.set_engine(name, standing.problem, standing.credits)
            if standing.problem is not None and standing.problem != before:
                self._metrics.record_alarm(name, standing.problem.value)
                _log.error("engine_alarm", engine=name, problem=standing.problem.value, detail=standing.detail)
            elif standing.problem is None and before is not None:
                _log.info("engine_well_again", engine=name, before=before)

    async def _note(self, name: str, standing: Standing) -> str | None:
        pools = {
            pool: {"atOnce": state.at_once, "leftToday": state.left_today, "madeToday": state.made_today}
            for pool, state in standing.pools.items()
        }
        problem = standing.problem.value if standing.problem else None
        state = store.EngineState(name, self._clock.now(), problem, standing.detail, standing.credits, pools)
        async with self._database.transaction() as connection:
            return await store.save_state(connection, state)
