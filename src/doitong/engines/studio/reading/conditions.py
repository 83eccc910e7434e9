"""Words for time, season, weather, mood, colour, style and pace of time. See `lexicon` for the notation."""

from dataclasses import dataclass, fields, replace

from doitong.engines.studio.arrays import Colour
from doitong.engines.studio.reading.lexicon import says
from doitong.engines.studio.scene import Mood, Season, Style, TimeOfDay


@dataclass(frozen=True, slots=True)
class Weather:
    """What a word says of the weather, in the units of `Scene`; None where it says nothing."""

    cloudiness: float | None = None
    haze: float | None = None
    wind: float | None = None
    rain: float | None = None
    snowfall: float | None = None
    lightning: float | None = None
    snow: float | None = None
    aurora: float | None = None

    def scaled(self, amount: float) -> "Weather":
        """More or less of it: wind is counted from a light breeze, everything else from none."""
        said = {item.name: getattr(self, item.name) for item in fields(self)}
        is_falling = self.rain is not None or self.snowfall is not None or self.lightning is not None
        kept = {"wind", "cloudiness", "snow", "haze"} if is_falling else {"wind"}
        changed = {
            name: min(1.0, value * amount) for name, value in said.items() if value is not None and name not in kept
        }
        if self.wind is not None and not is_falling:
            changed["wind"] = max(0.2, 1.0 + (self.wind - 1.0) * amount)
        return replace(self, **changed)


TIMES = [
    *says("time", TimeOfDay.DAWN,
        en="dawn, daybreak, sunrise+, first light, rising sun, sun rises, sun is rising",
        sl="sončn+ vzhod+, vzhod+ sonca, vzhajajoč+ sonc+, zora, zori, zore, zoro, svitanj+, sonce vzhaja, vzhaja "
           "sonce, jutranj+ zarj+, zarj+"),
    *says("time", TimeOfDay.MORNING,
        en="morning+, early day, breakfast time",
        sl="jutro, jutra, jutru, jutranj+, zjutraj, dopoldne, dopoldan*"),
    *says("time", TimeOfDay.NOON,
        en="noon, midday, daytime, daylight, by day, sunny, sunlit, sunshine, afternoon, bright day, sunny day",
        sl="poldne*, poldan*, opoldne, opoldan*, podnevi, popoldne, popoldan*, sončn+ dan, sončen dan, sončno, "
           "sončen, dnevn+ svetlob+"),
    *says("time", TimeOfDay.GOLDEN_HOUR,
        en="golden hour, golden light, golden sunlight, golden glow, magic hour, late afternoon, low sun",
        sl="zlat+ ur+, zlat+ svetlob+, pozn+ popoldne, nizk+ sonc+"),
    *says("time", TimeOfDay.SUNSET,
        en="sunset+, sundown, setting sun, sun sets, sun is setting, evening+",
        sl="sončn+ zahod+, zahod+ sonca, zahajajoč+ sonc+, zahaja*, večer*, zvečer"),
    *says("time", TimeOfDay.DUSK,
        en="dusk, twilight, blue hour, nightfall, afterglow, gloaming",
        sl="mrak+, somrak+, modr+ ur+, polmrak+"),
    *says("time", TimeOfDay.NIGHT,
        en="night+, nighttime, nocturnal, midnight, moonlight, moonlit, full moon, crescent moon, moon, starry, "
           "stars, starry sky, starry night, after dark, night sky, starlight, starlit",
        sl="noč, noči, nočjo, nočn+, ponoči, polnoč+, mesečin+, lun+, polno lun+, zvezd+, zvezdn+, zvezdnat+, "
           "zvezdn+ neb+, nočn+ neb+"),
]  # fmt: skip

SEASONS = [
    *says("season", Season.SPRING,
        en="springtime, spring, april, may morning",
        sl="pomlad+, pomladn+, spomladi, spomladansk+, aprilsk+"),
    *says("season", Season.SUMMER, en="summer+, summery, summertime, july, august", sl="polet*, julijsk+, avgust+"),
    *says("season", Season.AUTUMN,
        en="autumn+, autumnal, in fall, in the fall, fall colors, fall colours, fall foliage, october, november",
        sl="jesen+, jesensk+, jeseni, oktobrsk+, novembrsk+"),
    *says("season", Season.WINTER,
        en="winter+, wintry, wintertime, december, january",
        sl="zim+, zimsk+, pozimi, december+, januarsk+"),
]  # fmt: skip

