"""Guarantees: the past cannot be rewritten, even by raw SQL, and whatever is wrong is found."""

import re
from importlib.resources import files

import asyncpg
import pytest

from doitong.ledger.model import HoldState
from tests.ledger.bank import Bank

TOUCHES = [
    f"{verb} {table}{rest}"
    for table in ("ledger_transfer", "ledger_entry")
    for verb, rest in (
        ("UPDATE", " SET amount = amount + 1"),
        ("DELETE FROM", ""),
        ("TRUNCATE", " CASCADE"),
    )
] + ["TRUNCATE account CASCADE"]


async def some_business(bank: Bank) -> None:
    """Ana: 1000 granted, 40 of g1 captured, g2 released, g3 open with 25, g4 expired, 10 of g1 refunded."""
    await bank.open(1000, "ana")
    await bank.open(10, "bor")
    await bank.hold(("g1", "ana", 100), ("g2", "ana", 50), ("g3", "ana", 25), ("g4", "ana", 5))
    await bank.resolve(("g1", 40, HoldState.CAPTURED), ("g2", 0, HoldState.RELEASED), ("g4", 0, HoldState.EXPIRED))
    await bank.service.refund("g1", 10)
    await bank.service.adjust("ana", -7, reason="test")


@pytest.mark.parametrize("touch", TOUCHES)
async def test_the_database_refuses_to_change_the_past(bank: Bank, touch: str) -> None:
    await some_business(bank)
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        async with bank.database.transaction() as connection:
            await connection.execute(touch)
    assert await bank.service.verify() == []


TRANSFER = "(SELECT id FROM ledger_transfer WHERE generation_id = '{}' AND kind = '{}')"

# what somebody with the keys of the house does, and the checks that must notice
PLANTED = {
    "an entry is raised": (
        "UPDATE ledger_entry SET amount = amount + 1 WHERE amount > 0"
        f" AND transfer_id = {TRANSFER.format('g3', 'hold')}",
        {
            "all entries sum to zero",
            "a transfer has two entries that sum to zero",
            "a balance is the sum of its entries",
            "the balances after a transfer are the sums so far",
        },
    ),
    "an entry is gone": (
        f"DELETE FROM ledger_entry WHERE amount < 0 AND transfer_id = {TRANSFER.format('g3', 'hold')}",
        {"a transfer has two entries that sum to zero", "a transfer moves as its kind says"},
    ),
    "both entries are raised": (
        f"UPDATE ledger_entry SET amount = amount * 2 WHERE transfer_id = {TRANSFER.format('g3', 'hold')}",
        {"a transfer has two entries that sum to zero", "a balance is the sum of its entries"},
    ),
    "a transfer is gone": (
        f"DELETE FROM ledger_transfer WHERE id = {TRANSFER.format('g2', 'release')}",
        {"an entry belongs to a transfer", "a hold is what its transfers say"},
    ),
    "an entry goes to another account": (
        "UPDATE ledger_entry SET ledger_account = 'available:bor' WHERE ledger_account = 'available:ana'"
        f" AND transfer_id = {TRANSFER.format('g2', 'release')}",
        {"a transfer moves as its kind says", "a balance is the sum of its entries"},
    ),
    "an entry goes nowhere": (
        "UPDATE ledger_entry SET ledger_account = 'pocket' WHERE ledger_account = 'revenue'",
        {"a balance is the sum of its entries", "a transfer moves as its kind says"},
    ),
    "the sides are swapped": (
        f"UPDATE ledger_entry SET amount = -amount WHERE transfer_id = {TRANSFER.format('g1', 'capture')}",
        {"a transfer moves as its kind says", "a balance is the sum of its entries"},
    ),
    "the kind is changed": (
        f"UPDATE ledger_transfer SET kind = 'refund' WHERE id = {TRANSFER.format('g2', 'release')}",
        {"a transfer moves as its kind says", "a hold is what its transfers say"},
    ),
    "available is raised": (
        "UPDATE ledger_balance SET available = available + 1 WHERE account_id = 'ana'",
        {"a balance is the sum of its entries"},
    ),
    "held is raised": (
        "UPDATE ledger_balance SET held = held + 1 WHERE account_id = 'ana'",
        {"a balance is the sum of its entries", "held is the sum of open holds"},
    ),
    "a balance is gone": (
        "DELETE FROM ledger_balance WHERE account_id = 'bor'",
        {"a balance is the sum of its entries"},
    ),
    "a balance is negative": (
        "ALTER TABLE ledger_balance DROP CONSTRAINT ledger_balance_available_check;"
        "UPDATE ledger_balance SET available = -1 WHERE account_id = 'bor'",
        {"no balance is negative", "a balance is the sum of its entries"},
    ),
    "a hold is opened again": (
        "UPDATE hold SET state = 'open', captured = 0, refunded = 0, resolved_at = NULL WHERE generation_id = 'g1'",
        {"held is the sum of open holds", "a hold is what its transfers say"},
    ),
    "a hold is released without a transfer": (
        "UPDATE hold SET state = 'released', resolved_at = created_at WHERE generation_id = 'g3'",
        {"held is the sum of open holds", "a hold is what its transfers say"},
    ),
    "an expiry reads as a release": (
        "UPDATE hold SET state = 'released' WHERE generation_id = 'g4'",
        {"a hold is what its transfers say"},
    ),
    "a capture is forgotten": (
        "UPDATE hold SET captured = 39 WHERE generation_id = 'g1'",
        {"a hold is what its transfers say"},
    ),
    "a refund is forgotten": (
        "UPDATE hold SET refunded = 0 WHERE generation_id = 'g1'",
        {"a hold is what its transfers say"},
    ),
    "a hold is gone": ("DELETE FROM hold WHERE generation_id = 'g2'", {"a hold is what its transfers say"}),
    "a hold appears": (
        "INSERT INTO hold (generation_id, account_id, amount, created_at) VALUES ('g9', 'bor', 1, now())",
        {"a hold is what its transfers say", "held is the sum of open holds"},
    ),
    "a hold changes hands": (
        "UPDATE hold SET account_id = 'bor' WHERE generation_id = 'g2'",
        {"a hold is what its transfers say"},
    ),
    "a captured hold reads as open": (
        "UPDATE hold SET resolved_at = NULL WHERE generation_id = 'g1'",
        {"the state of a hold fits its amounts"},
    ),
    "a balance after a transfer is changed": (
        f"UPDATE ledger_transfer SET available_after = available_after + 1 WHERE id = {TRANSFER.format('g1', 'hold')}",
        {"the balances after a transfer are the sums so far"},
    ),
}


@pytest.mark.parametrize("deed", PLANTED)
async def test_a_planted_difference_is_found(bank: Bank, deed: str) -> None:
    await some_business(bank)
    assert await bank.service.verify() == []
    sql, expected = PLANTED[deed]
    async with bank.database.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")  # triggers are off
        await connection.execute(sql)
    found = await bank.service.verify()
    assert expected <= {difference.check for difference in found}, found
    assert all(difference.subject for difference in found)


def test_every_check_of_the_verification_has_a_planted_difference() -> None:
    sql = files("doitong.ledger").joinpath("verify.sql").read_text()
    checks = set(re.findall(r"^    SELECT '([^']+ [^']+)'", sql, re.MULTILINE))
    assert len(checks) == 10
    assert checks == set().union(*(expected for _, expected in PLANTED.values()))
