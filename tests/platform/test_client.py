"""The command line's requests: repeated where that is safe, under one Idempotency-Key, on a real socket."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import click
import pytest

from doitong.doors.cli._client import TRIES_MAXIMUM, Client, Refused
from doitong.doors.cli.submit import _submit

DONE = (200, {}, {"data": {"generatevideo": {"id": "g1", "status": "processing"}}})


class Api:
    """A server that gives scripted answers, then DONE, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.keys: list[str | None] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                api.keys.append(self.headers["Idempotency-Key"])
                answer = api.answers.pop(0) if api.answers else DONE
                if answer is None:
                    self.close_connection = True  # hung up without an answer
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def api() -> Iterator[Api]:
    made = Api()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def refusal(status: int, code: str) -> Any:
    return status, {}, {"errors": [{"message": "no", "extensions": {"code": code}}]}


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def client(api: Api, pauses: list[float]) -> Iterator[Client]:
    made = Client(api.url, "dk_live_x", sleep=pauses.append, jitter=lambda: 1.0)
    yield made
    made.close()


def test_repeats_carry_one_idempotency_key(api: Api, client: Client, pauses: list[float]) -> None:
    limited = (429, {"Retry-After": "7"}, {"errors": [{"message": "slow", "extensions": {"code": "X"}}]})
    api.answers = [None, refusal(500, "INTERNAL_ERROR"), limited]
    assert _submit(client, {"prompt": "a"})["id"] == "g1"
    assert len(api.keys) == 4
    assert len(set(api.keys)) == 1
    assert None not in api.keys
    assert pauses == [0.5, 1.0, 7.0]


def test_two_commands_are_two_purchases(api: Api, client: Client) -> None:
    _submit(client, {"prompt": "a"})
    _submit(client, {"prompt": "a"})
    assert len(set(api.keys)) == 2


def test_what_the_caller_must_change_is_not_repeated(api: Api, client: Client) -> None:
    api.answers = [refusal(402, "INSUFFICIENT_CREDITS")]
    with pytest.raises(Refused, match="INSUFFICIENT_CREDITS"):
        _submit(client, {"prompt": "a"})
    assert len(api.keys) == 1


def test_a_wait_until_midnight_is_told_and_not_slept(api: Api, client: Client, pauses: list[float]) -> None:
    api.answers = [(429, {"Retry-After": "40000"}, {})]
    with pytest.raises(Refused):
        _submit(client, {"prompt": "a"})
    assert pauses == []


def test_tries_are_bounded(api: Api, client: Client) -> None:
    api.answers = [refusal(503, "UNAVAILABLE")] * (TRIES_MAXIMUM + 1)
    with pytest.raises(click.ClickException):
        _submit(client, {"prompt": "a"})
    assert len(api.keys) == TRIES_MAXIMUM
