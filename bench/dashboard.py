"""How long the dashboard's pages take with 100,000 generations in the account, beside a bare JSON route."""

import asyncio
import http.client
import statistics
import time
from typing import Any

from bench.growth import fill
from bench.system import System, free_port
from doitong.app import Application
from doitong.core.settings import Settings
from doitong.doors.dashboard.route import Access
from doitong.doors.dashboard.sections import ROUTES
from doitong.members.rules import digest

STORED = 100_000
VISITS = 25
SECRET = "bench"
# files, pages that wait for news, and what is about one payment
NOT_MEASURED = (".csv", ".zip", "/export", "/state", "/events", "/thanks")

_MEMBER = """
INSERT INTO member (id, email, email_key, name, password, is_operator, created_at, verified_at)
VALUES ('bench', 'bench@example.com', 'bench@example.com', 'Bench', 'none', true, now(), now())
"""
_MEMBERSHIP = "INSERT INTO membership (account_id, member_id, role, created_at) VALUES ($1, 'bench', 'owner', now())"
_SESSION = """
INSERT INTO session (id, digest, member_id, account_id, created_at, last_seen_at, expires_at, address, agent)
VALUES ('bench', $2, 'bench', $1, now(), now(), now() + interval '1 day', '127.0.0.1', 'bench')
"""
_LEDGER = """
INSERT INTO ledger_transfer (account_id, kind, amount, generation_id, available_after, held_after, created_at)
SELECT $1, 'hold', 100, id, 1000000, 100, created_at FROM generation WHERE account_id = $1
"""
_USAGE = """
INSERT INTO usage_day (account_id, day, service, quality, key_prefix, engine, completed, credits, seconds)
SELECT $1, current_date - n, 'runway', 'standard', 'bench', 'studio', 300, 30000, 1500 FROM generate_series(0, 365) n
"""


def measure(system: System) -> dict[str, dict[str, float]]:
    """Milliseconds (median and slowest of 25) by page; pages about one thing are asked for a stored generation."""
    asyncio.run(fill(system.dsn, system.account_id, 1, STORED))
    asyncio.run(_enter(system))
    hello_port = free_port()
    system.start("hello", "-m", "bench.hello", str(hello_port))
    system.wait_until_answers("/json", hello_port)
    try:
        rows = {"bare JSON route": _visit(hello_port, "/json")}
    finally:
        system.stop("hello")
    for path in _pages():
        rows[path] = _visit(system.port, f"/dashboard{path}")
    rows["/gallery?q=lighthouse (in no prompt)"] = _visit(system.port, "/dashboard/gallery?q=lighthouse")
    return rows


def _pages() -> list[str]:
    """Every page that shows something of the account, or of all accounts."""
    chosen = [route for route in ROUTES if route.method == "GET" and route.access is not Access.OPEN]
    paths = [route.path for route in chosen if not route.path.endswith(NOT_MEASURED) and "{" not in route.path]
    return [path for path in paths if path != "/"] + ["/gallery/" + "00" + str(STORED).rjust(24, "0")]


async def _enter(system: System) -> None:
    app = await Application.open(Settings(database_url=system.dsn, data_dir=system.folder, port=system.port))
    try:
        async with app.database.transaction() as connection:
            await connection.execute(_MEMBER)
            await connection.execute(_MEMBERSHIP, system.account_id)
            await connection.execute(_SESSION, system.account_id, digest(SECRET))
            await connection.execute(_LEDGER, system.account_id)
            await connection.execute(_USAGE, system.account_id)
            await connection.execute("ANALYZE")
    finally:
        await app.close()


def _visit(port: int, path: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    seconds = []
    for _ in range(VISITS + 3):
        started = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": f"doitong_session={SECRET}", "Accept": "text/html"})
        answer = connection.getresponse()
        body = answer.read()
        seconds.append(time.perf_counter() - started)
        if answer.status not in (200, 303):
            raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
    kept = sorted(seconds[3:])
    return {"p50_ms": statistics.median(kept) * 1000, "max_ms": kept[-1] * 1000, "kb": len(body) / 1000}
