"""The words Studio knows, English and Slovenian. A table: `phrase` is words in order, `stem*` matches any ending."""

from dataclasses import dataclass
from typing import Any

from doitong.engines.studio.scene import SceneKind, Season, TimeOfDay


@dataclass(frozen=True, slots=True)
class Word:
    """One known phrase: what it sets (`field`) and to what."""

    phrase: str
    field: str
    value: Any = None


def _all(field: str, value: Any, phrases: str) -> list[Word]:
    return [Word(phrase.strip(), field, value) for phrase in phrases.split(",")]


KINDS = [
    *_all("kind", SceneKind.LAKE, "lake*, pond*, fjord*, tarn*, jezer*, ribnik*"),
    *_all("kind", SceneKind.MOUNTAINS,
          "mountain*, peak*, alps, alpine, summit*, ridge*, cliff*, valley*, range, gora, gore, goro, "
          "gori, gorah, gorami, gorsk*, gorovj*, vrh*, planin*, alp, alpe, alpah, alpsk*, dolin*, "
          "triglav*"),
    *_all("kind", SceneKind.SEA,
          "sea, seas, seascape*, ocean*, coast*, beach*, island*, shore*, seashore*, bay, waves, morj*, "
          "morsk*, obal*, otok*, otoč*, plaž*, ocean*, zaliv*, valovi"),
    *_all("kind", SceneKind.HILLS,
          "hill*, meadow*, field*, grassland*, pasture*, countryside, prairie*, plain, plains, hrib*, "
          "grič*, travnik*, polj*, pašnik*, podežel*"),
    *_all("kind", SceneKind.DUNES, "dune*, desert*, sahara, sand, sipin*, puščav*, pesek, pešč*, peska"),
]  # fmt: skip

TIMES = [
    *_all("time", TimeOfDay.DAWN,
          "dawn, daybreak, sunrise*, first light, sončni vzhod, sončnem vzhodu, sončnega vzhoda, vzhod "
          "sonca, vzhodu sonca, zora, zori, zore, zoro, svitanj*, jutranj* zarj*"),
    *_all("time", TimeOfDay.MORNING, "morning*, jutro, jutra, jutru, jutranj*, zjutraj, dopoldne"),
    *_all("time", TimeOfDay.NOON,
          "noon, midday, daytime, daylight, sunny, sunlit, afternoon, poldan*, poldne*, opoldne, "
          "podnevi, popoldne, sončn* dan, sončen dan, sončno"),
    *_all("time", TimeOfDay.GOLDEN_HOUR,
          "golden hour, golden light, magic hour, golden, zlat* ur*, zlat* svetlob*"),
    *_all("time", TimeOfDay.SUNSET,
          "sunset*, sundown, setting sun, evening, sončni zahod, sončnem zahodu, sončnega zahoda, zahod "
          "sonca, zahodu sonca, sončn* zahod*, zahaja*, večer*, zvečer"),
    *_all("time", TimeOfDay.DUSK,
          "dusk, twilight, blue hour, nightfall, afterglow, mrak*, somrak*, modr* ur*"),
    *_all("time", TimeOfDay.NIGHT,
          "night*, midnight, moonlight, moonlit, moon, starry, stars, noč*, ponoči, polnoč*, mesečin*, "
          "luna, lune, zvezd*"),
]  # fmt: skip

