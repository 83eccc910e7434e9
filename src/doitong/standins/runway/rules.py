"""Pure decisions: what a task looks like at a moment, how it will end, and what is given back."""

from doitong.standins.runway.catalogue import Offer
from doitong.standins.runway.model import Fate, Json, Options, Snapshot, Status, Task
from doitong.standins.runway.script import Fault, number_of

PENDING_SECONDS = 2.0
THROTTLE_SECONDS = 60.0
SLOW = 10.0
EARLY_FAILURES = ("SAFETY.INPUT", "INPUT_PREPROCESSING", "ASSET")  # decided before anything runs
FAILURES = {
    "SAFETY.INPUT.TEXT": "The provided prompt was flagged by content moderation.",
    "SAFETY.INPUT.IMAGE": "The provided image was flagged by content moderation.",
    "SAFETY.INPUT": "The provided input was flagged by content moderation.",
    "SAFETY.OUTPUT": "The generated output was flagged by content moderation.",
    "INPUT_PREPROCESSING.SAFETY.TEXT": "The provided prompt was flagged by content moderation.",
    "INPUT_PREPROCESSING.INTERNAL": "An error occurred while the input was being checked.",
    "INTERNAL.BAD_OUTPUT": "The generated output did not meet our quality standards.",
    "ASSET.INVALID": "The provided asset is invalid.",
    "THIRD_PARTY.UNAVAILABLE": "A third-party model is currently unavailable.",
}
FAILURE = "An unexpected error occurred."


def snapshot(task: Task, now: float) -> Snapshot:
    """What the task looks like at `now`."""
    if task.started_at is None or now < task.started_at:
        return Snapshot(Status.THROTTLED)
    fate, elapsed = task.fate, now - task.started_at
    if elapsed >= fate.seconds:
        return Snapshot(fate.status, 1.0)
    if elapsed < fate.pending_seconds:
        return Snapshot(Status.PENDING)
    progress = (elapsed - fate.pending_seconds) / (fate.seconds - fate.pending_seconds)
    return Snapshot(Status.RUNNING, round(0.02 + 0.97 * progress, 2))


def failure_text(code: str | None) -> str:
    """The human words of a failure, by the longest prefix of its code that has some."""
    parts = (code or "").split(".")
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((FAILURES[prefix] for prefix in prefixes if prefix in FAILURES), FAILURE)


def decide_fate(offer: Offer, charged: int, faults: list[Fault], options: Options) -> Fate:
    """How a task will end, from the words that strike it; without any it succeeds at its full price."""
    values = {fault.name: fault.value for fault in faults}
    pending = PENDING_SECONDS / options.speed
    running = offer.seconds / options.speed
    if "slow" in values:
        running = number_of(values["slow"], running * SLOW)
    status, code, cost = Status.SUCCEEDED, None, charged
    if "fail" in values:
        status, code = Status.FAILED, {"": "INTERNAL", "null": None}.get(values["fail"], values["fail"])
        cost = charged if is_kept(code, options) else 0
        running = 0.0 if (code or "").startswith(EARLY_FAILURES) else running
    elif "cancel" in values:
        status, cost = Status.CANCELLED, 0
    cost = min(int(number_of(values.get("cost", ""), cost)), charged)
    return Fate(status, pending, pending + running, cost, code)


def throttled_seconds(faults: list[Fault]) -> float:
    """For how long the words keep a task from starting."""
    return max((number_of(fault.value, THROTTLE_SECONDS) for fault in faults if fault.name == "throttle"), default=0.0)


def dead_urls(faults: list[Fault]) -> int:
    """How many reads of the finished task give addresses that are expired already."""
    return max((int(number_of(fault.value, 1)) for fault in faults if fault.name == "expire"), default=0)


def is_kept(code: str | None, options: Options) -> bool:
    """Whether a failure of this code is charged all the same."""
    code = code or ""
    if options.keeps_moderated == "none":
        return False
    if options.keeps_moderated == "input":
        return code.startswith("SAFETY.INPUT")
    return code.startswith(("SAFETY.", "INPUT_PREPROCESSING.SAFETY."))


def refund_on_delete(task: Task, now: float) -> int:
    """What deleting the task gives back: everything before it runs, nothing from then on."""
    return task.charged if snapshot(task, now).status in (Status.THROTTLED, Status.PENDING) else 0


def task_body(task: Task, now: float, created_at: str, urls: list[str]) -> Json:
    """The task as the service shows it; exactly these fields and no others."""
    seen = snapshot(task, now)
    body: Json = {"id": task.id, "createdAt": created_at, "status": seen.status.value}
    match seen.status:
        case Status.RUNNING:
            body["progress"] = seen.progress
        case Status.SUCCEEDED:
            body["output"] = urls
        case Status.FAILED:
            body["failure"] = failure_text(task.fate.failure_code)
            if task.fate.failure_code is not None:
                body["failureCode"] = task.fate.failure_code
    if seen.status.is_over:
        return body | {"cost": {"credits": task.fate.cost}}
    return body | {"estimatedCost": {"credits": task.estimate}}
