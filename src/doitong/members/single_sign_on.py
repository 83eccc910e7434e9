"""Signing in elsewhere: who an issuer names becomes one of our members.

By what the issuer calls them (issuer and subject), whatever their address is by then. The first time, by an address
that the issuer says is verified: of a member who is here, of somebody invited, or, where sign-up is open, of somebody
new.
"""

from typing import TYPE_CHECKING

from doitong.audit import store as audit
from doitong.core.clock import Clock
from doitong.core.errors import DoitongError, rule
from doitong.db.pool import Connection, Database
from doitong.members import rules, store, token_store
from doitong.members.flow import Flow, Person
from doitong.members.model import Browser, Member, NewSession
from doitong.members.registration import Registration
from doitong.members.service import MemberService
from doitong.members.sessions import actor_of
from doitong.members.team import Team

if TYPE_CHECKING:
    from doitong.members.issuer import Issuer

EMAIL_UNPROVEN = rule("it does not say that your address is verified", "ne potrjuje, da je vaš naslov preverjen")


class SingleSignOn:
    """Every change is one transaction."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        issuer: "Issuer",
        members: MemberService,
        registration: Registration,
        team: Team,
    ) -> None:
        self._database, self._clock, self.issuer = database, clock, issuer
        self._members, self._registration, self._team = members, registration, team

    def new_flow(self) -> Flow:
        return Flow(self._members.opener.new_secret())

    async def sign_in(self, code: str, flow: Flow, browser: Browser, language: str) -> NewSession:
        """Raises SIGN_IN_ELSEWHERE_FAILED, SIGN_UP_CLOSED."""
        person = await self.issuer.redeem(code, flow)
        async with self._database.transaction() as connection:
            member = await store.find_by_identity(connection, person.issuer, person.subject)
            if member is None:
                member = await self._first_time(connection, person, language)
            return await self._members.enter(connection, member, browser, way="oidc")

    async def _first_time(self, connection: Connection, person: Person, language: str) -> Member:
        if not person.is_email_verified:
            raise self.issuer.failed(EMAIL_UNPROVEN)
        email = rules.check_email(person.email)
        key, now = rules.email_key(email), self._clock.now()
        await store.lock_email(connection, key)
        known = await store.find_by_email(connection, key)
        member = known[0] if known else await self._insert(connection, email, person, language)
        await store.insert_identity(connection, person.issuer, person.subject, member.id, now)
        details = {"issuer": person.issuer}
        await audit.record(connection, None, actor_of(member), "member.link_identity", member.id, details, now)
        return member

    async def _insert(self, connection: Connection, email: str, person: Person, language: str) -> Member:
        now = self._clock.now()
        is_invited = await token_store.is_invited(connection, email, now)
        if not is_invited and not self._registration.is_open:
            raise DoitongError("SIGN_UP_CLOSED")
        name = " ".join("".join(letter for letter in person.name if letter.isprintable()).split())[: rules.NAME_MAX]
        member = await self._registration.create_proven(connection, email, name, language, None)
        if is_invited:
            await self._team.accept_open(connection, member)
        else:
            has_credits = await store.take_credits(connection, rules.credited(rules.email_key(email)))
            await self._members.opener.open_account(connection, member, now, has_credits=has_credits)
        return member
