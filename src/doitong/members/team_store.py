"""The SQL of an account's team. Functions work inside the caller's transaction."""

from doitong.db.pool import Connection
from doitong.members.model import Role, TeamMember


async def lock_team(connection: Connection, account_id: str) -> None:
    """Let changes of one account's team wait for each other, so that an owner stays."""
    await connection.execute("SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE", account_id)


async def list_team(connection: Connection, account_id: str) -> list[TeamMember]:
    """Owners first, then by address."""
    rows = await connection.fetch(
        """
        SELECT member.id, member.email, member.name, membership.role, membership.created_at,
            (SELECT max(last_seen_at) FROM session WHERE session.member_id = member.id) AS last_seen_at
        FROM membership JOIN member ON member.id = membership.member_id
        WHERE membership.account_id = $1
        ORDER BY array_position(ARRAY['owner', 'developer', 'viewer'], membership.role), member.email LIMIT 500
        """,
        account_id,
    )
    return [
        TeamMember(row["id"], row["email"], row["name"], Role(row["role"]), row["created_at"], row["last_seen_at"])
        for row in rows
    ]


async def find_role(connection: Connection, account_id: str, member_id: str) -> Role | None:
    found = await connection.fetchval(
        "SELECT role FROM membership WHERE account_id = $1 AND member_id = $2", account_id, member_id
    )
    return Role(found) if found else None


async def count_owners(connection: Connection, account_id: str) -> int:
    count: int = await connection.fetchval(
        "SELECT count(*) FROM membership WHERE account_id = $1 AND role = 'owner'", account_id
    )
    return count


async def set_role(connection: Connection, account_id: str, member_id: str, role: Role) -> None:
    await connection.execute(
        "UPDATE membership SET role = $3 WHERE account_id = $1 AND member_id = $2", account_id, member_id, role.value
    )


async def delete_membership(connection: Connection, account_id: str, member_id: str) -> None:
    await connection.execute("DELETE FROM membership WHERE account_id = $1 AND member_id = $2", account_id, member_id)
