"""The guarantee: the sky shows the weather that was asked for, at any moment alone, and never flashes too often."""

import math
from itertools import pairwise

import numpy as np
import pytest

from doitong.catalogue.model import Quality, Version
from doitong.engines.studio.air.cumulus import Cumulus, model_strip
from doitong.engines.studio.air.deck import Deck, DeckKind
from doitong.engines.studio.air.light import light_of
from doitong.engines.studio.air.lightning import Lightning
from doitong.engines.studio.air.particles import Swarm
from doitong.engines.studio.air.sky import Sky
from doitong.engines.studio.air.snow import Snow
from doitong.engines.studio.air.weather import Weather
from doitong.engines.studio.camera import Lens, Pose, Rig
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.scene import Feature, Scene, SceneKind, TimeOfDay
from doitong.engines.studio.stage import Stage

LENS = Lens(320, 100, 326.0, 98.0)
RIG = Rig(13, 85, 3200, 0.58)
NOON, NIGHT = TimeOfDay.NOON, TimeOfDay.NIGHT


def sky_of(scene: Scene) -> Sky:
    return Sky(scene, light_of(scene), 0.15)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_cumulus_hides_the_share_of_the_sky_that_was_asked_for(share: float) -> None:
    clouds = Cumulus(np.random.default_rng(3), share, 1.0, 0.6, 1.0, is_fine=False)
    assert abs(float(clouds.draw(Pose(), LENS, 0.0).cover.mean()) - share) < 0.06


def test_cumulus_modelled_coarsely_are_the_same_clouds() -> None:
    fine, coarse = (model_strip(np.random.default_rng(3), 1.0, 0.6, step).astype(np.float32) for step in (1, 2))
    shrunk = fine.reshape(coarse.shape[0], 2, coarse.shape[1], 2, 4).mean(axis=(1, 3))
    for channel in range(2):
        assert float(np.abs(shrunk - coarse)[..., channel].mean()) < 255 * 0.03
        assert float(np.corrcoef(shrunk[..., channel].ravel(), coarse[..., channel].ravel())[0, 1]) > 0.95


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_layer_hides_the_share_of_its_plane_that_was_asked_for(share: float) -> None:
    deck = Deck(np.random.default_rng(3), DeckKind.STRATOCUMULUS, share, 0.1, 1.0)
    assert abs(float((deck._tiles[0][..., 0] > 0).mean()) - share) < 0.02


@pytest.mark.parametrize(
    "scene",
    [
        Scene(SceneKind.SEA, TimeOfDay.SUNSET, seed=12),
        Scene(SceneKind.SEA, NOON, cloudiness=1.0, lightning=1.0, seed=3),
        Scene(SceneKind.SEA, NIGHT, aurora=1.0, seed=3),
        Scene(SceneKind.SEA, NOON, features=frozenset({Feature.RAINBOW}), haze=0.9, seed=3),
    ],
)
def test_a_moment_needs_no_other_and_may_lie_before_the_beginning(scene: Scene) -> None:
    sky = sky_of(scene)
    first = sky.draw(Pose(), LENS, -3.0)
    sky.draw(Pose(yaw=0.2), LENS, 9.0)
    for one, again, other in zip(
        first, sky.draw(Pose(), LENS, -3.0), sky_of(scene).draw(Pose(), LENS, -3.0), strict=True
    ):
        assert one.dtype == np.float32
        assert np.isfinite(one).all()
        assert one.min() >= 0
        assert np.array_equal(one, again)
        assert np.array_equal(one, other)


def test_clouds_drift_and_a_time_lapse_moves_them_more() -> None:
    sky = sky_of(Scene(SceneKind.SEA, NOON, seed=12))
    start, soon, late = (sky.draw(Pose(), LENS, seconds)[0] for seconds in (0.0, 1.0, 60.0))
    assert 0 < np.abs(soon - start).mean() < 0.5 * np.abs(late - start).mean()


def test_weather_takes_the_light_away() -> None:
    clear, overcast, storm = (
        sum(light_of(Scene(SceneKind.SEA, NOON, cloudiness=cloudiness, lightning=lightning)).sun)
        for cloudiness, lightning in ((0.4, 0.0), (1.0, 0.0), (1.0, 1.0))
    )
    assert overcast < 0.5 * clear
    assert storm < overcast


def test_lightning_is_safe_for_eyes() -> None:
    """WCAG 2.3.1: no more than three flashes in any second, a time-lapse included."""
    for time_scale in (1.0, 60.0):
        lightning = Lightning(Scene(SceneKind.SEA, NIGHT, lightning=1.0, seed=4, time_scale=time_scale))
        bright = []
        for frame in range(-48, 24 * 40):
            strike = lightning.strike(frame / 24 * time_scale)
            bright.append(strike.flash if strike else 0.0)
        rises = [
            b > a + 0.02 and (i < 2 or bright[i - 1] <= bright[i - 2]) for i, (a, b) in enumerate(pairwise(bright), 1)
        ]
        assert 6 < sum(rises) < 40
        assert max(sum(rises[i : i + 24]) for i in range(len(rises))) <= 3


