"""A worker process for `test_kills`: delivers what is due until it is killed. Arguments: DSN, lease in seconds."""

import asyncio
import sys
from datetime import timedelta

from doitong.core.clock import SystemClock
from doitong.db.pool import Database
from doitong.egress.client import EgressClient
from doitong.egress.model import EgressPolicy
from doitong.webhooks.deliver import Deliverer

DUE = """
SELECT id FROM delivery WHERE state = 'pending' AND due_at <= now() AND (lease_until IS NULL OR lease_until <= now())
ORDER BY random() LIMIT 8
"""


async def main(dsn: str, lease_seconds: float) -> None:
    database = await Database.connect(dsn)
    egress = EgressClient(EgressPolicy.from_ranges([], is_loopback_allowed=True))
    lease = timedelta(seconds=lease_seconds)
    deliverer = Deliverer(database, egress, SystemClock(), lambda: 0.5, lease=lease)
    print("ready", flush=True)
    while True:
        async with database.reading() as connection:
            due = [row["id"] for row in await connection.fetch(DUE)]
        await asyncio.gather(*(deliverer.deliver(delivery_id) for delivery_id in due))


asyncio.run(main(sys.argv[1], float(sys.argv[2])))
