"""Guarantees: a key has one form, a typo in it is found offline, and nobody gives rights they lack."""

import random
import re
from datetime import UTC, datetime, timedelta

import pytest

from doitong.core.errors import DoitongError, InvalidParameter
from doitong.keys import rules
from doitong.keys.model import ALL_SCOPES, CUSTOMER_SCOPES, Caller

FORM = re.compile(r"dk_live_[0-9a-z]{8}_[0-9A-Za-z]{32,}[0-9A-Za-z]{6}")
CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
KEYS = 1000


@pytest.fixture(scope="module")
def keys() -> list[str]:
    dice = random.Random(3)
    return [rules.make_secret(dice.getrandbits) for _ in range(KEYS)]


def test_every_key_has_the_form_and_is_its_own(keys: list[str]) -> None:
    assert all(FORM.fullmatch(key) and len(key) == rules.KEY_LENGTH for key in keys)
    assert len({key[17:] for key in keys}) == KEYS
    assert [rules.parse_prefix(key) for key in keys] == [key[:16] for key in keys]


def test_every_single_wrong_character_is_found(keys: list[str]) -> None:
    dice = random.Random(5)
    for key in keys:
        for position, right in enumerate(key):
            wrong = dice.choice(CHARACTERS.replace(right, ""))
            assert rules.parse_prefix(key[:position] + wrong + key[position + 1 :]) is None, (key, position)


def test_every_swap_of_neighbours_is_found(keys: list[str]) -> None:
    for key in keys:
        for position in range(len(key) - 1):
            left, right = key[position], key[position + 1]
            if left != right:
                swapped = key[:position] + right + left + key[position + 2 :]
                assert rules.parse_prefix(swapped) is None, (key, position)


def test_a_missing_or_doubled_character_is_found(keys: list[str]) -> None:
    for key in keys[:200]:
        for position in range(len(key)):
            assert rules.parse_prefix(key[:position] + key[position + 1 :]) is None
            assert rules.parse_prefix(key[:position] + key[position] + key[position:]) is None


@pytest.mark.parametrize(
    "presented",
    ["", " ", "dk_live_", "Bearer x", "dk_live_abcdefgh_" + "é" * 49, "x" * 100_000, "dk_live_" + "\0" * 58],
)
def test_what_is_no_key_has_no_prefix(presented: str) -> None:
    assert rules.parse_prefix(presented) is None


def test_a_key_with_a_line_break_is_no_key(keys: list[str]) -> None:
    assert rules.parse_prefix(keys[0] + "\n") is None
    assert rules.parse_prefix(" " + keys[0]) is None


def test_a_digest_needs_the_secret_of_the_installation(keys: list[str]) -> None:
    assert len(rules.digest(b"a" * 32, keys[0])) == 32
    assert rules.digest(b"a" * 32, keys[0]) != rules.digest(b"b" * 32, keys[0])


READER = frozenset({"generations:read", "keys:write"})


def test_a_key_gives_only_the_scopes_it_has() -> None:
    assert rules.choose_scopes(None, None) == CUSTOMER_SCOPES
    assert rules.choose_scopes(None, ALL_SCOPES) == CUSTOMER_SCOPES, "the operator's scope is given by name only"
    assert rules.choose_scopes(ALL_SCOPES, None) == ALL_SCOPES
    assert rules.choose_scopes(None, READER) == READER
    assert rules.choose_scopes(["generations:read"], READER) == {"generations:read"}
    with pytest.raises(DoitongError, match="FORBIDDEN") as refusal:
        rules.choose_scopes(["generations:read", "generations:write"], READER)
    assert refusal.value.extensions() == {"code": "FORBIDDEN", "scope": "generations:write"}


@pytest.mark.parametrize("scopes", [[], ["everything"], ["generations:read", "Generations:Write"]])
def test_unknown_scopes_are_refused(scopes: list[str]) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        rules.choose_scopes(scopes, None)
    assert refusal.value.details["parameter"] == "scopes"


@pytest.mark.parametrize("scope", sorted(ALL_SCOPES))
def test_a_caller_may_do_what_its_scopes_say_and_no_more(scope: str) -> None:
    def caller(scopes: frozenset[str]) -> Caller:
        return Caller("a", "dk_live_12345678", scopes, "free", {}, "en")

    caller(frozenset({scope})).require(scope)
    with pytest.raises(DoitongError) as refusal:
        caller(ALL_SCOPES - {scope}).require(scope)
    assert (refusal.value.status, refusal.value.extensions()) == (403, {"code": "FORBIDDEN", "scope": scope})


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\nb", "a\0b"])
def test_a_name_is_printable_and_bounded(name: str) -> None:
    with pytest.raises(InvalidParameter):
        rules.check_name(name)


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=31)])
def test_an_overlap_is_bounded(overlap: timedelta) -> None:
    with pytest.raises(InvalidParameter):
        rules.check_overlap(overlap)


@pytest.mark.parametrize("expires_at", [NOW, NOW - timedelta(seconds=1)])
def test_a_new_key_expires_in_the_future(expires_at: datetime) -> None:
    with pytest.raises(InvalidParameter):
        rules.check_expiry(expires_at, NOW)
