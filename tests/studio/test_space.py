"""The guarantees: space has depth (stars stay, planets move), the sun lights one side, every feature is seen."""

from functools import cache

import numpy as np
import pytest

from doitong.catalogue.model import Quality, Version
from doitong.engines.studio.camera import Lens, Pose, focal_length
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.scene import Feature, Scene, SceneKind, TimeOfDay
from doitong.engines.studio.space.painter import SpacePainter

LEVEL = level_of(Version.GEN_2, Quality.STANDARD)
WIDTH, HEIGHT = 320, 180


@cache
def frame(scene: Scene, pose: Pose, size: tuple[int, int] = (WIDTH, HEIGHT)) -> np.ndarray:
    painter = SpacePainter(scene, LEVEL, *size)
    lens = Lens(*size, focal_length(*size), size[1] * painter.rig.horizon)
    return np.stack(painter.light(pose, lens, 0.5))


def space(time: TimeOfDay = TimeOfDay.MORNING, *features: Feature) -> Scene:
    return Scene(SceneKind.SPACE, time, features=frozenset(features), seed=3)


def centre_of_disc(picture: np.ndarray) -> float:
    bright = picture[1] > 0.35
    return float(np.nonzero(bright)[1].mean())


def test_a_planet_moves_against_the_stars() -> None:
    scene = space(TimeOfDay.NOON, Feature.PLANET)
    here, there = (frame(scene, Pose(x=x, y=1.0)) for x in (0.0, 0.9))
    shift = centre_of_disc(here) - centre_of_disc(there)
    assert shift > 0.9 / 9.5 * focal_length(WIDTH, HEIGHT) * 0.7
    corner = slice(0, 12)
    assert np.corrcoef(here[2, corner, :60].ravel(), there[2, corner, :60].ravel())[0, 1] > 0.25  # stars stay


def test_the_sun_lights_one_side_of_a_planet() -> None:
    painter = SpacePainter(space(TimeOfDay.GOLDEN_HOUR, Feature.PLANET), LEVEL, WIDTH, HEIGHT)
    lens = Lens(WIDTH, HEIGHT, focal_length(WIDTH, HEIGHT), HEIGHT / 2)
    picture = np.stack(painter.light(Pose(y=1.0), lens, 0.0))
    globe = painter._globes[0]
    middle = round(WIDTH / 2 + globe.spot[0] / globe.spot[2] * lens.focal)
    side = int(np.sign(painter._sun.way[0])) * round(globe.radius / globe.spot[2] * lens.focal * 0.6)
    row = slice(HEIGHT // 2 - 10, HEIGHT // 2 + 10)
    lit, dark = (picture[1, row, middle + way * side - 4 : middle + way * side + 4].mean() for way in (1, -1))
    assert lit > 6 * dark


@pytest.mark.parametrize("feature", [Feature.PLANET, Feature.RINGS, Feature.NEBULA, Feature.GALAXY])
def test_every_feature_changes_the_picture(feature: Feature) -> None:
    others = [frame(space(TimeOfDay.MORNING, *features), Pose(y=1.0)) for features in ((), (feature,))]
    assert np.abs(others[0] - others[1]).mean() > 0.01
    assert others[1].std() > 0.02


def test_dawn_is_a_sunrise_over_the_edge_of_a_planet() -> None:
    picture = frame(space(TimeOfDay.DAWN), Pose(y=1.0))
    assert picture[0].max() > 5  # the sun
    row, _ = np.unravel_index(int(picture[0].argmax()), picture[0].shape)
    assert HEIGHT * 0.3 < row < HEIGHT * 0.85
    assert picture[0, -12:].mean() < picture[0, row - 20 : row].mean()  # the planet below is dark


@pytest.mark.parametrize("size", [(180, 320), (240, 240), (320, 180)])
def test_every_shape_of_frame_is_filled_in_single_precision(size: tuple[int, int]) -> None:
    picture = frame(space(TimeOfDay.NIGHT, Feature.RINGS), Pose(y=1.0), size)
    assert picture.shape == (3, size[1], size[0])
    assert picture.dtype == np.float32
    assert np.isfinite(picture).all()
    assert (picture.max(axis=0) < 0.004).mean() < 0.2
