"""The light of each time of day: sun, sky, haze and exposure, in linear light."""

from dataclasses import dataclass

from doitong.engines.studio.arrays import Colour
from doitong.engines.studio.scene import TimeOfDay


@dataclass(frozen=True, slots=True)
class Light:
    """Colours are linear; angles are degrees. `sun_height` is where the disc stands in the picture,
    `key_height` and `key_turn` where the light on the ground comes from (turned from the disc towards the
    side, as a gaffer would, so that a low sun ahead still models the slopes)."""

    sun_height: float
    key_height: float
    key_turn: float
    sun: Colour
    fill: Colour
    zenith: Colour
    middle: Colour
    horizon: Colour
    glow: Colour
    cloud_lit: Colour
    cloud_dark: Colour
    haze_metres: float
    mist: float
    exposure: float
    disc: float = 1.0  # brightness of the disc; 0 hides it
    is_moon: bool = False
    stars: float = 0.0
    water: Colour = (0.010, 0.022, 0.026)


LIGHTS = {
    TimeOfDay.DAWN: Light(
        3.2, 13, 44, (2.3, 1.35, 0.92), (0.34, 0.40, 0.54),
        (0.145, 0.24, 0.44), (0.42, 0.50, 0.62), (0.98, 0.68, 0.56), (1.25, 0.66, 0.42),
        (1.30, 0.86, 0.72), (0.42, 0.43, 0.54), 8500, 0.85, 0.92, 1.0,
    ),
    TimeOfDay.MORNING: Light(
        19, 30, 88, (2.7, 2.35, 1.9), (0.42, 0.52, 0.68),
        (0.085, 0.22, 0.52), (0.28, 0.46, 0.74), (0.74, 0.80, 0.86), (0.75, 0.62, 0.42),
        (1.30, 1.22, 1.12), (0.52, 0.57, 0.66), 13000, 0.45, 0.80, 0.0,
    ),
    TimeOfDay.NOON: Light(
        48, 50, 78, (2.9, 2.75, 2.5), (0.46, 0.56, 0.72),
        (0.055, 0.17, 0.47), (0.19, 0.38, 0.72), (0.60, 0.73, 0.87), (0.28, 0.28, 0.26),
        (1.38, 1.36, 1.34), (0.58, 0.63, 0.71), 19000, 0.12, 0.76, 0.0,
    ),
    TimeOfDay.GOLDEN_HOUR: Light(
        7.5, 18, 58, (3.6, 2.25, 1.15), (0.25, 0.34, 0.48),
        (0.090, 0.215, 0.45), (0.33, 0.465, 0.60), (0.92, 0.72, 0.48), (1.45, 0.86, 0.34),
        (1.62, 1.14, 0.70), (0.36, 0.37, 0.42), 19000, 0.5, 0.82, 1.0,
    ),
    TimeOfDay.SUNSET: Light(
        3.4, 14, 62, (3.7, 1.95, 0.98), (0.17, 0.25, 0.42),
        (0.046, 0.125, 0.285), (0.195, 0.345, 0.45), (0.84, 0.55, 0.33), (1.58, 0.80, 0.22),
        (1.75, 0.90, 0.48), (0.175, 0.205, 0.265), 21000, 0.6, 0.84, 1.0,
    ),
    TimeOfDay.DUSK: Light(
        -3.0, 16, 52, (0.50, 0.42, 0.48), (0.155, 0.225, 0.40),
        (0.022, 0.058, 0.165), (0.095, 0.175, 0.34), (0.40, 0.315, 0.32), (0.78, 0.33, 0.12),
        (0.46, 0.33, 0.36), (0.085, 0.115, 0.185), 15000, 0.6, 1.25, 0.0, False, 0.25,
    ),
    TimeOfDay.NIGHT: Light(
        15, 34, 30, (0.36, 0.44, 0.60), (0.044, 0.062, 0.108),
        (0.004, 0.009, 0.027), (0.013, 0.025, 0.060), (0.050, 0.075, 0.130), (0.08, 0.10, 0.14),
        (0.19, 0.22, 0.29), (0.020, 0.027, 0.048), 13000, 0.6, 1.55, 1.0, True, 1.0,
        (0.003, 0.006, 0.012),
    ),
}  # fmt: skip
