"""`python -m gallery`: render the clips with the Studio engine, measure them, draw contact sheets, write the page.

Ends with 1 when a clip fails a gate, or when seeds and prompts do not differ as they must.
"""

import argparse
import asyncio
import importlib
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from doitong.engines.port import TaskState
from doitong.engines.studio.engine import StudioEngine
from gallery import measures, page, variation
from gallery.clips import Clip, in_order

_SHEET_PIXELS = 480  # the longer side of a frame on the sheet


async def _render(engine: StudioEngine, clip: Clip, folder: Path) -> dict[str, Any]:
    picture = None
    if clip.picture:
        draw = getattr(importlib.import_module("gallery.pictures"), clip.picture)
        picture = draw(folder / "pictures")
    request = clip.request(picture)
    started = time.perf_counter()
    task = await engine.submit(request)
    while (status := await engine.wait(task, 30)).state in {TaskState.WAITING, TaskState.RENDERING}:
        print(f"\r{clip.name:24} {status.progress:4.0%}", end="", flush=True)
    if status.state is not TaskState.SUCCEEDED:
        raise SystemExit(f"\n{clip.name}: {status.state} {status.failure}")
    work = (time.perf_counter() - started) / clip.seconds
    film = await engine.fetch(task, folder / f"{clip.name}.mp4")
    return {"name": clip.name, "prompt": clip.prompt, "move": clip.move, "model": film.model, "work": work,
            "shape": f"{request.width}×{request.height}", "size": (request.width, request.height),
            "has_audio": request.has_audio, "interpretation": film.metadata["interpretation"]}  # fmt: skip


def _measure(clip: Clip, told: dict[str, Any], folder: Path) -> dict[str, Any]:
    path = folder / f"{clip.name}.mp4"
    frames = measures.measured_frames(path)
    quality = measures.quality(frames[::1])
    failed = measures.container_failed(path, told["size"], clip.seconds, told["has_audio"])
    failed += measures.gates_failed(quality, clip.without)
    if clip.move:
        failed += measures.camera_failed(frames, clip.move, clip.near)
    _write_sheet(frames, folder / clip.name)
    return {**told, "quality": quality, "failed": failed}


def _write_sheet(frames: measures.Frames, base: Path) -> None:
    share = _SHEET_PIXELS / max(frames.shape[1:3])
    size = (round(frames.shape[2] * share), round(frames.shape[1] * share))
    three = [cv2.resize(frames[at], size, interpolation=cv2.INTER_AREA) for at in (0, len(frames) // 2, -1)]
    sheet = cv2.cvtColor(np.hstack(three), cv2.COLOR_RGB2BGR)
    cv2.imwrite(f"{base}.sheet.jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, 86])
    poster = cv2.cvtColor(frames[len(frames) // 2], cv2.COLOR_RGB2BGR)
    cv2.imwrite(f"{base}.jpg", poster, [cv2.IMWRITE_JPEG_QUALITY, 86])


async def _run(clips: tuple[Clip, ...], folder: Path) -> list[dict[str, Any]]:
    engine = StudioEngine(folder / "work", max_parallel=1)
    seen = []
    try:
        for clip in clips:
            told = await _render(engine, clip, folder)
            result = await asyncio.to_thread(_measure, clip, told, folder)
            verdict = "; ".join(result["failed"]) or "passes"
            print(f"\r{clip.name:24} {told['work']:.1f} s of work a second; {verdict}", flush=True)
            seen.append(result)
    finally:
        await engine.close()
    return seen


def _vary(clips: tuple[Clip, ...], folder: Path) -> tuple[list[variation.Varied], list[str]]:
    """How seeds and prompts differ, printed, and what is wrong with that."""
    varied = variation.vary(clips)
    failed = [text for item in varied for text in item.failed] if len(varied) > 1 else []
    drawn = [clip for clip in clips if clip.picture is None]
    failed += variation.repeats_failed(drawn[0], folder) if drawn else []
    print(f"{'':60} {'seeds':>6} {'others':>6}")
    for item in varied:
        print(f"{item.prompt[:60]:60} {item.seeds:6.1f} {item.others:6.1f}")
    for text in failed:
        print(text)
    return varied, failed


def main() -> int:
    """Render, measure, write; 0 when every clip passes."""
    parser = argparse.ArgumentParser(prog="gallery", description=__doc__)
    parser.add_argument("--only", default="", help="words; clips whose name holds one of them")
    parser.add_argument("--out", type=Path, default=Path("gallery/out"), help="where films and page go")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    clips = in_order(options.only)
    if not clips:
        raise SystemExit(f"No clip's name holds any of: {options.only}")
    seen = asyncio.run(_run(clips, options.out))
    varied, wrong = _vary(clips, options.out)
    notes = wrong or ["The same request was rendered twice and made the same file to the byte; another seed did not."]
    path = page.write_page(options.out, seen, varied, notes)
    failed = [clip["name"] for clip in seen if clip["failed"]]
    print(f"{len(seen) - len(failed)} of {len(seen)} pass. Look at {path}")
    return 1 if failed or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
