"""A film under the sea: water, surface and bed, the reef in its depth, and what swims there."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Colour, Floats, Planes, as_floats, smooth
from doitong.engines.studio.camera import CameraPath, Lens, Pose, Rig, focal_length
from doitong.engines.studio.forest.plants import Master
from doitong.engines.studio.forest.sprites import Codec, Sprite, lay_image, lay_sprite, make_sprite, mark_near
from doitong.engines.studio.levels import Level
from doitong.engines.studio.scene import Life, Scene, TimeOfDay
from doitong.engines.studio.underwater import reef
from doitong.engines.studio.underwater.animals import Bubbles, School, Snow
from doitong.engines.studio.underwater.bed import Bed
from doitong.engines.studio.underwater.water import Water

_EYE = 2.1
_LOWEST_EYE = 0.6
_FARTHER = 3.0  # shafts show nearer to the camera than in a wood
_FAR_METRES = 30.0
_Tones = tuple[Colour, Colour, Colour]
_ROCK: _Tones = ((0.030, 0.028, 0.030), (0.17, 0.155, 0.14), (0.52, 0.48, 0.40))
_KELP: _Tones = ((0.020, 0.022, 0.006), (0.13, 0.125, 0.020), (0.52, 0.48, 0.09))
_WEED: _Tones = ((0.012, 0.032, 0.012), (0.07, 0.17, 0.050), (0.32, 0.52, 0.16))
_CORALS: tuple[_Tones, ...] = (
    ((0.10, 0.018, 0.020), (0.62, 0.11, 0.10), (1.0, 0.52, 0.38)),
    ((0.09, 0.03, 0.008), (0.70, 0.28, 0.045), (1.0, 0.72, 0.30)),
    ((0.05, 0.015, 0.07), (0.34, 0.11, 0.42), (0.85, 0.55, 0.90)),
    ((0.07, 0.055, 0.02), (0.52, 0.42, 0.14), (0.95, 0.88, 0.55)),
    ((0.10, 0.02, 0.06), (0.66, 0.14, 0.34), (1.0, 0.60, 0.74)),
)


@dataclass(frozen=True, slots=True)
class _Growth:
    sprite: Sprite
    x: float
    z: float
    tall: float
    sway: float
    phase: float


class UnderwaterPainter:
    """Draws one film under the sea."""

    def __init__(self, scene: Scene, level: Level, width: int, height: int) -> None:
        self.rig, self.floor = Rig(_EYE, 4.0, 8.0, 0.60), 0.0
        self._scene, self._is_fine = scene, level.bloom
        self._water = Water(scene, 20 if level.tree_lines > 30 else 12)
        self.exposure = self._water.exposure
        self._codec = Codec(1.1 if scene.time is TimeOfDay.NIGHT else 3.4)
        random = np.random.default_rng([scene.seed, 313])
        self._random, self._focal = random, focal_length(width, height)
        self._poses = CameraPath(scene, self.rig).poses(13)
        self._side = width / 2 / self._focal * 1.1
        self._has_kelp = bool(random.random() < 0.45)
        self._bed = Bed(random, self._water, self._codec, 0.25 if self._has_kelp else -0.05)
        self._growths: list[_Growth] = []
        self._plant(0.45 if level.tree_lines < 20 else 0.75 if level.tree_lines < 30 else 1.2)
        has_fish = Life.FISH in scene.life
        ahead = max(0.0, max(pose.z for pose in self._poses) - 1.5)  # a school is never run through
        depths = tuple(ahead + depth for depth in (4.2, 6.5, 9.5, 14.0)) if has_fish else ()
        self._schools = [School(random, scene, self._water, self._codec, depth) for depth in depths[::-1]]
        self._bubbles = Bubbles(random, self._water, self._codec) if Life.BUBBLES in scene.life else None
        self._snow = Snow(random, scene, level, self._water)

    def light(self, pose: Pose, lens: Lens, seconds: float) -> Planes:
        """The frame in linear light."""
        pose = Pose(pose.x, self._softened(pose.y), pose.z, pose.yaw, pose.pitch, pose.roll, pose.zoom)
        tile = self._water.caustic_tile(seconds)
        canvas = self._backdrop(pose, lens, seconds)
        self._bed.draw(canvas, pose, lens, tile, seconds)
        self._lay_growths(canvas, pose, lens, seconds)
        whole, near = (cv2.resize(plane, (lens.width, lens.rows), interpolation=cv2.INTER_LINEAR)
                       for plane in self._water.shafts_in(pose, lens, tile))  # fmt: skip
        planes, cover = self._codec.planes_of(canvas)
        shown = as_floats(whole - (whole - near) * cover)
        for plane, sun, above in zip(planes, self._water.tint.sun, self._water.tint.above, strict=True):
            np.add(plane, shown * np.float32((0.02 + above) * (0.62 + 0.06 * sun)), out=plane)
        self._snow.draw(planes, pose, lens, seconds)
        return planes

    def _softened(self, height: float) -> float:
        top = self._water.surface - 1.6 - _EYE
        if height > _EYE:
            return _EYE + top * math.tanh((height - _EYE) / top)
        return max(_LOWEST_EYE, height)

    def _backdrop(self, pose: Pose, lens: Lens, seconds: float) -> Bytes:
        """The water's own light and the surface, drawn half as large."""
        half = Lens((lens.width + 1) // 2, (lens.rows + 1) // 2, lens.focal / 2, lens.horizon / 2)
        columns, rows = 96, max(4, round(96 * lens.rows / lens.width))
        slope = (np.linspace(0, lens.width, columns, dtype=np.float32) - lens.width / 2) / np.float32(lens.focal)
        rise = (np.float32(lens.horizon) - np.linspace(0, lens.rows, rows, dtype=np.float32)) / np.float32(lens.focal)
        s, c = np.float32(math.sin(pose.yaw)), np.float32(math.cos(pose.yaw))
        ways = np.broadcast_arrays((slope * c + s)[None, :], rise[:, None], (c - slope * s)[None, :])
        light = cv2.merge([as_floats(plane) for plane in self._water.toward(*ways)])
        light = cv2.resize(light, (half.width, half.rows), interpolation=cv2.INTER_LINEAR)
        above = min(half.rows, int(half.horizon - 0.02 * half.focal))
        surface = self._water.surface_seen(pose, half, seconds, above)
        if surface is not None:
            light[:above] = cv2.merge(surface)
        coded = self._codec.bytes_of(light)
        whole = cv2.merge([*cv2.split(coded), np.full(coded.shape[:2], 255, np.uint8)])
        return np.asarray(cv2.resize(whole, (lens.width, lens.rows), interpolation=cv2.INTER_LINEAR))

    def _lay_growths(self, canvas: Bytes, pose: Pose, lens: Lens, seconds: float) -> None:
        s, c = math.sin(pose.yaw), math.cos(pose.yaw)
        items: list[tuple[float, _Growth | School | Bubbles, float]] = []
        for thing in self._growths:
            ahead = (thing.x - pose.x) * s + (thing.z - pose.z) * c
            if ahead > 0.7:
                items.append((ahead, thing, (thing.x - pose.x) * c - (thing.z - pose.z) * s))
        items += [(school.depth - pose.z, school, 0.0) for school in self._schools]
        if self._bubbles is not None:
            items.append((4.0, self._bubbles, 0.0))
        items.sort(key=lambda item: -item[0])
        before = math.inf
        for ahead, item, aside in items:
            mark_near(canvas, before, ahead + _FARTHER)
            before = ahead + _FARTHER
            if not isinstance(item, _Growth):
                item.lay(canvas, pose, lens, seconds)
                continue
            scale = lens.focal / ahead
            at = (lens.width / 2 + scale * aside, lens.horizon + scale * pose.y)
            surge = math.sin(seconds * 0.75 + item.phase + item.x * 0.3) + 0.3 * math.sin(
                seconds * 1.7 + item.phase * 2
            )
            if item.tall > 2.5:
                _lay_bent(canvas, item, at, scale, seconds, surge)
            else:
                lay_sprite(canvas, item.sprite, *at, scale / item.sprite.density, item.sway * surge)
        mark_near(canvas, before, 0.0)

    def _plant(self, rich: float) -> None:
        random = self._random
        rocks = [reef.rock(random, 300) for _ in range(3)]
        corals = [maker(random, 260) for maker in (reef.fan, reef.staghorn, reef.sponges, reef.brain, reef.staghorn)]
        weeds = [reef.weed(random, 200) for _ in range(2)]
        kelps = [reef.kelp(random, 620) for _ in range(2)] if self._has_kelp else []
        mounds = [
            (float(random.uniform(-1, 1)) * (3 + 0.62 * z), float(z)) for z in random.uniform(5.5, _FAR_METRES, 17)
        ]
        for x, z in mounds:
            if abs(x) < 1.6 + 0.05 * z:
                continue
            size = float(random.uniform(0.7, 1.7)) * (1.4 if z > 15 else 1.0)
            self._stand(rocks[int(random.integers(3))], _ROCK, x, z, size, 0.0)
            for _ in range(int(random.integers(2, 6) * rich)):
                coral = int(random.integers(len(corals)))
                at = (x + float(random.normal(0, 1.1 * size)), z - float(random.uniform(0.1, 1.0)))
                self._stand(corals[coral], _CORALS[int(random.integers(len(_CORALS)))], *at,
                            float(random.uniform(0.45, 1.1)) * min(1.3, size), 0.03 if coral == 0 else 0.0)  # fmt: skip
        for _ in range(int((70 if self._has_kelp else 34) * rich)):
            z = float(random.uniform(2.8, 20))
            x = float(random.uniform(-1, 1)) * (2.5 + 0.7 * z)
            if math.sin(x * 0.8) + math.sin(z * 0.7 + x * 0.3) > 0.1:
                self._stand(weeds[int(random.integers(2))], _WEED, x, z, float(random.uniform(0.5, 1.1)), 0.10)
        for _ in range(int(26 * rich) if kelps else 0):
            z = float(random.uniform(5.0, 26))
            x = float(random.choice([-1.0, 1.0])) * float(random.uniform(1.6 + 0.12 * z, 3.5 + 0.75 * z))
            self._stand(kelps[int(random.integers(2))], _KELP, x, z, float(random.uniform(0.8, 1.15)), 0.05)

    def _stand(self, master: Master, tones: _Tones, x: float, z: float, size: float, sway: float) -> None:
        random = self._random
        depths = [(x - p.x) * math.sin(p.yaw) + (z - p.z) * math.cos(p.yaw) for p in self._poses]
        room = 0.55 + (0.5 * master.metres[0] * size if master.metres[1] * size > 0.9 else 0.1)
        if min(math.hypot(x - p.x, z - p.z) for p in self._poses) < room or max(depths) < 0.7:
            return
        mean = max(1.0, sum(depths) / len(depths))
        density = min(self._focal / max(1.4, min(depths)), master.cover.shape[1] / master.metres[0] / size * 1.2)
        shape = (max(4, int(master.metres[0] * size * density)), max(4, int(master.metres[1] * size * density)))
        cover, tone = (cv2.resize(plane, shape, interpolation=cv2.INTER_AREA) for plane in (master.cover, master.tone))
        foot_x = master.foot[0] * shape[0]
        sunk = np.arange(shape[1], dtype=np.float32) / np.float32(shape[1])  # sand lies about every foot
        cover = (cover * smooth(1.0, 0.93, sunk)[:, None]).astype(np.uint8)
        if random.random() < 0.5:
            cover, tone, foot_x = cv2.flip(cover, 1), cv2.flip(tone, 1), shape[0] - foot_x
        tall = master.metres[1] * size
        colour = cv2.LUT(cv2.merge([tone] * 3), self._codec.bytes_of(self._table(tones, x, z, mean)))
        sprite = make_sprite(colour, cover, density, (foot_x, master.foot[1] * shape[1]))
        self._growths.append(_Growth(sprite, x, z, tall, sway, float(random.uniform(0, 6.3))))

    def _table(self, tones: _Tones, x: float, z: float, mean: float) -> Floats:
        """The light of each tone of a thing at a place, after the water between."""
        water = self._water
        left, veil = water.left_of(mean), water.light_at(x, -0.6, z)
        down = water.left_of(water.surface * 0.35)
        share = np.linspace(0, 1, 256, dtype=np.float32)
        table = np.empty((1, 256, 3), np.float32)
        for i in range(3):
            skin = np.interp(share, (0, 0.5, 1), [tone[i] for tone in tones]).astype(np.float32)
            light = skin * (water.tint.fill[i] * (0.4 + 0.4 * share) + water.tint.sun[i] * down[i] * 0.85 * share)
            table[0, :, i] = light * left[i] + veil[i] * (1 - left[i])
        return table


def _lay_bent(canvas: Bytes, thing: _Growth, at: tuple[float, float], scale: float, seconds: float,
              surge: float) -> None:  # fmt: skip
    """Lay a tall strand that bends with the swell, more the higher it stands."""
    share, number = scale / thing.sprite.density, 0
    while share < 0.6 and number + 1 < len(thing.sprite.levels):
        share, number = share * 2, number + 1
    image, less = thing.sprite.levels[number], 0.5**number
    foot_x, foot_y = thing.sprite.foot[0] * less, thing.sprite.foot[1] * less
    pixels = thing.sprite.density * less
    reach = 0.5 * scale * (thing.tall / 6.5)
    left = max(0, math.floor(at[0] - share * foot_x - reach))
    right = min(canvas.shape[1], math.ceil(at[0] + share * (image.shape[1] - foot_x) + reach))
    top = max(0, math.floor(at[1] - share * foot_y))
    bottom = min(canvas.shape[0], math.ceil(at[1] + share * (image.shape[0] - foot_y)))
    if left >= right or top >= bottom:
        return
    y = ((np.arange(top, bottom, dtype=np.float32) + np.float32(0.5 - at[1])) / np.float32(share)
         + np.float32(foot_y - 0.5))  # fmt: skip
    height = np.maximum((np.float32(foot_y) - y) / np.float32(pixels), 0)
    bend = thing.sway * height * np.float32(surge) + np.float32(0.045) * np.sqrt(height) * np.sin(
        height * np.float32(1.5) - np.float32(seconds * 1.5 - thing.phase))  # fmt: skip
    x = (np.arange(left, right, dtype=np.float32) + np.float32(0.5 - at[0])) / np.float32(share) + np.float32(
        foot_x - 0.5)  # fmt: skip
    columns = as_floats(x[None, :] - (bend * np.float32(pixels))[:, None])
    rows = np.broadcast_to(y[:, None], columns.shape).astype(np.float32)
    lay_image(canvas[top:bottom, left:right], cv2.remap(image, columns, rows, cv2.INTER_LINEAR))
