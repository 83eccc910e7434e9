"""Curtains: upright outlines at one depth, drawn between the rows of the land. Tree lines and far ranges."""

from dataclasses import dataclass

import numpy as np

from doitong.engines.studio.air.light import Light
from doitong.engines.studio.arrays import Colour, Floats, as_floats, mix
from doitong.engines.studio.land.ground import wood_colour
from doitong.engines.studio.land.soils import SNOW
from doitong.engines.studio.land.world import World
from doitong.engines.studio.levels import Level
from doitong.engines.studio.scene import Scene, Season

NOTHING = np.float32(-1e4)
_CROWN_KINDS, _CROWN_POINTS = 23, 49
_SPANS = {"island": (760.0, 4200.0), "meadow": (520.0, 3600.0), "field": (620.0, 3400.0), "road": (560.0, 3400.0)}


@dataclass(frozen=True, slots=True)
class Curtain:
    """Outline `tops` in metres at `depth`, sampled every `step` metres from x = `start`; −1e4 where nothing
    stands. `shade` scales the colour of each sample, which turns from `root` at `feet`, the ground below, to `colour`
    at the top; `sway` is how far the wind moves it, metres."""

    depth: float
    start: float
    step: float
    tops: Floats
    shade: Floats
    colour: Colour
    feet: Floats
    root: Colour
    sway: float = 0.0

    def outline(self, x: Floats, seconds: float) -> Floats:
        """Heights at points along the curtain, at one moment."""
        at = (x - np.float32(self.start)) * np.float32(1 / self.step)
        if self.sway > 0:
            turn = x * np.float32(0.9) - np.float32(seconds * 2.6 + self.depth)
            at += (np.sin(turn) + np.float32(0.5) * np.sin(turn * np.float32(2.7))) * np.float32(self.sway / self.step)
        np.clip(at, 0, self.tops.size - 1, out=at)
        first = at.astype(np.int32)
        at -= first
        low = self.tops.take(first)
        return as_floats(low + (self.tops.take(first + 1, mode="clip") - low) * at)


def far_ranges(world: World, light: Light, random: np.random.Generator) -> list[Curtain]:
    """Mountain ranges beyond the grid, one behind the other, with a gap where the sun stands."""
    curtains = []
    colour = mix(light.fill, 0.10, light.sun, 0.012)
    for place in range(world.land.far_ranges):
        depth = (17000.0, 24000.0, 34000.0)[place]
        tile, sharp = _outline(random, 1024, 1.45, 4), _outline(random, 1024, 1.1, 18)
        across = np.arange(tile.size) / tile.size - 0.5
        outline = 0.62 + 0.16 * tile - 0.10 * np.abs(sharp)
        width = depth * 3.4
        gap = np.exp(-(((np.arctan(across * width / depth) - world.sun_turn) / 0.11) ** 2))
        tops = world.land.far_relief * (depth / 14000.0) * outline * (1 - 0.55 * gap)
        start = -width / 2
        curtains.append(
            Curtain(
                depth,
                start,
                width / tile.size,
                tops.astype(np.float32),
                np.ones(tile.size, np.float32),
                colour,
                np.zeros(tile.size, np.float32),
                colour,
            )
        )
    return curtains


