"""The only SQL of members, their roles, sessions and tokens. Functions work inside the caller's transaction."""

from datetime import datetime

from doitong.accounts.store import to_account
from doitong.db.pool import Connection, Row
from doitong.members.model import Member, Role, Session, SignedIn

MEMBER = (
    "member.id, member.email, member.name, member.language, member.is_operator, member.created_at,"
    " member.verified_at, member.password IS NOT NULL AS has_password"
)


async def find_signed_in(connection: Connection, digest: bytes, now: datetime) -> SignedIn | None:
    """Member, session, account and role behind a session's secret, in one round trip; None once it has expired."""
    row = await connection.fetchrow(
        f"""
        SELECT {MEMBER}, membership.role, session.id AS session_id, session.account_id, session.last_seen_at,
            session.created_at AS session_created_at, session.expires_at, session.address, session.agent, account
        FROM session JOIN member ON member.id = session.member_id
        JOIN membership ON membership.member_id = member.id AND membership.account_id = session.account_id
        JOIN account ON account.id = session.account_id
        WHERE session.digest = $1 AND session.expires_at > $2 AND account.disabled_at IS NULL
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
    return SignedIn(to_member(row), session, to_account(row["account"]), Role(row["role"]))


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
