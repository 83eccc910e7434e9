"""How long the steps of one piece of work took: for one line of the log, and from there for whoever asks why."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Steps:
    """Notes the wall seconds of each named step of one piece of work; a step taken twice counts both times."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - started

    @property
    def milliseconds(self) -> dict[str, int]:
        return {name: round(seconds * 1000) for name, seconds in self.seconds.items()}
