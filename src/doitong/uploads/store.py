"""SQL of uploads."""

from doitong.db.pool import Connection, Row
from doitong.uploads.model import Upload

_COLUMNS = "id, account_id, media_type, width, height, bytes, sha256, created_at"


async def insert_upload(connection: Connection, upload: Upload) -> None:
    await connection.execute(
        f"INSERT INTO upload ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",  # noqa: S608  # constants
        *(upload.id, upload.account_id, upload.media_type, upload.width, upload.height),
        *(upload.bytes, upload.sha256, upload.created_at),
    )


async def find_upload(connection: Connection, account_id: str, upload_id: str) -> Upload | None:
    """The account's own upload; another account's reads as unknown."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM upload WHERE id = $1 AND account_id = $2",  # noqa: S608  # constants
        upload_id,
        account_id,
    )
    return _to_upload(row) if row else None


def _to_upload(row: Row) -> Upload:
    return Upload(**dict(row))
