"""The parameters of each kind of land: where the water lies, what the camera sees, what grows there.

The renderer knows nothing of kinds: it gets a landform and, from `relief`, one function of the plane.
Lengths are metres, x to the right, z away from the viewer, height over the water.
"""

from dataclasses import dataclass, replace

from doitong.engines.studio.camera import Rig
from doitong.engines.studio.scene import Feature, Scene, SceneKind


@dataclass(frozen=True, slots=True)
class Landform:
    """Parameters of one kind of land. `densest` is the span of depths that gets most of the grid's rows, `apex` how
    far behind the viewer its columns meet, `on_land` whether the camera stands on ground rather than over water."""

    has_water: bool
    near: float
    far: float
    densest: tuple[float, float]
    rig: Rig
    snow_line: float
    tree_line: float
    wave_slope: float
    far_ranges: int
    far_relief: float
    ground: str  # which rules colour it
    tree_density: float
    shore_trees: bool
    roughness: float = 1.0  # strength of the fine texture
    apex: float = 120.0
    on_land: bool = True


_LANDFORMS = {
    SceneKind.LAKE: Landform(
        True, 55, 14500, (1000, 8000), Rig(13, 85, 3200, horizon=0.585), 780, 560, 0.021, 3, 1200, "alpine", 1.0, True,
        on_land=False,
    ),
    SceneKind.MOUNTAINS: Landform(
        False, 22, 14500, (900, 8500), Rig(34, 100, 3000, horizon=0.60), 700, 540, 0.0, 3, 1300, "alpine", 0.8, False
    ),
    SceneKind.SEA: Landform(
        True, 60, 14000, (3000, 12000), Rig(9, 70, 2200, horizon=0.56), 9000, 60, 0.060, 2, 300, "coast", 0.0, False,
        on_land=False,
    ),
    SceneKind.ISLANDS: Landform(
        True, 40, 14000, (260, 4200), Rig(30, 80, 800, horizon=0.56), 9000, 600, 0.026, 1, 240, "island", 0.9, False,
        on_land=False,
    ),
    SceneKind.BEACH: Landform(
        True, 4, 14000, (450, 1900), Rig(3.6, 7, 90, horizon=0.52), 9000, 60, 0.045, 1, 240, "beach", 0.0, False, 0.45,
        apex=40.0,
    ),
    SceneKind.HILLS: Landform(
        False, 14, 12000, (400, 9500), Rig(16, 60, 600, horizon=0.56), 9000, 400, 0.0, 3, 620, "meadow", 0.7, False, 0.8
    ),
    SceneKind.FIELD: Landform(
        False, 4, 12000, (300, 9500), Rig(3.4, 12, 80, horizon=0.67), 9000, 400, 0.0, 2, 420, "field", 0.6, False, 0.8,
        apex=40.0,
    ),
    SceneKind.ROAD: Landform(
        False, 4, 12000, (120, 9500), Rig(4.6, 14, 80, horizon=0.58), 9000, 400, 0.0, 3, 560, "road", 0.6, False, 0.7,
        apex=40.0,
    ),
    SceneKind.DUNES: Landform(
        False, 8, 12000, (30, 4000), Rig(9, 50, 700, horizon=0.55), 9000, -1, 0.0, 1, 260, "sand", 0.0, False, 0.3
    ),
    SceneKind.CANYON: Landform(
        False, 24, 14500, (500, 7500), Rig(26, 80, 2000, horizon=0.58), 9000, -1, 0.0, 1, 420, "canyon", 0.0, False,
    ),
    SceneKind.SNOWFIELD: Landform(
        False, 6, 14500, (2200, 8000), Rig(7, 40, 600, horizon=0.58), -900, -1, 0.0, 2, 900, "snow", 0.0, False, 0.35,
        apex=60.0,
    ),
}  # fmt: skip


def landform_of(scene: Scene) -> Landform:
    """The parameters of the scene's land; a river turns dry land into land with water."""
    land = _LANDFORMS[scene.kind]
    if Feature.RIVER in scene.features and scene.kind is SceneKind.CANYON:
        return replace(land, has_water=True, wave_slope=0.016)
    return land
