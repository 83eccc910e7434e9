"""Guarantee: every page of the dashboard, full of things, has no barrier, no error and no refusal of its own policy, in
both languages and widths; and what people typed stays text on all of them.
"""

from collections.abc import Sequence

import pytest
from playwright.async_api import Browser
from screenshots.pages import PAGES, Shot
from screenshots.seed import Town, seed

from doitong.app import Application
from tests.browser.chromium import Visitor
from tests.browser.conftest import Arriving
from tests.system import System

HOSTILE = '"><img src=x onerror=document.title=1><svg/onload=alert(1)>{{7*7}}\u202e'
EXPECTED = ("404 (Not Found)", "403 (Forbidden)")


@pytest.fixture(scope="module")
def town(system: System) -> Town:
    return seed(system)


async def enter(visitor: Visitor, town: Town, shot: Shot, url: str, language: str) -> None:
    if not shot.is_signed_in:
        await visitor.go("about:blank")  # what the last page still asks for must not come without its cookie
        await visitor.context.clear_cookies()
    await visitor.context.add_cookies([{"name": "doitong_language", "value": language, "url": url}])
    if shot.is_signed_in:
        await visitor.context.add_cookies([{"name": "doitong_session", "value": town.session + shot.by, "url": url}])
    await visitor.go(shot.path.format_map(town.ids))


# every day each page in one look, in turns; all pages in all looks at length
LOOKS = [
    ("en", True, "english-desk"),
    ("sl", False, "slovenian-phone"),
    ("sl", True, "slovenian-desk"),
    ("en", False, "english-phone"),
]
DAILY = [pytest.param(*look, PAGES[place::2], id=name) for place, (*look, name) in enumerate(LOOKS[:2])]
WHOLE = [pytest.param(*look, PAGES, id=f"{name}-whole", marks=pytest.mark.slow) for *look, name in LOOKS]


@pytest.mark.parametrize(("language", "wide", "shots"), DAILY + WHOLE)
async def test_every_page_is_usable_by_everybody(
    arriving: Arriving, system: System, town: Town, language: str, wide: bool, shots: Sequence[Shot]
) -> None:
    async with arriving(language=language, wide=wide, dark=wide == (language == "sl")) as visitor:
        visitor.expected += EXPECTED
        for shot in shots:
            await enter(visitor, town, shot, system.url, language)
            assert await visitor.page.locator("html").get_attribute("lang") == language
            await visitor.check()


async def make_hostile(app: Application, account_id: str) -> None:
    """What people may write, everywhere that they may."""
    await app.keys.create(account_id, HOSTILE.replace("\u202e", ""))
    async with app.database.transaction() as connection:
        await connection.execute("UPDATE account SET name = $2 WHERE id = $1", account_id, HOSTILE)
        await connection.execute(
            "UPDATE member SET name = $2 WHERE id IN (SELECT member_id FROM membership WHERE account_id = $1)",
            *(account_id, HOSTILE),
        )
        await connection.execute("UPDATE generation SET prompt = $2 WHERE account_id = $1", account_id, HOSTILE)
        await connection.execute("UPDATE endpoint SET description = $2 WHERE account_id = $1", account_id, HOSTILE)
        await connection.execute("UPDATE session SET agent = $2 WHERE account_id = $1", account_id, HOSTILE)
        await connection.execute(
            "UPDATE delivery_attempt SET response = $2, error = $2 WHERE delivery_id IN"
            " (SELECT id FROM delivery WHERE account_id = $1)",
            *(account_id, HOSTILE),
        )


async def test_what_people_typed_stays_text(chromium: Browser, arriving: Arriving, system: System, town: Town) -> None:
    system.operator.use(lambda app: make_hostile(app, town.ids["account"]))
    shown = 0
    async with arriving(wide=True) as visitor:
        visitor.expected += EXPECTED
        for shot in PAGES:
            await enter(visitor, town, shot, system.url, "en")
            html = await visitor.page.content()
            shown += "&lt;img src=x" in html
            assert await visitor.page.locator("img[src=x], svg[onload]").count() == 0, shot.name
            assert await visitor.page.title() != "1", shot.name
            assert "49" not in (await visitor.page.locator("h1").first.inner_text()), shot.name
        await visitor.check()
    assert shown >= 10, "the strings are shown on hardly any page: this test sees nothing"
