"""The audit log: the whole one for the operator, an account's own for its owner, and both as a file."""

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.responses import Response

from doitong.audit.model import Entry, EntryFilter
from doitong.audit.rules import EXPORT_MAX
from doitong.core.clock import to_iso
from doitong.core.ids import is_id
from doitong.doors.dashboard.route import ROOT, Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.doors.http.values import Values

ROWS = 50
FILTERS = ("account", "actor", "action", "since", "until")
_HEAD = ("time", "account", "actor kind", "actor", "actor name", "action", "subject", "details")


async def show_all(visit: Visit) -> Response:
    account_id = visit.query().text("account", 64)
    return await _page(visit, account_id, "/operator/audit", is_operators=True)


async def show_own(visit: Visit) -> Response:
    return await _page(visit, visit.account_id, "/audit", is_operators=False)


async def _page(visit: Visit, account_id: str | None, path: str, *, is_operators: bool) -> Response:
    query = visit.query()
    chosen = {name: query.text(name, 254) or "" for name in FILTERS if is_operators or name != "account"}
    entries: Sequence[Entry] = ()
    next_before = None
    if account_id is None or is_id(account_id):
        found = await visit.application.audit.list(account_id, _wanted(query), first=ROWS, before=query.after())
        entries, next_before = found.entries, found.next_before
    kept = {name: value for name, value in chosen.items() if value}
    return visit.page(
        "audit.html",
        entries=entries,
        chosen=chosen,
        path=path,
        is_operators=is_operators,
        csv_href=f"{ROOT}{path}.csv" + (f"?{urlencode(kept)}" if kept else ""),
        next_href=f"{ROOT}{path}?{urlencode(kept | {'after': next_before})}" if next_before else None,
        maximum=EXPORT_MAX,
    )


def _wanted(query: Values) -> EntryFilter:
    """The filters of an address; `until` is the last day that counts. Raises InvalidParameter."""
    until = query.moment("until")
    return EntryFilter(
        actor=query.text("actor", 254),
        action=query.text("action", 60),
        since=query.moment("since"),
        until=until + timedelta(days=1) if until else None,
    )


async def export_all(visit: Visit) -> Response:
    return await _export(visit, visit.query().text("account", 64))


async def export_own(visit: Visit) -> Response:
    return await _export(visit, visit.account_id)


async def _export(visit: Visit, account_id: str | None) -> Response:
    found = await visit.application.audit.list(account_id, _wanted(visit.query()), first=EXPORT_MAX, maximum=EXPORT_MAX)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(_HEAD)
    writer.writerows(_row(entry) for entry in found.entries)
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Response(file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _row(entry: Entry) -> list[str]:
    cells: list[Any] = [
        *(to_iso(entry.created_at), entry.account_id, entry.actor.kind.value, entry.actor.id, entry.actor.name),
        *(entry.action, entry.subject, orjson.dumps(entry.details).decode()),
    ]
    return [_plain("" if cell is None else str(cell)) for cell in cells]


def _plain(text: str) -> str:
    """What a spreadsheet would take for a formula is made text."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


ROUTES = (
    Route("GET", "/audit", show_own, Access.OWNER),
    Route("GET", "/audit.csv", export_own, Access.OWNER),
    Route("GET", "/operator/audit", show_all, Access.OPERATOR),
    Route("GET", "/operator/audit.csv", export_all, Access.OPERATOR),
)
