"""The guarantee: what Studio could not do is said in the reader's language, by a code that programs can rely on."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from doitong.engines.port import Motion
from doitong.engines.studio import notices
from doitong.engines.studio.camera import MOST_DEGREES
from doitong.engines.studio.notices import SMOOTH_DEPTH, TEXTS, add_notices, notice, translate
from doitong.engines.studio.picture.masks import named_kinds
from doitong.engines.studio.reading.interpretation import interpret
from doitong.engines.studio.scene import SceneKind, TimeOfDay
from tests.studio.films import small_request

PAIRS = [
    ("A woman walks through a forest at dawn", "Ženska se ob zori sprehaja skozi gozd", "SUBJECT_UNDRAWN"),
    ("a guitar", "kitara", "SUBJECT_UNDRAWN_NO_PLACE"),
    ("a llama on a beach", "lama na plaži", "SUBJECT_UNKNOWN"),
    ("a quixotic zebu", "čudaški zebu", "SUBJECT_UNKNOWN_NO_PLACE"),
    ("slowly", "počasi", "PLACE_MISSING"),
    ("a forest with a river", "gozd z reko", "NOT_SHOWN_THERE"),
    ("a lake at dawn with a cabin", "jezero ob zori s kočo", "LEFT_OUT"),
    ("a lake from sunset to night", "jezero od sončnega zahoda do noči", "ONE_TIME_OF_DAY"),
    ("a lake --speed 3", "jezero ob jutru --hitrost 3", "UNKNOWN_FLAGS"),
    ("a lake, pan right 90 degrees", "jezero, zasuk desno za 90 stopinj", "TURN_LIMITED"),
    ("a lake, zoom in 9x", "jezero, zum 9x", "ZOOM_LIMITED"),
    ("a lake, pan left in 9 seconds", "jezero, zasuk levo 9 sekund", "MOVES_FITTED"),
]


@pytest.mark.parametrize(("english", "slovenian", "code"), PAIRS)
def test_a_warning_is_in_the_language_of_the_prompt_and_can_be_read_in_the_other(
    english: str, slovenian: str, code: str
) -> None:
    for prompt, own, other in ((english, "en", "sl"), (slovenian, "sl", "en")):
        _, report = interpret(small_request(prompt))
        place = [item["code"] for item in report["warningCodes"]].index(code)
        values = report["warningCodes"][place]["values"]
        assert report["warnings"][place] == notice(code, **values).text(own)
        assert translate(report, own) == report
        foreign = translate(report, other)
        assert foreign["warnings"][place] == notice(code, **values).text(other) != report["warnings"][place]
        assert translate(foreign, own) == report


@pytest.mark.parametrize("code", TEXTS)
def test_both_texts_hold_the_same_values(code: str) -> None:
    names = [set(re.findall(r"{(\w+)}", text)) for text in (TEXTS[code].en, TEXTS[code].sl)]
    assert names[0] == names[1]


def test_every_place_hour_and_turn_has_its_words() -> None:
    assert set(notices._PLACES) == {str(kind) for kind in SceneKind}
    assert set(notices._TIMES) == {str(time) for time in TimeOfDay}
    assert set(notices._MOVES) == {move.replace("_", " ") for move in MOST_DEGREES}
    things = ("waterfall", "river", "water", "clouds", "smoke", "trees")
    assert set(notices._THINGS) == {kind for thing in things for kind in named_kinds(thing)}


def test_brushes_without_a_picture_are_told_in_slovenian() -> None:
    motion = Motion(brushes=({"polygon": [[0, 0], [1, 0], [1, 1]], "direction": 0, "speed": 1, "mode": "flow"},))
    _, report = interpret(small_request("jezero ob zori", motion=motion))
    assert report["warnings"] == [TEXTS["BRUSHES_NEED_PICTURE"].sl]


def test_numbers_read_as_each_language_writes_them() -> None:
    limited = notice("ZOOM_LIMITED", given=2.5, asked=9.0)
    assert "2.5 times" in limited.text("en")
    assert "2,5-krat" in limited.text("sl")
    assert "9 were" in limited.text("en")


def test_a_report_from_before_there_were_codes_stays_as_it_is() -> None:
    old: Mapping[str, Any] = {"languages": ["sl"], "warnings": ["Studio cannot draw this."]}
    assert translate(old, "sl") == old
    unknown: dict[str, Any] = {"languages": ["sl"]}
    add_notices(unknown, [notice("PLACE_MISSING", place="forest")])
    unknown["warningCodes"][0]["code"] = "FROM_A_LATER_VERSION"
    assert translate(unknown, "en") == unknown


def test_the_note_of_a_smooth_depth_is_translated_too() -> None:
    report: dict[str, Any] = {"languages": ["en"], "picture": {"depth": "smooth fallback", "note": SMOOTH_DEPTH.en}}
    assert translate(report, "sl")["picture"]["note"] == SMOOTH_DEPTH.sl
    assert translate(translate(report, "sl"), "en") == report
    assert translate({"picture": {"depth": "estimated"}}, "sl") == {"picture": {"depth": "estimated"}}
