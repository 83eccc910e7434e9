"""What lies or moves over the land, pixel by pixel: strata, gusts, cloud shadows, the road's lines, glints of snow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from doitong.engines.studio.air.light import Light
from doitong.engines.studio.arrays import Floats, smooth
from doitong.engines.studio.land.plains import ROAD_HALF_METRES, road_middle
from doitong.engines.studio.noise import sample, spectral_tile
from doitong.engines.studio.scene import Scene, SceneKind

if TYPE_CHECKING:
    from doitong.engines.studio.land.draft import Draft
    from doitong.engines.studio.land.shade import Look


_RIPPLE_REACH_METRES = 120.0
_SHADOWS = {SceneKind.SNOWFIELD: 0.30, SceneKind.DUNES: 0.35, SceneKind.BEACH: 0.35, SceneKind.CANYON: 0.45}


@dataclass(frozen=True, slots=True)
class Spot:
    """A band of pixels that see land: light to be changed in place, and where each pixel's point lies (metres)."""

    planes: list[Floats]
    land: Floats
    x: Floats
    depth: Floats
    away: Floats
    height: Floats
    haze: Floats
    look: Look


class Finish(Protocol):
    """Changes the light of a band of land before the haze is laid over it."""

    def __call__(self, spot: Spot) -> None: ...


def finishes_of(scene: Scene, light: Light, draft: Draft) -> tuple[Finish, ...]:
    """What the scene's land needs."""
    random = np.random.default_rng([scene.seed, 71])
    chosen: list[Finish] = []
    if scene.kind is SceneKind.CANYON:
        chosen.append(Strata(random))
    if scene.kind in {SceneKind.DUNES, SceneKind.BEACH} and scene.snow < 0.7:
        lowest, metres = (0.9, 0.48) if scene.kind is SceneKind.BEACH else (-1e4, 1.0)
        chosen.append(Ripples(draft, lowest, metres, random))
    if scene.kind is SceneKind.ROAD and scene.snow < 0.7:
        chosen.append(RoadLines(draft, scene.rain))
    if scene.kind in {SceneKind.FIELD, SceneKind.HILLS, SceneKind.ROAD, SceneKind.MOUNTAINS} and scene.snow < 0.7:
        chosen.append(Gusts(scene, random))
    if scene.kind is SceneKind.SNOWFIELD and not light.is_moon:
        chosen.append(Glints(light, random))
    if 0.12 < scene.cloudiness < 0.85 and light.key_height > 13 and not light.is_moon:
        chosen.append(CloudShadows(scene, light, random))
    return tuple(chosen)


class Strata:
    """Bands of colour by height in bare rock, bent a little, with thin dark seams."""

    def __init__(self, random: np.random.Generator) -> None:
        metres = np.arange(0, 1024, dtype=np.float32)
        line = np.zeros_like(metres)
        for wave, strength in ((53.0, 0.5), (23.0, 0.45), (11.0, 0.35), (5.0, 0.22)):
            knots = random.standard_normal(int(1024 / wave) + 3).astype(np.float32)
            line += np.interp(metres / wave, np.arange(knots.size), knots).astype(np.float32) * np.float32(strength)
        pale = smooth(-0.1, 1.1, line)
        dark = smooth(0.2, 1.3, -line)
        self._factors = [
            (1 + pale * np.float32(up) - dark * np.float32(down)).astype(np.float32)
            for up, down in ((0.28, 0.34), (0.52, 0.46), (0.62, 0.46))
        ]
        self._warp = spectral_tile(random, 256, 1.4, 2)

    def __call__(self, spot: Spot) -> None:
        bend = sample(self._warp, spot.x * np.float32(0.11), spot.depth * np.float32(0.11))
        at = spot.height + bend * np.float32(7)
        bare = smooth(14, 40, spot.height)
        place = np.clip(at * np.float32(1.0), 0, 1023).astype(np.uint16)
        for plane, factor in zip(spot.planes, self._factors, strict=True):
            tone = factor.take(place)
            tone -= np.float32(1)
            tone *= bare
            tone += np.float32(1)
            np.multiply(plane, tone, out=plane)


