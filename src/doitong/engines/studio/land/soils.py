"""What covers each kind of ground, as colours before they are lit: one function for every `Landform.ground`.

A function gets a `Site` and answers three planes of albedo; forest and snow are laid over them in `ground`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from doitong.engines.studio.arrays import Colour, Floats, mix, smooth
from doitong.engines.studio.land.draft import Draft
from doitong.engines.studio.land.landforms import Landform
from doitong.engines.studio.land.plains import ROAD_HALF_METRES, river_middle, road_middle
from doitong.engines.studio.scene import Scene, Season

ROCK: Colour = (0.225, 0.208, 0.190)
DARK_ROCK: Colour = (0.088, 0.090, 0.098)
SHORE: Colour = (0.30, 0.265, 0.215)
SAND: Colour = (0.56, 0.385, 0.225)
BEACH_SAND: Colour = (0.45, 0.372, 0.268)
WHITE_SAND: Colour = (0.68, 0.60, 0.46)
DRY_GRASS: Colour = (0.20, 0.165, 0.062)
DUNE_GRASS: Colour = (0.150, 0.160, 0.070)
ASPHALT: Colour = (0.085, 0.085, 0.088)
GRAVEL: Colour = (0.26, 0.235, 0.195)
EARTH: Colour = (0.150, 0.105, 0.068)
RED_ROCK: Colour = (0.50, 0.215, 0.105)
PALE_ROCK: Colour = (0.60, 0.400, 0.255)
DESERT: Colour = (0.42, 0.220, 0.118)
SCRUB: Colour = (0.125, 0.125, 0.060)
SNOW: Colour = (0.80, 0.83, 0.88)
GRASS: dict[Season, Colour] = {
    Season.SPRING: (0.085, 0.135, 0.032),
    Season.SUMMER: (0.092, 0.118, 0.036),
    Season.AUTUMN: (0.165, 0.125, 0.046),
    Season.WINTER: (0.130, 0.115, 0.070),
}
CROP: dict[Season, Colour] = {
    Season.SPRING: (0.075, 0.150, 0.034),
    Season.SUMMER: (0.360, 0.255, 0.090),
    Season.AUTUMN: (0.270, 0.195, 0.095),
    Season.WINTER: (0.140, 0.118, 0.075),
}
_STRIPS: dict[Season, tuple[Colour, ...]] = {  # fields in the distance
    Season.SPRING: ((0.075, 0.150, 0.034), (0.330, 0.290, 0.030), (0.10, 0.13, 0.04), EARTH),
    Season.SUMMER: ((0.360, 0.255, 0.090), (0.10, 0.125, 0.038), (0.27, 0.215, 0.085), (0.13, 0.16, 0.045)),
    Season.AUTUMN: ((0.270, 0.195, 0.095), EARTH, (0.13, 0.125, 0.045), (0.20, 0.150, 0.07)),
    Season.WINTER: ((0.140, 0.118, 0.075), EARTH, (0.11, 0.115, 0.05), (0.16, 0.130, 0.08)),
}


@dataclass(frozen=True, slots=True)
class Site:
    """One film's land, seen by whoever decides what covers it; arrays over the grid. `patch` and `fine` are noise of
    some hundred and some ten metres, `steep` is the tangent of the slope."""

    scene: Scene
    land: Landform
    draft: Draft
    heights: Floats
    x: Floats
    z: Floats
    cell: Floats
    spacing: Floats
    steep: Floats
    patch: Floats
    fine: Floats

    def noise(self, metres: float, channel: int, octaves: int = 2) -> Floats:
        """Noise that fades where the grid is too coarse for it."""
        seen = np.clip(np.float32(metres) / self.spacing - np.float32(1.5), 0, 1)
        return self.draft.sum(self.x, self.z, metres, octaves, channel) * seen


Albedo = list[Floats]


def _flat(site: Site, colour: Colour) -> Albedo:
    return [np.full(site.heights.shape, value, np.float32) for value in colour]


def lay(planes: Albedo, colour: Colour | Albedo, cover: Floats) -> None:
    """Put a colour over the planes where `cover` says so."""
    for plane, value in zip(planes, colour, strict=True):
        np.add(plane, (np.asarray(value, np.float32) - plane) * cover, out=plane)


def _between(one: Colour, other: Colour, share: Floats) -> Albedo:
    return [np.float32(a) + np.float32(b - a) * share for a, b in zip(one, other, strict=True)]


def _tone(planes: Albedo, factor: Floats) -> None:
    for plane in planes:
        np.multiply(plane, factor, out=plane)


def _rock(site: Site) -> Albedo:
    """Layered rock, warm and cool by turns, streaked below its ledges."""
    lift = site.heights + site.patch * 46 + site.fine * 14
    layers = np.sin(lift * np.float32(0.11)) * np.float32(0.30) + np.sin(lift * np.float32(0.037) + 2) * np.float32(
        0.22
    )
    share = np.clip(layers + np.float32(0.5) + site.fine * np.float32(0.35), 0, 1)
    planes = _between(DARK_ROCK, ROCK, share)
    warm = smooth(-0.1, 0.5, site.patch + site.fine * np.float32(0.3)) * np.float32(0.22)
    _tone(planes[:1], 1 + warm * np.float32(0.5))
    _tone(planes[2:], 1 - warm * np.float32(0.5))
    return planes


def _grass(site: Site) -> Albedo:
    season = site.scene.season
    dry = smooth(-0.25, 0.55, site.fine + site.patch * np.float32(0.6)) * np.float32(0.55)
    planes = _between(GRASS[season], DRY_GRASS, dry)
    lush = smooth(0.0, 0.5, -site.patch + site.fine * np.float32(0.4)) * np.float32(0.35)
    _tone(planes[:1], 1 - lush)
    _tone(planes[2:], 1 - lush * np.float32(0.4))
    return planes


def _alpine(site: Site) -> Albedo:
    planes = _grass(site)
    bare = smooth(0.55, 0.95, site.steep + site.fine * np.float32(0.3))
    line = site.land.tree_line
    bare = np.maximum(bare, smooth(line - 40, line + 260, site.heights + site.patch * 160))
    lay(planes, _rock(site), bare)
    if site.land.has_water:
        lay(planes, SHORE, 1 - smooth(0.5, 1.8, site.heights + site.fine * 2))
    return planes


def _meadow(site: Site) -> Albedo:
    planes = _grass(site)
    lay(planes, _rock(site), smooth(0.60, 0.98, site.steep + site.fine * np.float32(0.3)))
    blotch = site.noise(9, 20, 3)
    _tone(planes, 1 + blotch * np.float32(0.30))
    if site.scene.season in {Season.SPRING, Season.SUMMER}:
        _sow_flowers(site, planes)
    return planes


def _sow_flowers(site: Site, planes: Albedo) -> None:
    """Drifts of flowers, by colour; the single flower stands in the grass near the camera (see `grass`)."""
    strength = 0.85 if site.scene.season is Season.SPRING else 0.45
    away = 1 - smooth(120, 900, site.z)
    for channel, colour in ((23, (0.62, 0.50, 0.05)), (26, (0.62, 0.60, 0.58)), (29, (0.34, 0.20, 0.46))):
        drift = smooth(0.10, 0.42, site.noise(46, channel, 2))
        dots = smooth(0.05, 0.45, site.noise(1.5, channel + 2, 1) + drift * np.float32(0.2))
        lay(planes, colour, drift * (np.float32(0.10) + np.float32(0.55) * dots) * np.float32(strength) * away)


def _field(site: Site) -> Albedo:
    planes = _flat(site, CROP[site.scene.season])
    _tone(planes, 1 + site.noise(14, 20, 3) * np.float32(0.22))
    lane = np.abs(np.mod(site.x + np.float32(4.0), np.float32(15.0)) - np.float32(7.5))
    track = 1 - smooth(0.12, 0.34, np.abs(lane - np.float32(0.85)))
    track = track * np.clip(np.float32(0.9) / site.cell, 0, 1) * (1 - smooth(120, 300, site.z))
    lay(planes, mix(EARTH, 0.8, CROP[site.scene.season], 0.2), track * np.float32(0.72))
    _lay_strips(site, planes, smooth(230, 250, site.z + site.patch * 30))
    return planes


def _lay_strips(site: Site, planes: Albedo, cover: Floats) -> None:
    """Fields of other crops in the distance, each with its own colour."""
    turn = np.float32(0.3 + 0.5 * site.draft.draw[30])
    u = (site.x * np.cos(turn) - site.z * np.sin(turn) + site.patch * 14) * np.float32(1 / 210)
    v = (site.x * np.sin(turn) + site.z * np.cos(turn) + site.patch * 14) * np.float32(1 / 330)
    number = (np.floor(u) * 7 + np.floor(v) * 13).astype(np.int32)
    colours = _STRIPS[site.scene.season]
    pick = (number.astype(np.int64) * 2654435761 >> 13) % len(colours)
    strips = [np.array([c[i] for c in colours], np.float32).take(pick) for i in range(3)]
    furrow = 1 + np.float32(0.12) * np.sin(u * np.float32(60)) * np.clip(np.float32(5) / site.cell - 1, 0, 1)
    for strip in strips:
        np.multiply(strip, furrow, out=strip)
    lay(planes, strips, cover)


def _road(site: Site) -> Albedo:
    planes = _meadow(site)
    _lay_strips(site, planes, smooth(0.05, 0.15, site.patch) * smooth(160, 260, site.z) * np.float32(0.8))
    off = np.abs(site.x - road_middle(site.draft, site.z[:, :1]))
    lay(planes, GRAVEL, 1 - smooth(ROAD_HALF_METRES + 0.2, ROAD_HALF_METRES + 1.0, off + site.fine * np.float32(0.5)))
    tar = _flat(site, ASPHALT)
    worn = 1 - smooth(0.25, 0.75, np.abs(off - np.float32(ROAD_HALF_METRES * 0.52)))
    _tone(tar, 1 + site.noise(3.0, 24, 2) * np.float32(0.22) + worn * np.float32(0.16))
    lay(planes, tar, 1 - smooth(ROAD_HALF_METRES - 0.05, ROAD_HALF_METRES + 0.15, off))
    return planes


def _sand(site: Site) -> Albedo:
    planes = _flat(site, SAND)
    _tone(planes, 1 + site.patch * np.float32(0.14) + site.noise(12, 20, 3) * np.float32(0.12))
    _tone(planes[2:], 1 - site.patch * np.float32(0.18))
    return planes


def _beach(site: Site) -> Albedo:
    planes = _flat(site, BEACH_SAND)
    _tone(planes, 1 + site.noise(1.1, 20, 3) * np.float32(0.20) + site.noise(9, 24, 3) * np.float32(0.12))
    wrack = np.exp(-(((site.heights - np.float32(0.95) - site.fine * np.float32(0.25)) / np.float32(0.05)) ** 2))
    lay(planes, (0.13, 0.10, 0.065), wrack * smooth(-0.1, 0.5, site.noise(1.6, 28, 2)) * np.float32(0.6))
    grown = smooth(2.5, 3.3, site.heights + site.noise(3.5, 26, 3) * 2)
    tuft = mix(GRASS[site.scene.season], 0.35, DUNE_GRASS, 0.65)
    lay(planes, tuft, grown * np.float32(0.85))
    far = smooth(160, 330, site.z)
    lay(planes, _grass(site), smooth(3, 7, site.heights + site.fine * 4) * far)
    lay(planes, _rock(site), smooth(0.45, 0.85, site.steep + site.fine * np.float32(0.35)) * far)
    return planes


def _island(site: Site) -> Albedo:
    planes = _flat(site, WHITE_SAND)
    lay(planes, _grass(site), smooth(2.1, 4.4, site.heights + site.fine * 3))
    lay(
        planes,
        _rock(site),
        smooth(1.05, 1.5, site.steep + site.fine * np.float32(0.45)) * smooth(45, 120, site.heights + site.fine * 30),
    )
    return planes


def _coast(site: Site) -> Albedo:
    planes = _grass(site)
    lay(planes, _rock(site), smooth(0.45, 0.9, site.steep + site.fine * np.float32(0.3)))
    lay(planes, SHORE, 1 - smooth(0.5, 1.8, site.heights + site.fine * 2))
    return planes


def _canyon(site: Site) -> Albedo:
    planes = _between(
        RED_ROCK, PALE_ROCK, smooth(-0.35, 0.5, site.patch + site.fine * np.float32(0.3)) * np.float32(0.5)
    )
    gentle = 1 - smooth(0.30, 0.75, site.steep + site.fine * np.float32(0.15))
    soil = _flat(site, DESERT)
    _tone(soil, 1 + site.noise(60, 20, 4) * np.float32(0.26) + site.patch * np.float32(0.22))
    wash = np.abs(site.x - river_middle(site.draft, site.z)) - 20 + site.fine * 26
    lay(soil, PALE_ROCK, (1 - smooth(0, 26, wash)) * np.float32(0.45))
    lay(planes, soil, gentle)
    bushes = smooth(0.18, 0.42, site.noise(7, 24, 1) + site.patch * np.float32(0.35)) * gentle
    lay(planes, SCRUB, bushes * np.float32(0.75) * (1 - smooth(60, 130, site.heights)))
    if site.land.has_water:
        near = 1 - smooth(20, 75, np.abs(site.x - river_middle(site.draft, site.z)) - 20 + site.fine * 30)
        lay(planes, mix(GRASS[site.scene.season], 0.5, SCRUB, 0.5), near * smooth(0.4, 1.4, site.heights) * gentle)
        lay(planes, (0.40, 0.29, 0.19), 1 - smooth(0.3, 1.0, site.heights + site.fine))
    return planes


def _snow(site: Site) -> Albedo:
    return _rock(site)  # what the snow, laid in `ground`, leaves bare


SOILS: Mapping[str, Callable[[Site], Albedo]] = {
    "alpine": _alpine,
    "meadow": _meadow,
    "field": _field,
    "road": _road,
    "sand": _sand,
    "beach": _beach,
    "island": _island,
    "coast": _coast,
    "canyon": _canyon,
    "snow": _snow,
}
