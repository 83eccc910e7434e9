"""The film: from a request to a finished file.

The sound is made while the world is built; then processes draw the frames, and this one codes them and makes the
previews as they come.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2

from doitong.engines.port import EngineRequest
from doitong.engines.studio.drawing import Drawable, Drawing
from doitong.engines.studio.encode import FilmWriter
from doitong.engines.studio.levels import Level, level_of
from doitong.engines.studio.notices import add_notices, language_of, picture_in
from doitong.engines.studio.reading.interpretation import interpret
from doitong.engines.studio.scene import Scene
from doitong.engines.studio.sound.score import soundtrack
from doitong.engines.studio.sound.signal import Stereo
from doitong.media.preview_maker import PreviewMaker

ENGINE_VERSION = "2.4.0"


def render_film(
    request: EngineRequest, out_path: Path, on_progress: Callable[[float], None], workers: int = 1
) -> dict[str, Any]:
    """Render the request to `out_path` (MP4), its previews beside it, and return the report: model, interpretation,
    engine version.

    `on_progress` gets 0–1 after every frame. Raises OSError when the disk does not take the film and
    ValueError when the picture or the size cannot be used.
    """
    scene, report = interpret(request)
    level = level_of(request.version, request.quality)
    cv2.setNumThreads(workers)
    on_progress(0.0)
    with ThreadPoolExecutor(1) as beside:  # the sound is made while the world is built
        sounding = beside.submit(_sound, request, scene, has_place=report["sound"] != "room")
        stage = _build(request, scene, level, report)
        sound = sounding.result()
    cv2.setNumThreads(1)
    rate, count = request.frames_per_second, request.duration_seconds * request.frames_per_second
    size = request.width, request.height
    is_sketch = level.is_sketch and request.image_path is None
    with (
        Drawing(stage, size, count, rate, workers) as drawing,
        PreviewMaker(out_path, *size, rate, count) as previews,
        FilmWriter(out_path, *size, rate, request.quality, sound, is_sketch=is_sketch) as writer,
    ):
        for number, frame in enumerate(drawing.frames(), start=1):
            writer.write(frame)
            previews.take(frame)
            on_progress(number / count)
        previews.close()
        writer.close()
    return {"model": level.name, "interpretation": report, "engine_version": ENGINE_VERSION}


def _sound(request: EngineRequest, scene: Scene, *, has_place: bool) -> Stereo | None:
    return soundtrack(scene, request.duration_seconds, has_place=has_place) if request.has_audio else None


def _build(request: EngineRequest, scene: Scene, level: Level, report: dict[str, Any]) -> Drawable:
    """What is to be filmed; a picture adds to the report what was seen in it."""
    if request.image_path is not None:
        from doitong.engines.studio.picture.stage import PictureStage  # noqa: PLC0415

        picture = PictureStage(request, scene)
        report["picture"] = picture_in(picture.report, language_of(report))
        add_notices(report, picture.warnings)
        return picture
    from doitong.engines.studio.stage import Stage  # noqa: PLC0415

    return Stage(scene, level, request.width, request.height)
