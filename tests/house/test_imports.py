"""House rule: arrows between folders point one way (ARCHITECTURE.md, `.importlinter`)."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_import_contract_is_kept() -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout


def test_every_folder_has_a_layer() -> None:
    """A new folder gets its place among the layers, or it would be held by nothing."""
    layers = (ROOT / ".importlinter").read_text().split("layers =", 1)[1].split("[importlinter", 1)[0]
    named = {word for word in layers.split() if word.startswith("doitong.")}
    folders = {f"doitong.{path.parent.name}" for path in (ROOT / "src/doitong").glob("*/__init__.py")}
    modules = {f"doitong.{path.stem}" for path in (ROOT / "src/doitong").glob("[a-z]*.py")}
    assert folders | modules == named
