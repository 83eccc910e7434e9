"""The SQL of the operator's views. Each statement is bounded: by what is open, by a span of time, or by a limit."""

from datetime import date, datetime

from doitong.accounts.store import to_account
from doitong.core.ids import AFTER_EVERY_ID, new_id
from doitong.db.pool import Connection
from doitong.ledger.model import Balance
from doitong.oversight.model import AccountRow, Day, EngineUse, Person, Worker

ROWS_LOOKED_AT = 20_000  # of the last day; more are not counted


def _first_id(moment: datetime) -> str:
    """No id that was made from this moment on sorts before it."""
    return new_id(moment, lambda _: 0)


# the queue and the last days


async def count_open(connection: Connection) -> dict[tuple[str, str], int]:
    rows = await connection.fetch(
        "SELECT lane, stage, count(*) AS n FROM generation WHERE status = 'processing' GROUP BY lane, stage"
    )
    return {(row["lane"], row["stage"]): row["n"] for row in rows}


async def count_by_hour(connection: Connection, since: datetime) -> dict[datetime, int]:
    """Generations by the hour in which they were asked for."""
    rows = await connection.fetch(
        """
        SELECT date_trunc('hour', created_at) AS hour, count(*) AS n FROM
            (SELECT created_at FROM generation WHERE id >= $1 ORDER BY id DESC LIMIT $2) AS latest
        GROUP BY 1
        """,
        _first_id(since),
        ROWS_LOOKED_AT,
    )
    return {row["hour"]: row["n"] for row in rows}


async def count_by_day(connection: Connection, since: date) -> list[Day]:
    rows = await connection.fetch(
        """
        SELECT day, sum(completed)::bigint AS completed, sum(failed)::bigint AS failed,
            sum(canceled)::bigint AS canceled, sum(credits)::bigint AS credits
        FROM usage_day WHERE day >= $1 GROUP BY day ORDER BY day
        """,
        since,
    )
    return [Day(**dict(row)) for row in rows]


async def count_deliveries(connection: Connection, since: datetime) -> dict[str, int]:
    rows = await connection.fetch(
        "SELECT state, count(*) AS n FROM"
        " (SELECT state FROM delivery WHERE id >= $1 ORDER BY id DESC LIMIT $2) AS latest GROUP BY state",
        _first_id(since),
        ROWS_LOOKED_AT,
    )
    return {row["state"]: row["n"] for row in rows}


async def cost_by_engine(connection: Connection, since: datetime) -> list[EngineUse]:
    rows = await connection.fetch(
        """
        SELECT engine, coalesce(outcome, '') AS outcome, count(*) AS tasks,
            coalesce(sum(cost_credits), 0)::float8 AS cost_credits
        FROM engine_task WHERE accepted_at >= $1 GROUP BY 1, 2 ORDER BY 1, 2
        """,
        since,
    )
    return [EngineUse(**dict(row)) for row in rows]


# accounts


async def search_accounts(connection: Connection, text: str, first: int, before: str | None) -> list[AccountRow]:
    """Accounts, newest first, whose id is `text` or whose name, address or a member's address holds it."""
    rows = await connection.fetch(
        """
        SELECT account, balance.available, balance.held FROM account
        JOIN ledger_balance AS balance ON balance.account_id = account.id
        WHERE account.id < $1 AND ($2 = '' OR account.id = $2
            OR position(lower($2) IN lower(account.name)) > 0
            OR position(lower($2) IN lower(coalesce(account.email, ''))) > 0
            OR EXISTS (SELECT 1 FROM membership JOIN member ON member.id = membership.member_id
                WHERE membership.account_id = account.id AND position(lower($2) IN lower(member.email)) > 0))
        ORDER BY account.id DESC LIMIT $3
        """,
        before or AFTER_EVERY_ID,
        text,
        first,
    )
    return [AccountRow(to_account(row["account"]), Balance(row["available"], row["held"])) for row in rows]


async def find_account(connection: Connection, account_id: str) -> AccountRow | None:
    row = await connection.fetchrow(
        "SELECT account, balance.available, balance.held FROM account"
        " JOIN ledger_balance AS balance ON balance.account_id = account.id WHERE account.id = $1",
        account_id,
    )
    return None if row is None else AccountRow(to_account(row["account"]), Balance(row["available"], row["held"]))


async def list_people(connection: Connection, account_id: str, limit: int) -> list[Person]:
    rows = await connection.fetch(
        "SELECT member.email, member.name, membership.role, member.is_operator FROM membership"
        " JOIN member ON member.id = membership.member_id WHERE membership.account_id = $1"
        " ORDER BY membership.created_at, member.id LIMIT $2",
        account_id,
        limit,
    )
    return [Person(**dict(row)) for row in rows]


async def find_delivery_account(connection: Connection, delivery_id: str) -> str | None:
    found: str | None = await connection.fetchval("SELECT account_id FROM delivery WHERE id = $1", delivery_id)
    return found


async def find_generation_account(connection: Connection, generation_id: str) -> str | None:
    found: str | None = await connection.fetchval("SELECT account_id FROM generation WHERE id = $1", generation_id)
    return found


# workers


async def note_worker(connection: Connection, worker: Worker) -> None:
    await connection.execute(
        "INSERT INTO worker (id, started_at, seen_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
        worker.id,
        worker.started_at,
        worker.seen_at,
    )


async def forget_workers(connection: Connection, seen_before: datetime) -> None:
    await connection.execute("DELETE FROM worker WHERE seen_at < $1", seen_before)


async def list_workers(connection: Connection) -> list[Worker]:
    rows = await connection.fetch("SELECT id, started_at, seen_at FROM worker ORDER BY started_at, id LIMIT 100")
    return [Worker(**dict(row)) for row in rows]
