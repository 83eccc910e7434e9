"""Words for the camera: its verbs, the directions that may go with each, and how, how far and how long it moves.

A verb that also means something else says what it `needs` to be a camera's: a direction beside it, or the camera as
the one who does it. See `lexicon` for the notation.
"""

from dataclasses import dataclass, field

from doitong.catalogue.model import Easing
from doitong.engines.studio.reading.lexicon import Language, says, word_set


@dataclass(frozen=True, slots=True)
class Verb:
    """A camera verb: the move for each direction it can take, and the move without one (None: then it is no move)."""

    alone: str | None
    ways: dict[str, str] = field(hash=False)
    needs_camera: bool = False
    strength: float = 1.0


def _sides(name: str) -> dict[str, str]:
    return {"left": f"{name}_left", "right": f"{name}_right"}


_HEIGHTS = {"up": "pedestal_up", "down": "pedestal_down"}
_TILTS = {"up": "tilt_up", "down": "tilt_down"}
_DEPTHS = {"in": "dolly_in", "out": "dolly_out", "forward": "dolly_in", "back": "dolly_out", "away": "dolly_out"}
_ZOOMS = {"in": "zoom_in", "out": "zoom_out", "forward": "zoom_in", "back": "zoom_out", "away": "zoom_out"}
_ROLLS = _sides("roll") | {"clockwise": "roll_right", "counterclockwise": "roll_left"}
_TRUCKS = _sides("truck")
_ANYWHERE = _TRUCKS | _HEIGHTS | _DEPTHS
_PULLS = {"in": "dolly_zoom_in", "out": "dolly_zoom_out", "forward": "dolly_zoom_in", "back": "dolly_zoom_out"}

PAN = Verb("pan_right", _sides("pan") | _TILTS)
ROAM = Verb(None, _ANYWHERE, needs_camera=True)

