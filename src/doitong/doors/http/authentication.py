"""Where a request carries its API key: `Authorization: Bearer KEY` or `X-API-Key: KEY`, at every door."""

from doitong.core.errors import DoitongError
from doitong.doors.http.asgi import Call

MAX_KEY_CHARACTERS = 512


def api_key_of(call: Call) -> str:
    """The API key of a call.

    Raises UNAUTHENTICATED when there is none, when the scheme is not Bearer, or when both headers are there
    and differ: a proxy that adds a key must not silently win over the caller's.
    """
    bearer = _bearer_token(call.header("authorization"))
    plain = (call.header("x-api-key") or "").strip() or None
    if bearer and plain and bearer != plain:
        raise DoitongError("UNAUTHENTICATED")
    key = bearer or plain
    if key is None or len(key) > MAX_KEY_CHARACTERS or not key.isascii():
        raise DoitongError("UNAUTHENTICATED")
    return key


def _bearer_token(authorization: str | None) -> str | None:
    if authorization is None:
        return None
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise DoitongError("UNAUTHENTICATED")
    return token.strip()
