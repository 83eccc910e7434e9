"""The encoder: frames and sound in, one finished MP4 out, H.264 and AAC.

Promises: never more than a few frames in memory; yuv420p, limited range, tagged BT.709, index before the data
(faststart); sound laid between the pictures it belongs to, and exactly as long as they are (the edit list hides the
coder's delay); the same frames give the same bytes on one machine, because x264's thread count is pinned; the file
appears under its name only when it is whole and on disk.
"""

import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np

from doitong.catalogue.model import Quality
from doitong.engines.studio.arrays import Bytes
from doitong.engines.studio.parts import temporary_path
from doitong.engines.studio.sound.signal import RATE, Stereo

ENCODER_THREADS = 2  # pinned: x264's output depends on it
SOUND_BITS_PER_SECOND = 128_000
_SOUND_BLOCK = 1024  # samples in a frame of AAC
_BT709 = 1
_LIMITED_RANGE = 1
# the quickest presets that show the same picture as a slower one (PSNR, SSIM), in files a fifth larger
_OPTIONS = {
    Quality.STANDARD: {"preset": "superfast", "crf": "21.5", "maxrate": "12M", "bufsize": "24M"},
    # every frame that the coder looks ahead takes 6 MiB at 1080p
    Quality.HIGH: {"preset": "veryfast", "crf": "18.5", "maxrate": "16M", "bufsize": "32M", "rc-lookahead": "4"},
}
# frames that were enlarged hold little that a better preset would find: two thirds of the time, for the same picture
_SKETCH = {"preset": "ultrafast"}
_SKETCH_PARAMETERS = ":cabac=1:deblock=1,0,0"


class FilmWriter:
    """Writes planes of Y, U, V, and `sound` if there is one, as one film; use as a context manager, `close` only on
    success. `is_sketch`: the frames were enlarged, and are coded in less time."""

    def __init__(self, path: Path, width: int, height: int, frames_per_second: int, quality: Quality,
                 sound: Stereo | None = None, *, is_sketch: bool = False) -> None:  # fmt: skip
        if width % 2 or height % 2:
            raise ValueError(f"the frame must have an even size, not {width}×{height}")
        self._path, self._temporary = path, temporary_path(path)
        self._size, self._number = (width, height), 0
        options = {"movflags": "+faststart+use_metadata_tags"}
        self._container = av.open(str(self._temporary), "w", format="mp4", options=options)
        self._container.metadata["comment"] = "AI-generated"
        coding = _options(quality, width, is_sketch=is_sketch)
        stream = self._container.add_stream("libx264", rate=frames_per_second, options=coding)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, frames_per_second)
        context = stream.codec_context
        context.thread_count = ENCODER_THREADS
        context.thread_type = "FRAME"
        context.gop_size = frames_per_second * 2
        context.colorspace, context.color_primaries, context.color_trc = _BT709, _BT709, _BT709
        context.color_range = _LIMITED_RANGE
        self._stream, self._time_base = stream, Fraction(1, frames_per_second)
        self._sound, self._sounded = sound, 0
        if sound is not None:
            self._voice = self._container.add_stream("aac", rate=RATE, layout="stereo", bit_rate=SOUND_BITS_PER_SECOND)

    def write(self, planes: tuple[Bytes, Bytes, Bytes]) -> None:
        """Append one frame of Y (height × width), U and V (half of that each way)."""
        frame = av.VideoFrame(*self._size, "yuv420p")
        for plane, data in zip(frame.planes, planes, strict=True):
            rows, columns = data.shape
            buffer = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            buffer[:rows, :columns] = data
        frame.pts, frame.time_base = self._number, self._time_base
        frame.colorspace, frame.color_primaries, frame.color_trc = _BT709, _BT709, _BT709
        frame.color_range = _LIMITED_RANGE
        self._number += 1
        self._container.mux(self._stream.encode(frame))
        self._write_sound(round(self._number * RATE * self._time_base))

    def _write_sound(self, until: int, *, is_last: bool = False) -> None:
        """Append what belongs to the pictures so far, in whole blocks but for the last."""
        if self._sound is None:
            return
        until = min(until, self._sound.shape[1])
        while self._sounded < until and (is_last or self._sounded + _SOUND_BLOCK <= until):
            block = self._sound[:, self._sounded : min(until, self._sounded + _SOUND_BLOCK)]
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, self._sounded, Fraction(1, RATE)
            self._container.mux(self._voice.encode(frame))
            self._sounded += block.shape[1]

    def close(self) -> None:
        """Finish the film, put it on disk and give it its name."""
        self._container.mux(self._stream.encode(None))
        self._write_sound(round(self._number * RATE * self._time_base), is_last=True)
        if self._sound is not None:
            self._container.mux(self._voice.encode(None))
        self._container.close()
        with self._temporary.open("rb") as file:
            os.fsync(file.fileno())
        self._temporary.rename(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            return
        try:
            self._container.close()
        except OSError:
            pass  # the first error is the one to report
        finally:
            self._temporary.unlink(missing_ok=True)


def _options(quality: Quality, width: int, *, is_sketch: bool) -> dict[str, str]:
    """x264's options for frames of this width.

    Its macroblock tree works on rows of 8 macroblocks of 16 pixels, and on a width that does not fill them reads
    memory that nobody wrote: seen with MALLOC_PERTURB_, which then changes the film. Without it, it does not.
    """
    # a thread of its own to look ahead would hold five frames more
    options = {**_OPTIONS[quality], "x264-params": "sync-lookahead=0"}
    if is_sketch:
        options = {**options, **_SKETCH, "x264-params": options["x264-params"] + _SKETCH_PARAMETERS}
    if -(-width // 16) % 8:
        options["mbtree"] = "0"
    return options
