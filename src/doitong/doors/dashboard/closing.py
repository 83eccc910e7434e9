"""An account's export and its end, for its owners."""

from starlette.responses import Response, StreamingResponse

from doitong.core.errors import DoitongError
from doitong.doors.dashboard.entrance import leave
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.visit import Visit


async def show_export(visit: Visit) -> Response:
    return visit.page("export.html")


async def export(visit: Visit) -> Response:
    pieces = await visit.application.closing.export(visit.signed_in)
    name = f"doitong-{visit.application.clock.now():%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


async def show_delete(visit: Visit) -> Response:
    return _delete_page(visit)


def _delete_page(visit: Visit, status: int = 200, **values: object) -> Response:
    is_fresh = visit.application.members.is_fresh(visit.signed_in)
    return visit.page("delete_account.html", status, is_fresh=is_fresh, **values)


async def delete(visit: Visit) -> Response:
    form = await visit.form()
    try:
        await visit.application.closing.delete(visit.signed_in, form.get("password"), form.get("name"))
    except DoitongError as error:
        return visit.with_headers_of(_delete_page(visit, error.status, problem=error, form=form), error)
    return leave(visit, "account_deleted")


ROUTES = (
    Route("GET", "/account/export", show_export, Access.OWNER),
    Route("POST", "/account/export", export, Access.OWNER),
    Route("GET", "/account/delete", show_delete, Access.OWNER),
    Route("POST", "/account/delete", delete, Access.OWNER),
)
