"""Guarantees: a key is kept only as a digest; whatever ends it ends it within a second in every process;
recognising it costs no query on the hot path; every refusal reads the same."""

import random
from datetime import timedelta

import pytest

from doitong.accounts.service import AccountService
from doitong.core.clock import SteppedClock
from doitong.core.errors import DoitongError, InvalidParameter, NotFound
from doitong.db.pool import Database
from doitong.keys import rules
from doitong.keys.model import CUSTOMER_SCOPES
from doitong.keys.service import KeyService

SECRET = b"installation secret of the tests"
SECOND = timedelta(seconds=1)
REFUSAL = {"errors": [{"message": "Missing or invalid API key", "extensions": {"code": "UNAUTHENTICATED"}}]}


@pytest.fixture
def accounts(database: Database, clock: SteppedClock) -> AccountService:
    return AccountService(database, clock)


@pytest.fixture
async def account(accounts: AccountService) -> str:
    return (await accounts.create("Ana", "pro", language="sl", limits={"job_slots": 12})).id


@pytest.fixture
def keys(database: Database, clock: SteppedClock) -> KeyService:
    return KeyService(database, clock, secret=SECRET)


@pytest.fixture
def elsewhere(database: Database, clock: SteppedClock) -> KeyService:
    """The service of another process: it shares only the database."""
    return KeyService(database, clock, secret=SECRET)


async def is_refused(keys: KeyService, presented: str) -> bool:
    try:
        await keys.authenticate(presented)
    except DoitongError as error:
        return error.to_body() == REFUSAL
    return False


async def test_a_key_says_who_calls(keys: KeyService, account: str) -> None:
    new = await keys.create(account, "build server", scopes=["generations:read", "account:read"])
    caller = await keys.authenticate(new.secret)
    assert (caller.account_id, caller.key_prefix) == (account, new.secret[:16])
    assert caller.scopes == {"generations:read", "account:read"}
    assert (caller.plan, caller.language, dict(caller.limits)) == ("pro", "sl", {"job_slots": 12})


async def test_a_key_is_allowed_what_customers_do_unless_told_otherwise(keys: KeyService, account: str) -> None:
    assert (await keys.authenticate((await keys.create(account, "k")).secret)).scopes == CUSTOMER_SCOPES


async def test_of_1000_keys_only_digests_are_stored(database: Database, clock: SteppedClock, account: str) -> None:
    dice = random.Random(9)
    keys = KeyService(database, clock, secret=SECRET, random_bits=dice.getrandbits)
    made = [await keys.create(account, f"key {number}") for number in range(1000)]
    async with database.reading() as connection:
        dump = await connection.fetchval("SELECT string_agg(api_key::text, E'\\n') FROM api_key")
        stored = dict(await connection.fetch("SELECT prefix, digest FROM api_key"))
    assert len(stored) == 1000
    for new in made:
        assert stored[new.key.prefix] == rules.digest(SECRET, new.secret)
        for part in (new.secret, new.secret[17:], new.secret[17:33], new.secret[33:]):
            assert part not in dump
        assert new.secret[17:] not in repr(new), "a key in a log line shows no secret"
    page = await keys.list(account, first=100)
    assert not any(new.secret[17:] in repr(page) for new in made)


async def test_every_reason_to_refuse_reads_the_same(
    keys: KeyService, accounts: AccountService, account: str, clock: SteppedClock
) -> None:
    good = (await keys.create(account, "good")).secret
    revoked = await keys.create(account, "revoked")
    await keys.revoke(account, revoked.key.id)
    expired = (await keys.create(account, "expired", expires_at=clock.now() + SECOND)).secret
    clock.advance(SECOND)
    other = (await accounts.create("Bor", "free")).id
    disabled = (await keys.create(other, "disabled")).secret
    await accounts.disable(other)
    body = good[:17] + "0" * rules.SECRET_CHARACTERS
    guessed = body + rules.checksum(body)  # the prefix of a real key, an invented secret
    unknown = rules.make_secret(random.Random(1).getrandbits)
    for presented in ("", "x", good[:-1], good + "0", revoked.secret, expired, disabled, guessed, unknown):
        assert await is_refused(keys, presented), presented
    assert not await is_refused(keys, good)


