"""The only SQL of members, their roles, sessions and tokens. Functions work inside the caller's transaction."""

from datetime import datetime

from doitong.accounts.model import Account
from doitong.db.pool import Connection, Row
from doitong.members.model import Belonging, Member, Role, Session, SignedIn

MEMBER = (
    "member.id, member.email, member.name, member.language, member.is_operator, member.created_at,"
    " member.verified_at, member.password IS NOT NULL AS has_password"
)


# by name: a whole row as one value would have the driver look its type up on every new connection
ACCOUNT = (
    "account.name AS account_name, account.plan, account.email AS account_email, account.limits,"
    " account.language AS account_language, account.created_at AS account_created_at, account.disabled_at"
)


async def find_signed_in(connection: Connection, digest: bytes, now: datetime) -> SignedIn | None:
    """Member, session, account and role behind a session's secret, in one round trip; None once it has expired.

    The account may be disabled.
    """
    row = await connection.fetchrow(
        f"""
        SELECT {MEMBER}, membership.role, session.id AS session_id, session.account_id, session.last_seen_at,
            session.created_at AS session_created_at, session.expires_at, session.address, session.agent, {ACCOUNT}
        FROM session JOIN member ON member.id = session.member_id
        JOIN membership ON membership.member_id = member.id AND membership.account_id = session.account_id
        JOIN account ON account.id = session.account_id
        WHERE session.digest = $1 AND session.expires_at > $2
        """,  # noqa: S608 - a constant list of columns
        digest,
        now,
    )
    if row is None:
        return None
    session = Session(
        id=row["session_id"],
        member_id=row["id"],
        account_id=row["account_id"],
        created_at=row["session_created_at"],
        last_seen_at=row["last_seen_at"],
        expires_at=row["expires_at"],
        address=row["address"],
        agent=row["agent"],
    )
    return SignedIn(to_member(row), session, _account_of(row), Role(row["role"]))


# members


async def insert_member(connection: Connection, member: Member, key: str, password: str | None) -> None:
    """Raises asyncpg.UniqueViolationError for an address that is taken: ask `find_by_email` first, under its lock."""
    await connection.execute(
        """
        INSERT INTO member (id, email, email_key, name, password, language, is_operator, created_at, verified_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        *(member.id, member.email, key, member.name, password, member.language, member.is_operator),
        *(member.created_at, member.verified_at),
    )


async def lock_email(connection: Connection, key: str) -> None:
    """Let who wants an address wait for each other until the end of the transaction."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('member ' || $1, 0))", key)


async def find_by_email(connection: Connection, key: str) -> tuple[Member, str | None] | None:
    """The member of an address, and the password's hash."""
    row = await connection.fetchrow(
        f"SELECT {MEMBER}, password FROM member WHERE email_key = $1",  # noqa: S608 - a constant list of columns
        key,
    )
    return None if row is None else (to_member(row), row["password"])


async def find_member(connection: Connection, member_id: str) -> tuple[Member, str | None] | None:
    row = await connection.fetchrow(
        f"SELECT {MEMBER}, password FROM member WHERE id = $1",  # noqa: S608 - a constant list of columns
        member_id,
    )
    return None if row is None else (to_member(row), row["password"])


async def list_members(connection: Connection, first: int, before: str) -> list[Member]:
    """Newest first, with ids below `before`."""
    rows = await connection.fetch(
        f"SELECT {MEMBER} FROM member WHERE id < $1 ORDER BY id DESC LIMIT $2",  # noqa: S608 - constant columns
        before,
        first,
    )
    return [to_member(row) for row in rows]


async def set_password(connection: Connection, member_id: str, password: str) -> None:
    await connection.execute("UPDATE member SET password = $2 WHERE id = $1", member_id, password)


async def set_profile(connection: Connection, member_id: str, name: str, language: str) -> None:
    await connection.execute("UPDATE member SET name = $2, language = $3 WHERE id = $1", member_id, name, language)


async def set_email(connection: Connection, member_id: str, email: str, key: str, now: datetime) -> None:
    await connection.execute(
        "UPDATE member SET email = $2, email_key = $3, verified_at = $4 WHERE id = $1", member_id, email, key, now
    )


async def set_operator(connection: Connection, member_id: str, is_operator: bool) -> None:
    await connection.execute("UPDATE member SET is_operator = $2 WHERE id = $1", member_id, is_operator)


async def find_by_identity(connection: Connection, issuer: str, subject: str) -> Member | None:
    row = await connection.fetchrow(
        f"""
        SELECT {MEMBER} FROM member_identity JOIN member ON member.id = member_identity.member_id
        WHERE issuer = $1 AND subject = $2
        """,  # noqa: S608 - a constant list of columns
        issuer,
        subject,
    )
    return None if row is None else to_member(row)


async def insert_identity(connection: Connection, issuer: str, subject: str, member_id: str, now: datetime) -> None:
    await connection.execute(
        "INSERT INTO member_identity (issuer, subject, member_id, created_at) VALUES ($1, $2, $3, $4)",
        *(issuer, subject, member_id, now),
    )


# accounts of a member


async def insert_membership(connection: Connection, account_id: str, member_id: str, role: Role, now: datetime) -> bool:
    """False where the member belongs to the account already."""
    done = await connection.execute(
        """
        INSERT INTO membership (account_id, member_id, role, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """,
        *(account_id, member_id, role.value, now),
    )
    return bool(done == "INSERT 0 1")


async def list_belongings(connection: Connection, member_id: str) -> list[Belonging]:
    """The accounts of a member that are not closed, oldest membership first."""
    rows = await connection.fetch(
        """
        SELECT account.id, account.name, account.plan, membership.role
        FROM membership JOIN account ON account.id = membership.account_id
        WHERE membership.member_id = $1 AND account.disabled_at IS NULL
        ORDER BY membership.created_at, account.id
        """,
        member_id,
    )
    return [Belonging(row["id"], row["name"], row["plan"], Role(row["role"])) for row in rows]


async def find_first_account(connection: Connection, member_id: str) -> str | None:
    """The oldest account of a member; one that is disabled only when all are."""
    found: str | None = await connection.fetchval(
        """
        SELECT account.id FROM membership JOIN account ON account.id = membership.account_id
        WHERE membership.member_id = $1
        ORDER BY account.disabled_at IS NOT NULL, membership.created_at, account.id LIMIT 1
        """,
        member_id,
    )
    return found


async def take_credits(connection: Connection, address: bytes) -> bool:
    """Note that an address has its sign-up credits; False when it had them before."""
    done = await connection.execute("INSERT INTO credited_address (digest) VALUES ($1) ON CONFLICT DO NOTHING", address)
    return bool(done == "INSERT 0 1")


def _account_of(row: Row) -> Account:
    return Account(
        id=row["account_id"],
        name=row["account_name"],
        plan=row["plan"],
        email=row["account_email"],
        language=row["account_language"],
        limits=row["limits"],
        created_at=row["account_created_at"],
        disabled_at=row["disabled_at"],
    )


def to_member(row: Row) -> Member:
    return Member(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        language=row["language"],
        is_operator=row["is_operator"],
        created_at=row["created_at"],
        verified_at=row["verified_at"],
        has_password=row["has_password"],
    )
