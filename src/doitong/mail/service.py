"""Mail as use cases: written with the change that it tells, read by the mailbox page.

    from doitong.mail import service as mail
    from doitong.mail.model import Kind

    await mail.write(connection, Kind.CREDITS_LOW, "ana@example.si", "sl", {"account": …, …}, now)

The row and its job are committed with the caller's transaction, or not at all; the worker sends it (`sender.py`).
What `values` a kind wants stands beside it in `model.py`.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from doitong.core.ids import RandomBits, new_id
from doitong.db.pool import Connection, Database
from doitong.db.queue import MAIL, enqueue
from doitong.mail import store
from doitong.mail.form import render
from doitong.mail.letters import compose
from doitong.mail.model import VALUES, Kind, Mail, MailState
from doitong.mail.rules import one_line
from doitong.words.catalogue import words

SUBJECT_CHARACTERS = 150
MAILBOX_LENGTH = 50


async def write(
    connection: Connection,
    kind: Kind,
    recipient: str,
    language: str,
    values: Mapping[str, Any],
    now: datetime,
    random_bits: RandomBits = secrets.randbits,
) -> str:
    """Write a mail and queue its sending in the caller's transaction; the mail's id."""
    assert values.keys() == VALUES[kind], f"{kind} wants {sorted(VALUES[kind])}, not {sorted(values)}"
    letter = compose(kind, words(language), values)
    text, html = render(letter, language)
    mail = Mail(
        id=new_id(now, random_bits),
        kind=kind,
        recipient=recipient,
        language=language,
        subject=one_line(letter.subject, SUBJECT_CHARACTERS),
        body_text=text,
        body_html=html,
        state=MailState.PENDING,
        attempts=0,
        created_at=now,
    )
    await store.insert_mail(connection, mail)
    await enqueue(connection, MAIL, [mail.id])
    return mail.id


class Mailbox:
    """The latest mails of an installation that has no mail server. Who reads it can take any account over:
    the door shows it to nobody but the machine itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def latest(self) -> list[Mail]:
        async with self._database.reading() as connection:
            return await store.list_latest(connection, MAILBOX_LENGTH)
