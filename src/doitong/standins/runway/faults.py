"""Which faults strike now: those that a script asks for, counted, and those by chance, repeatable from a seed."""

import random
from collections import Counter

from doitong.standins.runway.script import Fault, RandomFault


class Faults:
    """Keeps count of what struck already."""

    def __init__(self, rates: tuple[RandomFault, ...], seed: int) -> None:
        self._rates = rates
        self._random = random.Random(seed)  # noqa: S311  (repeatable, not secret)
        self._fired: Counter[tuple[str, Fault]] = Counter()

    def due(self, asked: tuple[Fault, ...], spot: str, scope: str) -> list[Fault]:
        """The faults that strike at `spot`; `scope` is what `xN` counts by: a prompt, or a task's id."""
        due = [fault for fault in asked if fault.spot == spot and self._is_left(fault, scope)]
        return due + [rate.fault for rate in self._rates if rate.fault.spot == spot and self._strikes(rate)]

    def _is_left(self, fault: Fault, scope: str) -> bool:
        if fault.times is None:
            return True
        self._fired[scope, fault] += 1
        return self._fired[scope, fault] <= fault.times

    def _strikes(self, rate: RandomFault) -> bool:
        return self._random.random() < rate.rate
