"""What tests of the ledger do again and again: open an account, place a hold, resolve it, look."""

from dataclasses import dataclass, field
from uuid import uuid4

from doitong.core.clock import SteppedClock
from doitong.db.pool import Database
from doitong.ledger import store
from doitong.ledger.model import Balance, HoldOrder, HoldState, Resolution
from doitong.ledger.rules import check_covered
from doitong.ledger.service import LedgerService


@dataclass
class Bank:
    database: Database
    clock: SteppedClock
    service: LedgerService = field(init=False)

    def __post_init__(self) -> None:
        self.service = LedgerService(self.database, self.clock)

    async def open(self, credits: int = 0, account_id: str | None = None) -> str:
        """A bare account with a balance."""
        account_id = account_id or uuid4().hex
        async with self.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO account (id, name, plan, signing_secret, created_at) VALUES ($1, $1, 'free', '', $2)",
                account_id,
                self.clock.now(),
            )
            await store.open_balance(connection, account_id)
            if credits:
                await store.grant(connection, account_id, credits, now=self.clock.now())
        return account_id

    async def hold(self, *orders: tuple[str, str, int]) -> None:
        """Place holds of (generation, account, amount) as a submission does: lock, decide, place."""
        wanted = [HoldOrder(*order) for order in orders]
        async with self.database.transaction() as connection:
            balances = await store.lock_balances(connection, [order.account_id for order in wanted])
            for account_id, balance in balances.items():
                check_covered(balance, sum(order.amount for order in wanted if order.account_id == account_id))
            await store.place_holds(connection, wanted, self.clock.now())

    async def resolve(self, *resolutions: tuple[str, int, HoldState]) -> set[str]:
        async with self.database.transaction() as connection:
            return await store.resolve_holds(
                connection, [Resolution(*resolution) for resolution in resolutions], self.clock.now()
            )

    async def capture(self, generation_id: str, amount: int) -> bool:
        return await self._resolve_one(generation_id, amount, HoldState.CAPTURED)

    async def release(self, generation_id: str) -> bool:
        return await self._resolve_one(generation_id, 0, HoldState.RELEASED)

    async def expire(self, generation_id: str) -> bool:
        return await self._resolve_one(generation_id, 0, HoldState.EXPIRED)

    async def balance(self, account_id: str) -> Balance:
        return await self.service.balance(account_id)

    async def _resolve_one(self, generation_id: str, capture: int, outcome: HoldState) -> bool:
        async with self.database.transaction() as connection:
            return await store.resolve_hold(
                connection, generation_id, capture=capture, outcome=outcome, now=self.clock.now()
            )
