"""The command line as a customer of the API: one request, repeated only where that cannot buy twice."""

import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import httpx

TRIES_MAXIMUM = 6
BACKOFF_FIRST_SECONDS = 0.5
BACKOFF_MAXIMUM_SECONDS = 30.0
RETRY_AFTER_MAXIMUM_SECONDS = 120.0  # longer than this is for a person to decide
TIMEOUT_SECONDS = 60.0
TOO_MANY_REQUESTS = 429
SERVER_ERRORS = 500


class Refused(click.ClickException):
    """What the API answered instead of what was asked for."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{message} ({code})" if code else message)
        self.status = status
        self.code = code


class Client:
    """An API at `url`, called with `key`. `sleep` and `jitter` are replaced in tests."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}", "User-Agent": "doitong-cli"}
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=TIMEOUT_SECONDS, transport=transport, trust_env=False
        )
        self._url = url
        self._sleep = sleep
        self._jitter = jitter

    def close(self) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer's `data`. Repeats on 429, 5xx and network errors; a POST needs an Idempotency-Key."""
        assert method == "GET" or "Idempotency-Key" in (headers or {})
        for attempt in range(TRIES_MAXIMUM):
            is_last = attempt == TRIES_MAXIMUM - 1
            try:
                answer = self._http.request(method, path, json=body, headers=headers)
            except httpx.TransportError as problem:
                if is_last:
                    raise click.ClickException(
                        f"{self._url} does not answer: {problem}. Is `doitong up` running?"
                    ) from problem
                self._sleep(self._pause(attempt, None))
                continue
            if answer.is_success:
                return answer.json().get("data")
            pause = self._pause(attempt, answer.headers.get("Retry-After"))
            may_repeat = answer.status_code == TOO_MANY_REQUESTS or answer.status_code >= SERVER_ERRORS
            if is_last or not may_repeat or pause > RETRY_AFTER_MAXIMUM_SECONDS:
                raise _refusal(answer)
            self._sleep(pause)
        raise AssertionError("unreachable: the last try returns or raises")

    def download(self, url: str, path: Path) -> None:
        """The file at `url`, complete under `path` or not there at all."""
        part = path.with_name(f"{path.name}.part")
        try:
            # the address is public; the key stays with the API
            with httpx.stream("GET", url, timeout=TIMEOUT_SECONDS, trust_env=False) as answer:
                answer.raise_for_status()
                with part.open("wb") as file:
                    for chunk in answer.iter_bytes():
                        file.write(chunk)
            part.replace(path)
        except (httpx.HTTPError, OSError) as problem:
            raise click.ClickException(f"{url} could not be saved as {path}: {problem}") from problem
        finally:
            part.unlink(missing_ok=True)

    def _pause(self, attempt: int, retry_after: str | None) -> float:
        if retry_after is not None and retry_after.isascii() and retry_after.isdigit():
            return float(retry_after)
        longest = min(BACKOFF_FIRST_SECONDS * 2**attempt, BACKOFF_MAXIMUM_SECONDS)
        return float(longest * (0.5 + self._jitter() / 2))


def _refusal(answer: httpx.Response) -> Refused:
    try:
        error = answer.json()["errors"][0]
        return Refused(answer.status_code, error["extensions"]["code"], error["message"])
    except (ValueError, LookupError, TypeError):
        return Refused(answer.status_code, "", f"The API answered {answer.status_code}.")
