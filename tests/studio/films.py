"""What Studio's tests share: small requests, decoding, and measures of a film."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from doitong.catalogue.model import AspectRatio, Kind, Quality, Version
from doitong.engines.port import EngineRequest, Motion, Move

SEED_PROMPT = "A serene landscape with mountains and a lake at sunset"


def small_request(prompt: str = SEED_PROMPT, move: str | None = None, **changes: Any) -> EngineRequest:
    """One second of 320×180 at the coarsest level, unless changed; `move` is one strong camera move."""
    request = EngineRequest(
        generation_id="gen_1",
        attempt=1,
        service="runway",
        kind=Kind.TEXT_TO_VIDEO,
        prompt=prompt,
        duration_seconds=1,
        aspect_ratio=AspectRatio.WIDE,
        version=Version.GEN_2,
        quality=Quality.STANDARD,
        width=320,
        height=180,
        frames_per_second=24,
        seed=7,
        motion=Motion(camera=(Move(move, 1.0),)) if move else None,
    )
    return replace(request, **changes)


def decode(path: Path) -> np.ndarray[Any, Any]:
    """All frames as red, green, blue bytes."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def probe(path: Path) -> dict[str, Any]:
    """The container's own words about its one stream."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        return {
            "streams": len(container.streams),
            "codec": context.name,
            "size": (stream.width, stream.height),
            "pixels": context.pix_fmt,
            "rate": Fraction(stream.average_rate or 0),
            "frames": stream.frames,
            "colour": (context.colorspace, context.color_primaries, context.color_trc, context.color_range),
            "comment": container.metadata.get("comment"),
        }


def boxes(path: Path) -> list[str]:
    """Names of the top-level MP4 boxes, in order."""
    data, at, names = path.read_bytes(), 0, []
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        names.append(data[at + 4 : at + 8].decode("latin-1"))
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        at += size if size >= 8 else len(data)
    return names


def flow(before: np.ndarray[Any, Any], after: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Dense optical flow (DIS) in pixels: x to the right, y down."""
    finder = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    one, two = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (before, after))
    return np.asarray(finder.calc(one, two, None))


def quality(frames: np.ndarray[Any, Any]) -> dict[str, float]:
    """Measures without weights. Brightness jitter, error after warping by the flow, jerk of the flow (pixels a
    frame), share of repeated frames, contrast, and sharpness (variance of the Laplacian)."""
    gray = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32) for frame in frames]
    means = np.array([plane.mean() for plane in gray])
    flows = [flow(frames[i], frames[i + 1]) for i in range(len(frames) - 1)]
    height, width = gray[0].shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    errors = []
    for i, way in enumerate(flows):
        warped = cv2.remap(gray[i + 1], x + way[..., 0], y + way[..., 1], cv2.INTER_LINEAR)
        errors.append(float(np.median(np.abs(warped - gray[i])[8:-8, 8:-8])))
    middles = np.array([np.median(way.reshape(-1, 2), axis=0) for way in flows])
    repeated = [float(np.abs(gray[i + 1] - gray[i]).mean() < 0.02) for i in range(len(flows))]
    return {
        "lum_jitter": float(np.abs(np.diff(means, 2)).mean()),
        "warp_err": float(np.mean(errors)),
        "flow_jerk": float(np.abs(np.diff(middles, axis=0)).max()),
        "dup": float(np.mean(repeated)),
        "contrast": float(np.std(gray[len(gray) // 2])),
        "sharp": float(cv2.Laplacian(gray[len(gray) // 2], cv2.CV_32F).var()),
    }
