"""The HTTP client for addresses that a user gave.

It promises: a name is resolved once, every address of the answer is checked, and the connection goes to a
checked address while TLS and `Host` keep the name. No redirect is followed, no proxy of the environment is
used, no call outlives its deadline, and no body is read beyond its bound.
"""

import asyncio
import functools
import ssl
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import httpcore

from doitong.core.errors import MUST_BE_HTTP_URL, DoitongError, InvalidParameter
from doitong.egress import rules
from doitong.egress.addresses import AddressBook, is_own_address, system_resolver
from doitong.egress.model import (
    Address,
    AddressDenied,
    CheckedUrl,
    EgressAnswer,
    EgressFailed,
    EgressFailure,
    EgressLimits,
    EgressPolicy,
    Resolver,
    UrlMalformed,
)

__all__ = ["EgressClient", "system_resolver"]

_HTTP = ("http", "https")


class EgressClient:
    """Calls users' addresses under one policy; one for a process, closed at shutdown."""

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        resolver: Resolver | None = None,
        limits: EgressLimits | None = None,
        ssl_context: ssl.SSLContext | None = None,
        is_own: Callable[[Address], bool] = is_own_address,
    ) -> None:
        self.policy = policy
        self._limits = limits or EgressLimits()
        self._book = AddressBook(policy, resolver or system_resolver(), is_own)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context or _public_roots(),
            max_connections=self._limits.connections,
            max_keepalive_connections=self._limits.idle_connections,
            keepalive_expiry=self._limits.idle_seconds,
            network_backend=_CheckedBackend(self._book, self._limits),
        )

    async def check_address(self, url: str, parameter: str, *, schemes: Collection[str] = _HTTP) -> str:
        """Check a URL when it is given, before anything is stored; returns its normal form.

        Raises `InvalidParameter` for what is no http(s) URL, and ADDRESS_DENIED for a host that has
        no address or a denied one. Nothing is connected: the answer cannot tell an open port from a closed.
        """
        try:
            checked = rules.check_url(url, schemes=schemes)
            async with asyncio.timeout(self._limits.connect_seconds):
                await self._book.find(checked.host, checked.port)
        except UrlMalformed as error:
            raise InvalidParameter(parameter, MUST_BE_HTTP_URL) from error
        except (AddressDenied, TimeoutError) as error:
            raise DoitongError("ADDRESS_DENIED", parameter=parameter) from error
        return str(checked)

    async def post(
        self, url: str, *, content: bytes, headers: Mapping[str, str], maximum_bytes: int = 16_384
    ) -> EgressAnswer:
        """POST once, never repeated here. Once the status is in, a slow or endless body is only cut.

        Raises `EgressFailed` when no status came.
        """
        return await self._call("POST", url, headers, content, maximum_bytes, _HTTP)

    async def get_limited(
        self,
        url: str,
        *,
        maximum_bytes: int,
        headers: Mapping[str, str] | None = None,
        schemes: Collection[str] = _HTTP,
    ) -> EgressAnswer:
        """GET with the whole body, at most `maximum_bytes`. Raises `EgressFailed`, also for a cut body."""
        answer = await self._call("GET", url, headers or {}, None, maximum_bytes, schemes)
        if answer.cut is not None:
            raise EgressFailed(answer.cut, f"after {len(answer.body)} bytes")
        return answer

    async def save(
        self,
        url: str,
        destination: Path,
        *,
        maximum_bytes: int,
        media_types: Collection[str],
        schemes: Collection[str] = _HTTP,
    ) -> EgressAnswer:
        """GET into a file, never more of it in memory than a part; the answer comes without its body.

        Only a 200 of one of `media_types` is written, whole. Raises `EgressFailed`, also for a cut body.
        """
        checked = _checked(url, schemes)
        try:
            async with asyncio.timeout(self._limits.whole_seconds):
                return await _save(self._pool, checked, destination, maximum_bytes, media_types, self._limits)
        except (TimeoutError, AddressDenied, httpcore.TimeoutException, OSError) as error:
            raise EgressFailed(_classify(error), repr(error)) from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise EgressFailed(_classify(error), repr(error)) from error

    async def close(self) -> None:
        await self._pool.aclose()

    async def _call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        maximum_bytes: int,
        schemes: Collection[str],
    ) -> EgressAnswer:
        checked = _checked(url, schemes)
        exchange = _Exchange(maximum_bytes)
        try:
            async with asyncio.timeout(self._limits.whole_seconds):
                await exchange.run(self._pool, method, checked, headers, content, self._limits)
        except (TimeoutError, AddressDenied, httpcore.TimeoutException, OSError) as error:
            exchange.end(error)
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            exchange.end(error)
        return exchange.answer()


