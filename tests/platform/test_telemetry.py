"""No credential reaches a log, and the metrics of two processes in one do not mix."""

import io
import json
import logging
import secrets
import string
from collections.abc import Iterator
from contextlib import suppress

import pytest
import structlog

from doitong.telemetry.logging import REDACTED, configure_logging, log_context, redact_text
from doitong.telemetry.metrics import Metrics

ALPHABET = string.ascii_letters + string.digits


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    handlers, level = list(logging.root.handlers), logging.root.level
    stream = io.StringIO()
    configure_logging("debug", "json", process="test", stream=stream)
    yield stream
    logging.root.handlers = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def new_key() -> str:
    return "dk_live_" + "".join(secrets.choice(ALPHABET + "_") for _ in range(40))


def test_a_thousand_keys_never_reach_the_log(lines: io.StringIO) -> None:
    """Guarantee: a key is never in a log, an error, a webhook, a URL."""
    log, standard = structlog.get_logger("ours"), logging.getLogger("theirs")
    keys = [new_key() for _ in range(1000)]
    for number, key in enumerate(keys):
        match number % 8:
            case 0:
                log.info(f"used {key}.")
            case 1:
                log.info("request", url=f"http://x/?key={key}&a=1")
            case 2:
                log.info("nested", body={"list": [{"deep": (key,)}], key: 1})
            case 3:
                standard.warning("header %s", f"Authorization: Bearer {key}")
            case 4:
                log.info("bytes", raw=key.encode())
            case 5:
                try:
                    raise ValueError(key)
                except ValueError:
                    log.exception("failed")
            case 6:
                standard.error("arguments %r", {"X-API-Key": key})
            case 7:
                with log_context(request_id=key):
                    log.info("bound")
    text = lines.getvalue()
    assert len(text.splitlines()) == 1000
    assert [key for key in keys if key in text or key[8:20] in text] == []


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgresql://me:s3cr3t-p@ss@db.example/x", "s3cr3t-p"),
        ("postgres://me:hunter22@/x?host=/tmp", "hunter22"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw==", "MfKQ9r8GKYqr"),
        ("authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("Authorization: Bearer abc.def.ghi", "abc.def"),
        ("password=hunter22 host=x", "hunter22"),
        ('{"api_key": "abcdef123"}', "abcdef123"),
        ("PGPASSWORD=hunter22", "hunter22"),
    ],
)
def test_what_stands_where_a_secret_stands_is_redacted(text: str, secret: str) -> None:
    assert secret not in redact_text(text)
    assert REDACTED in redact_text(text)


@pytest.mark.parametrize(
    "text",
    ["a film of a bear on a beach", "http://127.0.0.1:8000/outputs/01k.mp4", "bearer", "12:30 me@example.org"],
)
def test_ordinary_text_stays(text: str) -> None:
    assert redact_text(text) == text


def test_secret_fields_are_redacted_by_name(lines: io.StringIO) -> None:
    structlog.get_logger().info("start", database_url="anything", headers={"Cookie": "a=b", "Accept": "*/*"})
    event = json.loads(lines.getvalue())
    assert event["database_url"] == REDACTED
    assert event["headers"] == {"Cookie": REDACTED, "Accept": "*/*"}


def test_events_carry_the_ids_of_their_context(lines: io.StringIO) -> None:
    with log_context(request_id="r1", generation_id="g1"):
        logging.getLogger("library").info("inside")
    structlog.get_logger().info("outside")
    inside, outside = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (inside["request_id"], inside["generation_id"], inside["process"]) == ("r1", "g1", "test")
    assert "request_id" not in outside


def test_a_line_that_cannot_be_written_fails_nothing(lines: io.StringIO) -> None:
    full = open("/dev/full", "w")  # noqa: SIM115 (its close fails as well, below)
    configure_logging("info", "json", stream=full)
    structlog.get_logger("ours").error("lost: no space is left")
    with suppress(OSError):
        full.close()
    structlog.get_logger("ours").error("lost: the stream is closed")
    configure_logging("info", "json", stream=lines)
    structlog.get_logger("ours").error("written")
    assert json.loads(lines.getvalue())["event"] == "written"


def test_metrics_of_two_instances_do_not_mix() -> None:
    one, two = Metrics(), Metrics()
    one.record_request("rest", 200, 0.01)
    one.record_generation("completed")
    one.record_attempt("studio", "completed")
    one.record_delivery("delivered", 0.2)
    one.set_queue_depths({"attempt": 3})
    with one.stage("rendering"):
        pass
    page = one.render().decode()
    assert 'doitong_http_requests_total{door="rest",status="200"} 1.0' in page
    assert 'doitong_queue_depth{queue="attempt"} 3.0' in page
    assert 'door="rest"' not in two.render().decode()
