"""The guarantee: the pages for artists are true. Their prompts are the pictures' own and mean the same in both
languages; what they list is what Studio knows."""

import re
from pathlib import Path

import pytest
from gallery.stills import STILLS, Still

from doitong.catalogue.model import CameraMove
from doitong.engines.studio.camera import MOST_DEGREES, ORDINARY_DEGREES, family
from doitong.engines.studio.reading.interpretation import interpret
from doitong.engines.studio.reading.text import read_words
from doitong.engines.studio.scene import Life, Mood, Scene, SceneKind, Season, Style, TimeOfDay
from tests.studio.films import small_request

DOCS = Path(__file__).parents[2] / "docs"
ENGLISH, SLOVENIAN = ((DOCS / name).read_text() for name in ("studio.md", "studio.sl.md"))
ROW = re.compile(r"^\| !\[[^\]]+\]\(images/studio/([\w-]+)\.jpg\) \|.*\| (.+) \((\d+)\) \|$", re.MULTILINE)
CELLS = re.compile(r"^\| ([^|`!-][^|]*) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
PLACES = [name for name, still in STILLS.items() if isinstance(still, Still) and f"/{name}.jpg" in ENGLISH]


def prompts(page: str) -> dict[str, tuple[str, int]]:
    return {name: (prompt, int(seed)) for name, prompt, seed in ROW.findall(page)}


def scene_of(prompt: str) -> Scene:
    return interpret(small_request(prompt))[0]


@pytest.mark.parametrize("place", PLACES)
def test_a_prompt_beside_a_picture_is_the_one_it_was_made_of(place: str) -> None:
    still = STILLS[place]
    assert isinstance(still, Still)
    assert prompts(ENGLISH)[place] == (still.prompt, still.seed)
    slovenian, seed = prompts(SLOVENIAN)[place]
    assert (scene_of(slovenian), seed) == (scene_of(still.prompt), still.seed)


def test_every_place_has_its_picture() -> None:
    assert {scene_of(STILLS[place].prompt).kind for place in PLACES} == set(SceneKind)  # type: ignore[union-attr]


@pytest.mark.parametrize("enum", [TimeOfDay, Mood, Style, Life])
def test_what_a_table_lists_is_understood(enum: type) -> None:
    """The first word of the second cell of a row means what its first cell says."""
    rows = {name: said for name, said, _ in CELLS.findall(ENGLISH)}
    rows |= {name: said for name, said in re.findall(r"^\| ([\w ]+) \| ([^|]+) \| [^|]+ \| [^|]+ \|$", ENGLISH, re.M)}
    field = {TimeOfDay: "time", Mood: "mood", Style: "style", Life: "life"}[enum]
    for value in set(enum) - {Mood.NEUTRAL, Life.FISH, Life.BUBBLES}:  # these two share a row
        for phrase in re.sub(r"\(.*?\)", "", rows[value]).split(","):
            assert read_words(phrase).first(field) == value, phrase


@pytest.mark.parametrize("page", [ENGLISH, SLOVENIAN])
def test_the_camera_table_is_the_cameras(page: str) -> None:
    listed = {name for row in re.findall(r"^\| (`.*?`) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert {move.value for move in CameraMove} <= listed
    for kind, ordinary in ORDINARY_DEGREES.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{kind}_"))
        assert row.endswith(f"| {ordinary:g}° | {MOST_DEGREES[family(kind + '_left')]:g}° |")


def test_seasons_are_understood_in_both_languages() -> None:
    for page, column in ((ENGLISH, 1), (SLOVENIAN, 1)):
        row = re.search(r"^\| (?:season|letni čas) \| ([^|]+)", page, re.MULTILINE)
        assert row is not None
        said = re.sub(r"\(.*?\)", "", row[column]).split(",")
        assert [read_words(word).first("season") for word in said] == list(Season)
