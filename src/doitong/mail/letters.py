"""What each kind of mail says. One function a kind; the words are translated by the reader's catalogue."""

from collections.abc import Callable, Mapping
from typing import Any

from doitong.mail.model import Kind, Letter
from doitong.mail.rules import one_line
from doitong.words.catalogue import Words

NAME_CHARACTERS = 60  # of a name that somebody else chose: a mail is no place for their text
Values = Mapping[str, Any]


def compose(kind: Kind, words: Words, values: Values) -> Letter:
    """The letter of a kind in one language."""
    return _LETTERS[kind](words, values)


def _name(values: Values, key: str) -> str:
    return one_line(str(values[key]), NAME_CHARACTERS)


def _verify(words: Words, values: Values) -> Letter:
    return Letter(
        words.say("Confirm your address"),
        (words.say("Welcome to Doitong. Confirm that this address is yours, and your account is ready."),),
        words.say("Confirm the address"),
        values["link"],
        (
            words.say("The link is good for three days, once."),
            words.say("If you did not sign up, leave this mail alone: nothing happens without the link."),
        ),
    )


def _sign_up_known(words: Words, values: Values) -> Letter:
    return Letter(
        words.say("You have an account already"),
        (
            words.say("Somebody, probably you, signed up at Doitong with this address. It has an account already."),
            words.say("Sign in with your password. If you do not know it any more, choose a new one below."),
        ),
        words.say("Sign in"),
        values["link"],
        (words.say("If it was not you, there is nothing to do."), words.say("Choose a new password:")),
        values["reset_link"],
    )


def _reset(words: Words, values: Values) -> Letter:
    return Letter(
        words.say("Choose a new password"),
        (words.say("Somebody, probably you, asked for a new password for this address."),),
        words.say("Choose a new password"),
        values["link"],
        (
            words.say("The link is good for one hour, once."),
            words.say("If it was not you, leave this mail alone: your password stays as it is."),
        ),
    )


def _change_email(words: Words, values: Values) -> Letter:
    return Letter(
        words.say("Confirm your new address"),
        (words.say("This address is to become the one that you sign in with at Doitong. Confirm that it is yours."),),
        words.say("Confirm the address"),
        values["link"],
        (
            words.say("The link is good for three days, once."),
            words.say("If you did not ask for this, leave this mail alone: nothing changes without the link."),
        ),
    )


def _change_email_notice(words: Words, values: Values) -> Letter:
    return Letter(
        words.say("Your address is about to change"),
        (
            words.say(
                "You asked to sign in with {email} from now on. It counts as soon as that address is confirmed.",
                email=one_line(str(values["new_email"]), 254),
            ),
        ),
        words.say("Profile and security"),
        values["link"],
        (words.say("If it was not you, change your password now and sign out all other sessions."),),
    )


def _invite(words: Words, values: Values) -> Letter:
    roles = {
        "owner": words.say("You will be an owner: films, keys, payments and members."),
        "developer": words.say("You will be a developer: films, keys and webhooks."),
        "viewer": words.say("You will be a viewer: you see everything and change nothing."),
    }
    return Letter(
        words.say("Invitation to {account}", account=_name(values, "account")),
        (
            words.say(
                "{inviter} invites you to the account {account} at Doitong.",
                inviter=one_line(str(values["inviter"]), 254),
                account=_name(values, "account"),
            ),
            roles[str(values["role"])],
        ),
        words.say("See the invitation"),
        values["link"],
        (
            words.say("The link is good for seven days, once."),
            words.say("If you do not know who this is, leave this mail alone."),
        ),
    )


def _password_changed(words: Words, values: Values) -> Letter:
    return Letter(
        words.say("Your password was changed"),
        (words.say("The password of this address was changed, and all other sessions were signed out."),),
        words.say("Choose a new password"),
        values["link"],
        (words.say("If it was not you, choose a new password now."),),
    )


def _credits_low(words: Words, values: Values) -> Letter:
    return Letter(
        words.say("Credits are running low: {account}", account=_name(values, "account")),
        (
            words.say(
                "The account {account} has {available} credits left. You wanted to know when there are fewer"
                " than {threshold}.",
                account=_name(values, "account"),
                available=words.number(values["available"]),
                threshold=words.number(values["threshold"]),
            ),
        ),
        words.say("See the credits"),
        values["link"],
        (words.say("You are told once, and again after the balance was higher in between."),),
    )


def _endpoint_disabled(words: Words, values: Values) -> Letter:
    return Letter(
        words.say("A webhook endpoint was switched off"),
        (
            words.say(
                "For five days nothing could be delivered to {url} of the account {account}. It was switched off.",
                url=one_line(str(values["url"]), 300),
                account=_name(values, "account"),
            ),
            words.say("When it works again, switch it on and send again what it missed."),
        ),
        words.say("See the endpoint"),
        values["link"],
    )


def _payment_received(words: Words, values: Values) -> Letter:
    return Letter(
        words.say("Payment received"),
        (
            words.say(
                "Thank you. We received {amount}, and the account {account} has {credits} more credits.",
                amount=one_line(str(values["amount"]), 40),
                account=_name(values, "account"),
                credits=words.number(values["credits"]),
            ),
        ),
        words.say("See the credits"),
        values["link"],
    )


def _account_deleted(words: Words, values: Values) -> Letter:
    return Letter(
        words.say("The account {account} was deleted", account=_name(values, "account")),
        (
            words.say("Its keys are revoked, its endpoints switched off; its films and pictures are being removed."),
            words.say("The ledger of its credits is kept, as the law wants it, without your name."),
        ),
    )


_LETTERS: Mapping[Kind, Callable[[Words, Values], Letter]] = {
    Kind.VERIFY: _verify,
    Kind.SIGN_UP_KNOWN: _sign_up_known,
    Kind.RESET: _reset,
    Kind.CHANGE_EMAIL: _change_email,
    Kind.CHANGE_EMAIL_NOTICE: _change_email_notice,
    Kind.INVITE: _invite,
    Kind.PASSWORD_CHANGED: _password_changed,
    Kind.CREDITS_LOW: _credits_low,
    Kind.ENDPOINT_DISABLED: _endpoint_disabled,
    Kind.PAYMENT_RECEIVED: _payment_received,
    Kind.ACCOUNT_DELETED: _account_deleted,
}
