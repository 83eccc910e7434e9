"""What the reliefs share: noise, the draws of one film, ridges. One `Draft` is made for each film's land."""

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats, as_floats
from doitong.engines.studio.noise import Fractal, pad


def softened(tile: Floats, sigma: float) -> Floats:
    """A padded seamless tile without its fine detail, seamless still."""
    rim, size = 24, tile.shape[0] - 4
    wide = cv2.copyMakeBorder(tile[2:-2, 2:-2], rim, rim, rim, rim, cv2.BORDER_WRAP)
    soft = cv2.GaussianBlur(wide, (0, 0), sigma)[rim : rim + size, rim : rim + size]
    return pad(as_floats(soft))


class Draft:
    """The chance in one film's land. `side`: where the high ground stands, opposite the sun; `sun_turn`: the sun's
    direction; `view_side`: tangent from the middle of the frame to its edge; `draw`: 40 numbers of 0–1."""

    def __init__(self, fractal: Fractal, random: np.random.Generator, sun_turn: float, octaves: int,
                 view_side: float, has_river: bool) -> None:  # fmt: skip
        self.fractal, self.octaves = fractal, octaves
        self.sun_turn, self.view_side, self.has_river = sun_turn, view_side, has_river
        self.side = -1.0 if sun_turn > 0 else 1.0
        self.draw = random.random(40).astype(float)

    def sum(self, x: Floats, z: Floats, metres: float, octaves: int, channel: int) -> Floats:
        """Fractal noise, about −1 to 1."""
        return self.fractal.sum(x, z, metres, octaves, channel)

    def ridged(self, x: Floats, z: Floats, cell: Floats, metres: float, channel: int) -> Floats:
        """Ridged multifractal with domain warp (Musgrave 1994, Quilez 2002), about 0 to 1."""
        warp = self.fractal
        wx = x + warp.sum(x, z, metres * 0.9, 3, channel) * np.float32(metres * 0.16)
        wz = z + warp.sum(x, z, metres * 0.9, 3, channel + 5) * np.float32(metres * 0.16)
        total = np.zeros_like(x)
        weight = np.ones_like(x)
        strength, length = 1.0, metres
        for octave in range(self.octaves):
            near = np.flatnonzero((cell < np.float32(length * 0.5)).any(axis=1))  # rows fine enough for this octave
            if not near.size:
                break
            rows = slice(0, int(near[-1]) + 1)
            wave = self.fractal.wave(wx[rows], wz[rows], length, channel + 10 + octave)
            ridge = np.clip(1.0 - np.abs(wave) * np.float32(1.25), 0.0, 1.0)
            if octave < 5:
                ridge *= ridge
            seen = np.clip((length / cell[rows] - np.float32(2.0)) * np.float32(0.5), 0.0, 1.0)
            ridge *= weight[: rows.stop]
            total[rows] += ridge * seen * np.float32(strength)
            weight = np.clip(ridge * np.float32(1.9), 0.16, 1.0)
            strength *= 0.50
            length /= 2.07
        return as_floats(total * 0.54)
