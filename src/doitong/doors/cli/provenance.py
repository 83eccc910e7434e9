"""`doitong provenance verify`: what a film says of where it comes from, and whether that can be believed."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from doitong.core.settings import Settings
from doitong.db.embedded import running_dsn
from doitong.provenance.model import NoProvenance, Reading
from doitong.provenance.signer import read_film

_VERDICTS = {
    "Trusted": "signed by this installation, and not changed since",
    "Valid": "not changed since it was signed; who signed it is not known here",
    "Invalid": "changed after it was signed, or not signed properly",
}


@click.group()
def provenance() -> None:
    """Where a film comes from: its C2PA manifest."""


@provenance.command()
@click.argument("film", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--root", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Root certificates (PEM) to trust; of the running installation when left out.")  # fmt: skip
def verify(film: Path, root: Path | None) -> None:
    """Print what FILM says of itself. Ends with 1 when it was changed, or says nothing.

    \b
    doitong provenance verify doitong-01kb….mp4
    curl -O https://video.example/provenance/root.pem
    doitong provenance verify film.mp4 --root root.pem
    """
    roots = root.read_text() if root is not None else _roots_here()
    try:
        reading = read_film(film, roots)
    except NoProvenance:
        raise click.ClickException(f"{film} says nothing of where it comes from.") from None
    for name, value in _lines(reading):
        click.echo(f"{name:<10} {value}")
    sys.exit(1 if reading.state == "Invalid" else 0)


def _roots_here() -> str:
    """The roots of the installation that runs under these settings; none when none runs."""
    from doitong.doors.cli.operate import with_app

    settings = Settings()
    if settings.is_embedded and running_dsn(settings.data_dir) is None:
        return ""
    return with_app(lambda app: app.provenance.roots())


def _lines(reading: Reading) -> list[tuple[str, str]]:
    manifest = reading.manifest
    lines = [("state", f"{reading.state}: {_VERDICTS.get(reading.state, '')}")]
    lines += [("problem", code) for code in reading.problems]
    lines.append(("signed by", str(reading.issuer)))
    for program in manifest.get("claim_generator_info", []):
        lines.append(("with", f"{program.get('name')} {program.get('version', '')}".strip()))
    for assertion in manifest.get("assertions", []):
        if assertion["label"].startswith("c2pa.actions"):
            lines += [line for action in assertion["data"]["actions"] for line in _lines_of(action)]
    return lines


def _lines_of(action: Mapping[str, Any]) -> list[tuple[str, str]]:
    """One action of the manifest: what was done, by which engine, and the kind of source."""
    lines = [("action", " – ".join(filter(None, [action["action"], action.get("description")])))]
    agent = action.get("softwareAgent")
    if isinstance(agent, Mapping):
        lines.append(("model", f"{agent.get('name')} {agent.get('version', '')}".strip()))
    for name, value in action.get("parameters", {}).items():
        if name.startswith("com.doitong."):
            lines.append((name.removeprefix("com.doitong."), str(value)))
    if "digitalSourceType" in action:
        lines.append(("source", action["digitalSourceType"].rpartition("/")[2]))
    return lines
