"""Words for places, for what lives and lies in them, and for what Studio cannot draw. See `lexicon` for the notation.

A line of field `kind` names a place outright; `place` is a weaker word for one, which gives way to a `kind`.
"""

from dataclasses import dataclass
from typing import Any

from doitong.engines.studio.reading.lexicon import Word, says
from doitong.engines.studio.scene import Feature, Life, SceneKind


@dataclass(frozen=True, slots=True)
class Undrawn:
    """What Studio cannot draw: a group of things, and the place where one finds them."""

    group: str
    setting: SceneKind | None = None


def _cannot(group: str, setting: SceneKind | None, en: str, sl: str) -> list[Word]:
    return says("undrawn", Undrawn(group, setting), en=en, sl=sl)


KINDS = [
    *says("kind", SceneKind.LAKE,
        en="lake+, lakeside, lakeshore, pond+, fjord+, tarn+, lagoon+, bled, bohinj",
        sl="jezer+, jezersk+, ribnik+, fjord+, lagun+, bled+, blejsk+, bohinj+, bohinjsk+"),
    *says("kind", SceneKind.MOUNTAINS,
        en="mountain+, mountainous, peak+, alps, alpine, summit+, ridge+, cliff+, valley+, mountain range+, "
           "volcano+, matterhorn, triglav, himalaya*, dolomites, everest",
        sl="gora, gore, goro, gori, gorah, gorami, goram, gorsk+, gorovj+, gorat+, vrhov+, vrh, vrha, vrhu, vrhi, "
           "planin+, planinsk+, alpe, alp, alpah, alpam, alpsk+, dolin+, triglav*, himalaj*, dolomit+, pečin+, "
           "ognjenik+, vulkan+"),
    *says("kind", SceneKind.SEA,
        en="sea, seas, seascape+, ocean+, coast+, coastal, coastline+, shore+, seashore+, bay, bays, waves, "
           "adriatic, atlantic, pacific, sea cliff+",
        sl="morje, morja, morju, morjem, morij, more, morsk+, obal+, obaln+, ocean+, zaliv+, valovi, valov, valove, "
           "valovih, jadran*, morsk+ obal+, morsk+ valov+"),
    *says("kind", SceneKind.BEACH, en="beach*, sandy shore+, seaside", sl="plaž+, peščen+ obal+, obmorsk+"),
    *says("kind", SceneKind.ISLANDS,
        en="island+, archipelago+, islet+, atoll+, bora bora, maldives, hawaii",
        sl="otok+, otoč*, arhipelag+, atol+, maldiv+, havaj*"),
    *says("kind", SceneKind.HILLS,
        en="hill+, hilly, hillside+, meadow+, grassland+, pasture+, countryside, highland+, tuscany, tuscan, moor, "
           "moors, moorland+, vineyard+",
        sl="hrib+, hribovj+, hribovit+, grič+, gričevj+, gričevnat+, travnik+, travnišk+, pašnik+, pašnišk+, "
           "podežel*, toskan*, vinograd+"),
    *says("kind", SceneKind.FIELD,
        en="field+, prairie+, plain, plains, steppe+, savanna*, farmland+, cropland+, wheat, barley, lavender, "
           "sunflower+, cornfield+, wheatfield+",
        sl="polje, polja, polju, poljem, poljih, polj, poljan+, ravnin+, ravninsk+, step+, savan+, njiv+, pšenic+, "
           "pšeničn+, žito, žita, žitn+, sivk+, sončnic+"),
    *says("kind", SceneKind.ROAD,
        en="road+, roadside, highway+, motorway+, freeway+, route, route 66",
        sl="cest+, cestn+, avtocest+, magistral+"),
    *says("kind", SceneKind.DUNES,
        en="dune+, desert+, sahara, sand sea, sea of sand, gobi, namib",
        sl="sipin+, puščav+, puščavsk+, sahar+, saharsk+"),
    *says("kind", SceneKind.CANYON,
        en="canyon+, gorge+, ravine+, mesa+, butte+, badlands, monument valley, grand canyon, slot canyon+",
        sl="kanjon+, kanjonsk+, sotesk+, tesn+, vintgar*, velik+ kanjon+"),
    *says("kind", SceneKind.SNOWFIELD,
        en="snowfield+, ice field+, tundra, arctic, antarctic*, polar landscape, glacier+, icy plain+, snowy "
           "plain+, snowy field+, frozen plain+, ice cap+, north pole, south pole, winter wonderland, snow covered "
           "field+, snow covered plain+",
        sl="snežišč+, ledenik+, ledenišk+, tundr+, arktik*, arktičn+, antarktik*, antarktičn+, snežn+ ravnin+, "
           "zasnežen+ ravnin+, zasnežen+ polj+, snežn+ polj+, severn+ tečaj+, južn+ tečaj+"),
    *says("kind", SceneKind.FOREST,
        en="forest+, forested, woods, woodland+, jungle+, rainforest+, grove+, redwood+, sequoia+, taiga, bamboo",
        sl="gozd+, gozdn+, gozdič+, gozdov+, džungl+, pragozd*, deževn+ gozd*, gaj, gaja, gaju, tajg+, bambus*"),
    *says("kind", SceneKind.CITY,
        en="city, cities, cityscape+, city lights, skyline+, downtown, metropolis, metropolitan, skyscraper+, "
           "urban, street+, town+, high rise+, new york, manhattan, tokyo, hong kong, dubai, london, megacity, "
           "cyberpunk, avenue+, boulevard+",
        sl="mesto, mesta, mestu, mestom, mestih, mesti, mest, mestec+, mestn+, velemest+, velemestn+, metropol+, "
           "nebotičnik+, ulic+, uličn+, predmest+, ljubljan+, tokio, tokiu, tokia, london+, newyor*, maribor+"),
    *says("kind", SceneKind.SPACE,
        en="outer space, deep space, cosmos, universe+, interstellar, star field+, starfield+, supernova+, solar "
           "system+, space, milky way galaxy, asteroid+, moon surface, surface of the moon, on the moon, lunar",
        sl="vesolj+, vesoljsk+, kozmos+, kozmičn+, zvezdn+ polj+, osončj+, supernov+, asteroid+"),
    *says("kind", SceneKind.UNDERWATER,
        en="underwater, undersea, coral+, coral reef+, reef+, seabed, ocean floor, sea floor, seafloor, below the "
           "surface, beneath the waves, under the sea, under water, kelp, deep sea, under the water",
        sl="podvodn+, pod vodo, pod morjem, koral+, koraln+, koraln+ greben+, morsk+ dn+, podmorsk+, podmorj+, pod "
           "gladino, globin+ morj+, morsk+ globin+, v globinah"),
    *says("kind", SceneKind.ABSTRACT,
        en="abstract*, fractal+, flow field+, psychedelic, kaleidoscop*, generative art, color field+, colour "
           "field+",
        sl="abstrakt*, fraktal+, fraktaln+, psihedeličn+, kalejdoskop*"),
    *says("place", SceneKind.ABSTRACT,
        en="swirl*, flowing colors, flowing colours, liquid, ink, fluid, gradient+, geometric*, particles, light "
           "trails, bokeh, silk, smoke swirl+, paint, pattern+, texture+, shapes, motion graphics",
        sl="vrtinc+, pretakajoč+, tekoč+ barv+, pretakanj+, črnil+, tekočin+, preliv+, geometrijsk+, delci, delcev, "
           "svil+, vzor+, vzorec, oblik+"),
    *says("place", SceneKind.ROAD,
        en="path+, pathway+, trail+, lane, lanes, footpath+, track through",
        sl="pot, poti, potjo, potk+, stez+, kolovoz+, stezic+"),
    *says("place", SceneKind.DUNES, en="sand, sands, oasis", sl="pesek, peska, pesku, peskom, oaz+"),
    *says("place", SceneKind.CITY,
        en="neon, neon light+, neon sign+, rooftop+, alley+, traffic, city center, city centre",
        sl="neon+, neonsk+, streh+, promet+, promen*"),
    *says("place", SceneKind.SPACE,
        en="cosmic, celestial, astronomy, orbit of, comet+, black hole+, meteor+, mars",
        sl="komet+, črn+ luknj+, meteor+, astronom*, medzvezd*"),
    *says("place", SceneKind.HILLS,
        en="grass, grassy, park, parks, wildflower+, clearing, in bloom, blooming",
        sl="trava, trave, travi, travo, travnat+, park+, jas+, cvetj+, cvetoč+"),
    *says("place", SceneKind.FOREST,
        en="thicket, undergrowth, fern, ferns, moss, mossy",
        sl="praprot+, mah, mahu, mahom"),
    *says("place", SceneKind.SEA,
        en="horizon at sea, tide, tides, surf, surfing, wave, harbor+, harbour+, port",
        sl="val, plima, plime, oseka, pristanišč+, luka, luke, luki"),
    *says("place", SceneKind.LAKE, en="wetland+, marsh*, swamp+", sl="močvir*, mokrišč+"),
    *says("place", SceneKind.MOUNTAINS,
        en="rocky, rocks, boulder+",
        sl="skala, skale, skal, skalah, skalami, skalo, skali, skalnat+, skalovj+"),
]  # fmt: skip

