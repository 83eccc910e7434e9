"""A tilted spiral galaxy: arms, dust lanes and knots around a warm core, in thin layers that give it depth."""

import math

import cv2
import numpy as np

from doitong.engines.studio.arrays import Colour, Floats, smooth
from doitong.engines.studio.camera import Lens
from doitong.engines.studio.noise import sample, spectral_tile
from doitong.engines.studio.space.globe import Eye, frame_of

_SIZE = 1536
_REACH = 1.0  # of the picture, in radii of the galaxy


class Galaxy:
    """One galaxy at `spot` of the given `radius`, whose axis points along `pole`."""

    def __init__(self, random: np.random.Generator, spot: Colour, radius: float, pole: Colour,
                 palette: tuple[Colour, ...], layers: int) -> None:  # fmt: skip
        self._spot, self._radius, self._pole = spot, radius, pole
        self._heights = [0.0] if layers == 1 else [float(h) for h in np.linspace(-0.007, 0.007, layers)]
        self._disc = _disc(random, palette) / len(self._heights)
        self._way = 1.0 if random.random() < 0.5 else -1.0

    def draw(self, planes: tuple[Floats, ...], eye: Eye, lens: Lens, seconds: float) -> None:
        """Add the galaxy's light to `planes`."""
        centre = eye.place(self._spot)
        if centre[2] < self._radius * 0.5:
            return
        side, pole, ahead = (eye.turned(axis) for axis in frame_of(self._pole))
        px = lens.slopes()[None, :]
        row = np.arange(lens.rows, dtype=np.float32)[:, None]
        py = (np.float32(lens.horizon - 0.5) - row) * np.float32(1 / lens.focal)
        across = px * np.float32(pole[0]) + py * np.float32(pole[1]) + np.float32(pole[2])
        across = np.where(np.abs(across) < 2e-3, np.float32(2e-3), across)
        angle = seconds * 0.006 * self._way
        turn = np.float32(math.cos(angle)), np.float32(math.sin(angle))
        total = np.zeros((lens.rows, lens.width, 3), np.float32)
        for height in self._heights:
            spot = [c + p * height * self._radius for c, p in zip(centre, pole, strict=True)]
            along = np.float32(sum(s * p for s, p in zip(spot, pole, strict=True))) / across
            looks: tuple[Floats, ...] = (px, py, np.ones_like(px))
            inverse = np.float32(1 / self._radius)
            q = [(look * along - np.float32(part)) * inverse for look, part in zip(looks, spot, strict=True)]
            u = q[0] * np.float32(side[0]) + q[1] * np.float32(side[1]) + q[2] * np.float32(side[2])
            v = q[0] * np.float32(ahead[0]) + q[1] * np.float32(ahead[1]) + q[2] * np.float32(ahead[2])
            map_x = (u * turn[0] - v * turn[1]) * np.float32(_SIZE / 2 / _REACH) + np.float32(_SIZE / 2)
            map_y = (u * turn[1] + v * turn[0]) * np.float32(_SIZE / 2 / _REACH) + np.float32(_SIZE / 2)
            map_x[along < 0] = -10
            total += cv2.remap(self._disc, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        self._add_bulge(total, centre, px, py)
        for plane, part in zip(planes, cv2.split(total), strict=True):
            np.add(plane, part, out=plane)

    def _add_bulge(self, total: Floats, centre: Colour, px: Floats, py: Floats) -> None:
        """The core is round whatever the tilt: light falls off with the distance of the look from it."""
        scale = np.float32(centre[2] / self._radius)
        x, y = px - np.float32(centre[0] / centre[2]), py - np.float32(centre[1] / centre[2])
        away = np.sqrt(x * x + y * y * np.float32(1.6)) * scale
        glow = cv2.exp(away * np.float32(-16)) * np.float32(1.5) + cv2.exp(away * np.float32(-5.0)) * np.float32(0.16)
        for i, part in enumerate((1.0, 0.82, 0.56)):
            total[..., i] += glow * np.float32(part)


def _disc(random: np.random.Generator, palette: tuple[Colour, ...]) -> Floats:
    """Logarithmic spirals (about 15° of pitch, as in most grand designs) broken up by noise."""
    fine, wide = spectral_tile(random, 512, 1.1, 6), spectral_tile(random, 512, 1.6, 2)
    stars = spectral_tile(random, 512, 0.35, 40)
    at = (np.arange(_SIZE, dtype=np.float32) + 0.5) / (_SIZE / 2) - 1
    x, y = np.meshgrid(at, at)
    texel = np.ascontiguousarray(np.broadcast_to(np.arange(_SIZE, dtype=np.float32), x.shape))
    away = np.sqrt(x * x + y * y) + np.float32(1e-4)
    twist = np.log(away) / np.float32(math.tan(math.radians(random.uniform(14, 19))))
    rough = sample(wide, x * 160, y * 160) * np.float32(0.30) + sample(fine, x * 200, y * 200) * np.float32(0.12)
    phase = (np.arctan2(y, x) - twist) * 2 + rough * np.float32(1.6) + np.float32(random.uniform(0, 6.3))
    arms = (np.float32(0.5) + np.float32(0.5) * np.cos(phase)) ** 2.8
    spurs = (np.float32(0.5) + np.float32(0.5) * np.cos(phase * 2 + rough * 3 + 1)) ** 3 * np.float32(0.35)
    lanes = smooth(0.62, 0.98, np.float32(0.5) + np.float32(0.5) * np.cos(phase - np.float32(0.95) + rough)) * smooth(
        0.08, 0.2, away
    )
    rim = smooth(1.0, 0.55, away)
    fall = cv2.exp(away * np.float32(-3.1)) * rim
    grain = np.clip(1 + sample(fine, x * 330 + 90, y * 330) * np.float32(0.34), 0.2, 2)
    grain *= np.float32(0.72) + np.float32(0.36) * np.maximum(sample(stars, texel, texel.T), 0) ** 2
    old = fall * np.float32(0.60) * (np.float32(0.45) + arms * np.float32(0.4))
    young = fall * (arms + spurs) * grain * smooth(0.06, 0.30, away) * np.float32(2.7)
    knots = smooth(1.5, 2.6, sample(fine, x * 420 + 7, y * 420 + 300) + arms) * fall * arms * np.float32(2.4)
    hues: tuple[Colour, Colour, Colour] = ((1.0, 0.70, 0.42), (0.30, 0.50, 1.0), (1.0, 0.24, 0.40))
    if palette:
        hues = (hues[0], palette[0], palette[-1])
    planes = []
    for i in range(3):
        light = old * hues[0][i] + young * hues[1][i] + knots * hues[2][i]
        planes.append(light * (1 - lanes * np.float32((0.62, 0.74, 0.82)[i])) * np.float32(0.85))
    return np.dstack(planes).astype(np.float32)
