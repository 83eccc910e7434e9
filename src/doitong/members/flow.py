"""What travels with a sign-in elsewhere: the secret of the way there and back, and who comes back."""

import base64
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is at the issuer; an address counts only where `is_email_verified`."""

    issuer: str
    subject: str
    email: str
    is_email_verified: bool
    name: str


@dataclass(frozen=True, slots=True)
class Flow:
    """One way there and back. Everything comes from one secret, which the browser's cookie holds."""

    secret: str

    def _derive(self, purpose: str) -> str:
        return base64.urlsafe_b64encode(sha256(f"{purpose} {self.secret}".encode()).digest()).rstrip(b"=").decode()

    @property
    def state(self) -> str:
        return self._derive("state")

    @property
    def nonce(self) -> str:
        return self._derive("nonce")

    @property
    def verifier(self) -> str:
        return self._derive("verifier")

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
