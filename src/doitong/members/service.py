"""Members as use cases: sign up and in, sessions, roles, links by mail."""

from doitong.core.clock import Clock
from doitong.db.pool import Database
from doitong.members import rules, store
from doitong.members.model import SignedIn


class MemberService:
    """Every change is one transaction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def recognise(self, secret: str) -> SignedIn | None:
        """Who a session's cookie belongs to; None for one that is unknown, expired, or of a closed account."""
        async with self._database.reading() as connection:
            return await store.find_signed_in(connection, rules.digest(secret), self._clock.now())
