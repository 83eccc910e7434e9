"""Guarantee: two addresses are one only where they are one mailbox; a mailbox has its sign-up credits once."""

import pytest

from doitong.core.errors import InvalidParameter
from doitong.members.rules import check_email, credited, email_key

KELVIN = "\N{KELVIN SIGN}"


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("maja@example.si", " Maja@EXAMPLE.si "),
        ("ana@čebela.si", "ana@xn--ebela-gya.si"),
        ("ana@localhost", "ANA@LocalHost"),
    ],
)
def test_one_mailbox_is_one_address(one: str, another: str) -> None:
    assert email_key(one) == email_key(another)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("strauss@example.de", "strauß@example.de"),
        ("maja.k@example.si", f"maja.{KELVIN}@example.si"),
        ("ana@strasse.de", "ana@straße.de"),
        ("ana@kranj.si", f"ana@{KELVIN}ranj.si"),
        ("fil@example.si", "\N{LATIN SMALL LIGATURE FI}l@example.si"),
        ("i@example.si", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}@example.si"),
        ("maja+one@example.si", "maja@example.si"),
    ],
)
def test_what_only_unicode_folds_together_stays_apart(one: str, another: str) -> None:
    assert email_key(one) != email_key(another)


@pytest.mark.parametrize("email", [f"ana@{KELVIN}ranj.si", "ana@\u2603.si", "ana@-.č.si", "ana@č\u200d.si"])
def test_what_no_domain_has_is_no_address(email: str) -> None:
    with pytest.raises(InvalidParameter):
        check_email(email)
    assert email_key(email)  # never fails


def test_a_domain_is_kept_as_the_dns_has_it() -> None:
    assert check_email("Ana@čebela.si") == "Ana@xn--ebela-gya.si"


def test_a_tag_is_no_mailbox_of_its_own() -> None:
    assert credited("maja+1@example.si") == credited("maja+1+2@example.si") == credited("maja@example.si")
    assert credited("+1@example.si") != credited("+2@example.si")
    assert credited("maja@one+two.si") != credited("maja@one.si")
