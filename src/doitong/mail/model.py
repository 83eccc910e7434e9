"""What a mail is: a letter of one kind to one address, and how far its sending has come."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a mail tells. Beside each: the `values` that `mail.write` wants for it.

    `link` is a whole address (https://…/dashboard/…); other values are shown as they are.
    """

    VERIFY = "verify"  # link
    SIGN_UP_KNOWN = "sign_up_known"  # link (to sign in), reset_link
    RESET = "reset"  # link
    CHANGE_EMAIL = "change_email"  # link; to the new address
    CHANGE_EMAIL_NOTICE = "change_email_notice"  # new_email, link (to the profile); to the old address
    INVITE = "invite"  # link, account, inviter, role ("owner", "developer", "viewer")
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a word; link (to reset)
    CREDITS_LOW = "credits_low"  # account, available (int), threshold (int), link
    ENDPOINT_DISABLED = "endpoint_disabled"  # account, url, link
    PAYMENT_RECEIVED = "payment_received"  # account, credits (int), amount (text such as "10.00 EUR"), link
    ACCOUNT_DELETED = "account_deleted"  # account


VALUES: dict[Kind, frozenset[str]] = {
    Kind.VERIFY: frozenset({"link"}),
    Kind.SIGN_UP_KNOWN: frozenset({"link", "reset_link"}),
    Kind.RESET: frozenset({"link"}),
    Kind.CHANGE_EMAIL: frozenset({"link"}),
    Kind.CHANGE_EMAIL_NOTICE: frozenset({"new_email", "link"}),
    Kind.INVITE: frozenset({"link", "account", "inviter", "role"}),
    Kind.PASSWORD_CHANGED: frozenset({"link"}),
    Kind.CREDITS_LOW: frozenset({"account", "available", "threshold", "link"}),
    Kind.ENDPOINT_DISABLED: frozenset({"account", "url", "link"}),
    Kind.PAYMENT_RECEIVED: frozenset({"account", "credits", "amount", "link"}),
    Kind.ACCOUNT_DELETED: frozenset({"account"}),
}


class MailState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"  # given up
    SHOWN = "shown"  # there is no mail server: it stands in the mailbox page


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, in one language, before it has a form. `extra` is a second address, under the small print."""

    subject: str
    lines: tuple[str, ...]
    button: str | None = None
    link: str | None = None
    small_print: tuple[str, ...] = ()
    extra: str | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A row. What was sent keeps no body: links in it open accounts."""

    id: str
    kind: Kind
    recipient: str
    language: str
    subject: str
    body_text: str = field(repr=False)
    body_html: str = field(repr=False)
    state: MailState
    attempts: int
    created_at: datetime
    error: str | None = None
