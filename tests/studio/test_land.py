"""Land of every kind: drawable at every hour and level, with true parallax, and never with holes in it."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from doitong.catalogue.model import Quality, Version
from doitong.engines.studio.air.light import light_of
from doitong.engines.studio.arrays import Planes
from doitong.engines.studio.camera import CameraPath, Lens, Pose, focal_length
from doitong.engines.studio.land.landforms import landform_of
from doitong.engines.studio.land.painter import LandPainter, shrunk
from doitong.engines.studio.land.planting import cast_plants
from doitong.engines.studio.land.stand import Place
from doitong.engines.studio.land.swell import Swell
from doitong.engines.studio.levels import Level, level_of
from doitong.engines.studio.scene import CameraStep, Feature, Life, Scene, SceneKind, Season, TimeOfDay
from doitong.engines.studio.stage import Stage

_WIDTH, _HEIGHT = 320, 180
_KINDS = (
    SceneKind.BEACH, SceneKind.ISLANDS, SceneKind.CANYON, SceneKind.SNOWFIELD, SceneKind.FIELD, SceneKind.ROAD,
    SceneKind.SEA, SceneKind.LAKE, SceneKind.HILLS,
)  # fmt: skip


def _level(version: Version) -> Level:
    """Land of a third of the points either way: enough for pictures as small as these."""
    level = level_of(version, Quality.STANDARD)
    return replace(level, columns=level.columns // 3, rows=level.rows // 3)


def _painter(scene: Scene, version: Version = Version.GEN_2, size: tuple[int, int] = (_WIDTH, _HEIGHT)) -> LandPainter:
    return LandPainter(scene, _level(version), *size)


def _light(painter: LandPainter, pose: Pose, seconds: float = 0.0, size: tuple[int, int] = (_WIDTH, _HEIGHT)) -> Planes:
    width, height = size
    lens = Lens(width, height, focal_length(width, height) * pose.zoom, height * painter.rig.horizon)
    return painter.light(pose, lens, seconds)


def _eye(painter: LandPainter, x: float = 0.0, z: float = 0.0) -> Pose:
    return Pose(x=x, y=painter.floor + painter.rig.camera_height, z=z)


@cache
def _golden(kind: SceneKind) -> Stage:
    return Stage(Scene(kind, TimeOfDay.GOLDEN_HOUR, seed=5), _level(Version.GEN_2), _WIDTH, _HEIGHT)


@cache
def _golden_light(kind: SceneKind) -> Planes:
    painter = _golden(kind)._painter
    assert isinstance(painter, LandPainter)
    return _light(painter, _eye(painter), 1.5)


@pytest.mark.parametrize("kind", _KINDS)
def test_every_kind_is_drawn_in_full_and_in_single_precision(kind: SceneKind) -> None:
    for plane in _golden_light(kind):
        assert (plane.dtype, plane.shape) == (np.float32, (_HEIGHT, _WIDTH))
        assert np.isfinite(plane).all()
        assert float(plane.min()) >= -1e-3
        assert float(plane[-20:].std()) > 0.001, "the foreground is a flat fill"
    luma, _, _ = _golden(kind).frame(3, 24, 0.125)
    assert luma.std() > 8
    assert np.mean(luma <= 17) < 0.2, "lost in black"
    assert np.mean(luma >= 234) < 0.2, "burnt out"


def test_kinds_do_not_look_alike() -> None:
    means = [[float(p[_HEIGHT * 3 // 4 :].mean()) for p in _golden_light(kind)] for kind in _KINDS]
    pairs = [np.abs(np.subtract(a, b)).sum() for i, a in enumerate(means) for b in means[:i]]
    assert min(pairs) > 0.004


def test_a_storm_heaves_the_sea_more_than_a_light_breeze() -> None:
    soft = np.zeros((68, 68), np.float32)
    lens = Lens(160, 90, 163.0, 40.0)
    flat, fair, storm = (Swell(force, soft, soft).meet(Pose(y=9.0), lens, 45, 2.0).nearer for force in (0.01, 1.0, 3.7))
    assert np.abs(flat - 1).max() < 0.01
    assert storm.std() > 1.5 * fair.std() > 0.01
    assert np.abs(storm - 1).max() < 0.6, "a crest reached the camera"


def test_a_crest_hides_what_is_behind_it_in_one_unbroken_line() -> None:
    """Seen by each column for itself: no steps of several columns, and an edge between two rows."""
    soft = np.zeros((68, 68), np.float32)
    pose, lens, top = Pose(y=9.0), Lens(640, 360, 652.0, 160.0), 164
    swell = Swell(2.9, soft, soft)
    met = swell.meet(pose, lens, top, 2.0)
    jumps = (met.nearer[:-1] > met.nearer[1:] * 1.2).any(axis=1)
    assert jumps.any()
    assert np.abs(met.share).max() <= 0.5
    assert np.unique(np.round(met.share, 2)).size > 40
    # a ray of each row comes to a point of the sea, and passes over all that is nearer
    away = met.nearer * (9.0 * lens.focal / (np.arange(top, 360, dtype=np.float32) + 0.5 - lens.horizon))[:, None]
    assert (np.diff(away, axis=0) < 1e-3).all()
    crest = np.argmax(met.nearer[:-1] > met.nearer[1:] * 1.2, axis=0).astype(int)
    flat = [np.abs(np.diff(crest))[lot] for lot in (np.arange(639) % 4 == 3, np.arange(639) % 4 != 3)]
    assert (flat[0] > 0).mean() < 2 * (flat[1] > 0).mean() + 0.02


def test_shadows_that_meet_are_no_darker_than_one() -> None:
    scene = Scene(SceneKind.HILLS, TimeOfDay.NOON, trees=False, seed=5)
    painter = _painter(scene)
    world, light = painter._world, light_of(scene)
    tree = Place(0.0, 60.0, 0.0, 12.0, 0, 1.0, is_flipped=False)
    seen = []
    for count in (0, 1, 5):
        copy = replace(world, lit=world.lit.copy())
        cast_plants(copy, [tree] * count, light, world.sun_turn)
        seen.append(copy.lit[..., 1].astype(int))
    assert (seen[0] - seen[1]).max() > 20
    assert np.array_equal(seen[1], seen[2])


@pytest.mark.parametrize("kind", [SceneKind.ROAD, SceneKind.FIELD, SceneKind.BEACH])
def test_near_ground_moves_more_than_far_land_when_the_camera_trucks(kind: SceneKind) -> None:
    painter = _painter(Scene(kind, TimeOfDay.NOON, cloudiness=0.0, wind=0.0, seed=4), Version.GEN_3)
    metres = 0.02 * painter.rig.camera_height
    here, there = (_light(painter, _eye(painter, x))[1] for x in (0.0, metres))
    change = np.abs(here - there) / (here + 0.05)
    horizon = int(_HEIGHT * painter.rig.horizon)
    assert change[-30:].mean() > 2 * change[horizon - 12 : horizon].mean()


@pytest.mark.parametrize(
    ("kind", "move"),
    [(SceneKind.BEACH, "truck_left"), (SceneKind.BEACH, "pedestal_down"), (SceneKind.ROAD, "orbit_right"),
     (SceneKind.ROAD, "dolly_in"), (SceneKind.ROAD, "pedestal_down")],
)  # fmt: skip
def test_the_camera_stays_above_the_ground_however_it_moves(kind: SceneKind, move: str) -> None:
    scene = Scene(kind, TimeOfDay.NOON, segments=((CameraStep(move, 1.0),),), motion=1.6, seed=9)
    painter = _painter(scene)
    for pose in CameraPath(scene, painter.rig, painter.floor).poses(5):
        ground = painter.ground_at(pose.x, pose.z)
        assert pose.y > ground + 0.3


def test_surf_moves_and_the_dry_sand_does_not() -> None:
    painter = _painter(Scene(SceneKind.BEACH, TimeOfDay.NOON, cloudiness=0.0, trees=False, wind=1.0, seed=3))
    one, two = (_light(painter, _eye(painter), seconds)[1] for seconds in (1.0, 3.0))
    change = np.abs(one - two)
    sea = slice(int(_HEIGHT * painter.rig.horizon) + 4, int(_HEIGHT * 0.75))
    assert change[sea].mean() > 0.01
    assert change[-8:, _WIDTH // 3 : -_WIDTH // 3].mean() < 0.002


def test_wind_runs_over_the_field() -> None:
    def change(wind: float) -> float:
        painter = _painter(Scene(SceneKind.FIELD, TimeOfDay.NOON, cloudiness=0.0, wind=wind, seed=3))
        one, two = (_light(painter, _eye(painter), seconds)[1] for seconds in (1.0, 1.8))
        return float(np.abs(one - two)[-40:].mean())

    assert change(2.0) > 2 * change(0.0)


def test_a_river_runs_through_the_canyon_only_when_asked_for() -> None:
    dry = Scene(SceneKind.CANYON, TimeOfDay.NOON, seed=6)
    wet = Scene(SceneKind.CANYON, TimeOfDay.NOON, features=frozenset({Feature.RIVER}), seed=6)
    assert not landform_of(dry).has_water
    assert landform_of(wet).has_water
    one, two = _painter(dry), _painter(wet)
    below = slice(int(_HEIGHT * one.rig.horizon) + 10, None)
    blue = [float((p[2] / (p[0] + 0.01))[below].max()) for p in (_light(one, _eye(one)), _light(two, _eye(two)))]
    assert blue[1] > blue[0] + 0.2


def test_reeds_stand_at_the_water_when_asked_for() -> None:
    bare = _painter(Scene(SceneKind.LAKE, TimeOfDay.NOON, seed=6))
    grown = _painter(Scene(SceneKind.LAKE, TimeOfDay.NOON, life=frozenset({Life.REEDS}), seed=6))
    one, two = _light(bare, _eye(bare))[1], _light(grown, _eye(grown))[1]
    assert np.abs(one - two)[_HEIGHT * 3 // 4 :].mean() > 0.002
    assert np.abs(one - two)[: _HEIGHT // 2].mean() < 0.001


def test_seasons_colour_the_trees() -> None:
    reds = []
    for season in (Season.SUMMER, Season.AUTUMN):
        painter = _painter(Scene(SceneKind.ROAD, TimeOfDay.NOON, season=season, seed=6))
        planes = _light(painter, _eye(painter))
        part = slice(int(_HEIGHT * 0.4), int(_HEIGHT * 0.7))
        reds.append(float(planes[0][part].mean() / planes[1][part].mean()))
    assert reds[1] > reds[0] * 1.08


@pytest.mark.parametrize(("kind", "size"), [(SceneKind.BEACH, (180, 320)), (SceneKind.ISLANDS, (240, 240))])
def test_every_aspect_is_filled(kind: SceneKind, size: tuple[int, int]) -> None:
    painter = _painter(Scene(kind, TimeOfDay.MORNING, seed=2), size=size)
    for plane in _light(painter, _eye(painter), size=size):
        assert np.isfinite(plane).all()
        assert plane.shape == (size[1], size[0])


def test_the_order_of_frames_changes_nothing() -> None:
    painter = _painter(Scene(SceneKind.BEACH, TimeOfDay.MORNING, seed=2))
    first = _light(painter, _eye(painter), 1.0)[0]
    _light(painter, _eye(painter, 2.0), 4.0)
    assert np.array_equal(first, _light(painter, _eye(painter), 1.0)[0])


@pytest.mark.parametrize("kind", [SceneKind.BEACH, SceneKind.ROAD])
def test_palms_stand_where_they_were_asked_for(kind: SceneKind) -> None:
    for features, has_palms in ((frozenset({Feature.PALMS}), True), (frozenset(), False)):
        scene = Scene(kind, TimeOfDay.NOON, features=features, seed=5)
        painter = _painter(scene)
        palms = [place for place in painter._stand._places if place.tall > 6 and not place.in_water]
        leafy = {painter._stand._drawings[place.drawing].sway for place in palms}
        assert (0.012 in leafy) is has_palms  # how far a palm sways
        if has_palms and kind is SceneKind.BEACH:
            near = [place for place in palms if place.z < 40]
            assert len(near) >= 3
            leans = {(place.x > 0) == place.is_flipped for place in near}
            assert leans == {True}, "palms lean over the sand, away from the land"
    bare = _painter(Scene(kind, TimeOfDay.NOON, trees=False, features=frozenset({Feature.PALMS}), seed=5))
    assert all(place.tall < 6 for place in bare._stand._places)


def test_tropical_water_is_turquoise() -> None:
    def hues(features: frozenset[Feature]) -> tuple[float, float]:
        painter = _painter(Scene(SceneKind.BEACH, TimeOfDay.NOON, cloudiness=0.0, features=features, seed=5))
        red, green, _ = (plane[_HEIGHT * 55 // 100 : _HEIGHT * 75 // 100] for plane in _light(painter, _eye(painter)))
        return float(green.mean() / red.mean()), float(green.mean())

    (tropical, bright), (usual, dull) = hues(frozenset({Feature.PALMS})), hues(frozenset())
    assert tropical > 1.04 * usual
    assert bright > dull


def test_a_shrunk_picture_shows_every_place_where_its_lens_looks() -> None:
    lens = Lens(320, 96, 326.0, 60.0)
    small = lens.scaled(2 / 3)
    rows = np.arange(lens.rows, dtype=np.float32)[:, None] + np.float32(0.5) - np.float32(lens.horizon)
    small_rows = np.arange(small.rows, dtype=np.float32)[:, None] + np.float32(0.5) - np.float32(small.horizon)
    planes = (lens.slopes()[None, :], small.slopes()[None, :]), (rows / lens.focal, small_rows / small.focal)
    for whole, wanted in planes:
        plane = np.ascontiguousarray(np.broadcast_to(whole, (lens.rows, lens.width)), np.float32)
        gap = shrunk(plane, 2 / 3, small) - wanted
        assert float(np.abs(gap[1:-1, 1:-1]).max()) < 2e-4
