"""Pure decisions about alerts: which thresholds an account may set, and what a webhook tells."""

import json
from collections.abc import Sequence
from datetime import datetime

from doitong.alerts.model import Fired
from doitong.core.clock import to_iso
from doitong.core.errors import InvalidParameter, rule, whole_number

ALERTS_MAX = 5
THRESHOLD_MAX = 1_000_000_000
TOO_MANY = rule(
    "must be at most {maximum} different numbers", "mora biti največ {maximum} različnih števil", maximum=ALERTS_MAX
)


def check_thresholds(thresholds: Sequence[int]) -> list[int]:
    """Each once, the highest first. Raises InvalidParameter."""
    chosen = sorted(set(thresholds), reverse=True)
    if len(chosen) > ALERTS_MAX:
        raise InvalidParameter("thresholds", TOO_MANY)
    if any(not 1 <= threshold <= THRESHOLD_MAX for threshold in chosen):
        raise InvalidParameter("thresholds", whole_number(1, THRESHOLD_MAX))
    return chosen


def low_credits_body(fired: Fired, now: datetime) -> str:
    """The body of the event `credits.low`."""
    body = {
        "type": "credits.low",
        "accountId": fired.account_id,
        "threshold": fired.threshold,
        "available": fired.available,
        "held": fired.held,
        "createdAt": to_iso(now),
    }
    return json.dumps(body, separators=(",", ":"))
