"""What grows in one wood and where: trees, saplings, ferns and the far groves, drawn once in their season and light."""

import math
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Colour, mix
from doitong.engines.studio.camera import Pose
from doitong.engines.studio.forest import plants
from doitong.engines.studio.forest.groves import grove
from doitong.engines.studio.forest.light import Canopy
from doitong.engines.studio.forest.plants import Master
from doitong.engines.studio.forest.sprites import Codec, Sprite, make_sprite
from doitong.engines.studio.forest.trunks import Bark, BarkTiles, Trunk, paint_trunk
from doitong.engines.studio.levels import Level
from doitong.engines.studio.scene import Scene, Season

FAR_METRES = 36.0  # trees farther than this stand in groves
SOFT_METRES = 26.0  # what is never nearer is drawn half as large
TALLEST_EYE = 7.5
_CELL = 3.9  # metres of ground that one tree holds
_NEAREST = 2.4
_CORRIDOR = 1.25  # metres on each side of the camera's way that stay free

_Tones = tuple[Colour, Colour, Colour]  # shaded, open and sunlit leaves
_SPRING: _Tones = ((0.020, 0.048, 0.008), (0.105, 0.23, 0.022), (0.44, 0.64, 0.075))
_SUMMER: _Tones = ((0.014, 0.033, 0.007), (0.074, 0.148, 0.018), (0.37, 0.50, 0.060))
_NEEDLES: _Tones = ((0.008, 0.020, 0.010), (0.034, 0.080, 0.032), (0.17, 0.25, 0.070))
_BRACKEN: _Tones = ((0.040, 0.020, 0.006), (0.20, 0.105, 0.022), (0.52, 0.28, 0.055))
_BARE: _Tones = ((0.030, 0.024, 0.020), (0.075, 0.060, 0.048), (0.17, 0.14, 0.11))
_AUTUMN: tuple[_Tones, ...] = (
    ((0.060, 0.028, 0.005), (0.40, 0.21, 0.020), (0.98, 0.60, 0.060)),
    ((0.055, 0.016, 0.004), (0.36, 0.115, 0.012), (0.90, 0.34, 0.032)),
    ((0.042, 0.009, 0.005), (0.26, 0.045, 0.012), (0.70, 0.14, 0.030)),
    ((0.034, 0.040, 0.006), (0.19, 0.19, 0.020), (0.66, 0.56, 0.075)),
)


class Stand(StrEnum):
    """The kind of wood."""

    BEECH = "beech"
    BIRCH = "birch"
    SPRUCE = "spruce"
    PINE = "pine"


@dataclass(frozen=True, slots=True)
class Standing:
    """A sprite in the world: metres of its foot, and how far the wind bends its top (sideways for each metre)."""

    sprite: Sprite
    x: float
    y: float
    z: float
    sway: float
    phase: float


@dataclass(frozen=True, slots=True)
class Eyes:
    """Where the camera looks from during the film, and how far to each side and up it sees (tangents)."""

    poses: tuple[Pose, ...]
    side: float
    up: float
    focal: float

    def seen(self, x: float, z: float, margin: float) -> tuple[float, float] | None:
        """Nearest depth from which a place is seen, and the mean; None when it is never in view."""
        depths = []
        for pose in self.poses:
            s, c = math.sin(pose.yaw), math.cos(pose.yaw)
            ahead = (x - pose.x) * s + (z - pose.z) * c
            aside = (x - pose.x) * c - (z - pose.z) * s
            if ahead > 0.6 and abs(aside) < self.side / pose.zoom * ahead + margin:
                depths.append(ahead / pose.zoom)
        return (min(depths), sum(depths) / len(depths)) if depths else None


def stand_of(scene: Scene) -> Stand:
    """The kind of wood for a film: by seed, weighted by season."""
    random = np.random.default_rng([scene.seed, 254])
    weights = {
        Season.SPRING: (0.6, 0.2, 0.1, 0.1),
        Season.SUMMER: (0.55, 0.12, 0.18, 0.15),
        Season.AUTUMN: (0.6, 0.4, 0.0, 0.0),
        Season.WINTER: (0.2, 0.2, 0.6, 0.0),
    }[scene.season]
    return list(Stand)[int(random.choice(4, p=weights))]


