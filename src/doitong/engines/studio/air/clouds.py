"""Which clouds stand in a film's sky, and how they take its light.

The amount follows the scene exactly; which kinds of cloud it is made of, the seed decides, as the hour would.
"""

import math

import numpy as np

from doitong.engines.studio.air.cumulus import Cumulus
from doitong.engines.studio.air.deck import Deck, DeckKind
from doitong.engines.studio.air.light import Light, cloud_share, storm_share
from doitong.engines.studio.arrays import Floats, smooth
from doitong.engines.studio.camera import Lens, Pose
from doitong.engines.studio.kernels import loops
from doitong.engines.studio.scene import Feature, Scene, TimeOfDay

_FEW, _HEAPED, _MANY, _FULL = 0.03, 0.5, 0.74, 0.86  # shares of the sky
_WIDEST = 8192  # of kernels/decks.c
_LOW_SUN = {TimeOfDay.DAWN, TimeOfDay.SUNSET, TimeOfDay.DUSK}


class Clouds:
    """All clouds of one film, lit by a sun at `turn` (radians right of ahead)."""

    def __init__(self, scene: Scene, light: Light, turn: float, is_fine: bool) -> None:
        random = np.random.default_rng([scene.seed, 23])
        share = cloud_share(scene)
        self._light, self._storm = light, storm_share(scene)
        self._against = min(0.72, max(0.2, 0.9 - 0.03 * light.sun_height))  # how dark clouds look before the sun
        self._cumulus: Cumulus | None = None
        self._decks: list[tuple[Deck, float]] = []  # far to near, with how dark each is
        turn = math.remainder(turn, 2 * math.pi)
        if Feature.RAINBOW in scene.features:  # a shower before the viewer, the sun behind
            self._decks.append((Deck(random, DeckKind.STRATUS, 0.90, turn, scene.wind), 0.95))
            return
        draw, second = float(random.random()), float(random.random())
        if share < _FEW:
            return
        if share > _MANY:
            self._fill(random, scene, share, turn)
            return
        is_heaped = share <= _HEAPED and draw < (0.5 if scene.time in _LOW_SUN else 0.64)
        if is_heaped or share < 0.16:
            if is_fine and second < 0.65:
                self._decks.append((Deck(random, DeckKind.CIRRUS, 0.25 + 0.3 * second, turn, scene.wind), 0.0))
            side, height = 1.0 if turn > 0 else -1.0, math.radians(max(16.0, light.key_height + 8))
            self._cumulus = Cumulus(random, share, side, height, scene.wind, is_fine)
            return
        kind = DeckKind.STRATOCUMULUS if draw > 0.84 or share > 0.6 else DeckKind.ALTOCUMULUS
        if is_fine:
            self._decks.append((Deck(random, DeckKind.CIRRUS, 0.35, turn, scene.wind), 0.0))
        self._decks.append((Deck(random, kind, share, turn, scene.wind), 0.0))

    def _fill(self, random: np.random.Generator, scene: Scene, share: float, turn: float) -> None:
        """A sky full of cloud: a deck, and rags of darker cloud under it."""
        is_full = share > _FULL
        kind = DeckKind.STRATUS if is_full else DeckKind.STRATOCUMULUS
        self._decks.append((Deck(random, kind, share, turn, scene.wind), 0.25 * float(is_full)))
        if is_full:
            rags = 0.30 + 0.35 * self._storm
            dark = 0.35 * (1 - scene.snowfall) + 0.5 * self._storm
            self._decks.append((Deck(random, DeckKind.RAGS, rags, turn, scene.wind * 1.6), dark))

    def lay(self, planes: list[Floats], veil: Floats, pose: Pose, lens: Lens, directions: tuple[Floats, ...],
            sun: tuple[float, float, float], seconds: float) -> None:  # fmt: skip
        """Lay the clouds over a sky with the disc in the direction `sun`; `veil` takes what they hide of it."""
        rows = min(lens.rows, max(1, int(lens.horizon - lens.focal * 0.004)))
        part = Lens(lens.width, rows, lens.focal, lens.horizon)
        dx, dy, dz = (values[:rows] for values in directions)
        air = [plane[:rows].copy() for plane in planes] if self._cumulus is not None and self._decks else planes
        is_numpy = loops is None or lens.width > _WIDEST
        near_sun = _near_sun((dx, dy, dz), sun) if is_numpy or self._cumulus is not None else None
        for deck, dark in self._decks:
            if near_sun is not None and is_numpy:
                self._lay_deck(deck, dark, planes, veil, pose, part, (dx, dy, dz), near_sun, seconds)
            else:
                deck.lay(planes, veil, pose, part, (dx, dy, dz), sun, self._tones(dark), seconds)
        if near_sun is not None and self._cumulus is not None:
            self._lay_cumulus(planes, air, veil, pose, part, near_sun, seconds)

    def _tones(self, dark: float) -> tuple[float, ...]:
        """How a deck takes the light, in the order of kernels/decks.c."""
        light, shade = self._light, [tone * (1 - 0.35 * dark) for tone in self._light.cloud_dark]
        lit = [bright - low for bright, low in zip(light.cloud_lit, shade, strict=True)]
        return self._storm, dark, *shade, *lit, *(tone * 0.55 for tone in light.glow)

    def _lay_deck(self, deck: Deck, dark: float, planes: list[Floats], veil: Floats, pose: Pose, lens: Lens,
                  directions: tuple[Floats, ...], near_sun: Floats, seconds: float) -> None:  # fmt: skip
        dx, dy, dz = directions
        cover, left, thick = deck.draw(pose, lens, dy, dx, dz, seconds)
        if self._storm > 0:  # a bright gap under the storm
            cover *= 1 - np.float32(0.85 * self._storm) * (1 - smooth(0.03, 0.10, dy))
        light, rows = self._light, lens.rows
        bright = left * np.float32(1.15 - dark) + near_sun * (1 - thick) * np.float32(0.5) - np.float32(0.10 * dark)
        clear = smooth(0.01, 0.17, dy) * np.float32(0.45) + np.float32(0.55)
        own = cover * clear
        veil[:rows] += (1 - veil[:rows]) * cover * (np.float32(0.3) + np.float32(0.7) * thick)
        np.clip(bright, 0, 1.3, out=bright)
        for i, plane in enumerate(planes):
            shade = light.cloud_dark[i] * (1 - 0.35 * dark)
            colour = near_sun * np.float32(light.glow[i] * 0.55)
            colour += np.float32(light.cloud_lit[i] - shade)
            colour *= bright
            colour += np.float32(shade)
            colour -= plane[:rows]
            colour *= own
            plane[:rows] += colour

    def _lay_cumulus(self, planes: list[Floats], air: list[Floats], veil: Floats, pose: Pose, lens: Lens,
                     near_sun: Floats, seconds: float) -> None:  # fmt: skip
        assert self._cumulus is not None
        seen, light, rows = self._cumulus.draw(pose, lens, seconds), self._light, lens.rows
        close = near_sun * near_sun * near_sun
        rim = seen.rim * near_sun * np.float32(1.7)  # silver lining
        lit = seen.lit * (1 - np.float32(self._against) * close)
        veil[:rows] += (1 - veil[:rows]) * smooth(0.48, 0.80, seen.cover)  # far clouds are thin before a low sun
        for i, plane in enumerate(planes):
            shade = light.cloud_dark[i]
            if air is not planes:  # only air shows before a cloud, not the higher clouds behind it
                plane[:rows] += (air[i][:rows] - plane[:rows]) * seen.solid
            plane[:rows] *= 1 - seen.cover
            plane[:rows] += lit * np.float32(0.80 * light.cloud_lit[i] - 0.30 * shade) + seen.shade * np.float32(shade)
            plane[:rows] += rim * np.float32(light.glow[i] + 0.5 * light.cloud_lit[i])


def _near_sun(directions: tuple[Floats, ...], sun: tuple[float, float, float]) -> Floats:
    """1 where one looks into the sun, and less beside it."""
    dx, dy, dz = directions
    cosine = np.clip(dx * sun[0] + dy * sun[1] + dz * sun[2], 0, 1)
    near_sun: Floats = cosine * cosine
    near_sun *= near_sun * cosine
    return near_sun
