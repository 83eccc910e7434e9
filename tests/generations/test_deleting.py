"""Guarantee: a deleted generation is gone for everybody outside, its files too; its credits and its past stay."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from doitong.app import Application, Workshop
from doitong.core.errors import DoitongError, NotFound
from doitong.generations.model import GenerationFilter, Search, Status
from doitong.outputs.model import FileMissing
from doitong.outputs.storage import MEDIA_TYPES, output_name
from tests.generations.audit import audit
from tests.generations.conftest import Customer, Worker

Make = Callable[..., Any]


async def a_film(customer: Customer, worker: Worker, **values: Any) -> str:
    submission = await customer.submit(**values)
    await worker.settle()
    assert (await customer.get(submission.generation.id)).status is Status.COMPLETED
    return submission.generation.id


async def rows(app: Application, query: str, *values: Any) -> list[dict[str, Any]]:
    async with app.database.reading() as connection:
        return [dict(row) for row in await connection.fetch(query, *values)]


async def test_a_deleted_generation_reads_as_unknown_everywhere(
    app: Application, customer: Make, worker: Worker
) -> None:
    owner: Customer = await customer()
    film, other = await a_film(owner, worker), await a_film(owner, worker)
    await app.generations.delete(owner.caller, film)
    with pytest.raises(NotFound):
        await owner.get(film)
    with pytest.raises(NotFound):
        await app.generations.wait(owner.caller, film, 5)
    for act in (app.generations.cancel, app.generations.delete):
        with pytest.raises(NotFound):
            await act(owner.caller, film)
    listed = await app.generations.list_page(owner.caller, 10, None, GenerationFilter())
    found = await app.generations.search(owner.caller, 10, None, Search())
    assert [item.id for item in listed.items] == [item.id for item in found.items] == [other]


async def test_its_files_are_removed_by_a_job(app: Application, customer: Make, worker: Worker) -> None:
    owner: Customer = await customer()
    film = await a_film(owner, worker)
    await app.generations.delete(owner.caller, film)
    assert (await worker.jobs()).count(("delete", film)) == 2  # the later one is for a worker that stored it late
    await worker.settle()
    for suffix in MEDIA_TYPES:
        with pytest.raises(FileMissing):
            await app.storage.stat(output_name(film, suffix))


async def test_files_are_tried_again_until_the_store_is_back(
    app: Application, workshop: Workshop, customer: Make, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner: Customer = await customer()
    film = await a_film(owner, worker)
    await app.generations.delete(owner.caller, film)

    async def away(name: str) -> None:
        raise OSError("the store is away")

    with monkeypatch.context() as patched:
        patched.setattr(app.storage, "delete", away)
        assert await workshop.leftovers.clear_deleted(film) is not None
    assert await workshop.leftovers.clear_deleted(film) is None
    with pytest.raises(FileMissing):
        await app.storage.stat(output_name(film, ".mp4"))


async def test_a_job_removes_nothing_of_a_film_that_was_not_deleted(
    app: Application, workshop: Workshop, customer: Make, worker: Worker
) -> None:
    film = await a_film(await customer(), worker)
    await workshop.leftovers.clear_deleted(film)
    assert (await app.storage.stat(output_name(film, ".mp4"))).bytes > 0


async def test_one_that_is_being_made_is_kept(app: Application, customer: Make) -> None:
    owner: Customer = await customer()
    generation = (await owner.submit()).generation
    with pytest.raises(DoitongError) as refused:
        await app.generations.delete(owner.caller, generation.id)
    assert refused.value.code == "CONFLICT"
    assert (await owner.get(generation.id)).status is Status.PROCESSING


async def test_of_another_account_it_is_unknown(app: Application, customer: Make, worker: Worker) -> None:
    owner, stranger = await customer(), await customer()
    film = await a_film(owner, worker)
    with pytest.raises(NotFound):
        await app.generations.delete(stranger.caller, film)
    assert (await owner.get(film)).status is Status.COMPLETED


async def test_credits_stay_and_one_audit_row_says_who(app: Application, customer: Make, worker: Worker) -> None:
    owner: Customer = await customer()
    film = await a_film(owner, worker)
    before = await owner.balance()
    await app.generations.delete(owner.caller, film)
    assert await owner.balance() == before
    told = await rows(app, "SELECT action, actor_id FROM audit WHERE subject = $1", film)
    assert told == [{"action": "generation.delete", "actor_id": owner.caller.key_prefix}]
    await audit(app)


async def test_a_repeated_request_is_answered_as_it_was_and_buys_nothing(
    app: Application, customer: Make, worker: Worker
) -> None:
    owner: Customer = await customer()
    film = await a_film(owner, worker, key="once")
    await app.generations.delete(owner.caller, film)
    before = await owner.balance()
    again = await owner.submit(key="once")
    assert (again.is_replay, again.generation.id) == (True, film)
    assert await owner.balance() == before
    with pytest.raises(NotFound):
        await owner.get(film)


async def test_a_webhook_on_its_way_still_says_what_happened(app: Application, customer: Make, worker: Worker) -> None:
    owner: Customer = await customer()
    submission = await owner.submit(webhookUrl="http://127.0.0.1:8099/hook")
    film = submission.generation.id
    await app.generations.cancel(owner.caller, film)
    await app.generations.delete(owner.caller, film)
    told = await rows(
        app, "SELECT state FROM delivery JOIN event ON event.id = event_id WHERE generation_id = $1", film
    )
    assert told == [{"state": "pending"}]


async def test_nothing_revives_it(app: Application, workshop: Workshop, customer: Make, worker: Worker) -> None:
    owner: Customer = await customer()
    film = (await owner.submit()).generation.id
    await app.generations.cancel(owner.caller, film)
    await app.generations.delete(owner.caller, film)
    worker.clock.advance(timedelta(days=2))
    await workshop.sweeper.sweep()
    await worker.settle()
    kept = await rows(app, "SELECT status, deleted_at IS NOT NULL AS gone FROM generation WHERE id = $1", film)
    assert kept == [{"status": "canceled", "gone": True}]


async def test_a_late_worker_brings_no_files_back(
    app: Application, workshop: Workshop, customer: Make, worker: Worker
) -> None:
    """A worker taken for dead may store the film once more after it was deleted; the second job removes that too."""
    owner: Customer = await customer()
    film = await a_film(owner, worker)
    path = app.settings.data_dir / "late.mp4"
    await app.storage.copy_to(output_name(film, ".mp4"), path)
    await app.generations.delete(owner.caller, film)
    await workshop.leftovers.clear_deleted(film)
    await app.storage.put_film(film, path)
    await workshop.leftovers.clear_deleted(film)
    with pytest.raises(FileMissing):
        await app.storage.stat(output_name(film, ".mp4"))


async def test_a_search_looks_at_a_bounded_number_and_goes_on(
    app: Application, customer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doitong.generations.service.SEARCHED_MAXIMUM", 4)
    owner: Customer = await customer()
    rare = (await owner.submit("A RARE bird")).generation.id
    for number in range(9):
        await owner.submit(f"lake {number}")
    wanted, after, seen, calls = Search(text="rare"), None, [], 0
    while True:
        found = await app.generations.search(owner.caller, 10, after, wanted)
        seen += [item.id for item in found.items]
        calls += 1
        if found.cursor is None:
            break
        assert found.searched_to is not None
        after = found.cursor
    assert (seen, calls) == ([rare], 3)
