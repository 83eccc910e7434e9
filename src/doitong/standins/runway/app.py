"""The stand-in as one ASGI application: the API, the files beside it, and the view for tests under `/_standin`.

It runs under `StandinProtocol` of `server.py`, which lends it the connection, so that it can drop it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from random import SystemRandom
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import orjson

from doitong.core.clock import Clock, SystemClock
from doitong.standins.runway import answers
from doitong.standins.runway.api import Api, route_of
from doitong.standins.runway.assets import Assets
from doitong.standins.runway.catalogue import FRAMES_PER_SECOND, make_offers
from doitong.standins.runway.clock import ForwardClock
from doitong.standins.runway.faults import Faults
from doitong.standins.runway.files import Files
from doitong.standins.runway.model import (
    CONFORMANCE_TASK,
    Answer,
    Call,
    Dropped,
    Fate,
    Film,
    Json,
    Options,
    Refused,
    Status,
    Task,
)
from doitong.standins.runway.organization import Organization
from doitong.standins.runway.rules import snapshot
from doitong.standins.runway.signing import Signer

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

TRANSPORT = "doitong.transport"
BODY_BYTES_MAXIMUM = 10 * 1024 * 1024
CHUNK = bytes(64 * 1024)


class BodyTooLarge(Exception):
    """More bytes than the gateway in front of the service lets through."""


class Standin:
    """Everything of one stand-in; made anew, it knows nothing."""

    def __init__(
        self, options: Options | None = None, *, clock: Clock | None = None, new_uuid: Callable[[], UUID] = uuid4
    ) -> None:
        self.options = options or Options()
        self.clock = ForwardClock(clock or SystemClock())
        offers = make_offers(allows_http=self.options.allows_http)
        faults, signer = Faults(self.options.faults, self.options.seed), Signer()
        self.organization = Organization(self.options, offers, new_uuid)
        self.calls: Counter[tuple[str, str, int]] = Counter()  # by method, path and status; 0 for a dropped one
        assets = Assets(self.options, self.organization, signer)
        self._api = Api(self.options, self.organization, offers, faults, assets, signer)
        self._files = Files(self.organization, faults, signer)
        self._random = SystemRandom()
        if self.options.is_conformance:
            self._seed_conformance_task()

    def now(self) -> float:
        return self.clock.now().timestamp()

    def state(self) -> Json:
        """All that tests count by: money, tasks with what they cost, creates by prompt, calls by path and status."""
        now = self.now()
        self.organization.settle(now)
        tasks = self.organization.tasks.values()
        return {
            "now": now,
            "credits": {
                "granted": self.organization.granted,
                "charged": sum(task.charged - task.refunded for task in tasks),
                "balance": self.organization.balance,
            },
            "creates": dict(Counter(task.prompt for task in tasks)),
            "calls": {f"{method} {path} {status}": n for (method, path, status), n in sorted(self.calls.items())},
            "tasks": [_task_state(task, now) for task in tasks],
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        method, path = scope["method"], scope["path"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            answer = await self._answer(scope, method, path, headers, receive)
        except Refused as refused:
            answer = refused.answer
        except Dropped:
            self._count(method, path, 0)
            await _drop(scope, receive)
            return
        self._count(method, path, answer.status)
        if path.startswith("/v1/"):
            answer = self._with_service_headers(answer)
        await _send(answer, scope, receive, send)

    async def _answer(self, scope: Scope, method: str, path: str, headers: dict[str, str], receive: Receive) -> Answer:
        if path == "/_storage/uploads" and method == "POST":
            return await self._store(scope, headers, receive)
        try:
            body = await _read_body(receive)
        except BodyTooLarge:
            return answers.error(413, "Request body too large")
        base = self.options.public_url.rstrip("/") or f"http://{headers.get('host', '')}"
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        prefix, _, rest = path.removeprefix("/").partition("/")
        call = Call(method, rest, query, headers, body, base, self.now())
        if prefix == "v1":
            return await self._api.answer(call)
        if prefix == "outputs":
            return await self._files.output(Call(method, path, query, headers, body, base, call.now))
        return self._administer(call) if prefix == "_standin" else answers.error(404, "Not found")

    async def _store(self, scope: Scope, headers: dict[str, str], receive: Receive) -> Answer:
        from starlette.requests import Request  # noqa: PLC0415  (only uploads need it)

        async with Request(scope, receive).form() as form:
            return await self._files.store(form, headers, self.now())

    def _administer(self, call: Call) -> Answer:
        """What no real service has: the whole state, time put forward, credits bought."""
        match call.method, call.path:
            case "GET", "state":
                return answers.json_answer(self.state())
            case "POST", "advance":
                self.clock.advance(float(orjson.loads(call.body)["seconds"]))
                return answers.json_answer({"now": self.now()})
            case "POST", "credits":
                self.organization.grant(int(orjson.loads(call.body)["credits"]))
                return answers.json_answer({"balance": self.organization.balance})
        return answers.error(404, "Not found")

    def _count(self, method: str, path: str, status: int) -> None:
        if path.startswith("/v1/"):
            self.calls[method, route_of(path.removeprefix("/v1/")), status] += 1
        elif path.startswith("/outputs/"):
            self.calls[method, "outputs", status] += 1

    def _with_service_headers(self, answer: Answer) -> Answer:
        own = (
            ("strict-transport-security", "max-age=31536000"),
            ("x-powered-by", "Express"),
            ("apigw-requestid", f"{self._random.getrandbits(80):020x}="),
            ("connection", "keep-alive"),
        )
        return Answer(
            answer.status, answer.body, answer.content_type, answer.headers + own, delay_seconds=answer.delay_seconds
        )

    def _seed_conformance_task(self) -> None:
        now = self.now()
        fate = Fate(Status.SUCCEEDED, 0.0, 0.0, 0)
        film = Film(1280, 720, 2 * FRAMES_PER_SECOND)
        task = Task(CONFORMANCE_TASK, now, "text_to_video", "gen4.5", "", {}, film, 0, 0, fate, now, started_at=now)
        self.organization.tasks[task.id] = task


def _task_state(task: Task, now: float) -> Json:
    seen = snapshot(task, now)
    return {
        "id": task.id,
        "path": task.path,
        "model": task.model,
        "prompt": task.prompt,
        "request": task.request,
        "status": seen.status.value,
        "failureCode": task.fate.failure_code if seen.status is Status.FAILED else None,
        "createdAt": task.created_at,
        "startedAt": task.started_at,
        "endsAt": task.ends_at,
        "deletedAt": task.deleted_at,
        "charged": task.charged,
        "refunded": task.refunded,
        "reads": task.reads,
    }


async def _read_body(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Dropped
        part = message.get("body", b"")
        size += len(part)
        if size <= BODY_BYTES_MAXIMUM:
            parts.append(part)
        if not message.get("more_body"):
            break
    if size > BODY_BYTES_MAXIMUM:
        raise BodyTooLarge
    return b"".join(parts)


async def _send(answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    if answer.delay_seconds:
        await asyncio.sleep(answer.delay_seconds)
    headers = [(name.encode(), value.encode()) for name, value in answer.headers]
    if answer.content_type is not None:
        headers.append((b"content-type", answer.content_type.encode()))
    if answer.status != 204:
        length = len(answer.body) if answer.length is None else answer.length
        headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    is_whole = answer.length is None or scope["method"] == "HEAD"
    await send({"type": "http.response.body", "body": answer.body, "more_body": not is_whole})
    if is_whole:
        return
    if answer.is_cut:
        await _drop(scope, receive, is_abrupt=False)
    else:
        await _send_zeros(receive, send)


async def _send_zeros(receive: Receive, send: Send) -> None:
    """Go on until the client has had enough."""
    left = asyncio.ensure_future(_wait_until_gone(receive))
    while not left.done():
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        await asyncio.sleep(0)


async def _drop(scope: Scope, receive: Receive, *, is_abrupt: bool = True) -> None:
    """Close the connection: at once, or after what was written has left."""
    transport: asyncio.Transport = scope[TRANSPORT]
    transport.abort() if is_abrupt else transport.close()
    await _wait_until_gone(receive)


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
