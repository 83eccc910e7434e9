"""The guarantee: what a prompt says is what the scene has, in two languages, and what is not drawn is said."""

import json
from pathlib import Path
from typing import Any

import pytest

from doitong.catalogue.model import CameraMove, Easing, MotionIntensity
from doitong.engines.port import Motion, Move
from doitong.engines.studio.camera import MOST_DEGREES, MOST_ZOOM
from doitong.engines.studio.reading import moves
from doitong.engines.studio.reading.interpretation import interpret
from doitong.engines.studio.reading.lexicon import ENDINGS, Language, Word
from doitong.engines.studio.reading.text import TABLES, read_words
from doitong.engines.studio.scene import Feature, Life, Mood, SceneKind, Season, Style, TimeOfDay
from tests.studio.films import SEED_PROMPT, small_request

KINDS = [
    (SEED_PROMPT, SceneKind.LAKE, TimeOfDay.SUNSET),
    ("Snowy mountain peaks at dawn", SceneKind.MOUNTAINS, TimeOfDay.DAWN),
    ("tropical islands in the ocean at noon", SceneKind.ISLANDS, TimeOfDay.NOON),
    ("rolling green hills in the morning", SceneKind.HILLS, TimeOfDay.MORNING),
    ("sand dunes in the Sahara, golden hour", SceneKind.DUNES, TimeOfDay.GOLDEN_HOUR),
    ("a lake under the stars", SceneKind.LAKE, TimeOfDay.NIGHT),
    ("coast at twilight", SceneKind.SEA, TimeOfDay.DUSK),
    ("city by the sea at night", SceneKind.CITY, TimeOfDay.NIGHT),
    ("a road through the desert at noon", SceneKind.ROAD, TimeOfDay.NOON),
    ("a coastal road at sunset", SceneKind.ROAD, TimeOfDay.SUNSET),
    ("a lake beside a road at dawn", SceneKind.LAKE, TimeOfDay.DAWN),
    ("a path through the forest", SceneKind.FOREST, TimeOfDay.GOLDEN_HOUR),
    ("beach with palm trees", SceneKind.BEACH, TimeOfDay.GOLDEN_HOUR),
    ("aurora over a snowy lake", SceneKind.LAKE, TimeOfDay.NIGHT),
    ("storm at sea", SceneKind.SEA, TimeOfDay.NOON),
    ("a forest with sun rays", SceneKind.FOREST, TimeOfDay.MORNING),
    ("a desert canyon", SceneKind.CANYON, TimeOfDay.GOLDEN_HOUR),
    ("underwater coral reef", SceneKind.UNDERWATER, TimeOfDay.NOON),
    ("galaxy", SceneKind.SPACE, TimeOfDay.NIGHT),
    ("Milky Way over the mountains", SceneKind.MOUNTAINS, TimeOfDay.NIGHT),
    ("abstract flowing colours", SceneKind.ABSTRACT, TimeOfDay.GOLDEN_HOUR),
    ("winter landscape", SceneKind.SNOWFIELD, TimeOfDay.GOLDEN_HOUR),
    ("thunderstorm over wheat fields", SceneKind.FIELD, TimeOfDay.NOON),
    ("the sun rises over a field with mountains in the distance", SceneKind.FIELD, TimeOfDay.DAWN),
    ("Gorsko jezero ob sončnem zahodu", SceneKind.LAKE, TimeOfDay.SUNSET),
    ("zasnežene planine ob zori", SceneKind.MOUNTAINS, TimeOfDay.DAWN),
    ("morska obala ponoči, polna luna", SceneKind.SEA, TimeOfDay.NIGHT),
    ("zeleni griči zjutraj", SceneKind.HILLS, TimeOfDay.MORNING),
    ("puščavske sipine opoldne", SceneKind.DUNES, TimeOfDay.NOON),
    ("travnik v mraku", SceneKind.HILLS, TimeOfDay.DUSK),
    ("mesto ob morju ponoči", SceneKind.CITY, TimeOfDay.NIGHT),
    ("cesta skozi puščavo", SceneKind.ROAD, TimeOfDay.GOLDEN_HOUR),
    ("pot skozi gozd", SceneKind.FOREST, TimeOfDay.GOLDEN_HOUR),
    ("severni sij nad zasneženim jezerom", SceneKind.LAKE, TimeOfDay.NIGHT),
    ("podvodni koralni greben", SceneKind.UNDERWATER, TimeOfDay.NOON),
    ("obročasti planet v vesolju", SceneKind.SPACE, TimeOfDay.GOLDEN_HOUR),
    ("more ponoči", SceneKind.SEA, TimeOfDay.NIGHT),
]