WEATHER = [
    *_all("cloudiness", 0.06, "clear sky, clear skies, clear, cloudless, jasn*"),
    *_all("cloudiness", 0.85, "overcast, oblačno, gray sky, grey sky, siv* neb*"),
    *_all("cloudiness", 0.62, "cloudy, clouds, cloud, dramatic sky, dramatic, oblak*, oblač*"),
    *_all("haze", 0.72, "fog*, fogg*, megl*"),
    *_all("haze", 0.5, "mist*, hazy, haze, meglic*"),
    *_all("wind", 1.8, "wind*, breez*, stormy, storm*, vetr*, veter*, nevih*, viharn*"),
    *_all("wind", 0.5,
          "serene, calm*, still, peaceful, tranquil, quiet, glassy, mirror*, mirn*, spokojn*, tih*, "
          "gladin*"),
    *_all("snow", 1.0, "snow*, winter*, wintry, frozen, sneg*, snež*, zasnež*, zim*"),
    *_all("season", Season.AUTUMN, "autumn*, fall colors, fall colours, jesen*"),
    *_all("season", Season.SPRING, "spring*, pomlad*"),
    *_all("season", Season.SUMMER, "summer*, polet*"),
    *_all("trees", True,
          "tree*, conifer*, pine*, spruce*, fir, firs, forest*, wood, woods, woodland*, drev*, smrek*, "
          "gozd*, bor, bori, borov*"),
    *_all("sun", True, "sun, sonce, sonca"),
    *_all("scenery", True,
          "landscape*, scenery, scene*, view*, nature, panorama*, vista*, sky, skies, horizon, water, "
          "reflection*, pokrajin*, narav*, razgled*, neb*, obzorj*, vod*, odsev*, krajin*"),
]  # fmt: skip

CAMERA = [
    *_all("camera", "static",
          "static*, still camera, locked off, locked shot, tripod, fixed camera, no camera movement, "
          "statičn*, mirujoč*, pri miru, nepremičn*"),
    *_all("camera", "pan_left",
          "pan left, pans left, panning left, pan to the left, pans to the left, panning to the left, "
          "pan* slowly left, pan* gently left, pan levo, zasuk* levo, zasuk* v levo, obrne levo, obrne "
          "v levo, obrat levo"),
    *_all("camera", "pan_right",
          "pan right, pans right, panning right, pan to the right, pans to the right, panning to the "
          "right, pan* slowly right, pan* gently right, pan desno, zasuk* desno, zasuk* v desno, obrne "
          "desno, obrne v desno, obrat desno"),
    *_all("camera", "tilt_up", "tilt* up, look* up, nagib* gor, nagib* navzgor, pogled* navzgor"),
    *_all("camera", "tilt_down", "tilt* down, look* down, nagib* dol, nagib* navzdol, pogled* navzdol"),
    *_all("camera", "roll_left", "roll* left, roll* counterclockwise, nagib* v levo, nagib* levo"),
    *_all("camera", "roll_right", "roll* right, roll* clockwise, nagib* v desno, nagib* desno"),
    *_all("camera", "dolly_in",
          "dolly in, dollies in, dolly forward, dolly, push in, pushes in, pushing in, push* slowly in, "
          "push* forward, move* forward, moving forward, fly* over, fly* through, flyover, drone, drone "
          "shot, aerial shot, aerial, glide*, track* forward, približ*, bliža*, naprej, leti*, dron*, "
          "polet nad, zapelje"),
    *_all("camera", "dolly_out",
          "dolly out, dollies out, dolly back, pull back, pulls back, pulling back, pull out, pulls "
          "out, pull* slowly back, move* back, moving back, oddalj*, nazaj, umik*"),
    *_all("camera", "truck_left",
          "truck left, trucks left, trucking left, slide* left, slides left, track* left, pomik* levo, "
          "pomik* v levo, premik* levo, premik* v levo"),
    *_all("camera", "truck_right",
          "truck right, trucks right, trucking right, slide* right, slides right, track* right, pomik* "
          "desno, pomik* v desno, premik* desno, premik* v desno"),
    *_all("camera", "pedestal_up",
          "pedestal up, crane up, cranes up, jib up, rise*, rising camera, dvig*, dviga*, pomik* "
          "navzgor"),
    *_all("camera", "pedestal_down",
          "pedestal down, crane down, cranes down, jib down, descend*, spust*, spušč*, pomik* navzdol"),
    *_all("camera", "zoom_in", "zoom in, zooms in, zooming in, slow zoom, zoom, zum*, povečav*, poveča*"),
    *_all("camera", "zoom_out", "zoom out, zooms out, zooming out, pomanjš*"),
    *_all("camera", "orbit_left", "orbit* left, arc left, arcs left, kroži* levo, kroži* v levo"),
    *_all("camera", "orbit_right",
          "orbit*, orbit* right, arc right, arcs right, arc shot, circle*, circling, kroži*, kroženj*"),
]  # fmt: skip

