"""What resolvers find in `info.context`: the call, its caller, and the operations it may ask for.

The key is checked and the read counted once an operation, before any resolver; what went wrong is raised by
the first resolver that needs a caller, so that introspection and the catalogue need none.
"""

from typing import TYPE_CHECKING

from doitong.core.errors import DoitongError, InvalidParameter, rule
from doitong.doors.graphql.documents import Prepared
from doitong.doors.http.access import count_read, identify
from doitong.doors.http.asgi import Call
from doitong.doors.http.operations import Operations

if TYPE_CHECKING:
    from doitong.app import Application

SUBMISSIONS = frozenset({"generate", "generatevideo", "generateVideo", "animateImage"})
OPEN_FIELDS = frozenset({"__schema", "__type", "__typename", "services"})
_ONE_SUBMISSION = rule("may be used with one submission a request only", "se lahko uporabi le z eno oddajo na zahtevo")


class Context:
    """One operation's context. Open it with `open_context`."""

    def __init__(self, application: "Application", call: Call, found: Operations | DoitongError) -> None:
        self.application = application
        self.call = call
        self._found = found

    @property
    def operations(self) -> Operations:
        """What the caller can do. Raises UNAUTHENTICATED, or RATE_LIMITED for reads."""
        if isinstance(self._found, DoitongError):
            raise self._found
        return self._found


async def open_context(application: "Application", call: Call, prepared: Prepared) -> Context:
    """Identify the caller and count the read. Raises InvalidParameter for an ambiguous Idempotency-Key."""
    submissions = sum(name in SUBMISSIONS for name in prepared.root_fields)
    if submissions > 1 and call.header("idempotency-key") is not None:
        raise InvalidParameter("Idempotency-Key", _ONE_SUBMISSION)
    if OPEN_FIELDS.issuperset(prepared.root_fields):
        return Context(application, call, DoitongError("UNAUTHENTICATED"))
    try:
        caller = await identify(application, call)
        if submissions == 0:
            count_read(application, caller, call)
    except DoitongError as error:
        return Context(application, call, error)
    return Context(application, call, Operations(application, caller, call))
