"""What an API key is, what it may do, and who a request comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from doitong.audit.model import Actor, ActorKind
from doitong.core.clock import to_iso
from doitong.core.errors import DoitongError, rule

NOT_WITH_A_BUDGET = rule(
    "A key with a monthly budget makes no keys, sets no budgets and replaces no key but itself; use a key without one",
    "Ključ z mesečnim proračunom ne ustvarja ključev, ne nastavlja proračunov in zamenja le sebe; uporabite ključ brez "
    "njega",
)


class Scope(StrEnum):
    """A permission."""

    GENERATIONS_READ = "generations:read"
    GENERATIONS_WRITE = "generations:write"
    ACCOUNT_READ = "account:read"
    KEYS_WRITE = "keys:write"
    WEBHOOKS_WRITE = "webhooks:write"
    ACCOUNTS_WRITE = "accounts:write"  # the operator's: make accounts, grant credits, set plans


class BudgetReached(DoitongError):
    """What is asked for would take a key over its monthly budget."""

    def __init__(self, budget: int, spent: int, required: int, resets_at: datetime) -> None:
        super().__init__(
            "KEY_BUDGET_REACHED", budget=budget, spent=spent, required=required, resetsAt=to_iso(resets_at)
        )


class BudgetBinds(DoitongError):
    """A key with a monthly budget asks for what would spend beyond it."""

    def __init__(self) -> None:
        super().__init__("FORBIDDEN")

    def message(self, language: str = "en") -> str:
        return NOT_WITH_A_BUDGET.sentence(language)


ALL_SCOPES: frozenset[str] = frozenset(scope.value for scope in Scope)
CUSTOMER_SCOPES: frozenset[str] = ALL_SCOPES - {Scope.ACCOUNTS_WRITE.value}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A credential as it may be shown: by its prefix, never by its secret."""

    id: str
    account_id: str
    prefix: str
    name: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    family: str = ""  # the prefix of the first of the keys that replaced one another: they share a budget
    monthly_budget: int | None = None  # credits a month (UTC); None is without one
    spent_this_month: int | None = None  # reserved and spent, where there is a budget and it was asked for

    def is_active(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What to change of a key; `sets_budget` tells a budget that is taken away (None) from one that stays."""

    name: str | None = None
    monthly_budget: int | None = None
    sets_budget: bool = False


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and its `secret`, which is the whole credential: shown to its owner once, kept nowhere."""

    key: ApiKey
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Keys, newest first; `next_after` is the cursor of the page that follows, None at the end."""

    keys: Sequence[ApiKey]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class Credential:
    """What recognising a key takes: its digest, and its account as it is now."""

    key: ApiKey
    digest: bytes = field(repr=False)
    plan: str
    limits: Mapping[str, Any]
    language: str
    is_account_disabled: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request comes from. `limits` are the account's overrides of its plan's; `person` acts where no key does."""

    account_id: str
    key_prefix: str
    scopes: frozenset[str]
    plan: str
    limits: Mapping[str, Any]
    language: str
    key_name: str = ""
    person: Actor | None = None

    @property
    def actor(self) -> Actor:
        """Who the audit log names."""
        return self.person or Actor(ActorKind.KEY, self.key_prefix, self.key_name)

    def require(self, scope: str) -> None:
        """Raises FORBIDDEN when the key lacks the scope."""
        if scope not in self.scopes:
            raise DoitongError("FORBIDDEN", scope=str(scope))
