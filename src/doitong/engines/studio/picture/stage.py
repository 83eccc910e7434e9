"""A picture, animated with a camera move only: a crop that glides over it and never shows an edge."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from doitong.engines.studio.arrays import Bytes
from doitong.engines.studio.camera import ease
from doitong.engines.studio.grade import planes_of
from doitong.engines.studio.scene import CameraStep, Scene

_MARGIN = 1.16  # how much larger than the frame the picture is kept, so that a move has room
_MOST_PIXELS = 80_000_000
_MOST_ZOOM = 0.24
_MOST_TURN = 0.07  # radians

# which way a move zooms, goes across and down, and turns
_MOVES = {
    "pan_right": (0, 1, 0, 0),
    "truck_right": (0, 1, 0, 0),
    "orbit_right": (0, 1, 0, 0),
    "pan_left": (0, -1, 0, 0),
    "truck_left": (0, -1, 0, 0),
    "orbit_left": (0, -1, 0, 0),
    "tilt_down": (0, 0, 1, 0),
    "pedestal_down": (0, 0, 1, 0),
    "tilt_up": (0, 0, -1, 0),
    "pedestal_up": (0, 0, -1, 0),
    "dolly_in": (1, 0, 0, 0),
    "zoom_in": (1, 0, 0, 0),
    "dolly_out": (-1, 0, 0, 0),
    "zoom_out": (-1, 0, 0, 0),
    "roll_right": (0, 0, 0, 1),
    "roll_left": (0, 0, 0, -1),
}


class PictureStage:
    """Draws a picture through a moving crop."""

    def __init__(self, path: Path, scene: Scene, width: int, height: int) -> None:
        self._size = (width, height)
        self._picture = _fitted(path, width, height)
        self._segments = scene.segments
        self._motion = scene.motion

    def frame(self, number: int, count: int, seconds: float) -> tuple[Bytes, Bytes, Bytes]:
        """Y, U and V planes of frame `number` of `count`."""
        zoom, x, y, turn = self._crop(number / max(1, count - 1))
        width, height = self._size
        rows, columns = self._picture.shape[:2]
        cover = _roll_cover(turn, width, height)
        scale = min(width / columns, height / rows) * _MARGIN * zoom
        scale = max(scale, width / columns * cover, height / rows * cover)
        c, s = np.cos(turn) / scale, np.sin(turn) / scale
        room_x = max(0.0, columns / 2 - width * cover / 2 / scale)
        room_y = max(0.0, rows / 2 - height * cover / 2 / scale)
        middle_x, middle_y = columns / 2 + x * room_x - 0.5, rows / 2 + y * room_y - 0.5
        back = np.array(
            [[c, s, middle_x - c * (width - 1) / 2 - s * (height - 1) / 2],
             [-s, c, middle_y + s * (width - 1) / 2 - c * (height - 1) / 2]]
        )  # fmt: skip
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(self._picture, back, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
        red, green, blue = (plane.astype(np.float32) * np.float32(1 / 255) for plane in cv2.split(seen))
        return planes_of((red, green, blue))

    def _crop(self, share: float) -> tuple[float, float, float, float]:
        """Zoom, offset −1…1 each way, and turn at `share` of the film."""
        zoom, x, y, turn = 1.0, 0.0, 0.0, 0.0
        count = max(1, len(self._segments))
        for place, part in enumerate(self._segments):
            done = ease(share * count - place)
            for step in part:
                dz, dx, dy, dt = _shift(step, done, min(1.0, step.strength * self._motion))
                zoom, x, y, turn = zoom * dz, x + dx, y + dy, turn + dt
        return zoom, float(np.clip(x, -1, 1)), float(np.clip(y, -1, 1)), turn


def _shift(step: CameraStep, done: float, amount: float) -> tuple[float, float, float, float]:
    zoom, x, y, turn = _MOVES.get(step.move, (0, 0, 0, 0))
    across = (2 * done - 1) * min(1.0, 1.6 * amount)
    nearer = 1.0 + _MOST_ZOOM * amount * (done if zoom > 0 else 1 - done) if zoom else 1.0
    return nearer, x * across, y * across, turn * _MOST_TURN * amount * (2 * done - 1)


def _roll_cover(turn: float, width: int, height: int) -> float:
    return float(np.cos(abs(turn)) + max(width / height, height / width) * np.sin(abs(turn)))


def _fitted(path: Path, width: int, height: int) -> Bytes:
    """The picture upright, cut to the frame's shape around its middle, and a little larger than the frame."""
    with Image.open(path) as opened:
        if opened.width * opened.height > _MOST_PIXELS:
            raise ValueError(f"the picture has more than {_MOST_PIXELS} pixels")
        upright = ImageOps.exif_transpose(opened)
        rgba = upright.convert("RGBA") if "A" in upright.getbands() or "transparency" in upright.info else None
        if rgba is not None:
            ground = Image.new("RGBA", rgba.size, (0, 0, 0, 255))
            upright = Image.alpha_composite(ground, rgba)
        pixels = np.asarray(upright.convert("RGB"))
    rows, columns = pixels.shape[:2]
    cut_columns = min(columns, max(1, round(rows * width / height)))
    cut_rows = min(rows, max(1, round(columns * height / width)))
    left, top = (columns - cut_columns) // 2, (rows - cut_rows) // 2
    cut = pixels[top : top + cut_rows, left : left + cut_columns]
    size = (round(width * _MARGIN * 1.12), round(height * _MARGIN * 1.12))
    way = cv2.INTER_AREA if cut_columns > size[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(cut, size, interpolation=way), dtype=np.uint8)
