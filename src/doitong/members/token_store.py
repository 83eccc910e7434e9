"""The SQL of sign-ups that are not proven, and of what links in mails stand for.

Addresses are compared as `rules.email_key` does: their domains are in ASCII already, and A to Z are lower-cased.
"""

from datetime import datetime

from doitong.db.pool import Connection, Row
from doitong.members.model import PendingSignUp, Purpose, Role, Token


async def insert_sign_up(
    connection: Connection, found: PendingSignUp, key: str, digest: bytes, now: datetime, expires_at: datetime
) -> None:
    await connection.execute(
        """
        INSERT INTO sign_up
            (digest, email, email_key, name, password, language, account_name, browser, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        *(digest, found.email, key, found.name, found.password, found.language, found.account_name, found.browser),
        *(now, expires_at),
    )


async def find_sign_up(connection: Connection, digest: bytes, now: datetime) -> PendingSignUp | None:
    row = await connection.fetchrow("SELECT * FROM sign_up WHERE digest = $1 AND expires_at > $2", digest, now)
    return None if row is None else _sign_up(row)


async def take_sign_up(connection: Connection, digest: bytes, now: datetime) -> PendingSignUp | None:
    """Use it up: of two at once, one gets it."""
    row = await connection.fetchrow(
        "DELETE FROM sign_up WHERE digest = $1 AND expires_at > $2 RETURNING *", digest, now
    )
    return None if row is None else _sign_up(row)


async def forget_sign_ups(connection: Connection, key: str) -> None:
    """An address that has become a member's needs no other proof."""
    await connection.execute("DELETE FROM sign_up WHERE email_key = $1", key)


async def insert_token(connection: Connection, token: Token, digest: bytes) -> None:
    await connection.execute(
        """
        INSERT INTO member_token
            (id, digest, purpose, email, member_id, account_id, role, created_by, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        *(token.id, digest, token.purpose.value, token.email, token.member_id, token.account_id, token.role),
        *(token.created_by, token.created_at, token.expires_at),
    )


async def find_token(connection: Connection, purpose: Purpose, digest: bytes, now: datetime) -> Token | None:
    row = await connection.fetchrow(
        "SELECT * FROM member_token WHERE digest = $1 AND purpose = $2 AND expires_at > $3 AND used_at IS NULL",
        *(digest, purpose.value, now),
    )
    return None if row is None else _token(row)


async def take_token(connection: Connection, purpose: Purpose, digest: bytes, now: datetime) -> Token | None:
    """Use it up: of two at once, one gets it."""
    row = await connection.fetchrow(
        """
        UPDATE member_token SET used_at = $3
        WHERE digest = $1 AND purpose = $2 AND expires_at > $3 AND used_at IS NULL RETURNING *
        """,
        *(digest, purpose.value, now),
    )
    return None if row is None else _token(row)


async def forget_tokens(connection: Connection, member_id: str, purpose: Purpose) -> None:
    """Older links of the same purpose are void."""
    await connection.execute("DELETE FROM member_token WHERE member_id = $1 AND purpose = $2", member_id, purpose.value)


async def list_invitations(connection: Connection, account_id: str, now: datetime) -> list[Token]:
    rows = await connection.fetch(
        """
        SELECT * FROM member_token
        WHERE account_id = $1 AND purpose = 'invite' AND expires_at > $2 AND used_at IS NULL ORDER BY id DESC
        """,
        account_id,
        now,
    )
    return [_token(row) for row in rows]


async def is_invited(connection: Connection, email: str, now: datetime) -> bool:
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT 1 FROM member_token JOIN account ON account.id = account_id
            WHERE purpose = 'invite' AND lower(member_token.email COLLATE "C") = lower($1 COLLATE "C")
                AND expires_at > $2 AND used_at IS NULL AND disabled_at IS NULL)
        """,
        email,
        now,
    )
    return found


async def take_invitations_to(connection: Connection, email: str, now: datetime) -> list[Token]:
    """Use up every open invitation of an address."""
    rows = await connection.fetch(
        """
        UPDATE member_token SET used_at = $2
        WHERE purpose = 'invite' AND lower(email COLLATE "C") = lower($1 COLLATE "C") AND expires_at > $2
            AND used_at IS NULL AND account_id IN (SELECT id FROM account WHERE disabled_at IS NULL)
        RETURNING *
        """,
        email,
        now,
    )
    return [_token(row) for row in rows]


async def delete_invitation(connection: Connection, account_id: str, invitation_id: str) -> str | None:
    """End an open invitation; the address that it went to."""
    found: str | None = await connection.fetchval(
        """
        DELETE FROM member_token WHERE account_id = $1 AND id = $2 AND purpose = 'invite' AND used_at IS NULL
        RETURNING email
        """,
        account_id,
        invitation_id,
    )
    return found


async def delete_invitations_to(connection: Connection, account_id: str, email: str) -> None:
    """Earlier invitations of the same address are replaced."""
    await connection.execute(
        "DELETE FROM member_token WHERE account_id = $1 AND purpose = 'invite'"
        ' AND lower(email COLLATE "C") = lower($2 COLLATE "C")',
        account_id,
        email,
    )


async def delete_invitations(connection: Connection, account_id: str) -> None:
    await connection.execute("DELETE FROM member_token WHERE account_id = $1 AND purpose = 'invite'", account_id)


def _sign_up(row: Row) -> PendingSignUp:
    return PendingSignUp(
        email=row["email"],
        name=row["name"],
        language=row["language"],
        account_name=row["account_name"],
        password=row["password"],
        browser=row["browser"],
    )


def _token(row: Row) -> Token:
    return Token(
        id=row["id"],
        purpose=Purpose(row["purpose"]),
        email=row["email"],
        member_id=row["member_id"],
        account_id=row["account_id"],
        role=Role(row["role"]) if row["role"] else None,
        created_by=row["created_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
