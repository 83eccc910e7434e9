"""Guarantees: a customer can follow every credit, page by page; the hot statements never scan a table."""

from datetime import timedelta

import pytest

from doitong.core.errors import DoitongError, InvalidParameter, NotFound
from doitong.ledger import store
from doitong.ledger.model import HoldState, TransferKind
from tests.ledger.bank import Bank


async def test_the_statement_tells_the_whole_story_newest_first(bank: Bank) -> None:
    await bank.open(1000, "ana")
    bank.clock.advance(timedelta(seconds=1))
    await bank.hold(("g1", "ana", 100))
    await bank.capture("g1", 60)
    await bank.service.refund("g1", 10, reason="apology")
    await bank.service.adjust("ana", -5, reason="correction")
    await bank.service.adjust("ana", 2, reason="correction")
    lines = (await bank.service.statement("ana")).lines
    assert [(line.kind.value, line.amount, line.available_after, line.held_after) for line in lines] == [
        ("adjustment", 2, 947, 0),
        ("adjustment", -5, 945, 0),
        ("refund", 10, 950, 0),
        ("release", 40, 940, 0),
        ("capture", -60, 900, 40),
        ("hold", -100, 900, 100),
        ("grant", 1000, 1000, 0),
    ]
    assert [line.generation_id for line in lines] == [None, None, "g1", "g1", "g1", "g1", None]
    assert lines[2].reason == "apology"
    assert lines[0].created_at == bank.clock.now()
    assert lines[6].created_at == bank.clock.now() - timedelta(seconds=1)


async def test_pages_hold_every_line_once(bank: Bank) -> None:
    await bank.open(account_id="ana")
    await bank.open(account_id="bor")
    for number in range(1, 24):
        await bank.service.grant("ana" if number % 3 else "bor", number)
    seen: list[int] = []
    after = None
    for _ in range(10):
        page = await bank.service.statement("ana", first=4, after=after)
        seen += [line.amount for line in page.lines]
        after = page.next_after
        if after is None:
            break
    assert seen == [number for number in range(23, 0, -1) if number % 3]
    full = await bank.service.statement("ana", first=len(seen))
    assert full.next_after is None, "a page that holds the last line has no next"
    assert all(line.kind is TransferKind.GRANT for line in full.lines)


async def test_an_account_sees_only_its_own_lines(bank: Bank) -> None:
    await bank.open(5, "ana")
    await bank.open(7, "bor")
    page = await bank.service.statement("bor")
    assert [line.amount for line in page.lines] == [7]


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_page_has_a_bound(bank: Bank, first: int) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        await bank.service.statement("ana", first=first)
    assert refusal.value.details["parameter"] == "first"


@pytest.mark.parametrize("after", ["", "x", "-1", "1.0", "١", "9" * 19, "9" * 400, "1; DROP TABLE hold"])
async def test_what_is_no_cursor_is_refused(bank: Bank, after: str) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        await bank.service.statement("ana", after=after)
    assert refusal.value.details["parameter"] == "after"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
async def test_an_adjustment_needs_a_reason(bank: Bank, reason: str) -> None:
    await bank.open(5, "ana")
    with pytest.raises(InvalidParameter):
        await bank.service.adjust("ana", 1, reason=reason)
    assert (await bank.balance("ana")).available == 5


async def test_an_unknown_account_has_no_balance(bank: Bank) -> None:
    with pytest.raises(NotFound):
        await bank.balance("nobody")


async def test_a_refusal_says_how_much_is_missing(bank: Bank) -> None:
    await bank.open(5, "ana")
    with pytest.raises(DoitongError) as refusal:
        await bank.service.adjust("ana", -8, reason="correction")
    assert refusal.value.extensions() == {
        "code": "INSUFFICIENT_CREDITS",
        "creditsRequired": 8,
        "creditsAvailable": 5,
    }


async def test_a_refund_of_an_open_hold_is_refused(bank: Bank) -> None:
    await bank.open(5, "ana")
    await bank.hold(("g", "ana", 5))
    with pytest.raises(DoitongError, match="CONFLICT"):
        await bank.service.refund("g")
    hold = await bank.service.hold("g")
    assert hold is not None
    assert (hold.state, hold.captured, hold.refunded) == (HoldState.OPEN, 0, 0)


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_the_hot_statements_scan_no_table(bank: Bank, mode: str) -> None:
    """With 5,000 accounts, of which one has 5,000 open holds, a batch costs as much as its orders."""
    now = bank.clock.now()
    orders = [[f"n{number}" for number in range(64)], [f"a{number}" for number in range(64)], [1] * 64, now]
    endings = [[f"h{number}" for number in range(64)], [1] * 64, ["captured"] * 64, now]
    accounts = [f"a{number}" for number in range(64)]
    async with bank.database.transaction() as connection:
        await connection.execute(
            """
            INSERT INTO account (id, name, plan, signing_secret, created_at)
                SELECT 'a' || number, '', 'free', '', now() FROM generate_series(0, 4999) AS number;
            INSERT INTO ledger_balance SELECT id, 1000000, 5000 FROM account;
            INSERT INTO hold (generation_id, account_id, amount, created_at)
                SELECT 'h' || number, 'a7', 1, now() FROM generate_series(0, 4999) AS number;
            INSERT INTO ledger_transfer (account_id, kind, amount, available_after, held_after, created_at)
                SELECT 'a' || number % 5000, 'grant', 1, 1, 0, now() FROM generate_series(0, 9999) AS number;
            INSERT INTO ledger_entry
                SELECT id, side || account_id, moved FROM ledger_transfer,
                    (VALUES ('available:', 1), ('granted:', -1)) AS entry (side, moved);
            ANALYZE account, ledger_balance, hold, ledger_transfer, ledger_entry;
            """
        )
        await connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
        for statement, arguments in (
            (store._LOCK_BALANCES, [accounts]),
            (store._PLACE_HOLDS, orders),
            (store._RESOLVE_HOLDS, endings),
            (store._STATEMENT.format(kind=""), ["a7", 2**63 - 1, 50]),
            (store._STATEMENT.format(kind="AND kind = 'grant'"), ["a7", 2**63 - 1, 50]),
        ):
            plan = "\n".join(row[0] for row in await connection.fetch("EXPLAIN " + statement, *arguments))
            assert "Seq Scan" not in plan, plan
            assert "hold_open" not in plan, f"reads all open holds of an account:\n{plan}"