PACE = [
    *_all("pace", 0.5, "slow, slowly, gentle, gently, soft, softly, subtle, počasi, počas*, nežn*, rahl*"),
    *_all("pace", 1.8, "fast, quick, quickly, rapid*, swift*, hitr*, naglo"),
]

SEQUENCE = [*_all("then", None, "then, followed by, afterwards, nato, potem, zatem")]

NEGATIONS = ("no", "without", "avoid", "not", "brez", "nobenih", "nobenega", "ne")

UNDRAWN = [
    *_all("people", None,
          "people, person, man, men, woman, women, girl*, boy*, child*, crowd*, face*, couple*, human*, "
          "hiker*, dancer*, astronaut*, ljudi, ljudje, človek*, moški, žensk*, otrok*, dekl*, fant*, "
          "obraz*"),
    *_all("animals", None,
          "dog*, cat, cats, kitten*, pupp*, horse*, bird*, eagle*, deer, wolf, wolves, bear, bears, "
          "fish*, whale*, dolphin*, lion*, tiger*, elephant*, fox*, swan*, duck*, cow, cows, sheep, "
          "dragon*, pes, psa, psi, mačk*, konj*, ptic*, orel, volk*, medved*, rib*, lisic*, krav*, "
          "ovc*, zmaj*"),
    *_all("vehicles", None,
          "car, cars, truck, trucks, train*, boat*, ship*, sailboat*, plane, planes, airplane*, "
          "bicycle*, bike*, motorcycle*, rocket*, spaceship*, robot*, avto*, vlak*, čoln*, ladj*, "
          "letal*, kolo, robot*"),
    *_all("buildings", None,
          "city, cities, cityscape*, town*, village*, house*, cabin*, castle*, church*, tower*, "
          "bridge*, building*, skyscraper*, street*, road*, lighthouse*, temple*, neon, mest*, vas, "
          "vasi, hiš*, koč*, grad, gradu, cerk*, stolp*, most, mostu, ulic*, cest*, svetilnik*"),
    *_all("things", None,
          "food, coffee, cup, table, flower*, rose*, guitar*, book*, phone*, product*, bottle*, logo*, "
          "text, letters, hran*, kav*, miz*, cvet*, vrtnic*, knjig*, telefon*, steklenic*"),
    *_all("weather it cannot draw", None,
          "rain*, lightning, thunder*, aurora*, rainbow*, tornado*, fire*, flame*, explosion*, smoke, "
          "lava, dež*, strel*, grom*, mavric*, ogenj, ognj*, dim, plamen*"),
    *_all("scenes it cannot draw", None,
          "river*, stream*, waterfall*, jungle*, underwater, space, galaxy, planet*, canyon*, volcano*, "
          "cave*, garden*, room*, interior*, reka, reke, reko, rek, potok*, slap*, džungl*, vesolj*, "
          "galaksij*, kanjon*, vulkan*, jam*, vrt*, sob*"),
]  # fmt: skip

_QUIET_WORDS = """
    a an the and or of at in on with by over under to from into through for as is are its it this that very some
    camera shot shots cinematic video film clip footage beautiful stunning epic majestic realistic photorealistic
    ultra hd 4k 8k high quality detailed wide angle movement motion moves move moving toward towards around across
    their there while up down left right light lights lighting mood atmosphere style color colors colour colours warm
    kamera kamere kamero posnetek v na z s in ob pri nad pod po do od iz se je so ki ter med čez skozi lep lepa lepo
    lepe čudovit čudovita čudovito proti svetloba svetlobi filmsk filmski premik gibanje
"""
QUIET = frozenset(_QUIET_WORDS.split())