STORM = Weather(cloudiness=0.93, rain=0.7, wind=2.2, lightning=0.6)
BLIZZARD = Weather(cloudiness=0.95, snowfall=1.0, wind=2.4, snow=1.0, haze=0.65)

WEATHER = [
    *says("weather", Weather(cloudiness=0.06),
        en="clear sky, clear skies, clear, cloudless, blue sky, blue skies, clear day, clear night",
        sl="jasn+, jasen, jasno, brezoblačn+, modr+ neb+, sinj+ neb+"),
    *says("weather", Weather(cloudiness=0.22),
        en="few clouds, a few clouds, mostly clear, mostly sunny, wispy clouds",
        sl="malo oblakov, nekaj oblakov, pretežno jasn+, rahl+ oblak+"),
    *says("weather", Weather(cloudiness=0.42),
        en="partly cloudy, scattered clouds, partly sunny, broken clouds, fluffy clouds, puffy clouds",
        sl="delno oblačn+, delno jasn+, razkropljen+ oblak+, posamezn+ oblak+, puhast+ oblak+"),
    *says("weather", Weather(cloudiness=0.62),
        en="cloudy, clouds, cloud, cloudscape+, dramatic sky, dramatic skies, dramatic, moody sky",
        sl="oblak+, oblačk+, oblačen, oblačn+ neb+, dramatičn+, dramatičn+ neb+"),
    *says("weather", Weather(cloudiness=0.75),
        en="mostly cloudy, many clouds, more clouds, lots of clouds",
        sl="pretežno oblačn+, veliko oblakov, več oblakov"),
    *says("weather", Weather(cloudiness=0.9),
        en="overcast, gray sky, grey sky, gray skies, grey skies, heavy clouds, dark clouds, storm clouds, leaden "
           "sky",
        sl="oblačn+, oblačno, siv+ neb+, temn+ oblak+, težk+ oblak+, nevihtn+ oblak+"),
    *says("weather", Weather(haze=0.75),
        en="fog+, foggy, fogbound, sea of clouds, sea of fog",
        sl="megl+, meglen+, megleno, morje megle, morje oblakov"),
    *says("weather", Weather(haze=0.52), en="mist+, misty, hazy, haze", sl="meglic+, megličast+, hlap+"),
    *says("weather", Weather(haze=0.5, cloudiness=0.2),
        en="sun ray+, sunray+, god ray+, light shaft+, light ray+, sunbeam+, shafts of light, rays of light, "
           "crepuscular ray+, rays of sun, volumetric light, sunlight filtering",
        sl="sončn+ žark+, sončn+ žarek, žarki sonca, žarkov sonca, svetlobn+ žark+, snop+ svetlobe"),
    *says("weather", Weather(wind=1.8),
        en="wind+, windy, breez*, windswept, gust+, gusty",
        sl="vetr+, veter, vetrovn+, vetrič, sapic+, burj+, sunk+ vetra"),
    *says("weather", Weather(wind=0.5),
        en="serene, calm+, calmly, still water+, still, peaceful, tranquil, quiet, glassy, mirror+, mirrored, "
           "placid",
        sl="miren, mirn+, mirno, spokoj*, tih+, tiho, gladin+, zrcaln+, zrcali*"),
    *says("weather", Weather(rain=0.6, cloudiness=0.88),
        en="rain+, rainy, raining, rainfall, wet weather",
        sl="dež, dežja, dežju, dežjem, dežuje, deževn+, deževj+, deževen"),
    *says("weather", Weather(rain=0.3, cloudiness=0.8),
        en="drizzle+, drizzling, drizzly, sprinkle",
        sl="rosenj+, rosi, pršenj+"),
    *says("weather", Weather(rain=1.0, cloudiness=0.95, wind=1.5),
        en="downpour+, cloudburst+, monsoon+, pouring, pouring rain, torrential rain",
        sl="naliv+, ploha, plohe, plohi, ploho, monsun+, lije, lije dež"),
    *says("weather", STORM,
        en="storm+, stormy, tempest+, thunderstorm+",
        sl="nevih*, vihar, viharj+, viharn+, neurj+"),
    *says("weather", Weather(lightning=0.8, cloudiness=0.9),
        en="lightning, lightning bolt+, thunder*",
        sl="strel, strela, strele, strelo, strelami, blisk+, bliskanj+, grom, groma, grmenj+"),
    *says("weather", Weather(snowfall=0.6, snow=0.9, cloudiness=0.82),
        en="snowfall+, snowing, falling snow, snowflake+, snow falling, flurries",
        sl="sneženj+, sneži, snežink+, padajoč+ sneg+, naletav*, sneg pada"),
    *says("weather", BLIZZARD,
        en="blizzard+, snowstorm+, snow storm+, whiteout",
        sl="metež+, snežn+ metež+, snežn+ vihar, snežn+ viharj+, žamet+"),
    *says("weather", Weather(snow=0.9),
        en="snow, snowy, snow covered, frozen, frosty, frost, icy, ice",
        sl="sneg+, snežn+, snežen, zasnežen+, zamrznjen+, ledu, led, leden+, ivj+, zmrzal+"),
    *says("weather", Weather(snow=0.5),
        en="snowcapped, snow capped, snowy peak+, snow topped, snow dusted",
        sl="zasnežen+ vrh+, zasnežen+ vrhov+, snežn+ vrh+, s snegom pokrit+ vrh+"),
    *says("weather", Weather(aurora=1.0, cloudiness=0.1),
        en="aurora, auroras, aurora borealis, aurora australis, northern lights, southern lights, polar lights",
        sl="polarn+ sij+, severn+ sij+, avror+, aurora"),
    *says("weather", Weather(haze=0.85, wind=2.2), en="sandstorm+, dust storm+", sl="peščen+ vihar, peščen+ viharj+"),
]  # fmt: skip

