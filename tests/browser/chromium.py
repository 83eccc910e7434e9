"""Debian's Chromium, driven by Playwright, and a visitor who notices what goes wrong on a page.

A visitor keeps what the console said, what the content policy refused and what a script threw: `check` fails for any
of it, and for what axe-core finds serious.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

NODE = Path(__file__).with_name("node")
AXE = NODE / "node_modules/axe-core/axe.min.js"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
INSTALL_SECONDS = 120
PATIENCE_MILLISECONDS = 30_000  # the machine may be busy with other tests
SERIOUS = {"serious", "critical"}
WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`));
"""


def find_chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("CHROMIUM IS NOT INSTALLED: the pages were not looked at (Debian: apt-get install chromium)")
    return found


@asynccontextmanager
async def opened_chromium() -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def install_axe() -> str:
    """axe-core's source, installed once beside the tests from its lock file."""
    if not AXE.exists():
        if shutil.which("npm") is None:
            pytest.skip("NPM IS NOT INSTALLED: axe-core was not run")
        child = await asyncio.create_subprocess_exec(
            "npm", "ci", "--ignore-scripts", cwd=NODE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await asyncio.wait_for(child.communicate(), INSTALL_SECONDS)
        if child.returncode != 0:
            pytest.skip(f"AXE-CORE CANNOT BE INSTALLED HERE, and was not run: {output.decode()[-300:]}")
    return AXE.read_text()


class Visitor:
    """One person with a browser: a context of its own, one page, and what was noticed on it."""

    def __init__(self, context: BrowserContext, page: Page, axe: str) -> None:
        self.context, self.page, self._axe = context, page, axe
        self.noticed: list[str] = []
        self.expected: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.noticed.append(f"thrown: {error}"))

    @classmethod
    @asynccontextmanager
    async def arriving(
        cls, browser: Browser, url: str, axe: str, *, language: str = "en", wide: bool = True, dark: bool = False
    ) -> AsyncIterator["Visitor"]:
        context = await browser.new_context(
            base_url=url,
            locale={"en": "en-GB", "sl": "sl-SI"}[language],
            viewport=DESK if wide else PHONE,
            has_touch=not wide,
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
        await context.add_init_script(WATCH)
        try:
            yield cls(context, await context.new_page(), axe)
        finally:
            await context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            where = message.location.get("url", "") if message.location else ""
            self.noticed.append(f"{message.type}: {message.text} ({where})")

    async def go(self, path: str) -> None:
        await self.page.goto(path, wait_until="load")

    async def check(self) -> None:
        """Nothing in the console, nothing refused, nothing that axe-core calls serious, nothing wider than the page."""
        await self.page.wait_for_load_state("load")
        where = self.page.url
        noticed = [text for text in self.noticed if not any(part in text for part in self.expected)]
        assert noticed == [], f"{where}: {noticed}"
        root = "document.documentElement"
        overflow = await self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
        assert overflow <= 0, f"{where} is {overflow} pixels wider than the window"
        # a word that only screen readers get may stand a pixel outside
        hidden = await self.page.evaluate(
            "[...document.querySelectorAll('table.rows')].map((rows) => rows.closest('.scroll'))"
            ".filter((around) => around.scrollWidth > around.clientWidth + 4).map((around) => around.ariaLabel)"
        )
        assert hidden == [], f"{where}: columns of {hidden} are out of sight"
        barriers = await self.find_barriers()
        assert barriers == [], f"{where}: {barriers}"

    async def find_barriers(self) -> list[str]:
        """What axe-core finds serious or critical on the page as it is now."""
        await self.page.evaluate(self._axe)
        found: dict[str, Any] = await self.page.evaluate(
            "axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})"
        )
        return [
            f"{rule['id']}: {json.dumps([node['html'][:160] for node in rule['nodes'][:3]])}"
            f" {rule['nodes'][0]['failureSummary'][:200]}"
            for rule in found["violations"]
            if rule["impact"] in SERIOUS
        ]
