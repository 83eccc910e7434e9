"""What is known of a stored file."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A complete file in storage; `sha256` is in hex, `modified_at` in UTC to the second."""

    name: str
    sha256: str
    bytes: int
    modified_at: datetime
