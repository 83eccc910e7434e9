"""What an attempt under a lease carries with it, and how long one that has lost its lease may still run."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from doitong.generations.model import Stage

LAST_WORDS_SECONDS = 0.5
ANSWER_SECONDS = 60.0  # a submission under way is heard out: its task is to be recorded or stopped
DRAIN_ANSWER_SECONDS = 6.0


class LeaseLost(Exception):
    """The generation was canceled, or another worker has taken it over."""


@dataclass(slots=True)
class Report:
    """What the heartbeat writes of a running attempt, and whether it may have been bought elsewhere.

    From then on only the engine's own word allows another submission: whatever else breaks is left to the sweep.
    """

    stage: Stage
    progress: float
    may_be_bought: bool = False
    sent_at: datetime | None = None


def patience_seconds(report: Report) -> float:
    """How long an attempt that has lost its lease may still run."""
    is_submitting = report.may_be_bought and report.stage is Stage.SUBMITTING
    return ANSWER_SECONDS if is_submitting else LAST_WORDS_SECONDS


async def heard_out(answer: Coroutine[Any, Any, str]) -> str:
    """A submission's answer. Who is canceled meanwhile waits a little for it, and takes it where it comes."""
    task = asyncio.ensure_future(answer)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=DRAIN_ANSWER_SECONDS)
        if task.done() and task.exception() is None:
            return task.result()
        task.cancel()
        raise
