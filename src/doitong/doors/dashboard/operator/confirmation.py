"""The question before what an operator does: a page that says what will happen, and sends the same form again.

It carries a value for one use: what moves credits under it does so once, however often the button is pressed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from doitong.core.ids import is_id, new_id
from doitong.doors.dashboard.form import Form
from doitong.doors.dashboard.visit import Visit

CONFIRMED, ONCE = "confirmed", "once"


def is_confirmed(form: Form) -> bool:
    return form.get(CONFIRMED) == "yes"


def confirmed_once(form: Form) -> str | None:
    """The value for one use of a form that was confirmed; None where the question is still to be asked."""
    once = form.get(ONCE)
    return once if is_confirmed(form) and is_id(once) else None


def ask(
    visit: Visit,
    form: Form,
    title: str,
    facts: Sequence[tuple[str, Any]],
    *,
    button: str,
    back: str,
    warning: str = "",
    is_danger: bool = False,
    settled: Mapping[str, str] | None = None,
) -> Response:
    """What will happen, as facts; nothing has been changed yet. `settled` are fields as they were understood."""
    settled = settled or {}
    kept = [(name, value) for name, value in form.pairs if name not in {CONFIRMED, ONCE, *settled}]
    return visit.page(
        "operator_confirm.html",
        title=title,
        facts=facts,
        warning=warning,
        button=button,
        back=back,
        is_danger=is_danger,
        kept=[*kept, *settled.items(), (ONCE, new_id(visit.application.clock.now()))],
    )
