"""Guarantee: the code that docs/webhooks.md gives receivers accepts our signatures and refuses others."""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from doitong.webhooks import rules
from doitong.webhooks.signing import sign

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
CURRENT, PREVIOUS, STRANGER = "whsec_Y3VycmVudA==", "whsec_cHJldmlvdXM=", "whsec_c3RyYW5nZXI="
BODY = '{"id":"abc123xyz","note":"čšž"}'.encode()
UNITS_SECONDS = {"s": 1, "min": 60, "h": 3600}

CASES = pytest.mark.parametrize(
    ("body", "secret", "expected"),
    [(BODY, CURRENT, True), (BODY, PREVIOUS, True), (BODY, STRANGER, False), (BODY + b" ", CURRENT, False)],
)


def signed_headers() -> dict[str, str]:
    """As a receiver gets them now."""
    signed = sign(BODY, "e1", datetime.now(UTC), [CURRENT, PREVIOUS])
    return {name.lower(): value for name, value in signed.items()}


def snippet(language: str, holding: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return next(block for block in blocks if holding in block)


@CASES
def test_python(body: bytes, secret: str, expected: bool) -> None:
    names: dict[str, Any] = {}
    exec(snippet("python", "def is_from_doitong"), names)
    assert names["is_from_doitong"](body, signed_headers(), secret) is expected


def test_python_library() -> None:
    names: dict[str, Any] = {"secret": PREVIOUS, "body": BODY, "headers": signed_headers()}
    exec(snippet("python", "standardwebhooks"), names)
    assert names["event"]["id"] == "abc123xyz"


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@CASES
def test_javascript(body: bytes, secret: str, expected: bool) -> None:
    call = f"console.log(isFromDoitong(Buffer.from('{body.hex()}', 'hex'), {signed_headers()!r}, '{secret}'))"
    code = snippet("javascript", "isFromDoitong") + call
    done = subprocess.run(["node", "--input-type=module", "-e", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(expected).lower()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_openssl(tmp_path: Path) -> None:
    (tmp_path / "body.json").write_bytes(BODY)
    done = subprocess.run(
        ["sh", "-c", snippet("sh", "openssl")],
        cwd=tmp_path,
        env={"SECRET": CURRENT, "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == signed_headers()["x-doitong-signature"]


def test_published_pauses_are_the_real_ones() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| pause |"))
    pauses = [cell.split() for cell in row.split("|")[2:-1]]
    seconds = [int(number) * UNITS_SECONDS[unit] for number, unit in pauses]
    assert seconds == [delay.total_seconds() for delay in rules.RETRY_DELAYS]
