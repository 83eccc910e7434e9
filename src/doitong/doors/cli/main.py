"""The command `doitong`. Each command's module is imported when it is called, so that `--help` is quick."""

import importlib
import sys
from typing import Any

import click

from doitong import __version__

_COMMANDS = {
    # name: (module, attribute, one line for the list)
    "up": ("up", "up", "Start everything: database, API, worker."),
    "generate": ("submit", "generate", "Make a video from a prompt."),
    "animate": ("submit", "animate", "Animate a picture."),
    "accounts": ("operate", "accounts", "Create, list and change accounts."),
    "members": ("members", "members", "Create, list and change members."),
    "keys": ("operate", "keys", "Create, list and revoke API keys."),
    "credits": ("operate", "credits", "Grant, correct and read credits."),
    "prices": ("prices", "prices", "Show and set what films cost."),
    "webhooks": ("operate", "webhooks", "List webhook deliveries and send them again."),
    "generations": ("unknown", "generations", "Settle submissions whose answer was lost."),
    "ledger": ("operate", "ledger", "Prove that the ledger agrees with itself."),
    "provenance": ("provenance", "provenance", "Read where a film comes from."),
    "serve": ("serve", "serve", "Run the API alone, on a database that runs already."),
    "work": ("serve", "work", "Run a worker alone, on a database that runs already."),
    "migrate": ("serve", "migrate", "Bring the database's schema up to date."),
    "runway-stand-in": ("standin", "runway_stand_in", "Serve a stand-in of Runway's API, for tests and staging."),
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and lines without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"doitong.doors.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in _COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="doitong")
def cli() -> None:
    """Doitong: a generative video service that anyone can run.

    Begin with `doitong up`. Settings come from the environment (DOITONG_HOST, DOITONG_PORT, DOITONG_DATA_DIR,
    DATABASE_URL, …); an option overrides its setting.
    """


def main(arguments: list[str] | None = None) -> Any:
    """The console script: a problem that has a remedy is printed as two lines, not as a traceback."""
    from pydantic import ValidationError

    from doitong.core.errors import DoitongError
    from doitong.db._launch import StartProblem

    try:
        return cli.main(args=arguments, prog_name="doitong")
    except StartProblem as problem:
        click.echo(f"{click.style('Error:', fg='red')} {problem.sentence}\n       {problem.remedy}", err=True)
    except DoitongError as error:
        click.echo(f"{click.style('Error:', fg='red')} {error.message()} ({error.code})", err=True)
    except ValidationError as error:
        click.echo(f"{click.style('Error:', fg='red')} A setting is not valid; see docs/settings.md.", err=True)
        for fault in error.errors():
            name = "_".join(str(part) for part in fault["loc"]).upper()
            click.echo(f"       DOITONG_{name.removeprefix('DOITONG_')}: {fault['msg']}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
