"""A key's monthly budget is exact: what it admits is what fits, and what is not charged is given back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from doitong.core.errors import DoitongError, InvalidParameter, NotFound
from doitong.keys.model import KeyChange
from tests.generations.conftest import Customer


async def with_budget(app: Any, owner: Any, budget: int | None) -> Any:
    """Another key of the owner's account, with a budget, as its own customer; and the key."""
    new = await app.keys.create(owner.caller.account_id, "budgeted", monthly_budget=budget)
    return Customer(app, await app.keys.authenticate(new.secret)), new.key


async def spent(app: Any, key: Any) -> int | None:
    return (await app.keys.get(key.account_id, key.id)).spent_this_month


async def outcome(user: Any, **values: Any) -> str:
    try:
        await user.submit(**values)
    except DoitongError as error:
        return error.code
    return "accepted"


async def test_sixty_four_at_once_admit_exactly_what_fits(app: Any, customer: Any) -> None:
    owner = await customer(credits=100_000, job_slots=100, generations_per_minute=1000)
    user, key = await with_budget(app, owner, 1_750)
    got = await asyncio.gather(*(outcome(user) for _ in range(64)))
    assert got.count("accepted") == 17
    assert got.count("KEY_BUDGET_REACHED") == 47
    assert await spent(app, key) == 1_700
    assert (await owner.balance())[1] == 1_700


async def test_two_processes_share_one_budget(app: Any, customer: Any) -> None:
    from doitong.generations.submission import SubmissionDesk

    owner = await customer(credits=100_000, job_slots=100, generations_per_minute=1000)
    user, key = await with_budget(app, owner, 1_000)
    first = app.generations._desk
    second = SubmissionDesk(app.database, app.clock)

    async def submit(n: int) -> str:
        app.generations._desk = first if n % 2 else second
        return await outcome(user)

    got = await asyncio.gather(*(submit(n) for n in range(40)))
    await second.close()
    app.generations._desk = first
    assert got.count("accepted") == 10
    assert await spent(app, key) == 1_000


async def test_a_refusal_says_what_is_missing_and_leaves_no_trace(app: Any, customer: Any) -> None:
    owner = await customer()
    user, _ = await with_budget(app, owner, 250)
    await user.submit()
    with pytest.raises(DoitongError) as refused:
        await user.submit(duration=10)
    assert refused.value.status == 402
    assert refused.value.extensions() == {
        "code": "KEY_BUDGET_REACHED",
        "budget": 250,
        "spent": 100,
        "required": 200,
        "resetsAt": "2026-02-01T00:00:00Z",
    }
    assert await owner.balance() == (9_900, 100)
    async with app.database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM generation") == 1
        assert await connection.fetchval("SELECT day_count FROM account_usage") == 1


@pytest.mark.parametrize("ending", ["cancel", "failed", "completed"])
async def test_what_is_not_charged_is_given_back(app: Any, customer: Any, worker: Any, ending: str) -> None:
    owner = await customer()
    user, key = await with_budget(app, owner, 500)
    prompt = "a lake [fail CONTENT_MODERATED]" if ending == "failed" else "a lake"
    made = (await user.submit(prompt)).generation
    assert await spent(app, key) == 100
    if ending == "cancel":
        await app.generations.cancel(user.caller, made.id)
    elif ending == "failed":
        from doitong.generations import lifecycle, store
        from doitong.generations.model import Status
        from doitong.generations.rules import Ending

        async with app.database.transaction() as connection:
            locked = await store.lock(connection, made.id)
            await lifecycle.finish(
                connection, locked, Ending(Status.FAILED, 0, "GENERATION_TIMED_OUT"), app.clock.now(), ""
            )
    else:
        await worker.settle()
    assert await spent(app, key) == (100 if ending == "completed" else 0)


async def test_a_budget_set_in_mid_month_counts_what_was_before(app: Any, customer: Any, worker: Any) -> None:
    owner = await customer(job_slots=100)
    user, key = await with_budget(app, owner, None)
    assert key.spent_this_month is None
    await user.submit()
    await worker.settle()  # charged
    canceled = (await user.submit()).generation
    await app.generations.cancel(user.caller, canceled.id)
    await user.submit(duration=10)  # held
    await owner.submit()  # another key's
    changed = await app.keys.update(key.account_id, key.id, KeyChange(monthly_budget=400, sets_budget=True))
    assert (changed.monthly_budget, changed.spent_this_month) == (400, 300)
    assert [await outcome(user) for _ in range(2)] == ["accepted", "KEY_BUDGET_REACHED"]
    raised = await app.keys.update(key.account_id, key.id, KeyChange(monthly_budget=500, sets_budget=True))
    assert raised.spent_this_month == 400
    assert [await outcome(user) for _ in range(2)] == ["accepted", "KEY_BUDGET_REACHED"]
    gone = await app.keys.update(key.account_id, key.id, KeyChange(sets_budget=True))
    assert (gone.monthly_budget, gone.spent_this_month) == (None, None)
    assert await outcome(user) == "accepted"


