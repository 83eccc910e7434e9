"""The world of these tests: a whole API, with a stand-in of Stripe."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from doitong.core.clock import SteppedClock
from tests.audit.world import World
from tests.dashboard.conftest import signed_in_house
from tests.payments.standin import SECRET_KEY, WEBHOOK_SECRET, stripe_standin


@pytest_asyncio.fixture
async def world(dsn: str, tmp_path: Path, clock: SteppedClock) -> AsyncIterator[World]:
    async with stripe_standin() as stripe:
        shop = {
            "stripe_secret_key": SECRET_KEY,
            "stripe_webhook_secret": WEBHOOK_SECRET,
            "stripe_base_url": stripe.base_url,
        }
        async with signed_in_house(dsn, tmp_path, clock, is_operator=True, **shop) as house:
            yield World(house, clock, stripe)
