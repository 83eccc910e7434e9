"""One Chromium for the run, and visitors who arrive at the running system."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
from playwright.async_api import Browser

from tests.browser.chromium import Visitor, install_axe, opened_chromium
from tests.system import System

Arriving = Callable[..., AbstractAsyncContextManager[Visitor]]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with opened_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
async def arriving(chromium: Browser, system: System) -> Arriving:
    """`async with arriving(language="sl", wide=False) as visitor`: somebody new comes to the system."""
    axe = await install_axe()

    def arrive(**how: object) -> AbstractAsyncContextManager[Visitor]:
        return Visitor.arriving(chromium, system.url, axe, **how)  # type: ignore[arg-type]

    return arrive
