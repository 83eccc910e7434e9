"""Whether a request that changes something comes from our own pages.

Browsers say where a request comes from (`Sec-Fetch-Site`, Fetch Metadata; `Origin`, Fetch §3.2), and a page of
another site cannot make them say otherwise. One that says neither is refused too: browsers have sent `Origin` with
every POST for years, and programs have the API.
"""

from urllib.parse import urlsplit

from doitong.doors.http.asgi import Call


def is_same_origin(call: Call, public_url: str) -> bool:
    site = call.header("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = call.header("origin")
    if origin is None:
        return site == "same-origin"
    try:
        given, public = urlsplit(origin), urlsplit(public_url)
    except ValueError:
        return False
    if (given.scheme, given.netloc) == (public.scheme, public.netloc):
        return True
    return bool(given.netloc) and given.netloc == call.header("host")