def _outline(random: np.random.Generator, size: int, slope: float, low_cut: int) -> Floats:
    """A seamless line with power ∝ frequency^(−2·slope), mean 0, deviation 1."""
    frequency = np.arange(size // 2 + 1)
    shape = np.where(frequency >= low_cut, np.maximum(frequency, 1.0) ** -slope, 0.0)
    line = np.fft.irfft(shape * np.exp(2j * np.pi * random.random(frequency.size)), size)
    return np.asarray(line / line.std(), dtype=np.float32)


def tree_lines(world: World, scene: Scene, light: Light, level: Level, random: np.random.Generator) -> list[Curtain]:
    """Rows of conifers on wooded ground, dense near the shore and thinner with distance."""
    if not scene.trees or world.land.tree_density <= 0:
        return []
    low, high = _SPANS.get(world.land.ground, (300.0, 3600.0) if world.land.has_water else (340.0, 3400.0))
    spread = world.grid.spread
    brightness = mix(light.sun, 0.30, light.fill, 0.95)
    needles = wood_colour(scene, world.land)
    is_round = world.land.ground != "alpine"
    is_bare = is_round and scene.season is Season.WINTER
    if scene.snow >= 0.7:
        needles = mix(needles, 0.70, SNOW, 0.30) if is_bare else mix(needles, 0.90, SNOW, 0.10)
    crowns = _crowns(np.random.default_rng([scene.seed, 63]), is_bare) if is_round else None
    wood = (brightness[0] * needles[0], brightness[1] * needles[1], brightness[2] * needles[2])
    curtains = []
    for place in range(level.tree_lines):
        depth = low * (high / low) ** ((place + random.random() * 0.6) / level.tree_lines)
        step = max(0.28, depth * 0.00055)
        half = spread * (depth + world.grid.apex)
        count = int(2 * half / step)
        x = (np.arange(count, dtype=np.float32) * np.float32(step) - np.float32(half)).astype(np.float32)
        row = int(np.searchsorted(world.grid.depths, depth))
        at = world.grid.columns_of(x, np.full_like(x, depth))
        base = np.interp(at, np.arange(world.grid.columns), world.heights[row]).astype(np.float32)
        cover = np.interp(at, np.arange(world.grid.columns), world.forest[row]).astype(np.float32)
        tops, shade = _plant(random, base, cover, step, crowns, world.land.tree_density)
        curtains.append(Curtain(depth, -half, step, tops, shade, wood, base, mix(wood, 0.45, wood, 0.0)))
    return curtains


def _crowns(random: np.random.Generator, is_bare: bool) -> Floats:
    """Outlines of broad-leaved crowns from left to right, 0–1: domes that grow into one another, twigs in winter."""
    at = np.linspace(-1, 1, _CROWN_POINTS)
    crowns = np.zeros((_CROWN_KINDS, _CROWN_POINTS))
    for number in range(_CROWN_KINDS):
        crown = crowns[number]
        for place in np.linspace(-0.62, 0.62, int(random.integers(3, 6))):
            middle, wide = place + random.uniform(-0.12, 0.12), random.uniform(0.30, 0.52)
            tall = (1 - 0.55 * middle * middle) * random.uniform(0.72, 1.0)
            np.maximum(crown, tall * np.sqrt(np.maximum(1 - ((at - middle) / wide) ** 2, 0)), out=crown)
        if is_bare:
            crown *= random.uniform(0.55, 1.0, _CROWN_POINTS)
    return crowns.astype(np.float32)


def _plant(random: np.random.Generator, base: Floats, cover: Floats, step: float, crowns: Floats | None,
           density: float) -> tuple[Floats, Floats]:  # fmt: skip
    tops = np.full(base.size, -1e4, np.float32)
    shade = np.ones(base.size, np.float32)
    width = base.size * step
    count = int(width / 4.2 * min(1.0, density))
    places = (random.random(count) * base.size).astype(int)
    clump = np.repeat(random.random(count // 6 + 1), 6)[:count]
    talls = (5.0 + 14.0 * random.random(count) ** 1.5) * (0.7 + 0.6 * clump)
    slims = 0.115 + 0.11 * random.random(count) ** 1.5
    tints = 0.6 + 0.8 * random.random(count)
    ragged = random.random(base.size).astype(np.float32)
    grows = cover[places] >= 0.45
    points = np.linspace(-1, 1, _CROWN_POINTS)
    for place, tall, slim, tint in zip(*(part[grows].tolist() for part in (places, talls, slims, tints)), strict=True):
        half = max(1.0, tall * slim * (1.0 if crowns is None else 2.6) / step)
        first, last = max(0, int(place - half)), min(base.size, int(place + half) + 2)
        at = (np.arange(first, last) - place) / half
        if crowns is not None:
            bulge = np.interp(at, points, crowns[place % _CROWN_KINDS], 0, 0)
            outline = base[place] - 0.8 + tall * 0.62 * (bulge + 0.16 * ragged[first:last] * bulge)
        else:
            away = np.minimum(np.abs(at), 1.0)
            tier = np.mod(away * (2.0 + tall * 0.3) + tint * 7, 1.0)
            outline = (
                base[place] - 0.8 + tall * (1 - away**0.8 + (0.18 * tier + 0.16 * ragged[first:last]) * (1 - away))
            )
        part = tops[first:last]
        better = outline > part
        part[better] = outline[better]
        lean = 1.35 - np.arange(last - first) * (0.7 / max(1, last - first - 1))
        shade[first:last][better] = (tint * lean)[better]
    return tops, shade