@pytest.mark.parametrize(("prompt", "kind", "time"), KINDS)
def test_scene_and_time_follow_the_words(prompt: str, kind: SceneKind, time: TimeOfDay) -> None:
    scene, report = interpret(small_request(prompt))
    assert (scene.kind, scene.time) == (kind, time)
    assert report["warnings"] == []
    assert report["ignored"] == []
    assert report["confidence"] >= 0.5


SAYS = [
    ("storm at sea", {"rain": 0.7, "lightning": 0.6, "cloudiness": 0.93}),
    ("light rain on a lake", {"rain": 0.3, "snowfall": 0.0}),
    ("heavy rain in the city", {"rain": 0.84}),
    ("rahel dež nad jezerom", {"rain": 0.3}),
    ("hills, a few clouds", {"cloudiness": 0.22}),
    ("overcast hills", {"cloudiness": 0.9}),
    ("sneženje v gorah", {"snowfall": 0.6, "snow": 0.9, "season": Season.WINTER}),
    ("aurora over hills", {"aurora": 1.0}),
    ("hills in winter", {"season": Season.WINTER, "snow": 0.9}),
    ("zimski griči", {"season": Season.WINTER, "snow": 0.9}),
    ("snow-capped mountains", {"snow": 0.5}),
    ("an anime city", {"style": Style.ANIME}),
    ("akvarel gozda", {"style": Style.WATERCOLOUR}),
    ("black and white street, film noir", {"style": Style.NOIR}),
    ("cianotipija gore", {"style": Style.CYANOTYPE}),
    ("a mysterious forest", {"mood": Mood.MYSTERIOUS}),
    ("temačen gozd", {"mood": Mood.DARK}),
    ("sailboats on the sea, seagulls", {"life": {Life.BOATS, Life.BIRDS}}),
    ("autumn leaves falling in a forest", {"life": {Life.LEAVES}, "season": Season.AUTUMN}),
    ("kresnice na travniku", {"life": {Life.FIREFLIES}, "time": TimeOfDay.DUSK}),
    ("a planet with rings and a nebula", {"features": {Feature.PLANET, Feature.RINGS, Feature.NEBULA}}),
    ("mavrica nad griči", {"features": {Feature.RAINBOW}}),
    ("flowing silk in blue and gold", {"features": {Feature.SILK}}),
    ("vrtinčenje črnila v vodi", {"features": {Feature.INK}}),
    ("a coral reef", {"life": {Life.FISH}}),
    ("an underwater scene without fish", {"life": set()}),
    ("time-lapse of clouds over hills", {"time_scale": 30.0}),
    ("waves in slow motion", {"time_scale": 0.3}),
    ("počasni posnetek valov", {"time_scale": 0.3}),
    ("a lake, seamless loop", {"is_loop": True}),
    ("cesta skozi puščavo", {"trees": False}),
    ("hills without trees", {"trees": False}),
]


@pytest.mark.parametrize(("prompt", "said"), SAYS)
def test_what_is_said_is_in_the_scene(prompt: str, said: dict[str, Any]) -> None:
    scene, report = interpret(small_request(prompt))
    assert {name: getattr(scene, name) for name in said} == said
    assert report["warnings"] == []


def test_colours_become_the_palette_unless_a_thing_has_them_anyway() -> None:
    scene, report = interpret(small_request("red and teal ink, abstract"))
    red, teal = scene.palette
    assert red[0] > red[2]
    assert teal[0] < teal[2]
    assert report["colours"] == ["red", "teal"]
    assert interpret(small_request("green hills under a blue sky"))[0].palette == ()


