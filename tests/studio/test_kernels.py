"""The guarantee: a loop in C draws what the numpy beside it draws, and whoever has a compiler has the loops."""

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from doitong.catalogue.model import Version
from doitong.engines.studio.kernels import at, load_library, loops
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.reading.interpretation import interpret
from doitong.engines.studio.stage import Stage
from tests.studio.films import small_request

LEAST_PSNR = 52.0  # decibels: rounding, and single pixels on outlines


@pytest.fixture
def without_loops(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A call that leaves numpy alone with the work."""

    def take_away() -> None:
        for name, module in list(sys.modules.items()):
            if name.startswith("doitong.engines.studio.") and getattr(module, "loops", None) is loops:
                monkeypatch.setattr(module, "loops", None)

    return take_away


def test_the_loops_are_compiled_where_there_is_a_compiler() -> None:
    assert (load_library() is not None) == any(map(shutil.which, ("cc", "gcc", "clang")))


@pytest.mark.parametrize(
    ("prompt", "version"),
    [
        ("a lake between mountains at sunset", Version.GEN_4),
        ("a lake between mountains at noon with scattered clouds, pan right", Version.GEN_2),
        ("an overcast lake in the rain", Version.GEN_3),
        ("a night sky full of stars with aurora over a lake", Version.GEN_4),
        ("a canyon in the evening, roll left", Version.GEN_2),
        ("a country road with trees, dolly in", Version.GEN_4),
        ("a stormy sea with big waves at dusk", Version.GEN_4),
        ("a tropical beach with palm trees at noon, pan right", Version.GEN_4),
        ("an autumn forest with sun rays", Version.GEN_4),
        ("a dark forest at night with fireflies", Version.GEN_2),
        ("a coral reef with fish, sun rays", Version.GEN_4),
        ("a city skyline at night in the rain", Version.GEN_4),
        ("a city at noon, orbit right", Version.GEN_2),
        ("a city in heavy snow", Version.GEN_3),
    ],
)
def test_a_frame_is_the_same_with_and_without_loops(prompt: str, version: Version, without_loops: Any) -> None:
    request = small_request(prompt, version=version, width=480, height=272)
    scene, _ = interpret(request)
    stage = Stage(scene, level_of(version, request.quality), request.width, request.height)
    frames = [stage.frame(number, 24, number / 24) for number in (0, 13)]
    without_loops()
    for with_them, number in zip(frames, (0, 13), strict=True):
        for plane, other in zip(with_them, stage.frame(number, 24, number / 24), strict=True):
            error = np.mean((plane.astype(np.float64) - other) ** 2)
            assert 10 * np.log10(255**2 / max(error, 1e-9)) > LEAST_PSNR


def test_a_loop_refuses_a_part_of_an_array_and_another_type() -> None:
    whole = np.zeros((4, 4), np.float32)
    assert at(whole).value == whole.ctypes.data
    for wrong in (whole[:, :2], whole.astype(np.float64)):
        with pytest.raises(ValueError, match="whole array of float32"):
            at(wrong)


def test_no_loop_is_forgotten_by_the_build() -> None:
    kernels = Path("src/doitong/engines/studio/kernels")
    built = Path("pyproject.toml").read_text()
    assert [path.name for path in kernels.glob("*.c") if str(path) not in built] == []
