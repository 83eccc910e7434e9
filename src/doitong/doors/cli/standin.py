"""`doitong runway-stand-in`: a server that behaves as Runway's API, for tests and staging."""

import click

from doitong.standins.runway.catalogue import TIERS
from doitong.standins.runway.model import CONFORMANCE_KEY, Options
from doitong.standins.runway.script import FaultUnknown, RandomFault, parse_rates


def _rates(context: click.Context, option: click.Parameter, value: str) -> tuple[RandomFault, ...]:
    try:
        return parse_rates(value)
    except FaultUnknown as error:
        raise click.BadParameter(f"{error} is not FAULT=RATE; see docs/runway-stand-in.md") from error


@click.command("runway-stand-in")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8400, show_default=True, help="0 takes a free one.")
@click.option("--key", "keys", multiple=True, help="API key to accept; may be repeated. [default: key_standin]")
@click.option("--credits", type=click.IntRange(0), default=100_000, show_default=True, help="Credits bought so far.")
@click.option("--tier", type=click.Choice(list(TIERS)), default="1", show_default=True, help="Its limits apply.")
@click.option("--at-once", type=click.IntRange(1), help="Tasks at once per model, instead of the tier's.")
@click.option("--daily", type=click.IntRange(0), help="Tasks in 24 hours per model, instead of the tier's.")
@click.option("--speed", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True,
              help="Tasks run so many times faster.")  # fmt: skip
@click.option("--faults", callback=_rates, default="", metavar="FAULT=RATE,…", help="Faults by chance.")
@click.option("--seed", type=int, default=0, show_default=True, help="Repeats the faults by chance.")
@click.option("--url-seconds", type=click.FloatRange(0), default=86_400.0, show_default=True,
              help="How long an output's address is good.")  # fmt: skip
@click.option("--public-url", default="", help="Begins the addresses it gives out; the request's host when left out.")
@click.option("--fetch", "fetches", is_flag=True, help="Fetch and check https pictures as Runway does.")
@click.option("--allow-http", "allows_http", is_flag=True, help="Take http addresses where https is asked for.")
@click.option("--lenient", is_flag=True, help="Take unknown keys in bodies.")
@click.option("--keep-moderated", "keeps_moderated", type=click.Choice(["all", "input", "none"]), default="input",
              show_default=True, help="Which moderated tasks are charged all the same.")  # fmt: skip
@click.option("--on-behalf-of", "needs_on_behalf_of", is_flag=True, help="Ask for X-Runway-On-Behalf-Of on creates.")
@click.option("--conformance", "is_conformance", is_flag=True,
              help=f"For the official SDK's suite: takes the key {CONFORMANCE_KEY!r}, and has its task.")  # fmt: skip
def runway_stand_in(host: str, port: int, keys: tuple[str, ...], lenient: bool, **chosen: object) -> None:
    """Serve a stand-in of Runway's API until Ctrl-C. It holds everything in memory and renders grey films.

    Point a client at it with RUNWAYML_BASE_URL and RUNWAYML_API_SECRET. Anyone who can reach it can see and change
    what it holds: keep it inside your network.
    """
    from doitong.standins.runway import server

    options = Options(keys=keys or Options().keys, refuses_unknown_keys=not lenient, **chosen)  # type: ignore[arg-type]
    listener = server.listen(host, port)
    click.echo(server.ANNOUNCEMENT + server.url_of(listener))
    server.run(options, listener)
