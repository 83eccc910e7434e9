"""The operator's first page: what waits, what runs, what was made, and what is wrong."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

from doitong.doors.dashboard.charts import Chart, Series, draw
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.generations.model import Lane, Stage
from doitong.oversight.model import Overview
from doitong.payments.model import Waiting
from doitong.words.catalogue import N_, Words

DISK_FULL_AT = 0.9
STAGES = {
    Stage.QUEUED: N_("waiting"),
    Stage.SUBMITTING: N_("being submitted"),
    Stage.RENDERING: N_("rendering"),
    Stage.STORING: N_("being stored"),
    Stage.UNKNOWN: N_("unknown"),
}
LANES = {Lane.RENDER: N_("here"), Lane.SUBMIT: N_("elsewhere")}


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of the data folder, in bytes."""

    used: int
    free: int

    @property
    def share(self) -> float:
        return self.used / max(1, self.used + self.free)


def _disk(folder: Path) -> Disk | None:
    try:
        found = shutil.disk_usage(folder)
    except OSError:
        return None
    return Disk(found.used, found.free)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What an operator has to look at now, and where, below the dashboard."""

    text: str
    path: str = ""


def alarms(overview: Overview, waiting: Waiting, disk: Disk | None, words: Words) -> list[Alarm]:
    found = [
        Alarm(words.say("{engine}: {problem}", engine=state.engine, problem=state.detail or state.problem))
        for state in overview.engines
        if state.problem
    ]
    if not overview.workers:
        found.append(Alarm(words.say("No worker is alive: nothing is rendered and nothing is delivered.")))
    if unknown := overview.in_stage("unknown"):
        text = words.say_many(
            "{count} submission is unknown and waits for your word.",
            "{count} submissions are unknown and wait for your word.",
            unknown,
        )
        found.append(Alarm(text, "/operator/unknown"))
    found += _of_payments(waiting, words)
    if disk is not None and disk.share >= DISK_FULL_AT:
        found.append(Alarm(words.say("The disk of the data folder is {share} full.", share=words.percent(disk.share))))
    return found


def _of_payments(waiting: Waiting, words: Words) -> list[Alarm]:
    found = []
    if waiting.mismatched:
        text = words.say_many(
            "{count} payment came with other money than was asked for and waits for your word.",
            "{count} payments came with other money than was asked for and wait for your word.",
            waiting.mismatched,
        )
        found.append(Alarm(text, "/operator/payments?state=mismatched"))
    if waiting.owed:
        text = words.say_many(
            "{count} payment was refunded or disputed after its credits were spent.",
            "{count} payments were refunded or disputed after their credits were spent.",
            waiting.owed,
        )
        found.append(Alarm(text, "/operator/payments?state=owed"))
    return found


async def show_overview(visit: Visit) -> Response:
    application = visit.application
    served = application.routing.engines() & set(application.routing.offers)
    overview = await application.oversight.overview(served)
    disk = await asyncio.to_thread(_disk, application.settings.data_dir.resolve())
    days = Chart(
        [day.day for day in overview.days],
        [
            Series(visit.words.say("completed"), [day.completed for day in overview.days]),
            Series(visit.words.say("failed"), [day.failed for day in overview.days]),
            Series(visit.words.say("canceled"), [day.canceled for day in overview.days]),
        ],
    )
    hours = Chart(
        [moment for moment, _ in overview.hours],
        [Series(visit.words.say("Asked for"), [count for _, count in overview.hours])],
    )
    generations, asked = visit.words.say("generations"), visit.words.say("Asked for in the last 24 hours")
    return visit.page(
        "operator_overview.html",
        overview=overview,
        disk=disk,
        alarms=alarms(overview, await application.payments.waiting(), disk, visit.words),
        stages=STAGES,
        lanes=LANES,
        days=days,
        drawn=draw(days, visit.words, "days", visit.words.say("Generations that ended"), generations),
        hours=hours,
        drawn_hours=draw(hours, visit.words, "hours", asked, generations),
    )


ROUTES = (Route("GET", "/operator", show_overview, Access.OPERATOR),)
