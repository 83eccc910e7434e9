"""A circuit breaker: an upstream that does not answer is left alone for a while, then tried with one call."""

from datetime import datetime, timedelta

from doitong.core.clock import Clock

FAILURES_MAXIMUM = 5
PAUSE = timedelta(seconds=30)


class Breaker:
    """Counts failures in a row; from `FAILURES_MAXIMUM` on it is open, and lets one call through in each `PAUSE`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._closed_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self._failures >= FAILURES_MAXIMUM

    def admit(self) -> bool:
        """Whether a call may be made now."""
        if not self.is_open:
            return True
        now = self._clock.now()
        if self._closed_until is not None and now < self._closed_until:
            return False
        self._closed_until = now + PAUSE
        return True

    def note(self, *, is_answered: bool) -> None:
        """What became of a call. Whatever the upstream says in its own words is an answer."""
        if is_answered:
            self._failures, self._closed_until = 0, None
            return
        self._failures += 1
        if self.is_open:
            self._closed_until = self._clock.now() + PAUSE