CAMERA = [
    ("a lake, slow dolly in", [["dolly_in"]]),
    ("a lake, the camera pans left", [["pan_left"]]),
    ("a lake, pan slowly right", [["pan_right"]]),
    ("a lake, a slow left pan", [["pan_left"]]),
    ("a lake, pan from left to right", [["pan_right"]]),
    ("a lake, zoom in then pan left", [["zoom_in"], ["pan_left"]]),
    ("a lake, camera: slow dolly in, then pan left", [["dolly_in"], ["pan_left"]]),
    ("first pan left, then zoom in, finally the camera rises, a lake", [["pan_left"], ["zoom_in"], ["pedestal_up"]]),
    ("a lake, pan left and zoom in", [["pan_left", "zoom_in"]]),
    ("a lake, pan left, pan right", [["pan_left"], ["pan_right"]]),
    ("a lake, static shot on a tripod", [["static"]]),
    ("a lake, no camera movement", [["static"]]),
    ("a lake, don't pan", [["static"]]),
    ("a lake, aerial drone shot", [["flyover"]]),
    ("flying over a lake", [["flyover"]]),
    ("birds fly over a lake", [["dolly_in"]]),
    ("boats move left on a lake", [["dolly_in"]]),
    ("the camera slowly pulls back from a lake", [["dolly_out"]]),
    ("a lake, handheld, pan left, then tilt up", [["pan_left", "handheld"], ["tilt_up", "handheld"]]),
    ("a lake, vertigo effect", [["dolly_zoom_in"]]),
    ("a lake, dolly zoom out", [["dolly_zoom_out"]]),
    ("a lake, tracking shot left", [["tracking_left"]]),
    ("a lake, truck left", [["truck_left"]]),
    ("a lake, whip pan right", [["whip_pan_right"]]),
    ("hyperlapse through a city", [["dolly_in"]]),
    ("jezero, kamera se počasi približa", [["dolly_in"]]),
    ("jezero, zasuk levo, nato oddaljevanje", [["pan_left"], ["dolly_out"]]),
    ("jezero, najprej zasuk v levo, nato povečava, na koncu dvig kamere", [["pan_left"], ["zoom_in"], ["pedestal_up"]]),
    ("jezero, kamera kroži", [["orbit_right"]]),
    ("jezero, dvig kamere", [["pedestal_up"]]),
    ("jezero, pomik v desno", [["truck_right"]]),
    ("jezero, kamera iz roke", [["handheld"]]),
    ("polet z dronom nad jezerom", [["flyover"]]),
    ("čoln se premika levo po jezeru", [["dolly_in"]]),
    ("a lake", [["dolly_in"]]),
]


@pytest.mark.parametrize(("prompt", "ways"), CAMERA)
def test_camera_follows_the_words(prompt: str, ways: list[list[str]]) -> None:
    scene, _ = interpret(small_request(prompt))
    assert [[step.move for step in part] for part in scene.segments] == ways


def test_slow_and_fast_change_the_strength() -> None:
    strengths = [interpret(small_request(f"a lake, {word} pan left"))[0].segments[0][0].strength
                 for word in ("very slow", "slow", "", "fast")]  # fmt: skip
    assert strengths == sorted(set(strengths))


NUMBERS = [
    ("a lake, pan 30 degrees left for 3 seconds", {"degrees": 30, "seconds": 3}),
    ("a lake, a 30° pan at constant speed", {"degrees": 30, "easing": Easing.LINEAR}),
    ("a lake, 2x zoom", {"ratio": 2}),
    ("a lake, zoom in twice, ease in", {"ratio": 2, "easing": Easing.IN}),
    ("jezero, zasuk levo za 30 stopinj, 3 sekunde", {"degrees": 30, "seconds": 3}),
    ("jezero, povečava za 2-krat", {"ratio": 2}),
    ("jezero, enakomeren zasuk v desno, 2,5 sekunde", {"easing": Easing.LINEAR, "seconds": 2.5}),
]


