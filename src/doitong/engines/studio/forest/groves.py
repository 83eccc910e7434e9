"""The far wood: a dozen metres of trunks, crowns and thicket in one picture, too misty to be told apart."""

import math

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats, as_floats, smooth
from doitong.engines.studio.forest.plants import Master
from doitong.engines.studio.noise import spectral_tile

_WIDE = 15.0  # metres, the outer ones thin out into the neighbour


def grove(random: np.random.Generator, depth: float, focal: float, is_conifer: bool, is_bare: bool,
          tall: float) -> Master:  # fmt: skip
    """A grove as seen from `depth` metres with `focal` pixels; `tall` metres are seen."""
    density = focal / depth * 1.15
    shape = (int(tall * density), int(_WIDE * density))
    cover, tone = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    y = (tall - (np.arange(shape[0], dtype=np.float32) + np.float32(0.5)) / np.float32(density))[:, None]
    x = ((np.arange(shape[1], dtype=np.float32) + np.float32(0.5)) / np.float32(density) - np.float32(_WIDE / 2))[None]
    for _ in range(int(random.integers(9, 14))):
        _trunk(cover, tone, random, x, y, density)
    rim = smooth(_WIDE / 2, _WIDE / 2 - 3.5, np.abs(x))
    coarse, fine, lit = (_noise(random, shape, density, metres) for metres in (5.5, 1.2, 2.2))
    leaves = as_floats(coarse * 0.9 + fine * 0.75)
    fall = 2.2 if is_conifer else 3.5
    crown = smooth(-0.15, 0.35, leaves + (y - (8.0 if not is_conifer else 6.5)) / fall - 0.55 - 1.2 * (1 - rim))
    crown = np.minimum(crown, 0.92 - 0.35 * smooth(0.2, 1.3, fine))  # light comes through
    if is_bare:
        crown *= np.float32(0.35)
    thicket = smooth(-0.1, 0.3, leaves * 0.7 + (1.5 - y) / 1.1 - 1.0 * (1 - rim))
    for part, low in ((crown, 0.30), (thicket, 0.26)):
        shade = np.clip(low + 0.20 * lit + 0.16 * fine + 0.10 * coarse, 0, 1)
        tone += (shade - tone) * part
        cover += (1 - cover) * part
    cover *= smooth(-0.1, 0.25, y) * smooth(0.0, 4.5, tall - y - 1.0 - 1.2 * coarse)
    return Master((cover * 255).astype(np.uint8), (np.clip(tone, 0, 1) * 255).astype(np.uint8), (_WIDE, tall),
                  (0.5, 1.0))  # fmt: skip


def _trunk(cover: Floats, tone: Floats, random: np.random.Generator, x: Floats, y: Floats, density: float) -> None:
    at, radius = random.uniform(-0.45, 0.45) * _WIDE, random.uniform(0.09, 0.30)
    middle = at + random.normal(0, 0.03) * y + 0.15 * np.sin(y * 0.3 + random.uniform(0, 6))
    half = as_floats(radius * np.maximum(1 - y / 32, 0.2))
    across = as_floats((x - middle) / half)
    part = np.clip((1 - np.abs(across)) * half * np.float32(density) + 0.5, 0, 1)
    shade = np.clip(0.13 + 0.13 * across, 0, 1)
    tone += (shade - tone) * part
    cover += (1 - cover) * part


def _noise(random: np.random.Generator, shape: tuple[int, int], density: float, metres: float) -> Floats:
    """Noise whose largest waves are `metres` long."""
    size = 128
    tile = spectral_tile(random, size, 1.0, 8)[2:-2, 2:-2]
    scale = metres * density * 8 / size
    rows, columns = (min(size, max(4, math.ceil(side / scale))) for side in shape)
    return np.asarray(cv2.resize(tile[:rows, :columns], shape[::-1], interpolation=cv2.INTER_CUBIC))