# what lies or lives in a place; PLACE_OF says where it is, when the text names no place
CONTENTS = [
    *says("life", Life.BIRDS,
        en="bird+, seagull+, gull+, flock+, swallow+, eagle+, crane birds, geese, swans flying",
        sl="ptic+, ptič+, ptičj+, galeb+, jat+, orel, orla, orli, orlov, lastovk+"),
    *says("life", Life.BOATS,
        en="boat+, sailboat+, ship+, sailing ship+, sailing, yacht+, sail, sails, fishing boat+, rowboat+, canoe+",
        sl="čoln+, čolnič+, ladj+, ladjic+, jadrnic+, jadr+, jaht+, ribišk+ čoln+, kanu, kanuj+"),
    *says("life", Life.REEDS, en="reed+, cattail+, bulrush*, rushes", sl="trs, trsj+, trstik+, trstičj+, ločj+"),
    *says("life", Life.LEAVES,
        en="falling leaves, leaves falling, autumn leaves, fall leaves, drifting leaves, blowing leaves",
        sl="padajoč+ list+, padajoč+ listj+, odpadl+ listj+, jesensk+ listj+, odpadajoč+ listj+, listje pada, pada "
           "listje"),
    *says("life", Life.PETALS,
        en="petal+, cherry blossom+, sakura, falling blossom+, blossom+, blossoming",
        sl="cvetn+ list*, cvetov+, češnjev+ cvet+, cvetoč+ češnj+, češnjev+ cvetov+"),
    *says("life", Life.FIREFLIES, en="firefly, fireflies, glow worm+", sl="kresnic+, kresničk+"),
    *says("life", Life.DUST,
        en="dust, dusty, floating particles, drifting particles, dust motes, pollen",
        sl="prah, prahu, prahom, prašn+, prašn+ delc+, pelod+"),
    *says("life", Life.FISH,
        en="fish, fishes, school of fish, tropical fish",
        sl="rib, riba, ribe, ribo, ribi, ribam, ribami, ribic+, jat+ rib"),
    *says("life", Life.BUBBLES, en="bubble+", sl="mehurč+, mehurčk+, mehurč*"),
    *says("feature", Feature.PLANET,
        en="planet+, planetary, alien world+, exoplanet+, jupiter, saturn, earth from space, earth seen from space, "
           "planet earth, the earth, gas giant+",
        sl="planet+, planetov+, jupiter+, saturn+"),
    *says("feature", Feature.RINGS,
        en="ringed planet+, planetary ring+, rings, planet with rings, ringed",
        sl="obroč+, obročast+, obročk+, planet+ z obroči"),
    *says("feature", Feature.NEBULA,
        en="nebula*, stardust, gas cloud+, cosmic cloud+",
        sl="meglic+ v vesolj+, vesoljsk+ meglic+, zvezdn+ prah+"),
    *says("feature", Feature.GALAXY,
        en="galaxy, galaxies, galactic, milky way",
        sl="galaksij+, galaktičn+, rimsk+ cest+, mlečn+ cest+"),
    *says("feature", Feature.RIVER,
        en="river+, riverbank+, stream+, creek+, brook+",
        sl="rek, reka, reke, reko, reki, rekah, rekami, rečn+, potok+, potoček, soča, soče, soči, sočo"),
    *says("feature", Feature.PALMS,
        en="palm+, palm tree+, coconut tree+, coconut palm+, palm lined, palm fringed, palm grove+",
        sl="palm+, palmov+, kokosov+ palm+"),
    *says("climate", True, en="tropical, tropics, caribbean", sl="tropsk+, tropi, tropih, tropov, karib*"),
    *says("feature", Feature.RAINBOW, en="rainbow+", sl="mavric+, mavričn+"),
    *says("trees", True,
        en="tree+, treeline+, conifer+, pine+, pine tree+, spruce+, fir, firs, wooded, birch*, "
           "oak+, willow+",
        sl="drev*, smrek+, smrekov+, iglavc+, iglavec, bor, bora, bori, borov+, hrast+, vrb+, brezov+, "
           "bukev, bukv+, bukov+"),
    *says("scenery", True,
        en="landscape+, scenery, scenic, nature, natural world, outdoors, wilderness, panorama+, panoramic, vista+, "
           "sky, skies, horizon+, water, waters, reflection+, sun, earth, land",
        sl="pokrajin+, krajin+, narav+, naravn+, razgled+, panoram+, nebo, neba, nebu, nebom, obzorj+, horizont+, "
           "voda, vode, vodi, vodo, vod, vodah, odsev+, divjin+, sonce, sonca, soncu, soncem, zemlj+"),
]  # fmt: skip

