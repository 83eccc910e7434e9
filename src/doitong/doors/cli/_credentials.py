"""Where the command line finds its address and key: the environment, or what `doitong up` left in demo.env."""

from collections.abc import Mapping
from pathlib import Path

import click


def read_credentials(environment: Mapping[str, str], data_dir: Path) -> tuple[str, str]:
    """URL and key: DOITONG_URL and DOITONG_API_KEY, each filled in from the data folder's demo.env."""
    found = read_demo_file(data_dir)
    url = environment.get("DOITONG_URL") or found.get("DOITONG_URL")
    key = environment.get("DOITONG_API_KEY") or found.get("DOITONG_API_KEY")
    if not url or not key:
        raise click.ClickException(
            f"No API address and key: start `doitong up` (it writes {data_dir / 'demo.env'}),"
            " or set DOITONG_URL and DOITONG_API_KEY."
        )
    return url, key


def read_demo_file(data_dir: Path) -> dict[str, str]:
    """The NAME=value lines of demo.env; empty when it is not there."""
    try:
        lines = (data_dir / "demo.env").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
