"""Members as use cases: sign in and out, sessions, profile, password, the accounts of a member."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from doitong.accounts.model import LANGUAGES
from doitong.accounts.service import AccountService
from doitong.audit import store as audit
from doitong.audit.model import COMMAND, Actor, ActorKind
from doitong.core.clock import Clock
from doitong.core.errors import DoitongError, InvalidParameter, NotFound, one_of
from doitong.core.ids import AFTER_EVERY_ID, new_id
from doitong.db.pool import Connection, Database
from doitong.mail import service as mail
from doitong.mail.model import Kind
from doitong.members import rules, session_store, store, token_store
from doitong.members.model import Belonging, Browser, Member, NewSession, Purpose, Role, Session, SignedIn
from doitong.members.passwords import Passwords, needs_rehash
from doitong.members.sessions import SessionOpener, actor_of

PURGE_MAXIMUM = 1000


class MemberService:
    """Every change is one transaction. `dashboard_url` is the dashboard's address, for links in mails."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        accounts: AccountService,
        dashboard_url: str,
        passwords: Passwords | None = None,
        opener: SessionOpener | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._url = dashboard_url
        self.passwords = passwords or Passwords()
        self.opener = opener or SessionOpener(accounts)

    async def recognise(self, secret: str) -> SignedIn | None:
        """Who a session's cookie belongs to; None for one that is unknown or expired.

        A visit moves the end of the session on; that is written once a minute at most. The account may be disabled.
        """
        now = self._clock.now()
        async with self._database.reading() as connection:
            found = await store.find_signed_in(connection, rules.digest(secret), now)
            if found is not None and now - found.session.last_seen_at >= rules.SEEN_PAUSE:
                expires_at = rules.session_end(found.session.created_at, now)
                await session_store.note_seen(connection, found.session.id, now, expires_at)
        return found

    # signing in

    async def sign_in(self, email: str, password: str, browser: Browser) -> NewSession:
        """A new session. Raises SIGN_IN_FAILED, the same for who is unknown, and TOO_MANY_TRIES."""
        key, now = rules.email_key(email)[: rules.EMAIL_MAX], self._clock.now()
        tries = rules.tries_of(key, browser.address)
        await self.begin_try(tries, now)
        async with self._database.reading() as connection:
            found = await store.find_by_email(connection, key)
        member, stored = found or (None, None)
        is_right = await self.passwords.is_right(stored, password)
        if member is None or stored is None or not is_right:
            raise DoitongError("SIGN_IN_FAILED")
        renewed = await self.passwords.hash(password) if needs_rehash(stored) else None
        async with self._database.transaction() as connection:
            for subject in tries:
                await session_store.forget_failure(connection, subject, now)
            if renewed is not None:
                await store.set_password(connection, member.id, renewed)
            return await self.enter(connection, member, browser, way="password")

    async def enter(
        self, connection: Connection, member: Member, browser: Browser, action: str = "member.sign_in", **details: str
    ) -> NewSession:
        """Open a session in the caller's transaction, and say in the audit log by what."""
        now, noted = self._clock.now(), details | {"address": browser.address}
        new = await self.opener.open(connection, member, browser, now)
        await audit.record(connection, new.session.account_id, actor_of(member), action, member.id, noted, now)
        return new

    async def sign_out(self, signed_in: SignedIn) -> None:
        async with self._database.transaction() as connection:
            await session_store.delete_session(connection, signed_in.member.id, signed_in.session.id)
            await self._record(connection, signed_in, "sign_out", signed_in.member.id)

    async def end_secret(self, secret: str) -> None:
        """End the session that a browser had before it signed in anew."""
        async with self._database.transaction() as connection:
            await session_store.delete_by_digest(connection, rules.digest(secret))

    async def begin_try(self, most: Mapping[str, int], now: datetime) -> None:
        """Count a try on each subject before it is made, so that many at once are no more than one after another.

        Who turns out to be right takes it back. Raises TOO_MANY_TRIES, and counts nothing then.
        """
        async with self._database.transaction() as connection:
            await session_store.lock_subjects(connection, list(most))
            for subject, maximum in most.items():
                failures = await session_store.list_failures(connection, subject, now - rules.TRIES_WINDOW, maximum)
                rules.require_tries(failures, maximum, rules.TRIES_WINDOW, now)
            await session_store.note_failure(connection, list(most), now)

    # sessions

    async def list_sessions(self, member_id: str) -> list[Session]:
        async with self._database.reading() as connection:
            return await session_store.list_sessions(connection, member_id, self._clock.now())

    async def end_session(self, signed_in: SignedIn, session_id: str) -> None:
        """Raises NotFound for one that is not the member's own."""
        async with self._database.transaction() as connection:
            if not await session_store.delete_session(connection, signed_in.member.id, session_id):
                raise NotFound
            await self._record(connection, signed_in, "end_session", session_id)

    async def end_other_sessions(self, signed_in: SignedIn) -> int:
        async with self._database.transaction() as connection:
            ended = await session_store.delete_others(connection, signed_in.member.id, signed_in.session.id)
            await self._record(connection, signed_in, "end_other_sessions", signed_in.member.id, sessions=ended)
        return ended

    # profile

    async def set_profile(self, signed_in: SignedIn, name: str, language: str) -> None:
        """Raises InvalidParameter."""
        name = rules.check_name(name)
        if language not in LANGUAGES:
            raise InvalidParameter("language", one_of(list(LANGUAGES)))
        async with self._database.transaction() as connection:
            await store.set_profile(connection, signed_in.member.id, name, language)
            await self._record(connection, signed_in, "update", signed_in.member.id, language=language)

    async def change_password(self, signed_in: SignedIn, password: str, wanted: str) -> None:
        """Ends the member's other sessions. Raises InvalidParameter, TOO_MANY_TRIES."""
        await self.confirm(signed_in, password, "current_password")
        rules.check_password(wanted, signed_in.member.email, "new_password")
        stored, now = await self.passwords.hash(wanted), self._clock.now()
        async with self._database.transaction() as connection:
            await store.set_password(connection, signed_in.member.id, stored)
            await session_store.delete_others(connection, signed_in.member.id, signed_in.session.id)
            await self._record(connection, signed_in, "change_password", signed_in.member.id)
            await self.close_back_doors(connection, signed_in.member, now)

    async def close_back_doors(self, connection: Connection, member: Member, now: datetime) -> None:
        """After a new password: void the links that were asked for before, by whoever knew the old one; and say so."""
        for purpose in (Purpose.RESET, Purpose.CHANGE_EMAIL):
            await token_store.forget_tokens(connection, member.id, purpose)
        values = {"link": f"{self._url}/forgot"}
        await mail.write(connection, Kind.PASSWORD_CHANGED, member.email, member.language, values, now)

    async def confirm(self, signed_in: SignedIn, password: str, parameter: str = "password") -> None:
        """That the one at the keyboard knows the password. Raises InvalidParameter, TOO_MANY_TRIES.

        Who has none (signs in elsewhere) confirms by a sign-in that is fresh: see `is_fresh`.
        """
        subject, now = f"confirm {signed_in.member.id}", self._clock.now()
        async with self._database.reading() as connection:
            found = await store.find_member(connection, signed_in.member.id)
        stored = found[1] if found else None
        if stored is None and self.is_fresh(signed_in):
            return
        await self.begin_try({subject: rules.TRIES_BY_EMAIL}, now)
        if not await self.passwords.is_right(stored, password):
            raise InvalidParameter(parameter, rules.PASSWORD_WRONG)
        async with self._database.transaction() as connection:
            await session_store.forget_failure(connection, subject, now)

    def is_fresh(self, signed_in: SignedIn) -> bool:
        return self._clock.now() - signed_in.session.created_at <= rules.FRESH_SIGN_IN

    # accounts of a member

    async def list_belongings(self, member_id: str) -> list[Belonging]:
        async with self._database.reading() as connection:
            return await store.list_belongings(connection, member_id)

    async def switch_account(self, signed_in: SignedIn, account_id: str) -> None:
        """Look at another of the member's accounts. Raises NotFound."""
        async with self._database.transaction() as connection:
            belongings = await store.list_belongings(connection, signed_in.member.id)
            if all(item.account_id != account_id for item in belongings):
                raise NotFound
            await session_store.set_account(connection, signed_in.session.id, account_id)

    async def create_account(self, signed_in: SignedIn, name: str) -> str:
        """A further account, without sign-up credits, and look at it. Raises InvalidParameter, CONFLICT."""
        async with self._database.transaction() as connection:
            await store.lock_email(connection, signed_in.member.id)
            if len(await store.list_belongings(connection, signed_in.member.id)) >= rules.ACCOUNTS_MAX:
                raise DoitongError("CONFLICT", reason=f"a member has at most {rules.ACCOUNTS_MAX} accounts")
            account_id = await self.opener.open_account(connection, signed_in.member, self._clock.now(), name)
            await session_store.set_account(connection, signed_in.session.id, account_id)
        return account_id

    # the command line

    async def list(self, *, first: int = 100, after: str | None = None) -> list[Member]:
        async with self._database.reading() as connection:
            return await store.list_members(connection, first, after or AFTER_EVERY_ID)

    async def find(self, email: str) -> Member | None:
        async with self._database.reading() as connection:
            found = await store.find_by_email(connection, rules.email_key(email))
        return found[0] if found else None

    async def create(
        self,
        email: str,
        password: str,
        account_id: str,
        *,
        name: str = "",
        language: str = "en",
        is_operator: bool = False,
        actor: Actor = COMMAND,
    ) -> Member:
        """A member whose address is taken as proven, owner of an account. Raises InvalidParameter, CONFLICT."""
        email, key, name = rules.check_email(email), rules.email_key(email), rules.check_name(name)
        rules.check_password(password, email)
        stored, now = await self.passwords.hash(password), self._clock.now()
        member = Member(new_id(now, self.opener.random_bits), email, name, language, is_operator, now, now, True)
        async with self._database.transaction() as connection:
            await store.lock_email(connection, key)
            if await store.find_by_email(connection, key) is not None:
                raise DoitongError("CONFLICT", reason="a member has this address already")
            await store.insert_member(connection, member, key, stored)
            await store.insert_membership(connection, account_id, member.id, Role.OWNER, now)
            details = {"email": email, "operator": is_operator}
            await audit.record(connection, account_id, actor, "member.create", member.id, details, now)
        return member

    async def set_operator(self, email: str, is_operator: bool, actor: Actor = COMMAND) -> Member:
        """By command only. Raises NotFound."""
        async with self._database.transaction() as connection:
            found = await store.find_by_email(connection, rules.email_key(email))
            if found is None:
                raise NotFound
            await store.set_operator(connection, found[0].id, is_operator)
            details = {"operator": is_operator}
            await audit.record(connection, None, actor, "member.set_operator", found[0].id, details, self._clock.now())
        return found[0]

    async def set_password(self, email: str, password: str, actor: Actor = COMMAND) -> Member:
        """For who lost it where no mail goes out; ends all sessions. Raises NotFound, InvalidParameter."""
        rules.check_password(password, email)
        stored, now = await self.passwords.hash(password), self._clock.now()
        async with self._database.transaction() as connection:
            found = await store.find_by_email(connection, rules.email_key(email))
            if found is None:
                raise NotFound
            await store.set_password(connection, found[0].id, stored)
            await session_store.delete_others(connection, found[0].id, None)
            await audit.record(connection, None, actor, "member.change_password", found[0].id, {}, now)
            await self.close_back_doors(connection, found[0], now)
        return found[0]

    async def sweep(self) -> None:
        """Delete what has expired."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await session_store.purge(connection, now, now - rules.FAILURES_KEPT, PURGE_MAXIMUM)

    async def _record(
        self, connection: Connection, signed_in: SignedIn, verb: str, subject: str, **details: Any
    ) -> None:
        noted: Mapping[str, Any] = details
        await audit.record(
            connection, signed_in.account.id, signed_in.actor, f"member.{verb}", subject, noted, self._clock.now()
        )


def stranger(email: str) -> Actor:
    """Somebody who is no member yet, or not any more."""
    return Actor(ActorKind.MEMBER, None, email)
