"""Passwords: argon2id (RFC 9106; OWASP's m=19 MiB, t=2, p=1), hashed in threads, a few at a time.

Each hash takes 19 MiB and some 20 ms of a core: the bound keeps a flood of sign-ins from taking all of both. One that
nobody has is verified against a stand-in, so that an unknown address takes as long as a known one.
"""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from doitong.core.errors import DoitongError
from doitong.members.rules import is_possible_password, normal_password

if TYPE_CHECKING:
    from argon2 import PasswordHasher

T = TypeVar("T")
AT_ONCE = 2
WAITING_MAXIMUM = 64
MEMORY_KIB, ROUNDS, LANES = 19 * 1024, 2, 1
# of 32 random bytes that nobody kept, with the parameters above; a test holds the two together
STAND_IN = "$argon2id$v=19$m=19456,t=2,p=1$x49vZhfO3Wrzrz7mBb55xg$zQrpEuXmt7CSirI8yvKxevajot4J5R7yf6FZ8J7hGy0"


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # noqa: PLC0415 (only who signs in waits for it)

    return PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES)


def needs_rehash(stored: str) -> bool:
    """Whether a password was hashed with other parameters than today's."""
    return _hasher().check_needs_rehash(stored)


class Passwords:
    """Hashes and verifies, at most AT_ONCE at a time."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        return await self._run(_hash, password)

    async def is_right(self, stored: str | None, password: str) -> bool:
        """Takes as long for `stored` None: a member without a password, or nobody."""
        if not is_possible_password(password):
            return False
        is_right = await self._run(_verify, stored or STAND_IN, password)
        return is_right and stored is not None

    async def _run(self, work: Callable[..., T], *arguments: str) -> T:
        if self._waiting >= WAITING_MAXIMUM:
            raise DoitongError("UNAVAILABLE")
        self._waiting += 1
        try:
            async with self._places:
                return await asyncio.to_thread(work, *arguments)
        finally:
            self._waiting -= 1


def _hash(password: str) -> str:
    return _hasher().hash(normal_password(password))


def _verify(stored: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - as above

    try:
        return _hasher().verify(stored, normal_password(password))
    except (VerificationError, InvalidHashError):
        return False
