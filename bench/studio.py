"""Seconds of work per second of film, memory and start, as the engine renders: each film in a child process of its own.

Beside it the same frames encoded alone, with the same settings; decoding them is not counted.
"""

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
from gallery import pictures

from doitong.catalogue.model import FRAMES, FRAMES_PER_SECOND, AspectRatio, Kind, Quality, Version
from doitong.engines.port import EngineRequest
from doitong.engines.studio.encode import FilmWriter
from doitong.engines.studio.engine import child_environment
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.wire import Order, write_order

SECONDS = 5
WORKERS = 2
SUNSET = "A serene landscape with mountains and a lake at sunset"


@dataclass(frozen=True, slots=True)
class Case:
    """One film to time."""

    label: str
    prompt: str = SUNSET
    version: Version = Version.GEN_4
    quality: Quality = Quality.STANDARD
    has_picture: bool = False

    def request(self, folder: Path) -> EngineRequest:
        frame = FRAMES[self.quality, AspectRatio.WIDE]
        return EngineRequest(
            generation_id="bench",
            attempt=1,
            service="runway",
            kind=Kind.IMAGE_TO_VIDEO if self.has_picture else Kind.TEXT_TO_VIDEO,
            prompt=self.prompt,
            duration_seconds=SECONDS,
            aspect_ratio=AspectRatio.WIDE,
            version=self.version,
            quality=self.quality,
            width=frame.width,
            height=frame.height,
            frames_per_second=FRAMES_PER_SECOND,
            seed=7,
            image_path=pictures.lake(folder) if self.has_picture else None,
        )


CASES = (
    Case("lake, 720p gen-2", version=Version.GEN_2),
    Case("lake, 720p gen-3", version=Version.GEN_3),
    Case("lake, 720p gen-4"),
    Case("lake, 1080p gen-4 high", quality=Quality.HIGH),
    Case("city at night in the rain, 720p gen-4", "A city skyline at night in the rain"),
    Case("forest with sun rays, 720p gen-4", "An autumn forest with sun rays"),
    Case("picture with moving water, 720p gen-4", "The water ripples, slow dolly in", has_picture=True),
)


def measure() -> dict[str, Any]:
    """What each case took, per second of film, by its label."""
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case in CASES:
            request = case.request(folder)
            film = folder / "film.mp4"
            rows[case.label] = {
                "render": _render(request, film),
                "encode": _encode_again(replace(request, has_audio=False), film, folder / "again.mp4"),
            }
    return rows


def _render(request: EngineRequest, path: Path) -> dict[str, float]:
    """The child that the engine would start: wall and CPU seconds a second of film, the most memory in MiB of some
    looks a second, and seconds until it spoke first and until its first frame was encoded."""
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "doitong.engines.studio.child"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=child_environment(),
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(write_order(Order(request, path, WORKERS)))
    child.stdin.flush()
    spoke = first = peak = 0.0
    last: dict[str, Any] = {}
    for line in child.stdout:
        last = json.loads(line)
        now = time.perf_counter() - began
        spoke, peak = spoke or now, max(peak, _held_mib(child.pid))
        if not first and last.get("progress", 0) > 0:
            first = now
    _, status, used = os.wait4(child.pid, 0)
    if status or "done" not in last:
        raise RuntimeError(f"the film was not made: {last}")
    wall = time.perf_counter() - began
    return {"wall": wall / SECONDS, "cpu": (used.ru_utime + used.ru_stime) / SECONDS, "mib": peak,
            "spoke": spoke, "first": first}  # fmt: skip


def _held_mib(pid: int) -> float:
    """Memory of a process and of those that draw for it; what they share is counted once."""
    total = 0.0
    for process in (pid, *(child.pid for child in psutil.Process(pid).children())):
        with contextlib.suppress(OSError):  # it has ended
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
    return total


def _encode_again(request: EngineRequest, film: Path, path: Path) -> dict[str, float]:
    with av.open(str(film)) as container:
        frames = [_planes(frame) for frame in container.decode(video=0)]
    before = _spent()
    size, is_sketch = (request.width, request.height), level_of(request.version, request.quality).is_sketch
    with FilmWriter(path, *size, FRAMES_PER_SECOND, request.quality, is_sketch=is_sketch) as writer:
        for planes in frames:
            writer.write(planes)
        writer.close()
    return {"cpu": (_spent() - before) / SECONDS}


def _spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _planes(frame: av.VideoFrame) -> tuple[Any, Any, Any]:
    height, width = frame.height, frame.width
    flat = frame.to_ndarray(format="yuv420p").reshape(-1)
    luma = width * height
    shapes = [(height, width), (height // 2, width // 2), (height // 2, width // 2)]
    parts = np.split(flat, [luma, luma + luma // 4])
    return tuple(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))  # type: ignore[return-value]
