"""A row of the dashboard's table: which method at which address runs which handler, and who may."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from doitong.doors.dashboard.visit import Visit

Handler = Callable[["Visit"], Awaitable[Response]]
ROOT = "/dashboard"


class Access(Enum):
    """Who may visit. What a role may do beyond that is a matter of its scopes, which every use case asks for."""

    OPEN = "open"  # anybody
    PERSON = "person"  # signed in, also where the account is disabled: to go elsewhere
    MEMBER = "member"  # signed in, for an account that is not disabled
    OWNER = "owner"  # of the account
    OPERATOR = "operator"  # of the installation


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is below `/dashboard`; `{id}` in it is a path parameter. A POST changes something, a GET never does."""

    method: str
    path: str
    handler: Handler
    access: Access = Access.MEMBER
    is_foreign: bool = False  # a POST that comes from another site by design, proven in another way (a signature)
