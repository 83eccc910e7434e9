"""Guarantee: the public page's samples work verbatim but for the host and the key."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.seed.page import Page
from tests.system import Customer, System, video_of

Turned = Callable[[str, Customer], str]
SELECTED = ["id", "status", "type", "provider", "url", "metadata", "creditCost"]
PAGE_PROMPT = "A serene landscape with mountains and a lake at sunset"


def run(*command: str, text: str | None = None) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def node(folder: Path, program: str) -> str:
    """What a module of JavaScript prints, in a real node with its own fetch."""
    if shutil.which("node") is None:
        pytest.skip("NODE IS NOT INSTALLED: the page's JavaScript was not run")
    path = folder / "sample.mjs"
    path.write_text(program)
    return run("node", str(path))


def check_accepted(generation: dict[str, Any]) -> None:
    assert list(generation)[:7] == SELECTED
    assert (generation["status"], generation["type"], generation["url"]) == ("processing", "VIDEO", None)
    assert (generation["provider"], generation["creditCost"]) == ("runway", 100)
    assert generation["metadata"]["duration"] == 5


def test_curl_and_javascript_are_one_request_by_their_idempotency_key(
    system: System, page: Page, turned: Turned, tmp_path: Path
) -> None:
    customer = system.customer(credits=1000)
    by_curl = json.loads(run("bash", "-c", turned(page.curl, customer)))
    generation = by_curl["data"]["generate"]
    check_accepted(generation)
    assert list(generation) == SELECTED
    printed = node(tmp_path, turned(page.javascript, customer) + "\nconsole.log(JSON.stringify(data))")
    assert printed.startswith("Result: {")
    assert json.loads(printed.splitlines()[-1]) == by_curl
    assert customer.wait(generation["id"])["status"] == "completed"
    assert customer.credits() == {"available": 900, "held": 0}


def test_javascript_alone(system: System, page: Page, turned: Turned, tmp_path: Path) -> None:
    customer = system.customer(credits=100)
    printed = node(tmp_path, turned(page.javascript, customer) + "\nconsole.log(JSON.stringify(data))")
    check_accepted(json.loads(printed.splitlines()[-1])["data"]["generate"])


def test_python(system: System, page: Page, turned: Turned, tmp_path: Path) -> None:
    customer = system.customer(credits=100)
    path = tmp_path / "sample.py"
    path.write_text(turned(page.python, customer) + "\nprint(json.dumps(data))\n")
    printed = run(sys.executable, str(path))
    assert printed.startswith("Result: {'id':")
    generation = json.loads(printed.splitlines()[-1])["data"]["generate"]
    check_accepted(generation)
    ended = customer.wait(generation["id"])
    assert (ended["status"], ended["prompt"]) == ("completed", PAGE_PROMPT)


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/graphql-response+json"])
def test_raw_graphql(system: System, page: Page, accept: str) -> None:
    customer = system.customer(credits=300)
    answer = customer.graphql(page.mutation, page.variables, Accept=accept)
    assert answer.status_code == 200
    assert "errors" not in answer.json()
    generation = answer.json()["data"]["generate"]
    assert list(generation) == [*SELECTED, "createdAt"]
    assert generation["creditCost"] == 300  # the page: Pro, 5 seconds
    metadata = generation["metadata"]
    assert (metadata["version"], metadata["quality"]) == ("gen-4", "high")
    assert (metadata["width"], metadata["height"]) == (1920, 1080)


def test_rest_takes_the_parameter_table_by_its_names(system: System, page: Page) -> None:
    assert page.parameters == ["service", "prompt", "duration", "aspectRatio", "version", "webhookUrl"]
    values = ["runway", PAGE_PROMPT, 7, "9:16", "gen-3", "http://127.0.0.1:47999/callback"]
    customer = system.customer(credits=1000)
    asked = dict(zip(page.parameters, values, strict=True))
    answer = video_of(customer.post("/v1/text_to_video", asked))
    assert {name: answer[name] for name in ("service", "prompt", "duration", "webhookUrl")} == {
        name: asked[name] for name in ("service", "prompt", "duration", "webhookUrl")
    }
    assert answer["creditCost"] == 140
    metadata = answer["metadata"]
    assert (metadata["aspectRatio"], metadata["version"]) == ("9:16", "gen-3")
    assert (metadata["width"], metadata["height"]) == (720, 1280)


@pytest.mark.parametrize("duration", range(5, 11))
def test_prices_are_those_of_the_page(system: System, page: Page, duration: int) -> None:
    assert "| 100-200 Krediti | 5–10" in page.text
    assert "| 300-500 Krediti | 5–10" in page.text
    customer = system.customer()
    for quality, price in (("standard", 20 * duration), ("high", 100 + 40 * duration), ("pro", 100 + 40 * duration)):
        asked = {"service": "runway", "prompt": "A bear", "duration": duration, "quality": quality}
        assert customer.post("/v1/quotes", asked).json()["data"]["quote"]["creditCost"] == price


@pytest.mark.parametrize("path", ["/v1/text_to_video", "/graphql"])
@pytest.mark.parametrize("header", ["Authorization: Bearer {}", "X-API-Key: {}", "authorization: bearer {}"])
def test_both_headers_at_both_doors(system: System, page: Page, header: str, path: str) -> None:
    customer = system.customer(credits=300)
    asked = {"query": page.mutation, "variables": page.variables}
    body = asked if path == "/graphql" else {"service": "runway", "prompt": "A bear"}
    key = header.format(customer.key)
    command = ["curl", "-sS", "-w", "\n%{http_code}", customer.url + path, "-H", key, "-d", json.dumps(body)]
    text, status = run(*command, "-H", "Content-Type: application/json").rsplit("\n", 1)
    assert (status, "errors" in json.loads(text)) == ("200", False)
