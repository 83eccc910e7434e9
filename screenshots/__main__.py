"""`python -m screenshots`: starts a system, fills it with a lively account, and takes every page in both languages,
both widths, light and dark, into build/screenshots, with an index page to look through them.
"""

import argparse
import asyncio
import html
from pathlib import Path

from playwright.async_api import Browser
from tests.browser.chromium import Visitor, opened_chromium
from tests.system import SCRIPTED, running

from screenshots.pages import PAGES, Shot
from screenshots.seed import Town, seed

OUT = Path(__file__).parents[1] / "build" / "screenshots"
LANGUAGES, WIDTHS, THEMES = ("en", "sl"), (True, False), (False, True)


async def _take_all(url: str, town: Town, chosen: list[Shot]) -> list[str]:
    names: list[str] = []
    async with opened_chromium() as browser:
        for language in LANGUAGES:
            for wide in WIDTHS:
                for dark in THEMES:
                    names += await _take(browser, url, town, chosen, language, wide, dark)
    return names


async def _take(
    browser: Browser, url: str, town: Town, chosen: list[Shot], language: str, wide: bool, dark: bool
) -> list[str]:
    names = []
    look = f"{language}-{'desk' if wide else 'phone'}-{'dark' if dark else 'light'}"
    async with Visitor.arriving(browser, url, "", language=language, wide=wide, dark=dark) as visitor:
        for shot in chosen:
            cookies = [{"name": "doitong_language", "value": language, "url": url}]
            if shot.is_signed_in:
                cookies.append({"name": "doitong_session", "value": town.session + shot.by, "url": url})
            await visitor.context.clear_cookies()
            await visitor.context.add_cookies(cookies)  # type: ignore[arg-type]
            await visitor.page.goto(shot.path.format_map(town.ids), wait_until="load")
            await visitor.page.wait_for_timeout(150)  # what a script draws
            name = f"{shot.name}-{look}.png"
            await visitor.page.screenshot(path=OUT / name, full_page=True)
            names.append(name)
            print(f"\r{len(names):3} {name:60}", end="", flush=True)
        for noticed in visitor.noticed:
            print(f"\n{look}: {noticed}")
    return names


def _write_index(names: list[str]) -> None:
    rows = "".join(
        f'<figure><a href="{html.escape(name)}"><img loading="lazy" src="{html.escape(name)}"></a>'
        f"<figcaption>{html.escape(name)}</figcaption></figure>"
        for name in sorted(names)
    )
    style = "body{font:14px system-ui;display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:1em}"
    style += "figure{margin:0}img{width:100%;border:1px solid #999}"
    (OUT / "index.html").write_text(f"<!doctype html><title>Doitong</title><style>{style}</style>{rows}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", help="pages to take; all when left out")
    given = parser.parse_args()
    unknown = set(given.names) - {shot.name for shot in PAGES}
    if unknown:
        parser.error(f"unknown page: {', '.join(sorted(unknown))}")
    OUT.mkdir(parents=True, exist_ok=True)
    chosen = [shot for shot in PAGES if not given.names or shot.name in given.names]
    with running(**SCRIPTED) as system:
        town = seed(system)
        names = asyncio.run(_take_all(system.url, town, chosen))
    _write_index(names)
    print(f"\n{OUT / 'index.html'}")


if __name__ == "__main__":
    main()
