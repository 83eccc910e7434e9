"""A request as JSON, between the engine and its child process."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from doitong.catalogue.model import AspectRatio, Easing, Kind, MotionIntensity, Quality, Version
from doitong.engines.port import EngineRequest, Motion, Move


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is told: the request, where the film goes, and how many threads may draw."""

    request: EngineRequest
    out_path: Path
    workers: int


def write_order(order: Order) -> bytes:
    """One line of JSON."""
    fields = asdict(order.request)
    fields["image_path"] = str(order.request.image_path) if order.request.image_path else None
    if order.request.motion is not None:
        fields["motion"] = {
            "camera": [asdict(move) for move in order.request.motion.camera],
            "brushes": [dict(brush) for brush in order.request.motion.brushes],
            "depth": str(order.request.motion.depth_path) if order.request.motion.depth_path else None,
            "depthInverted": order.request.motion.is_depth_inverted,
        }
    return json.dumps({"request": fields, "out": str(order.out_path), "workers": order.workers}).encode() + b"\n"


def read_order(line: bytes) -> Order:
    """The order in a line of JSON; raises ValueError, KeyError or TypeError when it is none."""
    data: Mapping[str, Any] = json.loads(line)
    fields = dict(data["request"])
    motion = fields.get("motion")
    if motion is not None:
        moves = tuple(Move(**{**item, "easing": Easing(item["easing"])}) for item in motion["camera"])
        depth_path = Path(motion["depth"]) if motion["depth"] else None
        fields["motion"] = Motion(moves, tuple(motion["brushes"]), depth_path, motion["depthInverted"])
    fields["kind"] = Kind(fields["kind"])
    fields["aspect_ratio"] = AspectRatio(fields["aspect_ratio"])
    fields["version"] = Version(fields["version"])
    fields["quality"] = Quality(fields["quality"])
    fields["motion_intensity"] = MotionIntensity(fields["motion_intensity"])
    fields["image_path"] = Path(fields["image_path"]) if fields.get("image_path") else None
    return Order(EngineRequest(**fields), Path(data["out"]), int(data["workers"]))
