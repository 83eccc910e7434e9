"""Accounts as use cases: create with sign-up credits, read, change of plan, signing secrets."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from doitong.accounts import rules, store
from doitong.accounts.model import LANGUAGES, Account, AccountPage, SigningSecrets
from doitong.audit import store as audit
from doitong.audit.model import SYSTEM, Actor
from doitong.core.clock import Clock
from doitong.core.errors import InvalidParameter, NotFound, one_of
from doitong.core.ids import RandomBits, new_id
from doitong.db.pool import Connection, Database
from doitong.ledger import store as ledger
from doitong.plans.model import PLANS

T = TypeVar("T")
RandomBytes = Callable[[int], bytes]

SIGNUP_REASON = "sign-up credits"


class AccountService:
    """Every change is one transaction."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        random_bytes: RandomBytes = secrets.token_bytes,
        random_bits: RandomBits = secrets.randbits,
    ) -> None:
        self._database = database
        self._clock = clock
        self._random_bytes = random_bytes
        self._random_bits = random_bits

    async def create(
        self,
        name: str,
        plan: str,
        *,
        email: str | None = None,
        language: str = "en",
        limits: Mapping[str, Any] | None = None,
        actor: Actor = SYSTEM,
    ) -> Account:
        """A new account with its counters, its balance and what its plan gives at sign-up.

        Raises InvalidParameter. A name is a label: two accounts may have the same.
        """
        async with self._database.transaction() as connection:
            return await self.open(connection, name, plan, email=email, language=language, limits=limits, actor=actor)

    async def open(
        self,
        connection: Connection,
        name: str,
        plan: str,
        *,
        email: str | None = None,
        language: str = "en",
        limits: Mapping[str, Any] | None = None,
        has_credits: bool = True,
        actor: Actor = SYSTEM,
    ) -> Account:
        """The same in the caller's transaction; `has_credits` False leaves out what the plan gives at sign-up."""
        rules.check_account(name, plan, email, language, limits or {})
        now = self._clock.now()
        account = Account(
            id=new_id(now, self._random_bits),
            name=name,
            plan=plan,
            email=email,
            language=language,
            limits=dict(limits or {}),
            created_at=now,
        )
        await store.insert_account(connection, account, self._new_secret())
        await ledger.open_balance(connection, account.id)
        credits = PLANS[plan].signup_credits if has_credits else 0
        if credits:
            await ledger.grant(connection, account.id, credits, now=now, reason=SIGNUP_REASON)
        details = {"name": name, "plan": plan, "limits": dict(limits or {}), "credits": credits}
        await audit.record(connection, account.id, actor, "account.create", account.id, details, now)
        return account

    async def get(self, account_id: str) -> Account:
        """Raises NotFound."""
        async with self._database.reading() as connection:
            return _found(await store.find_account(connection, account_id))

    async def find_by_name(self, name: str) -> Account | None:
        """The oldest account of that name."""
        async with self._database.reading() as connection:
            return await store.find_by_name(connection, name)

    async def list(self, *, first: int = 50, after: str | None = None) -> AccountPage:
        """A page of all accounts, newest first; `after` is `next_after` of the page before."""
        rules.check_page(first)
        async with self._database.reading() as connection:
            found = await store.list_accounts(connection, first=first + 1, before=after)
        shown = found[:first]
        return AccountPage(shown, shown[-1].id if len(found) > first else None)

    async def set_plan(
        self, account_id: str, plan: str, limits: Mapping[str, Any] | None = None, *, actor: Actor = SYSTEM
    ) -> Account:
        """Change the plan and replace the overrides of its limits. Raises InvalidParameter, NotFound."""
        rules.check_plan(plan, limits or {})
        async with self._database.transaction() as connection:
            account = _found(await store.update_plan(connection, account_id, plan, limits or {}))
            await self._record(connection, account_id, actor, "set_plan", plan=plan, limits=dict(limits or {}))
        return account

    async def set_language(self, account_id: str, language: str, *, actor: Actor = SYSTEM) -> Account:
        """Raises InvalidParameter, NotFound."""
        if language not in LANGUAGES:
            raise InvalidParameter("language", one_of(list(LANGUAGES)))
        async with self._database.transaction() as connection:
            account = _found(await store.update_language(connection, account_id, language))
            await self._record(connection, account_id, actor, "set_language", language=language)
        return account

    async def disable(self, account_id: str, *, actor: Actor = SYSTEM) -> Account:
        """Refuse all of the account's keys, within a second everywhere. Raises NotFound."""
        async with self._database.transaction() as connection:
            account = _found(await store.update_disabled(connection, account_id, self._clock.now()))
            await self._record(connection, account_id, actor, "disable")
        return account

    async def enable(self, account_id: str, *, actor: Actor = SYSTEM) -> Account:
        """Take the account's keys again. Raises NotFound."""
        async with self._database.transaction() as connection:
            account = _found(await store.update_disabled(connection, account_id, None))
            await self._record(connection, account_id, actor, "enable")
        return account

    async def rotate_signing_secret(self, account_id: str, *, actor: Actor = SYSTEM) -> SigningSecrets:
        """A new signing secret; webhooks carry both signatures for 24 hours. Raises NotFound."""
        until = self._clock.now() + rules.SECRET_OVERLAP
        async with self._database.transaction() as connection:
            found = _found(await store.rotate_signing_secret(connection, account_id, self._new_secret(), until))
            await self._record(connection, account_id, actor, "rotate_signing_secret")
        return found

    async def signing_secrets(self, account_id: str) -> SigningSecrets:
        """What webhooks are signed with; `active(now)` gives the valid ones. Raises NotFound."""
        async with self._database.reading() as connection:
            return _found(await store.find_signing_secrets(connection, account_id))

    async def _record(self, connection: Connection, account_id: str, actor: Actor, verb: str, **details: Any) -> None:
        await audit.record(
            connection, account_id, actor, f"account.{verb}", account_id, details, self._clock.now(), self._random_bits
        )

    def _new_secret(self) -> str:
        return rules.signing_secret(self._random_bytes(rules.SIGNING_SECRET_BYTES))


def _found(value: T | None) -> T:
    if value is None:
        raise NotFound
    return value
