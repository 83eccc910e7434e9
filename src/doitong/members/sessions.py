"""Opening a session: a new secret at every sign-in, kept as a digest, for one of the member's accounts."""

import secrets
from collections.abc import Callable
from datetime import datetime

from doitong.accounts.service import AccountService
from doitong.audit.model import Actor, ActorKind
from doitong.core.ids import RandomBits, new_id
from doitong.db.pool import Connection
from doitong.members import rules, session_store, store
from doitong.members.model import Browser, Member, NewSession, Role, Session

RandomBytes = Callable[[int], bytes]


class SessionOpener:
    """Works inside the caller's transaction."""

    def __init__(
        self,
        accounts: AccountService,
        random_bytes: RandomBytes = secrets.token_bytes,
        random_bits: RandomBits = secrets.randbits,
    ) -> None:
        self._accounts = accounts
        self.random_bytes, self.random_bits = random_bytes, random_bits

    def new_secret(self) -> str:
        return rules.to_secret(self.random_bytes(rules.SECRET_BYTES))

    async def open(
        self, connection: Connection, member: Member, browser: Browser, now: datetime, account_id: str | None = None
    ) -> NewSession:
        """A session that looks at `account_id`, or at the member's oldest account; who has none gets an empty one.

        Who has only accounts that are disabled looks at one of these: the dashboard says so.
        """
        if account_id is None:
            account_id = await store.find_first_account(connection, member.id)
        if account_id is None:
            account_id = await self.open_account(connection, member, now)
        secret = self.new_secret()
        session = Session(
            id=new_id(now, self.random_bits),
            member_id=member.id,
            account_id=account_id,
            created_at=now,
            last_seen_at=now,
            expires_at=rules.session_end(now, now),
            address=browser.address[:64],
            agent="".join(letter if letter.isprintable() else " " for letter in browser.agent)[: rules.AGENT_MAX],
        )
        await session_store.insert_session(connection, session, rules.digest(secret))
        return NewSession(session, secret)

    async def open_account(
        self, connection: Connection, member: Member, now: datetime, name: str = "", *, has_credits: bool = False
    ) -> str:
        """A new account on the free plan, owned by the member; its id."""
        account = await self._accounts.open(
            connection,
            name.strip() or member.name or member.email.partition("@")[0],
            "free",
            email=member.email,
            language=member.language,
            has_credits=has_credits,
            actor=actor_of(member),
        )
        await store.insert_membership(connection, account.id, member.id, Role.OWNER, now)
        return account.id


def actor_of(member: Member) -> Actor:
    return Actor(ActorKind.MEMBER, member.id, member.email)
