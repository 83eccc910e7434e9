"""What is known of a stored file, and how storage fails."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A complete file in storage; `sha256` is in hex, `modified_at` in UTC to the second."""

    name: str
    sha256: str
    bytes: int
    modified_at: datetime


class FileMissing(Exception):
    """Storage holds no file of that name."""


class StorageFailed(OSError):
    """The storage could not be reached or refused; trying again may help."""
