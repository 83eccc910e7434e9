"""Guarantee: the public pages are usable by everybody, on phone and desk, and keep their own policy."""

import pytest

from tests.browser.conftest import Arriving

PAGES = ("/", "/docs", "/errors", "/errors/INSUFFICIENT_CREDITS", "/graphql", "/dashboard/nothing-here")


@pytest.mark.parametrize(
    ("wide", "dark"),
    [
        pytest.param(True, False, id="desk-light"),
        pytest.param(False, True, id="phone-dark"),
        pytest.param(True, True, id="desk-dark", marks=pytest.mark.slow),
        pytest.param(False, False, id="phone-light", marks=pytest.mark.slow),
    ],
)
async def test_public_pages_have_no_barrier_and_no_error(arriving: Arriving, wide: bool, dark: bool) -> None:
    async with arriving(wide=wide, dark=dark, language="sl" if dark else "en") as visitor:
        visitor.expected.append("404 (Not Found)")
        for path in PAGES:
            await visitor.go(path)
            await visitor.check()