async def test_submissions_race_the_setting_of_a_budget_and_none_is_lost(app: Any, customer: Any) -> None:
    owner = await customer(credits=100_000, job_slots=100, generations_per_minute=1000)
    user, key = await with_budget(app, owner, None)
    change = KeyChange(monthly_budget=2_000, sets_budget=True)
    got = await asyncio.gather(
        *(outcome(user) for _ in range(20)),
        app.keys.update(key.account_id, key.id, change),
        *(outcome(user) for _ in range(20)),
    )
    assert got.count("accepted") == 20
    assert await spent(app, key) == 2_000


async def test_a_month_begins_anew_and_a_late_end_touches_its_own(app: Any, customer: Any, clock: Any) -> None:
    owner = await customer()
    user, key = await with_budget(app, owner, 100)
    made = (await user.submit()).generation
    assert await outcome(user) == "KEY_BUDGET_REACHED"
    clock.advance(timedelta(days=17))  # the first of February
    assert await spent(app, key) == 0
    await user.submit()
    await app.generations.cancel(user.caller, made.id)
    assert await spent(app, key) == 100
    async with app.database.reading() as connection:
        months = await connection.fetch("SELECT month::text, credits FROM key_month ORDER BY 1")
    assert [tuple(row) for row in months] == [("2026-01-01", 0), ("2026-02-01", 100)]


async def test_a_key_and_its_successor_share_one_budget(app: Any, customer: Any) -> None:
    owner = await customer()
    user, key = await with_budget(app, owner, 300)
    await user.submit()
    new = await app.keys.rotate(key.account_id, key.id, overlap=timedelta(hours=1))
    assert (new.key.monthly_budget, new.key.spent_this_month) == (300, 100)
    successor = Customer(app, await app.keys.authenticate(new.secret))
    assert [await outcome(who) for who in (successor, user, successor, user)] == [
        "accepted",
        "accepted",
        "KEY_BUDGET_REACHED",
        "KEY_BUDGET_REACHED",
    ]


async def test_a_replay_costs_no_budget(app: Any, customer: Any) -> None:
    owner = await customer()
    user, key = await with_budget(app, owner, 100)
    first = await user.submit(key="once")
    again = await user.submit(key="once")
    assert again.is_replay
    assert again.generation.id == first.generation.id
    assert await spent(app, key) == 100


async def test_a_key_without_a_budget_costs_no_statement_more(app: Any, customer: Any) -> None:
    """Statements of one submission, of a key without a budget beside one that has one."""
    owner = await customer()
    counts = []
    for _ in range(3):
        counts.append(await _statements(app, owner.submit()))
        await with_budget(app, owner, 500)
    user, _ = await with_budget(app, owner, 500)
    budgeted = await _statements(app, user.submit())
    print(f"statements of a submission: {counts[-1]}, with a budget {budgeted}")
    assert len(set(counts[1:])) == 1
    assert counts[1] <= counts[0]
    assert budgeted == counts[1] + 2


async def _statements(app: Any, work: Any) -> int:
    seen: list[str] = []
    pool = app.database.pool
    connections = [await pool.acquire() for _ in range(pool.get_size())]

    def note(record: Any) -> None:
        seen.append(record.query)

    for connection in connections:
        connection.add_query_logger(note)
        await pool.release(connection)
    await work
    connections = [await pool.acquire() for _ in range(pool.get_size())]
    for connection in connections:
        connection.remove_query_logger(note)
        await pool.release(connection)
    return len([query for query in seen if not query.startswith(("BEGIN", "COMMIT"))])


@pytest.mark.parametrize("budget", [0, -1, 1_000_000_001])
async def test_a_budget_is_a_whole_number_of_credits(app: Any, customer: Any, budget: int) -> None:
    owner = await customer()
    with pytest.raises(InvalidParameter):
        await with_budget(app, owner, budget)


async def test_another_accounts_key_reads_as_unknown(app: Any, customer: Any) -> None:
    owner, stranger = await customer(), await customer()
    _, key = await with_budget(app, owner, 100)
    for attempt in (
        app.keys.get(stranger.caller.account_id, key.id),
        app.keys.update(stranger.caller.account_id, key.id, KeyChange(name="mine")),
    ):
        with pytest.raises(NotFound):
            await attempt
