"""Guarantees: credits are never spent twice, a hold has one winner, and locks are taken in one order."""

import asyncio
import os
import random

import asyncpg
import pytest

from doitong.core.clock import SteppedClock
from doitong.core.errors import CreditsInsufficient
from doitong.db.pool import Connection, Database
from doitong.ledger import store
from doitong.ledger.model import Balance, HoldOrder, HoldState, Resolution
from tests.ledger.bank import Bank

RACES = int(os.environ.get("DOITONG_LEDGER_RACES", "200"))


@pytest.fixture
async def bank(dsn: str, clock: SteppedClock):
    """A bank with enough connections for a real race."""
    database = await Database.connect(dsn, max_connections=16)
    yield Bank(database, clock)
    await database.close()


async def until_blocked(connection: Connection, waiters: int = 1) -> None:
    """Return once so many transactions wait for a lock; the test's own timeout is the bound."""
    async with asyncio.timeout(20):
        while await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < waiters:
            await asyncio.sleep(0)


async def test_64_tasks_spend_100_credits_on_1000_holds_exactly_100_times(bank: Bank) -> None:
    """Half of them look at the balance first, half rely on the database alone."""
    account = await bank.open(100)
    numbers = iter(range(1000))
    outcomes: list[bool] = []

    async def place(number: int) -> bool:
        try:
            if number % 2:
                await bank.hold((f"g{number}", account, 1))
            else:
                async with bank.database.transaction() as connection:
                    order = HoldOrder(f"g{number}", account, 1)
                    await store.place_holds(connection, [order], bank.clock.now())
        except (CreditsInsufficient, asyncpg.CheckViolationError):
            return False
        return True

    async def work() -> None:
        for number in numbers:
            outcomes.append(await place(number))

    await asyncio.gather(*(work() for _ in range(64)))
    assert (len(outcomes), sum(outcomes)) == (1000, 100)
    assert await bank.balance(account) == Balance(0, 100)
    assert await bank.service.verify() == []


async def test_expiry_races_capture_and_one_of_them_wins(bank: Bank) -> None:
    account = await bank.open(RACES * 10)
    dice = random.Random(7)
    captured = 0
    for number in range(RACES):
        generation = f"g{number}"
        await bank.hold((generation, account, 10))
        contenders = [bank.capture(generation, 7), bank.expire(generation), bank.release(generation)]
        order = dice.sample(range(3), 3)
        won = dict(zip(order, await asyncio.gather(*(contenders[index] for index in order)), strict=True))
        assert sum(won.values()) == 1, f"{generation}: {won}"
        captured += won[0]
    print(f"{RACES} races: capture won {captured}")
    assert await bank.balance(account) == Balance(RACES * 10 - captured * 7, 0)
    assert await bank.service.verify() == []


async def test_who_comes_second_sees_what_the_first_committed(bank: Bank) -> None:
    account = await bank.open(10)
    await bank.hold(("g", account, 10))
    async with bank.database.reading() as observer:
        async with bank.database.transaction() as connection:
            now = bank.clock.now()
            assert await store.resolve_hold(connection, "g", capture=4, outcome=HoldState.CAPTURED, now=now)
            second = asyncio.create_task(bank.expire("g"))
            await until_blocked(observer)
        assert await second is False
    assert await bank.balance(account) == Balance(6, 0)


async def test_who_comes_second_wins_when_the_first_rolls_back(bank: Bank) -> None:
    account = await bank.open(10)
    await bank.hold(("g", account, 10))
    async with bank.database.reading() as observer, bank.database.reading() as connection:
        first = connection.transaction()
        await first.start()
        now = bank.clock.now()
        assert await store.resolve_hold(connection, "g", capture=4, outcome=HoldState.CAPTURED, now=now)
        second = asyncio.create_task(bank.expire("g"))
        await until_blocked(observer)
        await first.rollback()
    assert await second is True
    assert await bank.balance(account) == Balance(10, 0)
    assert await bank.service.verify() == []


