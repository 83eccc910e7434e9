"""What has to hold of all rows together, whatever has happened: counted again from the generations themselves."""

from typing import Any

COUNTERS = """
SELECT u.account_id, u.slots_used, u.ready, u.backlog,
       count(g.id) FILTER (WHERE g.holds_slot) AS counted_slots,
       count(g.id) FILTER (WHERE g.holds_slot AND g.stage = 'queued') AS counted_ready,
       count(g.id) FILTER (WHERE NOT g.holds_slot) AS counted_backlog
FROM account_usage u LEFT JOIN generation g ON g.account_id = u.account_id AND g.status = 'processing'
GROUP BY u.account_id
"""
HOLDS = """
SELECT g.id, g.status, g.credit_cost, h.state, h.captured FROM generation g LEFT JOIN hold h ON h.generation_id = g.id
WHERE h.state IS NULL OR (g.status = 'processing') <> (h.state = 'open')
    OR (g.status <> 'processing' AND h.captured <> g.credit_cost)
"""
EVENTS = """
SELECT g.id, g.status, count(e.id) AS events FROM generation g LEFT JOIN event e ON e.generation_id = g.id
GROUP BY g.id HAVING count(e.id) <> (CASE WHEN g.status = 'processing' THEN 0 ELSE 1 END)
"""


async def audit(app: Any) -> None:
    """Counters equal the rows, each hold stands as its generation does, each end is told once, the ledger agrees."""
    async with app.database.reading() as connection:
        for row in await connection.fetch(COUNTERS):
            assert tuple(row)[1:4] == tuple(row)[4:7], dict(row)
        assert [dict(row) for row in await connection.fetch(HOLDS)] == []
        assert [dict(row) for row in await connection.fetch(EVENTS)] == []
    assert await app.ledger.verify() == []