def _checked(url: str, schemes: Collection[str]) -> CheckedUrl:
    try:
        return rules.check_url(url, schemes=schemes)
    except (UrlMalformed, AddressDenied) as error:
        raise EgressFailed(EgressFailure.ADDRESS_DENIED, str(error)) from error


async def _save(
    pool: httpcore.AsyncConnectionPool,
    url: CheckedUrl,
    destination: Path,
    maximum_bytes: int,
    media_types: Collection[str],
    limits: EgressLimits,
) -> EgressAnswer:
    async with pool.stream(
        "GET",
        httpcore.URL(scheme=url.scheme, host=url.host, port=url.port, target=url.target),
        headers=_request_headers(url, {}),
        extensions={"timeout": {"connect": limits.connect_seconds}},
    ) as response:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        answer = EgressAnswer(response.status, headers)
        if response.status != 200 or headers.get("content-type", "").partition(";")[0].strip() not in media_types:
            return answer
        written = 0
        with await asyncio.to_thread(destination.open, "wb") as file:
            async for chunk in response.aiter_stream():
                written += len(chunk)
                if written > maximum_bytes:
                    raise EgressFailed(EgressFailure.TOO_LARGE, f"after {written} bytes")
                await asyncio.to_thread(file.write, chunk)
        return answer


@functools.cache
def _public_roots() -> ssl.SSLContext:
    """Verification against the public certificate authorities; reading them takes tens of milliseconds."""
    return httpcore.default_ssl_context()


class _Exchange:
    """One request and as much of its answer as came, so that a deadline loses nothing of it."""

    def __init__(self, maximum_bytes: int) -> None:
        self._maximum_bytes = maximum_bytes
        self._status: int | None = None
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._cut: EgressFailure | None = None

    async def run(
        self,
        pool: httpcore.AsyncConnectionPool,
        method: str,
        url: CheckedUrl,
        headers: Mapping[str, str],
        content: bytes | None,
        limits: EgressLimits,
    ) -> None:
        async with pool.stream(
            method,
            httpcore.URL(scheme=url.scheme, host=url.host, port=url.port, target=url.target),
            headers=_request_headers(url, headers),
            content=content,
            extensions={"timeout": {"connect": limits.connect_seconds}},
        ) as response:
            self._status = response.status
            self._headers = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            async for chunk in response.aiter_stream():
                self._body += chunk[: self._maximum_bytes - len(self._body) + 1]
                if len(self._body) > self._maximum_bytes:
                    self._cut = EgressFailure.TOO_LARGE
                    break

    def end(self, error: Exception) -> None:
        """Note why it broke off. Raises `EgressFailed` when not even the status came."""
        failure = _classify(error)
        if self._status is None:
            raise EgressFailed(failure, repr(error)) from error
        self._cut = failure

    def answer(self) -> EgressAnswer:
        assert self._status is not None
        body = bytes(self._body[: self._maximum_bytes])
        return EgressAnswer(self._status, self._headers, body, self._cut)


def _request_headers(url: CheckedUrl, headers: Mapping[str, str]) -> list[tuple[bytes | str, bytes | str]]:
    fixed = {"Host": url.authority, "Accept-Encoding": "identity", "User-Agent": "Doitong"}
    given = {name.lower() for name in headers}
    ours = [(name, value) for name, value in fixed.items() if name.lower() not in given]
    return [*ours, *headers.items()]


def _classify(error: BaseException) -> EgressFailure:
    match error:
        case AddressDenied():
            return EgressFailure.ADDRESS_DENIED
        case TimeoutError() | httpcore.TimeoutException():
            return EgressFailure.TIMED_OUT
        case httpcore.ConnectError() if isinstance(error.__cause__ or error.__context__, ssl.SSLError):
            return EgressFailure.TLS_FAILED
        case httpcore.ConnectError():
            return EgressFailure.CONNECT_FAILED
        case _:
            return EgressFailure.PROTOCOL_ERROR


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to a checked address of the host, never to the host."""

    def __init__(self, book: AddressBook, limits: EgressLimits) -> None:
        self._book = book
        self._limits = limits
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the interface's own
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        seconds = self._limits.connect_seconds if timeout is None else timeout
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        async with asyncio.timeout(seconds):
            addresses = (await self._book.find(host, port))[: self._limits.addresses_tried]
        failed: Exception = AddressDenied(host)
        for position, address in enumerate(addresses):
            share = (deadline - loop.time()) / (len(addresses) - position)
            try:
                return await self._sockets.connect_tcp(str(address), port, timeout=share)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  # the interface's own
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise AddressDenied("unix socket")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
