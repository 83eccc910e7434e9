"""An upload: a picture that a customer gave, cleaned and stored."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Upload:
    """A stored picture; all but the owner describes the cleaned file, not the one that was sent."""

    id: str
    account_id: str
    media_type: str
    width: int
    height: int
    bytes: int
    sha256: str
    created_at: datetime
