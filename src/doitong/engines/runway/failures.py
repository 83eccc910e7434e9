"""The failure policy as tables: what Runway answers or says of a task, and what that means for us and the customer.

Of a create call only an answer that proves a refusal is a refusal; everything else is unknown, since the call has no
idempotency key and tasks cannot be listed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from doitong.engines.port import EngineFailure, Problem

AWAY_WAIT = timedelta(seconds=30)
CAP_WAIT = timedelta(seconds=60)
RETRY_PAUSE = timedelta(seconds=30)
DETAIL_CHARACTERS = 300
PICTURE_FIELDS = {"promptImage", "referenceImages", "videoUri"}
AMBIGUOUS = {408, 425, 499}  # a proxy's word on a request that it may have passed on

PICTURE_REFUSED = EngineFailure("PICTURE_UNFIT")
REQUEST_REFUSED = EngineFailure("REQUEST_REFUSED")
ELSEWHERE = EngineFailure("ENGINE_UNAVAILABLE", may_go_elsewhere=True)
AWAY = EngineFailure("ENGINE_UNAVAILABLE", may_go_elsewhere=True, wait=AWAY_WAIT)
CAPPED = EngineFailure("ENGINE_UNAVAILABLE", may_go_elsewhere=True, wait=CAP_WAIT)
LOST = EngineFailure("ENGINE_FAILED", "Runway does not know the task any more")
CANCELED_THERE = EngineFailure("ENGINE_FAILED", "the task was cancelled at Runway")
STEP_GONE = EngineFailure("ENGINE_FAILED", is_transient=True, retries=1, pause=RETRY_PAUSE)  # it is bought once more


@dataclass(frozen=True, slots=True)
class Refusal:
    """A create call that was not accepted, and the operator's problem behind it, if there is one."""

    failure: EngineFailure
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A status, a word of the answer's `error` (any when empty), and what it means."""

    status: int
    word: str
    refusal: Refusal


# the first row that fits counts
CREATE_TABLE = (
    AnswerRow(400, "credits", Refusal(ELSEWHERE, Problem.OUT_OF_CREDITS)),
    AnswerRow(400, "asset", Refusal(PICTURE_REFUSED)),
    AnswerRow(400, "", Refusal(REQUEST_REFUSED)),
    AnswerRow(401, "", Refusal(ELSEWHERE, Problem.KEY_REFUSED)),
    AnswerRow(403, "", Refusal(ELSEWHERE, Problem.MODEL_REFUSED)),
    AnswerRow(413, "", Refusal(REQUEST_REFUSED)),
    AnswerRow(429, "", Refusal(CAPPED, Problem.DAILY_CAP)),
)

# by the dotted prefix of a failed task's code; the longest that fits counts
TASK_TABLE: Mapping[str, EngineFailure] = {
    "SAFETY": EngineFailure("CONTENT_POLICY"),
    "INPUT_PREPROCESSING.SAFETY": EngineFailure("CONTENT_POLICY"),
    "INPUT_PREPROCESSING": EngineFailure("ENGINE_FAILED", is_transient=True, retries=1, pause=RETRY_PAUSE),
    "INTERNAL.BAD_OUTPUT": EngineFailure("FILM_REJECTED"),
    "ASSET": EngineFailure("PICTURE_UNFIT"),
    "THIRD_PARTY": EngineFailure("ENGINE_FAILED", is_transient=True, retries=1, pause=CAP_WAIT),
    "INTERNAL": EngineFailure("ENGINE_FAILED", is_transient=True, retries=1, pause=RETRY_PAUSE),
}


def judge_answer(status: int, body: Any, refusing: Collection[int]) -> Refusal | None:
    """What a create call's answer proves; None when it leaves open whether a task was accepted.

    `refusing` are statuses of 500 and more that the operator knows to be refusals. Without that, only a 503 in
    Runway's own words is one: the gateway before it says 503 and 504 of requests that it had passed on.
    """
    text = error_text(body)
    if status >= 500:
        is_refused = status in refusing or (status == 503 and text is not None)
        return Refusal(replace(AWAY, detail=_detail(status, text))) if is_refused else None
    if status < 300 or status in AMBIGUOUS:
        return None
    for row in CREATE_TABLE:
        if row.status == status and row.word in _words(text, body):
            return Refusal(replace(row.refusal.failure, detail=_detail(status, text)), row.refusal.problem)
    return Refusal(replace(REQUEST_REFUSED, detail=_detail(status, text)))


def judge_task(code: str | None, text: str | None, cost_credits: float | None) -> EngineFailure:
    """What a failed task means. Of moderated ones Runway's bill decides whether the customer is charged."""
    parts = (code or "").split(".")
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    found = next((TASK_TABLE[prefix] for prefix in prefixes if prefix in TASK_TABLE), TASK_TABLE["INTERNAL"])
    is_charged = found.code == "CONTENT_POLICY" and bool(cost_credits)
    return replace(found, detail=f"{code}: {text}"[:DETAIL_CHARACTERS], is_charged=is_charged)


def error_text(body: Any) -> str | None:
    """The `error` of Runway's own envelope, or None for a body that is none."""
    text = body.get("error") if isinstance(body, dict) else None
    return text if isinstance(text, str) else None


def _words(text: str | None, body: Any) -> str:
    """What rows look for: the error, and `asset` when an issue is about a picture."""
    issues = body.get("issues") if isinstance(body, dict) else None
    paths = [issue.get("path") for issue in issues if isinstance(issue, dict)] if isinstance(issues, list) else []
    is_picture = any(isinstance(path, list) and path and path[0] in PICTURE_FIELDS for path in paths)
    return f"{(text or '').lower()} {'asset' if is_picture else ''}"


def _detail(status: int, text: str | None) -> str:
    return f"{status}: {text}"[:DETAIL_CHARACTERS]
