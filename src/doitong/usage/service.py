"""Usage as a use case: what an account used, by day. Reads counted days only, however many generations there are."""

from datetime import date

from doitong.core.errors import InvalidParameter, rule
from doitong.db.pool import Database
from doitong.usage import store
from doitong.usage.model import Group, Used

DAYS_MAXIMUM = 366
TOO_LONG = rule(
    "must be at most {maximum} days after since", "mora biti največ {maximum} dni za since", maximum=DAYS_MAXIMUM
)


class UsageService:
    """What an account's generations came to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_day(self, account_id: str, since: date, until: date, group: Group = Group.NONE) -> list[Used]:
        """Days from `since` up to and with `until`, oldest first; days without an end are left out.

        Raises InvalidParameter for a span of more than 366 days or that runs backwards.
        """
        if not 0 <= (until - since).days <= DAYS_MAXIMUM:
            raise InvalidParameter("until", TOO_LONG)
        async with self._database.reading() as connection:
            return await store.list_days(connection, account_id, since, until, group)
