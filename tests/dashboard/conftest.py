"""A member who is signed in, at a whole API on a real socket and database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import argon2
import httpx
import pytest
import pytest_asyncio

from doitong.app import Application
from doitong.core.clock import SteppedClock
from doitong.core.ids import new_id
from doitong.members import passwords
from doitong.members.model import Role, SignedIn
from doitong.members.rules import digest
from tests.doors.conftest import make_house
from tests.doors.house import House

SECRET = "s" * 43


@dataclass(frozen=True)
class SignedInHouse(House):
    """`client` is the member's browser: its cookie, and the Origin that browsers send. `stranger` has neither."""

    signed_in: SignedIn
    stranger: httpx.AsyncClient


async def add_member(
    application: Application, account_id: str, secret: str, role: Role = Role.OWNER, *, is_operator: bool = False
) -> SignedIn:
    """A member of an account whose session's secret is `secret`."""
    now, member_id = application.clock.now(), new_id(application.clock.now())
    async with application.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO member (id, email, email_key, name, password, is_operator, created_at, verified_at)"
            " VALUES ($1, $2, $2, 'Maja', 'none', $3, $4, $4)",
            *(member_id, f"{member_id}@example.com", is_operator, now),
        )
        await connection.execute(
            "INSERT INTO membership (account_id, member_id, role, created_at) VALUES ($1, $2, $3, $4)",
            *(account_id, member_id, role.value, now),
        )
        await connection.execute(
            "INSERT INTO session (id, digest, member_id, account_id, created_at, last_seen_at, expires_at, address,"
            " agent) VALUES ($1, $2, $3, $4, $5, $5, $6, '127.0.0.1', 'test')",
            *(new_id(now), digest(secret), member_id, account_id, now, now + timedelta(days=14)),
        )
    signed_in = await application.members.recognise(secret)
    assert signed_in is not None
    return signed_in


@asynccontextmanager
async def signed_in_house(
    dsn: str,
    data_dir: Path,
    clock: SteppedClock,
    role: Role = Role.OWNER,
    *,
    is_operator: bool = False,
    **settings: Any,
) -> AsyncIterator[SignedInHouse]:
    async with make_house(dsn, data_dir, clock, "free", **settings) as house:
        signed_in = await add_member(house.application, house.account_id, SECRET, role, is_operator=is_operator)
        url = str(house.client.base_url).rstrip("/")
        headers = {"Origin": url, "Cookie": f"doitong_session={SECRET}"}
        async with httpx.AsyncClient(
            base_url=url, trust_env=False, timeout=30, headers=headers, verify=False
        ) as client:
            yield SignedInHouse(house.application, client, house.account_id, house.key, signed_in, house.client)


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where tries are counted and nothing is timed: true hashes that take a hundredth of the work."""
    quick = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: quick)
    monkeypatch.setattr(passwords, "STAND_IN", quick.hash("nobody's"))


@pytest_asyncio.fixture
async def signed_in(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[SignedInHouse]:
    """An owner of an account on the free plan, with its 1,000 credits."""
    async with signed_in_house(dsn, tmp_path, clock) as house:
        yield house


@pytest_asyncio.fixture
async def operator_house(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[SignedInHouse]:
    """The same for a member who is also the operator."""
    async with signed_in_house(dsn, tmp_path, clock, is_operator=True) as house:
        yield house
