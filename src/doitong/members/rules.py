"""Pure decisions about members: addresses of mail, passwords, tokens, how long a session lasts."""

from datetime import timedelta
from hashlib import sha256

SESSION_LIFETIME = timedelta(days=14)


def digest(secret: str) -> bytes:
    """What is kept of a session's or a link's secret: SHA-256 is enough for 256 random bits."""
    return sha256(secret.encode()).digest()
