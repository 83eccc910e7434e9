"""Sharing as use cases: make the link of a film, end it, and open the film behind one."""

import secrets

from doitong.audit import store as audit
from doitong.core.clock import Clock
from doitong.core.errors import DoitongError, NotFound
from doitong.core.ids import RandomBits, is_id
from doitong.db.pool import Connection, Database
from doitong.generations import store as generations
from doitong.generations.model import Generation, Status
from doitong.keys.model import Caller
from doitong.sharing import store
from doitong.sharing.model import Share
from doitong.sharing.rules import is_token, new_token


class SharingService:
    """One link a film, until it is ended. A link that has ended never works again: a new one is another."""

    def __init__(self, database: Database, clock: Clock, random_bits: RandomBits = secrets.randbits) -> None:
        self._database = database
        self._clock = clock
        self._random_bits = random_bits

    async def find(self, caller: Caller, generation_id: str) -> Share | None:
        """The link of the caller's own film, if there is one."""
        caller.require("generations:read")
        async with self._database.reading() as connection:
            return await store.find(connection, caller.account_id, generation_id)

    async def share(self, caller: Caller, generation_id: str) -> Share:
        """The film's link, made when there is none. Raises NotFound, CONFLICT for what did not become a film."""
        caller.require("generations:write")
        now = self._clock.now()
        async with self._database.transaction() as connection:
            generation = await _lock(connection, caller, generation_id)
            if generation.status is not Status.COMPLETED:
                raise DoitongError("CONFLICT", reason="only a completed film can be shared")
            found = await store.find(connection, caller.account_id, generation_id)
            if found is not None:
                return found
            made = Share(generation_id, new_token(self._random_bits), caller.account_id, now)
            await store.insert(connection, made)
            await audit.record(connection, caller.account_id, caller.actor, "generation.share", generation_id, {}, now)
        return made

    async def unshare(self, caller: Caller, generation_id: str) -> None:
        """End the link; one that is not there is no error. Raises NotFound for an unknown generation."""
        caller.require("generations:write")
        async with self._database.transaction() as connection:
            await _lock(connection, caller, generation_id)
            if await store.delete(connection, caller.account_id, generation_id):
                await audit.record(
                    connection,
                    caller.account_id,
                    caller.actor,
                    "generation.unshare",
                    generation_id,
                    {},
                    self._clock.now(),
                )

    async def open(self, token: str) -> Generation:
        """The film behind a link, for anybody.

        Raises NotFound for a link that is unknown or has ended, of a deleted film, or of a closed account.
        """
        if not is_token(token):
            raise NotFound
        async with self._database.reading() as connection:
            share = await store.find_open(connection, token)
            found = await generations.find_many(connection, [share.generation_id]) if share else {}
        generation = found.get(share.generation_id) if share else None
        if generation is None or generation.deleted_at is not None or generation.status is not Status.COMPLETED:
            raise NotFound
        return generation


async def _lock(connection: Connection, caller: Caller, generation_id: str) -> Generation:
    """The caller's own generation, locked, so that it is not deleted meanwhile. Raises NotFound."""
    generation = await generations.lock(connection, generation_id) if is_id(generation_id) else None
    if generation is None or generation.account_id != caller.account_id or generation.deleted_at is not None:
        raise NotFound
    return generation