async def test_a_typo_is_found_and_a_known_key_recognised_without_a_query(
    dsn: str, clock: SteppedClock, account: str
) -> None:
    database = await Database.connect(dsn)
    keys = KeyService(database, clock, secret=SECRET)
    secret = (await keys.create(account, "k")).secret
    await keys.authenticate(secret)
    await database.close()  # from here on, a query would raise
    assert (await keys.authenticate(secret)).account_id == account
    typo = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    assert await is_refused(keys, typo)
    assert await is_refused(keys, "nonsense")


async def test_another_secret_of_the_installation_knows_no_old_key(
    keys: KeyService, database: Database, clock: SteppedClock, account: str
) -> None:
    secret = (await keys.create(account, "k")).secret
    assert await is_refused(KeyService(database, clock, secret=b"x" * 32), secret)


async def test_a_revoked_key_ends_at_once_here_and_within_a_second_elsewhere(
    keys: KeyService, elsewhere: KeyService, account: str, clock: SteppedClock
) -> None:
    new = await keys.create(account, "k")
    for service in (keys, elsewhere):
        assert not await is_refused(service, new.secret)
    revoked = await keys.revoke(account, new.key.id)
    assert revoked.revoked_at == clock.now()
    assert await is_refused(keys, new.secret)
    clock.advance(SECOND)
    assert await is_refused(elsewhere, new.secret)
    assert (await keys.revoke(account, new.key.id)).revoked_at == revoked.revoked_at, "again is the same"


async def test_a_disabled_account_and_a_new_plan_are_seen_within_a_second(
    keys: KeyService, accounts: AccountService, account: str, clock: SteppedClock
) -> None:
    secret = (await keys.create(account, "k")).secret
    await keys.authenticate(secret)
    await accounts.set_plan(account, "enterprise", {"job_slots": 40})
    clock.advance(SECOND)
    caller = await keys.authenticate(secret)
    assert (caller.plan, dict(caller.limits)) == ("enterprise", {"job_slots": 40})
    await accounts.disable(account)
    clock.advance(SECOND)
    assert await is_refused(keys, secret)
    await accounts.enable(account)
    clock.advance(SECOND)
    assert not await is_refused(keys, secret)


async def test_a_key_ends_when_it_expires_even_while_it_is_remembered(
    keys: KeyService, account: str, clock: SteppedClock
) -> None:
    step = timedelta(milliseconds=100)
    secret = (await keys.create(account, "k", expires_at=clock.now() + 2 * step)).secret
    clock.advance(step)
    assert not await is_refused(keys, secret)
    clock.advance(step)
    assert await is_refused(keys, secret)


async def test_a_replaced_key_works_through_the_overlap(
    keys: KeyService, elsewhere: KeyService, account: str, clock: SteppedClock
) -> None:
    old = await keys.create(account, "k", scopes=["generations:read"])
    new = await keys.rotate(account, old.key.id, overlap=timedelta(hours=1))
    assert (new.key.name, new.key.scopes) == ("k", {"generations:read"})
    assert new.secret != old.secret
    clock.advance(timedelta(minutes=59, seconds=59))
    assert not await is_refused(elsewhere, old.secret)
    clock.advance(SECOND)
    assert await is_refused(keys, old.secret)
    assert await is_refused(elsewhere, old.secret)
    assert not await is_refused(keys, new.secret)


async def test_a_key_replaced_without_overlap_ends_at_once(keys: KeyService, account: str) -> None:
    old = await keys.create(account, "k")
    await keys.authenticate(old.secret)
    await keys.rotate(account, old.key.id)
    assert await is_refused(keys, old.secret)
    with pytest.raises(DoitongError, match="CONFLICT"):
        await keys.rotate(account, old.key.id)


async def test_a_replacement_lives_as_long_and_the_old_key_no_longer_than_it_would(
    keys: KeyService, account: str, clock: SteppedClock
) -> None:
    old = await keys.create(account, "k", expires_at=clock.now() + timedelta(days=10))
    clock.advance(timedelta(days=9))
    new = await keys.rotate(account, old.key.id, overlap=timedelta(days=2))
    assert new.key.expires_at == clock.now() + timedelta(days=10)
    kept = [key for key in (await keys.list(account)).keys if key.id == old.key.id]
    assert kept[0].expires_at == old.key.expires_at


