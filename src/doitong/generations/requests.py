"""A generation as an engine is told of it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from doitong.catalogue.model import AspectRatio, Easing, MotionIntensity, Quality, Version
from doitong.engines.port import EngineRequest, Motion, Move, Wish
from doitong.generations.model import Generation


def to_engine_request(
    generation: Generation, image_path: Path | None, motion: Mapping[str, Any] | None
) -> EngineRequest:
    """The generation as an engine is told of it; `motion` with local paths for its maps."""
    parameters = generation.parameters
    return EngineRequest(
        generation_id=generation.id,
        attempt=generation.attempt,
        service=generation.service,
        kind=generation.kind,
        prompt=generation.prompt,
        duration_seconds=parameters["duration"],
        aspect_ratio=AspectRatio(parameters["aspectRatio"]),
        version=Version(parameters["version"]),
        quality=Quality(parameters["quality"]),
        width=parameters["width"],
        height=parameters["height"],
        frames_per_second=parameters["fps"],
        seed=parameters["seed"],
        motion_intensity=MotionIntensity(parameters["motionIntensity"]),
        motion=None if motion is None else to_motion(motion),
        negative_prompt=parameters["negativePrompt"],
        image_path=image_path,
        has_audio=parameters.get("audio", True),
        customer=hashlib.sha256(generation.account_id.encode()).hexdigest(),
    )


def to_motion(motion: Mapping[str, Any]) -> Motion:
    """Stored motion, with what was left out filled in, and paths of pictures in place of their uploads."""
    moves = tuple(Move(**{**move, "easing": Easing(move.get("easing", Easing.IN_OUT))}) for move in motion["camera"])
    depth_path = Path(motion["depth"]) if "depth" in motion else None
    return Motion(moves, tuple(motion["brushes"]), depth_path, motion.get("depthInverted", False))


def to_wish(generation: Generation) -> Wish:
    """What an engine's table is asked by."""
    parameters = generation.parameters
    return Wish(
        generation.kind,
        Version(parameters["version"]),
        Quality(parameters["quality"]),
        AspectRatio(parameters["aspectRatio"]),
    )
