"""Colours of a flow: art-directed palettes, or the prompt's own, as one smooth table of linear light."""

from itertools import pairwise

import cv2
import numpy as np

from doitong.engines.studio.arrays import Colour, Floats, as_floats
from doitong.engines.studio.scene import Mood, Scene, TimeOfDay

STEPS = 1024

_PALETTES: dict[str, tuple[Colour, ...]] = {
    "ember dusk": ((0.006, 0.008, 0.040), (0.055, 0.030, 0.230), (0.42, 0.050, 0.300), (0.95, 0.24, 0.13),
                   (1.0, 0.76, 0.46)),
    "lagoon": ((0.003, 0.014, 0.036), (0.008, 0.090, 0.180), (0.015, 0.34, 0.40), (0.26, 0.72, 0.60),
               (0.93, 0.96, 0.80)),
    "gilt": ((0.007, 0.005, 0.006), (0.070, 0.030, 0.014), (0.36, 0.16, 0.035), (0.90, 0.53, 0.15), (1.0, 0.90, 0.66)),
    "blossom": ((0.16, 0.17, 0.48), (0.50, 0.34, 0.74), (0.90, 0.42, 0.58), (1.0, 0.66, 0.50), (1.0, 0.92, 0.82)),
    "fern glass": ((0.004, 0.018, 0.014), (0.010, 0.095, 0.065), (0.080, 0.33, 0.15), (0.55, 0.70, 0.24),
                   (0.96, 0.95, 0.72)),
    "garnet": ((0.012, 0.003, 0.010), (0.130, 0.006, 0.036), (0.52, 0.026, 0.060), (0.95, 0.30, 0.22),
               (1.0, 0.82, 0.70)),
    "ultraviolet": ((0.004, 0.004, 0.030), (0.030, 0.020, 0.260), (0.16, 0.10, 0.85), (0.18, 0.60, 0.98),
                    (0.86, 0.93, 1.0)),
    "pearl": ((0.20, 0.25, 0.34), (0.46, 0.52, 0.60), (0.72, 0.73, 0.76), (0.92, 0.83, 0.76), (1.0, 0.97, 0.92)),
}  # fmt: skip
_BY_MOOD: dict[Mood, tuple[str, ...]] = {
    Mood.WARM: ("ember dusk", "gilt", "garnet"),
    Mood.COLD: ("lagoon", "ultraviolet", "pearl"),
    Mood.DARK: ("gilt", "garnet", "ultraviolet"),
    Mood.DREAMY: ("blossom", "pearl", "ember dusk"),
    Mood.VIVID: ("ember dusk", "ultraviolet", "lagoon"),
    Mood.MUTED: ("pearl", "fern glass"),
    Mood.MYSTERIOUS: ("ultraviolet", "garnet", "fern glass"),
}


def palette_of(scene: Scene, random: np.random.Generator) -> Floats:
    """The film's colours from shade to light: `STEPS` × 3, linear."""
    names = _BY_MOOD.get(scene.mood, tuple(_PALETTES))
    stops = _from_prompt(scene.palette) if scene.palette else _PALETTES[names[int(random.integers(len(names)))]]
    places = np.linspace(0, 1, len(stops))
    share = np.linspace(0, 1, STEPS)
    table = np.stack([np.interp(share, places, np.cbrt([stop[i] for stop in stops])) for i in range(3)], axis=1)
    soft = cv2.GaussianBlur(as_floats(table), (1, 0), sigmaX=0.1, sigmaY=STEPS / 14, borderType=cv2.BORDER_REPLICATE)
    light = soft**3
    if scene.mood is Mood.MUTED:
        grey = light.mean(axis=1, keepdims=True)
        light = grey + (light - grey) * 0.55
    dim = 0.55 if scene.mood is Mood.DARK else 0.7 if scene.time is TimeOfDay.NIGHT else 1.0
    return as_floats(light * dim)


def _from_prompt(colours: tuple[Colour, ...]) -> tuple[Colour, ...]:
    """Named colours in order of their lightness, from the deep shade of the darkest to a tint of the lightest."""
    ordered = sorted(colours, key=lambda colour: 0.21 * colour[0] + 0.72 * colour[1] + 0.07 * colour[2])
    first, last = ordered[0], ordered[-1]
    shade: Colour = (first[0] * 0.06 + 0.002, first[1] * 0.06 + 0.002, first[2] * 0.06 + 0.004)
    deep = _dimmed(first, 0.35)
    tint: Colour = (last[0] * 0.35 + 0.62, last[1] * 0.35 + 0.62, last[2] * 0.35 + 0.62)
    stops = [first]
    for one, other in pairwise(ordered):  # two hues meet in their shade: straight between them lies grey
        stops += [_dimmed(one, 0.13), _dimmed(other, 0.40), other]
    return (shade, deep, *stops, tint)


def _dimmed(colour: Colour, share: float) -> Colour:
    red, green, blue = (part * share for part in colour)
    return red, green, blue