# phrases of other trades in which a word of the tables means something else
OTHER_SENSES = says("quiet", None,
    en="depth of field, field of view, dynamic range, out of focus, in focus, still life, frame rate, camera angle, "
       "point of view, high contrast, high angle, low angle, in the air, heat wave+, hot spring, surround sound, "
       "sound wave+, clear water, in the middle, time of day, negative space, open space, copy space, empty space",
    sl="globinsk+ ostrin+, na primer, na poti, zorn+ kot+, v zraku, gor in dol, na sredini")  # fmt: skip

UNDRAWN = [
    *_cannot("people", None,
        en="people, person+, man, men, woman, women, girl+, boy+, child, children, kid, kids, baby, babies, crowd+, "
           "face+, couple+, human+, hiker+, dancer+, astronaut+, wizard+, warrior+, knight+, king, queen+, "
           "soldier+, family, families, surfer+, fisherman, fishermen, climber+, runner+, skier+, swimmer+, diver+, "
           "samurai, figure+, silhouette of a man, silhouette of a woman, princess*, player+, driver+, portrait+, "
           "hand, hands, eyes",
        sl="ljudi, ljudje, ljudem, ljudmi, oseb+, človek*, moški, moškega, moških, žensk+, otrok*, otroc+, dekl+, "
           "deklic+, fant+, dojenč*, obraz+, množic+, pohodnik+, plesalk+, plesalec, plesalc+, astronavt*, "
           "čarovnik+, vitez+, kralj+, kraljic+, vojak+, družin+, par ljudi, potapljač+, smučar+, ribič+, babic+, "
           "dedek, mož, možje, portret+, postav+, punc+, rok+, oči"),
    *_cannot("animals", SceneKind.HILLS,
        en="dog+, puppy, puppies, cat, cats, kitten+, horse+, deer, wolf, wolves, bear, bears, lion+, tiger+, "
           "elephant+, fox, foxes, cow, cows, sheep, goat+, rabbit+, dragon+, butterfly, butterflies, bee, bees, "
           "animal+, monkey+, unicorn+, dinosaur+, owl+, giraffe+, camel+, zebra+, snake+, frog+, mouse, mice, "
           "pig+, chicken+, insect+, creature+, monster+",
        sl="pes, psa, psu, psom, psi, pse, psov, kuž*, mačk+, mačkon+, muc+, konj+, jelen*, srn+, volk*, medved+, "
           "lev, leva, levi, levov, tiger, tigr+, slon+, lisic+, krav+, ovc+, koz+, zajec, zajc+, zmaj+, metulj+, "
           "čebel+, žival+, živalmi, opic+, samorog+, dinozaver, dinozavr+, sov+, kač+, žab+, kamel+, miš, miši, "
           "kokoš+, prašič+, bitj+, pošast+"),
    *_cannot("animals", SceneKind.LAKE, en="swan+, duck+", sl="labod+, rac+, račk+"),
    *_cannot("animals", SceneKind.UNDERWATER,
        en="whale+, dolphin+, shark+, turtle+, jellyfish, octopus*, seahorse+, manta ray+, mermaid+, submarine+",
        sl="kit, kita, kiti, kitov, delfin+, morsk+ pes, morsk+ psi, želv+, meduz+, hobotnic+, morsk+ konj*, morsk+ "
           "deklic+, podmornic+"),
    *_cannot("vehicles", SceneKind.ROAD,
        en="car, cars, truck, trucks, bicycle+, bike+, motorcycle+, motorbike+, bus, buses, vehicle+, cyclist+",
        sl="avto, avta, avti, avtov, avtomobil+, tovornjak+, kolo, kolesar+, motor+, motorist+, avtobus+, vozil+"),
    *_cannot("vehicles", SceneKind.HILLS,
        en="train, trains, railway+, plane, planes, airplane+, aircraft, helicopter+, hot air balloon+, balloon+, "
           "tractor+",
        sl="vlak+, železnic+, letal+, helikopter*, balon+, traktor+"),
    *_cannot("vehicles", SceneKind.SPACE,
        en="spaceship+, spacecraft, rocket+, satellite+, ufo, ufos, space station+, space shuttle+",
        sl="vesoljsk+ ladj+, vesoljsk+ plovil+, raket+, satelit+, vesoljsk+ postaj+"),
    *_cannot("buildings", SceneKind.HILLS,
        en="village+, house+, cottage+, cabin+, castle+, church*, chapel+, barn+, farm, farms, farmhouse+, "
           "windmill+, temple+, ruin, ruins, tower, towers, building+, palace+, wall, walls, fence+, hut, huts, "
           "tent+",
        sl="vas, vasi, vasjo, vasic+, hiš+, hišic+, koč+, grad, gradu, gradovi, gradov, gradom, cerk+, cerkv*, "
           "kapelic+, skedenj, kmetij+, mlin+, tempelj, templj+, ruševin+, stolp+, zgradb+, stavb+, palač+, ograj+, "
           "šotor+"),
    *_cannot("buildings", SceneKind.SEA, en="lighthouse+, pier, piers, dock, docks", sl="svetilnik+, pomol+"),
    *_cannot("buildings", SceneKind.CITY,
        en="bridge+, eiffel tower, subway, station+",
        sl="most, mostu, mostovi, mostov, mostom, mostič+, podzemn+ železnic+"),
    *_cannot("rooms", None,
        en="room, rooms, bedroom+, kitchen+, interior+, indoors, office+, restaurant+, café, cafe, bar, stage, "
           "corridor+, library, classroom+, cave, caves",
        sl="sob+, kuhinj+, notranjost+, pisarn+, restavracij+, kavarn+, hodnik+, knjižnic+, učilnic+, jam+"),
    *_cannot("things", None,
        en="food, coffee, tea, cup, cups, table+, chair+, flower+, rose, roses, guitar+, piano, book, books, "
           "phone+, product+, bottle+, logo, logos, text, letters, title, robot+, machine+, computer+, laptop+, "
           "sword+, gun+, clock+, watch, ball, balls, cake+, pizza+, fruit+, apple+, wine, beer, shoe+, perfume, "
           "lamp+, candle+, statue+, toy+, flag, flags, mask+, umbrella+, garden+",
        sl="hran+, kav+, kavic+, čaj+, skodelic+, miza, mize, mizi, mizo, stol, stola, stoli, cvetic+, rož+, "
           "vrtnic+, kitar+, klavir+, knjig+, telefon+, izdel+, izdelek, steklenic+, logotip+, napis+, besedil+, "
           "robot+, stroj+, računalnik+, meč, meča, žog+, tort+, pic+, sadj+, jabolk+, vin+, piv+, čevelj, čevlj+, "
           "svetilk+, svečk+, kip, kipa, kipi, igrač+, zastav+, dežnik+, vrt, vrta, vrtu, vrtov+"),
    *_cannot("fire and water at work", SceneKind.MOUNTAINS,
        en="waterfall+, lava, eruption+, erupting, avalanche+",
        sl="slap, slapa, slapu, slapovi, slapov, lav+, izbruh+, plaz, plazu"),
    *_cannot("fire and water at work", None,
        en="fire, fires, campfire+, bonfire+, flame+, explosion+, explod*, smoke, smoky, fireworks, tornado*, "
           "hurricane+, tsunami+, fountain+",
        sl="ogenj, ognja, ognju, ognjem, plamen+, eksplozij+, dim, dima, dimom, ognjemet+, tornad+, orkan+, "
           "cunami+, vodnjak+, kres, kresa, taborn+ ogenj"),
]  # fmt: skip

