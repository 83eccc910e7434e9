"""A picture as a film: its layers under Studio's camera, its brushed parts in motion, frame by frame.

Built once for a film; frames may be drawn in any order and from several threads.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from doitong.catalogue.model import Version
from doitong.engines.port import EngineRequest
from doitong.engines.studio.arrays import Bytes, Floats, Planes
from doitong.engines.studio.camera import Pose
from doitong.engines.studio.grade import planes_of
from doitong.engines.studio.notices import SMOOTH_DEPTH, notice
from doitong.engines.studio.picture.brushes import Current, read_brushes
from doitong.engines.studio.picture.depth import Depth, DepthSource, estimate_depth, softened, supplied_depth
from doitong.engines.studio.picture.frame import Canvas, on_canvas, open_canvas
from doitong.engines.studio.picture.intake import read_map
from doitong.engines.studio.picture.layers import Layer, split_layers
from doitong.engines.studio.picture.masks import named_brushes
from doitong.engines.studio.picture.view import Geometry, View
from doitong.engines.studio.scene import Scene
from doitong.engines.studio.style import STYLES, PixelArt

# BT.709, limited range: Y, U and V from red, green and blue bytes
_TO_YUV = np.array(
    [[0.2126 * 219, 0.7152 * 219, 0.0722 * 219, 16 * 255],
     [-0.2126 * 224 / 1.8556, -0.7152 * 224 / 1.8556, 0.9278 * 224 / 1.8556, 128 * 255],
     [0.7874 * 224 / 1.5748, -0.7152 * 224 / 1.5748, -0.0722 * 224 / 1.5748, 128 * 255]],
    np.float32,
) / np.float32(255)  # fmt: skip
_MIDDLE_NEARNESS = 0.45


@dataclass(frozen=True, slots=True)
class _Detail:
    """What a version gives a picture: `density` of the canvas, whether a subject is cut out, how colours are read."""

    density: float
    is_layered: bool
    sampling: int


_DETAILS = {
    Version.GEN_2: _Detail(1.0, False, cv2.INTER_LINEAR),
    Version.GEN_3: _Detail(1.3, True, cv2.INTER_LINEAR),
    Version.GEN_4: _Detail(1.6, True, cv2.INTER_CUBIC),
}


class PictureStage:
    """One picture, ready to be filmed. `report` says what was made of it, `warnings` what could not be."""

    def __init__(self, request: EngineRequest, scene: Scene) -> None:
        assert request.image_path is not None
        width, height = request.width, request.height
        self._size = width, height
        detail = _DETAILS[request.version]
        self._sampling = detail.sampling
        canvas = open_canvas(request.image_path, width, height, detail.density)
        found_depth = _depth_of(request, canvas)
        depth = found_depth if detail.is_layered else softened(found_depth)
        self._layers = split_layers(canvas.pixels, depth)
        pivot = _MIDDLE_NEARNESS if depth.subject is None else float(np.median(depth.near[depth.subject > 0.5]))
        rows, columns = canvas.pixels.shape[:2]
        size = (columns, rows)
        geometry = Geometry(width, height, canvas.middle, size, canvas.density, depth.span, pivot, depth.bears)
        self._view = View(scene, geometry)
        asked = read_brushes(request, canvas)
        named, found = named_brushes(request.prompt, canvas, found_depth, has_brushes=bool(asked))
        self._currents = [
            Current.of([*asked, *named], self._layers, place, request.duration_seconds)
            for place in range(len(self._layers))
        ]
        self._style = STYLES[scene.style](width, height, scene.seed) if scene.style in STYLES else None
        self._is_loop = scene.is_loop
        if isinstance(self._style, PixelArt):
            self._style.learn(_coded(self.picture(0.5, 0.0)))
        self.report = _report(found_depth, asked, found)
        missing = [notice("NOT_IN_PICTURE", thing=item["of"]) for item in found if not item["found"]]
        self.warnings = [*canvas.warnings, *missing]

    def frame(self, number: int, count: int, seconds: float) -> tuple[Bytes, Bytes, Bytes]:
        """Y, U and V planes of frame `number` of `count`."""
        picture = self.picture(number / (count if self._is_loop else max(1, count - 1)), number / max(1, count))
        if self._style is not None:
            return planes_of(self._style.paint(_coded(picture), number))
        width, height = self._size
        coded = cv2.transform(picture, _TO_YUV)
        half = cv2.resize(coded, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        luma, u, v = (np.ascontiguousarray(plane) for plane in (coded[..., 0], half[..., 1], half[..., 2]))
        return luma, u, v

    def picture(self, share: float, moment: float) -> Bytes:
        """Red, green, blue bytes: the camera at `share` of its way, the brushes at `moment` of the film (0–1)."""
        pose = self._view.pose(share)
        width, height = self._size
        seen = np.zeros((height, width, 3), np.uint8)
        for layer, current in zip(self._layers, self._currents, strict=True):
            self._draw(seen, layer, current, pose, moment)
        return seen

    def _draw(self, seen: Bytes, layer: Layer, current: Current | None, pose: Pose, moment: float) -> None:
        view = self._view
        x, y = view.cells(pose, layer.nearness)
        if current is not None:
            dx, dy = current.sway(moment, x, y)
            x, y = x + dx, y + dy
        box: tuple[slice, slice] | None = slice(0, self._size[0]), slice(0, self._size[1])
        if layer.cover is not None:
            box = view.box(_covered(layer.cover, x, y) > 0.004)
        if box is None:
            return
        columns, rows = box
        map_x, map_y = view.whole(x, columns, rows), view.whole(y, columns, rows)
        drawn = cv2.remap(layer.colour, map_x, map_y, self._sampling, borderMode=cv2.BORDER_REFLECT_101)
        if current is not None:
            current.draw(drawn, layer.colour, view, (x, y), box, moment)
        if layer.cover is None:
            seen[rows, columns] = drawn
            return
        cover = _covered(layer.cover, map_x, map_y)
        part = np.ascontiguousarray(seen[rows, columns])
        seen[rows, columns] = cv2.blendLinear(drawn, part, cover, np.float32(1) - cover)


def _coded(picture: Bytes) -> Planes:
    """Red, green and blue, 0–1."""
    red, green, blue = (plane.astype(np.float32) * np.float32(1 / 255) for plane in cv2.split(picture))
    return red, green, blue


def _covered(cover: Floats, x: Floats, y: Floats) -> Floats:
    return np.asarray(cv2.remap(cover, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101))


def _depth_of(request: EngineRequest, canvas: Canvas) -> Depth:
    if request.motion is None or request.motion.depth_path is None:
        return estimate_depth(canvas.small, canvas.sight)
    rows, columns = canvas.small.shape[:2]
    given = on_canvas(read_map(request.motion.depth_path), canvas, columns, rows)
    return supplied_depth(given, request.motion.is_depth_inverted, canvas.small)


def _report(depth: Depth, asked: list[Any], found: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "depth": str(depth.source),
        "confidence": depth.confidence,
        "subject": depth.subject is not None,
        "brushes": len(asked),
        "moving": found,
        **({"note": SMOOTH_DEPTH.en} if depth.source is DepthSource.FALLBACK else {}),
    }
