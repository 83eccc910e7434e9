"""The light of each time of day: sun, sky, haze and exposure, in linear light."""

from dataclasses import dataclass, replace

from doitong.engines.studio.arrays import Colour, mix
from doitong.engines.studio.scene import Feature, Scene, TimeOfDay


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
        3.2, 13, 44, (2.7, 1.42, 0.86), (0.20, 0.27, 0.43),
        (0.048, 0.125, 0.32), (0.200, 0.285, 0.46), (0.55, 0.43, 0.45), (1.45, 0.66, 0.32),
        (1.55, 0.80, 0.58), (0.195, 0.200, 0.33), 13000, 0.6, 0.93, 1.0,
    ),
    TimeOfDay.MORNING: Light(
        19, 27, 84, (3.5, 2.85, 2.0), (0.27, 0.39, 0.60),
        (0.040, 0.135, 0.40), (0.150, 0.33, 0.64), (0.58, 0.66, 0.71), (0.85, 0.60, 0.34),
        (1.48, 1.34, 1.12), (0.31, 0.38, 0.50), 17000, 0.38, 0.80, 0.0,
    ),
    TimeOfDay.NOON: Light(
        48, 50, 78, (3.1, 2.95, 2.65), (0.36, 0.47, 0.66),
        (0.036, 0.130, 0.41), (0.145, 0.335, 0.68), (0.54, 0.68, 0.82), (0.28, 0.28, 0.26),
        (1.42, 1.40, 1.36), (0.36, 0.43, 0.54), 21000, 0.12, 0.76, 0.0,
    ),
    TimeOfDay.GOLDEN_HOUR: Light(
        7.5, 18, 58, (3.8, 2.25, 1.05), (0.22, 0.31, 0.46),
        (0.070, 0.185, 0.42), (0.29, 0.42, 0.56), (0.84, 0.66, 0.47), (1.50, 0.86, 0.32),
        (1.60, 1.06, 0.58), (0.23, 0.25, 0.34), 21000, 0.36, 0.80, 1.0,
    ),
    TimeOfDay.SUNSET: Light(
        3.4, 14, 62, (3.7, 1.85, 0.88), (0.16, 0.23, 0.40),
        (0.042, 0.100, 0.255), (0.205, 0.285, 0.41), (0.82, 0.47, 0.27), (1.66, 0.76, 0.19),
        (2.05, 0.84, 0.36), (0.185, 0.155, 0.27), 21000, 0.6, 0.80, 1.0,
    ),
    TimeOfDay.DUSK: Light(
        -3.0, 16, 52, (0.50, 0.42, 0.48), (0.150, 0.215, 0.40),
        (0.018, 0.052, 0.165), (0.066, 0.145, 0.34), (0.30, 0.255, 0.33), (0.92, 0.33, 0.10),
        (0.46, 0.29, 0.34), (0.062, 0.092, 0.180), 15000, 0.6, 1.25, 0.0, False, 0.25,
    ),
    TimeOfDay.NIGHT: Light(
        15, 34, 30, (0.36, 0.44, 0.60), (0.044, 0.062, 0.108),
        (0.004, 0.009, 0.027), (0.012, 0.023, 0.058), (0.045, 0.070, 0.125), (0.08, 0.10, 0.14),
        (0.19, 0.22, 0.29), (0.020, 0.027, 0.048), 13000, 0.6, 1.55, 1.0, True, 1.0,
        (0.003, 0.006, 0.012),
    ),
}  # fmt: skip


def cloud_share(scene: Scene) -> float:
    """The share of the sky that clouds hide: what the scene asks for, and at least what rain and snow fall from."""
    if scene.aurora > 0:
        return 0.0 if scene.cloudiness < 0.6 else scene.cloudiness
    falling = max(scene.rain, scene.snowfall, scene.lightning)
    if falling < 0.1 or Feature.RAINBOW in scene.features:
        return scene.cloudiness
    most = 0.995 if scene.snowfall >= 0.5 else 0.96  # no blue through which it snows
    return max(scene.cloudiness, min(most, 0.72 + (0.5 if scene.snowfall >= 0.5 else 0.3) * falling))


def storm_share(scene: Scene) -> float:
    """0 for fair weather and soft rain, 1 for a thunderstorm."""
    return min(1.0, max(scene.lightning, 1.6 * (scene.rain - 0.5))) if max(scene.lightning, scene.rain) > 0 else 0.0


