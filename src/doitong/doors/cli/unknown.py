"""`doitong generations`: submissions whose answer was lost, and the operator's word on them."""

from typing import TYPE_CHECKING, Any

import click

from doitong.audit.model import COMMAND
from doitong.core.clock import to_iso
from doitong.doors.cli.operate import PAGE, show_table, with_app

if TYPE_CHECKING:
    from doitong.app import Application


@click.group()
def generations() -> None:
    """List submissions whose answer was lost, and settle them."""


@generations.command("unknown")
@click.option("--after", help="Continue after this generation id.")
def list_unknown(after: str | None) -> None:
    """List submissions of which nobody knows whether the engine accepted them, oldest first.

    Their credits stay held, and nothing is sent again, until you say what became of them.
    """

    async def use(app: "Application") -> Any:
        return await app.settlement.list_page(PAGE, after)

    page = with_app(use)
    show_table(
        ("ID", "ACCOUNT", "ENGINE", "SENT", "HELD", "LAST STEP", "PROMPT"),
        [
            (
                *(item.id, item.account_id, item.engine, to_iso(item.sent_at) if item.sent_at else ""),
                *(item.credit_cost, item.engine_task_id, item.prompt[:60]),
            )
            for item in page.items
        ],
    )
    if page.next_after:
        click.echo(f"More: --after {page.next_after}", err=True)


@generations.command("settle")
@click.argument("generation_id")
@click.option("--bought", metavar="TASK_ID", help="The engine has it: watch this task.")
@click.option("--not-bought", is_flag=True, help="The engine has nothing: submit it anew.")
@click.option("--charge", is_flag=True, help="It was bought and cannot be found: fail it, and charge what is held.")
def settle(generation_id: str, bought: str | None, not_bought: bool, charge: bool) -> None:
    """Say what became of a submission, once.

    \b
    doitong generations settle 01ky3m8p2r5s7t9v0w1x2y3z4a --not-bought
    """
    from doitong.generations.settlement import Outcome

    chosen = {Outcome.BOUGHT: bool(bought), Outcome.NOT_BOUGHT: not_bought, Outcome.CHARGE: charge}
    outcomes = [outcome for outcome, is_chosen in chosen.items() if is_chosen]
    if len(outcomes) != 1:
        raise click.UsageError("Give one of --bought TASK_ID, --not-bought and --charge.")

    async def use(app: "Application") -> Any:
        return await app.settlement.settle(generation_id, outcomes[0], bought, COMMAND)

    done = with_app(use)
    click.echo(f"{done.id}: {done.status.value}, {done.stage.value}")