@pytest.mark.parametrize(("prompt", "said"), NUMBERS)
def test_numbers_say_how_far_and_how_long(prompt: str, said: dict[str, Any]) -> None:
    ((step,),) = interpret(small_request(prompt, duration_seconds=5))[0].segments
    assert {name: getattr(step, name) for name in said} == said


def test_what_goes_too_far_is_given_as_far_as_it_goes_and_said() -> None:
    _, report = interpret(small_request("a lake, pan 90 degrees right, then 9x zoom", duration_seconds=5))
    assert report["camera"][0][0]["degrees"] == MOST_DEGREES["pan"]
    assert report["camera"][1][0]["ratio"] == MOST_ZOOM
    assert ["90" in report["warnings"][0], "9" in report["warnings"][1]] == [True, True]


def test_structured_motion_wins_over_words() -> None:
    motion = Motion(camera=(Move("tilt_up", 0.8), Move("pan_left", 0.2, degrees=20, seconds=1, easing=Easing.LINEAR)))
    scene, report = interpret(small_request("a lake, pan left --camera orbit-left", motion=motion, duration_seconds=5))
    assert [[step.move for step in part] for part in scene.segments] == [["tilt_up"], ["pan_left"]]
    assert report["cameraFrom"] == "motion"
    assert report["camera"][1] == [
        {"move": "pan_left", "strength": 0.2, "degrees": 20, "seconds": 1, "easing": "linear"}
    ]


def test_flags_win_over_sentences_and_unknown_ones_are_said() -> None:
    prompt = "a cinematic lake, pan left --camera orbit-left --style pixel-art --neg clouds, trees --seed 4"
    scene, report = interpret(small_request(prompt))
    assert [[step.move for step in part] for part in scene.segments] == [["orbit_left"]]
    assert (scene.style, scene.cloudiness, scene.trees) == (Style.PIXEL_ART, 0, False)
    assert report["cameraFrom"] == "flag"
    assert report["ignored"] == ["--seed"]
    assert "--seed" in report["warnings"][0]


def test_motion_intensity_scales_the_way() -> None:
    low, high = (interpret(small_request(motion_intensity=i))[0] for i in (MotionIntensity.LOW, MotionIntensity.HIGH))
    assert low.motion < 1 < high.motion


@pytest.mark.parametrize(
    ("prompt", "negative"),
    [("a lake with clouds", "clouds"), ("a lake without clouds", None), ("jezero brez oblakov", None),
     ("jezero", "oblaki, ljudje"), ("a lake, no people, cars or clouds, pan left", None), ("jezero, ni oblakov", None)],
)  # fmt: skip
def test_forbidden_clouds_are_gone(prompt: str, negative: str | None) -> None:
    scene, report = interpret(small_request(prompt, negative_prompt=negative))
    assert scene.cloudiness == 0
    assert scene.kind is SceneKind.LAKE
    assert report["excluded"]
    assert report["warnings"] == []


def test_negative_prompt_wins_over_the_prompt() -> None:
    prompt = "snowy foggy lake with trees, boats, rain, handheld pan left"
    negative = "trees, snow, fog, boats, rain, pan left, shaky camera"
    scene, _ = interpret(small_request(prompt, negative_prompt=negative))
    assert not scene.trees
    assert (scene.snow, scene.rain, scene.life) == (0, 0, frozenset())
    assert scene.haze < 0.1
    assert [step.move for part in scene.segments for step in part] == ["static"]


@pytest.mark.parametrize(
    ("prompt", "subject", "kind"),
    [("a dog running by a lake", "dog", SceneKind.LAKE), ("ženska ob jezeru", "ženska", SceneKind.LAKE),
     ("a castle on a hill", "castle", SceneKind.HILLS), ("pes teče po plaži", "pes", SceneKind.BEACH),
     ("most čez reko v mestu", "most", SceneKind.CITY), ("vas pod gorami", "vas", SceneKind.MOUNTAINS),
     ("grad na gori", "grad", SceneKind.MOUNTAINS), ("a llama on a beach", "llama", SceneKind.BEACH),
     ("spaceship above a planet", "spaceship", SceneKind.SPACE)],
)  # fmt: skip
def test_a_main_subject_that_cannot_be_drawn_is_named(prompt: str, subject: str, kind: SceneKind) -> None:
    scene, report = interpret(small_request(prompt))
    assert scene.kind is kind
    assert {f"“{subject}”", f"»{subject}«"} & set(report["warnings"][0].replace(",", "").replace(";", "").split())
    assert subject in report["ignored"]
    assert report["confidence"] < 0.8