MOODS = [
    *says("mood", Mood.WARM,
        en="warm, warmth, cozy, cosy, warm tones, warm colors, warm colours",
        sl="topl+, topel, toplin+, prijetn+"),
    *says("mood", Mood.COLD,
        en="cold, cool tones, chilly, freezing, bleak, icy blue",
        sl="hladn+, hladen, mrzl+, mrzel, mraz+"),
    *says("mood", Mood.DARK,
        en="dark, gloomy, moody, ominous, brooding, sinister, low key, menacing, apocalyptic, dystopian",
        sl="temn+, temen, temačn+, mračn+, mračen, zlovešč+, grozeč+, apokaliptičn+"),
    *says("mood", Mood.DREAMY,
        en="dreamy, dreamlike, ethereal, surreal, magical, fairytale, fairy tale, romantic, whimsical, soft focus",
        sl="sanjsk+, sanjav+, čaroben, čarobn+, pravljičn+, eteričn+, romantičn+, nadrealističn+"),
    *says("mood", Mood.VIVID,
        en="vivid, vibrant, colorful, colourful, saturated, bright colors, bright colours, bold colors, bold "
           "colours",
        sl="živ+ barv+, živahn+, barvit+, pisan+, nasičen+"),
    *says("mood", Mood.MUTED,
        en="muted, pastel, desaturated, subdued, faded, minimalist, muted colors, muted colours, pale",
        sl="pastel*, zadržan+, bled+ barv+, zabrisan+, nenasičen+, minimalističn+"),
    *says("mood", Mood.MYSTERIOUS,
        en="mysterious, mystical, mystic, eerie, haunting, haunted, spooky, enigmatic, otherworldly",
        sl="skrivnostn+, mističn+, srhljiv+, grozljiv+, nezemeljsk+"),
]  # fmt: skip

