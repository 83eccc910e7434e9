"""What a member is: a person who signs in, with a role in one account or several."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from doitong.accounts.model import Account
from doitong.audit.model import Actor, ActorKind
from doitong.keys.model import CUSTOMER_SCOPES, Caller, Scope


class Role(StrEnum):
    """What a member may do in an account."""

    OWNER = "owner"  # everything, members, payments and the account's end included
    DEVELOPER = "developer"  # films, keys and webhooks
    VIEWER = "viewer"  # looking


ROLE_SCOPES: dict[Role, frozenset[str]] = {
    Role.OWNER: CUSTOMER_SCOPES,
    Role.DEVELOPER: CUSTOMER_SCOPES,
    Role.VIEWER: frozenset({Scope.GENERATIONS_READ.value, Scope.ACCOUNT_READ.value}),
}
DASHBOARD = "dashboard"  # stands where a key's prefix stands, for what a member asked for


@dataclass(frozen=True, slots=True)
class Member:
    """A person. `verified_at` is None until the address of mail was proven."""

    id: str
    email: str
    name: str
    language: str
    is_operator: bool
    created_at: datetime
    verified_at: datetime | None
    has_password: bool


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in; the secret in its cookie is kept as a digest only."""

    id: str
    member_id: str
    account_id: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a request of the dashboard comes from: member, session, and the account that is looked at."""

    member: Member
    session: Session
    account: Account
    role: Role

    @property
    def caller(self) -> Caller:
        """The same as the services know a key: with the scopes of the role."""
        return Caller(
            account_id=self.account.id,
            key_prefix=DASHBOARD,
            scopes=ROLE_SCOPES[self.role],
            plan=self.account.plan,
            limits=self.account.limits,
            language=self.member.language,
            person=self.actor,
        )

    @property
    def actor(self) -> Actor:
        """Who the audit log names."""
        return Actor(ActorKind.MEMBER, self.member.id, self.member.email)


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session and what its cookie holds: shown to the browser once, kept nowhere."""

    session: Session
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a request comes from: the address of the network, and what the browser calls itself."""

    address: str
    agent: str = ""


@dataclass(frozen=True, slots=True)
class PendingSignUp:
    """A sign-up whose address is not proven yet."""

    email: str
    name: str
    language: str
    account_name: str
    password: str = field(repr=False)
    browser: bytes = field(repr=False)


class Purpose(StrEnum):
    """What a link in a mail is for."""

    RESET = "reset"
    CHANGE_EMAIL = "change_email"
    INVITE = "invite"


@dataclass(frozen=True, slots=True)
class Token:
    """What a link in a mail stands for; `member_id` is None for an invitation, which has account and role."""

    id: str
    purpose: Purpose
    email: str
    member_id: str | None
    account_id: str | None
    role: Role | None
    created_by: str | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as the one who was invited sees it."""

    id: str
    email: str
    account_name: str
    role: Role
    has_member: bool  # the address has a member already, who has to sign in


@dataclass(frozen=True, slots=True)
class TeamMember:
    """A member as the account sees them."""

    id: str
    email: str
    name: str
    role: Role
    since: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Belonging:
    """An account of a member, with the role in it."""

    account_id: str
    account_name: str
    plan: str
    role: Role
