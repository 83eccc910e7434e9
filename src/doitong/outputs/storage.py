"""Where films, their previews and uploads are kept: a local folder, S3, Google Cloud Storage or Azure.

It promises: a file is complete or absent, its SHA-256 is known without reading it again, and reading is a
stream in pieces, whatever the file's size. Keys are `outputs/ID.mp4`, with `.jpg`, `.webp` and `.preview.mp4`
beside it, and `uploads/ID`. Credentials of a remote store come from its usual environment variables
(`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT`, `AWS_ALLOW_HTTP`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME` …).
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Protocol

from doitong.core.ids import is_id
from doitong.outputs.local import LocalFiles
from doitong.outputs.model import FileMissing, StorageFailed, StoredFile
from doitong.outputs.remote import RemoteFiles

__all__ = ["FileMissing", "OutputStorage", "StorageFailed", "StoredFile", "open_storage"]

MEDIA_TYPES = {  # of a film and its previews, by suffix
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".preview.mp4": "video/mp4",
}


class Files(Protocol):
    """What a store of files does; both kinds raise `FileMissing` and OSError."""

    async def put(self, key: str, source: Path, media_type: str) -> None: ...

    async def stat(self, key: str) -> StoredFile: ...

    def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes]: ...

    async def delete(self, key: str) -> None: ...

    async def sweep(self, before: datetime) -> int: ...


class OutputStorage:
    """The names of our files over one store. Build it with `open_storage`."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def put_film(self, generation_id: str, path: Path) -> StoredFile:
        """Store a finished film; writing it again replaces it. Raises OSError on failure."""
        return await self._put_output(generation_id, ".mp4", path)

    async def put_poster(self, generation_id: str, path: Path) -> StoredFile:
        return await self._put_output(generation_id, ".jpg", path)

    async def put_animation(self, generation_id: str, path: Path) -> StoredFile:
        return await self._put_output(generation_id, ".webp", path)

    async def put_preview_video(self, generation_id: str, path: Path) -> StoredFile:
        return await self._put_output(generation_id, ".preview.mp4", path)

    async def put_upload(self, upload_id: str, path: Path, media_type: str) -> StoredFile:
        return await self._put(upload_name(upload_id), path, media_type)

    async def stat(self, name: str) -> StoredFile:
        """Size, time and checksum. Raises `FileMissing`, OSError."""
        return await self._files.stat(name)

    async def read_range(self, name: str, start: int, end: int) -> AsyncGenerator[bytes]:
        """The bytes from `start` up to but not including `end`, in pieces. Raises `FileMissing`, OSError."""
        if start >= end:
            return
        async with aclosing(self._files.read(name, start, end)) as pieces:
            async for piece in pieces:
                yield piece

    async def copy_to(self, name: str, destination: Path) -> None:
        """Write the whole file to a local path. Raises `FileMissing`, OSError."""
        known = await self.stat(name)
        with destination.open("wb") as file:
            async for piece in self.read_range(name, 0, known.bytes):
                file.write(piece)

    async def delete_outputs(self, generation_id: str) -> None:
        """Remove a film and its previews. Raises OSError."""
        for suffix in MEDIA_TYPES:
            await self.delete(output_name(generation_id, suffix))

    async def delete(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        await self._files.delete(name)

    async def sweep(self, before: datetime) -> int:
        """Remove what writers that crashed before that moment left aside; returns how many files."""
        return await self._files.sweep(before)

    async def _put_output(self, generation_id: str, suffix: str, path: Path) -> StoredFile:
        return await self._put(output_name(generation_id, suffix), path, MEDIA_TYPES[suffix])

    async def _put(self, name: str, path: Path, media_type: str) -> StoredFile:
        await self._files.put(name, path, media_type)
        return await self.stat(name)


def output_name(generation_id: str, suffix: str) -> str:
    """The key of a film or of a preview of it, by its suffix. Raises ValueError for what is no id of ours."""
    if not is_id(generation_id) or suffix not in MEDIA_TYPES:
        raise ValueError("not an output")
    return f"outputs/{generation_id}{suffix}"


def upload_name(upload_id: str) -> str:
    if not is_id(upload_id):
        raise ValueError("not an upload")
    return f"uploads/{upload_id}"


def open_storage(storage_url: str, data_dir: Path, *, retries: int = 5) -> OutputStorage:
    """The storage of a setting: empty for `data_dir/files`, or `s3://`, `gs://`, `az://`.

    `retries` bounds the repeated calls to a remote store within one minute. Raises ValueError for another
    scheme.
    """
    if not storage_url:
        return OutputStorage(LocalFiles(data_dir / "files"))
    if not storage_url.startswith(("s3://", "gs://", "az://")):
        raise ValueError("the storage URL must start with s3://, gs:// or az://")
    return OutputStorage(RemoteFiles.connect(storage_url, retries))
