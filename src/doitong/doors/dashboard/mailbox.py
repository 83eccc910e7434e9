"""The mailbox of one's own machine: the mails of an installation that has no mail server.

Its links open accounts. It is there only where nobody but this machine can reach us, and for nobody else.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.responses import Response

from doitong.core.errors import NotFound
from doitong.core.settings import Settings
from doitong.doors.dashboard.route import Access, Route
from doitong.doors.dashboard.visit import Visit

FORWARDED = (
    *("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"),
    *("cf-connecting-ip", "true-client-ip", "x-client-ip"),
)
OLD_HTTP = ("1.0", "0.9")  # no browser asks so; nginx does as it comes, which also says nothing of who asked it


def is_mailbox_here(settings: Settings, client: str, host: str, *, is_forwarded: bool) -> bool:
    """No mail server, and everything is on loopback: where we listen, what customers are told, who asks and for
    whom (`Host`, against names that are made to lead here), and no proxy in between."""
    names = (settings.host, urlsplit(settings.effective_public_url).hostname or "", client)
    asked = host_of(host)
    return not settings.smtp_url and not is_forwarded and all(map(_is_loopback, (*names, asked)))


def host_of(netloc: str) -> str:
    """The name in a `Host` header; empty for one that is malformed."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


async def show_mailbox(visit: Visit) -> Response:
    if not visit.has_mailbox:
        raise NotFound
    return visit.page("mailbox.html", mails=await visit.application.mailbox.latest())


ROUTES = (Route("GET", "/mailbox", show_mailbox, Access.OPEN),)
