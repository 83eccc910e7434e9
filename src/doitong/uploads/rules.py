"""What a picture's source may look like. Pure."""

import base64
import binascii
import re
from enum import Enum

from doitong.core.errors import rule
from doitong.core.ids import is_id

MAXIMUM_DATA_URI_BYTES = 5 * 1024 * 1024
_DATA_URI = re.compile(r"data:image/[a-z0-9.+-]+(?:;[a-z0-9=._-]+)*;base64,", re.IGNORECASE)

UNKNOWN_UPLOAD = rule("is not an upload of this account", "ni naložena slika tega računa")
DATA_URI_INVALID = rule(
    "must be a data: URI of an image in base64, of at most {maximum} bytes",
    "mora biti data: URI slike v base64 z največ {maximum} bajti",
    maximum=MAXIMUM_DATA_URI_BYTES,
)
SOURCE_INVALID = rule(
    "must be an https:// URL, a data: URI or the id of an upload",
    "mora biti naslov URL https://, data: URI ali ID naložene slike",
)
NOT_FETCHED = rule(
    "could not be fetched: the server did not answer with a picture in time",
    "ni bilo mogoče prenesti: strežnik ni pravočasno odgovoril s sliko",
)


class SourceKind(Enum):
    UPLOAD = "upload"
    DATA = "data"
    URL = "url"


class DataUriInvalid(Exception):
    """The text is no base64 data: URI of an image, or too large."""


def source_kind(source: str) -> SourceKind:
    """What a picture's source is, by its first characters; anything unknown is treated as a URL."""
    if is_id(source):
        return SourceKind.UPLOAD
    return SourceKind.DATA if source[:5].lower() == "data:" else SourceKind.URL


def decode_data_uri(source: str) -> bytes:
    """The bytes of a `data:image/…;base64,` URI (RFC 2397). Raises `DataUriInvalid`.

    The media type in it is not believed: the bytes themselves say what they are.
    """
    match = _DATA_URI.match(source[:256])
    if match is None or len(source) > MAXIMUM_DATA_URI_BYTES * 4 // 3 + 260:
        raise DataUriInvalid
    text = source[match.end() :].replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DataUriInvalid from error
    if not data or len(data) > MAXIMUM_DATA_URI_BYTES:
        raise DataUriInvalid
    return data
