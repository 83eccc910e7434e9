"""A whole API on real sockets, its worker, and a stand-in of Runway: one stepped clock for all of them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from doitong.app import Application, Workshop
from doitong.core.clock import SteppedClock
from doitong.core.settings import Settings
from doitong.doors.http.app import build_app
from doitong.generations.model import Lane
from doitong.keys.model import ALL_SCOPES
from doitong.standins.runway import LocalStandin, Options, films
from doitong.standins.runway.model import Film
from tests.doors.conftest import serving
from tests.generations.conftest import Worker

KEY = "key_of_the_operator"
STEP = timedelta(seconds=3)
FRAMES_PER_SECOND = 4


class Studio:
    """A customer at the API, the operator at his, a worker, and the stand-in."""

    def __init__(
        self,
        app: Application,
        workshop: Workshop,
        standin: LocalStandin,
        client: httpx.AsyncClient,
        clock: SteppedClock,
    ) -> None:
        self.app, self.workshop, self.standin, self.client, self.clock = app, workshop, standin, client, clock
        self.worker = Worker(app, workshop, clock)
        self.account_id, self.key, self.operator_key = "", "", ""

    async def open_account(self, credits: int = 100_000, plan: str = "enterprise") -> None:
        account = await self.app.accounts.create("Test", plan)
        await self.app.ledger.grant(account.id, credits, reason="test")
        self.account_id, self.key = account.id, (await self.app.keys.create(account.id, "test")).secret
        operator = await self.app.keys.create(account.id, "operator", scopes=tuple(ALL_SCOPES))
        self.operator_key = operator.secret

    async def call(self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str) -> Any:
        return await self.client.request(method, path, json=body, headers={"X-API-Key": key or self.key} | headers)

    async def graphql(self, query: str, key: str | None = None, **variables: Any) -> Any:
        return (await self.call("POST", "/graphql", {"query": query, "variables": variables}, key)).json()

    async def submit(self, prompt: str = "fog over a harbour", image: str | None = None, **values: Any) -> str:
        """An accepted generation's id."""
        kind = "text_to_video" if image is None else "image_to_video"
        given = {"prompt": prompt or None, "image": image}
        body = {"service": "runway"} | {name: value for name, value in (given | values).items() if value is not None}
        answer = await self.call("POST", f"/v1/{kind}", body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"]["generatevideo"]["id"])

    async def get(self, generation_id: str, language: str = "en") -> dict[str, Any]:
        answer = await self.call("GET", f"/v1/generations/{generation_id}", **{"Accept-Language": language})
        return dict(answer.json()["data"]["generatevideo"])

    async def event(self, generation_id: str) -> dict[str, Any]:
        """The one event of an end, as webhooks carry it."""
        async with self.app.database.reading() as connection:
            rows = await connection.fetch("SELECT body FROM event WHERE generation_id = $1", generation_id)
        assert len(rows) == 1
        return dict(orjson.loads(rows[0]["body"]))

    async def credits(self) -> tuple[int, int]:
        found = (await self.call("GET", "/v1/credits")).json()["data"]["credits"]
        return found["available"], found["held"]

    async def work(self, rounds: int = 1, step: timedelta = STEP) -> None:
        """Everything that is to be done now, then a step of time, so many times."""
        for _ in range(rounds):
            while await self.worker.step():
                pass
            for lane in Lane:  # jobs deferred by the database's clock are due by ours
                await self.workshop.runner.run_next(lane)
            while await self.workshop.poller.poll_once():
                while await self.worker.step():
                    pass
            self.clock.advance(step)

    async def finish(self, generation_id: str, rounds: int = 60) -> dict[str, Any]:
        """The generation once it has ended."""
        for _ in range(rounds):
            await self.work()
            found = await self.get(generation_id)
            if found["status"] != "processing":
                return found
        raise AssertionError(found)

    async def row(self, generation_id: str) -> dict[str, Any]:
        async with self.app.database.reading() as connection:
            return dict(await connection.fetchrow("SELECT * FROM generation WHERE id = $1", generation_id))

    def tasks(self) -> list[dict[str, Any]]:
        """What was bought, in order."""
        return list(self.standin.state()["tasks"])

    def calls(self, *beginnings: str) -> int:
        found = self.standin.state()["calls"]
        return sum(count for name, count in found.items() if name.startswith(beginnings))


Open = Callable[..., Any]


@asynccontextmanager
async def open_studio(
    dsn: str, folder: Path, clock: SteppedClock, options: Options | None = None, **settings: Any
) -> AsyncIterator[Studio]:
    async with AsyncExitStack() as stack:
        standin = await stack.enter_async_context(
            LocalStandin(options or Options(keys=(KEY,), tier="unlimited", credits=1_000_000), clock=clock)
        )
        chosen = {"runwayml_api_secret": KEY, "runwayml_base_url": standin.url} | settings
        app = await Application.open(
            Settings(database_url=dsn, data_dir=folder, secret_key="0123456789abcdef" * 2, provenance="off", **chosen),
            clock,
        )
        stack.push_async_callback(app.close)
        workshop = Workshop.build(app)
        for engine in workshop.engines.values():
            stack.push_async_callback(engine.close)
        client = await stack.enter_async_context(serving(build_app(app)))
        studio = Studio(app, workshop, standin, client, clock)
        await studio.open_account()
        yield studio


@pytest.fixture(autouse=True)
def sparse_films(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runway's films have their size and length, but few frames: looking at them takes most of a test's time."""
    make_film, thinned = films.make_film, films.FRAMES_PER_SECOND // FRAMES_PER_SECOND

    def make_sparse_film(film: Film) -> bytes:
        return make_film(replace(film, frames=film.frames // thinned))

    monkeypatch.setattr(films, "FRAMES_PER_SECOND", FRAMES_PER_SECOND)
    monkeypatch.setattr(films, "make_film", make_sparse_film)


@pytest.fixture
async def opened(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[Open]:
    """Opens a studio with settings of the test's own."""
    async with AsyncExitStack() as stack:

        async def make(options: Options | None = None, **settings: Any) -> Studio:
            return await stack.enter_async_context(open_studio(dsn, tmp_path, clock, options, **settings))

        yield make


@pytest.fixture
async def studio(opened: Open) -> Studio:
    """With everything as it is by default, and no limits at Runway."""
    made: Studio = await opened()
    return made
