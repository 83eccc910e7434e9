"""One try of a generation on one engine: claim, submit, watch, fetch, store, end.

The worker's jobs land here. A claim moves the generation's fence; every later write carries that fence, so a
worker that was taken for dead and comes back writes nothing. A claim is committed before the engine is called:
what was submitted by whom is on record, whatever happens next.
"""

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from doitong.core.clock import Clock
from doitong.core.errors import DoitongError
from doitong.db import queue
from doitong.db.notifications import Notifications
from doitong.db.pool import Connection, Database
from doitong.engines.port import (
    Engine,
    EngineFailure,
    EngineRefused,
    EngineRequest,
    Film,
    SubmissionUnknown,
    TaskState,
)
from doitong.generations import lifecycle, store, upstream_store
from doitong.generations.films import FilmKeeper, FilmUnfit, PictureFetcher
from doitong.generations.leases import LeaseLost, Report, heard_out, patience_seconds
from doitong.generations.model import Generation, Lane, Stage, Status
from doitong.generations.parsing import motion_pictures, with_pictures
from doitong.generations.requests import to_engine_request, to_motion
from doitong.generations.routing import Route
from doitong.generations.rules import Ending, Verdict, judge_failure, retry_delay
from doitong.generations.upstreams import Upstreams
from doitong.moderation.service import Moderation
from doitong.plans.model import PLANS
from doitong.telemetry.metrics import Metrics
from doitong.telemetry.steps import Steps

__all__ = ["AttemptRunner", "AttemptSettings", "to_motion"]

HEARTBEAT_SECONDS = 1.0
NEVER_ARRIVED = EngineFailure("ENGINE_UNAVAILABLE", "the submission never arrived", is_transient=True)
WEIGHTS = {plan.name: plan.weight for plan in PLANS.values()}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AttemptSettings:
    """`work_dir` holds files of running attempts only."""

    lease: timedelta
    timeout: timedelta  # of a generation, from its first start
    work_dir: Path
    cdn_base_url: str