async def test_a_waiting_capture_uses_the_balance_as_it_is_then(bank: Bank) -> None:
    """No lost update: the statement waits for the balance and then counts on its newest version."""
    account = await bank.open(100)
    await bank.hold(("g1", account, 10), ("g2", account, 20))
    async with bank.database.reading() as observer:
        async with bank.database.transaction() as connection:
            await store.grant(connection, account, 1000, now=bank.clock.now())
            waiting = [
                asyncio.create_task(bank.capture("g1", 3)),
                asyncio.create_task(bank.release("g2")),
            ]
            await until_blocked(observer, 2)
        assert await asyncio.gather(*waiting) == [True, True]
    assert await bank.balance(account) == Balance(1097, 0)
    assert await bank.service.verify() == []


async def test_refunds_race_and_never_exceed_the_capture(bank: Bank) -> None:
    account = await bank.open(100)
    await bank.hold(("g", account, 100))
    await bank.capture("g", 100)
    outcomes = await asyncio.gather(*(bank.service.refund("g", 30) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(outcome, Balance) for outcome in outcomes) == 3
    assert await bank.balance(account) == Balance(90, 0)
    assert await bank.service.verify() == []


async def is_locked(database: Database, query: str, *arguments: object) -> bool:
    """Whether another transaction holds the row that the query asks for."""
    try:
        async with database.transaction() as connection:
            await connection.fetch(query + " FOR UPDATE NOWAIT", *arguments)
    except asyncpg.LockNotAvailableError:
        return True
    return False


BALANCE = "SELECT 1 FROM ledger_balance WHERE account_id = $1"
HOLD = "SELECT 1 FROM hold WHERE generation_id = $1"


async def lock_by_hand(bank: Bank) -> None:
    async with bank.database.transaction() as connection:
        await store.lock_balances(connection, ["b", "a"])


async def resolve_by_hand(bank: Bank) -> None:
    await bank.resolve(("gb", 0, HoldState.RELEASED), ("ga", 0, HoldState.RELEASED))


@pytest.mark.parametrize("use_case", [lock_by_hand, resolve_by_hand])
async def test_balances_are_locked_in_id_order_whatever_the_order_asked_for(bank: Bank, use_case) -> None:
    for account in ("a", "b"):
        await bank.open(10, account)
        await bank.hold((f"g{account}", account, 5))
    async with bank.database.reading() as observer:
        async with bank.database.transaction() as connection:
            await store.lock_balances(connection, ["b"])
            waiting = asyncio.create_task(use_case(bank))
            await until_blocked(observer)
            assert await is_locked(bank.database, BALANCE, "a"), "b was asked for before a was locked"
        await waiting


async def refund_by_hand(bank: Bank) -> None:
    await bank.service.refund("gb")


@pytest.mark.parametrize("use_case", [resolve_by_hand, refund_by_hand])
async def test_balances_are_locked_before_holds(bank: Bank, use_case) -> None:
    """Who waits for a balance holds no hold that the one it waits for may want."""
    for account in ("a", "b"):
        await bank.open(10, account)
        await bank.hold((f"g{account}", account, 5))
    if use_case is refund_by_hand:
        await bank.capture("gb", 5)
    async with bank.database.reading() as observer:
        async with bank.database.transaction() as connection:
            await store.lock_balances(connection, ["b"])
            waiting = asyncio.create_task(use_case(bank))
            await until_blocked(observer)
            for generation in ("ga", "gb"):
                assert not await is_locked(bank.database, HOLD, generation), generation
        await waiting


async def test_shuffled_batches_of_many_workers_never_deadlock(bank: Bank) -> None:
    accounts = [await bank.open(100_000) for _ in range(6)]
    dice = random.Random(11)

    async def work(worker: int) -> None:
        for turn in range(8):
            orders = [(f"{worker}-{turn}-{n}", dice.choice(accounts), 1 + n) for n in range(12)]
            await bank.hold(*orders)
            endings = [
                Resolution(generation, amount, HoldState.CAPTURED)
                if dice.random() < 0.5
                else Resolution(generation, 0, HoldState.RELEASED)
                for generation, _, amount in dice.sample(orders, len(orders))
            ]
            async with bank.database.transaction() as connection:
                assert len(await store.resolve_holds(connection, endings, bank.clock.now())) == 12

    await asyncio.gather(*(work(worker) for worker in range(12)))
    assert await bank.service.verify() == []