def test_what_stands_beside_the_subject_is_left_out_and_said() -> None:
    _, report = interpret(small_request("a lake at dawn with a cabin and two people"))
    assert report["warnings"] == ["Studio cannot draw this and left it out: cabin, people."]


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [("qwertz zxcvb", SceneKind.ABSTRACT), ("žalost", SceneKind.ABSTRACT), ("a guitar", SceneKind.ABSTRACT),
     ("qwertz at sunset", SceneKind.LAKE), ("rain at night", SceneKind.LAKE), ("pan left", SceneKind.LAKE)],
)  # fmt: skip
def test_an_unknown_subject_falls_back_with_a_warning(prompt: str, kind: SceneKind) -> None:
    scene, report = interpret(small_request(prompt))
    assert scene.kind is kind
    assert report["warnings"]
    assert report["confidence"] <= 0.3


def test_what_the_chosen_place_does_not_show_is_said() -> None:
    _, report = interpret(small_request("a forest with a river and a planet"))
    assert report["warnings"] == ["These do not show in a forest and were left out: river, planet."]
    assert interpret(small_request("a canyon with a river"))[1]["warnings"] == []


@pytest.mark.parametrize(
    ("prompt", "unseen"),
    [("a planet in space with falling leaves and birds", {Life.LEAVES, Life.BIRDS}),
     ("a coral reef with fireflies and cherry blossoms", {Life.FIREFLIES, Life.PETALS}),
     ("abstract flowing silk with birds and dust", {Life.BIRDS, Life.DUST}),
     ("vesolje s planetom in kresnicami", {Life.FIREFLIES}), ("podvodni svet s pticami", {Life.BIRDS})],
)  # fmt: skip
def test_life_without_air_is_left_out_and_said(prompt: str, unseen: set[Life]) -> None:
    scene, report = interpret(small_request(prompt))
    (told,) = (item["values"] for item in report["warningCodes"] if item["code"] == "NOT_SHOWN_THERE")
    assert len(told["words"]) == len(unseen)
    assert not unseen & scene.life
    assert not unseen & set(report["life"])
    assert interpret(small_request("a reef with dust and bubbles"))[1]["warnings"] == []


def test_two_times_of_day_are_said_to_be_one() -> None:
    scene, report = interpret(small_request("a lake from sunset to night"))
    assert scene.time is TimeOfDay.SUNSET
    assert "night" in report["warnings"][0]


def test_a_picture_has_no_warnings_about_its_subject(tmp_path: Path) -> None:
    _, report = interpret(small_request("the dog runs, pan left", image_path=tmp_path / "dog.jpg"))
    assert report["scene"] == "picture"
    assert report["warnings"] == []
    assert report["camera"] == [[{"move": "pan_left", "strength": 0.5}]]


def test_report_is_json_and_complete() -> None:
    _, report = interpret(small_request())
    assert json.loads(json.dumps(report)) == report
    assert report["understood"] == ["serene", "landscape", "mountains", "lake", "sunset"]
    assert report["ignored"] == []
    assert report["warnings"] == []
    assert report["languages"] == ["en"]
    assert {"weather", "style", "mood", "life", "features", "speed", "loop", "confidence"} <= set(report)


