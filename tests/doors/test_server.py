"""Guarantee: SIGTERM ends the API in order within ten seconds, and who waits for news gets an answer."""

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path

import httpx

from doitong.app import Application
from doitong.core.settings import Settings

PROGRAM = "from doitong.core.settings import Settings; from doitong.doors.http import serve; serve(Settings())"
READS_A_MINUTE = 600
FLAT = {"service": "runway", "prompt": "A bear"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def make_key(dsn: str, data_dir: Path) -> str:
    application = await Application.open(Settings(DATABASE_URL=dsn, data_dir=data_dir))
    account = await application.accounts.create("Test", "free")
    key = await application.keys.create(account.id, "test")
    await application.close()
    return key.secret


async def wait_until_ready(client: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    while process.returncode is None:
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.05)  # a process that starts says so by its port alone
    raise AssertionError("the server ended while starting")


async def wait_until_counted(client: httpx.AsyncClient) -> None:
    """Until the read that waits has been admitted: then one more is counted than was made here."""
    made, remaining = 0, READS_A_MINUTE
    while remaining == READS_A_MINUTE - made:
        made += 1
        remaining = int((await client.get("/v1/credits")).headers["x-ratelimit-remaining"])


async def test_sigterm_ends_the_server_and_answers_who_waits(dsn: str, tmp_path: Path) -> None:
    key, port = await make_key(dsn, tmp_path), free_port()
    environment = os.environ | {"DATABASE_URL": dsn, "DOITONG_DATA_DIR": str(tmp_path), "DOITONG_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, env=environment)
    headers = {"X-API-Key": key}
    base = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=90, headers=headers) as client:
        await wait_until_ready(client, process)
        made = (await client.post("/v1/text_to_video", json=FLAT)).json()["data"]["generatevideo"]
        waiting = asyncio.create_task(client.get(f"/v1/generations/{made['id']}", params={"wait": 60}))
        await wait_until_counted(client)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        answer = await waiting
        assert answer.status_code == 200
        assert answer.json()["data"]["generatevideo"]["status"] == "processing"
        async with asyncio.timeout(10):
            await process.wait()
    assert time.monotonic() - started < 10
    assert process.returncode in (0, -signal.SIGTERM)
