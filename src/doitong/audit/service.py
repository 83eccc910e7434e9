"""The audit log as its readers use it: an account's owner its own, the operator the whole one."""

from doitong.audit import rules, store
from doitong.audit.model import EntryFilter, EntryPage
from doitong.db.pool import Database


class AuditService:
    """Reads only: entries are written by `store.record`, in the transactions that they tell of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self,
        account_id: str | None,
        wanted: EntryFilter | None = None,
        *,
        first: int = 50,
        before: str | None = None,
        maximum: int = rules.PAGE_MAX,
    ) -> EntryPage:
        """A page, newest first, of one account's log or, with None, of all. Raises InvalidParameter."""
        rules.check_page(first, maximum)
        async with self._database.reading() as connection:
            found = await store.list_entries(connection, account_id, wanted or EntryFilter(), first + 1, before)
        shown = found[:first]
        return EntryPage(shown, shown[-1].id if len(found) > first else None)
