"""Files in an object store (S3, Google Cloud Storage, Azure) through obstore.

A put is atomic there, in one request or in several parts; the checksum travels as the object's metadata.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from doitong.outputs.checksums import hash_file
from doitong.outputs.model import FileMissing, StorageFailed, StoredFile

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig

PIECE_BYTES = 256 * 1024
RETRY_TIMEOUT = timedelta(seconds=60)
_CHECKSUM = "sha256"


class RemoteFiles:
    """A bucket, or a prefix in one, as a store of files."""

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store

    @classmethod
    def connect(cls, url: str, retries: int) -> "RemoteFiles":
        """Nothing is called yet; credentials come from the environment."""
        from obstore.store import from_url  # noqa: PLC0415  # only an installation with a bucket pays for it

        retry: RetryConfig = {"max_retries": retries, "retry_timeout": RETRY_TIMEOUT}
        return cls(from_url(url, retry_config=retry))

    async def put(self, key: str, source: Path, media_type: str) -> None:
        checksum = await asyncio.to_thread(hash_file, source)
        with _translated(key):
            await self._store.put_async(key, source, attributes={"Content-Type": media_type, _CHECKSUM: checksum})

    async def stat(self, key: str) -> StoredFile:
        with _translated(key):
            found = await self._store.get_async(key, options={"head": True})
        size = found.meta["size"]
        checksum = found.attributes.get(_CHECKSUM) or await self._hash(key, size)
        modified = found.meta["last_modified"].astimezone(UTC).replace(microsecond=0)
        return StoredFile(key, checksum, size, modified)

    async def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes]:
        with _translated(key):
            found = await self._store.get_async(key, options={"range": (start, end)})
            async for piece in found.stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)

    async def delete(self, key: str) -> None:
        with contextlib.suppress(FileMissing), _translated(key):
            await self._store.delete_async(key)

    async def sweep(self, before: datetime) -> int:
        """Nothing lies aside here: a lifecycle rule of the bucket ends abandoned multipart uploads."""
        return 0

    async def _hash(self, key: str, size: int) -> str:
        """For an object that somebody copied without its metadata."""
        digest = hashlib.sha256()
        async for piece in self.read(key, 0, size):
            digest.update(piece)
        return digest.hexdigest()


@contextlib.contextmanager
def _translated(key: str) -> Iterator[None]:
    """The failures of obstore in our own words."""
    from obstore.exceptions import BaseError  # noqa: PLC0415

    try:
        yield
    except FileNotFoundError as error:
        raise FileMissing(key) from error
    except BaseError as error:
        raise StorageFailed(str(error)) from error
