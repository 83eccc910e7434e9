"""House rule: the documentation is true. What it names exists, what it shows parses, its tables are the code's."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from graphql import parse, validate

from doitong.catalogue.services import PRICES
from doitong.core.errors import REGISTRY
from doitong.core.settings import Settings
from doitong.doors.cli.main import cli
from doitong.doors.graphql.schema import make_schema
from doitong.doors.rest.table import ROUTES
from doitong.plans.model import PLANS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TEST_NAME = re.compile(r"\b(tests/[\w/]+\.py)(?:::(test_\w+))?")
SOURCE_NAME = re.compile(r"`((?:src/doitong|docs|bench)/[\w/.-]+)`")
DOOR = re.compile(
    r"(?<![a-z0-9/.-])/(?:v1/|graphql|outputs/|docs|dashboard|errors|healthz|readyz|metrics|openapi\.json)[^\s\"'`?)|\\]*"
)
COMMAND = re.compile(r"\bdoitong ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)")
CODE_WORD = re.compile(r"`([A-Z][A-Z]+(?:_[A-Z]+)+)`")
MAKE_TARGET = re.compile(r"\bmake ([a-z][a-z-]*)\b")
NOT_OURS_YET = {"/v1/videos"}  # named as what this release does not have
NOT_A_TARGET = {"sure", "it", "a", "the"}


def _id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


each_page = pytest.mark.parametrize("page", PAGES, ids=_id)


def fences(page: Path, *languages: str) -> Iterator[str]:
    for language, text in FENCE.findall(page.read_text()):
        if language in languages:
            yield text


def code_in(page: Path) -> str:
    """Everything that stands as code: blocks and inline."""
    text = page.read_text()
    inline = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    return "\n".join([*(body for _, body in FENCE.findall(text)), *inline])


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


@cache
def doors() -> tuple[re.Pattern[str], ...]:
    """Every address that answers: REST's table, and what the web application hangs up beside it."""
    web = re.findall(r'^\s+"(/(?!v1/)[^"]*)": \(', (ROOT / "src/doitong/doors/http/app.py").read_text(), re.MULTILINE)
    assert len(web) > 8, "the addresses of the web application are not found any more"
    paths = [route.path for route in ROUTES] + [
        path if not path.endswith("/") or path == "/" else path + "{x}" for path in web
    ]
    return tuple(re.compile(re.sub(r"\\{\w+\\}", r"[^/]+", re.escape(path)) + "/?") for path in paths)


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        to = (page.parent / path).resolve() if path else page
        if not to.exists() or (anchor and anchor not in anchors(to)):
            broken.append(target)
    assert broken == []


@each_page
def test_files_and_tests_it_names_exist(page: Path) -> None:
    text = page.read_text()
    gone = [name for name in SOURCE_NAME.findall(text) if not (ROOT / name).exists()]
    for path, test in TEST_NAME.findall(text):
        file = ROOT / path
        if not file.exists() or (test and f"def {test}(" not in file.read_text()):
            gone.append(f"{path}::{test}")
    assert gone == []


@each_page
def test_doors_it_names_exist(page: Path) -> None:
    named = {found.rstrip(".,;:/") or "/" for found in DOOR.findall(code_in(page))}
    named -= NOT_OURS_YET
    shaped = {re.sub(r"\$\w+|<\w+>|ID\b", "x", name) for name in named}
    assert sorted(name for name in shaped if not any(door.fullmatch(name) for door in doors())) == []


@each_page
def test_commands_it_names_exist(page: Path) -> None:
    context = click.Context(cli)
    unknown = []
    for words in {found for found in COMMAND.findall(code_in(page))}:
        first, _, second = words.partition(" ")
        command = cli.get_command(context, first)
        if command is None or (
            second and isinstance(command, click.Group) and command.get_command(context, second) is None
        ):
            unknown.append(words)
    assert unknown == []


@each_page
def test_make_targets_it_names_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(MAKE_TARGET.findall(code_in(page)))
    assert named - targets - NOT_A_TARGET == set()


@each_page
def test_codes_and_settings_it_names_exist(page: Path) -> None:
    known = set(REGISTRY) | {f"DOITONG_{name.upper()}" for name in Settings.model_fields}
    known |= {"DATABASE_URL", "CDN_BASE_URL", "RUNWAYML_API_SECRET", "RUNWAYML_BASE_URL"}
    known |= {"DOITONG_URL", "DOITONG_API_KEY", "DOITONG_WRITE_DOCS", "FORWARDED_ALLOW_IPS"}  # the last is uvicorn's
    for module in (ROOT / "src").rglob("*.py"):
        known |= set(re.findall(r"^([A-Z][A-Z_]+)(?::[^=\n]+)? =", module.read_text(), re.MULTILINE))
    others = re.compile(r"(AWS|GOOGLE|AZURE|PGQUEUER)_")
    named = {word for word in CODE_WORD.findall(page.read_text()) if not others.match(word)}
    assert named - known == set()


@each_page
def test_what_it_shows_can_be_read_by_a_machine(page: Path) -> None:
    for text in fences(page, "json"):
        json.loads(text)
    for text in fences(page, "python"):
        compile(text, str(page), "exec")
    schema = make_schema()._schema
    for text in fences(page, "graphql"):
        assert validate(schema, parse(text)) == []


def test_the_readme_shows_the_plans_as_they_are() -> None:
    text = (ROOT / "README.md").read_text()
    for plan in PLANS.values():
        if plan.name == "enterprise":
            continue
        day = f"{plan.generations_per_day:,}"
        credits = f"{plan.signup_credits:,}" if plan.signup_credits else "–"
        row = f"| {plan.name} | {plan.generations_per_minute} | {plan.job_slots} | {day} | {plan.reads_per_minute:,} | "
        assert row + f"{plan.backlog:,} | {credits} |" in text


def test_the_readme_shows_the_prices_as_they_are() -> None:
    text = (ROOT / "README.md").read_text()
    for quality, price in PRICES.items():
        row = " | ".join(str(price.credits(seconds)) for seconds in range(5, 11))
        assert f"| {quality.value} | {row} |" in text
