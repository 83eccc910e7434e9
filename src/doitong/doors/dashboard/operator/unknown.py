"""Submissions whose answer was lost: what is known of each, and the operator's word on what became of it."""

from typing import Any

from starlette.responses import Response

from doitong.core.errors import REQUIRED, DoitongError, InvalidParameter, one_of
from doitong.doors.dashboard.operator.confirmation import ask, is_confirmed
from doitong.doors.dashboard.route import ROOT, Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.generations.settlement import Outcome
from doitong.words.catalogue import N_

ROWS = 30
WORDS = {
    Outcome.BOUGHT: N_("It was bought: watch this task"),
    Outcome.NOT_BOUGHT: N_("It was not bought: submit it anew"),
    Outcome.CHARGE: N_("It was bought and its film is lost: fail it and charge what is held"),
}


async def list_unknown(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, status: int = 200, **values: Any) -> Response:
    page = await visit.application.settlement.list_page(ROWS, visit.query().after())
    return visit.page(
        "operator_unknown.html",
        status,
        items=page.items,
        outcomes=WORDS,
        next_href=f"{ROOT}/operator/unknown?after={page.next_after}" if page.next_after else None,
        **({"at": None} | values),
    )


async def settle(visit: Visit) -> Response:
    form, generation_id, words = await visit.form(), visit.id(), visit.words
    try:
        outcome, task_id = form.choice("outcome", Outcome), form.text("task", 100)
        if outcome is None:
            raise InvalidParameter("outcome", one_of([item.value for item in Outcome]))
        if outcome is Outcome.BOUGHT and not task_id:
            raise InvalidParameter("task", REQUIRED)
        if not is_confirmed(form):
            facts = [(words.say("Generation"), generation_id), (words.say("Your word"), words.say(WORDS[outcome]))]
            if outcome is Outcome.BOUGHT:
                facts.append((words.say("Task"), task_id or ""))
            return ask(
                visit,
                form,
                words.say("Settle this submission?"),
                facts,
                warning=words.say("This counts once and cannot be taken back."),
                button=words.say("Settle it"),
                back="/operator/unknown",
                is_danger=outcome is Outcome.CHARGE,
            )
        task = task_id if outcome is Outcome.BOUGHT else None
        await visit.application.settlement.settle(generation_id, outcome, task, visit.caller.actor)
    except DoitongError as error:
        if error.status == 404:
            raise
        return await _page(visit, error.status, problem=error, form=form, at=generation_id)
    return visit.go("/operator/unknown", "settled")


ROUTES = (
    Route("GET", "/operator/unknown", list_unknown, Access.OPERATOR),
    Route("POST", "/operator/unknown/{id}", settle, Access.OPERATOR),
)
