"""The film: from a request to a finished file.

Frames are drawn by threads (numpy, OpenCV and x264 release the interpreter), handed to the encoder in order, and
forgotten. A frame depends only on the scene and its number, so the number of threads does not change the film.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import cv2

from doitong.engines.port import EngineRequest
from doitong.engines.studio.arrays import Bytes
from doitong.engines.studio.encode import FilmWriter
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.reading.interpretation import interpret

ENGINE_VERSION = "1.0.0"
_FRAMES_AHEAD = 2  # drawn frames that may wait for the encoder, beyond one for each worker

Frame = tuple[Bytes, Bytes, Bytes]


class Drawable(Protocol):
    """What can be filmed."""

    def frame(self, number: int, count: int, seconds: float) -> Frame: ...


def render_film(
    request: EngineRequest, out_path: Path, on_progress: Callable[[float], None], workers: int = 1
) -> dict[str, Any]:
    """Render the request to `out_path` (MP4) and return the report: model, interpretation, engine version.

    `on_progress` gets 0–1 after every frame. Raises OSError when the disk does not take the film and
    ValueError when the picture or the size cannot be used.
    """
    scene, report = interpret(request)
    level = level_of(request.version, request.quality)
    cv2.setNumThreads(workers)
    on_progress(0.0)
    stage: Drawable
    if request.image_path is not None:
        from doitong.engines.studio.picture.stage import PictureStage  # noqa: PLC0415

        stage = PictureStage(request.image_path, scene, request.width, request.height)
    else:
        from doitong.engines.studio.stage import Stage  # noqa: PLC0415

        stage = Stage(scene, level, request.width, request.height)
    cv2.setNumThreads(1)
    count = request.duration_seconds * request.frames_per_second
    with FilmWriter(out_path, request.width, request.height, request.frames_per_second, request.quality) as writer:
        _film(stage, writer, count, request.frames_per_second, workers, on_progress)
        writer.close()
    return {"model": level.name, "interpretation": report, "engine_version": ENGINE_VERSION}


def _film(stage: Drawable, writer: FilmWriter, count: int, frames_per_second: int, workers: int,
          on_progress: Callable[[float], None]) -> None:  # fmt: skip
    waiting: deque[Future[Frame]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            ahead = workers + _FRAMES_AHEAD
            for number in range(count + ahead):
                if number < count:
                    waiting.append(pool.submit(stage.frame, number, count, number / frames_per_second))
                if number >= ahead:
                    writer.write(waiting.popleft().result())
                    on_progress((number - ahead + 1) / count)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
