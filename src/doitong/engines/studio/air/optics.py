"""What the sun does in the air: rays through gaps in the cloud, and the rainbow opposite it."""

import math

import cv2
import numpy as np

from doitong.engines.studio.air.laying import add_light
from doitong.engines.studio.arrays import Colour, Floats, as_floats
from doitong.engines.studio.camera import Lens, Pose

_SMALL = 6  # pixels of the picture for one of the rays'
_BOW_FROM, _BOW_STEPS, _BOW_SPAN = 30.0, 1024, 26.0  # degrees from the point opposite the sun


def lay_rays(planes: list[Floats], veil: Floats, colour: Colour, x: float, y: float, lens: Lens) -> None:
    """Rays from the sun at pixel (x, y) of a sky: its light, let through by `veil` and drawn out away from it."""
    size = (max(16, lens.width // _SMALL), max(16, lens.rows // _SMALL))
    gaps = 1 - cv2.resize(veil, size, interpolation=cv2.INTER_AREA)
    ratio = size[0] / lens.width
    sx, sy = x * ratio - 0.5, y * size[1] / lens.rows - 0.5
    px = np.arange(size[0], dtype=np.float32)[None, :] - np.float32(sx)
    py = np.arange(size[1], dtype=np.float32)[:, None] - np.float32(sy)
    away = np.sqrt(px * px + py * py) * np.float32(1 / (lens.focal * ratio))
    source = gaps * gaps * cv2.exp(away * np.float32(-1 / 0.16))
    drawn = source
    for step in (0.03, 0.06, 0.12, 0.24, 0.40):
        shrink = 1 / (1 + step)
        move = np.array([[shrink, 0, sx * (1 - shrink)], [0, shrink, sy * (1 - shrink)]], np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        further = cv2.warpAffine(drawn, move, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        drawn = drawn * np.float32(0.45) + further * np.float32(0.55)
    drawn -= cv2.blur(drawn, (size[0] // 5 | 1, size[1] // 4 | 1))  # rays only, the glow is the air's
    drawn = np.maximum(drawn, np.float32(-0.02)) * (1 - cv2.exp(away * np.float32(-1 / 0.05)))
    whole = cv2.resize(drawn, (lens.width, lens.rows), interpolation=cv2.INTER_CUBIC)
    add_light(planes, whole, colour)


def _bow() -> Floats:
    """(steps, 3): the light of both bows by angle from the point opposite the sun."""
    angle = _BOW_FROM + np.arange(_BOW_STEPS) * (_BOW_SPAN / _BOW_STEPS)
    table = np.zeros((_BOW_STEPS, 3))
    for i, (first, second) in enumerate(((42.3, 50.3), (41.5, 51.7), (40.6, 53.2))):
        table[:, i] += np.exp(-(((angle - first) / 0.72) ** 2))
        table[:, i] += 0.26 * np.exp(-(((angle - second) / 1.1) ** 2))
    table[:, 0] += 0.30 * np.exp(-(((angle - 39.9) / 0.5) ** 2))  # violet has red in it
    inside = 0.16 / (1 + np.exp((angle - 41.4) * 3)) * np.clip((angle - _BOW_FROM) / 11, 0, 1)
    dark = 0.10 * np.exp(-(((angle - 46.6) / 3.2) ** 2))  # Alexander's band
    return as_floats(table + (inside - dark)[:, None])


class Rainbow:
    """The bow of one film, its middle `azimuth` radians right of the origin's view and `depth` under the horizon."""

    def __init__(self, azimuth: float, depth: float) -> None:
        self._pole = (math.sin(azimuth) * math.cos(depth), -math.sin(depth), math.cos(azimuth) * math.cos(depth))
        self._table = _bow()

    def lay(self, planes: list[Floats], directions: tuple[Floats, ...], light: Colour) -> None:
        """Add the bow's light."""
        dx, dy, dz = directions
        cosine = np.clip(dx * self._pole[0] + dy * self._pole[1] + dz * self._pole[2], -1, 1)
        degrees = np.arccos(cosine) * np.float32(180 / math.pi)
        at = (degrees - np.float32(_BOW_FROM)) * np.float32(_BOW_STEPS / _BOW_SPAN)
        inside = ((at > 0) & (at < _BOW_STEPS - 1)).astype(np.float32)
        number = np.clip(at, 0, _BOW_STEPS - 1).astype(np.int32)
        inside *= np.clip((dy + np.float32(0.01)) * 20, 0, 1)
        for i, plane in enumerate(planes):
            np.add(plane, self._table[:, i].take(number) * inside * np.float32(light[i]), out=plane)


def sun_at(sun_turn: float, sun_height: float, pose: Pose, lens: Lens) -> tuple[float, float] | None:
    """The pixel of the disc's middle, or None when it is far out of view."""
    turn = math.remainder(sun_turn - pose.yaw, 2 * math.pi)
    if abs(turn) > 1.2:
        return None
    x = lens.width / 2 + math.tan(turn) * lens.focal
    return x, lens.horizon - math.tan(sun_height) / math.cos(turn) * lens.focal
