"""What a manifest says, with what it is signed, and what reading it back shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said of a film: never the prompt. `picture` is the file that was animated, if one was."""

    generation_id: str
    engine: str
    model: str
    engine_version: str | None
    version: str
    seed: int
    picture: Path | None = None


@dataclass(frozen=True, slots=True)
class Root:
    """The installation's own authority. `sealed_key` can be opened only with the installation's secret."""

    fingerprint: str  # SHA-256 of the certificate, hex
    certificate: str  # PEM
    sealed_key: bytes
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Leaf:
    """What films are signed with; kept after its end, since it is in every film that it signed."""

    fingerprint: str
    root_fingerprint: str
    certificate: str  # PEM
    private_key: str  # PEM, PKCS #8
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """The leaf that signs now, and the root above it."""

    leaf: Leaf
    root: Root

    @property
    def chain(self) -> str:
        """PEM, leaf first."""
        return self.leaf.certificate + self.root.certificate


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says of itself. `state` is C2PA's: `Trusted`, `Valid` (but by whom?) or `Invalid`."""

    state: str
    issuer: str | None
    problems: tuple[str, ...]
    manifest: Mapping[str, Any]


class ProvenanceFailed(OSError):
    """The film could not be signed, or what was written does not verify; trying again may help."""


class NoProvenance(Exception):
    """The file holds no manifest."""
