"""The sky: air, clouds, sun or moon, stars, aurora, lightning. Everything at infinity turns with the camera."""

import math

import cv2
import numpy as np

from doitong.engines.studio.air.aurora import Aurora
from doitong.engines.studio.air.clouds import Clouds
from doitong.engines.studio.air.light import Light, cloud_share, fog_share
from doitong.engines.studio.air.lightning import Lightning
from doitong.engines.studio.air.optics import Rainbow, lay_rays, sun_at
from doitong.engines.studio.air.stars import Stars, moon_mottle
from doitong.engines.studio.arrays import Floats, Planes, as_floats
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.kernels import at, loops
from doitong.engines.studio.levels import Level
from doitong.engines.studio.scene import Feature, Scene

_DISC_RADIANS = 0.0135
_BOW_DEPTH = math.radians(30.5)  # where the sun would stand behind the viewer for the bow to fit the frame


class Sky:
    """Draws the sky of one film for any pose and time; `ridge` is the tangent of the land's height below the sun.

    `level` None is the finest.
    """

    def __init__(self, scene: Scene, light: Light, sun_turn: float, ridge: float = 0.0,
                 level: Level | None = None) -> None:  # fmt: skip
        random = np.random.default_rng([scene.seed, 27])
        self._light, self._scene, self._fog = light, scene, fog_share(scene)
        is_fine = level is None or level.bloom
        self._bow: Rainbow | None = None
        if Feature.RAINBOW in scene.features:
            aside = -math.copysign(math.radians(12), sun_turn)
            self._bow, sun_turn = Rainbow(aside, _BOW_DEPTH), aside + math.pi
        self._sun_turn = sun_turn
        self._clouds = Clouds(scene, light, sun_turn, is_fine)
        self._mottle = moon_mottle(random)
        self._stars = Stars(scene, light.stars) if light.stars > 0 else None
        self._aurora = Aurora(scene) if scene.aurora > 0 else None
        self._lightning = Lightning(scene) if scene.lightning > 0 else None
        is_finest = level is None or level.detail >= 1
        has_gaps = 0.1 < cloud_share(scene) < 0.9
        self._has_rays = is_finest and has_gaps and light.disc > 0 and not light.is_moon and scene.sun_disc
        self.clear_ridge(ridge)

    def clear_ridge(self, ridge: float) -> None:
        """Stand a low sun on land that rises as high as this tangent, not behind it; before the first frame."""
        up, turn = math.radians(self._light.sun_height), self._sun_turn
        if self._light.disc > 0:
            up = max(up, math.atan(ridge) + 0.25 * _DISC_RADIANS)
        self.sun_height = up
        self.sun = (math.sin(turn) * math.cos(up), math.sin(up), math.cos(turn) * math.cos(up))

    def draw(self, pose: Pose, lens: Lens, seconds: float, disc: bool = True) -> Planes:
        """The sky for every row of the lens (rows below the horizon repeat it)."""
        half = Lens((lens.width + 1) // 2, (lens.rows + 1) // 2, lens.focal / 2, lens.horizon / 2)
        return self.enlarge(*self.vault(pose, half, seconds), pose, lens, seconds, disc=disc)

    def vault(self, pose: Pose, half: Lens, seconds: float) -> tuple[list[Floats], Floats]:
        """Air, clouds and all that is soft, at half the size, and how much of what is behind it is hidden."""
        planes = self._air(pose, half)
        cover = np.zeros((half.rows, half.width), np.float32)
        directions = self._directions(pose, half)
        if self._stars is not None and self._light.stars > 0.5:
            self._stars.lay_band(planes, directions)
        if self._aurora is not None:
            self._aurora.lay(planes, pose, half, seconds)
        self._clouds.lay(planes, cover, pose, half, directions, self.sun, seconds)
        if self._fog > 0:
            self._lay_fog(planes, cover, directions[1], self.haze(pose, half))
        if self._bow is not None:
            self._bow.lay(planes, directions, self._bow_light())
        at = sun_at(self._sun_turn, self.sun_height, pose, half)
        if self._has_rays and at is not None:
            red, green, blue = self._light.glow
            lay_rays(planes, cover, (red * 0.8, green * 0.8, blue * 0.8), *at, half)
        return planes, cover

    def enlarge(self, planes: list[Floats], cover: Floats, pose: Pose, lens: Lens, seconds: float,
                *, disc: bool = True) -> Planes:  # fmt: skip
        """A vault at its whole size, with what is sharp: stars, disc, lightning."""
        whole = [_enlarged(plane, lens) for plane in planes]
        if disc:
            if self._stars is not None:
                self._stars.lay(whole, _enlarged(cover, lens), pose, lens, seconds)
            self._lay_disc(whole, cover, pose, lens)
        self.strike(whole, pose, lens, seconds)
        return whole[0], whole[1], whole[2]

    def strike(self, planes: list[Floats], pose: Pose, lens: Lens, seconds: float) -> None:
        """Lay the lightning of the moment over a sky, in place."""
        if self._lightning is not None:
            self._lightning.lay(planes, pose, lens, seconds)

    def haze(self, pose: Pose, lens: Lens) -> Floats:
        """(3, width): the colour of the air just over the horizon in each column."""
        strip = Lens(lens.width, 3, lens.focal, 1.5 + lens.focal * 0.035)
        return np.stack([plane[1] for plane in self._air(pose, strip)]) * np.float32(0.94)

    def _lay_fog(self, planes: list[Floats], veil: Floats, dy: Floats, haze: Floats) -> None:
        """Fog thins out upward: the horizon is gone, the zenith only pale."""
        thick = cv2.exp(np.maximum(dy, 0) * np.float32(-1.7)) * np.float32(0.58 * self._fog)
        thick += np.float32(0.40 * self._fog)
        veil += (1 - veil) * thick * np.float32(0.45)
        for plane, air in zip(planes, haze, strict=True):
            np.add(plane, (air[None, :] - plane) * thick, out=plane)

    def _bow_light(self) -> tuple[float, float, float]:
        red, green, blue = self._light.sun
        return red * 0.10, green * 0.10, blue * 0.115

    def _directions(self, pose: Pose, lens: Lens) -> tuple[Floats, Floats, Floats]:
        px, rows = lens.slopes(), np.arange(lens.rows, dtype=np.float32) + np.float32(0.5)
        py = (np.float32(lens.horizon) - rows) * np.float32(1 / lens.focal)
        c, s = np.float32(math.cos(pose.yaw)), np.float32(math.sin(pose.yaw))
        if loops is not None:
            dx, dy, dz = (np.empty((lens.rows, lens.width), np.float32) for _ in range(3))
            loops.find_directions(at(px), at(py), lens.width, lens.rows, at(np.array([c, s])), at(dx), at(dy), at(dz))
            return dx, dy, dz
        px, py = px[None, :], py[:, None]
        scale = 1 / np.sqrt(1 + px * px + py * py)
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
            np.float32(0.09) + np.float32(0.58) * low
        )
        if self._light.is_moon:  # its corona
            glow += cv2.exp(away * np.float32(-1 / 0.035)) * np.float32(0.9)
        light, planes = self._light, []
        for i in range(3):
            colour: Floats = light.zenith[i] + (light.middle[i] - light.zenith[i]) * high
            colour += (light.horizon[i] - light.middle[i]) * low
            colour += light.glow[i] * glow
            if small is not lens:
                colour = _enlarged(as_floats(colour), lens)
            planes.append(as_floats(colour))
        return planes

    def _lay_disc(self, planes: list[Floats], cover: Floats, pose: Pose, lens: Lens) -> None:
        light = self._light
        at = sun_at(self._sun_turn, self.sun_height, pose, lens)
        if light.disc <= 0 or not self._scene.sun_disc or at is None:
            return
        x, y = at
        radius = _DISC_RADIANS * lens.focal * (0.9 if light.is_moon else 1.0)
        left, right = max(0, int(x - radius - 2)), min(lens.width, int(x + radius + 3))
        top, bottom = max(0, int(y - radius - 2)), min(lens.rows, int(y + radius + 3))
        if left >= right or top >= bottom:
            return
        gx = np.arange(left, right, dtype=np.float32)[None, :] + 0.5 - x
        gy = np.arange(top, bottom, dtype=np.float32)[:, None] + 0.5 - y
        shown = np.clip(radius - np.sqrt(gx * gx + gy * gy) + 0.5, 0, 1)
        across, down = cover.shape[1] / lens.width, cover.shape[0] / lens.rows
        at_x = np.broadcast_to((gx + x) * across - 0.5, shown.shape).astype(np.float32)
        at_y = np.broadcast_to((gy + y) * down - 0.5, shown.shape).astype(np.float32)
        veil = cv2.remap(cover, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        shown *= 1 - veil
        tone: Floats | float = 1.0
        if light.is_moon:
            map_x = np.broadcast_to((gx / radius + 1) * np.float32(31), shown.shape).astype(np.float32)
            map_y = np.broadcast_to((gy / radius + 1) * np.float32(31), shown.shape).astype(np.float32)
            tone = cv2.remap(self._mottle, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        colour = (1.15, 1.17, 1.16) if light.is_moon else (9.0, 6.6 * light.sun[1] / light.sun[0] + 2.5, 3.4)
        for i, plane in enumerate(planes):
            part = plane[top:bottom, left:right]
            part += (np.float32(colour[i] * light.disc) * tone - part) * shown * np.float32(0.96)


def _enlarged(plane: Floats, lens: Lens) -> Floats:
    """A plane of half the lens's size at its whole size."""
    if loops is None or lens.width != 2 * plane.shape[1]:
        return np.asarray(cv2.resize(plane, (lens.width, lens.rows), interpolation=cv2.INTER_LINEAR))
    whole = np.empty((lens.rows, lens.width), np.float32)
    loops.enlarge(at(plane), plane.shape[1], plane.shape[0], at(whole), lens.rows)
    return whole
