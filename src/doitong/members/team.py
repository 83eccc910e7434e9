"""The team of an account: invite by mail, change roles, remove, leave. The last owner stays.

Only an owner changes the team; that is asked here, whatever the door asked before.
"""

from doitong.accounts import store as accounts
from doitong.audit import store as audit
from doitong.core.clock import Clock
from doitong.core.errors import DoitongError, NotFound
from doitong.core.ids import new_id
from doitong.db.pool import Connection, Database
from doitong.mail import service as mail
from doitong.mail.model import Kind
from doitong.members import rules, session_store, store, team_store, token_store
from doitong.members.model import (
    Browser,
    Invitation,
    Member,
    NewSession,
    Purpose,
    Role,
    SignedIn,
    TeamMember,
    Token,
)
from doitong.members.registration import Registration
from doitong.members.service import MemberService
from doitong.members.sessions import actor_of


class Team:
    """Every change is one transaction."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        members: MemberService,
        registration: Registration,
        dashboard_url: str,
    ) -> None:
        self._database, self._clock = database, clock
        self._members, self._registration = members, registration
        self._url = dashboard_url

    async def list(self, account_id: str) -> tuple[list[TeamMember], list[Token]]:
        """The members, and the invitations that are open."""
        async with self._database.reading() as connection:
            team = await team_store.list_team(connection, account_id)
            return team, await token_store.list_invitations(connection, account_id, self._clock.now())

    # invitations

    async def invite(self, signed_in: SignedIn, email: str, role: Role) -> None:
        """Send an invitation, in place of an earlier one to the same address.

        Raises InvalidParameter, CONFLICT, ROLE_REQUIRED, TOO_MANY_TRIES.
        """
        email, now, account = rules.check_email(email), self._clock.now(), signed_in.account
        secret = self._members.opener.new_secret()
        token = Token(
            id=new_id(now, self._members.opener.random_bits),
            purpose=Purpose.INVITE,
            email=email,
            member_id=None,
            account_id=account.id,
            role=role,
            created_by=signed_in.member.id,
            created_at=now,
            expires_at=now + rules.INVITE_LIFETIME,
        )
        async with self._database.transaction() as connection:
            await lock_as_owner(connection, signed_in)
            await self._require_room(connection, account.id, email)
            key = rules.email_key(email)
            if not await self._registration.note_mail(connection, "invite", key, f"account {account.id}"):
                seconds = int(rules.MAILS_WINDOW.total_seconds())
                raise DoitongError("TOO_MANY_TRIES", retryAfter=seconds, minutes=seconds // 60)
            await token_store.insert_token(connection, token, rules.digest(secret))
            known = await store.find_by_email(connection, rules.email_key(email))
            values = {
                "link": f"{self._url}/invitation?code={secret}",
                "account": account.name,
                "inviter": signed_in.member.email,
                "role": role.value,
            }
            language = known[0].language if known else account.language
            await mail.write(connection, Kind.INVITE, email, language, values, now)
            await self._record(connection, signed_in, "invite", token.id, email=email, role=role.value)

    async def _require_room(self, connection: Connection, account_id: str, email: str) -> None:
        team = await team_store.list_team(connection, account_id)
        if any(rules.email_key(item.email) == rules.email_key(email) for item in team):
            raise DoitongError("CONFLICT", reason="this address belongs to the account already")
        await token_store.delete_invitations_to(connection, account_id, email)
        open_ones = await token_store.list_invitations(connection, account_id, self._clock.now())
        if len(open_ones) >= rules.INVITATIONS_MAX:
            raise DoitongError("CONFLICT", reason=f"at most {rules.INVITATIONS_MAX} invitations are open at once")

    async def revoke_invitation(self, signed_in: SignedIn, invitation_id: str) -> None:
        """Raises NotFound."""
        async with self._database.transaction() as connection:
            await lock_as_owner(connection, signed_in)
            email = await token_store.delete_invitation(connection, signed_in.account.id, invitation_id)
            if email is None:
                raise NotFound
            await self._record(connection, signed_in, "revoke_invitation", invitation_id, email=email)

    async def find_invitation(self, secret: str) -> Invitation:
        """What a link invites to; changes nothing. Raises LINK_INVALID."""
        async with self._database.reading() as connection:
            token = await token_store.find_token(connection, Purpose.INVITE, rules.digest(secret), self._clock.now())
            account = await accounts.find_account(connection, token.account_id or "") if token else None
            if token is None or account is None or account.is_disabled:
                raise DoitongError("LINK_INVALID")
            known = await store.find_by_email(connection, rules.email_key(token.email))
        return Invitation(token.id, token.email, account.name, token.role or Role.VIEWER, known is not None)

    async def accept(self, signed_in: SignedIn, secret: str) -> None:
        """A member joins with the address that was invited, and looks at the account. Raises LINK_INVALID."""
        async with self._database.transaction() as connection:
            token = await self._take(connection, secret)
            if rules.email_key(token.email) != rules.email_key(signed_in.member.email):
                raise DoitongError("LINK_INVALID")
            await self._join(connection, signed_in.member, token)
            await session_store.set_account(connection, signed_in.session.id, token.account_id or "")

    async def accept_as_new(
        self, secret: str, password: str, browser: Browser, *, name: str, language: str
    ) -> NewSession:
        """Somebody new joins: the link has proven the address. Raises LINK_INVALID, InvalidParameter, CONFLICT."""
        invitation = await self.find_invitation(secret)
        rules.check_password(password, invitation.email)
        name, stored = rules.check_name(name), await self._members.passwords.hash(password)
        async with self._database.transaction() as connection:
            token = await self._take(connection, secret)
            member = await self._registration.create_proven(connection, token.email, name, language, stored)
            await self._join(connection, member, token)
            return await self._members.opener.open(connection, member, browser, self._clock.now(), token.account_id)

    async def accept_open(self, connection: Connection, member: Member) -> None:
        """Join what the member's address, just proven by an issuer, was invited to. In the caller's transaction."""
        for token in await token_store.take_invitations_to(connection, member.email, self._clock.now()):
            await self._join(connection, member, token)

    async def _take(self, connection: Connection, secret: str) -> Token:
        """The account's row is locked first, as its end does."""
        digest, now = rules.digest(secret), self._clock.now()
        found = await token_store.find_token(connection, Purpose.INVITE, digest, now)
        if found is not None:
            await team_store.lock_team(connection, found.account_id or "")
        token = await token_store.take_token(connection, Purpose.INVITE, digest, now)
        if token is None:
            raise DoitongError("LINK_INVALID")
        account = await accounts.find_account(connection, token.account_id or "")
        if account is None or account.is_disabled:
            raise DoitongError("LINK_INVALID")
        return token

    async def _join(self, connection: Connection, member: Member, token: Token) -> None:
        now, role = self._clock.now(), token.role or Role.VIEWER
        await store.insert_membership(connection, token.account_id or "", member.id, role, now)
        details = {"email": member.email, "role": role.value, "invitation": token.id}
        await audit.record(connection, token.account_id, actor_of(member), "team.join", member.id, details, now)

    # members

    async def change_role(self, signed_in: SignedIn, member_id: str, role: Role) -> None:
        """Raises NotFound, LAST_OWNER."""
        account_id = signed_in.account.id
        async with self._database.transaction() as connection:
            await lock_as_owner(connection, signed_in)
            before = await _role_of(connection, account_id, member_id)
            if before is Role.OWNER and role is not Role.OWNER:
                await _require_other_owner(connection, account_id)
            await team_store.set_role(connection, account_id, member_id, role)
            await self._record(connection, signed_in, "change_role", member_id, **{"from": before, "to": role.value})

    async def remove(self, signed_in: SignedIn, member_id: str) -> None:
        """An owner removes a member; everybody may leave. Raises NotFound, LAST_OWNER, ROLE_REQUIRED."""
        is_leaving = member_id == signed_in.member.id
        account_id = signed_in.account.id
        async with self._database.transaction() as connection:
            if is_leaving:
                await team_store.lock_team(connection, account_id)
            else:
                await lock_as_owner(connection, signed_in)
            role = await _role_of(connection, account_id, member_id)
            if role is Role.OWNER:
                await _require_other_owner(connection, account_id)
            await team_store.delete_membership(connection, account_id, member_id)
            await session_store.delete_of_membership(connection, account_id, member_id)
            await self._record(connection, signed_in, "leave" if is_leaving else "remove", member_id)

    async def _record(
        self, connection: Connection, signed_in: SignedIn, verb: str, subject: str, **details: str
    ) -> None:
        await audit.record(
            connection, signed_in.account.id, signed_in.actor, f"team.{verb}", subject, details, self._clock.now()
        )


async def lock_as_owner(connection: Connection, signed_in: SignedIn) -> None:
    """Lock the team for an owner; the role counts as it is now, not as it was when the request began."""
    await team_store.lock_team(connection, signed_in.account.id)
    role = await team_store.find_role(connection, signed_in.account.id, signed_in.member.id)
    if role is not Role.OWNER:
        raise DoitongError("ROLE_REQUIRED", role=Role.OWNER.value)


async def _role_of(connection: Connection, account_id: str, member_id: str) -> Role:
    role = await team_store.find_role(connection, account_id, member_id)
    if role is None:
        raise NotFound
    return role


async def _require_other_owner(connection: Connection, account_id: str) -> None:
    if await team_store.count_owners(connection, account_id) < 2:
        raise DoitongError("LAST_OWNER")
