"""The page of limits: what the plan allows and how much of it is used now, kept fresh by its script."""

from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from doitong.doors.dashboard.route import Route
from doitong.doors.dashboard.visit import Visit


async def show_limits(visit: Visit) -> Response:
    return visit.page("limits.html", plan=visit.signed_in.account.plan, meters=await _meters(visit))


async def limits_now(visit: Visit) -> Response:
    """The same meters for the page's script."""
    return visit.json({"meters": await _meters(visit)})


async def _meters(visit: Visit) -> list[dict[str, Any]]:
    """Each with what is used, what is allowed (None is without a limit), and when that is so again."""
    limits, say = await visit.operations.limits(), visit.words.say
    now = visit.application.clock.now()
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    reads = visit.application.reads.peek(visit.caller)
    sliding = say("Any minute counts: each one frees its place after 60 seconds.")
    rows = (
        ("minute", say("Films a minute"), limits["usedThisMinute"], limits["generationsPerMinute"], sliding),
        (
            "day",
            say("Films today"),
            limits["usedToday"],
            limits["generationsPerDay"],
            say("Begins anew at midnight UTC, in {hours} h {minutes} min.", **_until(midnight - now)),
        ),
        (
            "slots",
            say("Being made at once"),
            limits["jobsRunning"],
            limits["jobSlots"],
            say("What is over that waits in line, and costs nothing until then but its reservation."),
        ),
        (
            "backlog",
            say("Waiting in line"),
            limits["jobsWaiting"],
            limits["backlog"],
            say("A full line refuses new films."),
        ),
        ("reads", say("Reads a minute"), reads.limit - reads.remaining, reads.limit, sliding),
    )
    return [
        {
            "id": name,
            "label": label,
            "used": used,
            "limit": limit,
            "figure": visit.words.number(used),
            "of": say("of {limit}", limit=visit.words.number(limit)) if limit is not None else say("without a limit"),
            "hint": hint,
        }
        for name, label, used, limit, hint in rows
    ]


def _until(left: timedelta) -> dict[str, int]:
    minutes = int(left.total_seconds()) // 60
    return {"hours": minutes // 60, "minutes": minutes % 60}


ROUTES = (Route("GET", "/limits", show_limits), Route("GET", "/limits/now", limits_now))