def light_of(scene: Scene) -> Light:
    """The light of the scene's hour under its weather: a full cover takes the sun away and greys the rest."""
    light = LIGHTS[scene.time]
    if scene.aurora > 0:  # no moon beside the aurora, whose green the land takes
        glow = mix(light.fill, 1.0, (0.01, 0.045, 0.03), 0.6 * scene.aurora)
        light = replace(
            light,
            disc=0.0,
            sun=mix(light.sun, 1 - 0.85 * scene.aurora, (0.07, 0.23, 0.19), 0.85 * scene.aurora),
            fill=glow,
            glow=mix(light.glow, 0.3, light.glow, 0.0),
            cloud_lit=mix(light.cloud_lit, 0.4, glow, 0.1),
        )
    share, storm = cloud_share(scene), max(0.0, storm_share(scene))
    if Feature.RAINBOW in scene.features:  # the sun shines from behind on what stands before the shower
        share = min(share, 0.64)
    dull = min(1.0, max(0.0, (share - 0.62) / 0.30))
    if dull <= 0:
        return _hazed(light, scene)
    dim = 1 - (0.15 if light.is_moon else 0.58) * storm
    grey = _grey(mix(light.middle, 0.5, light.horizon, 0.5), (0.93, 1.0, 1.09))
    teal = tuple(grey[i] * (0.86, 1.0, 1.08)[i] for i in range(3))
    sun = mix(_grey(light.sun, (1.0, 1.0, 1.0)), 0.20 * dim, light.sun, 0.06)
    return replace(
        _hazed(light, scene),
        sun=mix(light.sun, 1 - dull, sun, dull),
        fill=mix(light.fill, 1 - dull, _overcast(light, dim), dull),
        zenith=mix(light.zenith, 1 - 0.95 * dull, (teal[0], teal[1], teal[2]), 0.62 * dull * dim),
        middle=mix(light.middle, 1 - 0.95 * dull, grey, 0.70 * dull * dim),
        horizon=mix(light.horizon, 1 - 0.80 * dull, grey, (0.78 + 0.24 * storm) * dull),
        glow=mix(light.glow, 1 - 0.86 * dull, light.glow, 0.0),
        cloud_lit=mix(light.cloud_lit, 1 - dull, mix(grey, 1.42 * dim, light.cloud_lit, 0.08 * dim), dull),
        cloud_dark=mix(light.cloud_dark, 1 - dull, mix(grey, 0.46 * dim * dim, light.cloud_dark, 0.1), dull),
        disc=light.disc * (1 - dull),
        stars=light.stars * (1 - dull),
        exposure=_hazed(light, scene).exposure * (1 + (0.55 if light.is_moon else 0.16) * dull + 0.14 * storm),
    )


def _overcast(light: Light, dim: float) -> Colour:
    """The light of an overcast sky: what the sun gives, from everywhere."""
    whole = mix(light.fill, 0.92, light.sun, 0.10)
    return mix(_grey(whole, (0.95, 1.0, 1.06)), 0.8 * (0.4 + 0.6 * dim), whole, 0.2 * (0.4 + 0.6 * dim))


def _grey(colour: Colour, tint: Colour) -> Colour:
    level = 0.30 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
    return level * tint[0], level * tint[1], level * tint[2]


def _hazed(light: Light, scene: Scene) -> Light:
    """Rain and snow in the air shorten the view."""
    thick = max(0.62 * scene.rain, min(0.78, 1 - (1 - scene.snowfall) ** 1.5))
    light = replace(
        light,
        haze_metres=light.haze_metres * (1 - thick),
        mist=light.mist * (1 + max(scene.rain, scene.snowfall)),
        exposure=light.exposure * (1 + 0.30 * scene.snowfall),
    )
    fog = fog_share(scene)
    if fog <= 0:
        return light
    dim = light.horizon if light.is_moon else mix(light.horizon, 0.8, light.middle, 0.2)
    return replace(
        light,
        sun=mix(light.sun, 1 - 0.62 * fog, light.sun, 0.0),
        fill=mix(light.fill, 1 + 0.10 * fog, light.fill, 0.0),
        horizon=mix(light.horizon, 1 - fog, dim, fog),
        glow=mix(light.glow, 1 - 0.35 * fog, light.glow, 0.0),
        haze_metres=light.haze_metres * (1 - 0.83 * fog),
        disc=light.disc * (1 - 0.72 * fog),
        stars=light.stars * (1 - fog),
    )


def fog_share(scene: Scene) -> float:
    """0 for air that one sees through, 1 for fog in which near things stand alone."""
    return min(1.0, max(0.0, (scene.haze - 0.62) / 0.33, 0.45 * scene.snowfall))
