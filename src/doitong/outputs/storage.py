"""Where films, posters and uploads are kept: a local folder, S3, Google Cloud Storage or Azure.

It promises: a file is complete or absent, its SHA-256 is known without reading it again, and reading is a
stream in pieces, whatever the file's size. Keys are `outputs/ID.mp4`, `outputs/ID.jpg` and `uploads/ID`.
Credentials of a remote store come from its usual environment variables (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT`,
`AWS_ALLOW_HTTP`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME` …).
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from doitong.core.ids import is_id
from doitong.outputs.checksums import checksum_of, hash_file
from doitong.outputs.local import delete_local, put_local, sweep_partial
from doitong.outputs.model import StoredFile

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig

PIECE_BYTES = 256 * 1024
MEDIA_TYPES = {".mp4": "video/mp4", ".jpg": "image/jpeg"}
_CHECKSUM = "sha256"


class FileMissing(Exception):
    """Storage holds no file of that name."""


class StorageFailed(OSError):
    """The storage could not be reached or refused; trying again may help."""


class OutputStorage:
    """One storage under one interface. Build it with `open_storage`."""

    def __init__(self, store: "ObjectStore", root: Path | None) -> None:
        self._store = store
        self._root = root  # set for a local folder, where writing is our own

    async def put_film(self, generation_id: str, path: Path) -> StoredFile:
        """Store a finished film; writing it again replaces it. Raises OSError on failure."""
        return await self._put(output_name(generation_id, ".mp4"), path, "video/mp4")

    async def put_poster(self, generation_id: str, path: Path) -> StoredFile:
        return await self._put(output_name(generation_id, ".jpg"), path, "image/jpeg")

    async def put_upload(self, upload_id: str, path: Path, media_type: str) -> StoredFile:
        return await self._put(upload_name(upload_id), path, media_type)

    async def stat(self, name: str) -> StoredFile:
        """Size, time and checksum. Raises `FileMissing`."""
        if self._root is not None:
            return await asyncio.to_thread(_stat_local, self._root, name)
        return await self._stat_remote(name)

    async def read_range(self, name: str, start: int, end: int) -> AsyncGenerator[bytes]:
        """The bytes from `start` up to but not including `end`, in pieces. Raises `FileMissing`."""
        if start >= end:
            return
        with _translated(name):
            found = await self._store.get_async(name, options={"range": (start, end)})
            async for piece in found.stream(min_chunk_size=PIECE_BYTES):
                yield bytes(piece)

    async def copy_to(self, name: str, destination: Path) -> None:
        """Write the whole file to a local path. Raises `FileMissing`."""
        known = await self.stat(name)
        with destination.open("wb") as file:
            async for piece in self.read_range(name, 0, known.bytes):
                file.write(piece)

    async def delete(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        if self._root is not None:
            await asyncio.to_thread(delete_local, self._root, name)
            return
        with contextlib.suppress(FileMissing), _translated(name):
            await self._store.delete_async(name)

    async def sweep(self, before: datetime) -> int:
        """Remove what writers that crashed before that moment left aside."""
        if self._root is None:
            return 0
        return await asyncio.to_thread(sweep_partial, self._root, before.timestamp())

    async def _put(self, name: str, path: Path, media_type: str) -> StoredFile:
        if self._root is not None:
            await asyncio.to_thread(put_local, self._root, name, path)
        else:
            checksum = await asyncio.to_thread(hash_file, path)
            with _translated(name):
                await self._store.put_async(name, path, attributes={"Content-Type": media_type, _CHECKSUM: checksum})
        return await self.stat(name)

    async def _stat_remote(self, name: str) -> StoredFile:
        with _translated(name):
            found = await self._store.get_async(name, options={"head": True})
        size = found.meta["size"]
        checksum = found.attributes.get(_CHECKSUM) or await self._hash_remote(name, size)
        modified = found.meta["last_modified"].astimezone(UTC).replace(microsecond=0)
        return StoredFile(name, checksum, size, modified)

    async def _hash_remote(self, name: str, size: int) -> str:
        """For an object that somebody copied without its metadata."""
        digest = hashlib.sha256()
        async for piece in self.read_range(name, 0, size):
            digest.update(piece)
        return digest.hexdigest()


@contextlib.contextmanager
def _translated(name: str) -> Iterator[None]:
    """The failures of obstore in our own words."""
    from obstore.exceptions import BaseError  # noqa: PLC0415

    try:
        yield
    except FileNotFoundError as error:
        raise FileMissing(name) from error
    except BaseError as error:
        raise StorageFailed(str(error)) from error


def _stat_local(root: Path, name: str) -> StoredFile:
    path = root / name
    try:
        status = path.stat()
        checksum = checksum_of(path, status)
    except FileNotFoundError as error:
        raise FileMissing(name) from error
    return StoredFile(name, checksum, status.st_size, datetime.fromtimestamp(int(status.st_mtime), UTC))


def output_name(generation_id: str, suffix: str) -> str:
    """The key of a film (`.mp4`) or poster (`.jpg`). Raises ValueError for what is no id of ours."""
    if not is_id(generation_id) or suffix not in MEDIA_TYPES:
        raise ValueError("not an output")
    return f"outputs/{generation_id}{suffix}"


def upload_name(upload_id: str) -> str:
    if not is_id(upload_id):
        raise ValueError("not an upload")
    return f"uploads/{upload_id}"


def open_storage(storage_url: str, data_dir: Path, *, retries: int = 5) -> OutputStorage:
    """The storage of a setting: empty for `data_dir/files`, or `s3://`, `gs://`, `az://`.

    `retries` bounds the repeated calls to a remote store within one minute. Raises ValueError for another scheme.
    """
    from obstore.store import LocalStore, from_url  # noqa: PLC0415  # only a process that stores files pays

    if not storage_url:
        root = data_dir / "files"
        root.mkdir(parents=True, exist_ok=True)
        return OutputStorage(LocalStore(root), root)
    if not storage_url.startswith(("s3://", "gs://", "az://")):
        raise ValueError("the storage URL must start with s3://, gs:// or az://")
    retry: RetryConfig = {"max_retries": retries, "retry_timeout": timedelta(seconds=60)}
    return OutputStorage(from_url(storage_url, retry_config=retry), None)
