"""Guarantee: Runway's own SDK for node works against the stand-in unchanged."""

import asyncio
import base64
import json
import shutil
from pathlib import Path

import pytest

from doitong.standins.runway import LocalStandin, Options
from doitong.standins.runway.films import make_still
from doitong.standins.runway.model import Picture

FOLDER = Path(__file__).with_name("node")
INSTALL_SECONDS, RUN_SECONDS = 120, 60


async def run(*command: str, seconds: float) -> tuple[int, str]:
    child = await asyncio.create_subprocess_exec(
        *command, cwd=FOLDER, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        output, _ = await asyncio.wait_for(child.communicate(), seconds)
    except TimeoutError:
        child.kill()
        output, _ = await child.communicate()
    assert child.returncode is not None
    return child.returncode, output.decode()


@pytest.fixture(scope="session")
async def sdk() -> None:
    """The SDK of the lock file, installed once beside the test."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("NODE IS NOT INSTALLED: Runway's SDK for it was not run")
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"]["@runwayml/sdk"]
    installed = FOLDER / "node_modules/@runwayml/sdk/package.json"
    if not installed.exists() or json.loads(installed.read_text())["version"] != wanted:
        status, output = await run("npm", "ci", "--ignore-scripts", seconds=INSTALL_SECONDS)
        if status != 0:
            pytest.skip(f"RUNWAY'S SDK FOR NODE CANNOT BE INSTALLED HERE, and was not run: {output[-300:]}")


@pytest.mark.usefixtures("sdk")
async def test_create_wait_fail_cancel_upload_and_organization() -> None:
    picture = base64.b64encode(make_still(Picture(640, 360))).decode()
    async with LocalStandin(Options(tier="5", speed=200)) as standin:
        status, output = await run("node", "sdk.mjs", standin.url, picture, seconds=RUN_SECONDS)
    assert status == 0, output
    seen = json.loads(output.splitlines()[-1])
    assert seen == {
        "done": ["SUCCEEDED", 60, 200, "video/mp4"],
        "failed": "INTERNAL.BAD_OUTPUT.CODE01",
        "throttled": "THROTTLED",
        "gone": {"name": "NotFoundError", "status": 404},
        "animated": "SUCCEEDED",
        "invalid": {"name": "BadRequestError", "status": 400},
        "balance": 100_000 - 60 - 10,
    }


def test_the_lock_names_no_address() -> None:
    """As for Python's lock: what is installed is known by its digest, not by where it came from."""
    text = (FOLDER / "package-lock.json").read_text()
    assert '"integrity": "sha512-' in text
    assert "://" not in text
