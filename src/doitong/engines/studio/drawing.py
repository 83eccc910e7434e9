"""The frames of one film, drawn side by side and given away in order.

A frame is some thousand short calls, and threads of Python take turns at each: two of them take half as long again for
a lake as two processes do. So the film is drawn by processes, forked when its world is built: they share its memory,
put what they draw into memory shared with this one, and end with it. Where forking is not safe, threads do the same.

A frame depends only on the stage and its number, so how many draw does not change the film.
"""

import contextlib
import ctypes
import mmap
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from doitong.engines.studio.arrays import Bytes
from doitong.engines.studio.parent import end_with_parent

MOST_DRAWERS = 8  # the encoder keeps up with no more, and each has its own memory
_FRAMES_AHEAD = 1  # drawn frames that may wait to be taken, beyond one for each that draws

Frame = tuple[Bytes, Bytes, Bytes]


class Drawable(Protocol):
    """What can be filmed."""

    def frame(self, number: int, count: int, seconds: float) -> Frame:
        """Y, U and V of frame `number` of `count`, `seconds` into the film."""
        ...


class Drawing:
    """Draws `count` frames of a stage by `workers`, at most `MOST_DRAWERS`. A context manager; read `frames` once.

    OpenCV must have been set to one thread: what it has of others is lost in a fork.
    """

    def __init__(self, stage: Drawable, size: tuple[int, int], count: int, frames_per_second: int,
                 workers: int) -> None:  # fmt: skip
        workers = min(workers, MOST_DRAWERS)
        self._stage, self._count, self._rate = stage, count, frames_per_second
        self._slots = _shared_frames(*size, workers + _FRAMES_AHEAD)
        self._pool = _pool(self, workers)
        self._waiting: deque[Future[None]] = deque()
        _give_back_memory()
        with warnings.catch_warnings():  # of threads beside a fork: those of the child hold nothing that drawing needs
            warnings.simplefilter("ignore", DeprecationWarning)
            for number in range(min(count, len(self._slots))):
                self._waiting.append(self._pool.submit(_draw, number))

    def frames(self) -> Iterator[Frame]:
        """Every frame in order; each may be read until the next is asked for. Raises what drawing it raised, and
        BrokenProcessPool when a process was killed."""
        for number in range(self._count):
            self._waiting.popleft().result()
            yield self._slot(number)
            if number + len(self._slots) < self._count:
                self._waiting.append(self._pool.submit(_draw, number + len(self._slots)))

    def draw(self, number: int) -> None:
        """Put one frame into its place."""
        frame = self._stage.frame(number, self._count, number / self._rate)
        for place, plane in zip(self._slot(number), frame, strict=True):
            place[:] = plane

    def _slot(self, number: int) -> Frame:
        return self._slots[number % len(self._slots)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


_own = threading.local()  # what this process, or this thread, draws


def _pool(drawing: Drawing, workers: int) -> Executor:
    if sys.platform == "linux":
        context = multiprocessing.get_context("fork")
        return ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(drawing, os.getpid()))
    return ThreadPoolExecutor(workers, initializer=_begin, initargs=(drawing, None))


def _give_back_memory() -> None:
    """What building the world has left free goes back to the system, or every forked process would take it along."""
    with contextlib.suppress(AttributeError):  # it is glibc's
        ctypes.CDLL(None).malloc_trim(0)


def _begin(drawing: Drawing, parent: int | None) -> None:
    _own.drawing = drawing
    if parent is not None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the film's file is not this process's to remove
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        end_with_parent(parent)


def _draw(number: int) -> None:
    _own.drawing.draw(number)


def _shared_frames(width: int, height: int, count: int) -> list[Frame]:
    """Room for frames that this process and those forked from it see alike."""
    luma, chroma = (height, width), (height // 2, width // 2)
    sizes = [luma[0] * luma[1], *[chroma[0] * chroma[1]] * 2]
    room = np.frombuffer(mmap.mmap(-1, count * sum(sizes)), np.uint8).reshape(count, -1)
    ends = np.cumsum(sizes)[:-1].tolist()
    frames = []
    for row in room:
        y, u, v = np.split(row, ends)
        frames.append((y.reshape(luma), u.reshape(chroma), v.reshape(chroma)))
    return frames
