"""Guarantee: a mail goes out if and only if its fact was committed, and until the server has it or never will."""

import email
import email.policy
import socket
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import structlog.testing
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from doitong.core.clock import SteppedClock
from doitong.core.settings import Settings
from doitong.db.pool import Database
from doitong.mail import service as mail
from doitong.mail import store
from doitong.mail.model import VALUES, Kind, MailState
from doitong.mail.rules import PAUSES, TRIES_MAXIMUM
from doitong.mail.sender import LEASE, Mailer, SmtpServer

TO = "maja@example.si"
LINK = "https://films.example/dashboard/reset?code=abc"
SAMPLE: dict[str, Any] = {
    "link": LINK,
    "reset_link": "https://films.example/dashboard/forgot",
    "new_email": "new@example.si",
    "account": "Studio <Bled>",
    "inviter": "ana@example.si",
    "role": "developer",
    "available": 1234,
    "threshold": 2000,
    "url": "https://hooks.example/in",
    "credits": 5000,
    "amount": "45.00 EUR",
}


class Server:
    """An SMTP server on loopback; says `answers` one after the other, then takes everything."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.answers: list[str] = []
        self.at_recipient: list[str] = []

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.at_recipient:
            return self.at_recipient.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return "250 OK"


@pytest.fixture
def smtp() -> Iterator[tuple[Server, str]]:
    handler = Server()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, f"smtp://127.0.0.1:{port}"
    controller.stop()


def mailer(database: Database, clock: SteppedClock, url: str, **more: Any) -> Mailer:
    settings = Settings(smtp_url=url, mail_from="Doitong <films@films.example>", **more)
    return Mailer(database, clock, settings, lambda: 0.5)


async def write(
    database: Database, clock: SteppedClock, kind: Kind = Kind.RESET, language: str = "en", to: str = TO
) -> str:
    values = {name: SAMPLE[name] for name in VALUES[kind]}
    async with database.transaction() as connection:
        return await mail.write(connection, kind, to, language, values, clock.now())


async def row(database: Database, mail_id: str) -> Any:
    async with database.reading() as connection:
        return await connection.fetchrow("SELECT * FROM mail WHERE id = $1", mail_id)


async def jobs(database: Database) -> int:
    async with database.reading() as connection:
        found: int = await connection.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'mail'")
    return found


@pytest.mark.parametrize("language", ["en", "sl"])
@pytest.mark.parametrize("kind", list(Kind))
async def test_every_kind_reads_well_in_both_languages(
    database: Database, clock: SteppedClock, smtp: tuple[Server, str], kind: Kind, language: str
) -> None:
    handler, url = smtp
    mail_id = await write(database, clock, kind, language)
    assert await mailer(database, clock, url).send(mail_id) is None
    [message] = handler.taken
    assert message["To"] == TO
    assert message["From"] == "Doitong <films@films.example>"
    assert message["Message-ID"] == f"<{mail_id}@films.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == clock.now()
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert message.get_content_type() == "multipart/alternative"
    words = text.get_content()
    assert ("{" in words, "{" in message["Subject"]) == (False, False)
    if "link" in VALUES[kind]:
        assert LINK in words
        assert html.get_content().count(f'href="{LINK}"') == 2
    assert f'<html lang="{language}">' in html.get_content()
    assert "<Bled>" not in html.get_content()
    assert (await row(database, mail_id))["state"] == "sent"


async def test_the_languages_differ(database: Database, clock: SteppedClock) -> None:
    for kind in Kind:
        ids = [await write(database, clock, kind, language) for language in ("en", "sl")]
        english, slovenian = [await row(database, found) for found in ids]
        assert english["subject"] != slovenian["subject"], kind
        assert english["body_text"] != slovenian["body_text"], kind


async def test_what_is_rolled_back_is_never_told(database: Database, clock: SteppedClock) -> None:
    async def fail() -> None:
        async with database.transaction() as connection:
            await mail.write(connection, Kind.RESET, TO, "en", {"link": LINK}, clock.now())
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await jobs(database) == 0


async def test_what_was_sent_keeps_no_link_and_goes_once(
    database: Database, clock: SteppedClock, smtp: tuple[Server, str]
) -> None:
    handler, url = smtp
    mail_id, sender = await write(database, clock), mailer(database, clock, url)
    for _ in range(3):
        assert await sender.send(mail_id) is None
    assert len(handler.taken) == 1
    found = await row(database, mail_id)
    assert (found["body_text"], found["body_html"], found["due_at"]) == ("", "", None)


async def test_a_server_that_is_away_is_tried_again_on_schedule(database: Database, clock: SteppedClock) -> None:
    mail_id, sender = await write(database, clock), mailer(database, clock, "smtp://127.0.0.1:1")
    for number, pause in enumerate(PAUSES, start=1):
        await sender.send(mail_id)
        found = await row(database, mail_id)
        assert (found["state"], found["attempts"]) == ("pending", number)
        assert found["due_at"] - clock.now() == pause
        assert await jobs(database) == number + 1  # the first, and one for every next try
        clock.advance(pause)
    await sender.send(mail_id)
    found = await row(database, mail_id)
    assert (found["state"], found["attempts"], found["body_text"]) == ("failed", TRIES_MAXIMUM, "")


async def test_a_4xx_is_tried_again_with_the_same_id_and_a_5xx_is_not(
    database: Database, clock: SteppedClock, smtp: tuple[Server, str]
) -> None:
    handler, url = smtp
    sender, mail_id = mailer(database, clock, url), await write(database, clock)
    handler.at_recipient, handler.answers = ["450 greylisted"], ["451 later"]
    for _ in range(3):
        await sender.send(mail_id)
        clock.advance(timedelta(hours=1))
    [message] = handler.taken
    assert message["Message-ID"] == f"<{mail_id}@films.example>"
    for handler.at_recipient, handler.answers in ((["550 no such user"], []), ([], ["554 no spam"])):
        refused = await write(database, clock)
        await sender.send(refused)
        assert (await row(database, refused))["state"] == "failed"
    assert len(handler.taken) == 1


async def test_a_worker_killed_while_sending_leaves_the_mail_to_the_next(
    database: Database, clock: SteppedClock, smtp: tuple[Server, str]
) -> None:
    handler, url = smtp
    mail_id, sender = await write(database, clock), mailer(database, clock, url)
    async with database.transaction() as connection:  # the claim of a worker that dies now
        dead = await store.claim(connection, mail_id, clock.now(), clock.now() + LEASE)
    assert dead is not None
    assert await sender.send(mail_id) == LEASE  # not while the other may still be at it
    clock.advance(LEASE)
    assert await sender.send(mail_id) is None
    async with database.transaction() as connection:  # the dead one was only slow: what it knows comes too late
        assert not await store.end(connection, dead, MailState.FAILED, "late", clock.now())
    assert [message["Message-ID"] for message in handler.taken] == [f"<{mail_id}@films.example>"]


async def test_a_lost_job_is_found_and_old_mails_go(database: Database, clock: SteppedClock) -> None:
    mail_id, sender = await write(database, clock), mailer(database, clock, "")
    async with database.transaction() as connection:
        await connection.execute("DELETE FROM pgqueuer")
    clock.advance(timedelta(minutes=2))
    await sender.sweep()
    assert await jobs(database) == 1
    await sender.send(mail_id)
    clock.advance(timedelta(days=30, seconds=1))
    await sender.sweep()
    assert await row(database, mail_id) is None


@pytest.mark.parametrize("is_embedded", [True, False])
async def test_without_a_server_it_is_shown_and_a_link_is_logged_on_ones_own_machine_only(
    database: Database, clock: SteppedClock, is_embedded: bool
) -> None:
    mail_id = await write(database, clock)
    sender = mailer(database, clock, "", database_url="" if is_embedded else "postgresql://db/x")
    with structlog.testing.capture_logs() as logs:
        await sender.send(mail_id)
    assert (LINK in str(logs)) is is_embedded
    found = await row(database, mail_id)
    assert found["state"] == "shown"
    assert LINK in found["body_text"]


async def test_a_password_is_never_sent_in_the_clear(database: Database, clock: SteppedClock) -> None:
    server = SmtpServer("smtp://maja:geslo@mail.example:587")
    assert server.starts_tls is True
    assert SmtpServer("smtp://127.0.0.1:25").starts_tls is None  # where it is offered
    assert SmtpServer("smtps://maja:geslo@mail.example").starts_tls is False  # encrypted from the start
    with pytest.raises(ValueError, match="SMTP_URL"):
        SmtpServer("http://mail.example")


async def test_names_do_not_break_out_of_headers(
    database: Database, clock: SteppedClock, smtp: tuple[Server, str]
) -> None:
    handler, url = smtp
    values = {"link": LINK, "account": "A\r\nBcc: evil@example.si " + "x" * 300, "inviter": TO, "role": "viewer"}
    async with database.transaction() as connection:
        mail_id = await mail.write(connection, Kind.INVITE, TO, "en", values, clock.now())
    await mailer(database, clock, url).send(mail_id)
    [message] = handler.taken
    assert message["Bcc"] is None
    assert len(message["Subject"]) <= 150
