"""Guarantee: what is asked for under a value for one use moves credits once, and writes one audit row."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from doitong.core.errors import CreditsInsufficient, DoitongError
from doitong.core.ids import new_id
from tests.ledger.bank import Bank

Move = Callable[..., Coroutine[Any, Any, Any]]


async def audit_rows(bank: Bank) -> int:
    async with bank.database.reading() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM audit"))


async def moves(bank: Bank) -> list[tuple[str, Move]]:
    """Of each use case one that takes the whole of what there is to move."""
    await bank.open(1000, "ana")
    await bank.hold(("g1", "ana", 100))
    await bank.capture("g1", 100)
    return [
        ("grant", lambda n, **more: bank.service.grant("ana", n, **{"reason": "x", **more})),
        ("adjust", lambda n, **more: bank.service.adjust("ana", -9 * n, **{"reason": "x", **more})),
        ("refund", lambda n, **more: bank.service.refund("g1", n, **{"reason": "x", **more})),
    ]


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_the_same_again_is_done_already(bank: Bank, place: int) -> None:
    name, move = (await moves(bank))[place]
    once = new_id(bank.clock.now())
    first = await move(100, once=once)
    again = await asyncio.gather(*(move(100, once=once) for _ in range(4)))
    assert again == [first] * 4
    for other in (move(99, once=once), move(100, once=once, reason="y"), bank.service.grant("ana", 7, once=once)):
        with pytest.raises(DoitongError) as refused:
            await other
        assert refused.value.code == "CONFLICT"
    assert await bank.balance("ana") == first, name
    assert await audit_rows(bank) == 1
    assert await bank.service.verify() == []


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_many_at_once_move_once(bank: Bank, place: int) -> None:
    _, move = (await moves(bank))[place]
    once = new_id(bank.clock.now())
    found = await asyncio.gather(*(move(100, once=once) for _ in range(16)))
    assert len({balance.available for balance in found}) == 1
    assert await audit_rows(bank) == 1
    assert await bank.service.verify() == []


async def test_a_value_that_moved_nothing_is_unused(bank: Bank) -> None:
    await bank.open(5, "ana")
    once = new_id(bank.clock.now())
    with pytest.raises(CreditsInsufficient):
        await bank.service.adjust("ana", -6, reason="x", once=once)
    assert (await bank.service.adjust("ana", -5, reason="x", once=once)).available == 0


async def test_one_value_for_two_accounts_at_once_moves_one(bank: Bank) -> None:
    await bank.open(0, "ana")
    await bank.open(0, "bor")
    once = new_id(bank.clock.now())
    found = await asyncio.gather(
        *(bank.service.grant(name, 5, once=once) for name in ("ana", "bor") * 4), return_exceptions=True
    )
    assert sum(isinstance(result, DoitongError) for result in found) == 4
    assert (await bank.balance("ana")).available + (await bank.balance("bor")).available == 5
