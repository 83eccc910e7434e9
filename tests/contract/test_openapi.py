"""Guarantee: whatever the published description allows, and what it forbids, the server has an answer for.

Schemathesis makes the requests from /openapi.json: the description's examples, its edges, and random ones.
"""

import re
import subprocess
import sys

import pytest

from tests.system import System, clean_environment

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def run_schemathesis(system: System, examples: int, *more: str) -> str:
    pytest.importorskip("schemathesis")
    customer = system.customer(credits=100_000)
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"]
    done = subprocess.run(
        [
            *(*command, f"{system.url}/openapi.json", "--url", system.url, "--checks", CHECKS),
            *("--phases", "examples,coverage,fuzzing", "--max-examples", str(examples), "--seed", "1"),
            *("--no-color", "--max-failures", "5", "--suppress-health-check", "all", "--workers", "2"),
            *("-H", f"X-API-Key: {customer.key}", *more),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env=clean_environment(),
        cwd=system.data_dir,
    )
    print(done.stdout[-2500:])
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
    return done.stdout


def test_every_operation_of_the_description(system: System) -> None:
    """A few examples of each; the server's log is checked for exceptions at the end of the run as well."""
    printed = run_schemathesis(system, 3)
    tested = re.search(r"Operations:\s+(\d+) selected / (\d+) total", printed)
    assert tested is not None
    assert int(tested[1]) == int(tested[2]) >= 25


@pytest.mark.slow
def test_every_operation_of_the_description_at_length(system: System) -> None:
    run_schemathesis(system, 200)