VERBS = [
    *says("verb", Verb("static", {}),
        en="static, static shot, static camera, still camera, locked off, locked shot, locked camera, tripod, on a "
           "tripod, fixed camera, stationary, no camera movement, no camera motion, no movement, motionless camera, "
           "never moves, not move, doesn't move, stays still, holds still, stands still",
        sl="statičn+, statičen, mirujoč+, pri miru, nepremičn+, stojalo, na stojalu, s stojala, brez premikanj+ "
           "kamere, kamera miruje, se ne premika, ne miga, brez gibanja kamere"),
    *says("verb", PAN,
        en="pan, pans, panning, panned",
        sl="pan, zasuk, zasuka, zasuku, zasuče, švenk+, panoramsk+ zasuk+"),
    *says("verb", Verb(None, _sides("pan") | _TILTS), en="swivel+, swivels", sl="obrn+, obrne, obrat, obrača*"),
    *says("verb", Verb(None, _sides("pan") | _TILTS, needs_camera=True),
        en="turn, turns, turning, look, looks, looking, sweep, sweeps, sweeping",
        sl="pogled+, pogleda, gleda"),
    *says("verb", Verb("whip_pan_right", _sides("whip_pan")),
        en="whip pan+, whip panning, swish pan+, whip",
        sl="bliskovit+ zasuk+, bliskovit zasuk, sunkovit+ zasuk+, sunkovit zasuk, hiter švenk"),
    *says("verb", Verb("tilt_up", _TILTS | _ROLLS),
        en="tilt, tilts, tilting, tilt shot",
        sl="nagib, nagiba, nagibu, nagne, nagib+, tilt"),
    *says("verb", Verb(None, _ROLLS), en="roll, rolls, rolling", sl="zavrti*, prevrn*, valjanje"),
    *says("verb", Verb("roll_right", _ROLLS),
        en="dutch angle, camera roll, dutch tilt, barrel roll",
        sl="poševn+ kader, poševn+ kamer+"),
    *says("verb", Verb("zoom_in", _ZOOMS),
        en="zoom, zooms, zooming, zoomed",
        sl="zum, zuma, zumira*, zoom, povečav+, poveča, povečuje"),
    *says("verb", Verb("zoom_in", _ZOOMS, strength=2.0), en="crash zoom+, snap zoom+", sl="hitri zum, sunkovit zum"),
    *says("verb", Verb("zoom_out", {}), sl="pomanjš*, odzuma*, oddaljen+ zum"),
    *says("verb", Verb("dolly_in", _DEPTHS | _TRUCKS),
        en="dolly, dollies, dollying, dolly shot, dolly move",
        sl="dolly, vožnj+ kamere, vožnja, vožnjo, zapelje*, pelje"),
    *says("verb", Verb(None, _DEPTHS),
        en="push, pushes, pushing, pull, pulls, pulling, pushed, pulled",
        sl="potisk, potisne"),
    *says("verb", Verb("dolly_in", {}),
        en="push in, push ins, pushes in, pushing in, move closer, moves closer, moving closer",
        sl="približ*, bliža*"),
    *says("verb", Verb("dolly_out", {}),
        en="pull back, pulls back, pull out, pull away, pulls away, pullback, pull out shot",
        sl="oddalj*, umik+, umakn*, odmik+, odmakn*"),
    *says("verb", Verb(None, _TRUCKS), en="truck, trucks, slide, slides, sliding, slider", sl="drsi, drsenj+, drsn+"),
    *says("verb", Verb("truck_right", _TRUCKS),
        en="trucking, trucking shot, truck shot, slider shot, lateral move, lateral dolly",
        sl="bočn+ vožnj+, bočn+ premik+"),
    *says("verb", Verb(None, _sides("tracking") | _DEPTHS), en="track, tracks"),
    *says("verb", Verb("tracking_right", _sides("tracking") | _DEPTHS),
        en="tracking, tracking shot+, follow shot+",
        sl="sledenj+, sledilni posnetek, spremljanj+, sledi, spremlja"),
    *says("verb", Verb("tracking_right", _sides("tracking"), needs_camera=True),
        en="follow, follows, following",
        sl="sledeč+"),
    *says("verb", Verb(None, _HEIGHTS), en="crane, cranes, jib, jibs, boom, booms, pedestal", sl="žerjav+"),
    *says("verb", Verb("pedestal_up", _HEIGHTS),
        en="crane shot+, jib shot+, craning, camera lift, rising camera, rising shot, pedestal shot, pedestal move",
        sl="dvig kamere, dvigom kamere"),
    *says("verb", Verb("pedestal_up", _HEIGHTS, needs_camera=True),
        en="rise, rises, rising, ascend, ascends, ascending, lift, lifts, lifting, climbs"),
    *says("verb", Verb("pedestal_up", {}), sl="dvig, dviga, dvigne, dviguje, dvigovanj+, vzpenja*, vzpne"),
    *says("verb", Verb("pedestal_down", {}, needs_camera=True),
        en="descend, descends, descending, lower, lowers, lowering"),
    *says("verb", Verb("pedestal_down", {}), en="descending shot", sl="spust+, spusti, spušč*"),
    *says("verb", Verb("orbit_right", _sides("orbit") | {"clockwise": "orbit_left", "counterclockwise": "orbit_right"}),
        en="orbit, orbits, orbiting, orbital shot, arc shot+, circle around, circles around, circling, circling "
           "around, rotate around, rotates around, revolve around, revolves around, 360 shot, orbit around",
        sl="kroži, kroženj+, obkroži, obkroža, orbit+, kroži okoli, krožn+ vožnj+"),
    *says("verb", Verb(None, _sides("orbit"), needs_camera=True), en="arc, arcs, circle, circles", sl="lok, loku"),
    *says("verb", Verb("dolly_zoom_in", _PULLS),
        en="dolly zoom+, vertigo, vertigo effect, zolly, hitchcock zoom, trombone shot",
        sl="dolly zum, dolly zoom, vrtoglav+ zum, vrtoglavic+, učin+ vrtoglavice"),
    *says("verb", Verb("handheld", {}),
        en="handheld, hand held, shaky, shaky cam, camera shake, shaky camera, documentary camera",
        sl="iz roke, ročn+ kamer+, tresoč+, tresenj+ kamere, snemano iz roke"),
    *says("verb", Verb("flyover", {"back": "dolly_out", "up": "pedestal_up", "down": "pedestal_down"}),
        en="flyover+, fly over, flying over, fly through, fly along, flying through, flythrough+, drone, drone "
           "shot+, aerial, aerial shot+, aerial view+, drone footage, drone view, bird eye view, birds eye view, "
           "fpv, overflight",
        sl="prelet+, preleti, polet nad, polet čez, polet skozi, dron+, z dronom, iz zraka, zračn+ posnet*, zračn+ "
           "kader, letalsk+ posnet*, s ptičje perspektive, ptičj+ perspektiv+"),
    *says("verb", Verb("flyover", _HEIGHTS | {"back": "dolly_out"}, needs_camera=True),
        en="fly, flies, flying, soar, soars, soaring",
        sl="let, leti, poleti nad, letenj+, letimo"),
    *says("verb", ROAM,
        en="move, moves, moving, go, goes, going, travel, travels, travelling, traveling, glide, glides, gliding, "
           "drift, drifts, drifting, float, floats, floating, advance, advances, retreat, retreats, swing, swings",
        sl="gre, potuje, drsa, plava, lebdi"),
    *says("verb", Verb(None, _ANYWHERE),
        sl="pomik, pomika, pomakne, pomiku, premik, premika, premakne, premiku, giblje"),
]  # fmt: skip

