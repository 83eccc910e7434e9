"""The demo account and its member: made on the first start, kept on every other, what opens them in demo.env.

They are found again by the audit log, which says what `doitong up` made: a name or an address could be anybody's.
"""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from doitong.accounts.service import AccountService
from doitong.audit.model import Actor, ActorKind, EntryFilter
from doitong.audit.service import AuditService
from doitong.core.clock import SystemClock
from doitong.core.errors import DoitongError
from doitong.core.settings import Settings
from doitong.db.pool import Database
from doitong.doors.cli._credentials import read_demo_file
from doitong.keys.model import ALL_SCOPES
from doitong.keys.secret import read_secret
from doitong.keys.service import KeyService
from doitong.ledger.service import LedgerService

if TYPE_CHECKING:
    from doitong.members.service import MemberService

NAME = "demo"
EMAIL = "demo@localhost"
PASSWORD_BYTES = 15  # 20 characters
PLAN = "enterprise"
CREDITS = 1_000_000
UP = Actor(ActorKind.COMMAND, None, "doitong up")


class Services(Protocol):
    """What of the application this needs."""

    @property
    def settings(self) -> Settings: ...
    @property
    def accounts(self) -> AccountService: ...
    @property
    def keys(self) -> KeyService: ...
    @property
    def ledger(self) -> LedgerService: ...
    @property
    def audit(self) -> AuditService: ...
    @property
    def members(self) -> "MemberService": ...


@dataclass(frozen=True, slots=True)
class FewServices:
    """These alone: `doitong up` has no need of the rest, and importing it would cost the start a second."""

    settings: Settings
    accounts: AccountService
    keys: KeyService
    ledger: LedgerService
    audit: AuditService
    database: Database

    @property
    def members(self) -> "MemberService":
        """Imported for the first start alone."""
        from doitong.members.service import MemberService

        return MemberService(self.database, SystemClock(), self.accounts, "")


@asynccontextmanager
async def opened_services(settings: Settings, dsn: str) -> AsyncIterator[Services]:
    """The services on `dsn`, closed at the end of the block."""
    clock, secret = SystemClock(), await read_secret(settings)
    database = await Database.connect(dsn, max_connections=1)
    try:
        yield FewServices(
            settings,
            AccountService(database, clock),
            KeyService(database, clock, secret=secret),
            LedgerService(database, clock),
            AuditService(database),
            database,
        )
    finally:
        await database.close()


async def ensure_demo(app: Services) -> str:
    """The demo account's API key. What stands in demo.env and still works is kept; otherwise it is new."""
    path, found = app.settings.data_dir / "demo.env", read_demo_file(app.settings.data_dir)
    key, password = found.get("DOITONG_API_KEY", ""), found.get("DOITONG_DEMO_PASSWORD", "")
    account_id = await _account_of(app, key)
    if account_id is None:  # another database, or an older one
        account_id, password = await _demo_account(app), ""
        key = (await app.keys.create(account_id, "doitong up", scopes=ALL_SCOPES, actor=UP)).secret
    if not password:
        password = await _new_member(app, account_id)
    text = (
        f"DOITONG_URL={app.settings.effective_public_url}\nDOITONG_API_KEY={key}\n"
        f"DOITONG_DEMO_EMAIL={EMAIL}\nDOITONG_DEMO_PASSWORD={password}\n"
    )
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        _write_private(path, text)
    return key


async def _account_of(app: Services, key: str) -> str | None:
    """The account of a key that still works."""
    try:
        return (await app.keys.authenticate(key)).account_id
    except DoitongError:
        return None


async def _demo_account(app: Services) -> str:
    """The account that an earlier start made, while it is open; else a new one."""
    account_id = None
    for made in await _made(app, "account.create"):
        if not (await app.accounts.get(made)).is_disabled:
            account_id = made
            break
    if account_id is None:
        account_id = (await app.accounts.create(NAME, PLAN, actor=UP)).id
    balance = await app.ledger.balance(account_id)
    if balance.posted == 0:  # also where an earlier first start was killed before the grant
        await app.ledger.grant(account_id, CREDITS, reason="demo account", actor=UP)
    return account_id


async def _new_member(app: Services, account_id: str) -> str:
    """A new password for the demo member, who owns the demo account and is the operator. Empty where somebody else has
    the address: who that is stays as they are."""
    password, members = secrets.token_urlsafe(PASSWORD_BYTES), app.members
    known = await members.find(EMAIL)
    if known is None:
        await members.create(EMAIL, password, account_id, name="Demo", is_operator=True, actor=UP)
        return password
    if known.id not in await _made(app, "member.create", known.id):
        click.echo(f"{EMAIL} is a member that `doitong up` did not make; it stays as it is.", err=True)
        return ""
    await members.set_password(EMAIL, password, UP)
    return password


async def _made(app: Services, action: str, subject: str | None = None) -> list[str]:
    """The ids of what `doitong up` made in this database, newest first."""
    wanted = EntryFilter(actor=UP.name, action=action, subject=subject)
    entries = (await app.audit.list(None, wanted)).entries
    return [entry.subject for entry in entries if entry.actor == UP and entry.subject is not None]


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all, readable by its owner only from the first byte."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    aside.replace(path)
