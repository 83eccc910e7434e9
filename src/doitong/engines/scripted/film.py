"""A test card as a real MP4 of the asked size and length, with its previews, cheap to make."""

import os
from fractions import Fraction
from pathlib import Path

from doitong.media.model import Previews

GRAY_LEVELS = 8


def write_test_film(path: Path, width: int, height: int, seconds: int, frames_per_second: int) -> Path:
    """Write a grey film (H.264, yuv420p, faststart) and its previews unless it is there; returns `path`."""
    if path.exists():
        return path
    import av  # noqa: PLC0415  (the API process never needs it)
    import numpy as np  # noqa: PLC0415

    from doitong.media.preview_maker import PreviewMaker  # noqa: PLC0415

    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{os.getpid()}-{path.name}")
    frames = seconds * frames_per_second
    with (
        PreviewMaker(aside, width, height, frames_per_second, frames) as previews,
        av.open(str(aside), "w", format="mp4", options={"movflags": "+faststart"}) as container,
    ):
        stream = container.add_stream("libx264", rate=frames_per_second)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, frames_per_second)
        stream.options = {"preset": "ultrafast", "crf": "35"}
        stream.thread_count = 1
        for number in range(frames):
            level = 16 + 200 * (number * GRAY_LEVELS // frames) // GRAY_LEVELS
            whole = np.full((height * 3 // 2, width), level, np.uint8)
            frame = av.VideoFrame.from_ndarray(whole, "yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
            half = whole[: height // 2, : width // 2]
            previews.take((whole[:height], half, half))
        container.mux(stream.encode(None))
        made = previews.close()
    for one, kept in zip(made, Previews.beside(path), strict=True):
        one.rename(kept)
    aside.rename(path)
    return path
