"""Pure decisions about members: addresses of mail, passwords, links, tries, how long a session lasts."""

import base64
import re
import string
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

import idna

from doitong.core.errors import NO_CONTROL_CHARACTERS, DoitongError, InvalidParameter, rule, text_length

SESSION_LIFETIME = timedelta(days=14)  # from the last visit
SESSION_END = timedelta(days=30)  # from the sign-in, whatever was visited since
SEEN_PAUSE = timedelta(minutes=1)  # a visit is noted at most this often
SIGN_UP_LIFETIME = timedelta(days=3)
RESET_LIFETIME = timedelta(hours=1)
CHANGE_LIFETIME = timedelta(days=3)
INVITE_LIFETIME = timedelta(days=7)

SECRET_BYTES = 32
EMAIL_MAX = 254
NAME_MAX = 100
AGENT_MAX = 300
PASSWORD_MIN = 15  # characters
PASSWORD_MAX_BYTES = 4096
REPEATED_MAX = 4  # a password is not a short piece, said again and again
ACCOUNTS_MAX = 20  # of a member
FRESH_SIGN_IN = timedelta(minutes=15)
INVITATIONS_MAX = 50  # open ones of an account

TRIES_WINDOW = timedelta(minutes=15)
TRIES_BY_EMAIL = 10  # from one network, so that nobody locks somebody out from elsewhere
TRIES_ANYWHERE = 50  # on one address, from all networks together
TRIES_BY_NETWORK = 50
MAILS_WINDOW = timedelta(hours=1)
MAILS_BY_EMAIL = 4
MAILS_BY_NETWORK = 30
FAILURES_KEPT = timedelta(days=1)

EMAIL_RULE = rule("must be an e-mail address", "mora biti e-poštni naslov")
PASSWORD_SHORT = rule(
    "must have at least {minimum} characters", "mora imeti vsaj {minimum} znakov", minimum=PASSWORD_MIN
)
PASSWORD_LONG = rule(
    "must have at most {maximum} bytes", "sme imeti največ {maximum} bajtov", maximum=PASSWORD_MAX_BYTES
)
PASSWORD_TRIVIAL = rule(
    "must not be your address or one piece repeated", "ne sme biti vaš naslov ali ponavljanje istega"
)
PASSWORD_WRONG = rule("is not right", "ni pravilno")
_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_EMAIL = re.compile(r"""[^@\s,;:<>()\[\]\\"]+@(?:localhost|[^@\s,;:<>()\[\]\\"]+\.[^@\s,;:<>()\[\]\\"]+)""")


def digest(secret: str) -> bytes:
    """What is kept of a session's or a link's secret: SHA-256 is enough for 256 random bits."""
    return sha256(secret.encode()).digest()


def to_secret(random: bytes) -> str:
    """256 random bits as they stand in a cookie or a link."""
    assert len(random) == SECRET_BYTES
    return base64.urlsafe_b64encode(random).rstrip(b"=").decode()


def session_end(signed_in_at: datetime, now: datetime) -> datetime:
    """When a session that is visited now ends."""
    return min(now + SESSION_LIFETIME, signed_in_at + SESSION_END)


def email_key(email: str) -> str:
    """An address as it is compared, everywhere: letters A to Z are the same in both cases, a domain is what it is in
    the DNS (IDNA 2008), and everything else has to be the same character. What Unicode folds together (`ß` and `ss`,
    the Kelvin sign and `k`) may be two mailboxes. Never fails: what is no domain stands as it is."""
    local, at, domain = email.strip().rpartition("@")
    with suppress(UnicodeError):
        domain = _dns_name(domain)
    return f"{local}{at}{domain}".translate(_ASCII_LOWER)


def _dns_name(domain: str) -> str:
    """Raises UnicodeError (idna.IDNAError is one) for letters that no domain has."""
    return domain if domain.isascii() else idna.encode(domain).decode()


def credited(key: str) -> bytes:
    """What is kept of a mailbox that had sign-up credits: `name+tag@domain` is the mailbox of `name@domain`."""
    local, at, domain = key.rpartition("@")
    mailbox = f"{local[:1]}{local[1:].partition('+')[0]}{at}{domain}"
    return sha256(b"doitong sign-up credits\0" + mailbox.encode()).digest()


def check_email(email: str, parameter: str = "email") -> str:
    """The address without blanks around it, its domain as the DNS has it. Raises InvalidParameter."""
    email = email.strip()
    is_encoded = "=?" in email  # RFC 2047: a header would say another address than we read
    if len(email) > EMAIL_MAX or is_encoded or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise InvalidParameter(parameter, EMAIL_RULE)
    local, _, domain = email.rpartition("@")
    try:
        return f"{local}@{_dns_name(domain)}"
    except UnicodeError as error:
        raise InvalidParameter(parameter, EMAIL_RULE) from error


def check_name(name: str, parameter: str = "name") -> str:
    """A person's or an account's name, which may be empty. Raises InvalidParameter."""
    name = " ".join(name.split())
    if len(name) > NAME_MAX:
        raise InvalidParameter(parameter, text_length(0, NAME_MAX))
    if not name.isprintable():
        raise InvalidParameter(parameter, NO_CONTROL_CHARACTERS)
    return name


def normal_password(password: str) -> bytes:
    """The bytes that are hashed: one form for what looks the same on every keyboard (NIST SP 800-63B §5.1.1.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def check_password(password: str, email: str, parameter: str = "password") -> None:
    """Raises InvalidParameter for a password that is too short, too long, or no secret."""
    if len(password) < PASSWORD_MIN:
        raise InvalidParameter(parameter, PASSWORD_SHORT)
    if len(normal_password(password)) > PASSWORD_MAX_BYTES:
        raise InvalidParameter(parameter, PASSWORD_LONG)
    is_address = len(password) <= EMAIL_MAX and email_key(password) == email_key(email)
    if is_address or _period(password) <= REPEATED_MAX:
        raise InvalidParameter(parameter, PASSWORD_TRIVIAL)


def is_possible_password(password: str) -> bool:
    """Whether it could be one: longer ones are not hashed at all."""
    return len(normal_password(password)) <= PASSWORD_MAX_BYTES


def _period(text: str) -> int:
    """The length of the shortest piece that `text` is a repetition of, the last one cut off where it may be."""
    return next(size for size in range(1, len(text) + 1) if text[size:] == text[: len(text) - size])


def network_of(address: str) -> str:
    """Who is counted as one: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)


def tries_of(key: str, address: str) -> dict[str, int]:
    """What a try to sign in counts on, and how many each allows in TRIES_WINDOW."""
    network = network_of(address)
    return {
        f"pair {network} {key}": TRIES_BY_EMAIL,
        f"email {key}": TRIES_ANYWHERE,
        f"network {network}": TRIES_BY_NETWORK,
    }


def require_tries(failures: Sequence[datetime], most: int, window: timedelta, now: datetime) -> None:
    """`failures` are the latest ones, newest first. Raises TOO_MANY_TRIES when there are `most` in the window."""
    recent = [moment for moment in failures if moment > now - window]
    if len(recent) < most:
        return
    seconds = max(1, int((recent[most - 1] + window - now).total_seconds()) + 1)
    raise DoitongError("TOO_MANY_TRIES", retryAfter=seconds, minutes=-(-seconds // 60))
