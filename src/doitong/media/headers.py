"""Reading what JPEG, PNG and WebP files say of themselves, without decoding a pixel.

Only the structure is walked, with a bound on every loop; a file that stops before its own end is refused
here, so that no prefix of a valid picture ever reaches a decoder. Sources: PNG 3rd edition (W3C), ITU-T T.81,
RFC 9649 (WebP).
"""

import struct

from doitong.media.model import PictureHeader

MAXIMUM_PARTS = 20_000
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})


class HeaderInvalid(ValueError):
    """The bytes are no complete JPEG, PNG or WebP file."""


def read_header(data: bytes) -> PictureHeader:
    """The header of a picture, recognised by its magic bytes. Raises `HeaderInvalid`."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return _read_png(data)
        if data.startswith(b"\xff\xd8\xff"):
            return _read_jpeg(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _read_webp(data)
    except (struct.error, IndexError) as error:
        raise HeaderInvalid("cut") from error
    raise HeaderInvalid("unknown magic bytes")


def _read_png(data: bytes) -> PictureHeader:
    length, kind, width, height = struct.unpack_from(">I4sII", data, 8)
    if kind != b"IHDR" or length != 13:
        raise HeaderInvalid("no IHDR")
    frames, position = 1, 8
    for _ in range(MAXIMUM_PARTS):
        length, kind = struct.unpack_from(">I4s", data, position)
        if position + 12 + length > len(data):
            raise HeaderInvalid("cut")
        if kind == b"acTL":
            (frames,) = struct.unpack_from(">I", data, position + 8)
        if kind == b"IEND":
            return PictureHeader("image/png", width, height, frames)
        position += 12 + length
    raise HeaderInvalid("too many chunks")


def _read_jpeg(data: bytes) -> PictureHeader:
    size: tuple[int, int] | None = None
    position = 2
    for _ in range(MAXIMUM_PARTS):
        while data[position] == 0xFF and data[position + 1] == 0xFF:
            position += 1
        if data[position] != 0xFF:
            raise HeaderInvalid("no marker")
        marker = data[position + 1]
        if marker in _BARE_MARKERS:
            position += 2
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        if length < 2:
            raise HeaderInvalid("segment length")
        if marker in _START_OF_FRAME and size is None:
            height, width = struct.unpack_from(">HH", data, position + 5)
            size = (width, height)
        if marker == 0xDA:
            return _end_jpeg(data, position, size)
        position += 2 + length
    raise HeaderInvalid("too many segments")


def _end_jpeg(data: bytes, scan: int, size: tuple[int, int] | None) -> PictureHeader:
    if size is None or data.find(b"\xff\xd9", scan) < 0:
        raise HeaderInvalid("cut")
    return PictureHeader("image/jpeg", size[0], size[1], 1)


def _read_webp(data: bytes) -> PictureHeader:
    (length,) = struct.unpack_from("<I", data, 4)
    if length + 8 > len(data):
        raise HeaderInvalid("cut")
    kind = data[12:16]
    frames = 1
    if kind == b"VP8X":
        frames = 2 if data[20] & 0b10 else 1
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
    elif kind == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        raise HeaderInvalid("unknown WebP chunk")
    return PictureHeader("image/webp", width, height, frames)
