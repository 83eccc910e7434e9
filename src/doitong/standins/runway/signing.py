"""Addresses of outputs that expire: a token that looks as the real one does, checked without being kept."""

import base64
import hashlib
import hmac
import secrets
from itertools import count

import orjson


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


HEAD = _encode(b'{"alg":"HS256","typ":"JWT"}')


class Signer:
    """Signs and checks with a key of this process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._serial = count(1)

    def sign(self, path: str, expires_at: float) -> str:
        """A token for this path; no two are alike."""
        claims = {"key": path, "stage": "prod", "jti": next(self._serial), "exp": expires_at}
        text = f"{HEAD}.{_encode(orjson.dumps(claims))}"
        return f"{text}.{self._signature(text)}"

    def is_valid(self, token: str, path: str, now: float) -> bool:
        """Whether the token is ours, for this path, and has not expired."""
        text, _, signature = token.rpartition(".")
        if not token.isascii() or not hmac.compare_digest(signature, self._signature(text)):
            return False
        payload = text.partition(".")[2]
        claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return bool(claims["key"] == path and now < claims["exp"])

    def _signature(self, text: str) -> str:
        return _encode(hmac.digest(self._key, text.encode(), hashlib.sha256))
