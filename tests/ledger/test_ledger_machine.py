"""Guarantee: whatever happens in whatever order, the ledger and a ten-line model of it agree.

After every step: balances as the model's, held = the sum of open holds, nothing negative. After the last: the
whole ledger recomputed from its entries. `DOITONG_LEDGER_STEPS=2000x100` is the long run.
"""

import asyncio
import os
from dataclasses import dataclass

import asyncpg
import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from doitong.core.clock import SteppedClock
from doitong.core.errors import CreditsInsufficient, DoitongError
from doitong.db.pool import Database
from doitong.ledger.model import Balance, HoldState
from tests.ledger.bank import Bank

RUNS, STEPS = (int(part) for part in os.environ.get("DOITONG_LEDGER_STEPS", "60x30").split("x"))
ACCOUNTS = 3

amounts = st.integers(1, 300)
who = st.integers(0, ACCOUNTS - 1)


@dataclass
class ModelHold:
    account: int
    amount: int
    captured: int = 0
    refunded: int = 0
    state: HoldState = HoldState.OPEN


class LedgerMachine(RuleBasedStateMachine):
    runner: asyncio.Runner
    bank: Bank
    serial = 0  # of generations, over all runs: they share one database
    steps = 0

    @initialize(credits=st.lists(st.integers(0, 1000), min_size=ACCOUNTS, max_size=ACCOUNTS))
    def open_accounts(self, credits: list[int]) -> None:
        self.available = list(credits)
        # drawn from in the order of placing, never of names: these differ from run to run, and "g10" sorts before "g9"
        self.holds: dict[str, ModelHold] = {}
        self.accounts = [self.run(self.bank.open(amount)) for amount in credits]

    def run(self, coroutine):
        return self.runner.run(coroutine)

    def held(self, account: int) -> int:
        holds = self.holds.values()
        return sum(hold.amount for hold in holds if hold.account == account and hold.state is HoldState.OPEN)

    @rule(account=who, amount=amounts)
    def grant(self, account: int, amount: int) -> None:
        self.run(self.bank.service.grant(self.accounts[account], amount))
        self.available[account] += amount

    @rule(account=who, amount=st.integers(-500, 500).filter(bool))
    def adjust(self, account: int, amount: int) -> None:
        try:
            self.run(self.bank.service.adjust(self.accounts[account], amount, reason="test"))
        except CreditsInsufficient:
            assert self.available[account] + amount < 0
        else:
            self.available[account] += amount

    @rule(orders=st.lists(st.tuples(who, amounts), min_size=1, max_size=8))
    def place(self, orders: list[tuple[int, int]]) -> None:
        named = []
        for account, amount in orders:
            LedgerMachine.serial += 1
            named.append((f"g{self.serial}", account, amount))
        wanted = [sum(amount for owner, amount in orders if owner == account) for account in range(ACCOUNTS)]
        try:
            self.run(self.bank.hold(*((name, self.accounts[owner], amount) for name, owner, amount in named)))
        except CreditsInsufficient:
            assert any(sum_ > available for sum_, available in zip(wanted, self.available, strict=True))
        else:
            for name, account, amount in named:
                self.available[account] -= amount
                self.holds[name] = ModelHold(account, amount)

    @rule(data=st.data(), count=st.integers(1, 6))
    def resolve(self, data: st.DataObject, count: int) -> None:
        """A batch of any holds, resolved ones included, in any order."""
        if not self.holds:
            return
        names = data.draw(st.lists(st.sampled_from(list(self.holds)), max_size=count, min_size=1, unique=True))
        endings = []
        for name in names:
            outcome = data.draw(st.sampled_from([HoldState.CAPTURED, HoldState.RELEASED, HoldState.EXPIRED]))
            amount = self.holds[name].amount
            capture = data.draw(st.integers(1, amount)) if outcome is HoldState.CAPTURED else 0
            endings.append((name, capture, outcome))
        open_ones = {name for name in names if self.holds[name].state is HoldState.OPEN}
        assert self.run(self.bank.resolve(*endings)) == open_ones
        for name, capture, outcome in endings:
            if name in open_ones:
                hold = self.holds[name]
                hold.state, hold.captured = outcome, capture
                self.available[hold.account] += hold.amount - capture

    @rule(data=st.data())
    def capture_too_much(self, data: st.DataObject) -> None:
        open_ones = [name for name, hold in self.holds.items() if hold.state is HoldState.OPEN]
        if not open_ones:
            return
        name = data.draw(st.sampled_from(open_ones))
        with pytest.raises(asyncpg.CheckViolationError):
            self.run(self.bank.capture(name, self.holds[name].amount + 1))

    @rule(data=st.data(), amount=st.none() | amounts)
    def refund(self, data: st.DataObject, amount: int | None) -> None:
        if not self.holds:
            return
        name = data.draw(st.sampled_from(list(self.holds)))
        hold = self.holds[name]
        left = hold.captured - hold.refunded
        wanted = left if amount is None else amount
        if left == 0 or wanted > left:
            with pytest.raises(DoitongError, match="CONFLICT"):
                self.run(self.bank.service.refund(name, amount))
        else:
            self.run(self.bank.service.refund(name, amount))
            hold.refunded += wanted
            self.available[hold.account] += wanted

    @invariant()
    def agrees_with_the_model(self) -> None:
        LedgerMachine.steps += 1
        for account, name in enumerate(getattr(self, "accounts", [])):
            assert self.run(self.bank.balance(name)) == Balance(self.available[account], self.held(account))

    def teardown(self) -> None:
        for name, hold in getattr(self, "holds", {}).items():
            stored = self.run(self.bank.service.hold(name))
            assert stored is not None
            assert (stored.amount, stored.captured, stored.refunded, stored.state) == (
                hold.amount,
                hold.captured,
                hold.refunded,
                hold.state,
            )


def test_the_ledger_agrees_with_a_model(dsn: str, clock: SteppedClock) -> None:
    with asyncio.Runner() as runner:
        database = runner.run(Database.connect(dsn, max_connections=2))
        LedgerMachine.runner, LedgerMachine.bank = runner, Bank(database, clock)
        LedgerMachine.serial = LedgerMachine.steps = 0
        chosen = settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        )
        try:
            run_state_machine_as_test(LedgerMachine, settings=chosen)
            assert runner.run(LedgerMachine.bank.service.verify()) == []
            print(f"{RUNS} runs, {LedgerMachine.steps} steps: 0 differences")
        finally:
            runner.run(database.close())
