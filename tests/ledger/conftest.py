import pytest
from bank import Bank

from doitong.core.clock import SteppedClock
from doitong.db.pool import Database


@pytest.fixture
def bank(database: Database, clock: SteppedClock) -> Bank:
    return Bank(database, clock)
