"""A row of the REST door's table: its path, who may call it, what it does, and how it is documented."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from doitong.core.errors import Text
from doitong.doors.rest.calls import RestCall
from doitong.doors.rest.shapes import Shape, data, ref, text, whole

Handler = Callable[[RestCall], Awaitable[dict[str, Any]]]


class Access(Enum):
    """Who may call, and what it counts against."""

    OPEN = "open"
    READ = "read"  # the allowance of reads
    SUBMIT = "submit"  # counted by the submission itself


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    handler: Handler
    group: str
    summary: Text
    answer: Shape
    access: Access = Access.READ
    description: str = ""
    body: str | None = None  # a component's name
    is_body_required: bool = True
    takes_picture: bool = False
    parameters: tuple[dict[str, Any], ...] = ()
    statuses: tuple[int, ...] = ()
    example: dict[str, Any] | None = None  # of the body


def query(name: str, shape: Shape) -> dict[str, Any]:
    described = {"description": shape["description"]} if "description" in shape else {}
    return {"name": name, "in": "query", "required": False, "schema": shape} | described


PAGE = (
    query("first", whole("Size of the page.", minimum=1, maximum=100, default=20)),
    query("after", text("`endCursor` of the page before.")),
)
VIDEO = data(generatevideo=ref("Generation"))


def page(**items: Shape) -> Shape:
    return data(**items, pageInfo=ref("PageInfo"))
