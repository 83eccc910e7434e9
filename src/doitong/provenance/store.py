"""The only SQL of provenance: the installation's roots and leaves, none ever deleted."""

from datetime import datetime

from doitong.db.pool import Connection
from doitong.provenance.model import Identity, Leaf, Root

_LOCK = 0x70726F76  # "prov": two processes that start together make one identity


async def lock(connection: Connection) -> None:
    """Until the transaction's end, nobody else makes certificates."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def find_identity(connection: Connection) -> Identity | None:
    """The leaf that lasts longest, and its root."""
    row = await connection.fetchrow(
        """
        SELECT leaf.fingerprint, leaf.root_fingerprint, leaf.certificate, leaf.private_key, leaf.expires_at,
            root.certificate AS root_certificate, root.sealed_key, root.expires_at AS root_expires_at
        FROM provenance_leaf AS leaf JOIN provenance_root AS root ON root.fingerprint = leaf.root_fingerprint
        ORDER BY leaf.expires_at DESC, leaf.created_at DESC LIMIT 1
        """
    )
    if row is None:
        return None
    leaf = Leaf(row["fingerprint"], row["root_fingerprint"], row["certificate"], row["private_key"], row["expires_at"])
    root = Root(row["root_fingerprint"], row["root_certificate"], row["sealed_key"], row["root_expires_at"])
    return Identity(leaf, root)


async def list_roots(connection: Connection, now: datetime) -> list[str]:
    """The certificates of all roots that still hold, newest first, as PEM."""
    rows = await connection.fetch(
        "SELECT certificate FROM provenance_root WHERE expires_at > $1 ORDER BY expires_at DESC", now
    )
    return [row["certificate"] for row in rows]


async def insert_root(connection: Connection, root: Root, now: datetime) -> None:
    await connection.execute(
        "INSERT INTO provenance_root (fingerprint, certificate, sealed_key, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        root.fingerprint,
        root.certificate,
        root.sealed_key,
        now,
        root.expires_at,
    )


async def insert_leaf(connection: Connection, leaf: Leaf, now: datetime) -> None:
    await connection.execute(
        "INSERT INTO provenance_leaf (fingerprint, root_fingerprint, certificate, private_key, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        leaf.fingerprint,
        leaf.root_fingerprint,
        leaf.certificate,
        leaf.private_key,
        now,
        leaf.expires_at,
    )
