"""Guarantee: what a page shows of a film in the making is what becomes of it: canceled in place, through a network that
was away, from a picture that was dropped or pasted. And whoever signs out leaves nothing of theirs in the browser.
"""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.browser.chromium import Visitor
from tests.browser.conftest import Arriving
from tests.dashboard.conftest import add_member
from tests.system import Customer, System

OFFLINE = "ERR_INTERNET_DISCONNECTED"
Working = Callable[[], AbstractAsyncContextManager[tuple[Visitor, Customer]]]


@pytest.fixture
def working(arriving: Arriving, system: System) -> Working:
    """`async with working() as (visitor, customer)`: a member who is signed in, and a key of their account."""

    @asynccontextmanager
    async def work() -> AsyncIterator[tuple[Visitor, Customer]]:
        customer, secret = system.customer("pro", credits=5000), uuid4().hex
        system.operator.use(lambda app: add_member(app, customer.account_id, secret))
        async with arriving() as visitor:
            await visitor.context.add_cookies([{"name": "doitong_session", "value": secret, "url": system.url}])
            yield visitor, customer

    return work


async def generate(visitor: Visitor, prompt: str) -> None:
    await visitor.go("/dashboard/studio")
    await visitor.page.locator("[name=prompt]").fill(prompt)
    await visitor.page.locator("[data-press]").click()
    await expect(visitor.page.locator("[data-live]")).to_be_visible()


async def test_a_film_is_canceled_in_place_in_the_studio(working: Working) -> None:
    async with working() as (visitor, customer):
        await generate(visitor, "Fog over a lake #delay=60")
        await expect(visitor.page.locator("[data-left]")).not_to_contain_text("5,000")
        await visitor.page.locator("[data-live-cancel]").click()
        await expect(visitor.page.locator("[data-result]")).to_contain_text("Canceled. Its credits are back.")
        await expect(visitor.page.locator("[data-live]")).to_be_hidden()
        await expect(visitor.page.locator("[data-press]")).to_be_enabled()
        assert customer.credits()["available"] == 5000
        await visitor.check()


async def test_a_film_is_canceled_on_its_own_page(working: Working) -> None:
    async with working() as (visitor, customer):
        film = customer.submit("Fog over a lake #delay=60")["id"]
        await visitor.go(f"/dashboard/gallery/{film}")
        await visitor.page.get_by_role("button", name="Cancel it").click()
        dialog = visitor.page.get_by_role("dialog")
        await dialog.get_by_role("button", name="Go back").click()
        await expect(dialog).to_have_count(0)
        assert customer.get(f"/v1/generations/{film}").json()["data"]["generatevideo"]["status"] == "processing"
        await visitor.page.get_by_role("button", name="Cancel it").click()
        await dialog.get_by_role("button", name="Confirm").click()
        await expect(visitor.page.locator("main .badge").first).to_have_text("Canceled")
        await expect(visitor.page.locator("main")).to_contain_text("Canceled. Its credits are back.")
        assert customer.credits()["available"] == 5000
        await visitor.check()


async def test_the_live_part_goes_on_after_the_network_was_away(working: Working) -> None:
    async with working() as (visitor, customer):
        visitor.expected.append(OFFLINE)
        await generate(visitor, "A lake at dawn #delay=2")
        await expect(visitor.page.locator("[data-live-stage]")).not_to_be_empty()
        await visitor.context.set_offline(True)
        await expect(visitor.page.locator("[data-live-note]")).to_contain_text("connection")
        [film] = customer.get("/v1/generations").json()["data"]["generations"]
        assert (await asyncio.to_thread(customer.wait, film["id"]))["status"] == "completed"
        await expect(visitor.page.locator("[data-live]")).to_be_visible()
        await visitor.context.set_offline(False)
        await expect(visitor.page.locator("[data-result] video")).to_be_visible()
        assert any(OFFLINE in text for text in visitor.noticed), "the network was never away"
        await visitor.check()


def picture(width: int, height: int) -> str:
    out = BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


DROP = """async ([content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "lake.png", { type: "image/png" }));
  for (const name of ["dragover", "drop"])
    document.querySelector("[data-drop]").dispatchEvent(
      new DragEvent(name, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""
COPY = """async ([content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  await navigator.clipboard.write([new ClipboardItem({ "image/png": new Blob([bytes], { type: "image/png" }) })]);
}"""


@pytest.mark.parametrize("how", ["drop", "paste"])
async def test_a_picture_comes_by_drop_and_by_paste(working: Working, how: str) -> None:
    async with working() as (visitor, _):
        page = visitor.page
        await visitor.go("/dashboard/studio")
        await page.evaluate(DROP if how == "drop" else COPY, [picture(300, 540)])
        if how == "paste":
            await page.keyboard.press("Control+V")
        await expect(page.locator("[data-drop-full]")).to_be_visible()
        await expect(page.locator("[data-picture-note]")).to_have_text("300×540")
        await expect(page.locator("[name=image]")).to_have_value(re.compile("^[0-9a-z]{26}$"))
        await expect(page.locator("[name=aspectRatio][value='9:16']")).to_be_checked()  # the nearest
        await page.locator("[data-press]").click()
        await expect(page.locator("[data-result] video")).to_be_visible()
        await visitor.check()


async def test_signing_out_leaves_no_key_in_the_tab(working: Working) -> None:
    async with working() as (visitor, customer):
        await visitor.go("/dashboard/studio")
        await visitor.page.locator(".key-fold summary").click()
        await visitor.page.locator("[data-key]").fill(customer.key)
        await visitor.page.evaluate("localStorage.setItem('kept', 'here')")
        kept = "[JSON.stringify(sessionStorage), JSON.stringify(localStorage)].join()"
        assert customer.key in await visitor.page.evaluate(kept)
        await visitor.page.locator(".menu summary").click()
        await visitor.page.get_by_role("button", name="Sign out").click()
        await expect(visitor.page.locator(".notice")).to_have_text("You are signed out.")
        assert await visitor.page.evaluate(kept) == "{},{}"
        await visitor.page.go_back()
        await expect(visitor.page).to_have_url(re.compile("/dashboard/sign-in"))
        assert await visitor.page.evaluate(kept) == "{},{}"
        await visitor.check()


async def test_a_session_that_ended_elsewhere_leaves_no_key_either(working: Working) -> None:
    """No header comes here, as over http from another machine: the sign-in page's script alone."""
    async with working() as (visitor, customer):
        await visitor.go("/dashboard/studio")
        await visitor.page.evaluate("key => sessionStorage.setItem('doitong-key', key)", customer.key)
        await visitor.context.clear_cookies()
        await visitor.go("/dashboard/studio")
        await expect(visitor.page).to_have_url(re.compile("/dashboard/sign-in"))
        assert await visitor.page.evaluate("sessionStorage.length") == 0
