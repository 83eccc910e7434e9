"""The script in a prompt: words that begin with `#`.

| word | what happens |
|---|---|
| `#delay=SECONDS` | the film takes this long (default 0.3) |
| `#transient=N` | the first N attempts fail with an error that another attempt may not have |
| `#fail` | fails for good; credits are released |
| `#moderated` | refused by content policy after the upstream charged |
| `#refuse` | the engine refuses the task at submission, for good |
| `#lost-answer` | the task is accepted, but the answer is lost; the engine can tell afterwards |
| `#lost-forever` | the same, and the engine cannot tell: the generation becomes `unknown` |
| `#lost-task` | the engine forgets the task of the first attempt |
| `#wrong-size` | the film that comes is not the one that was asked for |
"""

from dataclasses import dataclass

DELAY_MAXIMUM_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Script:
    """What the engine is to do; see the module's table."""

    delay_seconds: float = 0.3
    transient_attempts: int = 0
    words: frozenset[str] = frozenset()


def parse_script(prompt: str) -> Script:
    """Reads the script; what is not understood is ignored, as in any prompt."""
    delay_seconds, transient_attempts, words = 0.3, 0, set()
    for word in (part[1:] for part in prompt.split() if part.startswith("#")):
        name, _, value = word.partition("=")
        if name == "delay" and _is_number(value):
            delay_seconds = min(float(value), DELAY_MAXIMUM_SECONDS)
        elif name == "transient" and value.isdigit():
            transient_attempts = int(value)
        else:
            words.add(name)
    return Script(delay_seconds, transient_attempts, frozenset(words))


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
