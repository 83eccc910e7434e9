"""`doitong serve`, `work` and `migrate`: the single processes, for those who run their own database."""

import asyncio

import click

from doitong.core.settings import Settings
from doitong.doors.cli._supervised import wait_for_go


@click.command()
@click.option("--host", help="Address to listen on (DOITONG_HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (DOITONG_PORT).")
def serve(host: str | None, port: int | None) -> None:
    """Run the API alone.

    Needs a database: DATABASE_URL, or that of a `doitong up` on the same data folder.
    """
    from doitong.doors import http
    from doitong.telemetry.logging import configure_logging

    chosen = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    settings = Settings().model_copy(update=chosen)
    configure_logging(settings.log_level, settings.log_format, process="api")
    wait_for_go()
    http.serve(settings)


@click.command()
def work() -> None:
    """Run a worker alone: it renders, stores outputs and delivers webhooks.

    Needs DATABASE_URL (or a `doitong up` on the same data folder) and the outputs' storage. Start as many as
    you like, on as many machines.
    """
    from doitong.doors.worker.main import run
    from doitong.telemetry.logging import configure_logging

    settings = Settings()
    configure_logging(settings.log_level, settings.log_format, process="worker")
    wait_for_go()
    run(settings)


@click.command()
def migrate() -> None:
    """Bring the database's schema up to date. `doitong up` does this by itself."""
    from doitong.app import database_dsn
    from doitong.db.migrate import migrate as apply

    changed = asyncio.run(apply(database_dsn(Settings())))
    click.echo("The schema is up to date now." if changed else "The schema was up to date.")
