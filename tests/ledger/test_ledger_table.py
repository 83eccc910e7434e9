"""Guarantee: every transfer does what the table says, to the credit, and a refused one changes nothing."""

import asyncpg
import pytest

from doitong.audit.model import COMMAND
from doitong.core.errors import DoitongError
from doitong.ledger import store
from doitong.ledger.model import HoldOrder, HoldState
from doitong.ledger.rules import AMOUNT_MAX
from tests.ledger.bank import Bank

OK = "ok"
ENDED = "already resolved"
OVER = "check violated"  # by the database itself: the last line of defence
TWICE = "second hold"
MISTAKE = "caller's mistake"
NO_CREDITS, CONFLICT, INVALID, UNKNOWN = "INSUFFICIENT_CREDITS", "CONFLICT", "INVALID_PARAMETER", "NOT_FOUND"

# step, account, generation, amount → outcome, available and held of the account after it
TABLE = [
    ("grant", "ana", None, 1000, OK, 1000, 0),
    ("grant", "ana", None, 0, INVALID, 1000, 0),
    ("grant", "ana", None, -5, INVALID, 1000, 0),
    ("grant", "ana", None, AMOUNT_MAX + 1, INVALID, 1000, 0),
    ("grant", "nobody", None, 10, UNKNOWN, None, None),
    ("grant", "bor", None, 1, OK, 1, 0),
    ("hold", "ana", "a1", 100, OK, 900, 100),
    ("hold", "ana", "a1", 100, TWICE, 900, 100),
    ("hold", "bor", "a1", 1, TWICE, 1, 0),
    ("hold", "ana", "a2", 901, NO_CREDITS, 900, 100),
    ("place", "ana", "a2", 901, OVER, 900, 100),
    ("hold", "ana", "a2", 0, MISTAKE, 900, 100),
    ("hold", "ana", "a2", -1, MISTAKE, 900, 100),
    ("hold", "nobody", "a2", 1, UNKNOWN, None, None),
    ("capture", "ana", "a1", 101, OVER, 900, 100),
    ("capture", "ana", "a1", -1, MISTAKE, 900, 100),
    ("capture", "ana", "a1", 0, MISTAKE, 900, 100),
    ("refund", "ana", "a1", 1, CONFLICT, 900, 100),
    ("capture", "ana", "a1", 100, OK, 900, 0),
    ("capture", "ana", "a1", 100, ENDED, 900, 0),
    ("capture", "ana", "a1", 1, ENDED, 900, 0),
    ("release", "ana", "a1", 0, ENDED, 900, 0),
    ("expire", "ana", "a1", 0, ENDED, 900, 0),
    ("hold", "ana", "a1", 100, TWICE, 900, 0),
    ("hold", "ana", "a2", 300, OK, 600, 300),
    ("capture", "ana", "a2", 100, OK, 800, 0),  # the rest comes back in the same step
    ("capture", "ana", "a2", 200, ENDED, 800, 0),
    ("hold", "ana", "a3", 50, OK, 750, 50),
    ("release", "ana", "a3", 0, OK, 800, 0),
    ("release", "ana", "a3", 0, ENDED, 800, 0),
    ("capture", "ana", "a3", 50, ENDED, 800, 0),
    ("refund", "ana", "a3", None, CONFLICT, 800, 0),
    ("hold", "ana", "a4", 60, OK, 740, 60),
    ("expire", "ana", "a4", 0, OK, 800, 0),
    ("expire", "ana", "a4", 0, ENDED, 800, 0),
    ("capture", "ana", "a4", 60, ENDED, 800, 0),
    ("refund", "ana", "a4", 1, CONFLICT, 800, 0),
    ("capture", "ana", "unknown", 5, ENDED, 800, 0),
    ("release", "ana", "unknown", 0, ENDED, 800, 0),
    ("refund", "ana", "unknown", 5, UNKNOWN, 800, 0),
    ("refund", "ana", "a1", 0, INVALID, 800, 0),
    ("refund", "ana", "a1", -1, INVALID, 800, 0),
    ("refund", "ana", "a1", 30, OK, 830, 0),
    ("refund", "ana", "a1", 71, CONFLICT, 830, 0),
    ("refund", "ana", "a1", 70, OK, 900, 0),
    ("refund", "ana", "a1", 1, CONFLICT, 900, 0),
    ("refund", "ana", "a1", None, CONFLICT, 900, 0),
    ("refund", "ana", "a2", None, OK, 1000, 0),  # what was captured, not what was held
    ("refund", "ana", "a2", None, CONFLICT, 1000, 0),
    ("adjust", "ana", None, 0, INVALID, 1000, 0),
    ("adjust", "ana", None, AMOUNT_MAX + 1, INVALID, 1000, 0),
    ("adjust", "ana", None, -1001, NO_CREDITS, 1000, 0),
    ("adjust", "ana", None, 5, OK, 1005, 0),
    ("adjust", "ana", None, -1005, OK, 0, 0),
    ("adjust", "ana", None, -1, NO_CREDITS, 0, 0),
    ("adjust", "nobody", None, 5, UNKNOWN, None, None),
    ("hold", "ana", "a5", 1, NO_CREDITS, 0, 0),
    ("hold", "bor", "b1", 1, OK, 0, 1),
    ("adjust", "bor", None, -1, NO_CREDITS, 0, 1),  # held credits are not available
    ("hold", "bor", "b2", 1, NO_CREDITS, 0, 1),
    ("place", "bor", "b2", 1, OVER, 0, 1),
    ("capture", "bor", "b1", 2, OVER, 0, 1),
    ("capture", "bor", "b1", 1, OK, 0, 0),
    ("hold", "bor", "b2", 1, NO_CREDITS, 0, 0),
    ("refund", "bor", "b1", None, OK, 1, 0),
    ("hold", "bor", "b2", 1, OK, 0, 1),
    ("expire", "bor", "b2", 0, OK, 1, 0),
    ("grant", "bor", None, AMOUNT_MAX, OK, AMOUNT_MAX + 1, 0),
    ("hold", "bor", "b3", AMOUNT_MAX, OK, 1, AMOUNT_MAX),
    ("release", "bor", "b3", 0, OK, AMOUNT_MAX + 1, 0),
]


