import pytest

from doitong.core.clock import SteppedClock
from doitong.db.pool import Database
from tests.ledger.bank import Bank


@pytest.fixture
def bank(database: Database, clock: SteppedClock) -> Bank:
    return Bank(database, clock)
