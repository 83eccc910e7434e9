"""The guarantee: a style is seen, holds still where the scene does, and is the same for the same seed."""

from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import cv2
import numpy as np
import pytest

from doitong.catalogue.model import Quality, Version
from doitong.engines.studio import stage as stages
from doitong.engines.studio.land.painter import LandPainter
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.scene import CameraStep, Mood, Scene, SceneKind, Style, TimeOfDay
from doitong.engines.studio.stage import Stage
from doitong.engines.studio.style import STYLES

LEVEL = replace(level_of(Version.GEN_2, Quality.STANDARD), columns=200, rows=160)
SCENE = Scene(SceneKind.HILLS, TimeOfDay.NOON, segments=((CameraStep("static"),),), seed=5, wind=0.0)
Frame = tuple[np.ndarray, np.ndarray, np.ndarray]


@cache
def land(copy: int) -> LandPainter:
    """What lies under every style and mood alike: they are laid over it, and it is what takes long to build."""
    return LandPainter(SCENE, LEVEL, 320, 180)


@lru_cache(maxsize=4)
def stage(style: Style, mood: Mood, copy: int) -> Stage:
    def painter_of(kind: SceneKind) -> Any:
        return lambda *_: land(copy)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "painter_of", painter_of)
        return Stage(replace(SCENE, style=style, mood=mood), LEVEL, 320, 180)


def draw(number: int = 0, style: Style = Style.NATURAL, mood: Mood = Mood.NEUTRAL, copy: int = 1) -> Frame:
    return stage(style, mood, copy).frame(number, 24, number / 24)


def rgb(frame: Frame) -> np.ndarray:
    y, u, v = frame
    stacked = np.vstack([y, u.reshape(-1, 320), v.reshape(-1, 320)])
    return cv2.cvtColor(stacked, cv2.COLOR_YUV2RGB_I420)


@pytest.mark.parametrize("style", STYLES)
def test_a_style_is_seen_and_holds_still(style: Style) -> None:
    plain, styled, later = draw(0), draw(0, style), draw(1, style)
    assert np.abs(rgb(plain).astype(int) - rgb(styled).astype(int)).mean() > 6
    assert rgb(styled).std() > 15  # still a picture
    assert np.abs(rgb(styled).astype(int) - rgb(later).astype(int)).mean() < 5


@pytest.mark.parametrize("style", [Style.PIXEL_ART, Style.VINTAGE, Style.WATERCOLOUR])
def test_the_same_seed_gives_the_same_style(style: Style) -> None:
    for one, other in zip(draw(3, style), draw(3, style, copy=2), strict=True):
        np.testing.assert_array_equal(one, other)


def test_noir_has_no_colour() -> None:
    _, u, v = draw(0, Style.NOIR)
    assert abs(u.astype(int) - 128).max() <= 1
    assert abs(v.astype(int) - 128).max() <= 1


def test_a_cyanotype_is_prussian_blue_on_paper() -> None:
    print_ = rgb(draw(0, Style.CYANOTYPE)).astype(int)
    red, green, blue = print_[20:160, 20:300].reshape(-1, 3).T
    is_ink = red < 120
    assert is_ink.mean() > 0.2
    assert (blue[is_ink] > green[is_ink]).all()
    assert (green[is_ink] > red[is_ink]).all()
    assert blue[is_ink].min() > 70  # the deepest tone is blue, not black
    assert print_[:2, :2].min() > 190  # the brush does not reach the sheet's corners


def test_pixel_art_is_blocks_of_few_colours() -> None:
    luma = draw(0, Style.PIXEL_ART)[0]
    np.testing.assert_array_equal(luma[::2], luma[1::2])  # blocks of two at this size
    assert len(np.unique(luma)) <= 28


@pytest.mark.parametrize(("mood", "is_so"), [
    (Mood.WARM, lambda now, was: now[..., 0].mean() - now[..., 2].mean() > was[..., 0].mean() - was[..., 2].mean() + 5),
    (Mood.COLD, lambda now, was: now[..., 0].mean() - now[..., 2].mean() < was[..., 0].mean() - was[..., 2].mean() - 5),
    (Mood.DARK, lambda now, was: now.mean() < was.mean() * 0.9),
    (Mood.MUTED, lambda now, was: np.ptp(now, axis=2).mean() < np.ptp(was, axis=2).mean() * 0.8),
    (Mood.VIVID, lambda now, was: np.ptp(now, axis=2).mean() > np.ptp(was, axis=2).mean() * 1.15),
])  # fmt: skip
def test_a_mood_changes_the_light(mood: Mood, is_so) -> None:  # type: ignore[no-untyped-def]  # a measure of two pictures
    assert is_so(rgb(draw(0, mood=mood)).astype(float), rgb(draw(0)).astype(float))
