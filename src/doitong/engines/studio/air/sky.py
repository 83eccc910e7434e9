"""The sky: gradient, glow, clouds on a plane, sun or moon, stars. Everything at infinity turns with the camera."""

import math

import cv2
import numpy as np

from doitong.engines.studio.air.light import Light
from doitong.engines.studio.arrays import Floats, Planes, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.noise import pad, sample, spectral_tile
from doitong.engines.studio.scene import Scene

_CLOUD_BASE_METRES = 2300.0
_METRES_PER_TEXEL = 26.0
_HORIZON_LIFT = 0.045  # keeps the cloud plane finite at the horizon
_DISC_RADIANS = 0.0135
_CLOUD_LEVELS = 5


class Sky:
    """Draws the sky of one film for any pose and time; `ridge` is the tangent of the land's height below the sun."""

    def __init__(self, scene: Scene, light: Light, sun_turn: float, ridge: float = 0.0) -> None:
        random = np.random.default_rng([scene.seed, 23])
        self._light, self._scene = light, scene
        self._sun_turn = sun_turn
        up = math.radians(light.sun_height)
        if light.disc > 0:
            up = max(up, math.atan(ridge) + 0.25 * _DISC_RADIANS)  # a low sun stands on the ridge, not behind it
        self.sun_height = up
        self.sun = (math.sin(sun_turn) * math.cos(up), math.sin(up), math.cos(sun_turn) * math.cos(up))
        self._tiles = self._cloud_tiles(random)
        stars = random.random((700, 4)).astype(np.float32)
        self._stars = stars if light.stars > 0 else stars[:0]

    def _cloud_tiles(self, random: np.random.Generator) -> list[Floats]:
        """Levels of a tile with two channels: density over the threshold, and its slope towards the light."""
        size = 1024
        base = spectral_tile(random, size, 1.75, 3)[2:-2, 2:-2]
        fine = spectral_tile(random, size, 1.15, 20)[2:-2, 2:-2]
        puffs = np.abs(spectral_tile(random, size, 1.3, 9)[2:-2, 2:-2])
        density = base + 0.30 * fine - 0.50 * puffs
        threshold = float(np.quantile(density[::4, ::4], 1 - np.clip(self._scene.cloudiness, 0.02, 0.98)))
        density = (density - threshold).astype(np.float32)
        soft = cv2.GaussianBlur(density, (0, 0), 2.0)
        shift = (-math.sin(self._sun_turn) * 7, -math.cos(self._sun_turn) * 7)
        moved = np.roll(soft, (round(shift[1]), round(shift[0])), axis=(0, 1))
        both: Floats = np.dstack([density, np.clip(soft - moved, -1, 1)]).astype(np.float32)
        tiles = []
        for _ in range(_CLOUD_LEVELS):
            tiles.append(pad(both))
            both = cv2.resize(both, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        return tiles

    def draw(self, pose: Pose, lens: Lens, seconds: float, disc: bool = True) -> Planes:
        """The sky for every row of the lens (rows below the horizon repeat it)."""
        half = Lens((lens.width + 1) // 2, (lens.rows + 1) // 2, lens.focal / 2, lens.horizon / 2)
        planes = self._air(pose, half)
        cover = np.zeros((half.rows, half.width), np.float32)
        if self._scene.cloudiness > 0.03:
            self._lay_clouds(planes, cover, pose, half, seconds)
        whole = [cv2.resize(plane, (lens.width, lens.rows), interpolation=cv2.INTER_LINEAR) for plane in planes]
        if disc:
            veil = cv2.resize(cover, (lens.width, lens.rows), interpolation=cv2.INTER_LINEAR)
            self._lay_stars(whole, veil, pose, lens, seconds)
            self._lay_disc(whole, veil, pose, lens)
        return whole[0], whole[1], whole[2]

    def haze(self, pose: Pose, lens: Lens) -> Floats:
        """(3, width): the colour of the air just over the horizon in each column."""
        strip = Lens(lens.width, 3, lens.focal, 1.5 + lens.focal * 0.035)
        return np.stack([plane[1] for plane in self._air(pose, strip)]) * np.float32(0.94)

    def _directions(self, pose: Pose, lens: Lens) -> tuple[Floats, Floats, Floats]:
        px = lens.slopes()[None, :]
        rows = np.arange(lens.rows, dtype=np.float32)[:, None] + np.float32(0.5)
        py = (np.float32(lens.horizon) - rows) * np.float32(1 / lens.focal)
        scale = 1 / np.sqrt(1 + px * px + py * py)
        c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
        return (s + px * c) * scale, py * scale, (c - px * s) * scale

    def _air(self, pose: Pose, lens: Lens) -> list[Floats]:
        quarter = Lens((lens.width + 1) // 2, (lens.rows + 1) // 2, lens.focal / 2, lens.horizon / 2)
        small = quarter if lens.rows > 8 else lens
        dx, dy, dz = self._directions(pose, small)
        up = np.abs(dy)
        away = np.sqrt(
            np.maximum(2 - 2 * (dx * self.sun[0] + np.maximum(dy, 0) * self.sun[1] + dz * self.sun[2]), 0)
        ).astype(np.float32)
        low, high = cv2.exp(up * np.float32(-13)), cv2.exp(up * np.float32(-3.6))
        glow = cv2.exp(away * np.float32(-1 / 0.115)) * np.float32(0.55) + cv2.exp(away * np.float32(-1 / 0.42)) * (
            np.float32(0.10) + np.float32(0.66) * low
        )
        light, planes = self._light, []
        for i in range(3):
            colour: Floats = light.zenith[i] + (light.middle[i] - light.zenith[i]) * high
            colour += (light.horizon[i] - light.middle[i]) * low
            colour += light.glow[i] * glow
            if small is not lens:
                colour = cv2.resize(colour, (lens.width, lens.rows), interpolation=cv2.INTER_LINEAR)
            planes.append(np.asarray(colour, dtype=np.float32))
        return planes

    def _lay_clouds(self, planes: list[Floats], veil: Floats, pose: Pose, lens: Lens, seconds: float) -> None:
        rows = min(lens.rows, max(1, int(lens.horizon - lens.focal * 0.006)))
        part = Lens(lens.width, rows, lens.focal, lens.horizon)
        dx, dy, dz = self._directions(pose, part)
        away = np.float32(_CLOUD_BASE_METRES / _METRES_PER_TEXEL) / (dy + np.float32(_HORIZON_LIFT))
        drift = seconds * self._scene.wind * 0.55
        u = dx * away * np.float32(0.62) + np.float32(pose.x / _METRES_PER_TEXEL + drift)
        v = dz * away + np.float32(pose.z / _METRES_PER_TEXEL - drift * 0.4)
        density, slope = self._clouds_at(u, v, dy[:, lens.width // 2], lens)
        light = self._light
        thick = np.clip(density * np.float32(0.75), 0, 1)
        fade = smooth(0.006, 0.085, dy)
        cover = smooth(-0.03, 0.50, density) * fade
        cosine = np.clip(dx * self.sun[0] + dy * self.sun[1] + dz * self.sun[2], 0, 1)
        near_sun = cosine**6
        bright = np.clip(np.float32(0.62) + slope * np.float32(1.5) - thick * np.float32(0.62), 0, 1)
        bright = np.clip(bright + near_sun * (1 - thick) * np.float32(0.55), 0, 1.35)
        cover *= np.float32(0.94)
        veil[:rows] = cover * (np.float32(0.35) + np.float32(0.65) * thick)
        for i, plane in enumerate(planes):
            lit = light.cloud_lit[i] + light.glow[i] * near_sun * np.float32(0.55)
            colour = light.cloud_dark[i] + (lit - light.cloud_dark[i]) * bright
            colour += (plane[:rows] - colour) * (1 - smooth(0.02, 0.20, dy)) * np.float32(0.55)
            plane[:rows] += (colour - plane[:rows]) * cover

    def _clouds_at(self, u: Floats, v: Floats, rise: Floats, lens: Lens) -> tuple[Floats, Floats]:
        """Density and slope, each row from the two levels that suit how much a pixel spans."""
        span = _CLOUD_BASE_METRES / _METRES_PER_TEXEL / (np.maximum(rise, 0) + _HORIZON_LIFT) ** 2 / lens.focal
        level = np.clip(np.log2(np.maximum(span, 1.0)) * 0.8, 0, _CLOUD_LEVELS - 1.001)
        total = np.zeros((*u.shape, 2), np.float32)
        for number, tile in enumerate(self._tiles):
            weight = np.clip(1 - np.abs(level - number), 0, 1).astype(np.float32)
            rows = np.flatnonzero(weight > 0)
            if rows.size:
                part = slice(int(rows[0]), int(rows[-1]) + 1)
                scale = np.float32(0.5**number)
                total[part] += sample(tile, u[part] * scale, v[part] * scale) * weight[part, None, None]
        return total[..., 0], total[..., 1]

    def _lay_disc(self, planes: list[Floats], veil: Floats, pose: Pose, lens: Lens) -> None:
        light = self._light
        if light.disc <= 0 or not self._scene.sun_disc:
            return
        turn = self._sun_turn - pose.yaw
        if abs(turn) > 1.2:
            return
        x = lens.width / 2 + math.tan(turn) * lens.focal
        y = lens.horizon - math.tan(self.sun_height) / math.cos(turn) * lens.focal
        radius = _DISC_RADIANS * lens.focal * (0.9 if light.is_moon else 1.0)
        left, right = max(0, int(x - radius - 2)), min(lens.width, int(x + radius + 3))
        top, bottom = max(0, int(y - radius - 2)), min(lens.rows, int(y + radius + 3))
        if left >= right or top >= bottom:
            return
        gx = np.arange(left, right, dtype=np.float32)[None, :] + 0.5 - x
        gy = np.arange(top, bottom, dtype=np.float32)[:, None] + 0.5 - y
        cover = np.clip(radius - np.sqrt(gx * gx + gy * gy) + 0.5, 0, 1)
        cover *= 1 - veil[top:bottom, left:right]
        tone: Floats | float = 1.0
        if light.is_moon:
            mottle = cv2.resize(self._tiles[0][:60, :60, 0], (right - left, bottom - top))
            tone = 0.86 + 0.20 * np.clip(mottle, -1, 0.7)
        colour = (1.15, 1.17, 1.16) if light.is_moon else (9.0, 6.6 * light.sun[1] / light.sun[0] + 2.5, 3.4)
        for i, plane in enumerate(planes):
            part = plane[top:bottom, left:right]
            part += (np.float32(colour[i] * light.disc) * tone - part) * cover * np.float32(0.96)

    def _lay_stars(self, planes: list[Floats], veil: Floats, pose: Pose, lens: Lens, seconds: float) -> None:
        if not self._stars.size:
            return
        azimuth = (self._stars[:, 0] - 0.5) * 2.4 - pose.yaw
        height = self._stars[:, 1] ** 0.8 * 0.95 + 0.03
        x = lens.width / 2 + np.tan(np.clip(azimuth, -1.3, 1.3)) * lens.focal - 0.5
        y = lens.horizon - np.tan(height) / np.cos(azimuth) * lens.focal - 0.5
        inside = (x > 1) & (x < lens.width - 2) & (y > 1) & (y < lens.rows - 2)
        x, y, draw = x[inside], y[inside], self._stars[inside]
        twinkle = 0.88 + 0.12 * np.sin(seconds * (2 + 3 * draw[:, 2]) + draw[:, 3] * 40)
        power = (0.22 + 3.2 * draw[:, 2] ** 6) * twinkle * self._light.stars * (lens.focal / 1300.0)
        column, row = np.floor(x).astype(int), np.floor(y).astype(int)
        fx, fy = x - column, y - row
        clear = np.clip(1.3 - planes[0][row, column] * 9, 0, 1) * (1 - np.minimum(veil[row, column] * 1.6, 1))
        for j, i in ((0, 0), (0, 1), (1, 0), (1, 1)):
            share = power * clear * (fx if i else 1 - fx) * (fy if j else 1 - fy)
            for plane, tint in zip(planes, (0.94, 0.97, 1.06), strict=True):
                np.add.at(plane, (row + j, column + i), (share * tint).astype(np.float32))
