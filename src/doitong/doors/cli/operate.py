"""The operator's commands: accounts, keys, credits, webhooks, ledger. Thin doors onto the services.

They work on the running installation; where none runs under the data folder, the embedded database is started
for the moment of the command.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from doitong.audit.model import COMMAND
from doitong.core.clock import to_iso
from doitong.core.errors import DoitongError
from doitong.core.settings import Settings
from doitong.db.embedded import EmbeddedPostgres, running_dsn
from doitong.db.migrate import migrate

if TYPE_CHECKING:
    from doitong.app import Application

T = TypeVar("T")
PLANS = ("free", "starter", "pro", "enterprise")
PAGE = 100


def with_app(use: "Callable[[Application], Awaitable[T]]") -> T:
    """Run one use case on the application of the settings."""
    settings = Settings()
    if not settings.is_embedded or running_dsn(settings.data_dir) is not None:
        return asyncio.run(_use(settings, use))
    embedded = EmbeddedPostgres(settings.data_dir)
    try:
        dsn = embedded.start()
        asyncio.run(migrate(dsn))
        return asyncio.run(_use(settings, use))
    finally:
        embedded.stop()


async def _use(settings: Settings, use: "Callable[[Application], Awaitable[T]]") -> T:
    async with _opened(settings) as app:
        return await use(app)


@asynccontextmanager
async def _opened(settings: Settings) -> "AsyncIterator[Application]":
    from doitong.app import Application

    app = await Application.open(settings)
    try:
        yield app
    finally:
        await app.close()


async def account_id_of(app: "Application", name_or_id: str) -> str:
    """Accounts may be named by id or by name."""
    try:
        return (await app.accounts.get(name_or_id)).id
    except DoitongError:
        account = await app.accounts.find_by_name(name_or_id)
    if account is None:
        raise click.ClickException(f"There is no account {name_or_id!r}; `doitong accounts list` shows them.")
    return account.id


def show_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Columns as wide as they need to be; tabs where nobody looks, for other programs."""
    lines = [tuple(head), *(tuple("" if cell is None else str(cell) for cell in row) for row in rows)]
    if not sys.stdout.isatty():
        for line in lines:
            click.echo("\t".join(line))
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


@click.group()
def accounts() -> None:
    """Create, list and change accounts. An ACCOUNT is named by its id or its name."""


@accounts.command("create")
@click.argument("name")
@click.option("--plan", type=click.Choice(PLANS), default="free", show_default=True)
@click.option("--email", help="Where notices go.")
@click.option("--language", type=click.Choice(["en", "sl"]), default="en", show_default=True)
def create_account(name: str, plan: str, email: str | None, language: str) -> None:
    """Create an account, with the credits that its plan gives at sign-up, and print its id.

    \b
    doitong accounts create "Studio Bled" --plan pro
    """

    async def use(app: "Application") -> str:
        return (await app.accounts.create(name, plan, email=email, language=language, actor=COMMAND)).id

    click.echo(with_app(use))


@accounts.command("list")
@click.option("--after", help="Continue after this account id.")
def list_accounts(after: str | None) -> None:
    """List accounts, newest first, 100 at a time."""

    async def use(app: "Application") -> Any:
        return await app.accounts.list(first=PAGE, after=after)

    page = with_app(use)
    show_table(
        ("ID", "NAME", "PLAN", "CREATED", "DISABLED"),
        [
            (item.id, item.name, item.plan, to_iso(item.created_at), item.disabled_at and "yes")
            for item in page.accounts
        ],
    )
    if page.next_after:
        click.echo(f"More: --after {page.next_after}", err=True)


