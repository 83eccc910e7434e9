"""Stand-ins on real sockets, with a clock that tests step, and a caller that speaks as Runway's clients do."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from doitong.core.clock import SteppedClock
from doitong.standins.runway import LocalStandin, Options

KEY = "key_of_the_tests"
HEADERS = {"Authorization": f"Bearer {KEY}", "X-Runway-Version": "2024-11-06"}
GEN4_5 = {"model": "gen4.5", "promptText": "a harbour at dawn", "ratio": "1280:720", "duration": 5}
PENDING_SECONDS, RUN_SECONDS = 2, 30  # of gen4.5 at speed 1


class Caller:
    """One stand-in and a client of it."""

    def __init__(self, standin: LocalStandin, http: httpx.AsyncClient) -> None:
        self.standin = standin
        self.http = http
        self.advance = standin.advance
        self.state = standin.state

    async def create(self, prompt: str = "a harbour at dawn", *, path: str = "text_to_video", **body: Any) -> str:
        """A task that is accepted; returns its id."""
        answer = await self.post(path, {**GEN4_5, "promptText": prompt, **body})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.http.post(f"/v1/{path}", json=body, headers=headers)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(f"/v1/{path}", headers=headers)

    async def task(self, task_id: str) -> dict[str, Any]:
        answer = await self.get(f"tasks/{task_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def status(self, task_id: str) -> str:
        return str((await self.task(task_id))["status"])

    async def delete(self, task_id: str) -> int:
        return (await self.http.delete(f"/v1/tasks/{task_id}")).status_code

    async def balance(self) -> int:
        return int((await self.get("organization")).json()["creditBalance"])

    async def film_url(self, prompt: str = "a harbour at dawn", **body: Any) -> str:
        """The address of a finished task's output."""
        task_id = await self.create(prompt, **body)
        self.advance(1000)
        return str((await self.task(task_id))["output"][0])


OpenStandin = Callable[..., Awaitable[Caller]]


@pytest.fixture
async def open_standin(clock: SteppedClock) -> AsyncIterator[OpenStandin]:
    """Opens a stand-in with these options; everything is closed after the test."""
    async with AsyncExitStack() as stack:

        async def open_one(**options: Any) -> Caller:
            chosen = Options(keys=(KEY,), **({"tier": "5"} | options))
            standin = await stack.enter_async_context(LocalStandin(chosen, clock=clock))
            client = httpx.AsyncClient(base_url=standin.url, headers=HEADERS, trust_env=False, verify=False)
            return Caller(standin, await stack.enter_async_context(client))

        yield open_one


@pytest.fixture
async def caller(open_standin: OpenStandin) -> Caller:
    return await open_standin()
