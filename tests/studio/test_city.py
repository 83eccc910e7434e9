"""The guarantees: a city moves as things at true depths do, has its own lamps at night, and never shows a hole."""

import numpy as np
import pytest

from doitong.catalogue.model import Quality, Version
from doitong.engines.studio.air.light import light_of
from doitong.engines.studio.camera import CameraPath, Lens, Pose, Rig, focal_length
from doitong.engines.studio.city.avenue import Avenue
from doitong.engines.studio.city.fronts import _pulse
from doitong.engines.studio.city.painter import CityPainter
from doitong.engines.studio.city.plan import DEEPEST
from doitong.engines.studio.city.view import Air
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.scene import CameraStep, Feature, Scene, SceneKind, Season, TimeOfDay

GEN_2, GEN_4 = (level_of(version, Quality.STANDARD) for version in (Version.GEN_2, Version.GEN_4))
WIDTH, HEIGHT = 320, 180


def city(time: TimeOfDay = TimeOfDay.NIGHT, **changes: object) -> Scene:
    return Scene(SceneKind.CITY, time, **{"seed": 4, "cloudiness": 0.0, **changes})  # type: ignore[arg-type]


def light(painter: CityPainter, pose: Pose, seconds: float = 0.0) -> np.ndarray:
    lens = Lens(WIDTH, HEIGHT, focal_length(WIDTH, HEIGHT), HEIGHT * painter.rig.horizon)
    return np.stack(painter.light(pose, lens, seconds))


def row_shift(one: np.ndarray, other: np.ndarray, row: int) -> int:
    """Pixels by which a row of the second frame lies left of the first."""
    a, b = (np.log(frame[1, row, 60:-60] + 0.01) for frame in (one, other))
    whole = np.log(other[1, row] + 0.01)
    errors = [np.mean((whole[60 - shift : 60 - shift + a.size] - a) ** 2) for shift in range(40)]
    assert b.size == a.size
    return int(np.argmin(errors))


def test_near_things_move_further_than_far_ones() -> None:
    painter = CityPainter(city(TimeOfDay.NOON), GEN_4, WIDTH, HEIGHT)
    one, other = (light(painter, Pose(x=x, y=38.0)) for x in (0.0, 25.0))
    lens_focal = focal_length(WIDTH, HEIGHT)
    quay = round(HEIGHT * painter.rig.horizon + 38.0 / 520.0 * lens_focal) - 3
    assert abs(row_shift(one, other, quay) - 25.0 / 525.0 * lens_focal) < 4
    sky = painter.light(Pose(y=38.0), Lens(WIDTH, HEIGHT, lens_focal, HEIGHT * 0.6), 0.0)[2][3]
    assert np.abs(other[2, 3] - sky).mean() < 0.01  # the sky does not move with the camera's place


def test_windows_light_up_at_night_and_the_water_mirrors_them() -> None:
    night = light(CityPainter(city(), GEN_4, WIDTH, HEIGHT), Pose(y=38.0))
    towers, water, sky = night[:, 70:100], night[:, 130:], night[:, :12]
    assert np.quantile(towers.max(axis=0), 0.97) > 4 * np.median(sky.max(axis=0))
    assert (water[0] > 2 * np.median(water[0])).mean() > 0.05  # streaks of light, not an even floor
    assert towers[0].mean() > towers[2].mean()  # warm lamps


def test_a_frame_of_towers_alone_is_drawn() -> None:
    painter = CityPainter(city(TimeOfDay.NIGHT), GEN_4, WIDTH, HEIGHT)
    pose = Pose(y=38.0, zoom=4.0)
    lens = Lens(WIDTH, HEIGHT, focal_length(WIDTH, HEIGHT) * 4, HEIGHT * 1.4)  # all feet are below the frame
    assert all(np.isfinite(plane).all() for plane in painter.light(pose, lens, 0.0))


def test_a_named_colour_lights_the_city() -> None:
    plain, pink = (
        light(CityPainter(city(palette=palette), GEN_4, WIDTH, HEIGHT), Pose(y=38.0))
        for palette in ((), ((1.0, 0.05, 0.6),))
    )
    magenta = [frame[0].mean() + frame[2].mean() - 2 * frame[1].mean() for frame in (plain, pink)]
    assert magenta[1] > magenta[0] + 0.01


def test_a_pulse_has_the_same_mean_however_it_is_read() -> None:
    at = np.linspace(0, 40, 4001, dtype=np.float32)[:-1]
    share = np.full_like(at, 0.6)
    for span in (0.05, 0.4, 1.0, 3.3):
        values = _pulse(at, np.full_like(at, span), share)
        assert abs(float(values.mean()) - 0.6) < 0.01
        assert values.min() > -0.01
        assert values.max() < 1.01
    assert np.ptp(_pulse(at, np.full_like(at, 3.0), share)) < 0.02  # windows finer than a pixel are an even grey


