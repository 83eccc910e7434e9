"""Guarantee: the body is the documented flat JSON, the same keys in the same order."""

import json
from datetime import UTC, datetime

import pytest

from doitong.webhooks.body import EndedError, EndedGeneration, build_body

CREATED, COMPLETED = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, 0, 1, tzinfo=UTC)


def ended(status: str, url: str | None = None, error: EndedError | None = None) -> EndedGeneration:
    metadata = {"engine": "studio", "height": 1080, "width": 1920, "duration": 5}
    return EndedGeneration("abc123xyz", status, url, "runway", CREATED, COMPLETED, metadata, error)


def test_completed_reads_as_documented() -> None:
    body = build_body(ended("completed", "https://cdn.doitong.com/outputs/abc123xyz.mp4"))
    assert body == (
        '{"id":"abc123xyz","status":"completed","url":"https://cdn.doitong.com/outputs/abc123xyz.mp4",'
        '"service":"runway","createdAt":"2024-01-01T00:00:00Z","completedAt":"2024-01-01T00:01:00Z",'
        '"metadata":{"duration":5,"width":1920,"height":1080,"engine":"studio"}}'
    )


def test_failed_has_no_url_and_names_the_error() -> None:
    body = json.loads(build_body(ended("failed", error=EndedError("ENGINE_FAILED", "Pogon ni mogel …"))))
    assert body["url"] is None
    assert body["error"] == {"code": "ENGINE_FAILED", "message": "Pogon ni mogel …"}
    assert list(body)[-1] == "error"


def test_canceled_has_no_url() -> None:
    body = json.loads(build_body(ended("canceled")))
    assert (body["status"], body["url"], "error" in body) == ("canceled", None, False)


@pytest.mark.parametrize(
    "wrong",
    [
        ended("completed"),
        ended("failed", "https://cdn.doitong.com/outputs/abc123xyz.mp4"),
        ended("completed", "https://cdn.doitong.com/outputs/abc123xyz.mp4", EndedError("X", "x")),
    ],
)
def test_a_body_that_contradicts_itself_is_never_built(wrong: EndedGeneration) -> None:
    with pytest.raises(AssertionError):
        build_body(wrong)