# words that mean one thing in one language and another, or nothing, in the other
FALSE_FRIENDS = [
    ("more clouds over the most beautiful hills", {"hills", "more clouds"}),
    ("a grad student, a pot and a vas on the table", {"table"}),
    ("to do: pan left on a dim lake", {"lake", "pan"}),
    ("the more the better, no slap, rose petals in a bay", {"petals", "bay"}),
    ("morje in gore", {"morje", "gore"}),
    ("most čez reko, na desni grad in vas", {"most", "reko", "grad", "vas"}),
    ("bor ob morju, bori na gori", {"bor", "morju", "bori", "gori"}),
    ("mesto s stolpom in mostom", {"mesto", "stolpom", "mostom"}),
    ("nad mestom megla, v mestnih ulicah dež", {"mestom", "megla", "mestnih", "ulicah", "dež"}),
    ("jezero at sunset, slow pan left", {"jezero", "sunset", "slow", "pan"}),
]


@pytest.mark.parametrize(("prompt", "words"), FALSE_FRIENDS)
def test_words_of_one_language_do_not_misfire_in_the_other(prompt: str, words: set[str]) -> None:
    said = {mention.text for mention in read_words(prompt).found}
    assert said - {"rose"} == words


def forms(word: Word) -> list[str]:
    """The phrase as it stands in a text, with every ending that it takes."""
    endings = sorted(ENDINGS[word.language]) if "+" in word.phrase else [""]
    return [" ".join(part[:-1] + end if part.endswith("+") else part.rstrip("*") for part in word.parts)
            for end in endings]  # fmt: skip


def said_alone(word: Word, form: str) -> tuple[str, str]:
    """A form with what a camera verb needs beside it, and the move that it then is."""
    if word.field != "verb":
        return form, ""
    verb: moves.Verb = word.value
    words = {way: text for text, way in reversed(moves.DIRECTIONS[word.language].items())}
    way = next((way for way in verb.ways if way in words), "") if verb.alone is None else ""
    camera = {Language.ENGLISH: "camera ", Language.SLOVENIAN: "kamera "}[word.language] if verb.needs_camera else ""
    return f"{camera}{form} {words.get(way, '')}".strip(), verb.ways.get(way, verb.alone or "")


def test_every_phrase_of_every_table_says_its_own_value() -> None:
    wrong = []
    for word in TABLES:
        for form in forms(word):
            text, move = said_alone(word, form)
            found = read_words(text, (word.language,)).found
            got = [(mention.field, mention.move or mention.value) for mention in found]
            want = [] if word.field == "quiet" else [(word.field, move or word.value)]
            if got != want:
                wrong.append((word.phrase, text, got))
    assert wrong == []


def test_every_move_has_words_and_every_word_a_move() -> None:
    said = {move for word in moves.VERBS for move in (word.value.alone, *word.value.ways.values()) if move}
    assert said == {move.value for move in CameraMove}


@pytest.mark.parametrize(
    ("prompt", "has_palms", "is_warned"),
    [("a tropical beach", True, False), ("plaža s palmami", True, False), ("tropska plaža ob zori", True, False),
     ("palm trees at sunset", True, False), ("a tropical beach without palms", False, False),
     ("a tropical beach, no trees", False, False), ("a beach", False, False), ("a tropical forest", False, False),
     ("a mountain lake with palms", True, True), ("a city with palms", True, False)],
)  # fmt: skip
def test_palms_are_read_from_both_languages_and_from_the_climate(prompt: str, has_palms: bool, is_warned: bool) -> None:
    scene, report = interpret(small_request(prompt))
    assert (Feature.PALMS in scene.features) is has_palms
    assert ("NOT_SHOWN_THERE" in [item["code"] for item in report["warningCodes"]]) is is_warned
    assert interpret(small_request("palm trees at sunset"))[0].kind is SceneKind.BEACH


@pytest.mark.parametrize(
    ("prompt", "rig"),
    [("a lake with a sailing boat", Feature.SAILS), ("jezero z jadrnico", Feature.SAILS),
     ("a rowboat on the sea", Feature.OARS), ("kanu na jezeru", Feature.OARS), ("a boat on a lake", None)],
)  # fmt: skip
def test_a_boat_is_driven_as_its_word_says(prompt: str, rig: Feature | None) -> None:
    scene, _ = interpret(small_request(prompt))
    assert scene.features & {Feature.SAILS, Feature.OARS} == ({rig} if rig else set())
