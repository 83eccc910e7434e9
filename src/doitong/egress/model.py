"""What a call to a user's address is made of: parsed URL, policy, limits, answer, failure."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Answers every address of a name as text, for a port; raises OSError when the name has none."""


class UrlMalformed(ValueError):
    """The text is not an http(s) URL of the accepted form; the message says which part, for the log."""


class AddressDenied(ValueError):
    """The URL names a host, a port or an address that is never called; the message is for the log only."""


@dataclass(frozen=True, slots=True)
class CheckedUrl:
    """A URL that passed the syntax check. `target` is path and query; `address` is set for a literal host."""

    scheme: str
    host: str
    port: int
    target: str
    address: Address | None

    @property
    def authority(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        is_default = self.port == {"http": 80, "https": 443}[self.scheme]
        return shown if is_default else f"{shown}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Ranges that may be called although they are not public."""

    allow: tuple[Network, ...] = ()

    @classmethod
    def from_ranges(cls, ranges: Sequence[str], *, is_loopback_allowed: bool = False) -> "EgressPolicy":
        """From CIDR texts. Raises ValueError for a text that is no range."""
        loopback = ("127.0.0.0/8", "::1/128") if is_loopback_allowed else ()
        return cls(tuple(ip_network(text) for text in (*ranges, *loopback)))


@dataclass(frozen=True, slots=True)
class EgressLimits:
    """Bounds of one call; `whole_seconds` runs from the first lookup to the last byte of the body."""

    connect_seconds: float = 5.0
    whole_seconds: float = 15.0
    connections: int = 256
    idle_connections: int = 32
    idle_seconds: float = 10.0
    addresses_tried: int = 4


class EgressFailure(StrEnum):
    """Why no answer came. A name that does not resolve reads as denied: it tells nothing of inner names."""

    ADDRESS_DENIED = "address_denied"
    CONNECT_FAILED = "connect_failed"
    TLS_FAILED = "tls_failed"
    TIMED_OUT = "timed_out"
    PROTOCOL_ERROR = "protocol_error"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class EgressAnswer:
    """An answer with its body up to the asked bound. `cut` says why the rest is missing, if it is.

    Header names are in lower case; of a repeated header the last one stands.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: EgressFailure | None = None


class EgressFailed(Exception):
    """A call that brought no usable answer. `failure` may be shown to a customer, `detail` is for the log."""

    def __init__(self, failure: EgressFailure, detail: str = "") -> None:
        super().__init__(f"{failure}: {detail}")
        self.failure = failure
        self.detail = detail