# directions: looked for beside a verb only, for half of them are everyday words
DIRECTIONS: dict[Language, dict[str, str]] = {
    Language.ENGLISH: {
        **dict.fromkeys(("left", "leftward", "leftwards"), "left"),
        **dict.fromkeys(("right", "rightward", "rightwards"), "right"),
        **dict.fromkeys(("up", "upward", "upwards"), "up"),
        **dict.fromkeys(("down", "downward", "downwards"), "down"),
        **dict.fromkeys(("in", "inward", "inwards", "closer", "into", "toward", "towards"), "in"),
        **dict.fromkeys(("out", "outward", "outwards"), "out"),
        **dict.fromkeys(("forward", "forwards", "ahead"), "forward"),
        **dict.fromkeys(("back", "backward", "backwards"), "back"),
        "away": "away", "clockwise": "clockwise", "counterclockwise": "counterclockwise",
        "anticlockwise": "counterclockwise",
    },
    Language.SLOVENIAN: {
        **dict.fromkeys(("levo", "leve", "levi", "leva"), "left"),
        **dict.fromkeys(("desno", "desne", "desni", "desna"), "right"),
        **dict.fromkeys(("gor", "navzgor", "kvišku"), "up"),
        **dict.fromkeys(("dol", "navzdol"), "down"),
        **dict.fromkeys(("naprej", "noter", "bližje", "proti"), "forward"),
        **dict.fromkeys(("nazaj", "ven", "stran"), "back"),
    },
}  # fmt: skip
ACROSS = {
    Language.ENGLISH: {"left to right": "right", "right to left": "left"},
    Language.SLOVENIAN: {"z leve na desno": "right", "z desne na levo": "left", "od leve proti desni": "right",
                         "od desne proti levi": "left"},
}  # fmt: skip
BETWEEN = word_set(
    """
    to the a an its camera shot move it slowly gently steadily smoothly quickly rapidly softly slightly strongly
    very from gradually dramatically all way further v na se k kamera kamero kamere počasi počasen počasno rahlo
    nežno hitro močno zelo postopoma gladko
    """
)

