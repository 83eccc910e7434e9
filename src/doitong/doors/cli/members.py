"""`doitong members`: the people who sign in, from the operator's shell."""

import secrets
from typing import TYPE_CHECKING, Any

import click

from doitong.core.clock import to_iso
from doitong.doors.cli.operate import PAGE, account_id_of, show_table, with_app

if TYPE_CHECKING:
    from doitong.app import Application

PASSWORD_BYTES = 15  # 20 characters


@click.group()
def members() -> None:
    """Create, list and change members: people who sign in to the dashboard."""


@members.command("list")
@click.option("--after", help="Continue after this member id.")
def list_members(after: str | None) -> None:
    """List members, newest first, 100 at a time."""

    async def use(app: "Application") -> Any:
        return await app.members.list(first=PAGE, after=after)

    found = with_app(use)
    show_table(
        ("ID", "E-MAIL", "NAME", "LANGUAGE", "CREATED", "OPERATOR"),
        [
            (item.id, item.email, item.name, item.language, to_iso(item.created_at), (item.is_operator and "yes") or "")
            for item in found
        ],
    )
    if len(found) == PAGE:
        click.echo(f"More: --after {found[-1].id}", err=True)


@members.command("create")
@click.argument("email")
@click.option("--account", required=True, help="The account, by id or name, that the member owns.")
@click.option("--name", default="")
@click.option("--language", type=click.Choice(["en", "sl"]), default="en", show_default=True)
@click.option("--operator", "is_operator", is_flag=True, help="Let the member see the operator's pages.")
def create_member(email: str, account: str, name: str, language: str, is_operator: bool) -> None:
    """Create a member with a new password, and print it. It is shown this once.

    \b
    doitong members create ana@example.si --account "Studio Bled"
    """
    password = new_password()

    async def use(app: "Application") -> None:
        account_id = await account_id_of(app, account)
        await app.members.create(email, password, account_id, name=name, language=language, is_operator=is_operator)

    with_app(use)
    click.echo(password)


@members.command("operator")
@click.argument("email")
@click.option("--off", is_flag=True, help="Take it away.")
def set_operator(email: str, off: bool) -> None:
    """Let a member see the operator's pages, or no longer. Only this command can."""

    async def use(app: "Application") -> None:
        await app.members.set_operator(email, not off)

    with_app(use)
    click.echo(f"{email} is {'no operator any more' if off else 'an operator now'}.")


@members.command("reset-password")
@click.argument("email")
def reset_password(email: str) -> None:
    """Give a member a new password and print it; all of the member's sessions end."""
    password = new_password()

    async def use(app: "Application") -> None:
        await app.members.set_password(email, password)

    with_app(use)
    click.echo(password)


def new_password() -> str:
    """A password for a person to copy: 120 random bits."""
    return secrets.token_urlsafe(PASSWORD_BYTES)
