"""Pure decisions about mail: when to try again, when to give up, how long a mail is kept."""

from datetime import timedelta

from doitong.mail.model import MailState

PAUSES = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=12),
)
TRIES_MAXIMUM = len(PAUSES) + 1
JITTER = 0.2
KEPT_FOR = timedelta(days=30)
ERROR_CHARACTERS = 300


def next_step(attempts: int, is_permanent: bool, random_unit: float) -> tuple[MailState, timedelta | None]:
    """What becomes of a mail whose try number `attempts` failed; `random_unit` is in [0, 1)."""
    if is_permanent or attempts >= TRIES_MAXIMUM:
        return MailState.FAILED, None
    return MailState.PENDING, PAUSES[attempts - 1] * (1 + JITTER * (2 * random_unit - 1))


def one_line(text: str, maximum: int) -> str:
    """Text that cannot break out of a header line, and is no longer than `maximum` characters."""
    plain = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return plain if len(plain) <= maximum else plain[: maximum - 1] + "…"
