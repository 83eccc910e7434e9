"""A clock that can be put forward from outside, on top of whichever clock the stand-in was given."""

from datetime import datetime, timedelta

from doitong.core.clock import Clock


class ForwardClock:
    """The base clock's time plus everything it was put forward by."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._ahead = timedelta()

    def now(self) -> datetime:
        return self._base.now() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)
