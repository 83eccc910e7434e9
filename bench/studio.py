"""Seconds of work per second of film, at both sizes, against encoding the same frames alone."""

import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np

from doitong.catalogue.model import FRAMES, FRAMES_PER_SECOND, AspectRatio, Kind, Quality, Version
from doitong.engines.port import EngineRequest
from doitong.engines.studio.encode import FilmWriter
from doitong.engines.studio.renderer import render_film

SECONDS = 5
WORKERS = 2


def _request(quality: Quality, version: Version = Version.GEN_4) -> EngineRequest:
    frame = FRAMES[quality, AspectRatio.WIDE]
    return EngineRequest(
        generation_id="bench",
        attempt=1,
        service="runway",
        kind=Kind.TEXT_TO_VIDEO,
        prompt="A serene landscape with mountains and a lake at sunset",
        duration_seconds=SECONDS,
        aspect_ratio=AspectRatio.WIDE,
        version=version,
        quality=quality,
        width=frame.width,
        height=frame.height,
        frames_per_second=FRAMES_PER_SECOND,
        seed=7,
    )


def _spent() -> tuple[float, float]:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(item.ru_utime + item.ru_stime for item in usage)


def _render(request: EngineRequest, path: Path) -> dict[str, float]:
    wall, cpu = _spent()
    render_film(request, path, lambda progress: None, workers=WORKERS)
    return _since(wall, cpu)


def _encode_again(request: EngineRequest, film: Path, path: Path) -> dict[str, float]:
    """Encode the film's own frames with the same settings; decoding is not counted."""
    with av.open(str(film)) as container:
        frames = [_planes(frame) for frame in container.decode(video=0)]
    wall, cpu = _spent()
    with FilmWriter(path, request.width, request.height, FRAMES_PER_SECOND, request.quality) as writer:
        for planes in frames:
            writer.write(planes)
        writer.close()
    return _since(wall, cpu)


def _planes(frame: av.VideoFrame) -> tuple[Any, Any, Any]:
    height, width = frame.height, frame.width
    flat = frame.to_ndarray(format="yuv420p").reshape(-1)
    luma = width * height
    shapes = [(height, width), (height // 2, width // 2), (height // 2, width // 2)]
    parts = np.split(flat, [luma, luma + luma // 4])
    return tuple(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))  # type: ignore[return-value]


def _since(wall: float, cpu: float) -> dict[str, float]:
    now_wall, now_cpu = _spent()
    return {"wall": (now_wall - wall) / SECONDS, "cpu": (now_cpu - cpu) / SECONDS}


def measure() -> dict[str, Any]:
    """Wall and CPU seconds per second of film, by what was rendered."""
    rows: dict[str, Any] = {}
    cases = [
        ("720p gen-2", _request(Quality.STANDARD, Version.GEN_2)),
        ("720p gen-3", _request(Quality.STANDARD, Version.GEN_3)),
        ("720p gen-4", _request(Quality.STANDARD)),
        ("1080p gen-4 high", _request(Quality.HIGH)),
    ]
    with tempfile.TemporaryDirectory() as name:
        for label, request in cases:
            film = Path(name) / "film.mp4"
            rows[label] = {
                "render": _render(replace(request, generation_id=label), film),
                "encode": _encode_again(request, film, Path(name) / "again.mp4"),
            }
    return rows
