"""Runway's HTTP API: the few operations that the engine needs, and what each answer proves.

A create call is sent once, on a connection of its own: a kept one that the server has just closed would make a
refusal look like a lost answer. Reads may be repeated, and say `RunwayAway` when there is no usable answer; there are
hundreds a second, so they go through httpcore alone, at half the processor time of httpx around it.
"""

import functools
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpcore
import httpx
import orjson
import structlog

from doitong.engines.port import EngineRefused, Problem, SubmissionUnknown
from doitong.engines.runway.breaker import Breaker
from doitong.engines.runway.failures import AWAY, Refusal, error_text, judge_answer

API_VERSION = "2024-11-06"
ANSWER_BYTES_MAXIMUM = 1024 * 1024
CREATE_SECONDS, READ_SECONDS, CONNECT_SECONDS = 55.0, 15.0, 5.0
KEPT_SECONDS = 30.0
CONNECTIONS = 64
READERS = 8  # share the connections of reads: a pool looks at each of its connections for every call
READ_TIMEOUT = {
    "timeout": {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS, "pool": READ_SECONDS}
}
READ_FAILURES = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

_log = structlog.get_logger(__name__)


class RunwayAway(OSError):
    """No usable answer to a call that may be repeated."""


class KeyRefused(RunwayAway):
    """Runway does not know the key, or does not let it do this."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any  # JSON, or None for what is none
    request_id: str


@dataclass(frozen=True, slots=True)
class UploadPlace:
    """Where a file may be posted, with which form fields, and what it is called then."""

    url: str
    fields: Mapping[str, str]
    uri: str


class RunwayClient:
    """One account's calls. `refusing`: see `judge_answer`."""

    def __init__(self, base_url: str, secret: str, breaker: Breaker, refusing: Collection[int] = ()) -> None:
        self._breaker = breaker
        self._refusing = refusing
        self._base = base_url.rstrip("/")
        headers = {
            "Authorization": f"Bearer {secret}",
            "X-Runway-Version": API_VERSION,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": "Doitong",
        }
        trust = _public_roots()
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._readers = [_Reader(_make_pool(trust)) for _ in range(READERS)]
        self._creates = httpx.AsyncClient(
            base_url=self._base,
            headers=headers,
            timeout=httpx.Timeout(CREATE_SECONDS, connect=CONNECT_SECONDS),
            trust_env=False,
            verify=trust,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=0),
        )

    async def close(self) -> None:
        for reader in self._readers:
            await reader.pool.aclose()
        await self._creates.aclose()

    async def create(self, path: str, body: Mapping[str, Any], customer: str) -> str:
        """Buy a task and return its id. `customer` is passed on when it is not empty.

        Raises `CreateRefused` when it is proven that nothing was accepted, `SubmissionUnknown` when it is not.
        """
        if not self._breaker.admit():
            raise CreateRefused(Refusal(replace(AWAY, detail="the circuit breaker is open"), Problem.UNREACHABLE))
        headers = {"X-Runway-On-Behalf-Of": customer} if customer else {}
        try:
            answer = await _send(self._creates, f"/v1/{path}", headers, body)
        except NEVER_SENT as error:
            self._breaker.note(is_answered=False)
            raise CreateRefused(Refusal(replace(AWAY, detail=repr(error)), Problem.UNREACHABLE)) from error
        except (httpx.HTTPError, RunwayAway) as error:
            self._breaker.note(is_answered=False)
            raise SubmissionUnknown(repr(error)) from error
        self._breaker.note(is_answered=answer.status < 500)
        if answer.status == 200 and (task_id := _task_id(answer.body)):
            return task_id
        refusal = judge_answer(answer.status, answer.body, self._refusing)
        _log.warning("runway_refused", path=path, status=answer.status, request_id=answer.request_id)
        if refusal is None:
            raise SubmissionUnknown(f"{answer.status}: {error_text(answer.body)}")
        raise CreateRefused(refusal)

    async def task(self, task_id: str) -> Mapping[str, Any] | None:
        """The task as Runway shows it, None for one that it does not know. Raises `RunwayAway`."""
        answer = await self._read("GET", f"/v1/tasks/{task_id}")
        if answer.status == 404:
            return None
        return _object(answer)

    async def delete(self, task_id: str) -> None:
        """Cancel or delete; one that is gone is fine. Raises `RunwayAway`."""
        answer = await self._read("DELETE", f"/v1/tasks/{task_id}")
        if answer.status not in (200, 204, 404):
            raise RunwayAway(f"{answer.status}: {error_text(answer.body)}")

    async def organization(self) -> Mapping[str, Any]:
        """Balance, limits and use. Raises `RunwayAway`, `KeyRefused`."""
        return _object(await self._read("GET", "/v1/organization"))

    async def open_upload(self, filename: str) -> UploadPlace:
        """A place for a file. Raises `RunwayAway`; an upload buys nothing, so it may be begun again."""
        found = _object(await self._read("POST", "/v1/uploads", {"filename": filename, "type": "ephemeral"}))
        url, fields, uri = found.get("uploadUrl"), found.get("fields"), found.get("runwayUri")
        if not (isinstance(url, str) and isinstance(uri, str) and isinstance(fields, dict)):
            raise RunwayAway("an upload without an address")
        return UploadPlace(url, {str(name): str(value) for name, value in fields.items()}, uri)

    async def _read(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        if not self._breaker.admit():
            raise RunwayAway("the circuit breaker is open")
        content = None if body is None else orjson.dumps(body)
        try:
            async with (
                self._reader() as pool,
                pool.stream(
                    method, self._base + path, headers=self._headers, content=content, extensions=READ_TIMEOUT
                ) as response,
            ):
                read = await _bounded(response.aiter_stream())
                named = {name.lower(): value for name, value in response.headers}
                answer = Answer(response.status, _json(read), named.get(b"apigw-requestid", b"").decode("latin-1"))
        except (*READ_FAILURES, RunwayAway) as error:
            self._breaker.note(is_answered=False)
            raise RunwayAway(repr(error)) from error
        self._breaker.note(is_answered=answer.status < 500)
        return answer

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[httpcore.AsyncConnectionPool]:
        """The one of the pools that has the least to do."""
        reader = min(self._readers, key=lambda reader: reader.calls)
        reader.calls += 1
        try:
            yield reader.pool
        finally:
            reader.calls -= 1


@dataclass(slots=True)
class _Reader:
    """Connections for reads, and how many calls are under way on them."""

    pool: httpcore.AsyncConnectionPool
    calls: int = 0


@functools.cache
def _public_roots() -> ssl.SSLContext:
    """Verification against the public certificate authorities; reading them takes tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=False)


def _make_pool(trust: ssl.SSLContext) -> httpcore.AsyncConnectionPool:
    share = CONNECTIONS // READERS
    return httpcore.AsyncConnectionPool(
        ssl_context=trust, max_connections=share, max_keepalive_connections=share, keepalive_expiry=KEPT_SECONDS
    )


class CreateRefused(EngineRefused):
    """Nothing was accepted; `problem` is the operator's, if it is one."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.failure)
        self.problem = refusal.problem


async def _send(client: httpx.AsyncClient, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Answer:
    """One create call, its body read up to a bound. Raises httpx.HTTPError, `RunwayAway` for a body beyond it."""
    request = client.build_request("POST", path, content=orjson.dumps(body), headers=headers)
    response = await client.send(request, stream=True, follow_redirects=False)
    try:
        read = await _bounded(response.aiter_raw())
    finally:
        await response.aclose()
    return Answer(response.status_code, _json(read), response.headers.get("apigw-requestid", ""))


async def _bounded(chunks: AsyncIterator[bytes]) -> bytes:
    """The whole body. Raises `RunwayAway` for one beyond the bound."""
    read = bytearray()
    async for chunk in chunks:
        read += chunk
        if len(read) > ANSWER_BYTES_MAXIMUM:
            raise RunwayAway("an answer without an end")
    return bytes(read)


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _task_id(body: Any) -> str | None:
    task_id = body.get("id") if isinstance(body, dict) else None
    return task_id if isinstance(task_id, str) and 0 < len(task_id) <= 100 else None


def _object(answer: Answer) -> Mapping[str, Any]:
    """The JSON object of an answer of success. Raises `RunwayAway`, `KeyRefused`."""
    if answer.status in (401, 403):
        raise KeyRefused(f"{answer.status}: {error_text(answer.body)}")
    if answer.status != 200 or not isinstance(answer.body, dict):
        raise RunwayAway(f"{answer.status}: {error_text(answer.body)}")
    return answer.body
