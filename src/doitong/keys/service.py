"""API keys as use cases: make, list, revoke, replace, and recognise at the door.

Promises: a key is shown once and kept as a digest; a revoked or expired key, and one of a disabled account,
is refused within a second by every process; recognising a key writes nothing on the request's path.
"""

import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from doitong.audit import store as audit
from doitong.audit.model import SYSTEM, Actor, ActorKind
from doitong.core.clock import Clock
from doitong.core.errors import DoitongError, NotFound
from doitong.core.ids import RandomBits, new_id
from doitong.db.pool import Connection, Database
from doitong.keys import budget_store as budgets
from doitong.keys import rules, store
from doitong.keys._recall import Recall
from doitong.keys.model import ApiKey, BudgetBinds, Caller, Credential, KeyChange, KeyPage, NewKey
from doitong.plans import store as plans

LAST_USED_PAUSE = timedelta(minutes=1)
PENDING_MAX = 10_000
PREFIX_TRIES = 5
SECRET_KEY_BYTES_MIN = 16


class KeyService:
    """Keys of all accounts; one instance a process."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        secret: bytes,
        random_bits: RandomBits = secrets.randbits,
    ) -> None:
        """`secret` keys the digests and is the same in every process of an installation."""
        if len(secret) < SECRET_KEY_BYTES_MIN:
            raise ValueError(f"the key of digests has at least {SECRET_KEY_BYTES_MIN} bytes")
        self._database = database
        self._clock = clock
        self._secret = secret
        self._random_bits = random_bits
        self._recall = Recall(self._load, clock)
        self._pending_used: dict[str, datetime] = {}

    async def authenticate(self, presented: str) -> Caller:
        """Who presents this key. Raises UNAUTHENTICATED, in the same words for every reason.

        What is no key, or a mistyped one, is refused without asking the database.
        """
        prefix = rules.parse_prefix(presented)
        if prefix is None:
            raise DoitongError("UNAUTHENTICATED")
        digest = rules.digest(self._secret, presented)
        credential = await self._recall.find(prefix)
        now = self._clock.now()
        if (
            credential is None
            or not hmac.compare_digest(credential.digest, digest)
            or not credential.key.is_active(now)
            or credential.is_account_disabled
        ):
            raise DoitongError("UNAUTHENTICATED")
        self._note_used(credential.key, now)
        return _caller(credential)

    async def create(
        self,
        account_id: str,
        name: str,
        *,
        scopes: Iterable[str] | None = None,
        expires_at: datetime | None = None,
        monthly_budget: int | None = None,
        granter: frozenset[str] | None = None,
        actor: Actor = SYSTEM,
    ) -> NewKey:
        """A new key; its secret is in the answer and nowhere else.

        `granter` are the scopes of the key that asks for this one (None for an operator or member): a key
        makes no key that may do more than itself, and one with a budget none at all.
        Raises InvalidParameter, FORBIDDEN, NotFound.
        """
        rules.check_name(name)
        rules.check_budget(monthly_budget)
        now = self._clock.now()
        rules.check_expiry(expires_at, now)
        draft = ApiKey("", account_id, "", name, rules.choose_scopes(scopes, granter), now, expires_at)
        async with self._database.transaction() as connection:
            if not await store.is_account(connection, account_id):
                raise NotFound
            await _check_unbound(connection, account_id, actor)
            new = await self._insert(connection, replace(draft, monthly_budget=monthly_budget))
            if monthly_budget is not None:
                await self._note_budgets(connection, account_id)
            await self._record(connection, actor, "create", new.key, monthlyBudget=monthly_budget)
        return replace(new, key=_with_spent(new.key, {}))

    async def list(self, account_id: str, *, first: int = 50, after: str | None = None) -> KeyPage:
        """A page of an account's keys, newest first, revoked ones included."""
        rules.check_page(first)
        async with self._database.reading() as connection:
            found = await store.list_keys(connection, account_id, first=first + 1, before=after)
            shown = await self._fill(connection, found[:first])
        return KeyPage(shown, shown[-1].id if len(found) > first else None)

    async def revoke(self, account_id: str, key_id: str, *, actor: Actor = SYSTEM) -> ApiKey:
        """End a key at once here, within a second everywhere; again is the same. Raises NotFound."""
        async with self._database.transaction() as connection:
            key = await store.lock_key(connection, account_id, key_id)
            if key is None:
                raise NotFound
            revoked = await store.revoke_key(connection, key_id, self._clock.now())
            await self._record(connection, actor, "revoke", revoked)
            [revoked] = await self._fill(connection, [revoked])
        self._recall.forget(revoked.prefix)
        return revoked

    async def get(self, account_id: str, key_id: str) -> ApiKey:
        """Raises NotFound."""
        async with self._database.reading() as connection:
            key = await store.find_key(connection, account_id, key_id)
            if key is None:
                raise NotFound
            [filled] = await self._fill(connection, [key])
        return filled

    async def update(self, account_id: str, key_id: str, change: KeyChange, *, actor: Actor = SYSTEM) -> ApiKey:
        """Change a key's name, or the budget of it and the keys that it replaced or that replaced it.

        A budget that is set in the middle of a month counts from its first day; a key with a budget sets none.
        Raises NotFound, InvalidParameter, FORBIDDEN.
        """
        if change.name is not None:
            rules.check_name(change.name)
        rules.check_budget(change.monthly_budget)
        async with self._database.transaction() as connection:
            await plans.lock_usage(connection, [account_id])
            key = await store.lock_key(connection, account_id, key_id)
            if key is None:
                raise NotFound
            if change.name is not None:
                await store.set_name(connection, key_id, change.name)
                key = replace(key, name=change.name)
            if change.sets_budget:
                await _check_unbound(connection, account_id, actor)
                await self._set_budget(connection, key, change.monthly_budget)
                key = replace(key, monthly_budget=change.monthly_budget)
            await self._record(connection, actor, "update", key, monthlyBudget=key.monthly_budget)
            [key] = await self._fill(connection, [key])
        self._recall.forget(key.prefix)
        return key

    async def _set_budget(self, connection: Connection, key: ApiKey, budget: int | None) -> None:
        await budgets.set_budget(connection, key.family, budget)
        if budget is None:
            await budgets.forget_months(connection, key.family)
        elif key.monthly_budget is None:
            family = await budgets.list_family(connection, key.family)
            month = rules.month_of(self._clock.now())
            await budgets.start_month(connection, key.account_id, key.family, family, month)
        await self._note_budgets(connection, key.account_id)

    async def _note_budgets(self, connection: Connection, account_id: str) -> None:
        """Tell the desk which keys have a budget, under the account's counters."""
        await plans.lock_usage(connection, [account_id])
        await plans.set_budgeted_keys(connection, account_id, await budgets.read_budgeted(connection, account_id))

    async def _fill(self, connection: Connection, keys: Sequence[ApiKey]) -> Sequence[ApiKey]:
        """The same keys with what is spent of their budgets; asks nothing where there is none."""
        budgeted = [key.prefix for key in keys if key.monthly_budget is not None]
        if not budgeted:
            return keys
        found = await budgets.find_budgets(connection, budgeted, rules.month_of(self._clock.now()))
        return [_with_spent(key, found) for key in keys]

    async def rotate(
        self,
        account_id: str,
        key_id: str,
        *,
        overlap: timedelta = timedelta(0),
        granter: frozenset[str] | None = None,
        actor: Actor = SYSTEM,
    ) -> NewKey:
        """A key with the same name, scopes, budget and length of life; the old one works for `overlap` more.

        What both spend in a month counts together. A key with a budget replaces no key of another family.

        Raises NotFound, InvalidParameter, FORBIDDEN (see `create`), CONFLICT for a key that has ended.
        """
        rules.check_overlap(overlap)
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await plans.lock_usage(connection, [account_id])
            key = await store.lock_key(connection, account_id, key_id)
            if key is None:
                raise NotFound
            rules.check_grantable(key.scopes, granter)
            await _check_unbound(connection, account_id, actor, family=key.family)
            successor = replace(key, created_at=now, expires_at=rules.successor_expiry(key, now), last_used_at=None)
            new = await self._insert(connection, successor)
            if key.monthly_budget is not None:
                await self._note_budgets(connection, account_id)
                [filled] = await self._fill(connection, [new.key])
                new = replace(new, key=filled)
            await store.set_expiry(connection, key_id, rules.overlap_end(key, now, overlap))
            await self._record(connection, actor, "rotate", key, successor=new.key.prefix)
        self._recall.forget(key.prefix)
        return new

    async def flush_last_used(self) -> None:
        """Write when keys were used, at most once a minute a key; to be called every few seconds."""
        if not self._pending_used:
            return
        moments, self._pending_used = self._pending_used, {}
        async with self._database.transaction() as connection:
            await store.save_last_used(connection, moments, LAST_USED_PAUSE)

    async def _record(self, connection: Connection, actor: Actor, verb: str, key: ApiKey, **more: Any) -> None:
        """A key is named by its prefix, which opens nothing."""
        details = {"prefix": key.prefix, "name": key.name, "scopes": sorted(key.scopes), **more}
        await audit.record(connection, key.account_id, actor, f"key.{verb}", key.id, details, self._clock.now())

    async def _insert(self, connection: Connection, draft: ApiKey) -> NewKey:
        """Write a key as `draft` with an id, a prefix and a secret of its own; a first key founds its family."""
        for _ in range(PREFIX_TRIES):
            secret = rules.make_secret(self._random_bits)
            prefix = secret[: rules.PREFIX_LENGTH]
            own_id = new_id(draft.created_at, self._random_bits)
            key = replace(draft, id=own_id, prefix=prefix, family=draft.family or prefix)
            if await store.insert_key(connection, key, rules.digest(self._secret, secret)):
                return NewKey(key, secret)
        raise RuntimeError(f"{PREFIX_TRIES} random prefixes were all taken")

    async def _load(self, prefix: str) -> Credential | None:
        async with self._database.reading() as connection:
            return await store.find_credential(connection, prefix)

    def _note_used(self, key: ApiKey, now: datetime) -> None:
        is_due = key.last_used_at is None or now - key.last_used_at >= LAST_USED_PAUSE
        if is_due and (key.prefix in self._pending_used or len(self._pending_used) < PENDING_MAX):
            self._pending_used[key.prefix] = now


async def _check_unbound(connection: Connection, account_id: str, actor: Actor, *, family: str | None = None) -> None:
    """Raises FORBIDDEN for a key of this account that has a budget, unless what it touches is of its own family."""
    if actor.kind is not ActorKind.KEY or actor.id is None:
        return
    acting = await store.find_acting(connection, account_id, actor.id)
    if acting is not None and acting.monthly_budget is not None and acting.family != family:
        raise BudgetBinds


def _with_spent(key: ApiKey, found: Mapping[str, budgets.Budget]) -> ApiKey:
    if key.monthly_budget is None:
        return key
    return replace(key, spent_this_month=found[key.prefix].spent if key.prefix in found else 0)


def _caller(credential: Credential) -> Caller:
    return Caller(
        account_id=credential.key.account_id,
        key_prefix=credential.key.prefix,
        scopes=credential.key.scopes,
        plan=credential.plan,
        limits=credential.limits,
        language=credential.language,
        key_name=credential.key.name,
    )
