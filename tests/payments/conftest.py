"""An application that sells credits, against a stand-in of Stripe."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from doitong.app import Application
from doitong.core.clock import SteppedClock
from doitong.core.settings import Settings
from tests.payments.standin import SECRET_KEY, WEBHOOK_SECRET, StripeStandIn, stripe_standin


@pytest.fixture
async def stripe() -> AsyncIterator[StripeStandIn]:
    async with stripe_standin() as opened:
        yield opened


@pytest.fixture
async def shop(dsn: str, clock: SteppedClock, tmp_path: Path, stripe: StripeStandIn) -> AsyncIterator[Application]:
    settings = Settings(
        database_url=dsn,
        data_dir=tmp_path,
        stripe_secret_key=SECRET_KEY,
        stripe_webhook_secret=WEBHOOK_SECRET,
        stripe_base_url=stripe.base_url,
        credit_packs="1000=10.00,5000=45.50 EUR",
    )
    application = await Application.open(settings, clock)
    yield application
    await application.close()
