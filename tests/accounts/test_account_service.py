"""Guarantees: an account is born whole or not at all; signing secrets overlap for 24 hours when replaced."""

import base64
from datetime import timedelta

import asyncpg
import pytest
from standardwebhooks.webhooks import Webhook

from doitong.accounts.service import AccountService
from doitong.core.clock import SteppedClock
from doitong.core.errors import InvalidParameter, NotFound
from doitong.db.pool import Database
from doitong.ledger.service import LedgerService
from doitong.plans.model import PLANS


@pytest.fixture
def accounts(database: Database, clock: SteppedClock) -> AccountService:
    return AccountService(database, clock)


@pytest.fixture
def ledger(database: Database, clock: SteppedClock) -> LedgerService:
    return LedgerService(database, clock)


async def test_a_free_account_starts_with_1000_credits_in_the_ledger(
    accounts: AccountService, ledger: LedgerService
) -> None:
    account = await accounts.create("Ana", "free", email="ana@example.si", language="sl")
    assert await accounts.get(account.id) == account
    assert (await ledger.balance(account.id)).available == 1000
    lines = (await ledger.statement(account.id)).lines
    assert [(line.kind.value, line.amount, line.reason) for line in lines] == [("grant", 1000, "sign-up credits")]
    assert await ledger.verify() == []


@pytest.mark.parametrize("plan", sorted(set(PLANS) - {"free"}))
async def test_other_plans_start_with_nothing(accounts: AccountService, ledger: LedgerService, plan: str) -> None:
    account = await accounts.create("Ana", plan)
    assert (await ledger.balance(account.id)).posted == 0
    assert (await ledger.statement(account.id)).lines == []


