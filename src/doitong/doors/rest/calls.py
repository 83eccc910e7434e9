"""One REST call: who calls, what was asked, and the answer's body."""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from doitong.doors.http.asgi import Call
from doitong.doors.http.body import parse_json_object, read_body, read_json_object
from doitong.doors.http.operations import Operations
from doitong.doors.http.values import Values
from doitong.keys.model import Caller

if TYPE_CHECKING:
    from doitong.app import Application

SMALL_BODY_BYTES = 64 * 1024


class RestCall:
    """What a handler works with. `caller` is None only at open routes."""

    def __init__(self, application: "Application", request: Request, call: Call, caller: Caller | None) -> None:
        self.application, self.request, self.call = application, request, call
        self._caller = caller

    @property
    def caller(self) -> Caller:
        assert self._caller is not None, "an open route has no caller"
        return self._caller

    @property
    def operations(self) -> Operations:
        return Operations(self.application, self.caller, self.call)

    @property
    def id(self) -> str:
        """The id in the path."""
        return str(self.request.path_params["id"])

    def query(self) -> Values:
        """The query string; of a repeated name the last counts."""
        return Values(dict(self.request.query_params))

    async def json(self) -> dict[str, Any]:
        """The body: one JSON object."""
        return await read_json_object(self.call, self.request.receive)

    async def optional_json(self) -> dict[str, Any]:
        """The body where it may be left out."""
        if self.call.header("content-type") is not None:
            return await read_json_object(self.call, self.request.receive, SMALL_BODY_BYTES)
        body = await read_body(self.call, self.request.receive, SMALL_BODY_BYTES)
        return parse_json_object(body) if body.strip() else {}