class Ripples:
    """Ripples that the wind has left in sand, seen near the camera."""

    def __init__(self, draft: Draft, lowest: float, metres: float, random: np.random.Generator) -> None:
        self._lowest = lowest  # metres; the sea has smoothed what lies lower
        self._warp = spectral_tile(random, 256, 1.6, 3)
        turn = 0.45 * draft.side
        pace = 2 * math.pi / metres
        self._along = (np.float32(math.sin(turn) * pace), np.float32(math.cos(turn) * pace))
        self._metres = metres
        self._deep = 0.095 if metres < 1 else 0.15

    def __call__(self, spot: Spot) -> None:
        lens, pose = spot.look.lens, spot.look.pose
        if spot.look.mirrored or float(spot.away.min()) > _RIPPLE_REACH_METRES:
            return
        sharp = np.clip((pose.y - spot.height) * np.float32(lens.focal) / (spot.away * spot.away), 0, 12)
        seen = np.clip(sharp * np.float32(0.33 * self._metres) - np.float32(0.25), 0, 1)
        warp = sample(self._warp, spot.x * np.float32(2.6), spot.depth * np.float32(2.6))
        phase = spot.x * self._along[0] + spot.depth * self._along[1] + warp * np.float32(4.2)
        tone = np.sin(phase)
        tone *= (
            seen
            * (np.float32(self._deep) + np.float32(0.045) * warp)
            * smooth(self._lowest - 0.3, self._lowest + 0.3, spot.height)
        )
        tone += np.float32(1)
        for plane in spot.planes:
            np.multiply(plane, tone, out=plane)


class Gusts:
    """Wind seen in grass and corn: bright and dark waves that run over it."""

    def __init__(self, scene: Scene, random: np.random.Generator) -> None:
        self._tile = spectral_tile(random, 256, 1.7, 4)
        self._wind = min(3.0, scene.wind)
        is_corn = scene.kind is SceneKind.FIELD
        self._strength = np.float32((0.13 if is_corn else 0.075) * min(1.6, 0.25 + 0.75 * scene.wind))
        self._reach = 520.0 if is_corn else 900.0
        self._turn = 0.5 if random.random() < 0.5 else -0.5

    def __call__(self, spot: Spot) -> None:
        if float(spot.depth.min()) > self._reach or spot.look.mirrored:
            return
        run = np.float32(spot.look.seconds * 7.5 * self._wind)
        c, s = np.float32(math.cos(self._turn)), np.float32(math.sin(self._turn))
        along = (spot.x * c + spot.depth * s - run) * np.float32(2.6)
        across = (spot.depth * c - spot.x * s) * np.float32(1.05)
        wave = sample(self._tile, along, across)
        wave *= self._strength * (1 - smooth(0.55 * self._reach, self._reach, spot.depth))
        wave += np.float32(1)
        for plane in spot.planes:
            np.multiply(plane, wave, out=plane)


class CloudShadows:
    """Shadows of the clouds that drift over the land; only the sun's share of the light is taken away."""

    def __init__(self, scene: Scene, light: Light, random: np.random.Generator) -> None:
        tile = spectral_tile(random, 256, 1.9, 2)
        limit = float(np.quantile(tile, 1 - 0.55 * scene.cloudiness))
        self._tile = smooth(limit - 0.35, limit + 0.55, tile)
        self._drift = 9.0 * scene.wind
        deep = _SHADOWS.get(scene.kind, 0.60)
        self._strength = [np.float32(deep * s / (s + 0.9 * f)) for s, f in zip(light.sun, light.fill, strict=True)]

    def __call__(self, spot: Spot) -> None:
        x = np.ascontiguousarray(spot.x[::2, ::2]) - np.float32(spot.look.seconds * self._drift)
        shadow = sample(
            self._tile, x * np.float32(0.045), np.ascontiguousarray(spot.depth[::2, ::2]) * np.float32(0.032)
        )
        if float(shadow.max()) < 0.02:
            return
        whole = cv2.resize(shadow, (spot.x.shape[1], spot.x.shape[0]), interpolation=cv2.INTER_LINEAR)
        for plane, strength in zip(spot.planes, self._strength, strict=True):
            np.multiply(plane, 1 - whole * strength, out=plane)


