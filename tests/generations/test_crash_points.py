"""Guarantee: a worker may die at any step of an attempt; the film comes, is bought once, charged once and told once.

A death is a `Killed` that no handler takes: open transactions are rolled back, the heartbeat ends, the job is lost.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from doitong.generations import lifecycle
from doitong.generations.model import Lane, Status
from doitong.generations.routing import Route

from .audit import audit


class Killed(BaseException):
    """The process is gone."""


BEFORE, AFTER = False, True
# a step: where it is, its name, whether it is done when the worker dies
POINTS: dict[str, tuple[Callable[[Any], Any], str, bool]] = {
    "claimed": (lambda workshop: workshop.runner, "_guard", BEFORE),
    "before the submission": (lambda workshop: workshop.engines["scripted"], "submit", BEFORE),
    "submitted": (lambda workshop: workshop.engines["scripted"], "submit", AFTER),
    "recorded": (lambda workshop: workshop.runner, "_record_task", AFTER),
    "looked": (lambda workshop: workshop.poller, "_write", BEFORE),
    "to be stored": (lambda workshop: workshop.poller, "_write", AFTER),
    "claimed for storing": (lambda workshop: workshop.runner, "_store_upstream", BEFORE),
    "before the fetch": (lambda workshop: workshop.engines["scripted"], "fetch", BEFORE),
    "fetched": (lambda workshop: workshop.engines["scripted"], "fetch", AFTER),
    "film put": (lambda workshop: workshop.runner._keeper._storage, "put_film", AFTER),
    "poster put": (lambda workshop: workshop.runner._keeper._storage, "put_poster", AFTER),
    "end written, not committed": (lambda _: lifecycle.store, "set_ended", AFTER),
    "hold resolved, not committed": (lambda _: lifecycle.ledger, "resolve_hold", AFTER),
    "event written, not committed": (lambda _: lifecycle, "publish", AFTER),
    "told, not committed": (lambda _: lifecycle, "notify", AFTER),
    "committed": (lambda workshop: workshop.runner, "end", AFTER),
}
POLLED_ONLY = {"recorded", "looked", "to be stored", "claimed for storing"}
CASES = [(lane, point) for lane in Lane for point in POINTS if lane is Lane.SUBMIT or point not in POLLED_ONLY]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripted engine's films, made once for all cases."""
    return tmp_path_factory.mktemp("films")


def strike(monkeypatch: pytest.MonkeyPatch, target: Any, name: str, after: bool) -> Callable[[], bool]:
    """Die at the first call of a step; tells whether that has happened."""
    original: Callable[..., Awaitable[Any]] = getattr(target, name)
    struck = False

    async def step(*arguments: Any, **named: Any) -> Any:
        nonlocal struck
        if struck:
            return await original(*arguments, **named)
        struck = True
        if after:
            await original(*arguments, **named)
        raise Killed

    monkeypatch.setattr(target, name, step)
    return lambda: struck


@pytest.mark.parametrize(("lane", "point"), CASES, ids=[f"{lane}: {point}" for lane, point in CASES])
async def test_a_worker_may_die_at_any_step(
    customer: Any,
    worker: Any,
    workshop: Any,
    app: Any,
    clock: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    films: Path,
    lane: Lane,
    point: str,
) -> None:
    engine = workshop.engines["scripted"]
    (tmp_path / "scripted").mkdir()
    (tmp_path / "scripted" / "films").symlink_to(films)
    app.routing.routes["runway"] = (Route("scripted", lane),)
    accepted = []
    submit = engine.submit

    async def count(request: Any) -> Any:
        accepted.append(request.attempt)
        return await submit(request)

    monkeypatch.setattr(engine, "submit", count)
    find, name, after = POINTS[point]
    has_struck = strike(monkeypatch, find(workshop), name, after)

    one = await customer()
    generation_id = (await one.submit("#delay=0")).generation.id
    with pytest.raises(Killed):
        await worker.settle()
    assert has_struck()
    for _ in range(3):
        clock.advance(timedelta(seconds=31))
        await workshop.sweeper.sweep()
        await worker.settle(rounds=3)

    done = await one.get(generation_id)
    assert (done.status, done.attempt) == (Status.COMPLETED, 1)
    assert lane is Lane.RENDER or accepted == [1]
    assert await one.balance() == (9_900, 0)
    stored = await app.storage.stat(f"outputs/{generation_id}.mp4")
    assert (stored.sha256, stored.bytes) == (done.metadata["sha256"], done.metadata["bytes"])
    await audit(app)