@accounts.command("show")
@click.argument("account")
def show_account(account: str) -> None:
    """Show one account with its balance."""

    async def use(app: "Application") -> Any:
        account_id = await account_id_of(app, account)
        return await app.accounts.get(account_id), await app.ledger.balance(account_id)

    found, balance = with_app(use)
    for name, value in (
        ("id", found.id),
        ("name", found.name),
        ("plan", found.plan),
        ("email", found.email or "-"),
        ("language", found.language),
        ("limits", dict(found.limits) or "those of the plan"),
        ("created", to_iso(found.created_at)),
        ("disabled", to_iso(found.disabled_at) if found.disabled_at else "no"),
        ("credits", f"{balance.available:,} available, {balance.held:,} held"),
    ):
        click.echo(f"{name:<10}{value}")


@accounts.command("set-plan")
@click.argument("account")
@click.argument("plan", type=click.Choice(PLANS))
@click.option("--limit", "limits", multiple=True, metavar="NAME=NUMBER", help="Override one of its limits.")
def set_plan(account: str, plan: str, limits: tuple[str, ...]) -> None:
    """Change an account's plan, and replace what was set for it alone.

    \b
    doitong accounts set-plan "Studio Bled" enterprise --limit job_slots=20
    """
    overrides = {name: _whole(number, name) for name, _, number in (item.partition("=") for item in limits)}

    async def use(app: "Application") -> None:
        await app.accounts.set_plan(await account_id_of(app, account), plan, overrides, actor=COMMAND)

    with_app(use)
    click.echo(f"{account} is on {plan} now.")


