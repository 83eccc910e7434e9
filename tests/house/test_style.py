"""House rules that a reader should not have to check: sizes, names, docstrings, time, and what a file must not hold."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from doitong.core.errors import REGISTRY

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "doitong"
FUNCTION_LINES_MAXIMUM = 70
FILE_LINES_MAXIMUM = 500
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "manager", "misc", "common", "v2"}
TEXT_BYTES_MAXIMUM = 4 * 1024 * 1024

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> dict[str, tuple[str, ast.Module]]:
    texts = {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted(SOURCE.rglob("*.py"))}
    return {name: (text, ast.parse(text)) for name, text in texts.items()}


@cache
def tracked_files() -> tuple[Path, ...]:
    """What git has, or would have; every file outside ignored folders where there is no git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=30).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def functions() -> Iterator[tuple[str, Function]]:
    for name, (_, tree) in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield f"{name}:{node.lineno} {node.name}", node


def test_no_function_is_long() -> None:
    lengths = {where: (node.end_lineno or 0) - node.lineno + 1 for where, node in functions()}
    assert {where: length for where, length in lengths.items() if length > FUNCTION_LINES_MAXIMUM} == {}


def test_no_file_is_long() -> None:
    lengths = {name: text.count("\n") for name, (text, _) in modules().items()}
    assert {name: length for name, length in lengths.items() if length > FILE_LINES_MAXIMUM} == {}


def test_every_name_says_something() -> None:
    parts = {name: set(Path(name).with_suffix("").parts) for name in modules()}
    assert [name for name, words in parts.items() if words & NAMES_THAT_SAY_NOTHING] == []


def test_every_module_says_what_it_owns() -> None:
    assert [name for name, (_, tree) in modules().items() if not ast.get_docstring(tree)] == []


def test_time_comes_through_the_clock() -> None:
    """A test can move every date that is decided on; monotonic timers for measuring are free."""
    read = re.compile(r"\b(datetime\.now|datetime\.utcnow|date\.today|time\.time)\(")
    found = [name for name, (text, _) in modules().items() if read.search(text)]
    assert found == ["src/doitong/core/clock.py"]


def test_sql_stands_in_stores_only() -> None:
    """A noun's SQL is in its store; db has its own, and tests may ask what they like."""
    statement = re.compile(r"\b(SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b", re.DOTALL)
    found = []
    for name, (_, tree) in modules().items():
        if Path(name).stem.endswith("store") or "/db/" in name:
            continue
        texts = [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        if any(statement.search(text) for text in texts):
            found.append(name)
    assert found == []


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    forbidden = re.compile(
        rb"(?<![\w.])/wo"
        rb"rk/|py"
        rb"pi\.org|files\.pytho"
        rb"nhosted|registry\.np"
        rb"mjs|--(extra-)?index-url[ =]http"
    )
    found = []
    for path in tracked_files():
        if path.stat().st_size <= TEXT_BYTES_MAXIMUM and (match := forbidden.search(path.read_bytes())):
            found.append(f"{path.relative_to(ROOT)}: {match[0].decode()}")
    assert found == []


def _raised_codes() -> Iterator[tuple[str, str]]:
    """(where, code) of every DoitongError("CODE", …), EngineFailure("CODE", …) and the like in the source."""
    makers = {"DoitongError", "EngineFailure", "RateLimited", "_refusal", "fail"}
    for name, (_, tree) in modules().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            function, first = node.func, node.args[0]
            maker = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            if maker in makers and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield f"{name}:{node.lineno}", first.value


def test_every_error_code_in_use_is_in_the_registry() -> None:
    used = list(_raised_codes())
    assert len(used) > 30, "the search finds nothing any more"
    assert [(where, code) for where, code in used if code not in REGISTRY] == []


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_every_code_is_used_and_told_in_both_languages(code: str) -> None:
    spec = REGISTRY[code]
    for text in (spec.message, spec.advice):
        assert text.en.strip()
        assert text.sl.strip()
    placeholders = [sorted(re.findall(r"{(\w+)}", text)) for text in (spec.message.en, spec.message.sl)]
    assert placeholders[0] == placeholders[1]
    assert 400 <= spec.status < 600
    quoted = f'"{code}"'
    uses = sum(text.count(quoted) for _, (text, _) in modules().items())
    assert uses >= 2, "it stands in the registry and nowhere else"
