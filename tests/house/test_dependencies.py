"""House rule: what is imported is declared, what is declared has its reason, what is installed is pinned by hash."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DECISION = (ROOT / "docs/decisions/0009-dependencies.md").read_text()


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


DECLARED = {normal(re.split(r"[\s;<>=!~\[]", text, maxsplit=1)[0]) for text in PROJECT["dependencies"]}


def imported() -> set[str]:
    names = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import():
                    names |= {alias.name.split(".")[0] for alias in node.names}
                case ast.ImportFrom(module=str(module), level=0):
                    names.add(module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"doitong"}


def test_every_import_is_a_declared_dependency() -> None:
    """What only comes with something else today may be gone with its next release."""
    distributions = packages_distributions()
    undeclared = {
        name for name in imported() if not {normal(item) for item in distributions.get(name, ["?"])} & DECLARED
    }
    assert undeclared == set()


def test_every_dependency_has_its_line() -> None:
    table = " ".join(line.split("|")[1] for line in DECISION.splitlines() if line.startswith("|"))
    words = {normal(word) for word in re.findall(r"[\w-]+", table)}
    assert DECLARED - words == set()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_the_lock_has_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text()
    pins = [line for line in text.splitlines() if line and line[0] not in " #"]
    assert pins
    assert [pin for pin in pins if "==" not in pin] == []
    assert text.count("--hash=sha256:") >= len(pins)
    assert re.search(r"://|^--(index|extra-index|find-links)| @ ", text, re.MULTILINE) is None


def test_the_lock_has_every_dependency() -> None:
    pinned = {
        normal(line.split("==")[0]) for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line
    }
    assert DECLARED - pinned == set()
