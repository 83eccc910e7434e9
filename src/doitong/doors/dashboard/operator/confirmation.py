"""The question before what an operator does: a page that says what will happen, and sends the same form again."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from doitong.doors.dashboard.form import Form
from doitong.doors.dashboard.visit import Visit

CONFIRMED = "confirmed"


def is_confirmed(form: Form) -> bool:
    return form.get(CONFIRMED) == "yes"


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
) -> Response:
    """What will happen, as facts; nothing has been changed yet."""
    return visit.page(
        "operator_confirm.html",
        title=title,
        facts=facts,
        warning=warning,
        button=button,
        back=back,
        is_danger=is_danger,
        kept=[(name, value) for name, value in form.pairs if name != CONFIRMED],
    )
