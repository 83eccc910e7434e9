"""A share: the link by which whoever has it may see one film."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Share:
    """`token` is 128 random bits: knowing it is the permission, so it is shown to members of the account only."""

    generation_id: str
    token: str
    account_id: str
    created_at: datetime
