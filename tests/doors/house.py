"""A whole API on a real socket and database, with one account and its key."""

from dataclasses import dataclass
from typing import Any

import httpx

from doitong.app import Application


@dataclass(frozen=True)
class House:
    application: Application
    client: httpx.AsyncClient
    account_id: str
    key: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def api_key(self) -> dict[str, str]:
        return {"X-API-Key": self.key}

    async def graphql(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> Any:
        body = {"query": query, "variables": variables}
        return (await self.client.post("/graphql", json=body, headers=self.bearer | headers)).json()

    async def count_generations(self) -> int:
        async with self.application.database.reading() as connection:
            count: int = await connection.fetchval("SELECT count(*) FROM generation")
        return count
