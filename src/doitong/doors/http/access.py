"""Who calls: the key checked, the read allowance counted, and the limits written into the answer."""

from typing import TYPE_CHECKING

from doitong.doors.http.answers import rate_headers
from doitong.doors.http.asgi import Call
from doitong.doors.http.authentication import api_key_of
from doitong.keys.model import Caller
from doitong.plans.model import RateState

if TYPE_CHECKING:
    from doitong.app import Application


async def identify(application: "Application", call: Call) -> Caller:
    """The caller behind a request. Raises UNAUTHENTICATED."""
    caller = await application.keys.authenticate(api_key_of(call))
    call.key_prefix = caller.key_prefix
    if call.header("accept-language") is None and caller.language in ("en", "sl"):
        call.language = caller.language
    return caller


def count_read(application: "Application", caller: Caller, call: Call) -> None:
    """Count one read into the caller's allowance. Raises RateLimited."""
    write_rate(call, application.reads.check(caller))


def write_rate(call: Call, rate: RateState) -> None:
    """Put the state of the window that counted this request into its answer."""
    call.answer_headers |= rate_headers(rate)