def _whole(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise click.BadParameter(f"{name} needs a whole number, as {name}=20.") from None


@click.group()
def keys() -> None:
    """Create, list and revoke API keys."""


@keys.command("create")
@click.argument("account")
@click.option("--name", default="command line", show_default=True)
@click.option("--scope", "scopes", multiple=True, help="What it may do; all when left out. Repeatable.")
def create_key(account: str, name: str, scopes: tuple[str, ...]) -> None:
    """Create a key and print it. It is shown this once."""

    async def use(app: "Application") -> str:
        account_id = await account_id_of(app, account)
        return (await app.keys.create(account_id, name, scopes=scopes or None, actor=COMMAND)).secret

    click.echo(with_app(use))


@keys.command("list")
@click.argument("account")
@click.option("--after", help="Continue after this key id.")
def list_keys(account: str, after: str | None) -> None:
    """List an account's keys, newest first, revoked ones included."""

    async def use(app: "Application") -> Any:
        return await app.keys.list(await account_id_of(app, account), first=PAGE, after=after)

    page = with_app(use)
    show_table(
        ("ID", "PREFIX", "NAME", "SCOPES", "CREATED", "LAST USED", "REVOKED"),
        [
            (
                *(item.id, item.prefix, item.name, " ".join(sorted(item.scopes)), to_iso(item.created_at)),
                to_iso(item.last_used_at) if item.last_used_at else "never",
                to_iso(item.revoked_at) if item.revoked_at else "",
            )
            for item in page.keys
        ],
    )
    if page.next_after:
        click.echo(f"More: --after {page.next_after}", err=True)


@keys.command("revoke")
@click.argument("account")
@click.argument("key_id")
def revoke_key(account: str, key_id: str) -> None:
    """Revoke a key by its id: it is refused everywhere within a second."""

    async def use(app: "Application") -> str:
        return (await app.keys.revoke(await account_id_of(app, account), key_id, actor=COMMAND)).prefix

    click.echo(f"{with_app(use)}… is revoked.")


@click.group()
def credits() -> None:
    """Grant, correct and read credits."""


@credits.command("grant")
@click.argument("account")
@click.argument("amount", type=click.IntRange(1))
@click.option("--reason", help="Shown on the statement.")
def grant(account: str, amount: int, reason: str | None) -> None:
    """Give an account AMOUNT credits."""

    async def use(app: "Application") -> Any:
        return await app.ledger.grant(await account_id_of(app, account), amount, reason=reason, actor=COMMAND)

    _show_balance(with_app(use))


@credits.command("adjust", context_settings={"ignore_unknown_options": True})
@click.argument("account")
@click.argument("amount", type=int)
@click.option("--reason", required=True, help="Why; it is kept and shown on the statement.")
def adjust(account: str, amount: int, reason: str) -> None:
    """Correct an account by AMOUNT credits, which may be negative.

    \b
    doitong credits adjust "Studio Bled" -200 --reason "granted twice"
    """

    async def use(app: "Application") -> Any:
        return await app.ledger.adjust(await account_id_of(app, account), amount, reason=reason, actor=COMMAND)

    _show_balance(with_app(use))


@credits.command("balance")
@click.argument("account")
def show_balance(account: str) -> None:
    """Show what an account has."""

    async def use(app: "Application") -> Any:
        return await app.ledger.balance(await account_id_of(app, account))

    _show_balance(with_app(use))


def _show_balance(balance: Any) -> None:
    click.echo(f"{balance.available:,} credits available, {balance.held:,} held.")


@credits.command("statement")
@click.argument("account")
@click.option("--after", help="Continue after this line.")
def statement(account: str, after: str | None) -> None:
    """List an account's transfers, newest first, 100 at a time."""

    async def use(app: "Application") -> Any:
        return await app.ledger.statement(await account_id_of(app, account), first=PAGE, after=after)

    page = with_app(use)
    show_table(
        ("TIME", "KIND", "AMOUNT", "AVAILABLE", "HELD", "GENERATION", "REASON"),
        [
            (
                *(to_iso(line.created_at), line.kind.value, f"{line.amount:+}", line.available_after),
                *(line.held_after, line.generation_id, line.reason),
            )
            for line in page.lines
        ],
    )
    if page.next_after:
        click.echo(f"More: --after {page.next_after}", err=True)


@click.group()
def ledger() -> None:
    """Prove that the ledger agrees with itself."""


@ledger.command("verify")
def verify() -> None:
    """Recompute every balance and hold from the entries. Exit status 1 when anything differs."""

    async def use(app: "Application") -> Any:
        return await app.ledger.verify()

    differences = with_app(use)
    if not differences:
        click.echo("The ledger agrees: 0 differences.")
        return
    rows = [(item.check, item.subject, item.expected, item.found) for item in differences]
    show_table(("CHECK", "SUBJECT", "EXPECTED", "FOUND"), rows)
    sys.exit(1)


@click.group()
def webhooks() -> None:
    """List webhook deliveries and send them again."""


@webhooks.command("list")
@click.argument("account")
@click.option("--state", type=click.Choice(["pending", "delivered", "failed"]))
@click.option("--generation", help="Only those of one generation.")
@click.option("--after", help="Continue after this delivery id.")
def list_deliveries(account: str, state: str | None, generation: str | None, after: str | None) -> None:
    """List an account's deliveries, newest first."""
    from doitong.webhooks.model import DeliveryFilter, DeliveryState

    narrowed = DeliveryFilter(generation_id=generation)
    if state is not None:
        narrowed = replace(narrowed, state=DeliveryState(state))

    async def use(app: "Application") -> Any:
        account_id = await account_id_of(app, account)
        return await app.webhooks.list_deliveries(account_id, narrowed, after, PAGE)

    page = with_app(use)
    show_table(
        ("ID", "EVENT", "GENERATION", "STATE", "TRIES", "CREATED", "URL"),
        [
            (
                *(item.id, item.event_type.value, item.generation_id, item.state.value, item.attempts),
                *(to_iso(item.created_at), item.url),
            )
            for item in page.items
        ],
    )
    if page.next_cursor:
        click.echo(f"More: --after {page.next_cursor}", err=True)


@webhooks.command("resend")
@click.argument("account")
@click.argument("delivery_id")
def resend(account: str, delivery_id: str) -> None:
    """Send a delivery again: the same event id, so that a receiver can tell."""

    async def use(app: "Application") -> str:
        return (await app.webhooks.resend(await account_id_of(app, account), delivery_id, actor=COMMAND)).id

    click.echo(with_app(use))