PLACE_OF: dict[Any, SceneKind] = {
    Life.BOATS: SceneKind.SEA,
    Life.FISH: SceneKind.UNDERWATER,
    Life.BUBBLES: SceneKind.UNDERWATER,
    Life.REEDS: SceneKind.LAKE,
    Life.LEAVES: SceneKind.FOREST,
    Life.PETALS: SceneKind.HILLS,
    Life.FIREFLIES: SceneKind.FOREST,
    Life.BIRDS: SceneKind.SEA,
    Feature.PLANET: SceneKind.SPACE,
    Feature.RINGS: SceneKind.SPACE,
    Feature.NEBULA: SceneKind.SPACE,
    Feature.GALAXY: SceneKind.SPACE,
    Feature.RIVER: SceneKind.CANYON,
    Feature.RAINBOW: SceneKind.HILLS,
    Feature.PALMS: SceneKind.BEACH,
}

_SHORES = frozenset({SceneKind.LAKE, SceneKind.SEA, SceneKind.BEACH, SceneKind.ISLANDS})
_UNDER_WATER = frozenset({SceneKind.UNDERWATER})
_IN_AIR = frozenset(SceneKind) - {SceneKind.SPACE, SceneKind.UNDERWATER, SceneKind.ABSTRACT}
PALM_COUNTRY = frozenset({SceneKind.BEACH, SceneKind.ISLANDS, SceneKind.CITY, SceneKind.ROAD})
_SHOWN_IN: dict[Any, frozenset[SceneKind]] = {
    Life.BOATS: _SHORES,
    Life.REEDS: _SHORES,
    Life.FISH: _UNDER_WATER,
    Life.BUBBLES: _UNDER_WATER,
    Life.BIRDS: _IN_AIR,
    Life.LEAVES: _IN_AIR,
    Life.PETALS: _IN_AIR,
    Life.FIREFLIES: _IN_AIR,
    Life.DUST: _IN_AIR | _UNDER_WATER,
    Feature.RAINBOW: _IN_AIR,
    Feature.PALMS: PALM_COUNTRY,
    Feature.RIVER: frozenset({SceneKind.CANYON}),
    Feature.PLANET: frozenset({SceneKind.SPACE}),
    Feature.RINGS: frozenset({SceneKind.SPACE}),
    Feature.NEBULA: frozenset({SceneKind.SPACE}),
}


def is_shown(thing: Life | Feature, kind: SceneKind) -> bool:
    """Whether what lives or lies somewhere shows in this kind of place."""
    return kind in _SHOWN_IN.get(thing, frozenset(SceneKind))
