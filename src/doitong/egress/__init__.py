"""Outbound addresses: the only code that opens a socket to an address a user gave."""

from doitong.egress.client import EgressClient, system_resolver
from doitong.egress.model import (
    AddressDenied,
    EgressAnswer,
    EgressFailed,
    EgressFailure,
    EgressLimits,
    EgressPolicy,
    Resolver,
    UrlMalformed,
)

__all__ = [
    "AddressDenied",
    "EgressAnswer",
    "EgressClient",
    "EgressFailed",
    "EgressFailure",
    "EgressLimits",
    "EgressPolicy",
    "Resolver",
    "UrlMalformed",
    "system_resolver",
]
