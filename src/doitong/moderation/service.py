"""The use cases of moderation: screen before an engine with a content policy is asked, and count what it refused.

An upstream suspends the operator's whole account when too much that it moderates comes from it. So what a list of
words finds never gets there, and an account whose generations were moderated too often in a day is stopped here.
"""

from datetime import timedelta
from pathlib import Path
from typing import Protocol

import structlog

from doitong.core.clock import Clock
from doitong.core.errors import DoitongError
from doitong.db.pool import Database
from doitong.moderation import store
from doitong.moderation.rules import fold, read_phrases, to_pattern

DAY = timedelta(days=1)
_log = structlog.get_logger(__name__)


class Screen(Protocol):
    """Judges a request before an engine sees it."""

    async def find(self, text: str, picture: Path | None) -> str | None:
        """What speaks against it, for the log only, or None. At the door there is no `picture` yet."""
        ...


class WordScreen:
    """Finds the phrases of a list."""

    def __init__(self, text: str) -> None:
        self._pattern = to_pattern(read_phrases(text))

    async def find(self, text: str, picture: Path | None) -> str | None:
        found = self._pattern.search(fold(text)) if self._pattern else None
        return found[0] if found else None


class Moderation:
    """`strikes_maximum` moderated generations in 24 hours stop an account; 0 is no limit."""

    def __init__(self, database: Database, clock: Clock, screen: Screen, strikes_maximum: int) -> None:
        self._database = database
        self._clock = clock
        self._screen = screen
        self._strikes_maximum = strikes_maximum

    async def check(self, account_id: str, text: str, picture: Path | None = None) -> None:
        """Raises CONTENT_POLICY for what the screen finds, ACCOUNT_STOPPED for an account with too many strikes."""
        reason = await self._screen.find(text, picture)
        if reason is not None:
            _log.warning("screened", account_id=account_id, reason=reason)
            raise DoitongError("CONTENT_POLICY")
        if not self._strikes_maximum:
            return
        async with self._database.reading() as connection:
            strikes = await store.count_strikes(connection, account_id, self._clock.now() - DAY)
        if strikes >= self._strikes_maximum:
            raise DoitongError("ACCOUNT_STOPPED", maximum=self._strikes_maximum)

    async def note_strike(self, account_id: str, generation_id: str) -> None:
        """An engine refused a generation for its content."""
        async with self._database.transaction() as connection:
            await store.add_strike(connection, account_id, generation_id, self._clock.now())
        _log.warning("strike", account_id=account_id, generation_id=generation_id)
