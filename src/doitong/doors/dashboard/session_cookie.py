"""The cookies of the dashboard: the session's secret, the chosen language, and a notice for the next page.

`__Host-` and `Secure` where the public address is https (RFC 6265bis §4.1.3.2), so no neighbouring site can set it.
"""

from starlette.responses import Response

from doitong.doors.http.asgi import Call

SESSION, LANGUAGE, NOTICE = "doitong_session", "doitong_language", "doitong_notice"
SIGN_UP = "doitong_sign_up"  # which browser signed up: there the link in the mail is proof enough
SIGN_IN_ELSEWHERE = "doitong_sign_in"  # from the way to the issuer until the way back
SIGN_IN_ELSEWHERE_SECONDS = 600
SESSION_SECONDS = 14 * 24 * 3600  # moved on by visits, as the session is
SIGN_UP_SECONDS = 3 * 24 * 3600
LANGUAGE_SECONDS = 365 * 24 * 3600
NOTICE_SECONDS = 60
SECRET_MAXIMUM = 200


class Cookies:
    """Reads and writes them; `is_secure` says that customers come over https."""

    def __init__(self, *, is_secure: bool) -> None:
        self._is_secure = is_secure

    def name(self, base: str) -> str:
        return f"__Host-{base}" if self._is_secure else base

    def read(self, call: Call, base: str) -> str | None:
        wanted = self.name(base)
        for part in (call.header("cookie") or "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == wanted and len(value) <= SECRET_MAXIMUM:
                return value
        return None

    def write(self, response: Response, base: str, value: str, seconds: int | None) -> None:
        """`seconds` None is until the browser closes."""
        response.set_cookie(
            self.name(base), value, max_age=seconds, path="/", secure=self._is_secure, httponly=True, samesite="lax"
        )

    def is_set(self, response: Response, base: str) -> bool:
        """Whether an answer writes or clears it."""
        start = f"{self.name(base)}="
        return any(value.startswith(start) for value in response.headers.getlist("set-cookie"))

    def clear(self, response: Response, base: str) -> None:
        response.delete_cookie(self.name(base), path="/", secure=self._is_secure, httponly=True, samesite="lax")
