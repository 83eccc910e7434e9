"""How people come in: sign-up and its proof, a forgotten password, a new address. All by links in mails.

A sign-up is no member before its address is proven. The account, its credits and its keys come with the proof, so
nobody farms credits with invented addresses, and nobody's password waits at an address that is not theirs: each link
confirms the password that was given with it, in the browser that gave it, or for who can say it again.
"""

import hmac
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from doitong.audit import store as audit
from doitong.core.clock import Clock
from doitong.core.errors import DoitongError, InvalidParameter
from doitong.core.ids import new_id
from doitong.db.pool import Connection, Database
from doitong.mail import service as mail
from doitong.mail.model import Kind
from doitong.members import rules, session_store, store, token_store
from doitong.members.model import Browser, Member, NewSession, PendingSignUp, Purpose, SignedIn, Token
from doitong.members.service import MemberService, stranger

T = TypeVar("T")


class _NobodyThere(Exception):
    """Nobody has the address that a new password was asked for."""


class Registration:
    """Every change is one transaction."""

    def __init__(
        self, database: Database, clock: Clock, members: MemberService, dashboard_url: str, *, is_open: bool
    ) -> None:
        self._database, self._clock, self._members = database, clock, members
        self._url = dashboard_url
        self.is_open = is_open

    # signing up

    async def sign_up(
        self,
        email: str,
        password: str,
        browser: Browser,
        *,
        name: str = "",
        language: str = "en",
        account_name: str = "",
    ) -> str:
        """Send the proof to the address; what the browser's cookie is to hold.

        The same, as far as one can see, for an address that has an account: the mail says so. Raises
        InvalidParameter, SIGN_UP_CLOSED, TOO_MANY_TRIES.
        """
        if not self.is_open:
            raise DoitongError("SIGN_UP_CLOSED")
        email = rules.check_email(email)
        rules.check_password(password, email)
        key, now = rules.email_key(email), self._clock.now()
        async with self._database.transaction() as connection:  # before the hash: who is refused costs nothing
            may_mail = await self.note_mail(connection, "sign-up", key, f"network {rules.network_of(browser.address)}")
        secret, own = self._members.opener.new_secret(), self._members.opener.new_secret()
        pending = PendingSignUp(
            email=email,
            name=rules.check_name(name),
            language=language,
            account_name=rules.check_name(account_name, "account_name"),
            password=await self._members.passwords.hash(password),
            browser=rules.digest(own),
        )
        async with self._database.transaction() as connection:
            known = await store.find_by_email(connection, key)
            if may_mail and known is None:
                expires_at = now + rules.SIGN_UP_LIFETIME
                await token_store.insert_sign_up(connection, pending, key, rules.digest(secret), now, expires_at)
                values = {"link": f"{self._url}/verify?code={secret}"}
                await mail.write(connection, Kind.VERIFY, email, language, values, now)
            elif may_mail and known is not None:
                values = {"link": f"{self._url}/sign-in", "reset_link": f"{self._url}/forgot"}
                await mail.write(connection, Kind.SIGN_UP_KNOWN, known[0].email, known[0].language, values, now)
            await audit.record(connection, None, stranger(email), "member.sign_up", None, {}, now)
        return own

    async def find_sign_up(self, secret: str) -> PendingSignUp:
        """What a link is about to confirm; changes nothing. Raises LINK_INVALID."""
        async with self._database.reading() as connection:
            return _valid(await token_store.find_sign_up(connection, rules.digest(secret), self._clock.now()))

    @staticmethod
    def is_same_browser(pending: PendingSignUp, own: str | None) -> bool:
        return own is not None and hmac.compare_digest(pending.browser, rules.digest(own))

    async def verify(self, secret: str, own: str | None, password: str, browser: Browser) -> NewSession:
        """Make member and account, and sign in. `own` is what the cookie of the browser that signed up holds;
        without it the password has to be said. Raises LINK_INVALID, InvalidParameter, TOO_MANY_TRIES."""
        pending, now = await self.find_sign_up(secret), self._clock.now()
        if not self.is_same_browser(pending, own):
            await self._confirm(secret, pending, password)
        key = rules.email_key(pending.email)
        async with self._database.transaction() as connection:
            await store.lock_email(connection, key)
            _valid(await token_store.take_sign_up(connection, rules.digest(secret), now))
            if await store.find_by_email(connection, key) is not None:
                raise DoitongError("LINK_INVALID")
            member = await self._insert(connection, pending.email, pending.name, pending.language, pending.password)
            has_credits = await store.take_credits(connection, rules.credited(key))
            account_id = await self._members.opener.open_account(
                connection, member, now, pending.account_name, has_credits=has_credits
            )
            return await self._members.opener.open(connection, member, browser, now, account_id)

    async def _confirm(self, secret: str, pending: PendingSignUp, password: str) -> None:
        subject = f"verify {rules.digest(secret).hex()[:32]}"
        await self._members.begin_try({subject: rules.TRIES_BY_EMAIL}, self._clock.now())
        if not await self._members.passwords.is_right(pending.password, password):
            raise InvalidParameter("password", rules.PASSWORD_WRONG)

    async def _insert(
        self, connection: Connection, email: str, name: str, language: str, password: str | None
    ) -> Member:
        """A member whose address is proven; other proofs of it are void."""
        now, key = self._clock.now(), rules.email_key(email)
        member = Member(
            id=new_id(now, self._members.opener.random_bits),
            email=email,
            name=name,
            language=language,
            is_operator=False,
            created_at=now,
            verified_at=now,
            has_password=password is not None,
        )
        await store.insert_member(connection, member, key, password)
        await token_store.forget_sign_ups(connection, key)
        return member

    async def create_proven(
        self, connection: Connection, email: str, name: str, language: str, password: str | None
    ) -> Member:
        """A member by an invitation or an issuer's word, in the caller's transaction. Raises CONFLICT."""
        key = rules.email_key(email)
        await store.lock_email(connection, key)
        if await store.find_by_email(connection, key) is not None:
            raise DoitongError("CONFLICT", reason="a member has this address already")
        return await self._insert(connection, email, name, language, password)

    # a forgotten password

    async def forgot(self, email: str, browser: Browser) -> None:
        """Send a link, where somebody has the address; it looks the same where nobody does."""
        email = rules.check_email(email)
        key, now = rules.email_key(email), self._clock.now()
        secret = self._members.opener.new_secret()
        async with self._database.transaction() as connection:
            may_mail = await self.note_mail(connection, "reset", key, f"network {rules.network_of(browser.address)}")
            known = await store.find_by_email(connection, key)
            await audit.record(connection, None, stranger(email), "member.forgot_password", None, {}, now)
            if may_mail:
                with suppress(_NobodyThere):
                    async with connection.transaction():  # a part that can be undone
                        await self._write_reset(connection, known[0] if known else None, email, secret, now)

    async def _write_reset(
        self, connection: Connection, member: Member | None, email: str, secret: str, now: datetime
    ) -> None:
        """The same work for who is unknown, so that it takes as long, and then none of it. Raises _NobodyThere."""
        recipient, language = (member.email, member.language) if member else (email, "en")
        await token_store.forget_tokens(connection, member.id if member else "", Purpose.RESET)
        await self._insert_token(connection, Purpose.RESET, member, recipient, secret, rules.RESET_LIFETIME)
        values = {"link": f"{self._url}/reset?code={secret}"}
        await mail.write(connection, Kind.RESET, recipient, language, values, now)
        if member is None:
            raise _NobodyThere

    async def find_reset(self, secret: str) -> Token:
        """Raises LINK_INVALID."""
        async with self._database.reading() as connection:
            digest = rules.digest(secret)
            return _valid(await token_store.find_token(connection, Purpose.RESET, digest, self._clock.now()))

    async def reset(self, secret: str, password: str, browser: Browser) -> NewSession:
        """Set the password, end every session, sign in. Raises LINK_INVALID, InvalidParameter."""
        token, now = await self.find_reset(secret), self._clock.now()
        rules.check_password(password, token.email)
        stored = await self._members.passwords.hash(password)
        async with self._database.transaction() as connection:
            token = _valid(await token_store.take_token(connection, Purpose.RESET, rules.digest(secret), now))
            found = await store.find_member(connection, token.member_id or "")
            if found is None:
                raise DoitongError("LINK_INVALID")
            member = found[0]
            await store.set_password(connection, member.id, stored)
            await session_store.delete_others(connection, member.id, None)
            for subject in rules.tries_of(rules.email_key(member.email), browser.address):
                if not subject.startswith("network "):  # the address is its owner's; what others tried there counts on
                    await session_store.forget_failures(connection, subject)
            await self._members.close_back_doors(connection, member, now)
            return await self._members.enter(connection, member, browser, "member.reset_password")

    # a new address

    async def change_email(self, signed_in: SignedIn, email: str, password: str, browser: Browser) -> None:
        """Send the proof to the new address and a notice to the old. Raises InvalidParameter, TOO_MANY_TRIES."""
        email = rules.check_email(email)
        await self._members.confirm(signed_in, password)
        member, key, now = signed_in.member, rules.email_key(email), self._clock.now()
        secret = self._members.opener.new_secret()
        async with self._database.transaction() as connection:
            may_mail = await self.note_mail(connection, "address", key, f"network {rules.network_of(browser.address)}")
            is_free = await store.find_by_email(connection, key) is None
            await token_store.forget_tokens(connection, member.id, Purpose.CHANGE_EMAIL)
            if may_mail and is_free:  # an address that is taken is not told so to who asks
                await self._insert_token(connection, Purpose.CHANGE_EMAIL, member, email, secret, rules.CHANGE_LIFETIME)
                values = {"link": f"{self._url}/confirm-email?code={secret}"}
                await mail.write(connection, Kind.CHANGE_EMAIL, email, member.language, values, now)
            values = {"new_email": email, "link": f"{self._url}/profile"}
            await mail.write(connection, Kind.CHANGE_EMAIL_NOTICE, member.email, member.language, values, now)
            await audit.record(
                connection, signed_in.account.id, signed_in.actor, "member.ask_email", member.id, {"email": email}, now
            )

    async def find_change(self, secret: str) -> Token:
        """Raises LINK_INVALID."""
        async with self._database.reading() as connection:
            digest = rules.digest(secret)
            return _valid(await token_store.find_token(connection, Purpose.CHANGE_EMAIL, digest, self._clock.now()))

    async def confirm_email(self, secret: str) -> None:
        """Raises LINK_INVALID, also where the address has become another's meanwhile."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            token = _valid(await token_store.take_token(connection, Purpose.CHANGE_EMAIL, rules.digest(secret), now))
            key = rules.email_key(token.email)
            await store.lock_email(connection, key)
            found = await store.find_member(connection, token.member_id or "")
            if found is None or await store.find_by_email(connection, key) is not None:
                raise DoitongError("LINK_INVALID")
            await store.set_email(connection, found[0].id, token.email, key, now)
            await token_store.forget_tokens(connection, found[0].id, Purpose.RESET)
            details = {"from": found[0].email, "to": token.email}
            await audit.record(
                connection, None, stranger(token.email), "member.change_email", found[0].id, details, now
            )

    async def _insert_token(
        self,
        connection: Connection,
        purpose: Purpose,
        member: Member | None,
        email: str,
        secret: str,
        lifetime: timedelta,
    ) -> None:
        now, member_id = self._clock.now(), member.id if member else None
        id_ = new_id(now, self._members.opener.random_bits)
        token = Token(id_, purpose, email, member_id, None, None, member_id, now, now + lifetime)
        await token_store.insert_token(connection, token, rules.digest(secret))

    async def note_mail(self, connection: Connection, kind: str, key: str, asker: str) -> bool:
        """Count a mail that somebody makes us send to an address. False when it had enough of this kind, so that a
        flood of one kind keeps nobody from another; raises TOO_MANY_TRIES when the asker asked for too many."""
        by_email, by_asker, now = f"mail {kind} {key}", f"mails {asker}", self._clock.now()
        since = now - rules.MAILS_WINDOW
        await session_store.lock_subjects(connection, [by_email, by_asker])
        asked = await session_store.list_failures(connection, by_asker, since, rules.MAILS_BY_NETWORK)
        rules.require_tries(asked, rules.MAILS_BY_NETWORK, rules.MAILS_WINDOW, now)
        mailed = await session_store.list_failures(connection, by_email, since, rules.MAILS_BY_EMAIL)
        await session_store.note_failure(connection, [by_email, by_asker], now)
        return len(mailed) < rules.MAILS_BY_EMAIL


def _valid(found: T | None) -> T:
    if found is None:
        raise DoitongError("LINK_INVALID")
    return found