async def apply(bank: Bank, step: str, account: str, generation: str | None, amount: int | None) -> str:
    """Do one step in a transaction of its own and name its outcome."""
    service = bank.service
    is_resolved = True
    try:
        match step:
            case "grant":
                await service.grant(account, amount or 0)
            case "adjust":
                await service.adjust(account, amount or 0, reason="correction", actor=COMMAND)
            case "refund":
                await service.refund(generation or "", amount)
            case "hold":
                await bank.hold((generation or "", account, amount or 0))
            case "place":
                await place_blindly(bank, generation or "", account, amount or 0)
            case "capture":
                is_resolved = await bank.capture(generation or "", amount or 0)
            case "release":
                is_resolved = await bank.release(generation or "")
            case "expire":
                is_resolved = await bank.expire(generation or "")
    except DoitongError as error:
        return error.code
    except asyncpg.CheckViolationError:
        return OVER
    except asyncpg.UniqueViolationError:
        return TWICE
    except ValueError:
        return MISTAKE
    return OK if is_resolved else ENDED


async def place_blindly(bank: Bank, generation: str, account: str, amount: int) -> None:
    """A caller that forgot to look at the balance."""
    async with bank.database.transaction() as connection:
        await store.place_holds(connection, [HoldOrder(generation, account, amount)], bank.clock.now())


async def test_every_row_of_the_table(bank: Bank) -> None:
    await bank.open(account_id="ana")
    await bank.open(account_id="bor")
    assert len(TABLE) >= 60
    for number, (step, account, generation, amount, outcome, available, held) in enumerate(TABLE, 1):
        row = f"row {number}: {step} {account} {generation} {amount}"
        assert await apply(bank, step, account, generation, amount) == outcome, row
        if available is not None:
            balance = await bank.balance(account)
            assert (balance.available, balance.held) == (available, held), row
            assert balance.posted == available + held, row
        assert await bank.service.verify() == [], row


async def test_a_batch_is_placed_and_resolved_as_its_orders_one_by_one(bank: Bank) -> None:
    """Several orders of one account in one statement: each transfer has the balances after itself."""
    for account in ("ana", "bor"):
        await bank.open(1000, account)
    orders = [(f"g{number}", "ana" if number % 3 else "bor", number + 1) for number in range(40)]
    await bank.hold(*orders)
    lines = (await bank.service.statement("ana", first=100)).lines
    held = 0
    for line, (generation, _, amount) in zip(
        reversed(lines[:-1]), [order for order in orders if order[1] == "ana"], strict=True
    ):
        held += amount
        assert (line.generation_id, line.amount) == (generation, -amount)
        assert (line.available_after, line.held_after) == (1000 - held, held)

    outcomes = [
        (generation, amount // 2, HoldState.CAPTURED) if amount // 2 else (generation, 0, HoldState.EXPIRED)
        for generation, _, amount in reversed(orders)
    ]
    assert await bank.resolve(*outcomes, ("unknown", 0, HoldState.RELEASED)) == {order[0] for order in orders}
    assert await bank.resolve(*outcomes) == set()
    charged = sum(amount // 2 for _, account, amount in orders if account == "ana")
    balance = await bank.balance("ana")
    assert (balance.available, balance.held) == (1000 - charged, 0)
    assert await bank.service.verify() == []


async def test_a_batch_of_which_one_order_is_not_covered_places_none(bank: Bank) -> None:
    await bank.open(10, "ana")
    await bank.open(1, "bor")
    assert await apply(bank, "hold", "ana", "before", 1) == OK
    with pytest.raises(DoitongError) as refusal:
        await bank.hold(("g1", "ana", 5), ("g2", "bor", 2))
    assert refusal.value.extensions() == {
        "code": "INSUFFICIENT_CREDITS",
        "creditsRequired": 2,
        "creditsAvailable": 1,
    }
    assert (await bank.balance("ana")).held == 1
    assert await bank.service.hold("g1") is None


async def test_a_batch_has_a_bound_and_names_a_hold_once(bank: Bank) -> None:
    await bank.open(1000, "ana")
    for orders in ([], [(f"g{number}", "ana", 1) for number in range(65)]):
        with pytest.raises(ValueError, match="1 to 64"):
            await bank.hold(*orders)
    await bank.hold(("g", "ana", 10))
    with pytest.raises(ValueError, match="once"):
        await bank.resolve(("g", 4, HoldState.CAPTURED), ("g", 0, HoldState.RELEASED))
    assert (await bank.balance("ana")).held == 10
