"""The step behind a MAIL job: claim, send by SMTP, settle.

At least once where it cannot know (killed between the server's word and ours), with one Message-ID a mail, so that
mailboxes can tell; never again once it was recorded as sent. No transaction is open while sending.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import structlog

from doitong.core.clock import Clock
from doitong.core.settings import Settings
from doitong.db.pool import Database
from doitong.db.queue import MAIL, enqueue, enqueue_absent
from doitong.mail import rules, store
from doitong.mail.model import Mail, MailState

TIMEOUT_SECONDS = 30.0
LEASE = timedelta(seconds=2 * TIMEOUT_SECONDS)
CLOCK_SKEW = timedelta(seconds=60)
SWEEP_GRACE = timedelta(seconds=60)
SWEEP_LIMIT = 500
PERMANENT = range(500, 600)
PORTS = {"smtp": 587, "smtps": 465}

_log = structlog.get_logger(__name__)


class Refusal(Exception):
    """Why a try failed. `is_permanent`: the server will never take this mail."""

    def __init__(self, text: str, *, is_permanent: bool = False) -> None:
        super().__init__(text)
        self.is_permanent = is_permanent


class Mailer:
    """Sends mails; one a worker process. `random_unit` gives [0, 1)."""

    def __init__(self, database: Database, clock: Clock, settings: Settings, random_unit: Callable[[], float]) -> None:
        self._database, self._clock, self._settings = database, clock, settings
        self._random_unit = random_unit
        self._server = SmtpServer(settings.smtp_url) if settings.smtp_url else None

    async def send(self, mail_id: str) -> timedelta | None:
        """Make the due try. A returned pause asks for this job again; the next try of the schedule has a job."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            mail = await store.claim(connection, mail_id, now, now + LEASE)
            if mail is None:
                due_at = await store.due_at(connection, mail_id)
                pause = max(due_at - now, timedelta(0)) if due_at else None
                return pause if pause is not None and pause <= max(LEASE, CLOCK_SKEW) else None
        if self._server is None:
            await self._end(mail, MailState.SHOWN, None)
            self._show(mail)
            return None
        try:
            await self._server.send(to_message(mail, self._settings.mail_from, now))
        except Refusal as refusal:
            await self._failed(mail, refusal)
        else:
            await self._end(mail, MailState.SENT, None)
        return None

    async def sweep(self, limit: int = SWEEP_LIMIT) -> None:
        """Queue again what lost its job; delete what ended long ago."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await enqueue_absent(connection, MAIL, await store.overdue(connection, now - SWEEP_GRACE, limit))
            await store.purge(connection, now, rules.KEPT_FOR, limit)

    async def _failed(self, mail: Mail, refusal: Refusal) -> None:
        error = rules.one_line(str(refusal), rules.ERROR_CHARACTERS)
        state, pause = rules.next_step(mail.attempts, refusal.is_permanent, self._random_unit())
        _log.warning("mail_not_sent", mail_id=mail.id, kind=mail.kind, state=state, attempts=mail.attempts, error=error)
        if pause is None:
            await self._end(mail, state, error)
            return
        async with self._database.transaction() as connection:
            if await store.put_off(connection, mail, error, self._clock.now() + pause):
                await enqueue(connection, MAIL, [mail.id], delay=pause)

    async def _end(self, mail: Mail, state: MailState, error: str | None) -> None:
        async with self._database.transaction() as connection:
            await store.end(connection, mail, state, error, self._clock.now())

    def _show(self, mail: Mail) -> None:
        """On one's own machine the log is one's own, and the link may stand there; elsewhere it may not."""
        link = next((line for line in mail.body_text.splitlines() if line.startswith(("http://", "https://"))), None)
        more = {"link": link} if self._settings.is_embedded and link else {}
        _log.info("mail_shown", mail_id=mail.id, kind=mail.kind, subject=mail.subject, recipient=mail.recipient, **more)


def to_message(mail: Mail, mail_from: str, now: datetime) -> EmailMessage:
    """The mail as it travels. Its Message-ID comes from its id, so every try carries the same."""
    domain = parseaddr(mail_from)[1].rpartition("@")[2] or "localhost"
    message = EmailMessage()
    message["From"] = mail_from
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{mail.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = mail.language
    message.set_content(mail.body_text)
    message.add_alternative(mail.body_html, subtype="html")
    return message


class SmtpServer:
    """The operator's mail server: smtp:// (STARTTLS where offered, demanded for a password), smtps://."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("DOITONG_SMTP_URL must be smtp://… or smtps://…")
        self._host, self._port = parts.hostname, parts.port or PORTS[parts.scheme]
        self._is_tls = parts.scheme == "smtps"
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")

    @property
    def starts_tls(self) -> bool | None:
        """Whether STARTTLS has to be: None is where it is offered."""
        if self._is_tls:
            return False
        return True if self._user and not _is_loopback(self._host) else None

    async def send(self, message: EmailMessage) -> None:
        """Raises Refusal."""
        import aiosmtplib  # noqa: PLC0415 (workers only, and of these the ones with a server)

        try:
            await aiosmtplib.send(
                message,
                hostname=self._host,
                port=self._port,
                username=self._user or None,
                password=self._password or None,
                use_tls=self._is_tls,
                start_tls=self.starts_tls,
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [refused.code for refused in error.recipients]
            raise Refusal(str(error), is_permanent=all(code in PERMANENT for code in codes)) from error
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as error:
            raise Refusal(f"{error.code} {error.message}", is_permanent=error.code in PERMANENT) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise Refusal(f"{type(error).__name__}: {error}") from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