class AttemptRunner:
    """Runs attempts in this worker process."""

    def __init__(
        self,
        database: Database,
        notifications: Notifications,
        clock: Clock,
        engines: Mapping[str, Engine],
        keeper: FilmKeeper,
        pictures: PictureFetcher,
        metrics: Metrics,
        settings: AttemptSettings,
        upstreams: Upstreams,
        moderation: Moderation,
    ) -> None:
        self._database = database
        self._notifications = notifications
        self._clock = clock
        self._engines = engines
        self._keeper = keeper
        self._pictures = pictures
        self._metrics = metrics
        self._settings = settings
        self._upstreams = upstreams
        self._moderation = moderation
        self._running: set[asyncio.Task[None]] = set()
        self._is_draining = False

    async def run_next(self, lane: Lane) -> timedelta | None:
        """The body of a RENDER or SUBMIT job: claim the fairest ready generation and run its attempt.

        A worker that drains gives the job back: the returned pause asks for another look.
        """
        if self._is_draining:
            return timedelta(0)
        limits = await self._upstreams.limits() if lane is Lane.SUBMIT else {}
        async with self._database.transaction() as connection:
            full = await self._upstreams.full_pools(connection, limits)
            now = self._clock.now()
            generation = await store.claim_next(
                connection, lane, now, self._settings.lease, self._settings.timeout, WEIGHTS, full
            )
        if generation is None:
            return None
        if self._is_draining:  # since the claim
            await self._put_back(generation, timedelta(0))
            return None
        await self._guard(generation, self._render if lane is Lane.RENDER else self._submit)
        return None

    async def run_storing(self, generation_id: str) -> timedelta | None:
        """The body of a STORE job: fetch and store the film of a task that succeeded upstream."""
        if self._is_draining:
            return timedelta(0)
        async with self._database.transaction() as connection:
            now = self._clock.now()
            generation = await store.claim_for_storing(connection, generation_id, now, self._settings.lease)
        if generation is not None:
            await self._guard(generation, self._store_upstream)
        return None

    async def drain(self) -> None:
        """Give running attempts back to the queue and end; for SIGTERM."""
        self._is_draining = True
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    # What each kind of attempt does ------------------------------------------------------------------------

    async def _render(self, generation: Generation, report: Report, folder: Path) -> None:
        engine = self._engine(generation)
        task_id = await engine.submit(await self._request(generation, folder))
        try:
            await self._watch_here(engine, task_id, report)
            film = await engine.fetch(task_id, folder / "film.mp4")
        except BaseException:
            await engine.cancel(task_id)
            raise
        await self._keep(generation, film, report, Steps())

    async def _watch_here(self, engine: Engine, task_id: str, report: Report) -> None:
        report.stage = Stage.RENDERING
        while True:
            status = await engine.watch(task_id)
            report.progress = max(report.progress, min(status.progress, 0.99))
            match status.state:
                case TaskState.SUCCEEDED:
                    return
                case TaskState.FAILED:
                    raise EngineRefused(status.failure or EngineFailure("ENGINE_FAILED", is_transient=True))
                case TaskState.LOST | TaskState.CANCELED:
                    raise EngineRefused(EngineFailure("ENGINE_FAILED", status.state.value, is_transient=True))
                case TaskState.WAITING | TaskState.RENDERING:
                    await asyncio.sleep(engine.poll_seconds)

    async def _submit(self, generation: Generation, report: Report, folder: Path) -> None:
        upstream = self._upstreams.of(generation)
        request = await self._request(generation, folder)
        if self._upstreams.has_policy(generation.engine):
            await self._screen(generation, request)
        step = await self._upstreams.finished_step(generation, request)
        if step is not None:
            await self._advance(generation, report, request, step)
            return
        request = await upstream.prepare(request)
        await self._announce(generation, report)
        try:
            task_id = await heard_out(upstream.submit(request))
        except EngineRefused:
            raise
        except Exception as error:  # the answer is lost: the engine may still be able to tell what it took
            _log.warning("submission_unanswered", error=repr(error))
            found = await upstream.recover(request)
            if found is None:
                raise EngineRefused(NEVER_ARRIVED) from error
            task_id = found
        await self._record_task(replace(generation, sent_at=report.sent_at), task_id)

    async def _screen(self, generation: Generation, request: EngineRequest) -> None:
        """What the door let in may have come from an account that has been stopped since."""
        text = f"{request.prompt}\n{request.negative_prompt or ''}"
        try:
            await self._moderation.check(generation.account_id, text, request.image_path)
        except DoitongError as refusal:
            raise EngineRefused(EngineFailure(refusal.code, "before the engine was asked")) from refusal

    async def _announce(self, generation: Generation, report: Report, step: str | None = None) -> None:
        """Put on record that a submission is on its way, and from which step: from here on it may be bought."""
        report.sent_at = self._clock.now()
        async with self._database.transaction() as connection:
            sent_at, fence = report.sent_at, generation.fence
            if not await upstream_store.set_sent(connection, generation.id, fence, sent_at, step):
                raise LeaseLost
        report.may_be_bought, report.stage = True, Stage.SUBMITTING

    async def _record_task(self, generation: Generation, task_id: str) -> None:
        """Note the task, to be polled. One that nobody will look for is stopped; a successor's is left alone.

        An answer that comes after its generation was given up as unknown still settles it.
        """
        engine = self._engine(generation)
        now = self._clock.now()
        due_at = now + timedelta(seconds=engine.poll_seconds)
        async with self._database.transaction() as connection:
            is_known = await store.set_rendering(connection, generation.id, generation.fence, task_id, due_at)
            await upstream_store.add_task(connection, generation, task_id, now)
            if is_known or await upstream_store.set_answered(connection, generation, task_id, due_at):
                return
            now_stands = (await store.find_many(connection, [generation.id]))[generation.id]
        if now_stands.status is not Status.PROCESSING or now_stands.attempt > generation.attempt:
            await engine.cancel(task_id)

    async def _store_upstream(self, generation: Generation, report: Report, folder: Path) -> None:
        assert generation.engine_task_id is not None
        upstream = self._upstreams.of(generation)
        report.may_be_bought = True
        request = await self._request(generation, folder)
        if upstream.has_next(generation.engine_task_id):
            await self._advance(generation, report, request, generation.engine_task_id)
            return
        steps = Steps()
        with steps.step("fetch"):
            film = await upstream.collect(request, generation.engine_task_id, folder / "film.mp4")
        await self._keep(generation, film, report, steps)

    async def _advance(self, generation: Generation, report: Report, request: EngineRequest, task_id: str) -> None:
        """Buy the step after one that succeeded. What that one made is kept: while the next has to wait, and where it
        fails, for the next attempt."""
        upstream = self._upstreams.of(generation)
        await self._announce(generation, report, task_id)
        try:
            next_id = await heard_out(upstream.advance(request, task_id))
        except EngineRefused as refused:
            if refused.failure.wait is None:
                raise
            _log.warning("step_waits", generation_id=generation.id, detail=refused.failure.detail)
            due_at = self._clock.now() + refused.failure.wait
            async with self._database.transaction() as connection:
                await store.set_rendering(connection, generation.id, generation.fence, task_id, due_at)
            return
        except Exception as error:
            raise SubmissionUnknown(repr(error)) from error
        await self._record_task(replace(generation, sent_at=report.sent_at), next_id)

    async def _keep(self, generation: Generation, film: Film, report: Report, steps: Steps) -> None:
        """Store the film and complete; a worker that was taken for dead does not touch the stored file."""
        report.stage = Stage.STORING
        until = self._clock.now() + self._settings.lease
        if not await self._renew(generation, until, report):
            raise LeaseLost
        metadata = await self._keeper.keep(generation, film, steps)
        with steps.step("commit"):
            await self._complete(generation, metadata)
        for name, seconds in steps.seconds.items():
            self._metrics.record_stage(name, seconds)
        _log.info("film_kept", generation_id=generation.id, engine=generation.engine, ms=steps.milliseconds)

    # Recovery ----------------------------------------------------------------------------------------------

    async def recover(self, generation_id: str) -> None:
        """Take over a generation whose worker fell silent, without buying anything twice."""
        async with self._database.transaction() as connection:
            now = self._clock.now()
            generation = await store.claim_expired(connection, generation_id, now, self._settings.lease)
            if generation is None:
                return
            _log.warning("lease_expired", generation_id=generation.id, stage=generation.stage.value)
            if generation.lane is Lane.SUBMIT and generation.stage is Stage.STORING:
                await store.set_lease(connection, generation.id, generation.fence, None)
                await queue.enqueue(connection, queue.STORE, [generation.id], priority=queue.SOON)
                return
        if generation.lane is Lane.SUBMIT and generation.sent_at is not None:
            await self._guard(generation, self._recover_submission)
        else:
            await self._put_back(generation, timedelta(0))

    async def _recover_submission(self, generation: Generation, report: Report, folder: Path) -> None:
        report.may_be_bought = True
        engine = self._engine(generation)
        task_id = await engine.recover(await self._request(generation, folder))
        if task_id is None:
            await self._put_back(generation, timedelta(0))
        else:
            await self._record_task(generation, task_id)

    # Ends --------------------------------------------------------------------------------------------------

    async def _complete(self, generation: Generation, metadata: dict[str, Any]) -> None:
        await self.end(generation, Ending(Status.COMPLETED, generation.credit_cost, metadata=metadata))

    async def end(self, generation: Generation, ending: Ending) -> None:
        """End a generation, if it is still ours by its fence."""
        async with self._database.transaction() as connection:
            held = await self._lock_own(connection, generation)
            if held is None:
                return
            now = self._clock.now()
            ended = await lifecycle.finish(connection, held, ending, now, self._settings.cdn_base_url)
        self._metrics.record_generation(ended.status.value)
        self._metrics.record_stage("whole", (now - ended.created_at).total_seconds())
        _log.info("generation_ended", generation_id=ended.id, status=ended.status.value, error=ended.error_code)

    async def fail(self, generation: Generation, failure: EngineFailure) -> None:
        """What follows from a failed attempt: another engine, a wait, another attempt, or the end."""
        verdict = judge_failure(failure, generation.attempt)
        route = self._upstreams.route_after(generation) if failure.may_go_elsewhere else None
        self._metrics.record_attempt(generation.engine, failure.code)
        _log.warning(
            "attempt_failed",
            generation_id=generation.id,
            attempt=generation.attempt,
            code=failure.code,
            detail=failure.detail,
            verdict=f"to {route.engine}" if route else "wait" if failure.wait else verdict.value,
        )
        if route is not None:
            await self._put_back(generation, timedelta(0), route=route)
            return
        if failure.wait is not None:
            await self._put_back(generation, failure.wait, forgets_start=True)
            return
        if verdict is Verdict.RETRY:
            await self._put_back(generation, retry_delay(failure, generation.attempt), counts_attempt=True)
            return
        if failure.code == "CONTENT_POLICY" and generation.sent_at is not None:
            await self._moderation.note_strike(generation.account_id, generation.id)
        charge = generation.credit_cost if verdict is Verdict.CHARGE else 0
        await self.end(generation, Ending(Status.FAILED, charge, failure.code))

    async def _put_back(
        self,
        generation: Generation,
        delay: timedelta,
        *,
        counts_attempt: bool = False,
        forgets_start: bool = False,
        route: Route | None = None,
    ) -> None:
        """Back to the queue of its engine, or to that of another one."""
        async with self._database.transaction() as connection:
            held = await self._lock_own(connection, generation)
            if held is None:
                return
            await lifecycle.queue_again(
                connection,
                held,
                delay,
                self._clock.now(),
                counts_attempt=counts_attempt,
                forgets_start=forgets_start,
                route=None if route is None else (route, self._upstreams.pool(route, held)),
            )

    async def _lock_own(self, connection: Connection, generation: Generation) -> Generation | None:
        """The locked row, or None when the fence says that it is not ours any more."""
        held = await store.lock(connection, generation.id)
        if held is None or held.fence != generation.fence or held.status is not Status.PROCESSING:
            _log.warning("fenced_out", generation_id=generation.id, fence=generation.fence)
            return None
        return held

    # The guard around every attempt ------------------------------------------------------------------------

    async def _guard(self, generation: Generation, work: "Work") -> None:
        """Run an attempt under heartbeat, and turn every way it can end into a recorded one."""
        structlog.contextvars.bind_contextvars(generation_id=generation.id)
        folder = self._settings.work_dir / f"{generation.id}-{generation.fence}"
        folder.mkdir(parents=True, exist_ok=True)
        report = Report(generation.stage, generation.progress)
        task = asyncio.create_task(self._under_lease(generation, report, folder, work))
        self._running.add(task)
        try:
            await task
        except LeaseLost:
            _log.warning("lease_lost", fence=generation.fence)
        except EngineRefused as refused:
            await self.fail(replace(generation, sent_at=report.sent_at), refused.failure)
        except SubmissionUnknown:
            await self._leave_unknown(generation)
        except FilmUnfit as unfit:
            await self.fail(generation, EngineFailure("ENGINE_FAILED", str(unfit), is_transient=True))
        except asyncio.CancelledError:
            await self._let_go(generation, report)
            if not self._is_draining:
                raise
        except Exception as error:
            _log.exception("attempt_broke")
            if not report.may_be_bought:  # else the lease ends, and the sweep goes on from what is recorded
                await self.fail(generation, EngineFailure("ENGINE_FAILED", repr(error), is_transient=True))
        finally:
            self._running.discard(task)
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            structlog.contextvars.unbind_contextvars("generation_id")

    async def _let_go(self, generation: Generation, report: Report) -> None:
        """End an interrupted attempt: back to the queue, or to the next sweep where the engine has to be asked."""
        if not report.may_be_bought:
            await self._put_back(generation, timedelta(0))
            return
        async with self._database.transaction() as connection:
            await store.set_lease(connection, generation.id, generation.fence, self._clock.now())

    async def _leave_unknown(self, generation: Generation) -> None:
        async with self._database.transaction() as connection:
            await lifecycle.wake_pool(connection, replace(generation, stage=Stage.SUBMITTING))
            await store.set_unknown(connection, generation.id, generation.fence)
        self._metrics.record_attempt(generation.engine, "UNKNOWN")
        _log.error("submission_unknown", generation_id=generation.id, engine=generation.engine)

    async def _under_lease(self, generation: Generation, report: Report, folder: Path, work: "Work") -> None:
        """Run `work` while the lease holds; raises `LeaseLost` once it does not."""
        task = asyncio.create_task(work(generation, report, folder))
        lease_until = self._clock.now() + self._settings.lease
        try:
            while True:
                with self._notifications.expect(lifecycle.ENDED_CHANNEL, generation.id) as end:
                    waiter = asyncio.create_task(end.within(HEARTBEAT_SECONDS))
                    await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
                    waiter.cancel()
                if task.done():
                    return task.result()
                until = self._clock.now() + self._settings.lease
                match await self._renew(generation, until, report):
                    case True:
                        lease_until = until
                    case None if lease_until > self._clock.now():
                        continue  # the database is away, but nobody else can have claimed yet
                    case _:
                        await asyncio.wait({task}, timeout=patience_seconds(report))
                        if task.done():  # it ended, or gave the lease up itself, between two heartbeats
                            return task.result()
                        raise LeaseLost
        finally:
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task

    async def _renew(self, generation: Generation, until: datetime, report: Report) -> bool | None:
        """Whether the lease was renewed; None when the database could not be asked."""
        try:
            async with self._database.transaction() as connection:
                return await store.renew_lease(
                    connection, generation.id, generation.fence, until, report.stage, report.progress
                )
        except Exception as error:
            _log.warning("heartbeat_failed", error=repr(error))
            return None

    # Small things ------------------------------------------------------------------------------------------

    def _engine(self, generation: Generation) -> Engine:
        return self._engines[generation.engine]

    async def _request(self, generation: Generation, folder: Path) -> EngineRequest:
        parameters = generation.parameters
        image_path: Path | None = None
        if parameters["image"] is not None:
            image_path = folder / "picture"
            await self._pictures.fetch_to(parameters["image"], image_path)
        motion, maps = parameters["motion"], {}
        for number, (place, upload_id) in enumerate(motion_pictures(motion).items()):
            path = folder / f"map-{number}"
            await self._pictures.fetch_to(upload_id, path)
            maps[place] = str(path)
        return to_engine_request(generation, image_path, with_pictures(motion, maps))


Work = Callable[[Generation, Report, Path], Coroutine[Any, Any, None]]
