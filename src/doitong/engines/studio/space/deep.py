"""The deep sky: nebulae in layers at different distances, dark dust, and stars of every brightness and colour."""

import math

import cv2
import numpy as np

from doitong.engines.studio.arrays import Colour, Floats, mix, smooth
from doitong.engines.studio.camera import Lens
from doitong.engines.studio.noise import pad, sample, spectral_tile
from doitong.engines.studio.space.globe import Eye
from doitong.engines.studio.spots import lay_spots

_TILE = 1024
_TEXELS = 520.0  # of a tile in a radian
_FAR, _NEAR = 90.0, 34.0  # distances of the two layers, for parallax
_EMISSIONS: tuple[tuple[Colour, Colour, Colour], ...] = (
    ((0.95, 0.22, 0.34), (0.16, 0.52, 0.68), (0.98, 0.66, 0.36)),
    ((0.24, 0.34, 0.95), (0.80, 0.24, 0.62), (0.40, 0.80, 0.98)),
    ((0.86, 0.40, 0.20), (0.14, 0.46, 0.52), (1.0, 0.80, 0.46)),
    ((0.52, 0.24, 0.92), (0.12, 0.50, 0.78), (0.98, 0.50, 0.70)),
)
_KELVIN_TINTS = ((0.70, 0.82, 1.0), (0.86, 0.92, 1.0), (1.0, 0.98, 0.94), (1.0, 0.87, 0.68), (1.0, 0.70, 0.46))


