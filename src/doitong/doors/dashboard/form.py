"""What a visitor filled in: bounded, decoded, blanks left out; and what was wrong with it, by field."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from doitong.core.errors import DoitongError, InvalidParameter, Rule
from doitong.doors.http.asgi import Call, Receive
from doitong.doors.http.body import malformed, read_body
from doitong.doors.http.negotiation import parse_media_type
from doitong.doors.http.values import Values

FORM_BYTES_MAXIMUM = 256 * 1024
FIELDS_MAXIMUM = 200
FORM_TYPE = "application/x-www-form-urlencoded"


class Form(Values):
    """The fields of one form. `text`, `whole` and the rest of Values read them; a blank one counts as absent."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = tuple(pairs)
        super().__init__({name: value for name, value in pairs if value.strip()})

    def get(self, name: str) -> str:
        """The field as it was typed, to be shown again; empty when it is not there."""
        return next((value for field, value in reversed(self.pairs) if field == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of a field that may come several times, as boxes that are ticked do."""
        return [value for field, value in self.pairs if field == name and value.strip()]

    def is_ticked(self, name: str) -> bool:
        return bool(self.get(name))


async def read_form(call: Call, receive: Receive) -> Form:
    """The body of a form that is no upload. Raises DoitongError."""
    if parse_media_type(call.header("content-type") or "").name != FORM_TYPE:
        raise DoitongError("UNSUPPORTED_MEDIA_TYPE", expected=FORM_TYPE)
    body = await read_body(call, receive, FORM_BYTES_MAXIMUM)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAXIMUM, errors="strict")
    except ValueError:
        raise malformed("the form cannot be read") from None
    return Form([(name, value.replace("\r\n", "\n")) for name, value in pairs])


class Problem:
    """A refusal as a page shows it: beside the field that it is about, or above the form."""

    def __init__(self, error: DoitongError, language: str) -> None:
        self.status, self.code = error.status, error.code
        self.details: Mapping[str, Any] = error.details
        self.message = error.message(language)
        self.field: str | None = None
        if isinstance(error, InvalidParameter):
            self.field = str(error.details["parameter"])
            allowed = error.details["allowed"]
            self.message = allowed.sentence(language) if isinstance(allowed, Rule) else self.message

    def of(self, name: str) -> str | None:
        """What is wrong with this field."""
        return self.message if self.field == name else None