@pytest.mark.parametrize("move", ["pan_right", "orbit_left", "truck_left", "dolly_in", "pedestal_up"])
def test_strong_moves_reach_no_edge_of_the_city(move: str) -> None:
    scene = city(TimeOfDay.NOON, segments=((CameraStep(move, 1.0),),), motion=1.6)
    painter = CityPainter(scene, GEN_2, WIDTH, HEIGHT)
    path = CameraPath(scene, painter.rig, painter.floor)
    for share in (0.0, 1.0):
        pose = path.pose(share)
        assert np.isfinite(light(painter, pose)).all()
        assert light(painter, pose).dtype == np.float32
        lens = Lens(WIDTH, HEIGHT, focal_length(WIDTH, HEIGHT), HEIGHT * painter.rig.horizon)
        planes = tuple(np.zeros((HEIGHT, WIDTH), np.float32) for _ in range(3))
        depth = painter._view.draw(planes, pose, lens, Air(1e-4, np.zeros((3, WIDTH), np.float32)))
        nearest = depth[: int(lens.horizon) + 1].min(axis=0) if pose.y < 100 else depth.min(axis=0)
        assert nearest[:10].min() < DEEPEST
        assert nearest[-10:].min() < DEEPEST


def test_the_same_seed_is_the_same_city_at_every_level_and_move() -> None:
    orbit = city(TimeOfDay.NOON, segments=((CameraStep("orbit_left", 1.0),),))
    painters = [CityPainter(scene, level, WIDTH, HEIGHT)
                for scene, level in ((city(TimeOfDay.NOON), GEN_2), (orbit, GEN_4))]  # fmt: skip
    masts = [set(painter._view._city.masts) for painter in painters]
    assert masts[0]
    assert masts[0] <= masts[1]


def avenue(time: TimeOfDay = TimeOfDay.NOON, **changes: object) -> Avenue:
    scene = city(time, **changes)
    path = CameraPath(scene, Rig(38.0, 90.0, 1050.0, horizon=0.60))
    return Avenue(scene, light_of(scene), (0.0, 0.0, 0.0), path, focal_length(WIDTH, HEIGHT), 2)


def trees_of(rows: Avenue, x: float = 0.0, zoom: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """A grey frame with the trees of a waterfront, and its depth."""
    planes = tuple(np.full((HEIGHT, WIDTH), 0.5, np.float32) for _ in range(3))
    depth = np.full((HEIGHT, WIDTH), 1e6, np.float32)
    lens = Lens(WIDTH, HEIGHT, focal_length(WIDTH, HEIGHT) * zoom, HEIGHT * 0.3)
    air = np.full((3, WIDTH), 0.5, np.float32)
    rows.draw(planes, depth, Pose(x=x, y=38.0), 38.0, lens, 0.0, air, mirrored=False)
    return np.stack(planes), depth


def test_the_waterfront_has_trees_with_crowns_on_trunks() -> None:
    frame, depth = trees_of(avenue())
    is_tree = (np.abs(frame - 0.5).max(axis=0) > 0.08) & (depth < 600)
    rows = np.flatnonzero(is_tree.any(axis=1))
    front = is_tree[rows.min() : rows.max() + 1]
    crown, foot = front[: len(front) // 2].mean(), front[-len(front) // 5 :].mean()
    assert crown > 2.5 * foot, "as wide below as above, like bollards"
    assert 0.1 < is_tree[rows].any(axis=0).mean() <= 1
    assert set(np.round(np.unique(depth[is_tree]) / 10)) <= {53, 54, 55, 56, 57, 58, 59, 60}


def test_trees_follow_the_season_and_the_prompt() -> None:
    greens = [trees_of(avenue(season=season))[0] for season in (Season.SUMMER, Season.AUTUMN)]
    red_over_green = [frame[0][frame[1] != 0.5].mean() / frame[1][frame[1] != 0.5].mean() for frame in greens]
    assert red_over_green[1] > 1.1 * red_over_green[0]
    palms = trees_of(avenue(features=frozenset({Feature.PALMS})))[0]
    assert np.abs(palms - greens[0]).max() > 0.1


def test_a_row_of_trees_repeats_without_a_seam() -> None:
    one, other = (trees_of(avenue(), x=x)[0] for x in (40.0, 40.0 + 620.0))
    assert np.abs(one - other).max() < 0.02
