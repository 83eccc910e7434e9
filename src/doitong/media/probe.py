"""Facts of a film, measured from the file: nothing that an engine says of its own work is believed."""

import struct
from pathlib import Path
from typing import Any, BinaryIO

from doitong.media.model import FilmFacts

MAXIMUM_BOXES = 10_000


class FilmUnplayable(Exception):
    """The file is not a complete MP4 with one decodable video stream; the message says why, for the log."""


def probe_film(path: Path) -> FilmFacts:
    """Measure an MP4; blocks for the time of reading its index and decoding its first and last pictures.

    Raises `FilmUnplayable`.
    """
    import av  # noqa: PLC0415  # heavy: only a worker that probes pays for it

    try:
        is_faststart = _read_box_order(path)
        with av.open(str(path), format="mp4") as container:
            return _measure(container, path, is_faststart)
    except (av.error.FFmpegError, OSError, ValueError, struct.error) as error:
        raise FilmUnplayable(f"{path.name}: {error}") from error


def _measure(container: Any, path: Path, is_faststart: bool) -> FilmFacts:
    if not container.streams.video:
        raise ValueError("no video stream")
    stream = container.streams.video[0]
    frames = _count_pictures(container, stream)
    rate = stream.average_rate
    if not frames or not rate or not stream.width or not stream.height:
        raise ValueError("empty video stream")
    duration = float(stream.duration * stream.time_base) if stream.duration else frames / float(rate)
    context = stream.codec_context
    return FilmFacts(
        duration_seconds=round(duration, 6),
        width=stream.width,
        height=stream.height,
        frames_per_second=round(float(rate), 6),
        frames=frames,
        codec=context.name,
        pixel_format=context.pix_fmt or "",
        has_audio=bool(container.streams.audio),
        bytes=path.stat().st_size,
        is_faststart=is_faststart,
    )


def _count_pictures(container: Any, stream: Any) -> int:
    """Count the packets that hold a picture; the first and the last group of pictures must decode."""
    count, last_key = 0, None
    for packet in container.demux(stream):
        if packet.size:
            count += 1
            last_key = packet.pts if packet.is_keyframe else last_key
    for position in {stream.start_time or 0, last_key or 0}:
        container.seek(position, stream=stream)
        if next(container.decode(stream), None) is None:
            raise ValueError("no picture decodes")
    return count


def _read_box_order(path: Path) -> bool:
    """Walk the top-level boxes (ISO/IEC 14496-12); True when `moov` stands before `mdat`.

    Raises ValueError when a box reaches past the end of the file: the film is cut.
    """
    order: list[bytes] = []
    end = path.stat().st_size
    with path.open("rb") as file:
        position = 0
        while position < end and len(order) < MAXIMUM_BOXES:
            kind, size = _read_box(file, position, end)
            order.append(kind)
            position += size
    if b"moov" not in order or b"mdat" not in order or order[0] != b"ftyp":
        raise ValueError("not an MP4")
    return order.index(b"moov") < order.index(b"mdat")


def _read_box(file: BinaryIO, position: int, end: int) -> tuple[bytes, int]:
    file.seek(position)
    size, kind = struct.unpack(">I4s", file.read(8))
    header = 8
    if size == 1:
        (size,) = struct.unpack(">Q", file.read(8))
        header = 16
    elif size == 0:
        size = end - position
    if size < header or position + size > end:
        raise ValueError("the file is cut or its boxes are wrong")
    return kind, size