class RoadLines:
    """White lines on the road: unbroken along both edges, dashes in the middle, each as wide as it is."""

    def __init__(self, draft: Draft, rain: float) -> None:
        self._rain = rain
        depths = np.linspace(0, 900, 3601, dtype=np.float32)
        self._middle = road_middle(draft, depths)

    def __call__(self, spot: Spot) -> None:
        if float(spot.depth.min()) > 800:
            return
        place = np.clip(spot.depth * np.float32(4), 0, 3599)
        first = place.astype(np.int32)
        here = self._middle.take(first)
        off = spot.x - (here + (self._middle.take(first + 1) - here) * (place - first))
        blur = spot.away * np.float32(0.7 / spot.look.lens.focal) + np.float32(0.02)
        edge = _line(np.abs(np.abs(off) - np.float32(ROAD_HALF_METRES - 0.32)), 0.07, blur)
        dash = _line(np.abs(np.mod(spot.depth, np.float32(9)) - np.float32(2)), 2.0, blur * 14 + np.float32(0.05))
        white = edge + _line(np.abs(off), 0.06, blur) * dash
        white *= np.float32(3.1)
        white += np.float32(1)
        for plane in spot.planes:
            np.multiply(plane, white, out=plane)
        if self._rain > 0.05:
            self._shine(spot, off)

    def _shine(self, spot: Spot, off: Floats) -> None:
        """Wet tar mirrors the sky, the more the flatter one looks along it (Schlick 1994)."""
        down = np.clip((spot.look.pose.y - spot.height) / np.maximum(spot.away, 1), 0, 1)
        share = (1 - down) ** 5 * (np.abs(off) < np.float32(ROAD_HALF_METRES)) * np.float32(0.62 * self._rain)
        for plane, sky in zip(spot.planes, spot.haze, strict=True):
            np.add(plane, (sky - plane) * share, out=plane)


def _line(gap: Floats, half: float, blur: Floats) -> Floats:
    """Cover of a line of the given half width, at a distance from its middle, blurred to a pixel's size."""
    cover = np.clip((np.float32(half) - gap) / (blur * 2) + np.float32(0.5), 0, 1)
    return np.asarray(cover * np.minimum(np.float32(half) / blur, 1), dtype=np.float32)


class Glints:
    """Single crystals of snow that mirror the sun; which ones do changes as the camera moves."""

    def __init__(self, light: Light, random: np.random.Generator) -> None:
        self._one = random.random((260, 260), dtype=np.float32)
        self._sun = [np.float32(3.0 * value) for value in light.sun]

    def __call__(self, spot: Spot) -> None:
        if float(spot.away.min()) > 70 or spot.look.mirrored:
            return
        near = 1 - smooth(18, 70, spot.away)
        pose = spot.look.pose
        first = sample(self._one, spot.x * np.float32(17), spot.depth * np.float32(11))
        shift = np.float32(pose.x * 9 + pose.z * 7 + pose.y * 5)
        second = sample(
            self._one, spot.x * np.float32(11) + shift, spot.depth * np.float32(7) - shift * np.float32(0.6)
        )
        glint = smooth(0.80, 0.97, first) * smooth(0.72, 0.95, second) * near
        for plane, strength in zip(spot.planes, self._sun, strict=True):
            np.add(plane, glint * strength, out=plane)