MANNER = [
    *says("pace", 0.3,
        en="very slow, very slowly, ultra slow, extremely slow",
        sl="zelo počasi, zelo počas+, zelo počasen"),
    *says("pace", 0.5,
        en="slow, slowly, gentle, gently, soft, softly, subtle, subtly, smoothly, gradual, gradually, slightly, "
           "slight",
        sl="počasi, počasen, počasn+, nežn+, nežno, rahl+, rahlo, rahel, postopoma, neopazn+"),
    *says("pace", 1.6,
        en="fast, quick, quickly, rapid, rapidly, swift, swiftly, strong, strongly, sudden, sharply",
        sl="hitr+, hitro, hiter, naglo, nagel, močn+, močno, močan, krepko"),
    *says("pace", 2.0,
        en="very fast, very quickly, dramatically, extreme, extremely, very strongly, wildly",
        sl="zelo hitro, zelo hiter, zelo močno, izjemno, ekstremn+, divje"),
    *says("easing", Easing.LINEAR,
        en="constant speed, at a constant speed, linear, linearly, steady pace, steadily, uniform speed",
        sl="enakomern+, enakomerno, stalna hitrost, s stalno hitrostjo, linearno"),
    *says("easing", Easing.IN,
        en="ease in, eases in, easing in, accelerating, starts slowly, speeding up",
        sl="pospešuje, pospešujoč+"),
    *says("easing", Easing.OUT,
        en="ease out, eases out, easing out, decelerating, slows down, slowing down, ends slowly",
        sl="upočasnjuje, upočasni, zaustavlja*"),
    *says("easing", Easing.IN_OUT, en="ease in out, eased, smooth start and stop", sl="mehk+ začet+ in konec"),
    *says("then", None,
        en="then, and then, followed by, afterwards, after that, next, before, finally, lastly, at the end, in the "
           "end",
        sl="nato, potem, zatem, na koncu, nazadnje, končno, in nato, in potem, kasneje"),
    *says("first", None,
        en="first, firstly, at first, start with, begin with, starting with",
        sl="najprej, sprva, na začetku"),
]  # fmt: skip

NUMBER_WORDS: dict[str, float] = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "half": 0.5, "twice": 2, "ena": 1, "eno": 1, "dve": 2, "dva": 2, "tri": 3, "štiri": 4, "pet": 5, "šest": 6,
    "sedem": 7, "osem": 8, "devet": 9, "deset": 10,
}  # fmt: skip
TIMES_WORDS: dict[str, float] = {"twice": 2, "dvakrat": 2, "trikrat": 3, "double": 2, "triple": 3}
UNITS = {
    **dict.fromkeys(
        ("°", "deg", "degs", "degree", "degrees", "stopinj", "stopinje", "stopinjami", "stopinja"), "degrees"
    ),
    **dict.fromkeys(
        ("s", "sec", "secs", "second", "seconds", "sekund", "sekunde", "sekundo", "sekundi", "sek"), "seconds"
    ),
    **dict.fromkeys(("x", "×", "times", "krat"), "ratio"),
}

AMOUNTS: dict[str, float] = {
    **dict.fromkeys(("light", "slight", "slightly", "soft", "gentle", "faint", "little", "some", "thin", "mild"), 0.5),
    **dict.fromkeys(("heavy", "thick", "dense", "strong", "intense", "torrential", "extreme", "violent"), 1.4),
    **dict.fromkeys(("rahel", "rahla", "rahlo", "rahlem", "rahle", "rahli", "blag", "blaga", "šibek", "redka"), 0.5),
    **dict.fromkeys(("močan", "močna", "močno", "močnem", "močnim", "močne", "gost", "gosta", "gosti", "gosto", "hud",
                     "huda", "hudi"), 1.4),
}  # fmt: skip

OPPOSITES: dict[str, str] = {
    f"{name}_{one}": f"{name}_{other}"
    for name in (
        "pan",
        "tilt",
        "roll",
        "dolly",
        "truck",
        "pedestal",
        "zoom",
        "orbit",
        "dolly_zoom",
        "tracking",
        "whip_pan",
    )
    for one, other in (
        ("left", "right"),
        ("right", "left"),
        ("up", "down"),
        ("down", "up"),
        ("in", "out"),
        ("out", "in"),
    )
}
