"""Faults on demand: words that begin with `#` in a prompt or in the header `X-Standin-Script`.

| word | what happens |
|---|---|
| `#fail:CODE` | the task fails with this failureCode; `#fail` is INTERNAL, `#fail:null` has no code |
| `#cancel` | the task ends as CANCELLED |
| `#slow`, `#slow:SECONDS` | it runs ten times as long, or this long |
| `#throttle:SECONDS` | it is THROTTLED for so long, whatever is free (60 without a number) |
| `#cost:CREDITS` | this is what it costs in the end |
| `#expire:N` | the addresses of the first N reads of the finished task are expired already (1 without a number) |
| `#http:STATUS` | the create is refused with this status; nothing is made |
| `#nocredits` | the create is refused for lack of credits |
| `#dropbeforeaccept` | the connection is closed, nothing is made |
| `#dropafteraccept` | the task is made and charged, the connection is closed without an answer |
| `#nojson` | the task is made and charged, the answer is 200 and HTML |
| `#hang:SECONDS` | the task is made and charged, the answer comes so much later |
| `#poll:KIND`, `#delete:KIND` | reading or deleting the task fails: a status, `drop`, `nojson` or `hang:SECONDS` |
| `#output:KIND` | fetching the file fails: a status, `drop`, `cut`, `html`, `garbage`, `huge`, `wrongsize` |
| `#upload:KIND`, `#store:KIND`, `#organization:KIND`, `#usage:KIND` | the same there; by header or rate only |

`xN` behind a word limits it to the first N times: creates with that very prompt, or calls for that very task.
"""

import re
from dataclasses import dataclass

HEADER = "x-standin-script"
TASK, CREATE = "task", "create"
TASK_WORDS = frozenset({"fail", "cancel", "slow", "throttle", "cost", "expire"})
CREATE_WORDS = frozenset({"http", "nocredits", "dropbeforeaccept", "dropafteraccept", "nojson", "hang"})
SPOTS = frozenset({"poll", "delete", "output", "upload", "store", "organization", "usage"})
_WORD = re.compile(r"#([a-z]+)(?::([\w.:]+?))?(?:x(\d+))?[.,;!?]*")


class FaultUnknown(ValueError):
    """The text names no fault; the message says which."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One word: what happens, where, and how often; `times` None for always."""

    name: str
    value: str = ""
    times: int | None = None

    @property
    def spot(self) -> str:
        if self.name in TASK_WORDS:
            return TASK
        return CREATE if self.name in CREATE_WORDS else self.name


@dataclass(frozen=True, slots=True)
class RandomFault:
    """A fault that strikes by chance: `rate` of the calls at its spot."""

    fault: Fault
    rate: float


def parse_script(text: str) -> tuple[Fault, ...]:
    """The faults that a prompt asks for, in its order; other words are a prompt's own."""
    if "#" not in text:
        return ()
    found = (_parse_word(word) for word in text.split() if word.startswith("#"))
    return tuple(fault for fault in found if fault is not None)


def parse_rates(text: str) -> tuple[RandomFault, ...]:
    """`dropafteraccept=0.02,poll:503=0.1,fail:INTERNAL=0.05` as faults by chance. Raises `FaultUnknown`."""
    rates = []
    for part in filter(None, (item.strip() for item in text.split(","))):
        word, _, rate = part.rpartition("=")
        fault = _parse_word("#" + word)
        if fault is None or not re.fullmatch(r"\d*\.?\d+", rate) or not 0 <= float(rate) <= 1:
            raise FaultUnknown(part)
        rates.append(RandomFault(fault, float(rate)))
    return tuple(rates)


def number_of(value: str, otherwise: float) -> float:
    """A word's number, or what stands for it where none was given."""
    return float(value) if re.fullmatch(r"\d*\.?\d+", value) else otherwise


def _parse_word(word: str) -> Fault | None:
    match = _WORD.fullmatch(word)
    if match is None or match[1] not in TASK_WORDS | CREATE_WORDS | SPOTS:
        return None
    return Fault(match[1], match[2] or "", int(match[3]) if match[3] else None)
