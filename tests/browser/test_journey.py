"""Guarantee: a stranger signs up, proves the address, makes a key and a film, sees the charge and changes the key.

In both languages, at a desk and on a phone; every page on the way is checked for barriers, refusals of its own policy
and errors in the console.
"""

import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import expect

from doitong.words.catalogue import Words, words
from tests.browser.chromium import Visitor
from tests.browser.conftest import Arriving
from tests.system import System

PASSWORD = "four words are enough here"
FILM_MILLISECONDS = 60_000
KEY = re.compile(r"dk_live_[0-9a-z]{8}_[0-9A-Za-z]{49}")


async def press(visitor: Visitor, name: str) -> None:
    await visitor.page.get_by_role("button", name=name, exact=True).first.click()
    await visitor.page.wait_for_load_state("load")


async def sign_up(visitor: Visitor, say: Words, email: str) -> None:
    page = visitor.page
    await visitor.go("/dashboard/keys")
    await expect(page).to_have_url(re.compile(r"/dashboard/sign-in\?next="))
    await visitor.check()
    await page.get_by_role("link", name=say.say("Sign up")).first.click()
    await expect(page).to_have_url(re.compile("/dashboard/sign-up"))
    await visitor.check()
    await page.locator("[name=email]").fill(email)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("[name=name]").fill("Žiga Črnič")
    await press(visitor, say.say("Sign up"))
    await expect(page).to_have_url(re.compile("/dashboard/sign-up/sent"))
    await visitor.check()
    await visitor.go("/dashboard/mailbox")
    await visitor.check()
    await page.locator("article", has_text=email).locator("a[href*='/verify']").first.click()
    await expect(page).to_have_url(re.compile("/dashboard/verify"))
    await visitor.check()
    await press(visitor, say.say("Confirm and begin"))
    await expect(page).to_have_url(re.compile("/dashboard/studio"))


async def make_key(visitor: Visitor, say: Words) -> str:
    page = visitor.page
    await visitor.go("/dashboard/keys")
    await visitor.check()
    await page.locator("[name=name]").fill("Website")
    await press(visitor, say.say("Make a key"))
    await visitor.check()
    return shown_key(await page.content())


def shown_key(html: str) -> str:
    found = KEY.search(html)
    assert found is not None, "no key is shown"
    return found[0]


async def make_film(visitor: Visitor, say: Words, folder: Path) -> Path:
    page = visitor.page
    await visitor.go("/dashboard/studio")
    await visitor.check()
    await page.locator("[name=prompt]").fill("A lake at dawn, slow dolly in #delay=1.5")
    await press(visitor, say.say("Generate"))
    await expect(page.locator("video").first).to_be_visible(timeout=FILM_MILLISECONDS)
    await visitor.check()
    async with page.expect_download() as download:
        await page.get_by_role("link", name=say.say("Download")).first.click()
    path = folder / "film.mp4"
    await (await download.value).save_as(path)
    return path


async def replace_key(visitor: Visitor, say: Words) -> str:
    page = visitor.page
    await visitor.go("/dashboard/keys")
    await page.get_by_role("link", name="Website").first.click()
    await visitor.check()
    await page.locator("[name=overlap]").select_option("0")
    await press(visitor, say.say("Replace it"))
    await visitor.check()
    return shown_key(await page.content())


@pytest.mark.parametrize(("language", "wide"), [("en", True), ("sl", False)], ids=["english-desk", "slovenian-phone"])
async def test_a_stranger_makes_a_film(
    arriving: Arriving, system: System, tmp_path: Path, language: str, wide: bool
) -> None:
    say, email = words(language), f"ziga-{uuid4().hex[:8]}@example.com"
    async with arriving(language=language, wide=wide) as visitor:
        await sign_up(visitor, say, email)
        key = await make_key(visitor, say)
        film = await make_film(visitor, say, tmp_path)
        assert film.read_bytes()[4:8] == b"ftyp"

        await visitor.go("/dashboard/credits")
        await visitor.check()
        text = await visitor.page.locator("main").inner_text()
        assert "900" in text
        assert "100" in text

        await visitor.go("/dashboard/gallery")
        await visitor.check()
        assert await visitor.page.locator("main img").count() >= 1

        new = await replace_key(visitor, say)
        async with httpx.AsyncClient(base_url=system.url, trust_env=False) as client:
            assert (await client.get("/v1/account", headers={"X-API-Key": key})).status_code == 401
            assert (await client.get("/v1/account", headers={"X-API-Key": new})).status_code == 200

        for path in ("/dashboard/credits/usage", "/dashboard/limits", "/dashboard/webhooks", "/dashboard/team"):
            await visitor.go(path)
            await visitor.check()
