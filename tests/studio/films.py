"""What Studio's tests share: small requests, and the gallery's measures of a film."""

from dataclasses import replace
from typing import Any

from gallery.measures import boxes, decode, flow, probe, quality

from doitong.catalogue.model import AspectRatio, Kind, Quality, Version
from doitong.engines.port import EngineRequest, Motion, Move

__all__ = ["SEED_PROMPT", "boxes", "decode", "flow", "probe", "quality", "small_request"]

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
