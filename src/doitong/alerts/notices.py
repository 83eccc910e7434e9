"""The mail to an account's owners when an endpoint was switched off, in the transaction that it happens in."""

from datetime import datetime

from doitong.accounts import store as accounts
from doitong.alerts import store
from doitong.db.pool import Connection
from doitong.mail import service as mail
from doitong.mail.model import Kind


class EndpointNotices:
    """Writes to the owners; `link` leads to the page of webhooks."""

    def __init__(self, link: str) -> None:
        self._link = link

    async def __call__(self, connection: Connection, account_id: str, url: str, now: datetime) -> None:
        account = await accounts.find_account(connection, account_id)
        assert account is not None
        for owner in await store.list_owners(connection, account_id):
            values = {"account": account.name, "url": url, "link": self._link}
            await mail.write(connection, Kind.ENDPOINT_DISABLED, owner.email, owner.language, values, now)
