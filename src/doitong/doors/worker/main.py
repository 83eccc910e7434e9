"""`doitong work`: four PGQueuer loops (renders, quick jobs, deliveries, mails), poller and sweep, until SIGTERM.

A job is only a reason to look. Renders have a loop of their own, which takes no more jobs than there are places
to render, so that who is next is decided when a place is free. Deliveries have one, so that receivers that are
slow, however many, hold up no film. A lost database is reconnected to.
"""

import asyncio
import contextlib
import os
import signal
import sys
from datetime import timedelta

import structlog
from prometheus_client import start_http_server

from doitong.app import Application, Workshop
from doitong.core.clock import Clock
from doitong.core.settings import Settings
from doitong.db import queue
from doitong.db.consumer import Intake, Step, consume
from doitong.generations.model import Lane

QUICK_BATCH = 16
MAIL_PLACES = 4  # connections to the mail server at once
DRAIN_SECONDS = 8.0
LOOK_SECONDS = 10.0
# Threads that make previews ask for the interpreter at every frame, and a busy loop gives it away only when this has
# passed: with Python's 0.005, looking at 10,000 tasks left films waiting for a minute (bench/README.md)
SWITCH_SECONDS = 0.0005

_log = structlog.get_logger(__name__)


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; down within ten seconds, running attempts given back."""
    import uvloop  # noqa: PLC0415

    sys.setswitchinterval(SWITCH_SECONDS)
    uvloop.run(work(settings))


async def work(settings: Settings) -> None:
    """The worker's life."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = await Application.open(settings)
    workshop = Workshop.build(app)
    if settings.worker_metrics_port:
        start_http_server(settings.worker_metrics_port, "127.0.0.1", app.metrics.registry)
    try:
        await _work_until(stop, settings, app.database.dsn, workshop, app.clock)
    finally:
        for engine in workshop.engines.values():
            await engine.close()
        await app.close()


async def _work_until(stop: asyncio.Event, settings: Settings, dsn: str, workshop: Workshop, clock: Clock) -> None:
    async with asyncio.TaskGroup() as group:
        for steps, intake in loops(settings, workshop):
            group.create_task(consume(stop, dsn, steps, intake))
        group.create_task(workshop.poller.run(stop))
        group.create_task(_look_until(stop, workshop))
        group.create_task(_sweep_until(stop, settings.sweep_seconds, workshop, clock))
        group.create_task(_drain_at(stop, workshop))
        _log.info("worker_ready", renders=render_places(settings), jobs=settings.worker_jobs)


async def _drain_at(stop: asyncio.Event, workshop: Workshop) -> None:
    """Give attempts back at once; what else still runs (a delivery to a silent receiver) has until the patience ends.

    Ending in the middle of a job is safe: its lease expires, and another worker looks again.
    """
    await stop.wait()
    _log.info("worker_draining")
    asyncio.get_running_loop().call_later(DRAIN_SECONDS, _end_now)
    await workshop.runner.drain()


def _end_now() -> None:
    _log.warning("worker_ended_with_jobs_open")
    os._exit(0)


def render_places(settings: Settings) -> int:
    return settings.studio_renders or os.cpu_count() or 1


def loops(settings: Settings, workshop: Workshop) -> list[tuple[dict[str, Step], Intake]]:
    """The steps of the queue's jobs, by the loop that takes them."""
    runner = workshop.runner
    lease = timedelta(seconds=settings.lease_seconds)
    quick = Intake(QUICK_BATCH, settings.worker_jobs, lease)

    async def render(_: str) -> timedelta | None:
        return await runner.run_next(Lane.RENDER)

    async def submit(_: str) -> timedelta | None:
        return await runner.run_next(Lane.SUBMIT)

    return [
        ({queue.RENDER: render}, Intake(1, render_places(settings), lease)),
        (
            {
                queue.SUBMIT: submit,
                queue.STORE: runner.run_storing,
                queue.CANCEL: workshop.leftovers.clear_canceled,
                queue.DELETE: workshop.leftovers.clear_deleted,
                queue.ERASE: workshop.closing.erase,
            },
            quick,
        ),
        ({queue.DELIVER: workshop.deliverer.deliver}, quick),
        ({queue.MAIL: workshop.mailer.send}, Intake(MAIL_PLACES, MAIL_PLACES, lease)),
    ]


async def _look_until(stop: asyncio.Event, workshop: Workshop) -> None:
    """How the upstreams stand is asked for all the time, so that a claim seldom has to wait for it."""
    while not stop.is_set():
        try:
            await workshop.upstreams.look()
        except Exception:
            _log.exception("look_failed")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await stop.wait()


async def _sweep_until(stop: asyncio.Event, pause_seconds: float, workshop: Workshop, clock: Clock) -> None:
    while not stop.is_set():
        try:
            await workshop.sweeper.sweep()
        except Exception:
            _log.exception("sweep_failed")
        try:
            await workshop.deliverer.sweep(clock.now())
        except Exception:
            _log.exception("delivery_sweep_failed")
        sweeps = (workshop.alerts.sweep, workshop.payments.sweep, workshop.mailer.sweep, workshop.members.sweep)
        for sweep in (*sweeps, workshop.oversight.note_alive):
            try:
                await sweep()
            except Exception:
                _log.exception("sweep_failed", sweep=sweep.__qualname__)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_seconds):
                await stop.wait()