async def test_nobody_rotates_a_key_into_rights_they_lack(keys: KeyService, account: str) -> None:
    strong = await keys.create(account, "strong")
    with pytest.raises(DoitongError, match="FORBIDDEN"):
        await keys.rotate(account, strong.key.id, granter=frozenset({"keys:write"}))
    with pytest.raises(DoitongError, match="FORBIDDEN"):
        await keys.create(account, "k", scopes=["webhooks:write"], granter=frozenset({"keys:write"}))
    assert not await is_refused(keys, strong.secret)


async def test_another_accounts_key_is_unknown(keys: KeyService, accounts: AccountService, account: str) -> None:
    new = await keys.create(account, "k")
    other = (await accounts.create("Bor", "free")).id
    for key_id in (new.key.id, "unknown"):
        for operation in (keys.revoke, keys.rotate):
            with pytest.raises(NotFound):
                await operation(other, key_id)
    assert (await keys.list(other)).keys == []
    assert not await is_refused(keys, new.secret)
    with pytest.raises(NotFound):
        await keys.create("unknown", "k")


async def test_pages_hold_every_key_once(keys: KeyService, account: str, clock: SteppedClock) -> None:
    made = []
    for number in range(7):
        made.append((await keys.create(account, f"key {number}")).key.id)
        clock.advance(SECOND)
    seen: list[str] = []
    after = None
    for _ in range(5):
        page = await keys.list(account, first=3, after=after)
        seen += [key.id for key in page.keys]
        if (after := page.next_after) is None:
            break
    assert seen == made[::-1]
    for first in (0, 101):
        with pytest.raises(InvalidParameter):
            await keys.list(account, first=first)


async def last_used(keys: KeyService, account: str):
    return (await keys.list(account)).keys[0].last_used_at


async def test_last_use_is_written_aside_and_at_most_once_a_minute(
    keys: KeyService, elsewhere: KeyService, account: str, clock: SteppedClock
) -> None:
    secret = (await keys.create(account, "k")).secret
    start = clock.now()
    await keys.authenticate(secret)
    assert await last_used(keys, account) is None, "nothing is written on the request's path"
    await keys.flush_last_used()
    assert await last_used(keys, account) == start
    clock.advance(timedelta(seconds=59))
    for service in (keys, elsewhere):
        await service.authenticate(secret)
        await service.flush_last_used()
    assert await last_used(keys, account) == start
    clock.advance(SECOND)
    for service in (keys, elsewhere):
        await service.authenticate(secret)
        clock.advance(SECOND)
        await service.flush_last_used()
    assert await last_used(keys, account) == start + timedelta(minutes=1)
    await keys.flush_last_used()


async def test_two_processes_together_write_last_use_once_a_minute(
    keys: KeyService, elsewhere: KeyService, account: str, clock: SteppedClock
) -> None:
    secret = (await keys.create(account, "k")).secret
    start = clock.now()
    await keys.authenticate(secret)
    clock.advance(timedelta(seconds=30))
    await elsewhere.authenticate(secret)
    await keys.flush_last_used()
    await elsewhere.flush_last_used()
    assert await last_used(keys, account) == start


async def test_a_taken_prefix_is_drawn_again(database: Database, clock: SteppedClock, account: str) -> None:
    draws = iter([1, 2, 3, 1, 4, 5, 6, 7, 8])  # prefix, secret and id of each try; the second prefix is taken

    def bits(_: int) -> int:
        return next(draws)

    keys = KeyService(database, clock, secret=SECRET, random_bits=bits)
    first, second = await keys.create(account, "a"), await keys.create(account, "b")
    assert first.key.prefix == "dk_live_00000001"
    assert second.key.prefix == "dk_live_00000006"
    assert (await keys.authenticate(second.secret)).key_prefix == second.key.prefix


def test_a_short_secret_of_the_installation_is_refused(database: Database, clock: SteppedClock) -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        KeyService(database, clock, secret=b"short")
