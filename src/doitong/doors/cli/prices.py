"""What films cost: show and set it."""

from typing import TYPE_CHECKING, Any

import click

from doitong.audit.model import COMMAND
from doitong.catalogue.model import Quality
from doitong.catalogue.services import SERVICES
from doitong.doors.cli.operate import show_table, with_app
from doitong.pricing.rules import new_price

if TYPE_CHECKING:
    from doitong.app import Application


@click.group()
def prices() -> None:
    """Show and set what films cost."""


@prices.command("show")
def show() -> None:
    """The credits that a film costs now, by quality and length."""

    async def use(app: "Application") -> Any:
        return await app.pricing.current()

    service = next(iter(SERVICES.values()))
    lengths = range(service.duration_seconds_minimum, service.duration_seconds_maximum + 1)
    show_table(
        ("QUALITY", *(f"{seconds} S" for seconds in lengths)),
        [(quality.value, *map(price.credits, lengths)) for quality, price in with_app(use).items()],
    )


@prices.command("set")
@click.argument("quality", type=click.Choice([quality.value for quality in Quality]))
@click.argument("base", type=int)
@click.argument("per_second", type=int)
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
def set_price(quality: str, base: int, per_second: int, reason: str) -> None:
    """Let a film of QUALITY cost BASE credits at its shortest, and PER_SECOND for each second more.

    It holds for every generation from now on, within a second; quotes that were given keep their price.

    \b
    doitong prices set high 300 40 --reason "as documented"
    """
    price = new_price(Quality(quality), base, per_second)

    async def use(app: "Application") -> None:
        await app.pricing.change(Quality(quality), price, reason=reason, actor=COMMAND)

    with_app(use)
    click.echo(f"{quality}: {base:,} credits, and {per_second:,} for each second more.")