class DeepSky:
    """Draws what lies behind everything else. `strength`: of the nebulae; `fineness`: 0–1."""

    def __init__(self, random: np.random.Generator, palette: tuple[Colour, ...], strength: float, fineness: float,
                 stars: int) -> None:  # fmt: skip
        colours = _EMISSIONS[random.integers(len(_EMISSIONS))]
        if palette:
            named = [palette[i % len(palette)] for i in range(3)]
            one, two, three = (mix(colour, 0.85, (0.08, 0.08, 0.08), 1.0) for colour in named)
            colours = (one, two, three)
        self._far, self._near, self._thick = _clouds(random, colours, strength, fineness)
        self._random = random
        self._stars(random, stars)

    def _stars(self, random: np.random.Generator, count: int) -> None:
        """Far more faint stars than bright ones; a third of them crowd along the tilted plane of the galaxy."""
        self._turn = random.uniform(-1.9, 1.9, count).astype(np.float32)
        self._rise = random.uniform(-1.3, 1.3, count).astype(np.float32)
        crowd = count // 3
        slope, lift = random.uniform(-0.7, 0.7), random.uniform(-0.15, 0.15)
        band = lift + slope * self._turn[:crowd] + random.normal(0, 0.16, crowd)
        self._rise[:crowd] = band.astype(np.float32)
        brightness = (random.pareto(1.25, count) + 1) * 0.055
        brightness[:crowd] *= 0.55
        self._power = np.minimum(brightness, 7.0).astype(np.float32)
        tints = np.array(_KELVIN_TINTS)[random.choice(5, count, p=(0.14, 0.26, 0.32, 0.18, 0.10))]
        self._tint = tints.T.astype(np.float32)

    def draw(self, planes: tuple[Floats, ...], eye: Eye, lens: Lens) -> None:
        """Fill `planes`."""
        half = Lens((lens.width + 1) // 2, (lens.rows + 1) // 2, lens.focal / 2, lens.horizon / 2)
        far = _read(self._far, eye, half, _FAR, 1.0)
        near = _read(self._near, eye, half, _NEAR, 0.8)
        clear = 1 - near[..., 3]
        for i, plane in enumerate(planes):
            glow = np.float32((0.0085, 0.0100, 0.0190)[i]) + far[..., i] * clear + near[..., i]
            plane[:] = cv2.resize(glow, (lens.width, lens.rows), interpolation=cv2.INTER_LINEAR)
        self._lay_stars(planes, clear, eye, lens)

    def _lay_stars(self, planes: tuple[Floats, ...], clear: Floats, eye: Eye, lens: Lens) -> None:
        turn = self._turn - np.float32(eye.yaw)
        ahead = np.abs(turn) < 1.3
        x = np.float32(lens.width / 2 - 0.5) + np.tan(np.where(ahead, turn, 0)) * np.float32(lens.focal)
        y = np.float32(lens.horizon - 0.5) - np.tan(np.clip(self._rise, -1.35, 1.35)) / np.cos(
            np.where(ahead, turn, 0)
        ) * np.float32(lens.focal)
        edge = 4
        ahead &= (x > edge) & (x < lens.width - 1 - edge) & (y > edge) & (y < lens.rows - 1 - edge)
        seen = np.flatnonzero(ahead)
        if not seen.size:
            return
        x, y, power = x[seen], y[seen], self._power[seen]
        size = min(1.4, max(0.45, lens.focal / 1300.0))
        behind = clear[np.minimum(y / 2, clear.shape[0] - 1).astype(np.int32), np.minimum(
            x / 2, clear.shape[1] - 1).astype(np.int32)]  # fmt: skip
        flux = self._tint[:, seen] * (power * behind * np.float32(4.4 * size * size))
        faint = power < 0.6
        radius = np.full(seen.size, 0.52 + 0.16 * size, np.float32)
        lay_spots(planes, x[faint], y[faint], radius[faint], flux[:, faint], 2)
        wide = np.float32(0.52 + 0.20 * size) + np.minimum(power, 4) * np.float32(0.12 * size)
        lay_spots(planes, x[~faint], y[~faint], wide[~faint], flux[:, ~faint], 3)
        for number in np.flatnonzero(power > 3.0):
            red, green, blue = (float(part) for part in flux[:, number])
            lay_spikes(
                planes,
                float(x[number]),
                float(y[number]),
                (red, green, blue),
                3.2 * size * float(power[number]) ** 0.75,
            )


def lay_spikes(planes: tuple[Floats, ...], x: float, y: float, colour: Colour, length: float) -> None:
    """The four rays that a telescope's struts draw around a bright star: a fine cross that fades outwards."""
    rows, width = planes[0].shape
    reach = int(length * 4)
    left, right = max(0, int(x) - reach), min(width, int(x) + reach + 2)
    top, bottom = max(0, int(y) - reach), min(rows, int(y) + reach + 2)
    column, row = math.floor(x), math.floor(y)
    if not (0 <= column < width - 1 and 0 <= row < rows - 1):
        return
    across = np.exp(np.abs(np.arange(left, right, dtype=np.float32) - np.float32(x)) * np.float32(-1 / length))
    down = np.exp(np.abs(np.arange(top, bottom, dtype=np.float32) - np.float32(y)) * np.float32(-1 / length))
    for plane, light in zip(planes, colour, strict=True):
        for step in (0, 1):
            over, aside = (y - row if step else 1 - y + row), (x - column if step else 1 - x + column)
            plane[row + step, left:right] += across * np.float32(light * 0.055 * over)
            plane[top:bottom, column + step] += down * np.float32(light * 0.055 * aside)


def _read(tile: Floats, eye: Eye, lens: Lens, distance: float, scale: float) -> Floats:
    """The layer as seen: it turns with the view, and shifts and grows as the camera travels."""
    px = lens.slopes()
    turn = np.arctan(px) + np.float32(eye.yaw)
    py = (np.float32(lens.horizon - 0.5) - np.arange(lens.rows, dtype=np.float32)) * np.float32(1 / lens.focal)
    grow = np.float32(_TEXELS * scale * (1 - eye.z / distance))
    u = turn * grow + np.float32(eye.x / distance * _TEXELS * scale * 2)
    rise = py[:, None] / np.sqrt(1 + px * px)[None, :]
    v = rise * -grow - np.float32(eye.y / distance * _TEXELS * scale * 2)
    return sample(tile, np.repeat(u[None, :], lens.rows, 0), v.astype(np.float32))


def _clouds(random: np.random.Generator, colours: tuple[Colour, Colour, Colour], strength: float,
            fineness: float) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """The far layer (light), the near layer (light and how much it hides), and the far layer's density. Noise bent by
    noise, twice (Quilez 2002), makes filaments."""
    wide = spectral_tile(random, 512, 1.9, 1.5)
    fine = spectral_tile(random, 512, 1.45, 4)
    at = np.arange(_TILE, dtype=np.float32) * np.float32(512 / _TILE)
    x, y = np.meshgrid(at, at)
    bend = np.float32(34.0)
    ax, ay = sample(wide, x, y), sample(wide, x + 200, y + 90)
    bx, by = sample(wide, x + ax * bend + 50, y + ay * bend), sample(wide, x + ax * bend, y + ay * bend + 300)
    body = sample(wide, x + bx * bend, y + by * bend)
    wisps = sample(fine, x + bx * bend * np.float32(0.8), y + by * bend * np.float32(0.8))
    threads = 1 - np.abs(sample(fine, x + ax * bend + 77, y + by * bend + 31)) * np.float32(0.8)
    thick = body * np.float32(0.62) + wisps * np.float32(0.20 + 0.14 * fineness)
    glow = smooth(-0.55, 1.9, thick) ** 1.6 * (np.float32(0.65) + np.float32(0.55) * np.clip(threads, 0, 1))
    mist = smooth(-1.9, 1.6, body + np.float32(0.25) * wisps)
    hue, core = smooth(-1.0, 1.0, bx + wisps * np.float32(0.3)), smooth(0.75, 2.0, thick)
    lanes = smooth(0.25, 1.35, sample(fine, x + by * bend + 140, y + ax * bend + 260) * np.float32(0.55) + ay)
    planes = []
    for i in range(3):
        tint = colours[0][i] + (colours[1][i] - colours[0][i]) * hue
        light = (glow * np.float32(0.42) + mist * np.float32(0.075)) * tint + core**2 * np.float32(0.95 * colours[2][i])
        planes.append(light * (1 - lanes * np.float32((0.62, 0.74, 0.84)[i])) * np.float32(strength))
    far = np.dstack(planes).astype(np.float32)
    veil = smooth(0.15, 1.7, np.roll(thick, (310, 420), (0, 1))) * smooth(-0.3, 0.9, np.roll(threads, 200, 1))
    rim = smooth(0.0, 0.35, veil) * (1 - smooth(0.3, 0.9, veil))
    near = np.dstack([rim * np.float32(0.055 * strength * colours[1][i]) for i in range(3)] + [veil * np.float32(0.55)])
    return pad(far), pad(near.astype(np.float32)), np.asarray(thick, dtype=np.float32)
