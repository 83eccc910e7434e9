"""Signing films with the installation's identity, which is made on first use and renewed before it ends.

Every process of an installation signs with the same certificate, since it is in the database. A process that has the
installation's secret makes a new leaf in time; one that has not goes on with the leaf there is.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from doitong.core.clock import Clock
from doitong.db.pool import Connection, Database
from doitong.provenance import store
from doitong.provenance.model import Claim, Identity
from doitong.provenance.rules import is_due

_LOOK_AGAIN = timedelta(hours=1)
_LAST_DAYS = timedelta(days=3)  # before a leaf's end: better a new root than films without a signature

_log = structlog.get_logger(__name__)


class Provenance:
    """The installation's signature. `is_on` False signs nothing."""

    def __init__(self, database: Database, secret: bytes, clock: Clock, *, is_on: bool = True) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock
        self.is_on = is_on
        self._identity: Identity | None = None
        self._looked_at: datetime | None = None

    async def identity(self) -> Identity:
        """What signs now: read at most once an hour, made when there is none, renewed a month before its end."""
        now = self._clock.now()
        if self._identity is None or self._looked_at is None or now - self._looked_at > _LOOK_AGAIN:
            self._identity = await self._find_or_make(now)
            self._looked_at = now
        return self._identity

    async def keep(self) -> None:
        """To be called now and then, from the first start on: makes and renews what signs. Costs nothing mostly."""
        if self.is_on:
            await self.identity()

    async def sign(self, film: Path, claim: Claim) -> dict[str, Any]:
        """Sign the film in its place, and read it back; returns what `metadata.provenance` says of it.

        Raises `ProvenanceFailed` or another OSError, and what the database raises while it is away.
        """
        if not self.is_on:
            return {"signed": False}
        from doitong.provenance.signer import sign_film  # noqa: PLC0415

        identity = await self.identity()
        await asyncio.to_thread(sign_film, film, claim, identity)
        return {
            "signed": True,
            "standard": "C2PA",
            "certificate": identity.leaf.fingerprint,
            "root": identity.root.fingerprint,
        }

    async def roots(self) -> str:
        """The root certificates that films of this installation can be traced to, as PEM, newest first."""
        await self.identity()
        async with self._database.reading() as connection:
            return "".join(await store.list_roots(connection, self._clock.now()))

    async def _find_or_make(self, now: datetime) -> Identity:
        async with self._database.reading() as connection:
            found = await store.find_identity(connection)
        if found is not None and not is_due(found.leaf.expires_at, now):
            return found
        async with self._database.transaction() as connection:
            await store.lock(connection)
            found = await store.find_identity(connection)
            if found is not None and not is_due(found.leaf.expires_at, now):
                return found
            return await self._renew(connection, found, now)

    async def _renew(self, connection: Connection, found: Identity | None, now: datetime) -> Identity:
        """A new leaf, under a new root when there is none, or when the old one ends or cannot be opened here."""
        from doitong.provenance.certificates import RootSealed, make_leaf, make_root  # noqa: PLC0415

        if found is not None and not is_due(found.root.expires_at, now):
            try:
                leaf = make_leaf(found.root, now, self._secret)
            except RootSealed:
                _log.warning("provenance_root_sealed", leaf_expires_at=found.leaf.expires_at.isoformat())
                if found.leaf.expires_at - now > _LAST_DAYS:
                    return found
            else:
                await store.insert_leaf(connection, leaf, now)
                _log.info("provenance_leaf_made", fingerprint=leaf.fingerprint)
                return Identity(leaf, found.root)
        root = make_root(now, self._secret)
        leaf = make_leaf(root, now, self._secret)
        await store.insert_root(connection, root, now)
        await store.insert_leaf(connection, leaf, now)
        _log.info("provenance_root_made", fingerprint=root.fingerprint)
        return Identity(leaf, root)