async def test_an_account_is_born_whole_or_not_at_all(database: Database, clock: SteppedClock) -> None:
    """The second has the first one's id: it fails, and nothing of it stays."""
    accounts = AccountService(database, clock, random_bits=lambda _: 7)
    first = await accounts.create("Ana", "free")
    with pytest.raises(asyncpg.UniqueViolationError):
        await accounts.create("Bor", "free")
    async with database.reading() as connection:
        for table in ("account", "account_usage", "ledger_balance", "ledger_transfer"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 1, table
    assert (await accounts.get(first.id)).name == "Ana"


async def test_a_failed_grant_leaves_no_account(database: Database, accounts: AccountService) -> None:
    async with database.transaction() as connection:
        await connection.execute("ALTER TABLE ledger_entry ADD CONSTRAINT planted CHECK (amount = 0)")
    with pytest.raises(asyncpg.CheckViolationError):
        await accounts.create("Ana", "free")
    assert (await accounts.list()).accounts == []


INVALID = [
    ("name", {"name": ""}),
    ("name", {"name": "  "}),
    ("name", {"name": "x" * 201}),
    ("name", {"name": "a\nb"}),
    ("plan", {"plan": "gold"}),
    ("plan", {"plan": ""}),
    ("email", {"email": "ana"}),
    ("email", {"email": "a b@c.si"}),
    ("email", {"email": "a@" + "b" * 254 + ".si"}),
    ("language", {"language": "de"}),
    ("limits", {"limits": {"credits": 5}}),
    ("limits.job_slots", {"limits": {"job_slots": 0}}),
    ("limits.job_slots", {"limits": {"job_slots": True}}),
    ("limits.job_slots", {"limits": {"job_slots": None}}),
    ("limits.generations_per_day", {"limits": {"generations_per_day": "many"}}),
]


@pytest.mark.parametrize(("parameter", "change"), INVALID)
async def test_a_value_outside_is_refused_by_name(accounts: AccountService, parameter: str, change) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        await accounts.create(**({"name": "Ana", "plan": "free"} | change))
    assert refusal.value.details["parameter"] == parameter
    assert refusal.value.message("sl") != refusal.value.message("en")
    assert (await accounts.list()).accounts == []


async def test_a_plan_and_its_limits_change_together(accounts: AccountService) -> None:
    account = await accounts.create("Ana", "enterprise", limits={"job_slots": 50})
    changed = await accounts.set_plan(account.id, "pro", {"generations_per_day": None})
    assert (changed.plan, dict(changed.limits)) == ("pro", {"generations_per_day": None})
    assert await accounts.get(account.id) == changed
    assert dict((await accounts.set_plan(account.id, "pro")).limits) == {}
    with pytest.raises(InvalidParameter):
        await accounts.set_plan(account.id, "gold")


async def test_what_is_unknown_is_not_found(accounts: AccountService) -> None:
    for operation in (
        accounts.get("x"),
        accounts.set_plan("x", "pro"),
        accounts.set_language("x", "sl"),
        accounts.disable("x"),
        accounts.enable("x"),
        accounts.rotate_signing_secret("x"),
        accounts.signing_secrets("x"),
    ):
        with pytest.raises(NotFound):
            await operation
    assert await accounts.find_by_name("x") is None


async def test_a_name_finds_the_oldest_account_that_has_it(accounts: AccountService, clock: SteppedClock) -> None:
    oldest = await accounts.create("demo", "enterprise")
    clock.advance(timedelta(seconds=1))
    await accounts.create("demo", "free")
    assert await accounts.find_by_name("demo") == oldest


async def test_pages_hold_every_account_once(accounts: AccountService, clock: SteppedClock) -> None:
    made = []
    for number in range(7):
        made.append((await accounts.create(f"account {number}", "pro")).id)
        clock.advance(timedelta(seconds=1))
    seen: list[str] = []
    after = None
    for _ in range(5):
        page = await accounts.list(first=3, after=after)
        seen += [account.id for account in page.accounts]
        if (after := page.next_after) is None:
            break
    assert seen == made[::-1]
    with pytest.raises(InvalidParameter):
        await accounts.list(first=101)


async def test_a_signing_secret_is_one_of_standard_webhooks(accounts: AccountService) -> None:
    account = await accounts.create("Ana", "free")
    other = await accounts.create("Bor", "free")
    secrets = await accounts.signing_secrets(account.id)
    assert secrets.current.startswith("whsec_")
    assert len(base64.b64decode(secrets.current.removeprefix("whsec_"), validate=True)) == 32
    assert secrets.current != (await accounts.signing_secrets(other.id)).current
    Webhook(secrets.current)
    assert secrets.current not in repr(secrets)
    assert "whsec_" not in repr(account)


async def test_a_replaced_signing_secret_signs_for_24_hours_more(accounts: AccountService, clock: SteppedClock) -> None:
    account = await accounts.create("Ana", "free")
    old = (await accounts.signing_secrets(account.id)).current
    rotated = await accounts.rotate_signing_secret(account.id)
    assert await accounts.signing_secrets(account.id) == rotated
    assert rotated.current != old
    clock.advance(timedelta(hours=23, minutes=59, seconds=59))
    assert rotated.active(clock.now()) == (rotated.current, old)
    clock.advance(timedelta(seconds=1))
    assert rotated.active(clock.now()) == (rotated.current,)


async def test_a_disabled_account_keeps_the_moment_and_can_come_back(
    accounts: AccountService, clock: SteppedClock
) -> None:
    account = await accounts.create("Ana", "free")
    moment = clock.now()
    assert (await accounts.disable(account.id)).disabled_at == moment
    clock.advance(timedelta(days=1))
    assert (await accounts.disable(account.id)).disabled_at == moment
    assert (await accounts.enable(account.id)).is_disabled is False


async def test_the_language_of_an_account_is_one_of_ours(accounts: AccountService) -> None:
    account = await accounts.create("Ana", "free")
    assert (await accounts.set_language(account.id, "sl")).language == "sl"
    with pytest.raises(InvalidParameter):
        await accounts.set_language(account.id, "de")
