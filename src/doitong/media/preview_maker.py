"""Poster, animated preview and silent preview of a film, made from its frames as they pass.

Promises: holds one frame and the small pictures of a few seconds, whatever the film's length; every file appears
under its name only when it is whole; the same frames give the same bytes on one machine. The animation is written on a
thread beside, while later frames still come, so that the end of a film does not wait for it.

This module loads numpy, OpenCV, Pillow and FFmpeg: only what renders or stores films imports it.
"""

import contextlib
import os
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter
from PIL import Image

from doitong.media.model import Previews

POSTER_WIDTH = 1280
POSTER_QUALITY = 85
ANIMATION_SIDE = 320  # the longer side, as all sides here
ANIMATION_SECONDS = 2.5
ANIMATION_BYTES = 200_000
VIDEO_SIDE = 480
VIDEO_BYTES = 190_000
FRAMES_PER_SECOND = 12
_POSTER_PLACES = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9)
_ANIMATION_QUALITIES = (62, 46, 32, 20, 8, 0)
_VIDEO_CRF = 27
_BT709, _LIMITED_RANGE = 1, 1

Plane = npt.NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]  # Y, U and V of 4:2:0, BT.709, limited range


class PreviewMaker:
    """Takes every frame of one film in order; use as a context manager, `close` only on success."""

    def __init__(self, film: Path, width: int, height: int, frames_per_second: float, frames: int) -> None:
        self._paths = Previews.beside(film)
        self._step = frames_per_second / min(FRAMES_PER_SECOND, frames_per_second)
        self._poster_numbers = {min(frames - 1, int(place * frames)) for place in _POSTER_PLACES}
        self._poster_size = _fitted(width, height, POSTER_WIDTH * max(1.0, height / width))
        self._poster: tuple[float, Planes] | None = None
        shown = min(frames, round(ANIMATION_SECONDS * frames_per_second))
        self._shown = range((frames - shown) // 2, (frames - shown) // 2 + shown)
        self._animation_size = _fitted(width, height, ANIMATION_SIDE)
        self._animation: list[Image.Image] = []
        self._beside = ThreadPoolExecutor(1)
        self._animating: Future[None] | None = None
        self._pace = frames_per_second / self._step
        size, seconds = _fitted(width, height, VIDEO_SIDE), frames / frames_per_second
        self._video = _SilentVideo(self._paths.video, size, self._pace, seconds)
        self._taken, self._due = 0, 0.0

    @property
    def wants_next(self) -> bool:
        """Whether anything of the next frame is kept; one of which nothing is may be skipped."""
        return self._taken in self._poster_numbers or self._taken + 1e-6 >= self._due

    def skip(self) -> None:
        """Count the next frame without looking at it."""
        self._pass()

    def take(self, planes: Planes) -> None:
        """The next frame: Y, U and V; what of it is kept is copied."""
        number = self._taken
        if number in self._poster_numbers:
            sharpness = _sharpness(planes[0])
            if self._poster is None or sharpness > self._poster[0]:
                self._poster = sharpness, (planes[0].copy(), planes[1].copy(), planes[2].copy())
        if number + 1e-6 >= self._due:
            self._due += self._step
            self._video.write(planes)
            if number in self._shown:
                self._animation.append(Image.fromarray(_to_rgb(_resized(planes, self._animation_size))))
        self._pass()

    def _pass(self) -> None:
        self._taken += 1
        if self._taken == self._shown.stop and self._animation:
            self._animating = self._beside.submit(self._write_animation)

    def close(self) -> Previews:
        """Write what is left and give the files their names. Raises OSError, and ValueError without a frame."""
        if self._poster is None or not self._animation:
            raise ValueError("no frame was given")
        if self._animating is None:  # fewer frames came than were said
            self._animating = self._beside.submit(self._write_animation)
        self._video.close()
        picture = Image.fromarray(_to_rgb(_resized(self._poster[1], self._poster_size)))
        with unfinished(self._paths.poster).open("wb") as file:
            picture.save(file, "JPEG", quality=POSTER_QUALITY, optimize=True, progressive=True)
        self._animating.result()
        for path in self._paths:
            _synced(unfinished(path))
            os.replace(unfinished(path), path)
        return self._paths

    def _write_animation(self) -> None:
        """An animated WebP that never stops, at the best quality that is small enough."""
        path = unfinished(self._paths.animation)
        first, *rest = self._animation
        pause = round(1000 / self._pace)
        for quality in _ANIMATION_QUALITIES:
            with path.open("wb") as file:
                first.save(file, "WEBP", save_all=True, append_images=rest, duration=pause, loop=0, quality=quality,
                           method=2, allow_mixed=False)  # fmt: skip
            if path.stat().st_size <= ANIMATION_BYTES:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._beside.shutdown()
        if kind is not None:
            self._video.abandon()
            for path in self._paths:
                path.unlink(missing_ok=True)
                unfinished(path).unlink(missing_ok=True)


class _SilentVideo:
    """A small H.264 file without sound, of at most `VIDEO_BYTES` but for what a coder's buffer lets through."""

    def __init__(self, path: Path, size: tuple[int, int], frames_per_second: float, seconds: float) -> None:
        self._size, self._number = size, 0
        self._scaler = VideoReformatter()  # one for all frames: what it prepares costs more than a frame
        rate = Fraction(frames_per_second).limit_denominator(1001)
        options = {"movflags": "+faststart+use_metadata_tags"}
        self._container = av.open(str(unfinished(path)), "w", format="mp4", options=options)
        self._container.metadata["comment"] = "AI-generated"
        most = str(int(VIDEO_BYTES * 8 / seconds))
        coding = {"preset": "veryfast", "crf": str(_VIDEO_CRF), "maxrate": most, "bufsize": most, "mbtree": "0"}
        stream = self._container.add_stream("libx264", rate=rate, options=coding)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.time_base = self._time_base = 1 / rate
        context = stream.codec_context
        context.thread_count = 1
        context.colorspace, context.color_primaries, context.color_trc = _BT709, _BT709, _BT709
        context.color_range = _LIMITED_RANGE
        self._stream = stream

    def write(self, planes: Planes) -> None:
        """Scaled by FFmpeg, which takes a tenth of OpenCV's time for a size that is no whole fraction."""
        rows, columns = planes[0].shape
        frame = av.VideoFrame(columns, rows, "yuv420p")
        for plane, data in zip(frame.planes, planes, strict=True):
            buffer = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            buffer[: data.shape[0], : data.shape[1]] = data
        frame = self._scaler.reformat(frame, *self._size, interpolation="AREA")
        frame.pts, frame.time_base = self._number, self._time_base
        self._number += 1
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        with contextlib.suppress(OSError):  # the first error is the one to report
            self._container.close()


def unfinished(path: Path) -> Path:
    """Where a file is written before it is whole."""
    return path.with_name(f".{path.name}.part")


def _fitted(width: int, height: int, longest: float) -> tuple[int, int]:
    """The frame's size made smaller, never larger, with even sides."""
    scale = min(1.0, longest / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _resized(planes: Planes, size: tuple[int, int]) -> Planes:
    half = (size[0] // 2, size[1] // 2)
    luma, u, v = (
        np.asarray(cv2.resize(plane, to, interpolation=cv2.INTER_AREA), np.uint8)
        for plane, to in zip(planes, (size, half, half), strict=True)
    )
    return luma, u, v


def _to_rgb(planes: Planes) -> npt.NDArray[np.uint8]:
    """sRGB bytes: BT.709's own matrix, since what cameras and codecs call YUV has several."""
    luma = (planes[0].astype(np.float32) - np.float32(16)) * np.float32(255 / 219)
    size = (luma.shape[1], luma.shape[0])
    u, v = (
        (cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR).astype(np.float32) - np.float32(128))
        * np.float32(255 / 224)
        for plane in planes[1:]
    )
    rgb = np.stack(
        [
            luma + np.float32(1.5748) * v,
            luma - np.float32(0.1873) * u - np.float32(0.4681) * v,
            luma + np.float32(1.8556) * u,
        ],
        axis=-1,
    )
    return np.clip(rgb + np.float32(0.5), 0, 255).astype(np.uint8)


def _sharpness(luma: Plane) -> float:
    """Variance of the Laplacian: high where edges are crisp, near zero for a fade or a blur."""
    light: Any = luma[::2, ::2]
    return float(cv2.Laplacian(light, cv2.CV_32F).var())


def _synced(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
