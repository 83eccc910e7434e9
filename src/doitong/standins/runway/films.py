"""Real files of the asked size and length, as small as they can be: H.264 films in MP4, stills in PNG."""

import asyncio
import struct
import tempfile
import zlib
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from doitong.standins.runway.catalogue import FRAMES_PER_SECOND
from doitong.standins.runway.model import Film, Output, Picture

LEVELS = 8


class Roll:
    """Makes each film once and keeps it; one is encoded at a time."""

    def __init__(self) -> None:
        self._films: dict[Film, asyncio.Future[bytes]] = {}
        self._encoding = asyncio.Semaphore(1)

    async def file(self, output: Output) -> bytes:
        """The bytes of a film or a still."""
        if isinstance(output, Picture):
            return make_still(output)
        if output not in self._films:
            self._films[output] = asyncio.ensure_future(self._make(output))
        return await asyncio.shield(self._films[output])

    async def _make(self, film: Film) -> bytes:
        async with self._encoding:
            return await asyncio.to_thread(make_film, film)


@lru_cache(maxsize=64)
def make_film(film: Film) -> bytes:
    """A grey film that brightens in steps (yuv420p, faststart, no sound), kept for all stand-ins here. Blocks."""
    import av  # noqa: PLC0415  (heavy, and many tests never fetch a film)
    import numpy as np  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"  # a file and not memory: the index is moved to the front in the end
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
            stream.width, stream.height, stream.pix_fmt = film.width, film.height, "yuv420p"
            stream.time_base = Fraction(1, FRAMES_PER_SECOND)
            stream.options = {"preset": "ultrafast", "crf": "40"}
            stream.thread_count = 1
            for number in range(film.frames):
                picture = np.full((film.height * 3 // 2, film.width), 128, np.uint8)
                picture[: film.height] = 32 + 160 * (number * LEVELS // film.frames) // LEVELS
                frame = av.VideoFrame.from_ndarray(picture, "yuv420p")
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path.read_bytes()


@lru_cache(maxsize=32)
def make_still(picture: Picture) -> bytes:
    """A grey PNG (8-bit RGB)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x80" * 3 * picture.width) * picture.height
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
