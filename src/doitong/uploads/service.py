"""Taking pictures in: cleaned, stored, known by an id. A bad picture is a 400 that names its parameter."""

import asyncio
import secrets
import tempfile
from pathlib import Path
from typing import assert_never

from doitong.core.clock import Clock
from doitong.core.errors import DoitongError, NotFound
from doitong.core.ids import RandomBits, new_id
from doitong.db.pool import Database
from doitong.egress import EgressClient, EgressFailed, EgressFailure
from doitong.media.model import Picture
from doitong.media.picture import MAXIMUM_BYTES, TOO_MANY_BYTES, PictureCleaner, refuse
from doitong.outputs.storage import OutputStorage, upload_name
from doitong.uploads import store
from doitong.uploads.model import Upload
from doitong.uploads.rules import (
    DATA_URI_INVALID,
    NOT_FETCHED,
    SOURCE_INVALID,
    UNKNOWN_UPLOAD,
    DataUriInvalid,
    SourceKind,
    decode_data_uri,
    source_kind,
)


class UploadService:
    """The use cases of uploads, for the doors, for submissions and for workers."""

    def __init__(
        self,
        database: Database,
        storage: OutputStorage,
        egress: EgressClient,
        cleaner: PictureCleaner,
        clock: Clock,
        random_bits: RandomBits = secrets.randbits,
    ) -> None:
        self._database = database
        self._storage = storage
        self._egress = egress
        self._cleaner = cleaner
        self._clock = clock
        self._random_bits = random_bits

    async def create(self, account_id: str, parameter: str, data: bytes) -> Upload:
        """Clean and store a picture. Raises IMAGE_REFUSED, OSError when storage fails."""
        picture = await self._cleaner.clean(data, parameter)
        upload = await self._store(account_id, picture)
        async with self._database.transaction() as connection:
            await store.insert_upload(connection, upload)
        return upload

    async def get(self, account_id: str, upload_id: str) -> Upload:
        """The account's own upload. Raises NOT_FOUND."""
        async with self._database.reading() as connection:
            upload = await store.find_upload(connection, account_id, upload_id)
        if upload is None:
            raise NotFound
        return upload

    async def resolve_picture(self, account_id: str, source: str, parameter: str) -> Upload:
        """The picture that an upload's id, a `data:` URI or a URL stands for, stored as an upload.

        Raises IMAGE_REFUSED or ADDRESS_DENIED, both naming `parameter`.
        """
        match source_kind(source):
            case SourceKind.UPLOAD:
                return await self._find(account_id, source, parameter)
            case SourceKind.DATA:
                return await self.create(account_id, parameter, _decode(source, parameter))
            case SourceKind.URL:
                return await self.create(account_id, parameter, await self._download(source, parameter))
            case never:
                assert_never(never)

    async def fetch_to(self, upload_id: str, destination: Path) -> None:
        """Write an upload's file to a local path, for an engine. Raises OSError, `FileMissing`."""
        await self._storage.copy_to(upload_name(upload_id), destination)

    async def _find(self, account_id: str, upload_id: str, parameter: str) -> Upload:
        try:
            return await self.get(account_id, upload_id)
        except NotFound as error:
            raise refuse(parameter, UNKNOWN_UPLOAD) from error

    async def _download(self, url: str, parameter: str) -> bytes:
        """The body of a URL. Plain http is taken only where the operator opened ranges of his own network."""
        schemes = ("http", "https") if self._egress.policy.allow else ("https",)
        try:
            checked = await self._egress.check_address(url, parameter, schemes=schemes)
            answer = await self._egress.get_limited(checked, maximum_bytes=MAXIMUM_BYTES, schemes=schemes)
        except EgressFailed as error:
            raise _explain(error, parameter) from error
        except DoitongError as error:
            if error.code == "INVALID_PARAMETER":
                raise refuse(parameter, SOURCE_INVALID) from error
            raise
        if answer.status != 200:
            raise refuse(parameter, NOT_FETCHED)
        return answer.body

    async def _store(self, account_id: str, picture: Picture) -> Upload:
        now = self._clock.now()
        upload_id = new_id(now, self._random_bits)
        with tempfile.TemporaryDirectory(prefix="doitong-upload-") as folder:
            path = Path(folder) / upload_id
            await asyncio.to_thread(path.write_bytes, picture.data)
            stored = await self._storage.put_upload(upload_id, path, picture.media_type)
        return Upload(
            id=upload_id,
            account_id=account_id,
            media_type=picture.media_type,
            width=picture.width,
            height=picture.height,
            bytes=stored.bytes,
            sha256=stored.sha256,
            created_at=now,
        )


def _decode(source: str, parameter: str) -> bytes:
    try:
        return decode_data_uri(source)
    except DataUriInvalid as error:
        raise refuse(parameter, DATA_URI_INVALID) from error


def _explain(error: EgressFailed, parameter: str) -> DoitongError:
    match error.failure:
        case EgressFailure.ADDRESS_DENIED:
            return DoitongError("ADDRESS_DENIED", parameter=parameter)
        case EgressFailure.TOO_LARGE:
            return refuse(parameter, TOO_MANY_BYTES)
        case _:
            return refuse(parameter, NOT_FETCHED)