STYLES = [
    *says("style", Style.CINEMATIC,
        en="cinematic, filmic, movie, movie still, hollywood, anamorphic, film look, blockbuster",
        sl="filmsk+, filmski videz, kinematograf*, hollywoodsk+"),
    *says("style", Style.ANIME,
        en="anime, manga, cartoon+, cartoonish, cel shaded, cel shading, ghibli, studio ghibli, animated film",
        sl="anime stil, anime, manga, risan+, risank+"),
    *says("style", Style.WATERCOLOUR,
        en="watercolor+, watercolour+, aquarelle+, painting, painterly, oil painting+, impressionist+, gouache",
        sl="akvarel+, vodn+ barv+, slikarsk+, oljn+ slik+, impresionist*, gvaš+"),
    *says("style", Style.NOIR,
        en="noir, film noir, black and white, monochrome, black white, grayscale, greyscale",
        sl="noir, črno bel+, črnobel+, enobarvn+"),
    *says("style", Style.VINTAGE,
        en="vintage, retro, old film, super 8, 8mm, 16mm, vhs, sepia, film grain, 1970s, 1950s, 70s, nostalgic",
        sl="retro, star+ film+, vintage, sepij+, nostalgičn+, filmsk+ zrn+"),
    *says("style", Style.PIXEL_ART,
        en="pixel art, pixelated, 8 bit, 16 bit, pixel style, retro game",
        sl="pikselsk+, piksel art, pikslast+, piksl+, 8 bitn+"),
    *says("style", Style.PENCIL,
        en="pencil, sketch*, pencil drawing, drawing, hand drawn, charcoal, line art",
        sl="svinčnik+, skic+, risb+, oglje, oglja, narisan+"),
    *says("style", Style.CYANOTYPE,
        en="cyanotype+, blueprint+, blue print+, prussian blue print+",
        sl="cianotipij+, modrotisk+"),
    *says("style", Style.NATURAL,
        en="photorealistic, realistic, lifelike, documentary",
        sl="realističn+, fotorealističn+, dokumentarn+"),
]  # fmt: skip

SPEEDS = [
    *says("speed", 30.0,
        en="timelapse+, time lapse+, time lapsed",
        sl="timelaps*, časosled*, časovn+ posnet*, časovn+ zamik+"),
    *says("speed", 30.0, en="hyperlapse+, hyper lapse+", sl="hiperlaps*, hyperlaps*"),
    *says("speed", 4.0, en="sped up, fast motion, speed up, accelerated", sl="pospešen+, pospešeno, hitri posnetek"),
    *says("speed", 0.3,
        en="slow motion, slowmotion, slow mo, slowmo, slo mo, ultra slow motion",
        sl="počasn+ posnet*, počasn+ gibanj+, upočasnjen+, upočasnjeno"),
    *says("loop", True,
        en="seamless loop, loop, loops, looping, looped, loopable, perfect loop, endless loop, cinemagraph, "
           "seamless",
        sl="zank+, neskončn+ zank+, brezšivn+ zank+, v zanki, ponavljajoč+"),
]  # fmt: skip

_COLOURS = {
    "red": ("#d0262b", "red, crimson, scarlet, ruby", "rdeč+, rdečkast+, škrlatn+"),
    "orange": ("#f07f1c", "orange, tangerine, amber", "oranžn+, jantarn+"),
    "yellow": ("#f2cf2b", "yellow, lemon", "rumen+"),
    "gold": ("#d9a33a", "gold, golden, golden yellow", "zlat+"),
    "green": ("#2f8f43", "green, emerald, lime", "zelen+, zelenkast+, smaragdn+"),
    "teal": ("#168a8a", "teal, cyan, turquoise, aqua", "turkizn+, cian"),
    "blue": ("#2a5fc9", "blue, azure, cobalt, navy, indigo, sapphire", "modr+, modrikast+, sinj+, azurn+, indigo"),
    "purple": (
        "#7a3fb3",
        "purple, violet, lilac, lavender colored",
        "vijoličn+, vijoličast+, škrlatno vijoličn+, lila",
    ),
    "magenta": ("#cf2f96", "magenta, fuchsia", "magenta, ciklamn+"),
    "pink": ("#f08cb0", "pink, rose gold, salmon", "roza, rožnat+"),
    "brown": ("#7a5230", "brown, chestnut, copper, bronze, rusty", "rjav+, bakren+, bronast+"),
    "white": ("#f2f2ee", "white, ivory", "bel+, bel"),
    "black": ("#101114", "black, jet black", "črn+"),
    "grey": ("#83888d", "grey, gray, silver, silvery", "siv+, srebrn+"),
}

COLOURS = [
    word for name, (_, en, sl) in _COLOURS.items() for word in says("colour", name, en=en, sl=sl)
]  # fmt: skip


def colour_of(name: str) -> Colour:
    """A named colour in linear light (sRGB's own curve, IEC 61966-2-1)."""
    code = _COLOURS[name][0]
    red, green, blue = (int(code[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