class Wood:
    """Plants one wood: `near` is what the camera comes close to, `far` what always stands behind `SOFT_METRES`."""

    def __init__(self, scene: Scene, level: Level, canopy: Canopy, codec: Codec, eyes: Eyes) -> None:
        self._random = np.random.default_rng([scene.seed, 227])
        self._scene, self._canopy, self._codec, self._eyes = scene, canopy, codec, eyes
        self.stand = stand_of(scene)
        self._rich = 0.45 if level.tree_lines < 20 else 0.75 if level.tree_lines < 30 else 1.1
        self._start = eyes.poses[0]
        self.trunks: list[Trunk] = []
        self.near: list[Standing] = []
        self.far: list[Standing] = []
        self._draw_masters()
        self._plant_trees()
        self._plant_bushes()
        self._plant_floor()
        self._plant_groves()

    @property
    def is_bare(self) -> bool:
        """Broadleaves in winter."""
        return self._scene.season is Season.WINTER and self.stand in (Stand.BEECH, Stand.BIRCH)

    @property
    def is_conifer(self) -> bool:
        return self.stand in (Stand.SPRUCE, Stand.PINE)

    def _draw_masters(self) -> None:
        random = self._random
        self._clouds = [plants.leaf_cloud(random, 380, 0.24) for _ in range(2)]
        if self.is_conifer:
            sprays = [plants.bough(random, 380) for _ in range(3)]
            bushes = [plants.spruce(random, 480) for _ in range(2)]
            self._clouds = sprays
        elif self.is_bare:
            sprays = [plants.twigs(random, 420) for _ in range(3)]
            bushes, self._clouds = sprays, sprays
        else:
            sprays = [plants.leaf_spray(random, 480, number == 1) for number in range(3)]
            bushes = [plants.sapling(random, 480) for _ in range(3)]
        self._sprays, self._bushes = sprays, bushes
        self._ferns = [plants.fern(random, 400) for _ in range(3)]
        self._tufts = [plants.grass(random, 220) for _ in range(2)]

    def tones(self) -> _Tones:
        """The leaves of one tree of this wood."""
        match self._scene.season:
            case _ if self.is_conifer:
                return self._varied(_NEEDLES)
            case Season.AUTUMN:
                shares = (0.6, 0.15, 0.0, 0.25) if self.stand is Stand.BIRCH else (0.36, 0.32, 0.12, 0.20)
                return self._varied(_AUTUMN[int(self._random.choice(4, p=shares))])
            case Season.SPRING:
                return self._varied(_SPRING)
            case Season.WINTER:
                return self._varied(_BARE)
        return self._varied(_SUMMER)

    def _varied(self, tones: _Tones) -> _Tones:
        much, warm = float(self._random.uniform(0.8, 1.25)), float(self._random.normal(0, 0.09))
        dark, middle, bright = ((r * much * (1 + warm), g * much, b * much * (1 - warm)) for r, g, b in tones)
        return dark, middle, bright

    def _place(self, master: Master, tones: _Tones, at: tuple[float, float, float], size: float, sway: float,
               is_mirrored: bool = False, soft: float = 0.0) -> None:  # fmt: skip
        """Colour a master for its place and stand it there."""
        x, y, z = at
        seen = self._eyes.seen(x, z, master.metres[0] * size)
        if seen is None:
            return
        near, mean = seen
        focal = self._eyes.focal * (0.5 if near > SOFT_METRES else 1.0)
        density = min(focal / max(near, 1.6), master.cover.shape[1] / (master.metres[0] * size) * 1.3)
        shape = (max(4, int(master.metres[0] * size * density)), max(4, int(master.metres[1] * size * density)))
        cover, tone = (cv2.resize(plane, shape, interpolation=cv2.INTER_AREA) for plane in (master.cover, master.tone))
        foot_x, foot_y = master.foot[0] * shape[0], master.foot[1] * shape[1]
        if is_mirrored:
            cover, tone, foot_x = cv2.flip(cover, 1), cv2.flip(tone, 1), shape[0] - foot_x
        if soft > 0:
            cover, tone = (cv2.GaussianBlur(plane, (0, 0), soft * density) for plane in (cover, tone))
        colour = cv2.LUT(cv2.merge([tone] * 3), self._table(tones, at, mean))
        sprite = make_sprite(colour, cover, density, (foot_x, foot_y))
        self._stand(Standing(sprite, x, y, z, sway, float(self._random.uniform(0, 6.3))), near)

    def _stand(self, thing: Standing, near: float) -> None:
        (self.far if near > SOFT_METRES else self.near).append(thing)

    def _table(self, tones: _Tones, at: tuple[float, float, float], mean: float) -> Bytes:
        """The colour of each tone at a place: lit, shone through, and veiled by the air before it."""
        x, y, z = at
        canopy, start = self._canopy, self._start
        sunlit = 0.25 + 0.75 * float(canopy.falling(*np.full((3, 1, 1), [[[x]], [[y + 0.6]], [[z]]], np.float32))[0, 0])
        ahead = (x - start.x, y - 1.5, z - start.z)
        span = math.sqrt(sum(part * part for part in ahead)) or 1.0
        facing = max(0.0, sum(a * b for a, b in zip(ahead, canopy.sun, strict=True)) / span)
        shine = sunlit * (0.30 + 0.75 * facing**4)
        veil = 1 - math.exp(-mean / canopy.fog_metres)
        air = canopy.air_at(*ahead)
        share = np.linspace(0, 1, 256, dtype=np.float32)
        table = np.empty((1, 256, 3), np.float32)
        for i in range(3):
            dark, middle, bright = (tone[i] for tone in tones)
            leaf = np.interp(share, (0, 0.5, 1), (dark, middle, bright)).astype(np.float32)
            if self._scene.snow > 0.4:
                white = np.clip((share - 0.52) * 5, 0, 1) * np.float32(min(1.0, self._scene.snow))
                leaf = leaf + (np.float32((0.66, 0.72, 0.80)[i]) - leaf) * white
            light = leaf * (canopy.fill[i] * (0.55 + 0.5 * share) + canopy.sun_colour[i] * shine * share)
            table[0, :, i] = light * (1 - veil) + air[i] * veil
        return self._codec.bytes_of(table)

    def _clear(self, x: float, z: float, room: float) -> bool:
        """Is a place out of the camera's way?"""
        return all(math.hypot(x - pose.x, z - pose.z) > room for pose in self._eyes.poses)

    def _spots(self, cell: float, near: float, far: float, margin: float) -> list[tuple[float, float]]:
        """Jittered places in view between two depths."""
        z0, z1 = min(pose.z for pose in self._eyes.poses), max(pose.z for pose in self._eyes.poses)
        reach = (self._eyes.side * 1.15 + 0.75) * far + 6
        spots = []
        for z in np.arange(z0 + near - cell, z1 + far, cell):
            for x in np.arange(-reach, reach, cell):
                jitter = self._random.uniform(-0.46, 0.46, 2) * cell
                at = (float(x + jitter[0]), float(z + jitter[1]))
                seen = self._eyes.seen(*at, margin)
                if seen is not None and seen[0] < far:
                    spots.append(at)
        return spots

    def _plant_trees(self) -> None:
        random, tiles = self._random, BarkTiles(self._random)
        bark = {Stand.BEECH: Bark.SMOOTH, Stand.BIRCH: Bark.BIRCH}.get(self.stand, Bark.FURROWED)
        cell = _CELL * {Stand.SPRUCE: 0.9, Stand.BIRCH: 0.92}.get(self.stand, 1.0)
        for x, z in self._spots(cell, _NEAREST, FAR_METRES, 1.0):
            lane = 1.3 + 0.9 * math.sin(z * 0.09 + self._scene.seed) + 0.03 * z
            middle = math.tan(math.asin(self._canopy.sun[0])) * z * 0.8
            is_wall = z - self._start.z < 6.5 and abs(x - self._start.x) < 0.34 * (z - self._start.z)
            if is_wall or not self._clear(x, z, _CORRIDOR + 0.75) or random.random() < 0.16 or abs(x - middle) < lane:
                continue
            size = float(random.choice([0.13, 0.21, 0.32], p=[0.3, 0.45, 0.25]) * random.uniform(0.8, 1.2))
            size *= {Stand.BIRCH: 0.68, Stand.SPRUCE: 0.85}.get(self.stand, 1.0)
            straight = 0.35 if self.is_conifer else 1.0
            trunk = Trunk(
                x, z, size, self._top(x, z), float(random.normal(0, 0.035) * straight),
                (random.normal(0, 0.28) * straight, random.normal(0, 0.05) * straight, *random.uniform(0, 6.3, 2)),
                bark, float(random.uniform(0.1, 0.55)) if self._scene.snow < 0.5 else 0.05, self._scene.snow * 0.8,
                1.0 if self.stand is Stand.PINE else 0.3)  # fmt: skip
            self.trunks.append(trunk)
            self._stand_trunk(trunk, tiles)
            self._dress(trunk)

    def _top(self, x: float, z: float) -> float:
        seen = [pose.y + math.hypot(x - pose.x, z - pose.z) * self._eyes.up * 1.1 for pose in self._eyes.poses]
        return min(25.0, max(4.0, 0.8 + max(seen)))

    def _stand_trunk(self, trunk: Trunk, tiles: BarkTiles) -> None:
        seen = self._eyes.seen(trunk.x, trunk.z, 1.0)
        if seen is None:
            return
        near, mean = seen
        focal = self._eyes.focal * (0.5 if near > SOFT_METRES else 1.0)
        planes, cover, foot, density = paint_trunk(trunk, tiles, self._canopy, focal / max(near, 2.0))
        veil = 1 - math.exp(-mean / self._canopy.fog_metres)
        air = self._canopy.air_at(trunk.x - self._start.x, 0.3, trunk.z - self._start.z)
        light = np.dstack([plane * (1 - veil) + np.float32(air[i] * veil) for i, plane in enumerate(planes)])
        sprite = make_sprite(self._codec.bytes_of(light), cover.astype(np.uint8), density, foot)
        self._stand(Standing(sprite, trunk.x, 0.0, trunk.z, 0.0, 0.0), near)

    def _dress(self, trunk: Trunk) -> None:
        """Branches and foliage of one tree, as high as the camera can see."""
        random, tones = self._random, self.tones()
        thick = trunk.radius > 0.12
        low = 2.7 if self.stand is Stand.SPRUCE else 3.4
        count = int(random.integers(1, 4) * self._rich) if trunk.top > low + 0.6 else 0
        for _ in range(count):
            height = float(random.uniform(low, min(trunk.top, 15.0)))
            middle = trunk.x + float(trunk.middle(np.full(1, height, np.float32))[0])
            spray = self._sprays[int(random.integers(len(self._sprays)))]
            size = float(random.uniform(0.55, 1.05)) * (1.0 if thick else 0.7)
            at = (middle, height, trunk.z + float(random.choice([-0.15, 0.12])))
            self._place(spray, tones, at, size, 0.012, bool(random.random() < 0.5))
        crown = 6.5 if self.stand is Stand.SPRUCE else 8.0
        if trunk.top > crown and not self.is_bare:
            for _ in range(2 if self._rich > 0.7 else 1):
                cloud = self._clouds[int(random.integers(len(self._clouds)))]
                at = (trunk.x + float(random.normal(0, 1.2)), float(random.uniform(crown, min(trunk.top + 1, 17.0))),
                      trunk.z - 0.4)  # fmt: skip
                self._place(cloud, tones, at, float(random.uniform(0.8, 1.3)), 0.008, bool(random.random() < 0.5))

    def _plant_bushes(self) -> None:
        random = self._random
        for x, z in self._spots(4.4 / math.sqrt(self._rich), 5.0, FAR_METRES * 0.9, 1.5):
            if not self._clear(x, z, 3.0) or random.random() < (0.52 if not self.is_bare else 0.8):
                continue
            if abs(x - math.tan(math.asin(self._canopy.sun[0])) * z * 0.8) < 1.5 and random.random() < 0.8:
                continue
            bush = self._bushes[int(random.integers(len(self._bushes)))]
            self._place(bush, self.tones(), (x, -0.03, z), float(random.uniform(0.4, 1.0)), 0.02,
                        bool(random.random() < 0.5))  # fmt: skip

    def _plant_floor(self) -> None:
        random, season = self._random, self._scene.season
        if self._scene.snow > 0.6:
            return
        tones = {Season.SPRING: _SPRING, Season.SUMMER: _SUMMER}.get(season, _BRACKEN)
        feet = [(trunk.x + float(random.normal(0, 0.5)), trunk.z - 0.35) for trunk in self.trunks]
        for x, z in [*self._spots(1.9 / math.sqrt(self._rich), 2.0, 15.0, 0.8), *feet]:
            patch = math.sin(x * 0.55 + self._scene.seed) + math.sin(z * 0.4 + 1.7 * x)
            if patch < random.normal(-0.1, 0.5) or not self._clear(x, z, 0.9):
                continue
            is_fern = random.random() < (0.75 if season is not Season.WINTER else 0.35)
            group = self._ferns if is_fern else self._tufts
            size = float(random.uniform(0.55, 1.15))
            self._place(group[int(random.integers(len(group)))], self._varied(tones), (x, -0.02, z), size, 0.03,
                        bool(random.random() < 0.5))  # fmt: skip

    def _plant_groves(self) -> None:
        random, eyes = self._random, self._eyes
        wide = 11.0
        for depth in (40.0, 54.0, 76.0):
            reach = (eyes.side * 1.2 + 0.6) * depth + 12
            tall = min(27.0, max(pose.y for pose in eyes.poses) + 5.0 + depth * eyes.up * 1.1)
            kinds = [grove(random, depth, eyes.focal / 2, self.is_conifer, self.is_bare, tall) for _ in range(3)]
            for number, x in enumerate(np.arange(-reach, reach, wide)):
                z = math.sqrt(max(depth * depth - 0.25 * x * x, 100.0)) + float(random.uniform(0, 5))
                at = (float(x + random.normal(0, 0.8)), -0.1, z)
                seen = eyes.seen(at[0], at[2], wide)
                if seen is None:
                    continue
                master = kinds[number % 3]
                tones = self.tones() if not self.is_bare else _BARE
                self._place(master, _grove_tones(tones), at, 1.0, 0.0, bool(random.random() < 0.5))


def _grove_tones(tones: _Tones) -> _Tones:
    """A grove's tones: its shade is bark as much as leaf."""
    dark, middle, bright = tones
    return mix(dark, 0.5, (0.03, 0.026, 0.02), 0.5), middle, bright
