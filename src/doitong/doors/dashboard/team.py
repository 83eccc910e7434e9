"""The team of an account: members, roles, invitations."""

from starlette.responses import Response

from doitong.core.errors import DoitongError
from doitong.doors.dashboard.entrance import leave
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.visit import Visit
from doitong.members.model import Role

TEXT_MAX = 300


async def show_team(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, status: int = 200, **values: object) -> Response:
    team, invitations = await visit.application.team.list(visit.account_id)
    owners = sum(item.role is Role.OWNER for item in team)
    return visit.page("team.html", status, team=team, invitations=invitations, owners=owners, **values)


async def invite(visit: Visit) -> Response:
    form = await visit.form()
    try:
        email, role = form.required_text("email", TEXT_MAX), form.choice("role", Role) or Role.DEVELOPER
        await visit.application.team.invite(visit.signed_in, email, role)
    except DoitongError as error:
        return await _page(visit, error.status, problem=error, form=form)
    return visit.go("/team", "invited")


async def revoke_invitation(visit: Visit) -> Response:
    await visit.application.team.revoke_invitation(visit.signed_in, visit.id())
    return visit.go("/team", "invitation_revoked")


async def change_role(visit: Visit) -> Response:
    form = await visit.form()
    role = form.choice("role", Role) or Role.VIEWER
    try:
        await visit.application.team.change_role(visit.signed_in, visit.id(), role)
    except DoitongError as error:
        if error.code != "LAST_OWNER":
            raise
        return await _page(visit, error.status, problem=error)
    return visit.go("/team" if visit.id() != visit.signed_in.member.id else "/studio", "saved")


async def remove_member(visit: Visit) -> Response:
    """An owner removes somebody; anybody may leave, and is signed out of this account by it."""
    try:
        await visit.application.team.remove(visit.signed_in, visit.id())
    except DoitongError as error:
        if error.code != "LAST_OWNER":
            raise
        return await _page(visit, error.status, problem=error)
    if visit.id() != visit.signed_in.member.id:
        return visit.go("/team", "member_removed")
    return leave(visit, "left")


ROUTES = (
    Route("GET", "/team", show_team),
    Route("POST", "/team/invitations", invite, Access.OWNER),
    Route("POST", "/team/invitations/{id}/revoke", revoke_invitation, Access.OWNER),
    Route("POST", "/team/{id}/role", change_role, Access.OWNER),
    Route("POST", "/team/{id}/remove", remove_member),
)