def test_rain_falls_and_near_things_pass_faster() -> None:
    swarm = Swarm(np.random.default_rng(1), RIG, 4000, 1.0, 10.0, -5.0, 5.0)
    before, after = swarm.at(Pose(y=13), LENS, 0.0, 0.0, 0.0), swarm.at(Pose(y=13), LENS, 0.0, -0.05, 0.0)
    both, mine, theirs = np.intersect1d(before.number, after.number, return_indices=True)
    assert both.size > 50
    assert np.median(after.y[theirs] - before.y[mine]) > 0
    moved = swarm.at(Pose(x=10.0, y=13), LENS, 0.0, 0.0, 0.0)
    _, mine, theirs = np.intersect1d(before.number, moved.number, return_indices=True)
    shift, depth = moved.x[theirs] - before.x[mine], before.depth[mine]
    assert np.median(shift) < 0  # to the right goes the camera, to the left the flakes
    assert np.median(np.abs(shift[depth < 4])) > 1.5 * np.median(np.abs(shift[depth > 7]))


@pytest.mark.parametrize(("rain", "snowfall"), [(1.0, 0.0), (0.0, 1.0)])
def test_what_falls_shows_and_never_stands_still(rain: float, snowfall: float) -> None:
    overlay = Weather(Scene(SceneKind.SEA, NOON, seed=3, rain=rain, snowfall=snowfall), RIG, 180, is_fine=True)
    frames = []
    for seconds in (1.0, 1.05):
        planes = tuple(np.full((180, 320), 0.3, np.float32) for _ in range(3))
        overlay.lay((planes[0], planes[1], planes[2]), Pose(y=13), Lens(320, 180, 326.0, 98.0), seconds)
        frames.append(planes[1])
    assert frames[0].std() > 0.003
    assert np.abs(frames[1] - frames[0]).mean() > 0.001


def test_an_aurora_is_green_and_mirrored() -> None:
    scene = Scene(SceneKind.LAKE, NIGHT, aurora=1.0, seed=2)
    for disc in (True, False):  # a mirror draws the sky without its disc
        red, green, blue = sky_of(scene).draw(Pose(), LENS, 2.0, disc=disc)
        lit = green > np.quantile(green, 0.9)
        assert green[lit].mean() > 1.3 * max(red[lit].mean(), 0.7 * blue[lit].mean())


def test_fog_takes_far_things_and_leaves_near_ones() -> None:
    level = level_of(Version.GEN_2, Quality.STANDARD)
    seen = []
    for haze in (0.2, 1.0):
        stage = Stage(Scene(SceneKind.DUNES, NOON, seed=5, haze=haze, cloudiness=0.0), level, 320, 180)
        green = stage.light(stage.path.pose(0.5), 0.0)[1]
        horizon = math.floor(green.shape[0] * stage._painter.rig.horizon)
        seen.append((green[horizon - 3 : horizon + 2].std(), green[-25:].std()))
    (far, near), (far_in_fog, near_in_fog) = seen
    assert far_in_fog < 0.5 * far
    assert near_in_fog > 0.25 * near


def test_near_flakes_are_larger_and_fainter_than_far_ones_and_gusts_come_and_go() -> None:
    """Depth in snowfall: the nearer a flake, the larger its disc, the more it is spread out, the farther it goes."""
    lens, pose, size = Lens(640, 360, 652.8, 200.0), Pose(y=13), (360, 640)
    scene = Scene(SceneKind.HILLS, NOON, seed=3, snowfall=1.0)
    snow = Snow(np.random.default_rng(1), scene, RIG, 1.0, 1.5)
    gust = snow._gust(1.0)
    layers = [snow._flakes(swarm, shrink, size, pose, lens, gust, 1.0) for swarm, shrink in snow._air]
    middle, near = (layer / layer.max() for layer in layers)
    assert layers[1].max() < layers[0].max()
    fine = [float(np.abs(np.diff(layer, axis=1)).mean() / layer.mean()) for layer in (middle, near)]
    assert fine[0] > 1.5 * fine[1], "what is near is as sharp as what is far"
    speeds = [snow._gust(at).speed for at in np.arange(0, 6, 0.25)]
    assert min(speeds) < 0.5 * max(speeds)
    ways = [snow._gust(at).way for at in (0.0, 0.01)]
    assert abs((ways[1] - ways[0]) / 0.01 - snow._gust(0.005).speed) < 0.02  # the wind's way is its speed summed up


def test_sheets_of_far_flakes_have_no_seam() -> None:
    scene = Scene(SceneKind.HILLS, NOON, seed=3, snowfall=1.0)
    snow = Snow(np.random.default_rng(1), scene, RIG, 1.0, 1.5)
    snow.prepare(180)
    for sheet in snow._sheets[180]:
        side = sheet.shape[0] // 2
        whole = sheet[:side, :side].astype(float)
        seam = np.abs(whole[:, 0] - whole[:, -1]).mean() + np.abs(whole[0] - whole[-1]).mean()
        usual = np.abs(np.diff(whole, axis=1)).mean() + np.abs(np.diff(whole, axis=0)).mean()
        assert seam < 1.6 * usual


def test_snow_in_the_air_hides_far_hills() -> None:
    views = [light_of(Scene(SceneKind.HILLS, NOON, snowfall=amount)).haze_metres for amount in (0.0, 0.3, 0.6, 1.0)]
    assert views == sorted(views, reverse=True)
    assert views[2] < 0.3 * views[0]
