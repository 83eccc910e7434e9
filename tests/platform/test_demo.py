"""Guarantee: `doitong up` finds its own demo account and member again, and takes nobody else's for them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from doitong.app import Application
from doitong.core.clock import SteppedClock
from doitong.core.settings import Settings
from doitong.doors.cli._credentials import read_demo_file
from doitong.doors.cli.demo import CREDITS, EMAIL, ensure_demo

PASSWORD = "four words are enough"


@pytest_asyncio.fixture
async def app(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[Application]:
    application = await Application.open(Settings(DATABASE_URL=dsn, data_dir=tmp_path), clock)
    try:
        yield application
    finally:
        await application.close()


async def account_of(app: Application, key: str) -> str:
    return (await app.keys.authenticate(key)).account_id


async def test_the_first_start_makes_an_account_and_every_other_keeps_it(app: Application, tmp_path: Path) -> None:
    key = await ensure_demo(app)
    account_id, file = await account_of(app, key), read_demo_file(tmp_path)
    assert (await app.ledger.balance(account_id)).available == CREDITS
    assert await ensure_demo(app) == key
    assert read_demo_file(tmp_path) == file
    (tmp_path / "demo.env").unlink()  # lost: the same account by a new key, the same member by a new password
    again = await ensure_demo(app)
    assert again != key
    assert await account_of(app, again) == account_id
    assert (await app.ledger.balance(account_id)).available == CREDITS
    assert len(await app.members.list()) == 1
    assert read_demo_file(tmp_path)["DOITONG_DEMO_PASSWORD"] != file["DOITONG_DEMO_PASSWORD"]


async def test_a_strangers_account_called_demo_is_left_alone(app: Application) -> None:
    stranger = await app.accounts.create("demo", "free")
    account_id = await account_of(app, await ensure_demo(app))
    assert account_id != stranger.id
    assert (await app.ledger.balance(stranger.id)).available == 1000
    member = await app.members.find(EMAIL)
    assert member is not None
    assert [item.account_id for item in await app.members.list_belongings(member.id)] == [account_id]


async def test_a_strangers_member_at_the_demos_address_is_left_alone(
    app: Application, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = await app.accounts.create("Theirs", "free")
    await app.members.create(EMAIL, PASSWORD, theirs.id)
    await ensure_demo(app)
    assert read_demo_file(tmp_path)["DOITONG_DEMO_PASSWORD"] == ""
    assert EMAIL in capsys.readouterr().err
    member = await app.members.find(EMAIL)
    assert member is not None
    assert not member.is_operator
    assert [item.account_id for item in await app.members.list_belongings(member.id)] == [theirs.id]


async def test_an_account_that_is_off_is_not_taken_again(app: Application, clock: SteppedClock) -> None:
    first = await account_of(app, await ensure_demo(app))
    await app.accounts.disable(first)
    clock.advance(timedelta(seconds=2))  # a key is known for a second
    second = await ensure_demo(app)
    assert await account_of(app, second) != first
    assert await ensure_demo(app) == second
